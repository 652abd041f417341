"""The bloc against which votes are counted, and what is expected of it."""

from __future__ import annotations

import numpy as np

from analysis.electorate.history import History
from analysis.electorate.rates import expect_level, expect_rate
from analysis.electorate.reserve import expect_marginal
from analysis.errors import DataError
from analysis.tables.elections import Choice, Election
from analysis.tables.schema import BLOCS


def rival_of(history: History, choice: Choice, target: Election, wanted: str = "") -> str:
    """Return the bloc against which votes are counted: the one wanted, else the strongest other.

    Parameters
    ----------
    history
        Elections before the target.
    choice
        Whose votes are to be gained.
    target
        The election to come.
    wanted
        A bloc; empty: the strongest other.

    Returns
    -------
    str
        Empty where no other bloc stood.

    Raises
    ------
    DataError
        When the bloc wanted is unknown, or the choice itself.
    """
    if wanted and (wanted not in BLOCS or wanted == choice.bloc):
        raise DataError(
            "“{wanted}” cannot be the rival.",
            where="rival = {wanted}",
            mend="Write one of: {known}.",
            wanted=wanted,
            known=", ".join(b for b in BLOCS if b != choice.bloc),
        )
    if wanted:
        return wanted
    levels = {}
    for number, bloc in enumerate(BLOCS[:-1]):
        votes = history.blocs[:, :, number]
        own = np.nansum(np.fmin(votes, history.votes)) > 0.9 * np.nansum(history.votes)
        if bloc != choice.bloc and not (choice.candidates and own) and np.nansum(votes) > 0:
            levels[bloc] = expect_level(stood(votes), history.valid, history, target)
    return max(levels, key=lambda bloc: levels[bloc]) if levels else ""


def expect_rival(history: History, target: Election, rival: str) -> dict[str, np.ndarray]:
    """Return what is expected of the rival in every bureau.

    Parameters
    ----------
    history
        Elections before the target.
    target
        The election to come.
    rival
        Its bloc; empty where there is none.

    Returns
    -------
    dict
        `rival_support`, `rival_marginal`, `rival_marginal_se`: shares, 0 to 1; nought of none.
    """
    names = ("rival_support", "rival_marginal", "rival_marginal_se")
    if not rival:
        return {name: np.zeros(len(history.units)) for name in names}
    votes = stood(history.blocs[:, :, BLOCS.index(rival)])
    # What the rival has enters the small part of turnout alone: its usual distance will do.
    theirs = expect_rate(votes, history.valid, history, target).value
    rate = expect_marginal(history, votes, theirs)
    return dict(zip(names, (theirs, rate.value, rate.std_error), strict=True))


def stood(votes: np.ndarray) -> np.ndarray:
    """Return votes with NaN where nobody of the bloc stood."""
    return np.where(votes > 0, votes, np.nan)
