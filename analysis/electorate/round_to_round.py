"""What one round of every bureau leads to expect of another, learned from all bureaux together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.electorate.history import History
from analysis.electorate.robust import Line, fit_line, spread_of

# Rounds looked at on each side; bureaux that teach.
NEAR, TEACHERS = 4, 3000
# Share of the bureaux of the most complete round that a round must have to tell of others.
WHOLE = 0.7
KINDS = ("votes", "turnout")


@dataclass(frozen=True)
class Counts:
    """Counts that are judged."""

    registered: np.ndarray
    ballots: np.ndarray
    valid: np.ndarray
    lists: np.ndarray  # bureaux × elections × lists, NaN where nobody of a list stood

    def rows(self, bureaux: np.ndarray) -> Counts:
        """Return the counts of some bureaux, given by position."""
        return Counts(*(getattr(self, name)[bureaux] for name in self.__dataclass_fields__))

    def of(self, kind: str) -> np.ndarray:
        """Return what the shares of a kind are of (bureaux × elections)."""
        return self.valid if kind == "votes" else self.registered

    def angles(self, kind: str) -> np.ndarray:
        """Return elections × columns × bureaux of one kind; counting noise is 1/(4n) there.

        Anscombe's angle of a share (Biometrika 35, 1948, p. 247).
        """
        counts = self.lists if kind == "votes" else self.ballots[:, :, None]
        count = np.ascontiguousarray(counts.transpose(1, 2, 0), dtype="float32")
        of = self.of(kind).T.astype("float32")[:, None]
        return np.asarray(np.arcsin(np.sqrt(np.clip((count + 0.375) / (of + 0.75), 0, 1))))


@dataclass(frozen=True)
class Side:
    """What one side of a round leads to expect (columns × bureaux, spread by column)."""

    expected: np.ndarray
    residual: np.ndarray
    spread: np.ndarray
    all_residuals: np.ndarray

    @property
    def precision(self) -> np.ndarray:
        """Return what each expectation weighs beside the other side's; 0 where unknown."""
        return np.isfinite(self.expected) / np.maximum(self.spread, 1e-3)[:, None] ** 2

    def suspects(self, far: float) -> np.ndarray:
        """Return which bureaux lie `far` spreads off in some column, or are not known at all."""
        some = (np.abs(self.residual) > far * self.spread[:, None]).any(axis=0)
        return np.asarray(some | np.isnan(self.residual).all(axis=0))

    def of(self, bureaux: np.ndarray) -> Side:
        """Return what is expected of some bureaux, given by position."""
        return replace(self, expected=self.expected[:, bureaux], residual=self.residual[:, bureaux])


def counts_of(history: History) -> tuple[Counts, int]:
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
    return Counts(above[0], history.ballots, above[1], lists), number


def _sides(counts: Counts, history: History) -> list[tuple[list[int], list[int]]]:
    """Return the rounds before and the rounds after each that tell of it, the nearest first."""
    known = np.isfinite(counts.valid).sum(axis=0)
    whole = known > WHOLE * known.max()
    days = np.array([e.date.toordinal() for e in history.elections])
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
        nearest = [o for o in by_time if history.elections[o].round == 1][:1]
        sides.append((before or nearest, after or nearest))
    return sides


def _stood(counts: Counts) -> list[np.ndarray]:
    """Return which lists stood at each round."""
    return [np.flatnonzero(np.isfinite(one).any(axis=0)) for one in counts.lists.swapaxes(0, 1)]


@dataclass
class Judge:
    """What all bureaux together teach: which rounds tell of which, and how well."""

    days: np.ndarray
    sides: list[tuple[list[int], list[int]]]
    stood: list[np.ndarray]
    # (kind, election, other) → rows for the weighted sum of what is expected, and for the weights.
    lines: dict[tuple[str, int, int], np.ndarray]
    # (kind, election, side) → residuals of all bureaux, and their robust spread by column.
    residuals: dict[tuple[str, int, int], np.ndarray]
    spreads: dict[tuple[str, int, int], np.ndarray]

    @classmethod
    def taught_by(cls, counts: Counts, history: History) -> Judge:
        """Learn from bureaux spread over all of them how the rounds tell of one another."""
        days = np.array([election.date.toordinal() for election in history.elections])
        judge = cls(days, _sides(counts, history), _stood(counts), {}, {}, {})
        step = max(len(counts.registered) // TEACHERS, 1)
        teachers = counts.rows(np.arange(0, len(counts.registered), step))
        size = np.nan_to_num(teachers.registered)
        for kind in KINDS:
            angles = teachers.angles(kind).astype("float64")
            for number, both in enumerate(judge.sides):
                told = judge.columns(kind, number)
                for other in {*both[0], *both[1]}:
                    tells = judge.columns(kind, other)
                    if len(told) and len(tells):
                        same = [
                            (k, int(np.flatnonzero(tells == n)[0]))
                            for k, n in enumerate(told)
                            if n in tells
                        ]
                        weight = np.minimum(size[:, number], size[:, other])
                        judge.lines[kind, number, other] = _rows(
                            fit_line(angles[number, told].T, angles[other, tells].T, weight, same)
                        )
        return judge

    def columns(self, kind: str, election: int) -> np.ndarray:
        """Return which columns a round has: lists that stood, or turnout alone."""
        return self.stood[election] if kind == "votes" else np.array([0])

    def features(self, seen: Counts, kind: str) -> list[np.ndarray]:
        """Return what each round tells, one row a column: whether it is known, then its angles."""
        found = []
        for number, angles in enumerate(seen.angles(kind)):
            told = angles[self.columns(kind, number)]
            known = np.isfinite(told).all(axis=0) & bool(len(told))
            found.append(np.concatenate([known[None], np.where(known, told, 0)], dtype="float32"))
        return found

    def both_sides(
        self,
        key: tuple[str, int],
        told: np.ndarray,
        tells: list[np.ndarray],
        rows: np.ndarray | None,
    ) -> list[Side]:
        """Return what the rounds before, and the rounds after, lead to expect of one round.

        Parameters
        ----------
        key
            Kind, and position of the election.
        told
            Its angles (columns × bureaux).
        tells
            `features` of all rounds.
        rows
            Places of the bureaux among all; None for all, whose residuals are then kept.

        Returns
        -------
        list of Side
            From before, and from after; one or none where there are no such rounds.
        """
        found = []
        for side, others in enumerate(self.sides[key[1]]):
            lines = [(self.lines[*key, o], tells[o]) for o in others if (*key, o) in self.lines]
            if not lines:
                continue
            both = np.sum([line @ features for line, features in lines], axis=0)
            expected = both[: len(told)] / both[len(told) :]
            residual = told - expected
            if rows is None:
                self.residuals[*key, side] = residual
                self.spreads[*key, side] = spread_of(residual)
            spread, everywhere = self.spreads[*key, side], self.residuals[*key, side]
            found.append(Side(expected, residual, spread, everywhere))
        return found


def _rows(line: Line) -> np.ndarray:
    """Return a line as rows over `features`: weighted expectations, then the weights.

    Rounds are joined by squared precision, so that the one that tells best leads.
    """
    trust = np.isfinite(line.start) / (line.spreads**2 + 1e-6) ** 2
    told = np.column_stack([np.nan_to_num(line.start), line.slopes.T])
    one = np.zeros(told.shape)
    one[:, 0] = 1.0
    return np.concatenate([told * trust[:, None], one * trust[:, None]]).astype("float32")
