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
# How many places have a name.
ONE, FAR, BUREAUX = 0, 1, 2
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
        told = _of_id(asked, known)
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
    row = _of_id(asked, known)
    met = np.flatnonzero((row != NONE) & (asked["id"] != "").to_numpy())
    if not len(met):
        return asked, ()
    mine = asked[["street", "number"]].iloc[met].reset_index(drop=True)
    theirs = known.loc[row[met], ["street", "number"]].reset_index(drop=True)
    if (mine == theirs).all(axis=1).mean() > _MOST_AGREE:
        return asked, ()
    return asked.assign(id=""), (_OTHERS_IDS,)


def numbered(
    asked: pd.DataFrame, known: pd.DataFrame, keys: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Give each name a number from 0 on.

    Parameters
    ----------
    asked, known
        As `meet` takes them.
    keys
        What makes up a name.

    Returns
    -------
    tuple of numpy.ndarray
        The numbers of the rows asked, and of those known.
    """
    names = np.zeros(len(known) + len(asked), dtype="int64")
    for key in keys:
        codes, values = pd.factorize(pd.concat([known[key], asked[key]]))
        names = pd.factorize(names * (len(values) + 1) + codes + 1)[0]
    return names[len(known) :], names[: len(known)]


def _of_id(asked: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Return the row of the address whose id each row has."""
    ids = asked[["id"]].set_axis(["address_id"], axis=1)
    return _first(*numbered(ids, known, ["address_id"]), known)


def _first(mine: np.ndarray, theirs: np.ndarray, known: pd.DataFrame) -> np.ndarray:
    """Return the row of the first address of each name (see `numbered`), `NONE` without one."""
    rows = np.full(max(mine.max(initial=-1), theirs.max(initial=-1)) + 1, NONE)
    rows[theirs[::-1]] = known.index.to_numpy()[::-1]
    return rows[mine]


def _row(asked: pd.DataFrame, known: pd.DataFrame, keys: list[str]) -> np.ndarray:
    mine, theirs = numbered(asked, known, keys)
    row = _first(mine, theirs, known)
    row[_elsewhere(asked, known, row)] = NONE
    places = apart(mine, theirs, known)
    if not len(doubtful := np.flatnonzero(places != ONE)):
        return row
    several = places[doubtful] == BUREAUX
    told = _told(
        asked.iloc[doubtful].assign(name=mine[doubtful]).reset_index(drop=True),
        known.assign(name=theirs)[np.isin(theirs, mine[doubtful])],
    )
    # In one bureau the first address is as good as another.
    row[doubtful] = np.where(told >= 0, told, np.where(several, SEVERAL, row[doubtful]))
    return row


def _elsewhere(asked: pd.DataFrame, known: pd.DataFrame, row: np.ndarray) -> np.ndarray:
    """Tell which rows name another former commune than that of the address found."""
    if "former" not in asked:
        return np.zeros(len(row), dtype=bool)
    theirs = known["former"].reindex(row).fillna("").to_numpy(dtype=object)
    mine = asked["former"].to_numpy(dtype=object)
    elsewhere: np.ndarray = (theirs != "") & (mine != "") & (theirs != mine)
    return elsewhere


def _told(asked: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Return the row of the one of several addresses that bureau, commune or position tell."""
    others = ["x", "y", "bureau", "former"]
    pairs = asked.reset_index().merge(
        known[["name", *others]].rename_axis("row").reset_index(), on="name", suffixes=("", "_of")
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


def apart(mine: np.ndarray, theirs: np.ndarray, known: pd.DataFrame) -> np.ndarray:
    """Tell of each name asked whether several places have it.

    Parameters
    ----------
    mine, theirs
        Names asked and known, as `numbered` gives them.
    known
        As `address_keys` returns them.

    Returns
    -------
    numpy.ndarray
        `BUREAUX` where they are in several bureaux, `FAR` where they are far from one another in
        one, else `ONE`.
    """
    asked = np.zeros(max(mine.max(initial=-1), theirs.max(initial=-1)) + 1, dtype=bool)
    asked[mine] = True
    again = np.flatnonzero(asked[theirs] & (np.bincount(theirs, minlength=1)[theirs] > 1))
    found = np.full(len(asked), ONE)
    if len(again):
        again = again[np.argsort(theirs[again], kind="stable")]
        names, starts = np.unique(theirs[again], return_index=True)

        def ends(values: np.ndarray) -> np.ndarray:
            most, least = (one.reduceat(values, starts) for one in (np.fmax, np.fmin))
            return most - least

        wide = np.hypot(*(ends(known[one].to_numpy()[again]) for one in "xy")) > _NEAR_M
        bureaux = ends(pd.factorize(known["bureau"])[0][again]) > 0
        found[names] = np.where(bureaux, BUREAUX, np.where(wide, FAR, ONE))
    return found[mine]
