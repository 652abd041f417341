"""Counts of every bureau × election as dense arrays, straight from the tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
ROW_BITS, PIECE = 36, 1 << 17
ROW = 1 << ROW_BITS
# So many ballots, and not one of them valid: the count was annulled, or never typed.
ANNULLED = 20
VOTES = ("election_id", "bureau_id", "candidate_id", "votes")


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
        Array (columns × elections × bureaux).
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
            self.values[:, election, here].T, index=self.bureaux[here], columns=list(self.columns)
        )

    def on(self, bureaux: np.ndarray, election: int) -> np.ndarray:
        """Return the counts of one election at some bureaux by position; NaN where none voted.

        An array (columns × bureaux).
        """
        counts = self.values[:, election, bureaux].astype(float)
        counts[:, ~self.present[election, bureaux]] = np.nan
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
        Counts, (columns, elections, bureaux).
    """
    # Votes are read while turnout is looked at: pyarrow holds no lock over its tables.
    with ThreadPoolExecutor(1) as beside:
        votes = beside.submit(_read, workspace, "votes", VOTES, elections)
        dense = _turned_out(workspace, elections, places)
        _add_votes(votes.result(), workspace.read("candidates"), members, elections, dense)
    # The Conseil constitutionnel annuls bureaux, whose ballots the official files then call null.
    values = dense.values  # noqa: PD011 - counts by column
    annulled = (values[0] >= ANNULLED) & (values[COUNTS.index("valid")] == 0)
    values[-len(ROWS) :, annulled] = 0
    return dense


def _turned_out(workspace: Workspace, elections: list[str], places: tuple[str, ...]) -> Dense:
    """Return the counts of turnout, with room for votes."""
    counted = ("election_id", "bureau_id", "registered", "ballots", "valid")
    turnout = _read(workspace, "turnout", counted, elections)
    named, place = _words(turnout["bureau_id"])
    voted = named.take(pc.unique(pa.array(place))).to_pylist()
    if places:
        voted = bureaux_in(workspace, voted, whole_communes(workspace, places))
    bureaux = pd.Index(voted, dtype="str").sort_values()
    columns = (*COUNTS, *BLOCS, *ROWS)
    values = np.zeros((len(columns), len(elections), len(bureaux)), dtype="int64")
    present = np.zeros(values.shape[1:], dtype=bool)
    held, when, known = *_words(turnout["election_id"]), pd.Index(elections, dtype="str")
    where = _positions(held, known)[when], _positions(named, bureaux)[place]
    kept = np.flatnonzero((where[0] >= 0) & (where[1] >= 0))
    cells = where[0][kept], where[1][kept]
    registered, ballots, valid = (turnout[name].to_numpy()[kept] for name in counted[2:])
    present[cells] = True
    for number, count in enumerate((ballots, registered - ballots, valid)):
        values[number][cells] = count
    return Dense(bureaux, columns, values, present)


def _read(
    workspace: Workspace, name: str, columns: Sequence[str], elections: Sequence[str]
) -> pa.Table:
    some = len(elections) < len(workspace.manifest["elections"])
    return workspace.read_arrow(name, columns=columns, elections=list(elections) if some else ())


def _words(ids: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Return the words of a dictionary, and each row's word by position."""
    array = ids.combine_chunks()
    return array.dictionary, array.indices.to_numpy(zero_copy_only=False)


def _positions(words: pa.Array, wanted: pd.Index) -> np.ndarray:
    """Return where each word stands among those wanted; -1 for one that does not."""
    known = pa.array(wanted.array).cast(words.type)
    return np.asarray(pc.index_in(words, value_set=known).fill_null(-1)).astype(np.intp)


def _add_votes(
    votes: pa.Table,
    candidates: pd.DataFrame,
    members: Callable[[pd.DataFrame], np.ndarray],
    wanted: list[str],
    dense: Dense,
) -> None:
    """Add the votes of the chosen and of the blocs to the counts, in place."""
    elections, bureaux = pd.Index(wanted, dtype="str"), dense.bureaux
    values = dense.values  # noqa: PD011 - counts by column
    (held, when), (named, place), (people, who) = (_words(votes[name]) for name in VOTES[:3])
    # A word may stand twice where dictionaries of pieces were joined.
    labels = pd.Index(pc.unique(people).to_pylist(), dtype="str")
    kinds, kind = _kinds(*_lookup(candidates, elections, labels, members))
    # What is not asked for goes into one cell more, behind all others.
    size = len(elections) * len(bureaux)
    election, bureau = _positions(held, elections), _positions(named, bureaux)
    row, cell = election * len(labels), np.where(election < 0, size, election * len(bureaux))
    bureau, person = np.where(bureau < 0, size, bureau), _positions(people, labels)
    counts, width = votes["votes"].to_numpy(), len(kinds)

    def summed(start: int) -> tuple[int, np.ndarray]:
        rows = slice(start, start + PIECE)
        cells = np.minimum(cell[when[rows]] + bureau[place[rows]], size) * width
        cells += kind[row[when[rows]] + person[who[rows]]]
        first = int(cells.min())
        # Rows that are sorted touch a part of the cells only.
        return first, np.bincount(cells - first, counts[rows] + ROW)

    sums = np.zeros((size + 1) * width)
    # Pieces that fit a processor's cache, on every core.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for first, found in pool.map(summed, range(0, len(counts), PIECE)):
            sums[first : first + len(found)] += found
    # One kind after the other, so that each is read in one run.
    by_kind = sums[: size * width].reshape(size, width).T.astype("int64", order="C")
    whole = by_kind.reshape(width, *values.shape[1:])
    own, every = values[-len(ROWS)], values[-len(ROWS) + 1]
    for number, (bloc, chosen) in enumerate(kinds):
        counted, rows = whole[number] & (ROW - 1), whole[number] >> ROW_BITS
        every += rows
        if bloc >= 0:
            values[len(COUNTS) + bloc] += counted
        if chosen:
            values[COUNTS.index("votes")] += counted
            own += rows


def _kinds(chosen: np.ndarray, bloc: np.ndarray) -> tuple[list[tuple[int, bool]], np.ndarray]:
    """Return what candidates can count for, a bloc and the choice, and which each of them does."""
    kind, found = pd.factorize((2 * bloc + chosen).ravel(), sort=True)
    return [(int(one) // 2, bool(one % 2)) for one in found], kind


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
