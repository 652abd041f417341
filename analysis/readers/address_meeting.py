"""Rows that name an address, and the address that each of them means."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.errors import Text
from analysis.geography.way_names import street_keys, suffix_keys
from analysis.readers.former_communes import known_former

PLACE = ["commune", "street", "number"]
# Of several addresses of one name, the one this near to the file's own coordinates is meant.
_NEAR_M = 100.0
# Of ids that name addresses, more than so many stand at their street and number: some are renamed.
_MOST_AGREE = 0.5
NONE, SEVERAL = -1, -2
_OTHERS_IDS = Text(
    "the ids of this file are not those of the addresses (most stand at another street or number): "
    "rows meet by street and number"
)


def address_keys(addresses: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the keys of the addresses, the number without suffix first; the index is the row."""
    keys = pd.DataFrame(
        {
            "commune": addresses["commune_id"].to_numpy(),
            "former": known_former(addresses),
            "street": street_keys(addresses["street"]).to_numpy(),
            "number": addresses["number"].to_numpy(),
            "suffix": suffix_keys(addresses["suffix"]).to_numpy(),
            "address_id": addresses["address_id"].to_numpy(),
            "bureau": addresses["bureau_id"].astype("str").to_numpy(),
            "x": addresses.geometry.x.to_numpy(),
            "y": addresses.geometry.y.to_numpy(),
        }
    )
    keys = keys[keys["number"].notna()]
    return keys.sort_values(["suffix", "address_id"])


def meet(asked: pd.DataFrame, known: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of the address of each row, and whether its suffix is meant.

    Below 0 it has none, or several addresses in different bureaux answer to it.

    Parameters
    ----------
    asked
        `commune`, `street` (key), `number`, `suffix` (key), `bureau`, and `former` commune and
        `id` of the address ("" where not told), and `x`, `y` in metres (missing where not told).
    known
        As `address_keys` returns them.
    """
    exact = _row(asked, known, [*PLACE, "suffix"])
    near = _row(asked, known, PLACE)
    # An id says which of all; one of another register is that of no address here.
    if "id" in asked:
        told = _first(asked.assign(address_id=asked["id"]), known, ["address_id"])
        exact = np.where(told != NONE, told, exact)
    return np.where(exact != NONE, exact, near), exact != NONE


def without_others_ids(
    asked: pd.DataFrame, known: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """Return the rows without ids that are those of another list, and a note where they were.

    Two lists that number their rows share ids by chance: most of them then stand elsewhere.

    Parameters
    ----------
    asked, known
        As `meet` takes them.
    """
    row = _first(asked.assign(address_id=asked["id"]), known, ["address_id"])
    met = np.flatnonzero((row != NONE) & (asked["id"] != "").to_numpy())
    if not len(met):
        return asked, ()
    mine = asked[["street", "number"]].iloc[met].reset_index(drop=True)
    theirs = known.loc[row[met], ["street", "number"]].reset_index(drop=True)
    if (mine == theirs).all(axis=1).mean() > _MOST_AGREE:
        return asked, ()
    return asked.assign(id=""), (_OTHERS_IDS,)


def _row(asked: pd.DataFrame, known: pd.DataFrame, keys: list[str]) -> np.ndarray:
    row = _first(asked, known, keys)
    row[_elsewhere(asked, known, row)] = NONE
    several = apart(known, keys)
    if several.empty:
        return row
    mine = pd.MultiIndex.from_frame(asked[keys])
    doubtful = np.flatnonzero(mine.isin(several.index))
    told = _told(asked.iloc[doubtful].reset_index(drop=True), known, keys)
    # In one bureau the first address is as good as another.
    other = np.where(several.to_numpy()[several.index.get_indexer(mine[doubtful])], SEVERAL, told)
    row[doubtful] = np.where(told >= 0, told, np.where(other == SEVERAL, SEVERAL, row[doubtful]))
    return row


def _elsewhere(asked: pd.DataFrame, known: pd.DataFrame, row: np.ndarray) -> np.ndarray:
    """Tell which rows name another former commune than that of the address found."""
    if "former" not in asked:
        return np.zeros(len(row), dtype=bool)
    theirs = known["former"].reindex(row).fillna("").to_numpy(dtype=object)
    mine = asked["former"].to_numpy(dtype=object)
    elsewhere: np.ndarray = (theirs != "") & (mine != "") & (theirs != mine)
    return elsewhere


def _told(asked: pd.DataFrame, known: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """Return the row of the one of several addresses that bureau, commune or position tell."""
    others = ["x", "y", "bureau", "former"]
    pairs = asked.reset_index().merge(
        known[[*keys, *others]].rename_axis("row").reset_index(), on=keys, suffixes=("", "_of")
    )
    pairs["metres"] = np.hypot(pairs["x"] - pairs["x_of"], pairs["y"] - pairs["y_of"])
    # What the file says of bureau and commune goes before where it says the address is.
    meant = pd.Series(data=False, index=pairs.index)
    for name in ("bureau", "former"):
        if name in asked:
            said = pairs[name] != ""
            pairs = pairs[~said | (pairs[name] == pairs[f"{name}_of"])]
            meant |= said
    named = pairs[meant.reindex(pairs.index)]
    alone = named.groupby("index")["bureau_of"].transform("nunique") == 1
    told = np.full(len(asked), NONE)
    for found in (
        named[alone].drop_duplicates("index"),
        pairs[pairs["metres"] <= _NEAR_M].sort_values("metres").drop_duplicates("index"),
    ):
        told[found["index"]] = found["row"]
    return told


def apart(known: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return the names that several places have, far from one another or in several bureaux.

    Parameters
    ----------
    known
        As `address_keys` returns them.
    keys
        What makes up a name.

    Returns
    -------
    pandas.Series
        By name, whether these are in several bureaux.
    """
    again = known[known.duplicated(keys, keep=False)]
    if again.empty:
        return pd.Series(index=pd.MultiIndex.from_frame(again[keys]), dtype=bool)
    groups = again.groupby(keys)
    ends = groups[["x", "y"]].agg(["min", "max"])
    wide = np.hypot(*(ends[one]["max"] - ends[one]["min"] for one in "xy")) > _NEAR_M
    bureaux = groups["bureau"].min() != groups["bureau"].max()
    return bureaux[bureaux | wide]


def _first(asked: pd.DataFrame, known: pd.DataFrame, keys: list[str]) -> np.ndarray:
    first = known.drop_duplicates(keys)
    index = pd.MultiIndex.from_frame(first[keys])
    position = index.get_indexer(pd.MultiIndex.from_frame(asked[keys]))
    rows: np.ndarray = np.append(first.index.to_numpy(), NONE)[position]
    return rows
