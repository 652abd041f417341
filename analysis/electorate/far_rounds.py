"""Rounds of a bureau that none of its others leads one to expect, and a past without them.

Two candidates' votes typed in each other's place, a column shifted, one digit too many on the
roll, a count that was annulled: the official files hold such counts, and each would lead a
ranking. A round is judged against the rounds before it and, apart from them, the rounds after
it. A bureau that was redrawn or has changed for good is at odds with one side only, and stays
as it is.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.electorate.abstention.transform import rate_of
from analysis.electorate.counts import ANNULLED
from analysis.electorate.history import History
from analysis.electorate.rates import OVERDISPERSION
from analysis.electorate.robust import known_median, latest_before
from analysis.electorate.round_to_round import Counts, Judge, Side, counts_of
from analysis.tables.lately import Lately
from analysis.tables.schema import BLOCS

# Robust spreads, and points of a share, beyond which a round is far out on both sides.
FAR, LEAST_VOTES, LEAST_TURNOUT = 5.0, 0.06, 0.15
# In a far-out round, lists within so many spreads of what a side expects stay as they were counted:
# two exchanged columns say nothing against the others.
NEAR = 1.5
# A roll this many times another is an error; one that moved by less than MOVED_ROLL is the
# same ground, so that a far-out latest round cannot be a redrawn bureau.
FAR_ROLL, MOVED_ROLL = float(np.log(2.5)), float(np.log(1.15))
# Neighbours by number on each side; times that the judgement is made, each but the first
# without the rounds already found.
NEIGHBOURS, PASSES = 7, 6
SMALL, ROUNDS = 50, 3  # valid votes, and known rounds, without which nothing is judged
THREADED = 2000  # bureaux; with fewer, to start threads takes longer than they work
# Judgements that are kept, of so many bureaux at most: one place is asked of bloc after bloc.
KEPT, MOST_KEPT = 8, 2000


@dataclass(frozen=True)
class FarRounds:
    """Which counts are far out, and what the bureau's other rounds lead to expect instead.

    Attributes
    ----------
    votes, turnout, roll
        Booleans (bureaux × elections): votes between blocs, ballots, registered.
    shares
        Expected shares of the valid votes (bureaux × elections × lists); NaN where they are not
        far out.
    turnout_rate
        Expected ballots per registered (bureaux × elections), likewise.
    registered
        Registered, or what is expected of them (bureaux × elections).
    """

    votes: np.ndarray
    turnout: np.ndarray
    roll: np.ndarray
    shares: np.ndarray
    turnout_rate: np.ndarray
    registered: np.ndarray

    @property
    def any(self) -> np.ndarray:
        """Which rounds of which bureaux are far out in any of the three."""
        return np.asarray(self.votes | self.turnout | self.roll)

    def same_as(self, other: FarRounds) -> bool:
        """Tell whether both say the same of the same bureaux."""
        fields = self.__dataclass_fields__
        both = ((getattr(self, name), getattr(other, name)) for name in fields)
        return all(np.array_equal(one, two, equal_nan=True) for one, two in both)

    def rows(self, bureaux: np.ndarray) -> FarRounds:
        """Return what is said of some bureaux, given by position."""
        return FarRounds(*(getattr(self, name)[bureaux] for name in self.__dataclass_fields__))


_LATELY: Lately[FarRounds] = Lately(KEPT)


def without_far_rounds(history: History) -> tuple[History, FarRounds]:
    """Return a past in which far-out counts are drawn to what the other rounds lead to expect.

    Parameters
    ----------
    history
        Past elections on the bureaux of today.

    Returns
    -------
    tuple
        The history with counts replaced in every table of it, and which they were. Where a
        bureau's latest roll is replaced, `units.registered` is too.
    """
    counts, chosen = counts_of(history)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        far = find_far_rounds(counts, history)
        row = np.flatnonzero(far.any.any(axis=1))
        mended, wrong = _mended(counts.rows(row), far.rows(row)), far.any[row]
    stood = np.isfinite(history.votes[row]) | history.annulled[row]
    votes = np.where(stood, mended.lists[:, :, chosen], np.nan)
    new = {
        "registered": mended.registered,
        "ballots": mended.ballots,
        "valid": mended.valid,
        "votes": votes,
        "blocs": mended.lists[:, :, : history.blocs.shape[2]],
    }
    told: dict[str, Any] = {
        name: _kept(getattr(history, name), row, one, wrong) for name, one in new.items()
    }
    return replace(history, units=_rolls(history, mended, far), **told), far


def _kept(old: np.ndarray, row: np.ndarray, new: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Return counts with those of some bureaux replaced where they are wrong and a better known."""
    out = old.copy()
    wrong = wrong.reshape(*wrong.shape, *[1] * (old.ndim - 2))
    out[row] = np.where(wrong & np.isfinite(new), new, old[row])
    return out


def _rolls(history: History, mended: Counts, far: FarRounds) -> pd.DataFrame:
    """Return the bureaux with their roll; `mended` holds those with a far-out round."""
    row = np.flatnonzero(far.any.any(axis=1))
    registered = history.units["registered"].to_numpy().copy()
    wrong = far.roll[row] & (history.registered[row] == registered[row, None])
    here = np.flatnonzero(wrong.any(axis=1))
    if not len(here):
        return history.units
    last = wrong.shape[1] - 1 - np.argmax(wrong[here][:, ::-1], axis=1)
    registered[row[here]] = np.round(mended.registered[here, last]).astype("int64")
    return history.units.assign(registered=registered)


def find_far_rounds(counts: Counts, history: History) -> FarRounds:
    """Find the counts that neither the rounds before nor those after lead one to expect.

    A bad round accuses its neighbours at first; the bureaux that have one are judged again,
    their counts against their other rounds as mended so far. What comes back is read only.
    """
    if len(counts.registered) > MOST_KEPT:
        return _found(counts, history)
    return _LATELY.get(_fingerprint(counts, history), lambda: _found(counts, history))


def _fingerprint(counts: Counts, history: History) -> bytes:
    """Name all that a judgement depends on."""
    found = hashlib.sha256(repr([(e.date, e.round) for e in history.elections]).encode())
    for name in counts.__dataclass_fields__:
        array = getattr(counts, name)
        found.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return found.digest()


def _found(counts: Counts, history: History) -> FarRounds:
    judge, fits = Judge.taught_by(counts, history), _ballots_fit(counts)
    far = _judged(counts, counts, judge, fits, None)
    rows = np.flatnonzero(far.any.any(axis=1))
    part, now = counts.rows(rows), far.rows(rows)
    for _ in range(PASSES - 1):
        before, now = now, _judged(part, _mended(part, now), judge, fits[rows], rows)
        # The same mended counts are judged the same again.
        if before.same_as(now):
            break
    for name in far.__dataclass_fields__:
        getattr(far, name)[rows] = getattr(now, name)
        getattr(far, name).flags.writeable = False
    return far


def _judged(
    counts: Counts, seen: Counts, judge: Judge, fits: np.ndarray, rows: np.ndarray | None
) -> FarRounds:
    """Judge counts against other rounds as `seen`; `rows` are their places among all bureaux.

    `fits` tells which ballots are as many as one expects of the roll (`_ballots_fit`).
    """
    log_roll = np.log(counts.registered)
    registered, roll = _far_rolls(log_roll, judge.days, fits)
    known = np.isfinite(counts.valid)
    judged = (known.sum(axis=1) >= ROUNDS)[:, None] & (np.nan_to_num(counts.valid) >= SMALL)
    judged &= ~(_redrawn(log_roll) & ~roll)
    # People voted and nothing was counted: the other rounds tell of the lists.
    annulled = (counts.ballots >= ANNULLED) & ~known
    votes, shares = _look(_Case(counts, seen, "votes", judged, annulled), judge, rows)
    turnout, rate = _look(_Case(counts, seen, "turnout", judged, roll), judge, rows)
    return FarRounds(
        votes | annulled, turnout | roll, roll, shares, rate[:, :, 0], np.exp(registered)
    )


@dataclass(frozen=True)
class _Case:
    """Counts of one kind, the other rounds as seen, which to judge and which to expect anyway."""

    counts: Counts
    seen: Counts
    kind: str
    judged: np.ndarray
    wanted: np.ndarray


def _look(case: _Case, judge: Judge, rows: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return which rounds of a kind are far out, and what to expect there instead."""
    told, tells = case.counts.angles(case.kind), judge.features(case.seen, case.kind)
    elections, columns, size = told.shape
    far, mean = np.zeros((size, elections), dtype=bool), np.full((size, elections, columns), np.nan)
    least = LEAST_VOTES if case.kind == "votes" else LEAST_TURNOUT

    def look(number: int) -> None:
        stood = judge.columns(case.kind, number)
        sides = judge.both_sides((case.kind, number), told[number, stood], tells, rows)
        if not sides:
            return
        # Only what no side can explain is looked at closely.
        close = np.logical_and.reduce([one.suspects(FAR) for one in sides])
        close &= case.judged[:, number]
        here = np.flatnonzero(close | case.wanted[:, number])
        sides = [one.of(here) for one in sides]
        place, of = here if rows is None else rows[here], case.counts.of(case.kind)[here, number]
        around = [_local(one.all_residuals, place) for one in sides]
        off = _off(sides, around, least, of)
        far[here, number] = close[here] & off.far
        # Turnout is also asked for where the roll is wrong, and the count of it says nothing.
        drawn = off.drawn | (case.kind == "turnout")
        mean[here[:, None], number, stood] = np.where(
            drawn, _joined(sides, around), rate_of(told[number][stood][:, here])
        ).T

    # Each round is a column of its own, and numpy holds no lock over its bureaux. Threads do not
    # inherit what is ignored.
    def look_quietly(number: int) -> None:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            look(number)

    if size < THREADED:
        for number in range(elections):
            look_quietly(number)
        return far, mean
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(look_quietly, range(elections)))
    return far, mean


@dataclass(frozen=True)
class _Off:
    """Which bureaux lie far off (bureaux), and which of their lists (lists × bureaux)."""

    far: np.ndarray
    drawn: np.ndarray


def _off(sides: list[Side], around: list[np.ndarray], least: float, of: np.ndarray) -> _Off:
    """Tell which rounds lie far from what every side that knows leads to expect, and where.

    Parameters
    ----------
    sides, around
        Of the bureaux looked at, and `_local` of each side.
    least
        Points of a share that must have moved.
    of
        Persons whose share is judged, by bureau.
    """
    far, known = np.ones(len(of), dtype=bool), np.zeros(len(of), dtype=bool)
    drawn = np.ones(sides[0].residual.shape, dtype=bool)
    for one, local in zip(sides, around, strict=True):
        small = np.minimum(np.abs(one.residual), np.abs(one.residual - local))
        noise = np.sqrt(np.maximum(one.spread[:, None] ** 2, 0.25 * OVERDISPERSION / of))
        moved = np.abs(rate_of(one.expected + one.residual) - rate_of(one.expected))
        there = np.isfinite(one.residual)
        far &= ((moved > least) & (small > FAR * noise)).any(axis=0) | ~there.any(axis=0)
        drawn &= (small > NEAR * noise) | ~there
        known |= there.any(axis=0)
    # Where each side doubts other lists, none is above doubt.
    return _Off(far & known, drawn | ~drawn.any(axis=0))


def _local(residuals: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the median residual of the neighbours by number (columns × bureaux).

    Bureaux are numbered quarter by quarter: what moved all of a quarter is no error.
    """
    around = place[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    inside = (around >= 0) & (around < residuals.shape[1])
    found = residuals[:, np.clip(around, 0, residuals.shape[1] - 1)]
    return np.nan_to_num(known_median(np.where(inside, found, np.nan)))


def _joined(sides: list[Side], around: list[np.ndarray]) -> np.ndarray:
    """Return the mean share of what both sides and the neighbours lead to expect, by precision.

    What moved all of a quarter at that round moved this bureau too.

    Parameters
    ----------
    sides, around
        Of some bureaux, and `_local` of each side.

    Returns
    -------
    numpy.ndarray
        Columns × bureaux, 0 to 1.
    """
    shares = []
    for one, local in zip(sides, around, strict=True):
        shares.append(np.nan_to_num(rate_of(one.expected + local)) * one.precision)
    return np.asarray(sum(shares) / sum(one.precision for one in sides))


def _ballots_fit(counts: Counts) -> np.ndarray:
    """Mark ballots that are as many as one expects of the roll (bureaux × elections).

    Turnout over the median bureau's, against the bureau's other rounds. A wrong digit on the roll
    leaves the ballots as they were; where a bureau was split or merged both moved.
    """
    turnout = np.log(counts.ballots / counts.registered)
    turnout = np.where(np.isfinite(turnout), turnout, np.nan)
    turnout = turnout - known_median(turnout.T)[None, :]
    return np.asarray(np.abs(turnout - known_median(turnout)[:, None]) < FAR_ROLL / 2)


def _far_rolls(
    roll: np.ndarray, days: np.ndarray, fits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithm of the roll to expect, and which rolls are errors."""
    (before, since), (after, until) = _around(roll, days)
    near = np.fmin(np.abs(roll - before), np.abs(roll - after))
    centre = known_median(roll)[:, None]
    far = (np.nan_to_num(near) > FAR_ROLL) & (np.abs(roll - centre) > FAR_ROLL) & ~fits
    # On the straight line in time: the two rounds of one election have one roll.
    middle = (before * (until - days) + after * (days - since)) / (until - since)
    expected = np.where(np.isfinite(middle), middle, np.fmax(before, after))
    return np.where(far, np.where(np.isfinite(expected), expected, centre), roll), far


def not_judged(history: History) -> np.ndarray:
    """Tell which rounds no other can judge (bureaux × elections): of a new or redrawn bureau."""
    with np.errstate(invalid="ignore", divide="ignore"):
        redrawn = _redrawn(np.log(np.where(history.registered > 0, history.registered, np.nan)))
    return np.asarray(redrawn | (np.isfinite(history.valid).sum(axis=1) < ROUNDS)[:, None])


def _around(roll: np.ndarray, days: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the known roll before each round and its day, and the one after."""
    when = np.where(np.isfinite(roll), days, np.nan)
    return [
        (latest_before(roll), latest_before(when)),
        (latest_before(roll[:, ::-1])[:, ::-1], latest_before(when[:, ::-1])[:, ::-1]),
    ]


def _redrawn(roll: np.ndarray) -> np.ndarray:
    """Mark a bureau's latest round where its roll moved: redrawn, which no later round shows."""
    known = np.isfinite(roll)
    latest = known & (np.cumsum(known[:, ::-1], axis=1)[:, ::-1] == 1)
    return np.asarray(latest & (np.abs(np.nan_to_num(roll - latest_before(roll))) >= MOVED_ROLL))


def _mended(counts: Counts, far: FarRounds) -> Counts:
    """Return counts with what is far out drawn to what is expected, in whole tables."""
    registered = np.where(far.roll, far.registered, counts.registered)
    rate = np.where(
        np.isfinite(far.turnout_rate), far.turnout_rate, counts.ballots / counts.registered
    )
    # Ten times the roll: the ballots are right if they fit the roll that is expected.
    fits = far.roll & (np.abs(counts.ballots / registered - rate) < LEAST_TURNOUT)
    wrong = far.turnout & ~fits
    ballots = np.where(wrong, rate * registered, counts.ballots)
    annulled = far.votes & np.isnan(counts.valid)
    told = np.where(annulled, ballots * _usually_valid(counts), counts.valid)
    scaled = told * ballots / np.maximum(counts.ballots, 1)
    valid = np.where(wrong, np.minimum(scaled, ballots), told)
    shares = far.shares / np.nansum(_exclusive(far.shares), axis=2, keepdims=True)
    replaced = far.votes & np.isfinite(shares).any(axis=2)
    own = counts.lists * np.where(wrong, valid / counts.valid, 1.0)[:, :, None]
    lists = np.where(replaced[:, :, None], shares * valid[:, :, None], own)
    return Counts(registered, ballots, valid, lists)


def _usually_valid(counts: Counts) -> np.ndarray:
    """Return valid votes per ballot over the rounds of a bureau that were counted (bureaux × 1)."""
    known = np.isfinite(counts.valid)
    of = np.where(known, counts.ballots, 0.0).sum(axis=1, keepdims=True)
    return np.asarray(np.nansum(counts.valid, axis=1, keepdims=True) / np.where(of > 0, of, np.nan))


def _exclusive(shares: np.ndarray) -> np.ndarray:
    """Return the shares of lists that exclude one another: blocs, not the candidates chosen."""
    return shares[:, :, : len(BLOCS)]
