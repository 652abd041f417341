"""Addresses by their names: as people read them, and found again from what they type."""

from __future__ import annotations

import re
import unicodedata

import geopandas as gpd
import pandas as pd

from analysis.geography.way_names import split_house, way_words

_DEGREES = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*[,;]\s*([+-]?\d+(?:\.\d+)?)\s*")


def names_of(addresses: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Return how addresses are read, and in which order.

    Parameters
    ----------
    addresses
        An `addresses` table.
    ids
        Those wanted; the rows of the answer are in this order.

    Returns
    -------
    pandas.DataFrame
        By `address_id`: `name` ("12 bis Rue Haute"; the id where it is not known) and `at`, a
        text to sort by, street by street.
    """
    table = addresses.drop(columns="geometry", errors="ignore")
    known = table[table["address_id"].isin(ids)].set_index("address_id").reindex(ids)
    number = known["number"].astype("Int64")
    house = number.astype("string").fillna("") + " " + known["suffix"].astype("string").fillna("")
    street = known["street"].astype("string").fillna("")
    name = (house.str.strip() + " " + street).str.strip()
    at = street + " " + number.fillna(0).astype("string").str.zfill(6) + house
    return pd.DataFrame({"name": name.where(name != "", known.index), "at": at})


def index_of(addresses: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return `name` ("12 bis rue haute"), `latitude`, `longitude` of located addresses."""
    table = addresses[~(addresses.geometry.isna() | addresses.geometry.is_empty)]
    number = table["number"].astype("Int64").astype("string").fillna("")
    house = number + " " + table["suffix"].fillna("").astype("str")
    streets = {street: _spelt(street) for street in table["street"].unique()}
    words = house + " " + table["street"].map(streets)
    points = gpd.GeoSeries(table.geometry, crs=table.crs).to_crs("OGC:CRS84")
    return pd.DataFrame(
        {
            "name": [plain(text) for text in words.tolist()],
            "latitude": points.y.to_numpy(),
            "longitude": points.x.to_numpy(),
        }
    )


def _spelt(street: str) -> str:
    return " ".join(way_words(str(street))).lower()


def degrees_in(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude written as two numbers; None when the text is not that."""
    found = _DEGREES.fullmatch(text)
    return (float(found[1]), float(found[2])) if found else None


def find(index: pd.DataFrame, text: str) -> tuple[float, float] | None:
    """Return latitude and longitude of what is typed; None when no address is called so.

    Kinds of ways may be shortened, and articles left out: « 12 r de la gare ».
    """
    number, street = split_house(text)
    asked = plain(f"{number} {_spelt(street)}")
    found = index[index["name"] == asked]
    if found.empty:
        found = index[index["name"].str.startswith(asked + " ")]
    if found.empty:
        found = index[index["name"].str.endswith(" " + asked)]
    if found.empty:
        return None
    # A street without a number: the middle of it.
    middle = found[["latitude", "longitude"]].median()
    return float(middle["latitude"]), float(middle["longitude"])


def plain(text: str) -> str:
    """Return a text in lower case, without accents, marks and double spaces."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))
