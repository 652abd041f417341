"""Elections drawn from a place's own spread, of which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.electorate.history import History
from analysis.electorate.rates import OVERDISPERSION
from analysis.electorate.volatility import PAIRS
from analysis.errors import DataError, some
from analysis.tables.elections import Election
from analysis.tables.schema import BLOCS

# What marginal voters are: the bloc's own share, more or less by so much of it in the whole
# place, and by so much in each bureau.
MARGINAL_PLACE, MARGINAL_BUREAU = 0.3, 0.05
LEAST_SHARE, LEAST_TURNOUT, MOST_TURNOUT = 0.002, 0.05, 0.98


@dataclass(frozen=True)
class Truth:
    """What bureaux really are in a drawn past, and at the election to come.

    Attributes
    ----------
    turnout
        Ballots per registered (bureaux × first rounds, the last one to come).
    shares
        Of the valid votes (bureaux × first rounds × blocs).
    marginal
        Of those who come when turnout rises (bureaux × blocs).
    """

    turnout: np.ndarray
    shares: np.ndarray
    marginal: np.ndarray

    def rates(self, bloc: str, rival: str, valid: np.ndarray) -> dict[str, np.ndarray]:
        """Return the columns of `Prospects.table` that the product has to estimate.

        Parameters
        ----------
        bloc, rival
            Whose votes, and against whose; empty: against nobody's.
        valid
            Share of ballots that is valid, by past round.

        Returns
        -------
        dict of str to numpy.ndarray
            One value per bureau, 0 to 1; zeros where there is no rival.
        """
        own, none = BLOCS.index(bloc), np.zeros(len(self.turnout))
        other = BLOCS.index(rival) if rival else None
        past = self.shares[:, :-1]
        stood = past[:, :, own].max(axis=0) > 0
        of_registered = past[:, stood, own] * (self.turnout[:, :-1] * valid)[:, stood]
        changed = 0.5 * np.abs(np.diff(past, axis=1)).sum(axis=2)
        return {
            "abstention": 1 - self.turnout[:, -1],
            "support": self.shares[:, -1, own],
            "movement": _movement(of_registered),
            "marginal": self.marginal[:, own],
            "rival_marginal": none if other is None else self.marginal[:, other],
            "rival_support": none if other is None else self.shares[:, -1, other],
            "volatility": changed[:, -PAIRS:].mean(axis=1),
        }


@dataclass(frozen=True)
class Spread:
    """How bureaux differ and how they move, as a place's first rounds show it.

    Attributes
    ----------
    history
        Its first rounds.
    turnout_levels, share_levels
        Of the whole place (rounds; rounds × blocs).
    turnout_apart, shares_apart
        Each bureau's mean distance from them (bureaux; bureaux × blocs).
    turnout_moves, shares_moves
        What remains at each round, counting noise taken off (bureaux × rounds, × blocs). A round
        is kept whole, so that neighbours move together as they did.
    valid
        Share of ballots that is valid, by round.
    """

    history: History
    turnout_levels: np.ndarray
    share_levels: np.ndarray
    turnout_apart: np.ndarray
    shares_apart: np.ndarray
    turnout_moves: np.ndarray
    shares_moves: np.ndarray
    valid: np.ndarray

    @classmethod
    def of(cls, history: History) -> Spread:
        """Measure the spread of a place.

        Raises
        ------
        DataError
            When votes by bloc are known of fewer than two first rounds.
        """
        first = [
            n
            for n, election in enumerate(history.elections)
            if election.round == 1 and np.nansum(history.blocs[:, n]) > 0
        ]
        if len(first) < 2:  # noqa: PLR2004 - one round shows no movement
            raise DataError(
                "Intervals cannot be checked: votes by bloc are known of fewer than two first "
                "rounds.",
                where="first rounds: {found}",
                mend="Build the workspace with more elections.",
                found=some(history.elections[n].election_id for n in first),
            )
        past = _of_rounds(history, first)
        size = np.where(past.registered > 0, past.registered, np.nan)
        valid = np.where(past.valid > 0, past.valid, np.nan)
        votes = np.nan_to_num(past.blocs)
        came = np.nansum(past.ballots, axis=0) / np.nansum(size, axis=0)
        levels = votes.sum(axis=0) / np.nansum(valid, axis=0)[:, None]
        turnout, shares = past.ballots / size - came, votes / valid[:, :, None] - levels
        apart, shares_apart = (_mean_known(one) for one in (turnout, shares))
        moves = np.nan_to_num(turnout - apart[:, None])
        shares_moves = np.nan_to_num(shares - shares_apart[:, None])
        noise = OVERDISPERSION * came * (1 - came) * np.nanmean(1 / size, axis=0)
        binomial = (levels * (1 - levels)).sum(axis=1)
        shares_noise = OVERDISPERSION * binomial * np.nanmean(1 / valid, axis=0)
        return cls(
            past,
            came,
            levels,
            apart,
            shares_apart,
            moves * _real(moves.var(axis=0), noise),
            shares_moves * _real(shares_moves.var(axis=0).sum(axis=1), shares_noise)[:, None],
            np.nansum(valid, axis=0) / np.nansum(past.ballots, axis=0),
        )

    def draw(self, target: Election, rng: np.random.Generator) -> tuple[History, Truth]:
        """Draw a past and an election to come: how bureaux moved at some round, or the reverse.

        Turnout and the bloc's votes hang together: who comes when turnout rises votes by
        `Truth.marginal`. The level of the election to come is that of the last of its kind.
        """
        truth = self._truth(target, rng)
        size = np.nan_to_num(self.history.registered).astype("int64")
        ballots = _beta_binomial(size, truth.turnout[:, :-1], rng)
        valid = np.rint(ballots * self.valid).astype("int64")
        votes = _dirichlet_multinomial(valid, truth.shares[:, :-1], rng)
        voted = np.where(size > 0, 1.0, np.nan)
        stood = np.where(self.share_levels > 0, 1.0, np.nan)
        past = replace(
            self.history,
            registered=size * voted,
            ballots=ballots * voted,
            valid=valid * voted,
            votes=np.full(size.shape, np.nan),
            blocs=votes * stood * voted[:, :, None],
        )
        return past, truth

    def _truth(self, target: Election, rng: np.random.Generator) -> Truth:
        rounds = len(self.turnout_levels)
        kinds = [election.kind for election in self.history.elections]
        alike = max((n for n, kind in enumerate(kinds) if kind == target.kind), default=rounds - 1)
        levels = np.append(self.turnout_levels, self.turnout_levels[alike])
        drawn = rng.integers(0, rounds, rounds + 1)
        signs = rng.choice([-1.0, 1.0], (2, rounds + 1))
        share_levels = self._tide(rng)
        share_levels = np.vstack([share_levels, share_levels[alike]])
        usual = np.clip(self.turnout_apart + levels.mean(), LEAST_TURNOUT, MOST_TURNOUT)
        turnout = levels + self.turnout_apart[:, None] + signs[0] * self.turnout_moves[:, drawn]
        turnout = np.clip(turnout, LEAST_TURNOUT, MOST_TURNOUT)
        moves = signs[1][:, None] * self.shares_moves[:, drawn]
        shares = _shares(share_levels + self.shares_apart[:, None] + moves, share_levels > 0)
        own = _shares(share_levels[alike] + self.shares_apart, share_levels[alike] > 0)
        place, bureau = rng.standard_normal(own.shape[1]), rng.standard_normal(own.shape)
        marginal = own * (1 + MARGINAL_PLACE * place) + MARGINAL_BUREAU * bureau
        marginal = _shares(marginal, np.ones(own.shape[1], dtype=bool))
        more = (turnout - usual[:, None])[:, :, None]
        votes = shares * usual[:, None, None] + marginal[:, None] * more
        return Truth(turnout, _shares(votes, share_levels > 0), marginal)

    def _tide(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the blocs' levels: at each round they move as at some round, or the reverse.

        With the tide of the real past alone every drawn past would err the same way in what it
        takes for voters who stayed home.
        """
        rounds = len(self.share_levels)
        stood = self.share_levels > 0
        usual = self.share_levels.sum(axis=0) / np.maximum(stood.sum(axis=0), 1)
        apart = np.where(stood, self.share_levels - usual, 0.0)[rng.integers(0, rounds, rounds)]
        signs = rng.choice([-1.0, 1.0], rounds)[:, None]
        return _shares(usual + signs * apart, stood)


def _movement(shares: np.ndarray) -> np.ndarray:
    """Return what `electorate.movement` estimates, of shares without counting noise."""
    if shares.shape[1] < 2:  # noqa: PLR2004 - a bloc that stood once tells no movement
        return np.asarray(shares[:, -1])
    return np.asarray(shares.std(axis=1, ddof=1))


def _of_rounds(history: History, rounds: list[int]) -> History:
    counts = ("registered", "ballots", "valid", "votes", "blocs")
    chosen = {name: getattr(history, name)[:, rounds] for name in counts}
    return replace(history, elections=tuple(history.elections[n] for n in rounds), **chosen)


def _mean_known(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _real(variance: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return what a deviation is to be multiplied by, so that its counting noise is gone."""
    return np.asarray(np.sqrt(np.clip(1 - noise / np.maximum(variance, 1e-12), 0.0, 1.0)))


def _shares(values: np.ndarray, stood: np.ndarray) -> np.ndarray:
    """Return values kept above nought and summing to 1 over those who stood."""
    kept = np.clip(values, LEAST_SHARE, None) * stood
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


def _beta_binomial(size: np.ndarray, rate: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw counts whose variance is `OVERDISPERSION` times the binomial."""
    weight = np.maximum((size - OVERDISPERSION) / (OVERDISPERSION - 1), 1.0)
    return rng.binomial(size, rng.beta(weight * rate, weight * (1 - rate)))


def _dirichlet_multinomial(
    size: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw counts of several lists, likewise."""
    weight = np.maximum((size - OVERDISPERSION) / (OVERDISPERSION - 1), 1.0)[:, :, None]
    drawn = rng.gamma(np.maximum(weight * shares, 1e-9))
    return rng.multinomial(size, drawn / np.maximum(drawn.sum(axis=2, keepdims=True), 1e-12))
