"""The reserve of a bloc: votes it had when many came, and lost when few did."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.electorate.rates import OVERDISPERSION, Rate, shrink


def expect_reserve(history: History, support: Rate) -> Rate:
    """Estimate the bloc's share among those who stay home at a poorly attended election.

    Among first rounds where the bloc stood, the best attended is compared with the
    worst attended after it: votes lost by the bloc over ballots lost by all. Where
    there are no two such elections, the share is the bloc's share of valid votes.

    Parameters
    ----------
    history
        Past elections.
    support
        The bloc's expected share of valid votes, the fall-back.

    Returns
    -------
    Rate
        Share of abstainers who are the bloc's, by bureau, shrunk.
    """
    pair = comparable_pair(history)
    if pair is None:
        return support
    high, low = pair
    before = history.registered[:, high]
    share = history.registered[:, low] / np.where(before > 0, before, np.nan)
    lost = history.ballots[:, high] * share - history.ballots[:, low]
    votes_lost = history.votes[:, high] * share - history.votes[:, low]
    known = np.isfinite(lost) & np.isfinite(votes_lost)
    total = float(np.sum(lost[known]))
    if total <= 0:
        return support
    level = float(np.clip(np.sum(votes_lost[known]) / total, 0.0, 1.0))
    # A ratio per bureau is unstable where few ballots were lost: its noise says so.
    size = np.where(known & (lost > 0), lost, np.nan)
    counts = history.votes[:, high] + history.votes[:, low]
    noise = OVERDISPERSION * np.maximum(counts, 1.0) / size**2
    distance = np.where(known & (lost > 0), votes_lost / size - level, np.nan)
    distance = np.clip(distance, -1.0, 1.0)
    groups = pd.factorize(history.units["commune_id"])[0]
    shrunk, spread = shrink(distance, np.where(np.isfinite(distance), noise, np.inf), groups)
    return Rate(
        value=np.clip(level + shrunk, 0.001, 0.999),
        std_error=np.sqrt(spread),
        level=level,
        elections=(history.elections[high].election_id, history.elections[low].election_id),
    )


def comparable_pair(history: History) -> tuple[int, int] | None:
    """Return the best-attended first round where the bloc stood, and the worst after it."""
    first, turnout = _stood(history)
    for high in sorted(first, key=lambda n: -turnout[n]):
        later = [n for n in first if n > high]
        if later:
            return high, min(later, key=lambda n: turnout[n])
    return None


def best_attended(history: History) -> int:
    """Return the best-attended first round where the bloc stood."""
    first, turnout = _stood(history)
    return max(first, key=lambda n: turnout[n])


def _stood(history: History) -> tuple[list[int], np.ndarray]:
    """Return the first rounds where the bloc stood, and the turnout of every election."""
    first = [
        n
        for n, election in enumerate(history.elections)
        if election.round == 1 and np.isfinite(history.votes[:, n]).any()
    ]
    return first, np.nansum(history.ballots, axis=0) / np.nansum(history.registered, axis=0)
