"""The “3.1 points” of 2012: areas of the experiment, the published table, and ours beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimates import Estimand, Impact
from analysis.experiments.pons_2012.published import published
from analysis.experiments.pons_2012.simulation import COLUMNS, simulate_2012
from analysis.experiments.unit_files import read_units

ARCHIVE = "openICPSR E113130V1"
VARIABLE = "PALIER_EXPERIMENTS"
FILE = "pons_2018_areas.csv"
# The printed tables round to four decimals.
DIGITS = 4
_NEEDED = COLUMNS[:7]


@dataclass(frozen=True)
class Areas:
    """The areas of the experiment, or of a simulated one.

    Attributes
    ----------
    table
        One row per area, with the columns of the experiment's file.
    simulated
        Whether nobody voted in it: every screen and file says so.
    source
        Where it comes from.
    """

    table: pd.DataFrame
    simulated: bool
    source: str

    @cached_property
    def main(self) -> pd.DataFrame:
        """Areas of the territories that used the lists: the sample of the estimates.

        The experiment's file holds no others; the simulated one does.
        """
        if not self.simulated:
            return self.table
        used = self.table.groupby("territory")["allocated"].transform("max") == 1
        return self.table[used].reset_index(drop=True)


@dataclass(frozen=True)
class Reproduction:
    """Our estimates beside the printed ones.

    Attributes
    ----------
    impact
        Of `hollande_r1` and `turnout_r1`, all estimators.
    table
        One row per printed estimate: `estimand`, `outcome`, `published`, `published_se`,
        `ours`, `ours_se` (all digits), `same`: equal once rounded as printed.
    """

    impact: Impact
    table: pd.DataFrame

    @property
    def same(self) -> bool:
        """Whether every printed digit is found again."""
        return bool(self.table["same"].all())


def read_areas(path: Path | str | None = None) -> Areas:
    """Read the areas of the experiment, or make a simulated trial of the same design.

    Parameters
    ----------
    path
        The areas' file, or the folder it lies in. None: what the environment variable
        `PALIER_EXPERIMENTS` says; when it says nothing, a simulated trial.

    Raises
    ------
    DataError
        When a path is given and there are no such areas: a simulated trial never takes
        the place of a file that was asked for.
    """
    given = path if path is not None else os.environ.get(VARIABLE, "")
    if not str(given):
        made = simulate_2012()
        return Areas(made.areas, simulated=True, source=f"simulate_2012({made.truth['seed']})")
    file = Path(given) / FILE if Path(given).is_dir() else Path(given)
    if not file.is_file():
        raise DataError(
            "The areas of the experiment of 2012 are not there.",
            where="{file}",
            mend="Get them from {archive} and give the file or its folder; or give no path.",
            file=file,
            archive=ARCHIVE,
        )
    table = read_units(file)
    if missing := [name for name in _NEEDED if name not in table]:
        raise DataError(
            "This is not the file of areas: it lacks {missing}.",
            where="{file}",
            mend="Give the areas of {archive}, with the columns of {areas}.",
            missing=", ".join(missing),
            file=file,
            archive=ARCHIVE,
            areas=FILE,
        )
    numbers = {name: unit_columns.numbers(table, name) for name in table if name != "territory"}
    table = table.assign(**numbers)
    return Areas(table, simulated=False, source=file.name)


def reproduce(areas: Areas, *, draws: int = 0, seed: int = 2012) -> Reproduction:
    """Estimate the first columns of the published tables on the areas.

    Parameters
    ----------
    areas
        Of the experiment, or simulated.
    draws, seed
        Of randomisation inference; none without draws.

    Returns
    -------
    Reproduction
        Estimates beside the published ones.
    """
    rng = np.random.default_rng(seed)
    spec = _spec(("hollande_r1", "turnout_r1"))
    impact = estimate_impact(areas.main, spec, rng=rng, draws=draws)
    return Reproduction(impact, _beside(impact, published()))


def estimate_areas(table: pd.DataFrame, outcomes: Sequence[str]) -> Impact:
    """Estimate outcomes of areas as the paper does, by block effects and HC1."""
    return estimate_impact(table, _spec(outcomes))


def _spec(outcomes: Sequence[str]) -> Spec:
    return Spec(
        tuple(outcomes),
        assigned="treatment",
        received="allocated",
        block="stratum_identifier",
        std_error="HC1",
    )


def from_assignment_to_reached(assignment: float, gaps: Sequence[float]) -> pd.DataFrame:
    """Divide an effect of assignment by differences in the share reached: `gap`, `reached`.

    Raises
    ------
    DataError
        When a difference is not between 0 and 1.
    """
    shares = np.asarray(gaps, dtype=float)
    if not ((shares > 0) & (shares <= 1)).all():
        raise DataError(
            "The difference in the share reached must lie between 0 and 1, and not be 0.",
            where="{shares}",
            mend="Give a share: 0.136 for 13.6 points.",
            shares=", ".join(f"{share:g}" for share in shares),
        )
    return pd.DataFrame({"gap": shares, "reached": assignment / shares})


def _beside(impact: Impact, facts: dict[str, Any]) -> pd.DataFrame:
    printed: list[tuple[Estimand, str, list[float]]] = [
        ("first_stage", "hollande_r1", facts["first_stage"]["allocated"])
    ]
    for outcome in ("hollande_r1", "turnout_r1"):
        printed.append(("assignment", outcome, facts["assignment"][outcome]))
        printed.append(("allocation", outcome, facts["allocation"][outcome]))
    rows = []
    for estimand, outcome, (value, error) in printed:
        ours = impact.pick(outcome, estimand)
        rounded = (round(ours.value, DIGITS), round(ours.std_error, DIGITS))
        rows.append(
            {
                "estimand": estimand,
                "outcome": outcome,
                "published": value,
                "published_se": error,
                "ours": ours.value,
                "ours_se": ours.std_error,
                "same": rounded == (value, error),
            }
        )
    return pd.DataFrame(rows)
