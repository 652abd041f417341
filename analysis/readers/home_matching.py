"""In which bureau people live, by the address they gave: exact first, then alike, with a score."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.contacts.normalise import name_key
from analysis.geography.way_names import split_numbers, street_keys, suffix_keys
from analysis.readers.known_places import communes

# How far each way of meeting may be trusted; below `SURE` the bureau is not used.
EXACT, NO_SUFFIX, NEAR_NUMBER, STREET, ALIKE = 1.0, 0.9, 0.75, 0.6, 0.8
SURE = 0.7
_KEY_LENGTH = 6


def match_homes(homes: pd.DataFrame, addresses: gpd.GeoDataFrame | pd.DataFrame) -> pd.DataFrame:
    """Return where people live.

    Parameters
    ----------
    homes
        `number`, `street`, `postcode`, `city`: texts, "" where unknown; any index.
    addresses
        An `addresses` table (BAN), each in its bureau.

    Returns
    -------
    pandas.DataFrame
        By the same index: `commune_id`, `bureau_id` ("" where not found, or in several bureaux
        of one street), `address_id` and `score` in [0, 1].
    """
    asked = _asked(homes, addresses)
    known = _known(addresses)
    found = pd.DataFrame(
        {"commune_id": asked["commune"], "bureau_id": "", "address_id": "", "score": 0.0},
        index=homes.index,
    )
    for keys, score in (
        (["commune", "street", "number", "suffix"], EXACT),
        (["commune", "street", "number"], NO_SUFFIX),
    ):
        _fill(found, asked, known, keys, score)
    alike = asked.assign(street=_alike(asked, known, found))
    _fill(found, alike, known, ["commune", "street", "number", "suffix"], ALIKE)
    _fill(found, alike, known, ["commune", "street", "number"], ALIKE * NO_SUFFIX)
    _fill(found, asked, known, ["commune", "street"], STREET)
    return found


def _asked(homes: pd.DataFrame, addresses: pd.DataFrame) -> pd.DataFrame:
    number, inside = split_numbers(homes["number"])
    return pd.DataFrame(
        {
            "commune": _communes(homes, addresses),
            "street": street_keys(homes["street"]),
            "number": number.astype("Float64").fillna(-1).astype("int64"),
            "suffix": suffix_keys(inside),
        },
        index=homes.index,
    )


def _known(addresses: pd.DataFrame) -> pd.DataFrame:
    number = addresses["number"].astype("Float64").fillna(-2).astype("int64")
    return pd.DataFrame(
        {
            "commune": addresses["commune_id"].astype("str").to_numpy(),
            "street": street_keys(addresses["street"].fillna("").astype("str")).to_numpy(),
            "number": number.to_numpy(),
            "suffix": suffix_keys(addresses["suffix"].fillna("").astype("str")).to_numpy(),
            "bureau_id": addresses["bureau_id"].fillna("").astype("str").to_numpy(),
            "address_id": addresses["address_id"].astype("str").to_numpy(),
        }
    )


def _communes(homes: pd.DataFrame, addresses: pd.DataFrame) -> pd.Series:
    """Return the commune each person lives in: the only one, or that of postcode and city."""
    codes = sorted(addresses["commune_id"].astype("str").unique())
    names: dict[tuple[str, str], str] = {}
    posts: dict[str, set[str]] = {}
    inside = frozenset(codes)
    for place in communes().values():
        if place.code in inside:
            for post in place.postal or ("",):
                names[post, name_key(place.name)] = place.code
                posts.setdefault(post, set()).add(place.code)

    def commune(post: str, city: str) -> str:
        if code := names.get((post, name_key(city))):
            return code
        if len(codes) == 1 and (not posts or not post or post in posts):
            return codes[0]
        here = posts.get(post, set())
        return next(iter(here)) if len(here) == 1 else ""

    pairs = _pairs(homes, "postcode", "city")
    told = {pair: commune(*pair) for pair in set(pairs)}
    return pd.Series([told[pair] for pair in pairs], index=homes.index, dtype="str")


def _fill(
    found: pd.DataFrame,
    asked: pd.DataFrame,
    known: pd.DataFrame,
    keys: list[str],
    score: float,
) -> None:
    """Fill in who is not found yet; where addresses of several bureaux answer, nobody is."""
    todo = found.index[(found["score"] == 0) & (asked["street"] != "")]
    if todo.empty:
        return
    groups = known.groupby(keys, sort=False)
    one = groups.agg(bureau_id=("bureau_id", "first"), address_id=("address_id", "first"))
    one["several"] = groups["bureau_id"].agg("min") != groups["bureau_id"].agg("max")
    at = one.index.get_indexer(_index(asked.loc[todo], keys))
    hit = (at >= 0) & ~one["several"].to_numpy()[at]
    rows = todo[hit]
    found.loc[rows, "bureau_id"] = one["bureau_id"].to_numpy()[at[hit]]
    if "number" in keys:
        found.loc[rows, "address_id"] = one["address_id"].to_numpy()[at[hit]]
    found.loc[rows, "score"] = score


def _index(table: pd.DataFrame, keys: list[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[keys])


def _alike(asked: pd.DataFrame, known: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    """Return the street of the commune that differs by one letter, "" where none or several do."""
    todo = np.asarray(found["score"] == 0)
    if not todo.any():
        return pd.Series("", index=asked.index, dtype="str")
    streets: dict[tuple[str, str], set[str]] = {}
    known_streets = set(_pairs(known, "commune", "street"))
    for commune, street in known_streets:
        for key in _without_one(street):
            streets.setdefault((commune, key), set()).add(street)

    def near(commune: str, street: str) -> str:
        if len(street) < _KEY_LENGTH or (commune, street) in known_streets:
            return ""
        hits = set().union(*(streets.get((commune, key), set()) for key in _without_one(street)))
        return next(iter(hits)) if len(hits) == 1 else ""

    pairs = _pairs(asked, "commune", "street")
    told = {pair: near(*pair) for pair, wanted in zip(pairs, todo, strict=True) if wanted}
    return pd.Series([told.get(pair, "") for pair in pairs], index=asked.index, dtype="str")


def _pairs(table: pd.DataFrame, one: str, other: str) -> list[tuple[str, str]]:
    """Return two columns row by row: from those of Arrow each text would be taken by itself."""
    both = (table[name].to_numpy(dtype=object) for name in (one, other))
    return list(zip(*both, strict=True))


def _without_one(street: str) -> set[str]:
    """Return a key and what is left of it without one letter: two that share one are alike."""
    return {street} | {street[:i] + street[i + 1 :] for i in range(len(street))}
