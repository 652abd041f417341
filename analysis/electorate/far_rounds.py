"""Rounds of a bureau that none of its others leads one to expect, and a past without them.

Two candidates' votes typed in each other's place, a column shifted, one digit too many on
the roll: the official files hold such counts, and each would lead a ranking. A round is
judged against the rounds before it and, apart from them, the rounds after it. A bureau that
was redrawn or has changed for good is at odds with one side only, and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.electorate.rates import OVERDISPERSION
from analysis.tables.schema import BLOCS

# Robust spreads, and points of a share, beyond which a round is far out on both sides.
FAR, LEAST_VOTES, LEAST_TURNOUT = 5.0, 0.06, 0.15
# A roll this many times another is an error; one that moved by less than MOVED_ROLL is the
# same ground, so that a far-out latest round cannot be a redrawn bureau.
FAR_ROLL, MOVED_ROLL = float(np.log(2.5)), float(np.log(1.15))
# Rounds looked at on each side; neighbours by number on each side; bureaux that teach;
# times that the judgement is made again without the rounds already found.
NEAR, NEIGHBOURS, TEACHERS, PASSES = 4, 7, 3000, 6
SMALL, ROUNDS = 50, 3  # valid votes, and known rounds, without which nothing is judged
_KINDS = ("votes", "turnout")


@dataclass(frozen=True)
class FarRounds:
    """Which counts are far out, and what the bureau's other rounds lead to expect instead.

    Attributes
    ----------
    votes, turnout, roll
        Booleans (bureaux × elections): votes between blocs, ballots, registered.
    shares
        Expected shares of the valid votes (bureaux × elections × lists); NaN where unknown.
    turnout_rate
        Expected ballots per registered (bureaux × elections).
    registered
        Expected registered (bureaux × elections).
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

    def rows(self, bureaux: np.ndarray) -> FarRounds:
        """Return what is said of some bureaux, given by position."""
        return FarRounds(*(getattr(self, name)[bureaux] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class _Counts:
    """Counts that are judged: persons and, on the angular scale, shares and turnout."""

    registered: np.ndarray
    ballots: np.ndarray
    valid: np.ndarray
    lists: np.ndarray  # bureaux × elections × lists, NaN where nobody of a list stood

    def rows(self, bureaux: np.ndarray) -> _Counts:
        return _Counts(*(getattr(self, name)[bureaux] for name in self.__dataclass_fields__))

    def angle(self, kind: str) -> np.ndarray:
        """Return bureaux × elections × columns of one kind; counting noise is 1/(4n) there."""
        if kind == "votes":
            return _angle(self.lists, self.valid[:, :, None])
        return _angle(self.ballots, self.registered)[:, :, None]


@dataclass(frozen=True)
class _Line:
    """How one round tells of another: least squares drawn to slope 1 on the same list."""

    columns: np.ndarray
    mean: np.ndarray
    start: np.ndarray
    slopes: np.ndarray
    spreads: np.ndarray

    def predict(self, angles: np.ndarray) -> np.ndarray:
        return np.asarray(self.start + (angles[:, self.columns] - self.mean) @ self.slopes)


@dataclass
class _Judge:
    """What all bureaux together teach: which rounds tell of which, and how well."""

    sides: list[tuple[list[int], list[int]]]
    stood: list[np.ndarray]
    lines: dict[tuple[str, int, int], _Line]
    # (kind, election, side) → residuals of all bureaux, and their robust spread by column.
    residuals: dict[tuple[str, int, int], np.ndarray]
    spreads: dict[tuple[str, int, int], np.ndarray]

    def columns(self, kind: str, election: int) -> np.ndarray:
        return self.stood[election] if kind == "votes" else np.array([0])


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
    counts, chosen = _counts(history)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        far = find_far_rounds(counts, history)
        mended = _mended(counts, far)
    votes = np.where(np.isfinite(history.votes), mended.lists[:, :, chosen], np.nan)
    blocs = mended.lists[:, :, : history.blocs.shape[2]]
    return (
        replace(
            history,
            units=_rolls(history, mended, far),
            registered=_kept(history.registered, mended.registered, far),
            ballots=_kept(history.ballots, mended.ballots, far),
            valid=_kept(history.valid, mended.valid, far),
            votes=_kept(history.votes, votes, far),
            blocs=np.where(far.any[:, :, None] & np.isfinite(blocs), blocs, history.blocs),
        ),
        far,
    )


def _kept(old: np.ndarray, new: np.ndarray, far: FarRounds) -> np.ndarray:
    return np.where(far.any & np.isfinite(new), new, old)


def _rolls(history: History, mended: _Counts, far: FarRounds) -> pd.DataFrame:
    units = history.units
    latest = history.registered == units["registered"].to_numpy()[:, None]
    wrong = far.roll & latest
    row = np.flatnonzero(wrong.any(axis=1))
    if not len(row):
        return units
    registered = units["registered"].to_numpy().copy()
    last = wrong.shape[1] - 1 - np.argmax(wrong[row][:, ::-1], axis=1)
    registered[row] = np.round(mended.registered[row, last]).astype("int64")
    return units.assign(registered=registered)


def _counts(history: History) -> tuple[_Counts, int]:
    """Return the counts to judge, and which list is the choice: a bloc, or one more."""
    stood = np.nansum(history.blocs, axis=0) > 0
    lists = np.where(stood[None], history.blocs, np.nan)
    votes = history.votes
    there = np.isfinite(votes)
    for number in range(lists.shape[2]):
        if np.array_equal(np.nan_to_num(history.blocs[:, :, number])[there], votes[there]):
            break
    else:
        number = lists.shape[2]
        chosen = np.where(np.nansum(votes, axis=0) > 0, votes, np.nan)
        lists = np.concatenate([lists, chosen[:, :, None]], axis=2)
    above = [np.where(a > 0, a, np.nan) for a in (history.registered, history.valid)]
    return _Counts(above[0], history.ballots, above[1], lists), number


def find_far_rounds(counts: _Counts, history: History) -> FarRounds:
    """Find the counts that neither the rounds before nor those after lead one to expect.

    A bad round accuses its neighbours at first; the bureaux that have one are judged again,
    their counts against their other rounds as mended so far.
    """
    judge = _teach(counts, history)
    far = _judged(counts, counts, judge, None)
    rows = np.flatnonzero(far.any.any(axis=1))
    part, now = counts.rows(rows), far.rows(rows)
    for _ in range(PASSES - 1):
        now = _judged(part, _mended(part, now), judge, rows)
    for name in far.__dataclass_fields__:
        getattr(far, name)[rows] = getattr(now, name)
    return far


def _teach(counts: _Counts, history: History) -> _Judge:
    """Learn from all bureaux how the rounds tell of one another."""
    known = np.isfinite(counts.valid).sum(axis=0)
    whole = known > 0.7 * known.max()
    days = np.array([e.date.toordinal() for e in history.elections])
    first = np.array([e.round == 1 for e in history.elections])
    sides = []
    for number in range(len(days)):
        by_time = [
            int(o)
            for o in np.argsort(np.abs(days - days[number]), kind="stable")
            if o != number and whole[o]
        ]
        before = [o for o in by_time if o < number][:NEAR]
        after = [o for o in by_time if o > number][:NEAR]
        # At the ends of time there is one side only: the nearest first round is the other.
        nearest = [o for o in by_time if first[o]][:1]
        sides.append((before or nearest, after or nearest))
    stood = [np.flatnonzero(np.isfinite(one).any(axis=0)) for one in counts.lists.swapaxes(0, 1)]
    judge = _Judge(sides, stood, {}, {}, {})
    step = max(len(counts.registered) // TEACHERS, 1)
    teachers = counts.rows(np.arange(0, len(counts.registered), step))
    size = np.nan_to_num(teachers.registered)
    for kind in _KINDS:
        angles = teachers.angle(kind)
        for number, both in enumerate(sides):
            told = judge.columns(kind, number)
            for other in {*both[0], *both[1]}:
                tells = judge.columns(kind, other)
                if len(told) and len(tells):
                    weight = np.minimum(size[:, number], size[:, other])
                    judge.lines[kind, number, other] = _line(
                        angles[:, number][:, told], angles[:, other], tells, told, weight
                    )
    return judge


def _line(
    y: np.ndarray, angles: np.ndarray, tells: np.ndarray, told: np.ndarray, weight: np.ndarray
) -> _Line:
    """Fit every column of `y` on the lists of another round; bad counts do not teach."""
    x = angles[:, tells]
    good = np.isfinite(x).all(axis=1) & (weight > 0)
    mean = np.average(x[good], axis=0, weights=weight[good]) if good.any() else np.zeros(len(tells))
    centred = x - mean
    start, spreads = np.full(len(told), np.nan), np.full(len(told), 3.0)
    slopes = np.zeros((len(tells), len(told)))
    for k, own in enumerate(told):
        same = np.flatnonzero(tells == own)
        target = y[:, k] - (centred[:, same[0]] if len(same) else 0.0)
        use = good & np.isfinite(target)
        # The second time without rows that the first fit finds far off.
        for _ in range(2):
            if use.sum() < 8:
                break
            start[k], slopes[:, k] = _ridge(centred[use], target[use], weight[use])
            rest = np.abs(target - start[k] - centred @ slopes[:, k])
            spreads[k] = 1.4826 * np.median(rest[use]) + 1e-4
            near = rest < 4 * spreads[k] + 0.5 / np.sqrt(np.maximum(weight, 1))
            use = good & np.isfinite(target) & near
        if len(same):
            slopes[same[0], k] += 1
    return _Line(tells, mean, start, slopes, spreads)


def _ridge(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
    design = np.column_stack([np.ones(len(x)), x])
    weighted = design * (weight / weight.mean())[:, None]
    pull = 10 * np.mean(x**2) * np.r_[0.0, np.ones(x.shape[1])] + 1e-9
    found = np.linalg.solve(weighted.T @ design + np.diag(pull), weighted.T @ y)
    return float(found[0]), found[1:]


def _judged(counts: _Counts, seen: _Counts, judge: _Judge, rows: np.ndarray | None) -> FarRounds:
    """Judge counts against other rounds as `seen`; `rows` are their places among all bureaux."""
    size, elections = counts.registered.shape
    shares = np.full(counts.lists.shape, np.nan)
    rate = np.full((size, elections), np.nan)
    far = {kind: np.zeros((size, elections)) for kind in _KINDS}
    for kind, of, least in (
        ("votes", counts.valid, LEAST_VOTES),
        ("turnout", counts.registered, LEAST_TURNOUT),
    ):
        told, tells = counts.angle(kind), seen.angle(kind)
        for number in range(elections):
            columns = judge.columns(kind, number)
            sides = [
                _side(judge, (kind, number, side), told[:, number][:, columns], tells, rows)
                for side in range(2)
                if len(columns) and judge.sides[number][side]
            ]
            if not sides:
                continue
            worst = [_distance(*one, of[:, number], least) for one in sides]
            far[kind][:, number] = np.nan_to_num(np.fmin.reduce(worst))
            mean = _joined([np.sin(np.clip(p, 0, np.pi / 2)) ** 2 for _, p, _, _ in sides], sides)
            if kind == "votes":
                shares[:, number, columns] = mean
            else:
                rate[:, number] = mean[:, 0]
    registered, roll = _far_rolls(np.log(counts.registered))
    known = np.isfinite(counts.valid)
    judged = (known.sum(axis=1) >= ROUNDS)[:, None] & (np.nan_to_num(counts.valid) >= SMALL)
    judged &= ~(_redrawn(np.log(counts.registered)) & ~roll)
    votes, turnout = (judged & (far[kind] > FAR) for kind in _KINDS)
    return FarRounds(votes, turnout | roll, roll, shares, rate, np.exp(registered))


def _side(
    judge: _Judge,
    key: tuple[str, int, int],
    told: np.ndarray,
    tells: np.ndarray,
    rows: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return residuals, expectation, robust spread and local residual of one round and side.

    The expectation is the mean of one line per round, by squared precision, so that the
    round that tells best leads.
    """
    kind, number, side = key
    total, weights = np.zeros(told.shape), np.zeros(told.shape)
    for other in judge.sides[number][side]:
        line = judge.lines.get((kind, number, other))
        if line is None:
            continue
        expected = line.predict(tells[:, other])
        precision = np.isfinite(expected) / (line.spreads**2 + 1e-6) ** 2
        total += np.nan_to_num(expected) * precision
        weights += precision
    expected = np.where(weights > 0, total / weights, np.nan)
    residual = told - expected
    if rows is None:
        judge.residuals[key] = residual.astype("float32")
        judge.spreads[key] = 1.4826 * _nanmedian(np.abs(residual))
        rows = np.arange(len(told))
    local = _local(judge.residuals[key], rows, np.abs(residual) > FAR * judge.spreads[key])
    return residual, expected, judge.spreads[key], local


def _local(residuals: np.ndarray, rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the median residual of the neighbours by number, where it is wanted; else 0.

    Bureaux are numbered quarter by quarter: what moved all of a quarter is no error.
    """
    local = np.zeros(wanted.shape)
    here = np.flatnonzero(wanted.any(axis=1))
    if len(here):
        around = rows[here][:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
        inside = (around >= 0) & (around < len(residuals))
        found = residuals[np.clip(around, 0, len(residuals) - 1)]
        median = _nanmedian(np.where(inside[:, :, None], found, np.nan), axis=1)
        local[here] = np.nan_to_num(median)
    return local


def _distance(
    residual: np.ndarray,
    expected: np.ndarray,
    spread: np.ndarray,
    local: np.ndarray,
    of: np.ndarray,
    least: float,
) -> np.ndarray:
    """Return how many spreads a round lies from what one side leads to expect; NaN: unknown."""
    small = np.minimum(np.abs(residual), np.abs(residual - local))
    noise = np.sqrt(np.maximum(spread**2, 0.25 * OVERDISPERSION / of[:, None]))
    moved = np.abs(np.sin(expected + residual) ** 2 - np.sin(np.clip(expected, 0, np.pi / 2)) ** 2)
    far = np.where((moved > least) & np.isfinite(small), small / noise, 0.0).max(axis=1)
    return np.where(np.isfinite(residual).any(axis=1), far, np.nan)


def _joined(
    shares: list[np.ndarray],
    sides: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Return the mean of what both sides lead to expect, by precision."""
    weights = [
        np.isfinite(s) / np.maximum(one[2], 1e-3) ** 2 for s, one in zip(shares, sides, strict=True)
    ]
    total = sum(np.nan_to_num(s) * w for s, w in zip(shares, weights, strict=True))
    return np.where(sum(weights) > 0, total / sum(weights), np.nan)


def _far_rolls(roll: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithm of the roll to expect, and which rolls are errors."""
    before, after = _before(roll), _before(roll[:, ::-1])[:, ::-1]
    centre = _nanmedian(roll, axis=1)[:, None]
    middle = np.where(
        np.isfinite(before) & np.isfinite(after), (before + after) / 2, np.fmax(before, after)
    )
    near = np.fmin(np.abs(roll - before), np.abs(roll - after))
    far = (np.nan_to_num(near) > FAR_ROLL) & (np.abs(roll - centre) > FAR_ROLL)
    expected = np.where(np.isfinite(middle), middle, centre)
    return np.where(far, expected, roll), far


def _redrawn(roll: np.ndarray) -> np.ndarray:
    """Mark a bureau's latest round where its roll moved: redrawn, which no later round shows."""
    known = np.isfinite(roll)
    latest = known & (np.cumsum(known[:, ::-1], axis=1)[:, ::-1] == 1)
    return np.asarray(latest & (np.abs(np.nan_to_num(roll - _before(roll))) >= MOVED_ROLL))


def _before(values: np.ndarray) -> np.ndarray:
    """Return the latest known value before each round."""
    out = np.full_like(values, np.nan)
    out[:, 1:] = pd.DataFrame(values).ffill(axis=1).to_numpy()[:, :-1]
    return out


def _mended(counts: _Counts, far: FarRounds) -> _Counts:
    """Return counts with what is far out drawn to what is expected, in whole tables."""
    registered = np.where(far.roll, far.registered, counts.registered)
    rate = np.where(
        np.isfinite(far.turnout_rate), far.turnout_rate, counts.ballots / counts.registered
    )
    # Ten times the roll: the ballots are right if they fit the roll that is expected.
    fits = far.roll & (np.abs(counts.ballots / registered - rate) < LEAST_TURNOUT)
    wrong = far.turnout & ~fits
    ballots = np.where(wrong, rate * registered, counts.ballots)
    scaled = counts.valid * ballots / np.maximum(counts.ballots, 1)
    valid = np.where(wrong, np.minimum(scaled, ballots), counts.valid)
    shares = far.shares / np.nansum(_exclusive(far.shares), axis=2, keepdims=True)
    replaced = far.votes & np.isfinite(shares).any(axis=2)
    own = counts.lists * np.where(wrong, valid / counts.valid, 1.0)[:, :, None]
    lists = np.where(replaced[:, :, None], shares * valid[:, :, None], own)
    return _Counts(registered, ballots, valid, lists)


def _exclusive(shares: np.ndarray) -> np.ndarray:
    """Return the shares of lists that exclude one another: blocs, not the candidates chosen."""
    return shares[:, :, : len(BLOCS)]


def _angle(count: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return Anscombe's angle of a share (Biometrika 35, 1948, p. 247)."""
    return np.asarray(np.arcsin(np.sqrt(np.clip((count + 0.375) / (of + 0.75), 0, 1))))


def _nanmedian(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Return medians of what is known; NaN without a warning where nothing is."""
    ordered = np.sort(values, axis=axis)  # NaN last
    known = np.isfinite(ordered).sum(axis=axis)
    low = np.take_along_axis(ordered, np.expand_dims(np.maximum(known - 1, 0) // 2, axis), axis)
    high = np.take_along_axis(
        ordered, np.expand_dims(np.minimum(known // 2, values.shape[axis] - 1), axis), axis
    )
    middle = ((low + high) / 2).squeeze(axis)
    return np.where(known > 0, middle, np.nan)
