"""Results of elections of a workspace, put beside the units of a trial as its outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError, some
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.seal import Sealed
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.trial_results import drawn_arms, results_on


@dataclass(frozen=True, slots=True)
class Votes:
    """Elections of a workspace to be read as outcomes of the units.

    Attributes
    ----------
    workspace
        The place.
    elections
        Ids, such as `2024_legi_t1`.
    choices
        Label → whose votes; turnout is always read.
    vintage
        Contours the units are of; None: those that know most of them.
    lag
        Earlier election, whose results of the same measures adjust; empty for the plan's,
        or none.
    """

    workspace: Path
    elections: tuple[str, ...]
    choices: Mapping[str, Choice] = field(default_factory=dict)
    vintage: int | None = None
    lag: str = ""


def votes_of(
    workspace: Path | None,
    elections: Sequence[str],
    blocs: Sequence[str],
    vintage: int | None,
    lag: str = "",
) -> Votes | None:
    """Return which results of a workspace are outcomes, of which blocs; None without one.

    Parameters
    ----------
    workspace
        The folder.
    elections, blocs
        Ids of elections, and whose votes; turnout is always read.
    vintage
        Contours the units are of.
    lag
        Earlier election that adjusts; empty for none.

    Returns
    -------
    Votes or None
        What `answer` reads.

    Raises
    ------
    DataError
        When an earlier election is named, and no workspace that has it.
    """
    if workspace is None:
        if lag:
            raise DataError(
                "Results of an earlier election are read from a workspace.",
                where="--lag {lag}",
                mend="Name the workspace that has them: --workspace FOLDER; or name columns of "
                "the file with --covariates.",
                lag=lag,
            )
        return None
    choices = {one: Choice(one) for one in blocs}
    return Votes(workspace, tuple(elections), choices, vintage, lag)


def with_votes(
    table: pd.DataFrame, spec: Spec, votes: Votes, sealed: Sealed | None
) -> tuple[pd.DataFrame, Spec, pd.DataFrame]:
    """Put the results of elections beside the units, and tell what was lost by arm.

    Parameters
    ----------
    table, spec
        The units, and which columns hold what. Without outcomes: turnout and the votes of every
        choice among the registered, at every election.
    votes
        Which results.
    sealed
        The design, whose arms count and whose plan may name an earlier election; None for none.

    Returns
    -------
    tuple
        The units with the results, the columns to read in them, and what was lost by arm.

    Raises
    ------
    DataError
        When an election is not there, or columns are there already.
    """
    place, label = Workspace(votes.workspace), unit_columns.labels(table, spec.unit)
    lag = votes.lag or "".join((sealed.promise if sealed else {}).get("lag", ())[:1])
    elections = tuple(dict.fromkeys([*votes.elections, *filter(None, [lag])]))
    if lag:
        _check_earlier(place, votes.elections, lag)
    found = results_on(place, label.tolist(), elections, votes.choices, vintage=votes.vintage)
    rows = found.table.drop(columns="unit_id").set_axis(table.index)
    if clash := [name for name in rows if name in table]:
        raise DataError(
            "The table of units already has the column(s) {clash}.",
            where="units",
            mend="Rename them: results of these elections are read from the workspace.",
            clash=", ".join(clash),
        )
    if not spec.outcomes:
        named = [f"{e}_turnout" for e in votes.elections]
        named += [f"{e}_{c}_registered" for e in votes.elections for c in votes.choices]
        spec = replace(spec, outcomes=tuple(named))
    if lag:
        spec = _lagged(spec, rows, votes.elections, lag)
    lost = found.lost(_arms(table, spec, label, sealed))
    lost = lost[lost["election_id"].isin(votes.elections)].reset_index(drop=True)
    return pd.concat([table, rows], axis=1), spec, lost


def _check_earlier(place: Workspace, elections: Sequence[str], lag: str) -> None:
    days = place.read("elections").set_index("election_id")["date"]
    # An election that is not there is refused where results are read.
    known = [days[one] for one in elections if one in days]
    if lag in days and known and not days[lag] < min(known):
        raise DataError(
            "What adjusts must have been known before the draw: {lag} is no earlier election.",
            where="--lag {lag}; outcomes: {elections}",
            mend="Name an election before those of the outcomes.",
            lag=lag,
            elections=some(elections),
        )


def _lagged(spec: Spec, rows: pd.DataFrame, elections: Sequence[str], lag: str) -> Spec:
    """Adjust each outcome for the same measure at the earlier election."""
    pairs = []
    for outcome in spec.outcomes:
        election = next((one for one in elections if outcome.startswith(f"{one}_")), "")
        column = f"{lag}{outcome.removeprefix(election)}" if election else ""
        # Where nobody of the choice stood then, there is nothing to adjust for.
        if column in rows and rows[column].notna().any():
            pairs.append((outcome, column))
    if not pairs:
        raise DataError(
            "No outcome has the same measure at the earlier election.",
            where="--lag {lag}; outcomes: {outcomes}",
            mend="Take outcomes from the workspace: --election and --bloc.",
            lag=lag,
            outcomes=some(spec.outcomes),
        )
    before = True if not spec.covariates else spec.measured_before
    return replace(spec, lagged=tuple(pairs), measured_before=before)


def _arms(table: pd.DataFrame, spec: Spec, label: pd.Series, sealed: Sealed | None) -> pd.Series:
    if sealed:
        return drawn_arms(sealed)
    unit_columns.check(table, [spec.assigned])
    arms = unit_columns.arms(table, spec.assigned, label)
    return pd.Series(np.where(arms == 1, "treated", "control"), index=pd.Index(label))
