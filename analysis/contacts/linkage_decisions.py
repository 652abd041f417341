"""Which pairs are decided at once, and which go to a person.

A threshold on all pairs merges couples. What must hold besides is here: first name and birth date
do not contradict, nobody has two candidates, and two rows of files are one without asking only
where something of the person's own agrees, not of the family's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from analysis.contacts.linkage import OTHER

# From here on a pair is decided without asking; from there on a person is asked.
AUTOMATIC, ASKED = 0.975, 0.7
# One person made of two is worse than a wrong line of the roll.
_MERGED = 0.99
# Who is this likely besides makes a person look.
_RIVAL = 0.2
ACCEPTED, PROPOSED = "accepted", "proposed"
_CALLED, _DATED = ("same", "near"), ("same", "swapped")


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


def decide_links(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return links of people and lines of the roll to write: one to one, rivals to a person.

    Parameters
    ----------
    pairs
        As `linkage.link_rolls` returns them.

    Returns
    -------
    pandas.DataFrame
        `one`, `other`, `probability`, `reasons`, `state` (accepted or proposed).
    """
    likely = _likely(pairs)
    at_once = _sure(likely) & _alone(likely, "one") & _alone(likely, "other")
    return _written(likely, at_once)


def only_lines(pairs: pd.DataFrame) -> dict[str, str]:
    """Return the line of the roll of who has but one candidate there, a sure one.

    Two rows of files with the same line are one person: the roll has nobody else who could be
    the second.

    Parameters
    ----------
    pairs
        As `linkage.link_rolls` returns them.
    """
    likely = _likely(pairs)
    sure = likely[_alone(likely, "one") & _sure(likely)]
    return dict(zip(sure["one"], sure["other"], strict=True))


def decide_merges(
    pairs: pd.DataFrame, *, own_email: Mapping[str, bool], lines: Mapping[str, str]
) -> pd.DataFrame:
    """Return merges of people of the files to write, as `decide_links` does.

    Parameters
    ----------
    pairs
        As `linkage.find_twice` returns them.
    own_email
        By person, whether their address of mail bears their first name: father and son of one
        name may share any other.
    lines
        As `only_lines` returns them.

    Returns
    -------
    pandas.DataFrame
        As `decide_links` returns it.
    """
    likely = _likely(pairs)
    line = likely["one"].map(lines)
    # Of both: which of a pair stands first is chance, and « Louise » may bear what « Louis » gave.
    bears = likely["one"].map(own_email).eq(other=True)
    bears &= likely["other"].map(own_email).eq(other=True)
    own = (
        likely["born"].isin([*_DATED, "near"])
        | (likely["phone"] == "mobile")
        | ((likely["email"] == "same") & bears)
    )
    # The roll says it more surely than what a family may share, so that less of the rest is asked.
    one_line = line.notna() & (line == likely["other"].map(lines))
    # Twins may share an initial and a birth date.
    called = likely["first"].isin(_CALLED)
    whole = likely["one"].map(_whole_groups(likely)).eq(other=True)
    probability = likely["probability"]
    enough = (own & (probability >= _MERGED)) | (one_line & (probability >= ASKED))
    return _written(likely, enough & called & whole)


def _likely(pairs: pd.DataFrame) -> pd.DataFrame:
    good = pairs[agree(pairs)]
    return good[good["probability"] >= _RIVAL]


def _alone(likely: pd.DataFrame, side: str) -> pd.Series:
    return likely.groupby(side)[side].transform("size") == 1


def _sure(likely: pd.DataFrame) -> pd.Series:
    """Return which pairs are likely enough; a name alone never is, however rare."""
    more = likely["born"].isin([*_DATED, "near"]) | (likely["year"] == "same")
    more |= likely["home"].isin(["same", "street"])
    return more & (likely["probability"] >= AUTOMATIC)


def _written(likely: pd.DataFrame, at_once: pd.Series) -> pd.DataFrame:
    kept = likely[at_once | (likely["probability"] >= ASKED)]
    table = kept[["one", "other", "probability"]].assign(
        reasons=reasons_of(kept) if len(kept) else pd.Series(dtype="str"),
        state=at_once.map({True: ACCEPTED, False: PROPOSED}),
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
