"""How likely each line of the roll is once all who may have it are weighed together.

A pair by itself does not know its rivals. Here everybody who hangs together through likely lines is
weighed at once, in every way of giving each person one of their lines or none: a rival in another
street takes nothing from who lives at the address, father and son of one name half each, and two
rows for which the roll has but one elector are one person.

References: Sadinle 2017, JASA 112(518), section 3 (matchings weighed whole).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from math import prod
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.contacts.normalise import is_mobile

# Somebody of the same name and home may be missing from the roll, rarely; of the same initial more
# often, and a wife may give her husband's address of mail. Without a date no evidence says more.
_MOST_ODDS = {"same": 1e3, "near": 1e3, "mail": 3e2, "initial": 1e2, "second": 1e2}
_DATED = ("same", "swapped", "near")
# A second row of somebody, against the first of another who lives there: one in 25 of a file is a
# second one, and one in five of those who live with a supporter are in it too.
_AGAIN = 0.2
# What two rows share of points, one person's against two of one household.
_OWN_EMAIL, _FAMILY_EMAIL, _OTHER_EMAIL, _MOBILE, _OTHER_PHONE = 27.0, 5.5, 0.5, 15.0, 0.45
# More ways than that are not counted: a person decides.
_MOST_WAYS = 4096


class Weighed(NamedTuple):
    """Pairs of people and lines, each knowing the others.

    Attributes
    ----------
    pairs
        As `linkage.link_rolls` returns them; `probability` given all the others, 0.5 at most where
        too many hang together.
    one_line
        By two people that may have the same line: how likely both have it.
    """

    pairs: pd.DataFrame
    one_line: dict[frozenset[str], float]

    def on_roll(self) -> dict[str, float]:
        """Return by person how likely any of their lines is theirs."""
        return dict(self.pairs.groupby("one")["probability"].sum().items())


class _Row(NamedTuple):
    email: str
    own: bool
    phones: frozenset[str]
    born: str


def weigh(pairs: pd.DataFrame, people: pd.DataFrame, *, own_email: dict[str, bool]) -> Weighed:
    """Return pairs with the probability each has beside all others.

    Parameters
    ----------
    pairs
        As `linkage.link_rolls` returns them, those that nothing speaks against.
    people
        `linkage.COLUMNS`, everybody compared.
    own_email
        By person, whether their address of mail bears their first name.

    Returns
    -------
    Weighed
        The same pairs, in the same order.
    """
    known = people[people["id"].isin(pairs["one"])]
    rows = {
        who: _Row(email, own_email.get(who, False), frozenset(phones.split()), born)
        for who, email, phones, born in zip(
            *(known[name] for name in ("id", "email", "phones", "birth_date")), strict=True
        )
    }
    odds = _odds(pairs)
    chance = odds / (1 + odds)
    one_line: dict[frozenset[str], float] = {}
    ones, others = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    for group in _groups(ones, others):
        mine: dict[str, list[int]] = defaultdict(list)
        for edge in group:
            mine[ones[edge]].append(edge)
        if prod(len(edges) + 1 for edges in mine.values()) > _MOST_WAYS:
            chance[group] = np.minimum(chance[group], 0.5)
            continue
        both = {
            frozenset(two): _AGAIN * _shared(*(rows[who] for who in two))
            for two in combinations(mine, 2)
        }
        total = 0.0
        of_edge: defaultdict[int, float] = defaultdict(float)
        of_two: defaultdict[frozenset[str], float] = defaultdict(float)
        for weight, taken, twos in _ways(mine, others, odds, both):
            total += weight
            for edge in taken:
                of_edge[edge] += weight
            for two in twos:
                of_two[two] += weight
        for edge in group:
            chance[edge] = of_edge[edge] / total
        one_line |= {two: weight / total for two, weight in of_two.items()}
    return Weighed(pairs.assign(probability=chance), one_line)


def _odds(pairs: pd.DataFrame) -> np.ndarray:
    """Return the odds of each pair by itself, no more than its evidence can bear."""
    likely = pairs["probability"].to_numpy(dtype=float)
    odds = likely / np.maximum(1 - likely, 1e-12)
    most = pairs["first"].map(_MOST_ODDS).fillna(min(_MOST_ODDS.values())).to_numpy(dtype=float)
    return np.where(pairs["born"].isin(_DATED), odds, np.minimum(odds, most))


def _groups(ones: np.ndarray, others: np.ndarray) -> Iterator[list[int]]:
    """Yield the pairs that hang together, where there is more than one."""
    at: dict[tuple[int, str], list[int]] = defaultdict(list)
    ends = [((0, one), (1, other)) for one, other in zip(ones, others, strict=True)]
    for edge, two in enumerate(ends):
        for end in two:
            at[end].append(edge)
    seen: set[int] = set()
    for start in range(len(ends)):
        if start in seen:
            continue
        group, todo = {start}, [start]
        while todo:
            fresh = {edge for end in ends[todo.pop()] for edge in at[end]} - group
            group |= fresh
            todo += fresh
        seen |= group
        if len(group) > 1:
            yield sorted(group)


def _ways(
    mine: dict[str, list[int]],
    others: np.ndarray,
    odds: np.ndarray,
    both: dict[frozenset[str], float],
) -> Iterator[tuple[float, list[int], list[frozenset[str]]]]:
    """Yield every way of giving each a line or none: its weight, the pairs taken, who share one."""
    for picked in product(*([None, *edges] for edges in mine.values())):
        taken = [edge for edge in picked if edge is not None]
        at: dict[str, list[str]] = defaultdict(list)
        for who, edge in zip(mine, picked, strict=True):
            if edge is not None:
                at[others[edge]].append(who)
        twos = [frozenset(two) for group in at.values() for two in combinations(group, 2)]
        weight = prod(float(odds[edge]) for edge in taken) * prod(both[two] for two in twos)
        if weight:
            yield weight, taken, twos


def _shared(one: _Row, other: _Row) -> float:
    """Return how much likelier their points are of one person than of two of one household."""
    if one.born and other.born and one.born != other.born:
        return 0.0
    ratio = 1.0
    if one.email and other.email:
        same = _OWN_EMAIL if one.own and other.own else _FAMILY_EMAIL
        ratio *= same if one.email == other.email else _OTHER_EMAIL
    if one.phones and other.phones:
        together = one.phones & other.phones
        if any(map(is_mobile, together)):
            ratio *= _MOBILE
        # A mobile and a line say nothing of one another.
        elif not together and _kinds(one) & _kinds(other):
            ratio *= _OTHER_PHONE
    return ratio


def _kinds(row: _Row) -> set[bool]:
    return {is_mobile(phone) for phone in row.phones}
