"""How far a bloc's votes have moved between elections, as a share of the registered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.electorate.rates import OVERDISPERSION, Rate, shrink

# A bloc that stood once tells no movement: its own share stands for it, and is as unsure.
LEAST, UNKNOWN_ERROR = 1e-3, 0.5


def first_shares(history: History, votes: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Return the first rounds where a list stood, and its votes per registered there.

    Parameters
    ----------
    history
        Past elections.
    votes
        Bureaux × elections; NaN or all 0 where the list did not stand.

    Returns
    -------
    tuple
        Positions of elections, and shares of the registered (bureaux × those elections), NaN
        where a bureau did not vote.
    """
    stood = [
        n
        for n, election in enumerate(history.elections)
        if election.round == 1 and np.nansum(votes[:, n]) > 0
    ]
    registered = np.where(history.registered[:, stood] > 0, history.registered[:, stood], np.nan)
    return stood, votes[:, stood] / registered


def expect_movement(history: History) -> Rate:
    """Return the standard deviation of the bloc's votes per registered over past first rounds.

    What went home or to others between two elections can do so again, or be fetched: a bloc
    wins back most where most of its votes have moved. The mean counting variance is taken
    off, and what remains drawn to the commune's and the place's.

    Parameters
    ----------
    history
        Past elections; `votes` are those of the bloc.

    Returns
    -------
    Rate
        Share of the registered, by bureau. Where the bloc stood at one first round only, its
        share itself; at none, the same for all.
    """
    stood, share = first_shares(history, history.votes)
    names = tuple(history.elections[n].election_id for n in stood)
    registered = history.units["registered"].to_numpy(dtype=float)
    if len(stood) < 2:
        return _alike(share, registered, names)
    count = np.isfinite(share).sum(axis=1)
    filled, there = np.nan_to_num(share), np.isfinite(share)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    squares = (np.where(there, share - mean[:, None], 0.0) ** 2).sum(axis=1)
    size = np.where(there, history.registered[:, stood], np.inf)
    noise = (filled * (1 - filled) / size).sum(axis=1) / np.maximum(count, 1)
    known = count > 1
    spread = np.sqrt(np.maximum(squares / np.maximum(count - 1, 1) - noise, LEAST**2))
    doubt = OVERDISPERSION * noise / np.maximum(count - 1, 1) + LEAST**2
    error = np.where(known, doubt, np.inf)
    weights = np.where(known, registered, 0.0)
    if not weights.sum():
        return _alike(share, registered, names)
    level = float(np.average(np.where(known, spread, 0.0), weights=weights))
    groups = pd.factorize(history.units["commune_id"])[0]
    shrunk, variance = shrink(np.where(known, spread - level, np.nan), error, groups)
    return Rate(np.maximum(level + shrunk, LEAST), np.sqrt(variance), level, names)


def _alike(share: np.ndarray, registered: np.ndarray, names: tuple[str, ...]) -> Rate:
    last = share[:, -1] if share.shape[1] else np.full(len(registered), np.nan)
    known = np.isfinite(last) & (registered > 0)
    level = float(np.average(last[known], weights=registered[known])) if known.any() else LEAST
    value = np.maximum(np.where(np.isfinite(last), last, level), LEAST)
    return Rate(value, UNKNOWN_ERROR * value, level, names)
