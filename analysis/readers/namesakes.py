"""Two candidates of one surname and nuance in one bureau, told apart by their given names."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

# What tells a candidate, beside the bureau.
_WHO = ["election_id", "nuance", "name"]
Who = tuple[str, ...]


def namesakes(ballots: pd.DataFrame, keys: list[str]) -> set[Who]:
    """Return election, nuance and name of those who stand twice in a bureau under two given names.

    Parameters
    ----------
    ballots
        `election_id`, `nuance`, `name` and `given`, one row per bureau and candidate.
    keys
        Columns that tell the bureau.
    """
    same = ballots[ballots.duplicated([*keys, *_WHO], keep=False)].astype("str")
    two = same.drop_duplicates([*keys, *_WHO, "given"])
    two = two[two.duplicated([*keys, *_WHO], keep=False)]
    return set(two[_WHO].itertuples(index=False, name=None))


def told_apart(ballots: pd.DataFrame, given: pd.Series, alike: Collection[Who]) -> pd.DataFrame:
    """Return votes in which who has a namesake has the given name behind the name, everywhere.

    Parameters
    ----------
    ballots
        `election_id`, `nuance` and `name`.
    given
        The given name of each row, on the index of `ballots`.
    alike
        As `namesakes` returns them.

    Returns
    -------
    pandas.DataFrame
        A new table; names are categories where there is anyone to tell apart.
    """
    if not alike:
        return ballots
    index = pd.MultiIndex.from_tuples(sorted(alike), names=_WHO)
    near = ballots.loc[ballots["name"].isin(index.get_level_values("name").unique()), _WHO]
    theirs = near[pd.MultiIndex.from_frame(near.astype("str")).isin(index)].astype("str")
    whole = theirs["name"].str.cat(given[theirs.index].astype("str"), sep=" ").str.strip()
    names = ballots["name"].astype("category")
    names = names.cat.set_categories(names.cat.categories.union(whole.unique(), sort=False))
    names.loc[whole.index] = whole
    return ballots.assign(name=names.cat.remove_unused_categories())
