"""Past elections of every bureau, side by side on one set of bureaux."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from analysis.electorate.counts import ANNULLED, COUNTS, ROWS, Dense, read_counts
from analysis.errors import DataError, some
from analysis.geography.crosswalk import Handover
from analysis.geography.zones import lies_in
from analysis.tables.elections import Choice, Election
from analysis.tables.schema import BLOCS, commune_of
from analysis.tables.workspace import Workspace

# Bureaux that a remark names, of those it counts.
_NAMED = 3


@dataclass(frozen=True)
class History:
    """Counts of past elections on the bureaux of today.

    Attributes
    ----------
    units
        One row per bureau, sorted by id: `bureau_id`, `commune_id`, `registered`
        (at the latest election), `vintage` of its contour (missing if none).
    elections
        Past elections, oldest first.
    registered, ballots, valid, votes
        Arrays (bureaux × elections); NaN where a bureau did not vote or, for
        `votes`, where the bloc had no candidate. Where a count was annulled, `ballots` alone
        is known.
    blocs
        Votes by bloc, array (bureaux × elections × blocs), blocs as in `schema.BLOCS`;
        NaN where no candidate's votes are known.
    unmatched
        `election_id`, `bureaux`, `registered`, `examples`: bureaux of the past that
        are none of today's; they stay in the manifest's totals, not in the rates.
    """

    units: pd.DataFrame
    elections: tuple[Election, ...]
    registered: np.ndarray
    ballots: np.ndarray
    valid: np.ndarray
    votes: np.ndarray
    blocs: np.ndarray
    unmatched: pd.DataFrame

    @property
    def abstentions(self) -> np.ndarray:
        """Registered less ballots (bureaux × elections)."""
        return self.registered - self.ballots

    @property
    def annulled(self) -> np.ndarray:
        """Where people voted and not one vote is counted (bureaux × elections)."""
        return np.asarray((self.ballots >= ANNULLED) & ~(self.valid > 0))


def read_history(
    workspace: Workspace,
    choice: Choice,
    *,
    before: datetime,
    places: tuple[str, ...] = (),
) -> History:
    """Read the elections before a day, on the bureaux of the latest of them.

    Elections drawn in other contours are handed on through the crosswalk, whole
    persons at a time; where there is none, bureaux are followed by their code.

    Parameters
    ----------
    workspace
        A built place.
    choice
        Whose votes count.
    before
        Nothing at or after this day is used.
    places
        Communes or départements of the workspace; empty for all of it.

    Returns
    -------
    History
        Counts, (bureaux, elections), the oldest election first.

    Raises
    ------
    DataError
        When no election precedes that day, or nobody of `choice` ever stood.
    """
    elections = workspace.read("elections")
    past = elections[elections["date"] < pd.Timestamp(before)]
    if past.empty:
        raise DataError(
            "No election of this workspace precedes the one to prepare.",
            where="before {before:%Y-%m-%d}; elections: {election_id}",
            mend="Choose a later election, or build the workspace with earlier results.",
            before=before,
            election_id=some(elections["election_id"], most=12),
        )
    dense = read_counts(workspace, past["election_id"].tolist(), choice.members, places)
    reference = _reference(past, dense)
    voting, vintage = dense.present[reference], past["vintage"].iloc[reference]
    today = voting & lies_in(workspace, dense.bureaux, places)
    rows, unit_ids, links = np.flatnonzero(today), dense.bureaux[today], _crosswalk(workspace)
    cube = np.empty((len(dense.columns), len(past), len(rows)))
    lost = []
    # Rounds in which the same bureaux voted in the same contours are handed on the same way.
    ways: dict[tuple[int, bytes], Handover] = {}
    for number, election in enumerate(past.itertuples()):
        same = pd.isna(vintage) or pd.isna(election.vintage) or election.vintage == vintage
        chosen = None if same else links.get((int(election.vintage), int(vintage)))
        if chosen is None:
            cube[:, number], gone = dense.on(rows, number), dense.table(number, ~voting)
        else:
            key = int(election.vintage), dense.present[number].tobytes()
            counts = dense.table(number)
            ways[key] = ways.get(key) or Handover.of(counts.index, chosen)
            moved = _hand_on(counts, ways[key])
            cube[:, number] = moved.reindex(unit_ids).to_numpy(dtype=float).T
            gone = moved.loc[moved.index.difference(dense.bureaux[voting])]
        if len(gone):
            named = ", ".join(gone.index[:_NAMED]) + "…" * (len(gone) > _NAMED)
            lost.append((election.election_id, len(gone), gone, named))
    units = _units(unit_ids, cube[:, reference], vintage, workspace)
    history = _history(dense, cube, past, units, lost)
    if not np.isfinite(history.votes).any():
        raise DataError(
            "Nobody of this choice stood in these places at a past election.",
            where="places: {places}; elections: {election_id}",
            mend="Choose another bloc or other candidates, or more places.",
            places=some(places) or "all",
            election_id=some(past["election_id"]),
        )
    return history


def _hand_on(table: pd.DataFrame, way: Handover) -> pd.DataFrame:
    counts = table.to_numpy(dtype="int64")
    moved = way.on(counts, tuple(table.columns))
    # Whether the bloc stood is no count: a bureau inherits it from any part it has.
    parts = way.most(counts[:, -len(ROWS) :])
    moved[:, -len(ROWS) :] = np.where(parts >= 0, parts, moved[:, -len(ROWS) :])
    return pd.DataFrame(moved, index=way.ids, columns=table.columns)


def _history(
    dense: Dense,
    cube: np.ndarray,
    past: pd.DataFrame,
    units: pd.DataFrame,
    lost: Sequence[tuple[str, int, pd.DataFrame, str]],
) -> History:
    named = zip(dense.columns, cube, strict=True)
    columns = {name: np.ascontiguousarray(one.T) for name, one in named if name not in BLOCS}
    registered = columns["ballots"] + columns["abstentions"]
    counted = ~((columns["ballots"] >= ANNULLED) & (columns["valid"] == 0))
    votes = np.where(counted & (columns["offered"] > 0), columns["votes"], np.nan)
    blocs = cube[len(COUNTS) : len(COUNTS) + len(BLOCS)]
    by_bloc = np.stack([one.T for one in blocs], axis=2)
    listed = counted & (columns["listed"] > 0)
    return History(
        units=units,
        elections=tuple(
            Election(e.election_id, e.date.to_pydatetime(), e.kind, int(e.round))
            for e in past.itertuples()
        ),
        registered=registered,
        ballots=columns["ballots"],
        valid=np.where(counted, columns["valid"], np.nan),
        votes=votes,
        blocs=np.where(listed[:, :, None], by_bloc, np.nan),
        unmatched=pd.DataFrame(
            [(e, n, int(t["ballots"].sum() + t["abstentions"].sum()), x) for e, n, t, x in lost],
            columns=["election_id", "bureaux", "registered", "examples"],
        ),
    )


def _reference(past: pd.DataFrame, dense: Dense) -> int:
    """Return the election whose bureaux count as today's: the latest that all could vote in."""
    # At a second round of legislative elections, seats won at the first have no vote.
    sizes = dense.present.sum(axis=1)
    whole = np.flatnonzero((past["round"].to_numpy() == 1) & (sizes > 0))
    if not len(whole):
        whole = np.flatnonzero(sizes > 0)
    if not len(whole):
        raise DataError(
            "None of these places has results before the election to prepare.",
            mend="Check the code of the place, or choose a later election.",
        )
    return int(whole[-1])


def _crosswalk(workspace: Workspace) -> dict[tuple[int, int], pd.DataFrame]:
    table = workspace.read("crosswalk")
    groups = table.groupby(["from_vintage", "to_vintage"])
    return {(int(a), int(b)): part for (a, b), part in groups}


def _units(
    ids: pd.Index, reference: np.ndarray, vintage: object, workspace: Workspace
) -> pd.DataFrame:
    registered = reference[COUNTS.index("ballots")] + reference[COUNTS.index("abstentions")]
    drawn = np.zeros(len(ids), dtype=bool)
    if pd.notna(vintage):
        context = workspace.read("context")
        drawn = ids.isin(context.loc[context["vintage"] == vintage, "bureau_id"])
    years = np.full(len(ids), 0 if pd.isna(vintage) else int(vintage))  # type: ignore[call-overload]
    names = pd.Series(ids.astype("str"))
    return pd.DataFrame(
        {
            "bureau_id": names,
            "commune_id": commune_of(names),
            "registered": registered.astype("int64"),
            "vintage": pd.arrays.IntegerArray(years, ~drawn),
        }
    )
