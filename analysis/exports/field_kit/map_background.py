"""What maps of turfs draw behind the stops: streets of a graph, or house fronts."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from analysis.exports.field_kit.turf_surroundings import Surroundings

# Neighbours on one side of a street stand closer than this; beyond is a crossing or a park.
_SAME_FRONT_M = 80.0
_WGS84 = "OGC:CRS84"


def surroundings_of(
    addresses: gpd.GeoDataFrame, *, streets: npt.NDArray[Any] | None = None
) -> Surroundings | None:
    """Return what lies around the stops.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table.
    streets
        LineStrings of a street graph, in the CRS of the addresses. None: house fronts are
        drawn instead, lines between neighbouring numbers of the same side of a street.

    Returns
    -------
    Surroundings or None
        None where there is neither.
    """
    known = addresses[addresses.geometry.notna() & ~addresses.geometry.is_empty]
    if known.empty and streets is None:
        return None
    degrees = shapely.get_coordinates(known.geometry.to_crs(_WGS84).array)
    codes, names = known["street"].fillna("").astype(str).factorize(sort=True)
    named = np.array(names.astype(str) != "", dtype=bool)[codes] if len(names) else codes > 0
    return Surroundings(
        segments=_fronts(known, degrees) if streets is None else _segments(streets, known.crs),
        points=degrees[named],
        streets=codes[named].astype(np.int64),
        names=tuple(map(str, names)),
        is_graph=streets is not None,
        numbers=tuple(_numbers(known)[named]),
    )


def _numbers(addresses: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    """Return "12 bis" of each address; empty where it has no number."""
    number = addresses["number"].astype("Int64").astype("string").fillna("")
    return (number + " " + addresses["suffix"].fillna("")).str.strip().to_numpy(dtype=object)


def _fronts(
    addresses: gpd.GeoDataFrame, degrees: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Join each address with the next number on its side of the street."""
    table = addresses[["commune_id", "street", "number", "suffix"]].reset_index(drop=True)
    table["side"] = table["number"] % 2
    keys = ["commune_id", "street", "side", "number", "suffix"]
    order = table[table["number"].notna()].sort_values(keys, kind="stable").index.to_numpy()
    street = table.groupby(["commune_id", "street", "side"], observed=True, dropna=False).ngroup()
    metres = shapely.get_coordinates(addresses.geometry.array)[order]
    apart = np.hypot(*np.diff(metres, axis=0).T) if len(order) else np.zeros(0)
    same = np.diff(street.to_numpy()[order]) == 0
    first = np.flatnonzero(same & (apart < _SAME_FRONT_M))
    lines: npt.NDArray[np.float64] = np.hstack([degrees[order[first]], degrees[order[first + 1]]])
    return lines


def _segments(streets: npt.NDArray[Any], crs: object) -> npt.NDArray[np.float64]:
    """Cut lines into their straight pieces."""
    degrees = gpd.GeoSeries(streets, crs=crs).to_crs(_WGS84).array
    points, line = shapely.get_coordinates(degrees, return_index=True)
    first = np.flatnonzero(np.diff(line) == 0)
    segments: npt.NDArray[np.float64] = np.hstack([points[first], points[first + 1]])
    return segments
