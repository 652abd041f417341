"""What treated neighbours change, by the contours of a workspace and the draw of a trial."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec, read_trial
from analysis.experiments.declared_design import with_seal
from analysis.experiments.effects import as_observed
from analysis.experiments.interference import Exposure, Spillover, judge_spillover
from analysis.experiments.neighbours import adjacent, contours_of
from analysis.experiments.redrawn import left_of
from analysis.experiments.seal import Sealed
from analysis.tables.workspace import Workspace

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Vicinity:
    """Who is a neighbour: bureaux within so many metres, 0 for those that touch."""

    workspace: Path
    metres: float


def spillover_of(workspace: Path | None, metres: float | None) -> Vicinity | None:
    """Return what `--spillover` asks for; None when it does not.

    Raises
    ------
    DataError
        When no workspace is named, which alone knows who is near whom.
    """
    if metres is None:
        return None
    if workspace is None or metres < 0:
        raise DataError(
            "Who is near whom is known from contours, in metres.",
            where="--spillover {metres:g}",
            mend="Name the workspace that has them: --workspace FOLDER; metres are 0 or more.",
            metres=metres,
        )
    return Vicinity(workspace, metres)


def felt_by_neighbours(  # noqa: PLR0913 - what was seen, who is near, chance
    table: pd.DataFrame,
    spec: Spec,
    sealed: Sealed | None,
    near: Vicinity,
    *,
    draws: int = 0,
    seed: int = 0,
) -> tuple[Spillover, ...]:
    """Test what the share of treated neighbours changed, one result per outcome.

    Parameters
    ----------
    table, spec
        One row per unit, and which columns hold what.
    sealed
        The design; without one as many are treated in each block as there were.
    near
        Who is a neighbour.
    draws, seed
        Of the test; 2,000 where none are asked for.

    Returns
    -------
    tuple of Spillover
        In the order of the outcomes; slopes in their unit.

    Raises
    ------
    DataError
        When there are no contours of the units, or too few neighbours.
    """
    bureaux = Workspace(near.workspace).read("bureaux")
    if sealed:
        every = sealed.assignment
        names, drawn = every["unit_id"].astype("str"), sealed.design.drawn
        arms = every["assigned"].to_numpy(dtype=float)
        seen, of_seal, lottery = with_seal(table, spec, sealed)
        spec, trial = of_seal, read_trial(seen, of_seal)
    else:
        names = unit_columns.labels(table, spec.unit).astype("str")
        drawn, trial = np.ones(len(table), dtype=np.bool_), read_trial(table, spec)
        arms, lottery = trial.assigned, as_observed(trial)
    links = adjacent(contours_of(bureaux, names), near.metres)
    # Units in no draw have the same arm in every draw: they are neighbours all the same.
    fixed = links[drawn][:, ~drawn]
    decided = np.column_stack([fixed.sum(axis=1), fixed @ arms[~drawn]])
    left = left_of(trial)
    order = spec.announced.first(spec.outcomes) if spec.announced else spec.outcomes
    return judge_spillover(
        Exposure(links[drawn][:, drawn], decided, lottery),
        trial.assigned,
        {name: left[name] for name in order},
        rng=np.random.default_rng(seed),
        draws=draws or _DRAWS,
    )
