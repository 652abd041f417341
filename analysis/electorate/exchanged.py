"""Votes typed in another candidate's place, put back where all else leads one to expect them.

A far-out round is often two candidates' votes exchanged, or a column that slipped: what was counted
is all there, in another order. Where such a slip explains the round, its votes are used in the
order they belong in, not left out. A bureau that is new, or was redrawn, has no other rounds to be
judged by: there the bureaux around tell, and only what they leave no doubt of is put back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.electorate.counts import VOTES
from analysis.electorate.far_rounds import (
    LEAST_VOTES,
    NEIGHBOURS,
    ROUNDS,
    SMALL,
    FarRounds,
    not_judged,
)
from analysis.electorate.history import History
from analysis.electorate.robust import known_median
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace

# Ballots on which the same candidates stand everywhere: no bureau has one of its own.
ALIKE = ("pres", "euro")
# Bureaux of the largest place that is looked at: of a nation all votes would be read once more.
MOST = 10_000
# Least share that is expected of a bloc.
LEAST = 0.002
# Slips one after the other that are tried: three candidates in each other's place are two.
SLIPS = 2


@dataclass(frozen=True)
class _Proof:
    """What votes that were put back must come to: share of the distance left, points of a bloc."""

    left: float
    points: float
    candidates: int


# The bureau's other rounds find the round far out; or the bureaux around alone, where a bloc is off
# by more than `OFF`: of the right rounds of Paris these take none for an error.
BY_ROUNDS, BY_NEIGHBOURS, OFF = _Proof(0.25, LEAST_VOTES, 2), _Proof(0.05, 0.15, 5), 0.15


def doubtful(history: History, far: FarRounds) -> np.ndarray:
    """Tell which votes are to be looked at (bureaux × elections): none of a whole nation."""
    return _doubt(history, far)[0]


def _doubt(history: History, far: FarRounds) -> tuple[np.ndarray, np.ndarray]:
    """Return `doubtful`, and what the bureaux around lead to expect (… × blocs)."""
    if len(history.units) > MOST:
        return np.zeros(far.votes.shape, dtype=bool), history.blocs
    alone, around = _told_around(history, far)
    return (far.votes & ~far.turnout & (history.valid > 0)) | alone, around


def _told_around(history: History, far: FarRounds) -> tuple[np.ndarray, np.ndarray]:
    """Tell which rounds the bureaux around call in doubt where they may tell alone, and their word.

    What they lead to expect of a bloc is their share, and what the bureau usually is above it.

    Returns
    -------
    tuple
        Booleans (bureaux × elections), expected shares of the valid votes (… × blocs).
    """
    votes = np.nan_to_num(np.where(far.any[:, :, None], 0.0, history.blocs))
    total = np.cumsum(np.concatenate([np.zeros((1, *votes.shape[1:])), votes]), axis=0)
    place = np.arange(len(votes))
    last = np.minimum(place + NEIGHBOURS + 1, len(votes))
    around = total[last] - total[np.maximum(place - NEIGHBOURS, 0)] - votes
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [one / one.sum(axis=2, keepdims=True) for one in (votes, around)]
    unlike = shares[0] - shares[1]
    usual = known_median(unlike.transpose(0, 2, 1).reshape(-1, unlike.shape[1]))
    usual = np.nan_to_num(usual.reshape(len(votes), 1, -1))
    usual[np.isfinite(history.valid).sum(axis=1) < ROUNDS] = 0.0
    off = np.abs(unlike - usual).max(axis=2) > OFF
    alone = not_judged(history) | np.array([e.kind in ALIKE for e in history.elections])
    found = off & (np.nan_to_num(history.valid) >= SMALL) & alone
    return np.asarray(found), np.maximum(shares[1] + usual, LEAST)


def put_back(
    history: History, sound: History, far: FarRounds, typed: pd.DataFrame
) -> tuple[History, FarRounds, np.ndarray]:
    """Put votes back that stand in another candidate's place.

    Tried in each doubtful round are all exchanges of two candidates, and each run of candidates
    moved on by one place, either way. The nearest to what is expected is kept if it brings every
    bloc within what is not far out and leaves little of the distance; so is one more slip on top of
    it.

    Parameters
    ----------
    history
        Past elections as they were published.
    sound, far
        The same without far-out rounds, and which those are (`without_far_rounds`).
    typed
        Votes of the elections that have doubtful rounds, each bureau's in the order of the file:
        `election_id`, `bureau_id`, `candidate_id`, `votes`, `bloc` and whether `chosen`.

    Returns
    -------
    tuple
        `sound` with the votes that were put back, `far` with all of them, and where they are
        (bureaux × elections).
    """
    done = np.zeros(far.votes.shape, dtype=bool)
    wrong, around = _doubt(history, far)
    blocs, votes = sound.blocs.copy(), sound.votes.copy()
    for number in np.flatnonzero(wrong.any(axis=0)):
        here = typed[typed["election_id"] == history.elections[number].election_id]
        count = _Count.of(here, history.units["bureau_id"], wrong[:, number])
        # Doubtful rounds are few, and each has candidates of its own.
        for bureau in np.flatnonzero(wrong[:, number]):
            published = history.blocs[bureau, number]
            judged = far.votes[bureau, number]
            told = far.shares if judged else around
            proof = BY_ROUNDS if judged else BY_NEIGHBOURS
            found = count.put_back(int(bureau), published, told[bureau, number], proof)
            if found is None:
                continue
            done[bureau, number] = True
            blocs[bureau, number] = np.where(np.isfinite(published), count.by_bloc(found), np.nan)
            if np.isfinite(history.votes[bureau, number]):
                votes[bureau, number] = found[count.chosen & np.isfinite(found)].sum()
    return replace(sound, blocs=blocs, votes=votes), replace(far, votes=far.votes | done), done


def votes_as_typed(
    workspace: Workspace, choice: Choice, elections: list[str], bureaux: pd.Series | None = None
) -> pd.DataFrame:
    """Read votes as `put_back` takes them, in the order of the files.

    Parameters
    ----------
    workspace
        A built place.
    choice
        Whose votes are `chosen`.
    elections
        Ids of the elections.
    bureaux
        Ids of the bureaux; None: all.

    Returns
    -------
    pandas.DataFrame
        A row for each bureau and candidate.
    """
    votes = workspace.read_arrow("votes", columns=VOTES, elections=elections)
    if bureaux is not None:
        ids = pa.array(bureaux.astype("str"), pa.string())
        votes = votes.filter(pc.is_in(votes["bureau_id"].cast(pa.string()), value_set=ids))
    people = workspace.read("candidates")
    # Nobody of the choice need have stood at these: it is asked of all.
    people = people[["election_id", "candidate_id", "bloc"]].assign(chosen=choice.members(people))
    people = people[people["election_id"].isin(elections)]
    key = ["election_id", "candidate_id"]
    # Few rows of a few bureaux: Python's own texts meet sooner than columns of Arrow's.
    one = votes.to_pandas().astype(dict.fromkeys([*key, "bureau_id"], object))
    found = one.merge(people.astype(dict.fromkeys([*key, "bloc"], object)), on=key, how="left")
    return found[found["election_id"].isin(elections)]


def near(doubtful_rounds: np.ndarray) -> np.ndarray:
    """Tell which bureaux are doubtful at some round, or stand beside one that is."""
    some = doubtful_rounds.any(axis=1)
    # Not `mode="same"`: that is as long as the longer of the two, also where bureaux are few.
    around = np.convolve(some, np.ones(2 * NEIGHBOURS + 1))
    return np.asarray(around[NEIGHBOURS : NEIGHBOURS + len(doubtful_rounds)] > 0)


@dataclass(frozen=True)
class _Count:
    """Votes of one election, bureaux near a far-out one × candidates; NaN where one did not stand.

    `place` is the row of each bureau (-1: none), `order` each candidate's place in the file.
    """

    place: np.ndarray
    wrong: np.ndarray
    votes: np.ndarray
    order: np.ndarray
    bloc: np.ndarray
    chosen: np.ndarray

    @classmethod
    def of(cls, typed: pd.DataFrame, bureaux: pd.Series, wrong: np.ndarray) -> _Count:
        """Gather the votes of one election.

        Parameters
        ----------
        typed
            As `put_back` takes them.
        bureaux, wrong
            Ids of all bureaux, and which are doubtful.

        Returns
        -------
        _Count
            Of the doubtful bureaux, and those around them.
        """
        rows = np.flatnonzero(near(wrong[:, None]))
        place = np.full(len(wrong), -1)
        place[rows] = np.arange(len(rows))
        ids = pd.Index(bureaux.astype(object).to_numpy()[rows])
        row = ids.get_indexer(typed["bureau_id"].astype(object))
        table = typed[row >= 0].assign(row=row[row >= 0])
        who, names = pd.factorize(table["candidate_id"])
        votes = np.full((len(rows), len(names)), np.nan)
        order = votes.copy()
        votes[table["row"], who] = table["votes"]
        order[table["row"], who] = table.groupby("row").cumcount()
        first = table.assign(who=who).drop_duplicates("who").sort_values("who")
        bloc = pd.Index(BLOCS).get_indexer(first["bloc"])
        return cls(place, wrong, votes, order, bloc, first["chosen"].to_numpy(dtype=bool))

    def by_bloc(self, votes: np.ndarray) -> np.ndarray:
        """Return the votes of each bloc, from those of each candidate."""
        known = np.isfinite(votes) & (self.bloc >= 0)
        return np.bincount(self.bloc[known], votes[known], len(BLOCS))

    def put_back(
        self, bureau: int, published: np.ndarray, expected: np.ndarray, proof: _Proof
    ) -> np.ndarray | None:
        """Return a bureau's votes in the order they belong in; None where no slip explains them.

        Parameters
        ----------
        bureau
            Its position.
        published
            Votes by bloc, as they were published.
        expected
            Expected shares by bloc.
        proof
            What the votes must come to.

        Returns
        -------
        numpy.ndarray or None
            Votes by candidate.
        """
        votes = self.votes[self.place[bureau]]
        here = np.flatnonzero(np.isfinite(votes) & (self.bloc >= 0))
        here = here[np.argsort(self.order[self.place[bureau], here])]
        # Handed on from other contours, or with lists of no bloc: not the rows of the file.
        if not np.array_equal(self.by_bloc(votes), np.nan_to_num(published)):
            return None
        shares = self._expected(bureau, here, expected)
        if len(here) < proof.candidates or shares is None:
            return None
        whole, back, best = np.full(len(votes), np.nan), votes.copy(), None
        whole[here] = shares
        least = proof.left * _distance(votes[here], shares)
        for _ in range(SLIPS):
            back[here] = back[here][_order(back[here], shares)]
            off = np.abs(self.by_bloc(back) / votes[here].sum() - self.by_bloc(whole))
            distance = _distance(back[here], shares)
            if distance <= least and off.max() <= proof.points:
                # One more slip must do as well again.
                best, least = back.copy(), proof.left * distance
        return best

    def _expected(self, bureau: int, here: np.ndarray, blocs: np.ndarray) -> np.ndarray | None:
        """Return expected shares of candidates: the bloc's, parted as around; None: not known."""
        around = np.arange(bureau - NEIGHBOURS, bureau + NEIGHBOURS + 1)
        around = around[(around >= 0) & (around < len(self.place))]
        beside = self.votes[self.place[around[~self.wrong[around]]]]
        beside = beside[np.isfinite(beside[:, here]).all(axis=1)]
        # A list that is there in all bureaux around and not here: its votes stand nowhere else.
        missing = np.isfinite(beside).all(axis=0).sum() > len(here)
        if not len(beside) or missing:
            return None
        bloc = self.bloc[here]
        votes = beside[:, here].sum(axis=0) + 0.5
        part = votes / np.bincount(bloc, votes, len(BLOCS))[bloc]
        shares = np.nan_to_num(blocs[bloc]) * part
        return np.asarray(shares / shares.sum()) if shares.sum() > 0 else None


def _order(votes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return which candidate's place each one's votes stand in, by the slip nearest to `shares`."""
    cost = (_angles(votes)[:, None] - np.arcsin(np.sqrt(shares))[None, :]) ** 2
    slips = _slips(len(votes))
    return np.asarray(slips[cost[slips, np.arange(len(votes))].sum(axis=1).argmin()])


def _distance(votes: np.ndarray, shares: np.ndarray) -> float:
    return float(((_angles(votes) - np.arcsin(np.sqrt(shares))) ** 2).sum())


def _angles(votes: np.ndarray) -> np.ndarray:
    """Return Anscombe's angles of shares: counting noise is the same for all of them."""
    return np.asarray(np.arcsin(np.sqrt((votes + 0.375) / (votes.sum() + 0.75))))


@cache
def _slips(size: int) -> np.ndarray:
    """Return every exchange of two places, and every run of places moved on by one."""
    first, last = np.triu_indices(size, 1)
    place, row = np.arange(size)[None, :], np.arange(len(first))
    exchanged = np.repeat(place, len(first), axis=0)
    exchanged[row, first], exchanged[row, last] = last, first
    within = (place >= first[:, None]) & (place <= last[:, None])
    long = (last - first + 1)[:, None]
    moved = [
        np.where(within, first[:, None] + (place - first[:, None] + by) % long, place)
        for by in (1, -1)
    ]
    return np.unique(np.concatenate([exchanged, *moved]), axis=0)
