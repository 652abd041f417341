"""Who the voters are that come to one election and stay home at another: a bloc's share of them."""

from __future__ import annotations

import numpy as np

from analysis.electorate.history import History
from analysis.electorate.movement import first_shares
from analysis.electorate.rates import OVERDISPERSION, Rate

# Rounds of the same spring, so that few changed sides in between; any two rounds.
SAME_SPRING_YEARS, ANY_YEARS = 0.5, 20.0
# Points of turnout between two rounds, without which they tell nothing of who stays home.
TURNOUT_APART = 0.05
UNKNOWN_ERROR = 0.15


def expect_reserve(history: History, support: Rate) -> Rate:
    """Estimate the bloc's share among those who vote at one round of a spring and not the next.

    Parameters
    ----------
    history
        Past elections.
    support
        The bloc's expected share of valid votes, the fall-back.

    Returns
    -------
    Rate
        Share of marginal voters, by bureau, with its error: counting noise, the spread of
        bureaux, and how far the springs disagree. The support, with an error of 0.15, where no
        two first rounds of one spring differ in turnout.
    """
    return marginal_share(history, history.votes, support.value, within_years=SAME_SPRING_YEARS)


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
    """
    return marginal_share(history, votes, support, within_years=ANY_YEARS)


def marginal_share(
    history: History, votes: np.ndarray, support: np.ndarray, *, within_years: float
) -> Rate:
    """Estimate a list's share among the voters whom a fall in turnout loses.

    The slope through the origin of the change of the list's votes per registered on the change of
    turnout, over pairs of first rounds. Each bureau's slope is drawn to the place's, in proportion
    to its own support, by as much as one typical bureau tells.

    Parameters
    ----------
    history
        Past elections.
    votes
        Of the list (bureaux × elections); NaN where it did not stand.
    support
        Its expected share of valid votes, by bureau.
    within_years
        Only pairs at most so far apart.

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
    mean_support = float(np.average(support, weights=np.maximum(registered, 1e-9)))
    if not len(pairs):
        value = np.clip(support, 0.01, 0.99)
        return Rate(value, np.full(len(support), UNKNOWN_ERROR), mean_support, ())
    a, b = pairs.T
    moved, came = share[:, a] - share[:, b], turnout[:, a] - turnout[:, b]
    known = np.isfinite(moved) & np.isfinite(came)
    moved, came = np.where(known, moved, 0.0), np.where(known, came, 0.0)
    size = history.registered[:, stood]
    weight = np.where(known, np.fmin(size[:, a], size[:, b]), 0.0)
    xy, xx = (moved * came * weight).sum(axis=0), (came**2 * weight).sum(axis=0)
    slope = float(np.clip(xy.sum() / max(xx.sum(), 1e-12), 0.01, 0.99))
    own_xy, own_xx = (moved * came).sum(axis=1), (came**2).sum(axis=1)
    tells = own_xx > 0
    typical = (
        float(np.average(own_xx[tells], weights=registered[tells] + 1e-9)) if tells.any() else 1.0
    )
    prior = np.clip(slope * np.clip(support / max(mean_support, 1e-9), 0.1, 3.0), 0.01, 0.95)
    value = (own_xy + typical * prior) / (own_xx + typical)
    count = np.maximum(known.sum(axis=1), 1)
    rates = np.where(known, share[:, a] * (1 - share[:, a]) / np.where(known, size[:, a], 1.0), 0.0)
    noise = 2 * OVERDISPERSION * rates.sum(axis=1) / count
    rest = np.where(known, (moved - prior[:, None] * came) ** 2, 0.0).sum(axis=1) / count
    apart = rest / np.maximum(own_xx / count, 1e-6)
    use = own_xx > 0.001
    spread = float(np.average(apart[use], weights=registered[use] + 1e-9)) if use.any() else 0.01
    springs = xy / np.maximum(xx, 1e-12)
    disagree = float(np.var(springs)) if len(springs) > 1 else 0.1**2
    trust = own_xx + typical
    error = noise * own_xx / trust**2 + (typical / trust) ** 2 * spread + disagree
    used = sorted({stood[n] for n in pairs.ravel()})
    return Rate(
        value=np.clip(value, 0.001, 0.999),
        std_error=np.sqrt(error),
        level=slope,
        elections=tuple(history.elections[n].election_id for n in used),
    )


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


def best_attended(history: History) -> int:
    """Return the best-attended first round where the bloc stood, as its position."""
    stood, _ = first_shares(history, history.votes)
    turnout = np.nansum(history.ballots, axis=0) / np.nansum(history.registered, axis=0)
    return max(stood, key=lambda n: turnout[n])
