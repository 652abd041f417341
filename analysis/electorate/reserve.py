"""Who the voters are that come to one election and stay home at another: a bloc's share of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.electorate.history import History
from analysis.electorate.movement import first_shares
from analysis.electorate.rates import OVERDISPERSION, Rate

# Rounds of the same spring, so that few changed sides in between; any two rounds.
SAME_SPRING_YEARS, ANY_YEARS = 0.5, 20.0
# Points of turnout between two rounds, without which they tell nothing of who stays home.
TURNOUT_APART = 0.05
UNKNOWN_ERROR = 0.15
# What the list had last time weighs as much as the pairs of so many usual bureaux. With less, the
# estimate foretells which bureaux lose or win by turnout worse than that share does; within a
# spring it never does better, so that the share itself stands for it.
LAST_AGAINST_ANY, LAST_AGAINST_SPRINGS = 4.0, np.inf
# Of the place's slope where one pair alone tells it.
ONE_SPRING_ERROR, TINY = 0.1, 1e-12


def expect_reserve(history: History, support: Rate) -> Rate:
    """Expect the bloc's share among those who vote at one round of a spring and not the next.

    It is the share of those who voted when the bloc last stood: no slope over springs foretold
    the next one better.

    Parameters
    ----------
    history
        Past elections.
    support
        The bloc's expected share of valid votes, the fall-back.

    Returns
    -------
    Rate
        Share of marginal voters, by bureau, with its error: how far the springs seen lie from it
        and disagree. The share last time, with an error of 0.15,
        where no two first rounds of one spring differ in turnout.
    """
    return marginal_share(
        history,
        history.votes,
        support.value,
        within_years=SAME_SPRING_YEARS,
        last_weight=LAST_AGAINST_SPRINGS,
    )


def expect_marginal(history: History, votes: np.ndarray, support: np.ndarray) -> Rate:
    """Estimate a list's share among marginal voters from all pairs of first rounds.

    Parameters
    ----------
    history
        Past elections.
    votes
        Of the list (bureaux × elections).
    support
        Its expected share of valid votes, by bureau.

    Returns
    -------
    Rate
        Share and standard error of every bureau, 0 to 1.
    """
    return marginal_share(
        history, votes, support, within_years=ANY_YEARS, last_weight=LAST_AGAINST_ANY
    )


def marginal_share(
    history: History,
    votes: np.ndarray,
    support: np.ndarray,
    *,
    within_years: float,
    last_weight: float,
) -> Rate:
    """Estimate a list's share among the voters whom a fall in turnout loses.

    The slope through the origin of the change of the list's votes per registered on the change of
    turnout, over pairs of first rounds. Most of that change is people who changed sides: each
    bureau's slope is drawn to the share that the list had there when it last stood.

    Parameters
    ----------
    history
        Past elections.
    votes
        Of the list (bureaux × elections); NaN where it did not stand.
    support
        Its expected share of valid votes, by bureau; taken where its last share is not known.
    within_years
        Only pairs at most so far apart.
    last_weight
        What the last share weighs, 1 as much as a typical bureau's pairs tell; may be infinite.

    Returns
    -------
    Rate
        Shares, by bureau, and their standard errors.
    """
    stood, share = first_shares(history, votes)
    turnout = history.ballots[:, stood] / np.where(
        history.registered[:, stood] > 0, history.registered[:, stood], np.nan
    )
    pairs = _pairs(history, stood, turnout, within_years)
    registered = history.units["registered"].to_numpy(dtype=float)
    last, counting = _last_share(history, votes, support, stood)
    if not len(pairs):
        level = float(np.average(last, weights=np.maximum(registered, 1e-9)))
        return Rate(last, np.full(len(support), UNKNOWN_ERROR), level, ())
    seen = _Pairs.of(history.registered[:, stood], share, turnout, pairs)
    prior, typical = last, last_weight * seen.typical(registered)
    value = prior + (seen.own_xy - seen.own_xx * prior) / (seen.own_xx + typical)
    used = sorted({stood[n] for n in pairs.ravel()})
    return Rate(
        value=np.clip(value, 0.001, 0.999),
        std_error=np.sqrt(seen.variance(prior, typical, registered) + counting),
        level=seen.slope,
        elections=tuple(history.elections[n].election_id for n in used),
    )


def _last_share(
    history: History, votes: np.ndarray, support: np.ndarray, stood: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the list's share of valid votes when it last stood, and its counting variance.

    Where it is not known what is expected of the list stands for it, without variance.
    """
    if not stood:
        return np.clip(support, 0.01, 0.99), np.zeros(len(support))
    valid = history.valid[:, stood[-1]]
    with np.errstate(invalid="ignore", divide="ignore"):
        last = votes[:, stood[-1]] / valid
        variance = OVERDISPERSION * last * (1 - last) / valid
    share = np.clip(np.where(np.isfinite(last), last, support), 0.01, 0.99)
    return share, np.nan_to_num(variance, posinf=0.0)


@dataclass(frozen=True)
class _Pairs:
    """Pairs of rounds (bureaux × pairs); 0 where a bureau lacks one of the two.

    Attributes
    ----------
    moved, came
        Change of the list's votes and of ballots, per registered.
    weight
        The smaller roll of the two.
    noise
        Counting variance of `moved`, up to a factor.
    rounds
        Which two rounds each pair is of (pairs × 2).
    """

    moved: np.ndarray
    came: np.ndarray
    weight: np.ndarray
    noise: np.ndarray
    rounds: np.ndarray

    @classmethod
    def of(
        cls, size: np.ndarray, share: np.ndarray, turnout: np.ndarray, pairs: np.ndarray
    ) -> _Pairs:
        """Return the pairs of some rounds, from rolls, the list's shares and turnout.

        Parameters
        ----------
        size, share, turnout
            Registered, the list's votes and the ballots per registered (bureaux × rounds), nan
            where unknown.
        pairs
            Columns of the two rounds of each pair (pairs × 2).

        Returns
        -------
        _Pairs
            Bureaux × pairs.
        """
        a, b = pairs.T
        moved, came = share[:, a] - share[:, b], turnout[:, a] - turnout[:, b]
        known = np.isfinite(moved) & np.isfinite(came)
        noise = share[:, a] * (1 - share[:, a]) / np.where(known, size[:, a], 1.0)
        weight = np.fmin(size[:, a], size[:, b])
        parts = (np.where(known, one, 0.0) for one in (moved, came, weight, noise))
        moved, came, weight, noise = parts
        return cls(moved, came, weight, noise, pairs)

    @property
    def springs(self) -> np.ndarray:
        """The place's slope, pair by pair."""
        return self._xy / np.maximum(self._xx, TINY)

    @property
    def slope(self) -> float:
        """The place's slope over all pairs."""
        return float(np.clip(self._xy.sum() / max(self._xx.sum(), TINY), 0.01, 0.99))

    @property
    def _xy(self) -> np.ndarray:
        return np.asarray((self.moved * self.came * self.weight).sum(axis=0))

    @property
    def _xx(self) -> np.ndarray:
        return np.asarray((self.came**2 * self.weight).sum(axis=0))

    @property
    def own_xy(self) -> np.ndarray:
        """Products of both changes, by bureau."""
        return np.asarray((self.moved * self.came).sum(axis=1))

    @property
    def own_xx(self) -> np.ndarray:
        """Squared changes of turnout, by bureau: how much it tells."""
        return np.asarray((self.came**2).sum(axis=1))

    def typical(self, registered: np.ndarray) -> float:
        """Return how much one typical bureau tells, which is what the place's slope weighs."""
        return _mean_where(self.own_xx > 0, self.own_xx, registered, 1.0)

    def variance(self, prior: np.ndarray, typical: float, registered: np.ndarray) -> np.ndarray:
        """Return counting noise, the spread of bureaux about `prior`, and how springs disagree.

        Parameters
        ----------
        prior
            Spring expected of each bureau.
        typical
            Weight of `prior` beside a bureau's own pairs, may be infinite.
        registered
            Per bureau; larger ones count more in the spread.

        Returns
        -------
        numpy.ndarray
            Variance of the spring, one a bureau.
        """
        count = np.maximum((self.weight > 0).sum(axis=1), 1)
        noise = 2 * OVERDISPERSION * self.noise.sum(axis=1) / count
        apart = (self.own_xy / np.maximum(self.own_xx, 1e-6) - prior) ** 2
        spread = _mean_where(self.own_xx > 0.001, apart, registered, 0.01)
        trust = self.own_xx + typical
        return np.asarray(
            noise * self.own_xx / trust**2
            + (1 - self.own_xx / trust) ** 2 * spread
            + self.disagreement
        )

    @property
    def disagreement(self) -> float:
        """Return the variance of the place's slope by how its pairs of rounds disagree.

        Pairs that share a round err together: the sandwich for pairs of Fafchamps and Gubert
        (2007), never under that of pairs apart.
        """
        number = len(self.rounds)
        if number < 2:  # noqa: PLR2004 - one pair cannot disagree
            return ONE_SPRING_ERROR**2
        off = self._xy - self._xx.sum() ** -1 * self._xy.sum() * self._xx
        together = (self.rounds[:, None, :, None] == self.rounds[None, :, None, :]).any((2, 3))
        apart = float((off**2).sum())
        return (
            max(float(off @ together @ off), apart)
            / max(self._xx.sum(), TINY) ** 2
            * number
            / (number - 1)
        )


def _mean_where(use: np.ndarray, values: np.ndarray, registered: np.ndarray, none: float) -> float:
    return float(np.average(values[use], weights=registered[use] + 1e-9)) if use.any() else none


def _pairs(
    history: History, stood: list[int], turnout: np.ndarray, within_years: float
) -> np.ndarray:
    """Return pairs of positions in `stood`, the earlier first (pairs × 2)."""
    size = np.where(np.isfinite(turnout), history.registered[:, stood], 0.0)
    level = (np.nan_to_num(turnout) * size).sum(axis=0) / np.maximum(size.sum(axis=0), 1e-9)
    days = [history.elections[n].date for n in stood]
    found = [
        (i, j)
        for i in range(len(stood))
        for j in range(i + 1, len(stood))
        if (days[j] - days[i]).days <= within_years * 365.25
        and abs(level[i] - level[j]) >= TURNOUT_APART
    ]
    return np.array(found, dtype="int64").reshape(-1, 2)
