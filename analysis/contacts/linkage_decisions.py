"""Which pairs are decided at once, and which go to a person.

A threshold on all pairs merges couples. What must hold besides is here: first name and birth date
do not contradict, nobody has two candidates, and two rows of files are one without asking only
where something of the person's own agrees, not of the family's: a birth date, a mobile, an e-mail
with their first name. That the roll has one elector of the name there tells no father from a son
who is not on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from analysis.contacts.linkage import OTHER, UNKNOWN
from analysis.contacts.linkage_rivals import Weighed

# From here on a pair is decided without asking; from there on a person is asked.
AUTOMATIC, ASKED = 0.975, 0.7
# One person made of two is worse than a wrong line of the roll.
_MERGED, _MERGED_ELSEWHERE = 0.99, 0.999
# Who is this likely besides makes a person look.
_RIVAL = 0.2
ACCEPTED, PROPOSED = "accepted", "proposed"
_LINE = {True: "same", False: UNKNOWN}
_CALLED, _DATED = ("mail", "same", "near"), ("same", "swapped")


def reasons_of(pairs: pd.DataFrame) -> pd.Series:
    """Return what agrees and what does not, in words that the store keeps: "born=same …"."""
    columns = [name for name in pairs.columns if name not in ("one", "other", "probability")]
    texts = [name + "=" + pairs[name].astype("str") for name in columns]
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + " " + text
    return joined


def agree(pairs: pd.DataFrame) -> pd.Series:
    """Return which pairs nothing speaks against that one person has once: names, birth."""
    good = pd.Series(data=True, index=pairs.index)
    for name in ("first", "born", "year"):
        good &= pairs[name] != OTHER
    dated, called = pairs["born"].isin(_DATED), pairs["first"].isin(_CALLED)
    at_home = pairs["home"] == "same"
    own = _equal(pairs, "email", "same") | _equal(pairs, "phone", "mobile")
    # An initial alone, or a second first name, says little: something of their own must agree.
    # Another family name is one of marriage only if two things besides are the same.
    renamed = (pairs["family"] != OTHER) | (called & ((dated & (at_home | own)) | (at_home & own)))
    return good & (called | dated | at_home) & renamed


def _equal(pairs: pd.DataFrame, name: str, word: str) -> pd.Series:
    """Return where a comparison says a word; nowhere if it was not made."""
    return pairs[name] == word if name in pairs else pd.Series(data=False, index=pairs.index)


def decide_links(weighed: Weighed) -> pd.DataFrame:
    """Return links of people and lines of the roll to write: one to one, the unsure to a person.

    Parameters
    ----------
    weighed
        As `linkage_rivals.weigh` returns it.

    Returns
    -------
    pandas.DataFrame
        `one`, `other`, `probability`, `reasons`, `state` (accepted or proposed).
    """
    pairs = weighed.pairs
    sure = _sure(pairs)
    # Whose date it is has the line; who shares the name and the home alone may be the father.
    dated = sure & pairs["born"].isin(_DATED)
    sure &= dated | ~pairs["other"].isin(pairs["other"][dated])
    sure &= pairs[sure].groupby("other")["one"].transform("size").reindex(pairs.index) == 1
    done = pairs[sure]
    # What is decided leaves nothing to ask of the two; who of several it is, is asked.
    free = ~pairs["one"].isin(done["one"]) & ~pairs["other"].isin(done["other"])
    asked = free & (pairs["probability"] >= _RIVAL)
    asked &= pairs["one"].map(weighed.on_roll()) >= ASKED
    return _written(pairs, sure, asked)


class Own(NamedTuple):
    """What of their contact points is people's own.

    Attributes
    ----------
    email
        By person, whether their address of mail bears their first name: father and son of one
        name may share any other.
    like_email
        The same, or a first name that theirs may be a slip of.
    bare
        Who gave no contact point.
    """

    email: Mapping[str, bool]
    like_email: Mapping[str, bool]
    bare: Collection[str]


def decide_merges(pairs: pd.DataFrame, weighed: Weighed, own: Own) -> pd.DataFrame:
    """Return merges of people of the files to write, as `decide_links` does.

    Parameters
    ----------
    pairs
        As `linkage.find_twice` returns them.
    weighed
        The same people and their lines, as `linkage_rivals.weigh` returns them.
    own
        Of the same people.

    Returns
    -------
    pandas.DataFrame
        As `decide_links` returns it.
    """
    likely = pairs[agree(pairs) & (pairs["probability"] >= _RIVAL)]
    likely = _with_lines(likely, weighed)
    # Of both: which of a pair stands first is chance, and « Louise » may bear what « Louis » gave.
    bears = _both(likely, own.email)
    dated = likely["born"].isin(_DATED) | ((likely["born"] == "near") & (likely["first"] != "mail"))
    shared = (likely["phone"] == "mobile") | ((likely["email"] == "same") & bears) | dated
    one_line = likely["line"]
    # The roll says it more surely than what a family may share: of two who are both on it, it tells
    # whether they are one elector or two.
    there = weighed.on_roll()
    both_there = likely["one"].map(there).ge(AUTOMATIC) & likely["other"].map(there).ge(AUTOMATIC)
    probability = likely["probability"].mask(both_there, one_line)
    # Twins may share an initial and a birth date.
    called = likely["first"].isin(_CALLED)
    whole = likely["one"].map(_whole_groups(likely)).eq(other=True)
    # Two of one name and day are in one town more easily than one person gives two homes.
    bar = likely["home"].eq("same").map({True: _MERGED, False: _MERGED_ELSEWHERE})
    enough = shared & ((called & (probability >= bar)) | (one_line >= AUTOMATIC))
    told = likely.assign(probability=probability, line=one_line.ge(AUTOMATIC).map(_LINE))
    # Without a date, two addresses of mail that are each somebody's own are the last thing to look
    # at, and they say two; a name and a home alone are nothing to look at, unless the roll has one
    # elector for both. Whoever looks knows no more, until one of the two says more.
    spent = _both(likely, own.like_email) & _equal(likely, "email", OTHER)
    spent |= (likely["one"].isin(own.bare) | likely["other"].isin(own.bare)) & (one_line < ASKED)
    spent &= likely["born"] == UNKNOWN
    return _written(told, enough & whole, (probability >= ASKED) & ~spent)


def _both(pairs: pd.DataFrame, told: Mapping[str, bool]) -> pd.Series:
    """Return where something is true of both of a pair."""
    return pairs["one"].map(told).eq(other=True) & pairs["other"].map(told).eq(other=True)


def _with_lines(likely: pd.DataFrame, weighed: Weighed) -> pd.DataFrame:
    """Return pairs with `line`, how likely both have one line; and pairs that it alone tells of."""
    ends = [frozenset(two) for two in zip(likely["one"], likely["other"], strict=True)]
    chances = [weighed.one_line.get(two, 0.0) for two in ends]
    missing = sorted(
        tuple(sorted(two))
        for two, chance in weighed.one_line.items()
        if chance >= AUTOMATIC and two not in set(ends)
    )
    new = pd.DataFrame(missing, columns=["one", "other"])
    lines = [weighed.one_line[frozenset(two)] for two in missing]
    columns = [name for name in likely.columns if name not in ("one", "other", "probability")]
    new = new.assign(probability=lines, **dict.fromkeys(columns, UNKNOWN), line=lines)
    return pd.concat([likely.assign(line=chances), new], ignore_index=True)


def _sure(pairs: pd.DataFrame) -> pd.Series:
    """Return which pairs are likely enough; a name alone never is, however rare."""
    more = pairs["born"].isin([*_DATED, "near"]) | (pairs["year"] == "same")
    more |= pairs["home"].isin(["same", "street"])
    return more & (pairs["probability"] >= AUTOMATIC)


def _written(pairs: pd.DataFrame, at_once: pd.Series, asked: pd.Series) -> pd.DataFrame:
    kept = pairs[at_once | asked]
    table = kept[["one", "other", "probability"]].assign(
        reasons=reasons_of(kept) if len(kept) else pd.Series(dtype="str"),
        state=at_once[kept.index].map({True: ACCEPTED, False: PROPOSED}),
    )
    return table.sort_values(["one", "other"]).reset_index(drop=True)


def _whole_groups(likely: pd.DataFrame) -> dict[str, bool]:
    """Return, by person, whether all who hang together through them agree with one another.

    « J. » may be Jean or Jeanne: the three hang together, and two of them are apart.
    """
    near: dict[str, set[str]] = defaultdict(set)
    for one, other in zip(likely["one"], likely["other"], strict=True):
        near[one].add(other)
        near[other].add(one)
    whole: dict[str, bool] = {}
    for start in near:
        if start in whole:
            continue
        group, todo = {start}, [start]
        while todo:
            todo += (fresh := near[todo.pop()] - group)
            group |= fresh
        is_whole = all(b in near[a] for a, b in combinations(sorted(group), 2))
        whole |= dict.fromkeys(group, is_whole)
    return whole
