"""How many voters change sides between elections, as far as bureaux can show it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.electorate.rates import OVERDISPERSION, Rate, shrink

# The most recent pairs of first rounds; older ones tell of another electorate.
PAIRS = 3
# Of how far a bureau lies from the place, so much is expected again. All of it foretells the next
# pair worse than « the same everywhere » does (`validate`, parts).
CARRIED = 0.5
# Where fewer than two first rounds are known: a guess, and wide.
UNKNOWN, UNKNOWN_ERROR = 0.15, 0.05


def expect_volatility(history: History) -> Rate:
    """Expect the Pedersen index of a pair of first rounds from the mean of the last pairs.

    Half the sum over blocs of the absolute change of their share of valid votes, counting noise
    taken off; a lower bound on the voters who changed, since opposite moves cancel. A bureau keeps
    half of its distance to the place.

    Returns
    -------
    Rate
        Share of voters, by bureau, shrunk. 0.15 for all, with a standard error of
        0.05, where fewer than two first rounds are known.

    References
    ----------
    Pedersen, M. N. (1979). The dynamics of European party systems. European Journal
    of Political Research 7, 1-26.
    """
    units = len(history.units)
    unknown = Rate(np.full(units, UNKNOWN), np.full(units, UNKNOWN_ERROR), UNKNOWN, ())
    pairs = _pairs(history)
    if not pairs:
        return unknown
    values, noises = _changes(history, pairs)
    there = np.isfinite(values)
    count = there.sum(axis=1)
    weights = np.where(count > 0, history.units["registered"], 0)
    if not weights.sum():
        return unknown
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, values, 0).sum(axis=1) / count
        noise = np.where(there, noises, 0).sum(axis=1) / count**2
    level = float(np.average(np.where(count > 0, mean, 0), weights=weights))
    groups = pd.factorize(history.units["commune_id"])[0]
    shrunk, spread = shrink(mean - level, np.where(count > 0, noise, np.inf), groups)
    used = sorted({n for pair in pairs for n in pair})
    lost = (1 - CARRIED) ** 2 * float(np.average(shrunk**2, weights=weights))
    return Rate(
        value=np.clip(level + CARRIED * shrunk, 0.001, 0.999),
        std_error=np.sqrt(CARRIED**2 * spread + lost),
        level=level,
        elections=tuple(history.elections[n].election_id for n in used),
    )


def _pairs(history: History) -> list[tuple[int, int]]:
    first = [
        n
        for n, election in enumerate(history.elections)
        if election.round == 1 and np.isfinite(history.blocs[:, n]).any()
    ]
    return list(zip(first[:-1], first[1:], strict=True))[-PAIRS:]


def _changes(history: History, pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the Pedersen index of every pair and its noise (bureaux × pairs)."""
    found = [pedersen(history, before, after) for before, after in pairs]
    return np.stack([f[0] for f in found], axis=1), np.stack([f[1] for f in found], axis=1)


def pedersen(history: History, before: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Pedersen index of a pair of elections by bureau, and its sampling variance.

    Parameters
    ----------
    history
        Elections on one set of bureaux.
    before, after
        Their positions in it.

    Returns
    -------
    tuple of numpy.ndarray
        One value per bureau each; missing where a bureau lacks one of them.
    """
    pair = [before, after]
    valid = np.where(history.valid[:, pair] > 0, history.valid[:, pair], np.nan)[:, :, None]
    votes = history.blocs[:, pair]
    known = np.isfinite(votes) & np.isfinite(valid)
    # The whole place's share: a bureau where nobody chose a bloc is not free of noise.
    levels = np.where(known, votes, 0).sum(axis=0) / np.where(known, valid, 0).sum(axis=0)
    noise = OVERDISPERSION * (levels * (1 - levels) / valid).sum(axis=1)
    change = np.diff(votes / valid, axis=1)[:, 0]
    # An absolute difference is never nought by chance alone: take the noise off its square.
    real = np.sqrt(np.maximum(change**2 - noise, 0.0))
    return 0.5 * real.sum(axis=1), 0.25 * noise.sum(axis=1)
