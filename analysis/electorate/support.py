"""The support to expect: each bureau's usual distance, or « as last time » where that told more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.electorate.rates import Rate, expect_rate
from analysis.tables.elections import Election

# Look backs without which « as last time » is not tried, and bureaux that judge it, in whole
# communes.
LOOK_BACKS, JUDGES = 3, 3000
_COUNTS = ("registered", "ballots", "valid", "votes", "blocs")


def expect_support(history: History, votes: np.ndarray, target: Election) -> Rate:
    """Expect a list's share of the valid votes.

    The rule of thumb « as last time » takes the place of `expect_rate` where it was nearer to
    what came, on the mean and more often than not, at the list's own past first rounds, each
    foretold from the rounds before it alone.

    Parameters
    ----------
    history
        Past elections.
    votes
        Of the list (bureaux × elections); NaN where it did not stand.
    target
        The election to come.

    Returns
    -------
    Rate
        Share and standard error of every bureau, 0 to 1.

    Raises
    ------
    ValueError
        When the list never stood.
    """
    past = replace(history, votes=votes)
    return _forecast(past, target, as_last_time=last_told_more(past))


def _forecast(past: History, target: Election, *, as_last_time: bool) -> Rate:
    return expect_rate(past.votes, past.valid, past, target, as_last_time=as_last_time)


def last_told_more(past: History) -> bool:
    """Tell whether « as last time » was nearer at past first rounds than the usual distance."""
    off = look_back(past)
    usual, last = off.to_numpy().T if len(off) else (np.empty(0), np.empty(0))
    if len(off) < LOOK_BACKS:
        return False
    return bool(last.mean() < usual.mean() and (last < usual).mean() > 0.5)


def look_back(past: History) -> pd.DataFrame:
    """Return how far off both forecasts were at each past first round that three precede.

    Parameters
    ----------
    past
        Past elections; `votes` are those of the list.

    Returns
    -------
    pandas.DataFrame
        Mean absolute errors `usual` and `last`, shares of the valid votes weighted by registered,
        once the level that came is known; one row per election id.
    """
    past = _some(past)
    first = [n for n, e in enumerate(past.elections) if e.round == 1]
    stood = [n for n in first if np.nansum(past.votes[:, n]) > 0]
    rows = {}
    for number in stood[2:]:
        before, target = _before(past, number), past.elections[number]
        valid = np.where(past.valid[:, number] > 0, past.valid[:, number], np.nan)
        came = past.votes[:, number] / valid
        told = [_forecast(before, target, as_last_time=last).value for last in (False, True)]
        size = past.registered[:, number]
        rows[target.election_id] = [_error(one, came, size) for one in told]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["usual", "last"])


def _before(past: History, number: int) -> History:
    counts = {name: getattr(past, name)[:, :number] for name in _COUNTS}
    return replace(past, elections=past.elections[:number], **counts)


def _some(past: History) -> History:
    """Return whole communes, spread over all, of a large place."""
    if len(past.units) <= JUDGES:
        return past
    commune, _ = pd.factorize(past.units["commune_id"].astype("str"), sort=True)
    step = -(-len(past.units) // JUDGES)
    rows = np.flatnonzero(commune % step == 0)
    counts = {name: getattr(past, name)[rows] for name in _COUNTS}
    return replace(past, units=past.units.iloc[rows].reset_index(drop=True), **counts)


def _error(told: np.ndarray, came: np.ndarray, size: np.ndarray) -> float:
    known = np.isfinite(told) & np.isfinite(came) & (size > 0)
    weight = size[known] / max(size[known].sum(), 1e-9)
    off = told[known] - came[known]
    return float(weight @ np.abs(off - weight @ off))
