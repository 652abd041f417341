"""How many will stay home in the whole place: an input, with its own uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.electorate.abstention.resemblance import log_odds
from analysis.tables.elections import Election

# Abstention at first rounds since 2000 (European ones and referendums have one), in per cent,
# France, results of the Ministry of the Interior (those in the national file, 2014 to 2022,
# are checked by a test; the others are not in it); legislative elections held after a
# presidential one. Only used between kinds, where a place has not yet voted in one of them.
FIRST_ROUNDS = {
    "pres": (28, 16, 21, 22, 26),  # 2002, 2007, 2012, 2017, 2022
    "legi": (36, 40, 43, 51, 52),
    "euro": (57, 59, 58, 50, 49),  # 2004, 2009, 2014, 2019, 2024
    "muni": (33, 36, 55),  # 2008, 2014, 2020
    "regi": (38, 54, 50, 67),  # 2004, 2010, 2015, 2021
    "dpmt": (50, 67),  # 2015, 2021
    "cant": (36, 35, 56),  # 2004, 2008, 2011
    "refe": (70, 31),  # 2000, 2005
}
USUAL = {kind: sum(rates) / len(rates) / 100 for kind, rates in FIRST_ROUNDS.items()}
# The council of the arrondissement is elected with the city's, on the same day by who comes.
_SAME_DAY = {"arrd": "muni", "muni": "arrd"}
USUAL["arrd"] = USUAL["muni"]
# A legislative election of its own, not in the wake of a presidential one, draws nearly as
# many as that: 1986, 1993 and 1997 (21, 31, 32%) had 3 to 12 points more abstention than the
# presidential first round before them (19, 19, 22%), 8.5 on average of the exact figures.
ALONE = 0.085
# Log-odds by which a level is missed: second round of the same vote; same kind; another.
_MISSED = (0.12, 0.25, 0.40)


@dataclass(frozen=True, slots=True)
class Level:
    """Abstention rate of the whole place, and how far it may be off.

    Attributes
    ----------
    value
        Rate, 0 to 1.
    std_error
        Of the rate.
    source
        Id of the election that it repeats, `usual` or `given`.
    """

    value: float
    std_error: float
    source: str = "given"


def expect_level(elections: tuple[Election, ...], levels: np.ndarray, target: Election) -> Level:
    """Expect the level of a coming election from those of past ones.

    The first round of the same vote; else the last election of the kind and round; else
    what is usual for the kind, moved by how this place differs from the usual.

    Parameters
    ----------
    elections, levels
        Past elections, oldest first, and the rates of the place.
    target
        The election to come.

    Returns
    -------
    Level
        Expected rate of the whole place, 0 to 1, with its standard error and its source.
    """
    alike = [n for n, past in enumerate(elections) if _alike(past, target)] or [
        n for n, past in enumerate(elections) if past.kind == _SAME_DAY.get(target.kind)
    ]
    if target.round == 2:
        first = [n for n in alike if (target.date - elections[n].date).days < 180]
        if first:
            return _repeat(elections, levels, first[-1], _MISSED[0])
    same = [n for n in alike if elections[n].round == target.round] or alike
    if same:
        return _repeat(elections, levels, same[-1], _MISSED[1])
    presidential = [n for n, e in enumerate(elections) if (e.kind, e.round) == ("pres", 1)]
    if target.kind == "legi" and _alone(target) and presidential:
        value = min(float(levels[presidential[-1]]) + ALONE, 0.99)
        return Level(value, _spread(value, _MISSED[1]), elections[presidential[-1]].election_id)
    usual = log_odds(np.array([_usual(e) for e in elections]))
    away = float(np.mean(log_odds(levels) - usual))
    value = float(1 / (1 + np.exp(-log_odds(np.array([_usual(target)]))[0] - away)))
    return Level(value, _spread(value, _MISSED[2]), "usual")


def _alike(past: Election, target: Election) -> bool:
    """Tell whether two elections are of one kind; a legislative one may stand alone or not."""
    return past.kind == target.kind and (past.kind != "legi" or _alone(past) == _alone(target))


def _alone(election: Election) -> bool:
    """Tell whether no presidential election was held weeks before; since 2002 every fifth year."""
    return not (election.date.year % 5 == 2 and 5 <= election.date.month <= 7)


def _usual(election: Election) -> float:
    if election.kind == "legi" and _alone(election):
        return USUAL["pres"] + ALONE
    return USUAL.get(election.kind, 0.45)


def _repeat(elections: tuple[Election, ...], levels: np.ndarray, n: int, missed: float) -> Level:
    value = float(levels[n])
    return Level(value, _spread(value, missed), elections[n].election_id)


def _spread(value: float, missed: float) -> float:
    return missed * value * (1 - value)
