"""Counts of every bureau × election as dense arrays, straight from the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.geography.zones import bureaux_in, whole_communes
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace

# Parts that a crosswalk may hand on: sums of them stay consistent.
COUNTS = ("ballots", "abstentions", "valid", "votes")
# Rows of the chosen, and of anybody, in the table of votes: 0 where none is known, or the count
# was annulled.
ROWS = ("offered", "listed")
# A row of votes is summed up as its votes plus this: a float holds their sum and the number of
# rows exactly. Rows that are summed up at once.
ROW, PIECE = 1 << 36, 1 << 17
# So many ballots, and not one of them valid: the count was annulled, or never typed.
ANNULLED = 20


@dataclass(frozen=True)
class Dense:
    """Whole numbers by election and bureau.

    Attributes
    ----------
    bureaux
        Every bureau id, sorted.
    columns
        `COUNTS`, one per bloc, then `ROWS`.
    values
        Array (elections × bureaux × columns).
    present
        Which bureaux voted (elections × bureaux).
    """

    bureaux: pd.Index
    columns: tuple[str, ...]
    values: np.ndarray
    present: np.ndarray

    def table(self, election: int, within: np.ndarray | None = None) -> pd.DataFrame:
        """Return the counts of one election, indexed by the bureaux that voted.

        Parameters
        ----------
        election
            Its position.
        within
            Marks the bureaux to return, of all; None: all.
        """
        here = self.present[election] if within is None else self.present[election] & within
        return pd.DataFrame(
            self.values[election, here], index=self.bureaux[here], columns=list(self.columns)
        )

    def on(self, bureaux: np.ndarray, election: int) -> np.ndarray:
        """Return the counts of one election at some bureaux by position; NaN where none voted."""
        counts = self.values[election, bureaux].astype(float)
        counts[~self.present[election, bureaux]] = np.nan
        return counts


def read_counts(
    workspace: Workspace,
    elections: list[str],
    members: Callable[[pd.DataFrame], np.ndarray],
    places: tuple[str, ...],
) -> Dense:
    """Read turnout, and the votes of the chosen and of every bloc.

    Parameters
    ----------
    workspace
        A built place.
    elections
        Ids, in the order wanted.
    members
        Tells which rows of `candidates` are the chosen.
    places
        Communes, départements or parts of them; empty for the whole workspace. Of a part, the
        whole commune is read: `zones.lies_in` then narrows what was handed on.

    Returns
    -------
    Dense
        Counts, (elections, bureaux, columns).
    """
    counted = ["election_id", "bureau_id", "registered", "ballots", "valid"]
    turnout = workspace.read("turnout", columns=counted)
    turnout = turnout[turnout["election_id"].isin(elections)]
    if places:
        known, around = list(turnout["bureau_id"].cat.categories), whole_communes(workspace, places)
        turnout = turnout[turnout["bureau_id"].isin(bureaux_in(workspace, known, around))]
    named = turnout["bureau_id"].cat.remove_unused_categories().cat.categories
    bureaux = pd.Index(named.astype("str")).sort_values()
    columns = (*COUNTS, *BLOCS, *ROWS)
    values = np.zeros((len(elections), len(bureaux), len(columns)), dtype="int64")
    present = np.zeros(values.shape[:2], dtype=bool)
    where = (
        _codes(turnout["election_id"], pd.Index(elections)),
        _codes(turnout["bureau_id"], bureaux),
    )
    present[where] = True
    ballots = turnout["ballots"].to_numpy()
    values[(*where, 0)] = ballots
    values[(*where, 1)] = turnout["registered"].to_numpy() - ballots
    values[(*where, 2)] = turnout["valid"].to_numpy()
    _add_votes(workspace, members, pd.Index(elections), bureaux, values)
    # The Conseil constitutionnel annuls bureaux, whose ballots the official files then call null.
    annulled = (values[:, :, 0] >= ANNULLED) & (values[:, :, COUNTS.index("valid")] == 0)
    values[annulled, -len(ROWS) :] = 0
    return Dense(bureaux, columns, values, present)


def _codes(ids: pd.Series, wanted: pd.Index) -> np.ndarray:
    return np.asarray(wanted.get_indexer(ids.cat.categories))[ids.cat.codes.to_numpy()]


def _add_votes(
    workspace: Workspace,
    members: Callable[[pd.DataFrame], np.ndarray],
    elections: pd.Index,
    bureaux: pd.Index,
    values: np.ndarray,
) -> None:
    """Add the votes of the chosen and of the blocs to `values`, in place."""
    votes = _read_votes(workspace, elections)
    labels = pd.Index(pc.unique(votes["candidate_id"]).to_pylist(), dtype="str")
    chosen, bloc = _lookup(workspace.read("candidates"), elections, labels, members)
    known_ids = {"election_id": elections, "bureau_id": bureaux, "candidate_id": labels}
    codes = [_arrow_codes(votes[name], ids) for name, ids in known_ids.items()]
    counts = votes["votes"].to_numpy()
    size = values.shape[0] * values.shape[1]
    by_bloc, mine = np.zeros(size * (len(BLOCS) + 1)), np.zeros(size)
    # Pieces that fit a processor's cache.
    for start in range(0, len(counts), PIECE):
        rows = slice(start, start + PIECE)
        election, bureau, candidate = (position[place[rows]] for position, place in codes)
        known = (election >= 0) & (bureau >= 0)
        cells = (election * len(bureaux) + bureau)[known]
        person = (election * len(labels) + candidate)[known]
        packed = (counts[rows] + ROW)[known]
        # One pass for all blocs: the bloc's number is the last digit of the cell.
        _add(by_bloc, cells * (len(BLOCS) + 1) + (bloc.ravel() + 1)[person], packed)
        own = chosen.ravel()[person]
        _add(mine, cells[own], packed[own])
    shape = values.shape[:2]
    found, own = by_bloc.astype("int64").reshape(size, -1), mine.astype("int64").reshape(shape)
    last = len(COUNTS) + len(BLOCS)
    values[:, :, COUNTS.index("votes")], values[:, :, last] = own % ROW, own // ROW
    values[:, :, last + 1] = (found // ROW).sum(axis=1).reshape(shape)
    values[:, :, len(COUNTS) : last] = (found[:, 1:] % ROW).reshape(*shape, len(BLOCS))


def _add(sums: np.ndarray, where: np.ndarray, what: np.ndarray) -> None:
    """Add values up by place, in `sums`; rows that are sorted touch a part of it only."""
    if len(where):
        first = int(where.min())
        found = np.bincount(where - first, what)
        sums[first : first + len(found)] += found


def _read_votes(workspace: Workspace, elections: pd.Index) -> pa.Table:
    names = ["election_id", "bureau_id", "candidate_id", "votes"]
    some = len(elections) < len(workspace.manifest["elections"])
    return workspace.read_arrow("votes", columns=names, elections=list(elections) if some else ())


def _arrow_codes(ids: pa.ChunkedArray, wanted: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Return the position in `wanted` of each word of a dictionary, and each row's word."""
    array = ids.combine_chunks()
    positions = wanted.get_indexer(pd.Index(array.dictionary.to_pylist(), dtype="str"))
    return np.asarray(positions), array.indices.to_numpy(zero_copy_only=False)


def _lookup(
    candidates: pd.DataFrame,
    elections: pd.Index,
    labels: pd.Index,
    members: Callable[[pd.DataFrame], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Return who is chosen, and the bloc's number (-1 for none), by election × candidate."""
    past = candidates[candidates["election_id"].isin(elections)]
    chosen = np.zeros((len(elections), len(labels)), dtype=bool)
    bloc = np.full(chosen.shape, -1, dtype="int64")
    rows = elections.get_indexer(past["election_id"]), labels.get_indexer(past["candidate_id"])
    chosen[rows] = members(past)
    bloc[rows] = pd.Index(BLOCS).get_indexer(past["bloc"])
    return chosen, bloc
