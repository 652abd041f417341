"""Counts of every bureau × election as dense arrays, straight from the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError, some
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace

# Parts that a crosswalk may hand on: sums of them stay consistent.
COUNTS = ("ballots", "abstentions", "valid", "votes")
# Rows of the chosen, and of anybody, in the table of votes: 0 where none is known.
ROWS = ("offered", "listed")


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

    def table(self, election: int) -> pd.DataFrame:
        """Return the counts of one election, indexed by the bureaux that voted."""
        here = self.present[election]
        return pd.DataFrame(
            self.values[election, here], index=self.bureaux[here], columns=list(self.columns)
        )


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
        Communes or départements; empty for the whole workspace.

    Returns
    -------
    Dense
        Counts, (elections, bureaux, columns).
    """
    turnout = workspace.read("turnout")
    turnout = turnout[turnout["election_id"].isin(elections)]
    if places:
        turnout = turnout[
            turnout["bureau_id"].isin(_inside(workspace, turnout["bureau_id"], places))
        ]
    bureaux = pd.Index(sorted(turnout["bureau_id"].astype("str").unique()), dtype="str")
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
    return Dense(bureaux, columns, values, present)


def _inside(workspace: Workspace, ids: pd.Series, places: tuple[str, ...]) -> list[str]:
    table = workspace.read("places")
    wanted = table["commune_id"].isin(places) | table["department_id"].isin(places)
    if not wanted.any():
        raise DataError(
            "This workspace does not hold {places}.",
            where="communes: {commune_id}",
            mend="Choose a commune or a département of the workspace, or build one that has it.",
            places=some(places),
            commune_id=some(table["commune_id"], most=8),
        )
    communes = set(table.loc[wanted, "commune_id"])
    return [name for name in ids.cat.categories if name.rpartition("_")[0] in communes]


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
    candidates = workspace.read("candidates")
    votes = _read_votes(workspace, elections)
    ids = {n: votes[n].combine_chunks() for n in ("election_id", "bureau_id", "candidate_id")}
    codes = {
        "election_id": _arrow_codes(ids["election_id"], elections),
        "bureau_id": _arrow_codes(ids["bureau_id"], bureaux),
    }
    labels = pd.Index(ids["candidate_id"].dictionary.to_pylist(), dtype="str")
    candidate = ids["candidate_id"].indices.to_numpy(zero_copy_only=False)
    chosen, bloc = _lookup(candidates, elections, labels, members)
    counts = votes["votes"].to_numpy()
    election, bureau = codes["election_id"], codes["bureau_id"]
    known = (election >= 0) & (bureau >= 0)
    if not known.all():
        election, bureau = election[known], bureau[known]
        candidate, counts = candidate[known], counts[known]
    width = values.shape[0] * values.shape[1]
    cells = election * len(bureaux) + bureau
    person = election * len(labels) + candidate
    mine = chosen.ravel()[person]
    # One pass for all blocs: the bloc's number is the last digit of the cell.
    by_bloc = cells * (len(BLOCS) + 1) + (bloc.ravel() + 1)[person]
    sums = np.bincount(by_bloc, counts, width * (len(BLOCS) + 1)).reshape(width, -1)
    columns = {
        COUNTS.index("votes"): np.bincount(cells[mine], counts[mine], width),
        len(COUNTS) + len(BLOCS): np.bincount(cells[mine], minlength=width),
        len(COUNTS) + len(BLOCS) + 1: np.bincount(cells, minlength=width),
        **{len(COUNTS) + number: sums[:, number + 1] for number in range(len(BLOCS))},
    }
    for column, flat in columns.items():
        values[:, :, column] = flat.reshape(values.shape[:2])


def _read_votes(workspace: Workspace, elections: pd.Index) -> pa.Table:
    names = ["election_id", "bureau_id", "candidate_id", "votes"]
    table = workspace.read_arrow("votes", columns=names)
    if len(elections) < len(workspace.manifest["elections"]):
        table = table.filter(pc.is_in(table["election_id"], pa.array(elections)))
    return table


def _arrow_codes(array: pa.DictionaryArray, wanted: pd.Index) -> np.ndarray:
    positions = np.asarray(wanted.get_indexer(pd.Index(array.dictionary.to_pylist(), dtype="str")))
    return positions[array.indices.to_numpy(zero_copy_only=False)]


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
