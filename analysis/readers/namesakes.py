"""Two candidates of one surname and nuance in one bureau, told apart by their given names."""

from __future__ import annotations

import pandas as pd

# What tells a candidate, beside the bureau.
_WHO = ["election_id", "nuance", "name"]


def told_apart(ballots: pd.DataFrame) -> pd.DataFrame:
    """Return votes in which who has a namesake has the given name behind the name, everywhere.

    Parameters
    ----------
    ballots
        `election_id`, `bureau_id`, `nuance`, `name` and `given`, one row per bureau and candidate.

    Returns
    -------
    pandas.DataFrame
        Without `given`; names are categories where there is anyone to tell apart.
    """
    votes, alike = ballots.drop(columns="given"), _namesakes(ballots)
    if not alike:
        return votes
    index = pd.MultiIndex.from_tuples(sorted(alike), names=_WHO)
    near = votes.loc[votes["name"].isin(index.get_level_values("name").unique()), _WHO]
    theirs = near[pd.MultiIndex.from_frame(near.astype("str")).isin(index)].astype("str")
    given = ballots.loc[theirs.index, "given"].astype("str")
    whole = theirs["name"].str.cat(given, sep=" ").str.strip()
    names = votes["name"].astype("category")
    names = names.cat.set_categories(names.cat.categories.union(whole.unique(), sort=False))
    names.loc[whole.index] = whole
    return votes.assign(name=names.cat.remove_unused_categories())


def _namesakes(ballots: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return election, nuance and name of who stands twice in a bureau under two given names."""
    keys = ["bureau_id", *_WHO]
    if not (again := ballots.duplicated(keys, keep=False)).any():
        return set()
    same = ballots[again].astype("str")
    two = same.drop_duplicates([*keys, "given"])
    two = two[two.duplicated(keys, keep=False)]
    return set(two[_WHO].itertuples(index=False, name=None))
