"""Two candidates of one surname and nuance in one bureau, told apart by their given names."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# What tells a candidate, beside the bureau.
_WHO = ["election_id", "nuance", "name"]
Who = tuple[str, ...]
_PRIME, _NOBODY = np.uint64(1_000_000_007), np.uint64(2**64 - 1)


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


def namesakes_in(piece: pa.Table) -> set[Who]:
    """Return the same of some rows of the national file.

    Parameters
    ----------
    piece
        `election_id`, `commune`, `number`, `name`, `given`, and `nuance` where it is told. Of a
        bureau that goes on in the next piece the others of its constituency tell.
    """
    keys = ["commune", "number"]
    names = [name for name in (*keys, *_WHO) if name in piece.column_names]
    # One number for each row, that two rows may have by chance: they are compared below.
    codes = np.zeros(piece.num_rows, dtype="uint64")
    for name in names:
        codes = codes * _PRIME + _codes(piece[name])
    # A list is told by its own name, where nobody is named.
    again = pd.Series(codes).duplicated(keep=False).to_numpy() & (_codes(piece["name"]) != _NOBODY)
    if not again.any():
        return set()
    rows = piece.filter(pa.array(again)).select([*names, "given"]).to_pandas().astype("str")
    return namesakes(rows if "nuance" in rows else rows.assign(nuance=""), keys)


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    array = column.combine_chunks()
    told = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    codes: np.ndarray = told.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype("uint64")
    return codes


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
