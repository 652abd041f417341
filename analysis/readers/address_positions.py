"""Where rows of a list of addresses lie: degrees or metres, in whichever system and order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import Text
from analysis.geography.crs import checked_metric
from analysis.geography.transformer import transformer
from analysis.readers.system_of_shapes import Expected, system_by_place

TURNED = Text("longitude and latitude stand in each other's column: read the other way round")
TURNED_METRES = Text("x and y stand in each other's column: read the other way round")


@dataclass(frozen=True, slots=True)
class Positions:
    """Where rows lie.

    Attributes
    ----------
    points
        In the metric CRS; of NaN where unknown.
    elsewhere
        Whether metres of the row are none of `system`.
    system
        Name of the system that metres were read in.
    notes
        What was made of them.
    """

    points: np.ndarray
    elsewhere: np.ndarray
    system: str
    notes: tuple[Text, ...]


def decimals(cells: pd.Series) -> np.ndarray:
    """Return decimal numbers, NaN for none; a French spreadsheet writes 2,3522."""
    dotted = cells.str.strip().str.replace(",", ".")
    return pd.to_numeric(dotted, errors="coerce").to_numpy(dtype=float)


def placed(raw: pd.DataFrame, expected: Expected, bureaux: gpd.GeoDataFrame) -> Positions:
    """Return where rows lie, as their columns say or, where that is nowhere near, the other way.

    Parameters
    ----------
    raw
        Texts `lon` and `lat`, `x` and `y`, or all four.
    expected
        The metric CRS, and the communes of the rows: where they lie tells which system metres
        are of.
    bureaux
        Polygons in the metric CRS; may be empty.

    Returns
    -------
    Positions
        In the order of the rows.
    """
    found = _read(raw, expected)
    if bureaux.empty or _near(found.points, bureaux) or not {"lon", "lat"} <= set(raw):
        return found
    turned = _read(raw.rename(columns={"lon": "lat", "lat": "lon"}), expected)
    return (
        replace(turned, notes=(TURNED, *turned.notes)) if _near(turned.points, bureaux) else found
    )


def _read(raw: pd.DataFrame, expected: Expected) -> Positions:
    lon, lat, x_told, y_told = (
        decimals(raw[name]) if name in raw else np.full(len(raw), np.nan)
        for name in ("lon", "lat", "x", "y")
    )
    # Within 180 m of a false origin lies no place: such x and y are degrees, and far larger
    # longitudes metres.
    degrees = np.isnan(lon) & (np.abs(x_told) <= 180) & (np.abs(y_told) <= 90)
    lon, lat = np.where(degrees, x_told, lon), np.where(degrees, y_told, lat)
    metres = np.isnan(x_told) & (np.abs(lon) > 180) & (np.abs(lat) > 90)
    x_told, y_told = np.where(metres, lon, x_told), np.where(metres, lat, y_told)
    # 0, 0 is what some files write for "unknown".
    known = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ((lon != 0) | (lat != 0))
    transform = transformer("EPSG:4326", checked_metric(expected.metric)).transform
    x, y = transform(np.where(known, lon, np.nan), np.where(known, lat, np.nan))
    metric = ~known & ((x_told != 0) | (y_told != 0)) & np.isfinite(x_told) & np.isfinite(y_told)
    east, north, system, turned = _in_metric(
        np.where(metric, x_told, np.nan), np.where(metric, y_told, np.nan), expected
    )
    x, y = np.where(metric, east, x), np.where(metric, north, y)
    usable = np.isfinite(x) & np.isfinite(y)
    points: np.ndarray = shapely.points(np.where(usable, x, np.nan), np.where(usable, y, np.nan))
    elsewhere, notes = _in_system(points, metric & usable, expected.metric, system)
    return Positions(points, elsewhere, checked_metric(system).name, (*turned, *notes))


def _in_metric(
    x: np.ndarray, y: np.ndarray, expected: Expected
) -> tuple[np.ndarray, np.ndarray, str, tuple[Text, ...]]:
    """Return metres of whatever system in the metric CRS, that system, and what was turned.

    The system is the only one in which most of the rows lie in their communes; where none is, they
    are taken for metres of the metric CRS.
    """
    if not np.isfinite(x).any():
        return x, y, expected.metric, ()
    # One row that lies far away does not move the middle.
    middle = float(np.nanmedian(x)), float(np.nanmedian(y))
    for (east, north), at, notes in (
        ((x, y), middle, ()),
        ((y, x), middle[::-1], (TURNED_METRES,)),
    ):
        if told := system_by_place((*at, *at), expected):
            moved = transformer(told, checked_metric(expected.metric)).transform(east, north)
            return *moved, told, notes
    return x, y, expected.metric, ()


def _in_system(
    points: np.ndarray, metric: np.ndarray, crs: str, system: str
) -> tuple[np.ndarray, tuple[Text, ...]]:
    """Tell which positions in metres lie where the metric CRS does not hold, and note the others.

    Parameters
    ----------
    points
        Of the rows, in the metric CRS.
    metric
        Whether the row gave metres.
    crs, system
        The metric CRS, and the one that metres were taken to be in.
    """
    own, taken = checked_metric(crs), checked_metric(system)
    if not metric.any() or own.area_of_use is None:
        return np.zeros(len(points), dtype=bool), ()
    to_degrees = transformer(own, "EPSG:4326").transform
    lon, lat = to_degrees(shapely.get_x(points), shapely.get_y(points))
    west, south, east, north = own.area_of_use.bounds
    elsewhere = metric & ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    read = int((metric & ~elsewhere).sum())
    note = Text(
        "{n} position(s) in metres were read as {system}: if they are of another system, give "
        "longitude and latitude",
        n=read,
        system=taken.name,
    )
    return elsewhere, (note,) if read else ()


def _near(points: np.ndarray, bureaux: gpd.GeoDataFrame) -> bool:
    """Tell whether any point lies in the frame of the contours."""
    return bool(shapely.intersects(shapely.box(*bureaux.total_bounds), points).any())
