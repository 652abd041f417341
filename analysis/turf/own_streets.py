"""The street that an address names: its door is there, not on the other bank that is nearer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.geography.way_names import street_keys

# Doors lie this near to their street, the depth of a large court.
_FAR_M = 150.0


def by_name(streets: gpd.GeoDataFrame) -> dict[str, shapely.Geometry]:
    """Return the lines of each street that has a name, by its key (`way_names.street_key`).

    Parameters
    ----------
    streets
        `name` and lines.
    """
    keys = street_keys(streets["name"])
    known = streets.geometry[keys != ""].groupby(keys[keys != ""])
    return {str(key): shapely.multilinestrings(lines.to_list()) for key, lines in known}


def on_own_street(
    xy: np.ndarray,
    names: pd.Series,
    named: Mapping[str, shapely.Geometry],
    parts: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return points, those whose nearest street cannot be walked to from their own put on that.

    Parameters
    ----------
    xy
        Doors in metres, n × 2.
    names
        The street that each address names.
    named
        As `by_name` returns it.
    parts
        Gives the part of the streets that the nearest one to each point belongs to.

    Returns
    -------
    numpy.ndarray
        Points, n × 2.
    """
    moved = xy.copy()
    points = shapely.points(xy)
    keys = street_keys(names.astype("str")).to_numpy()
    for key in set(keys) & set(named):
        rows = np.flatnonzero(keys == key)
        way = shapely.shortest_line(points[rows], named[key])
        near = shapely.length(way) <= _FAR_M
        moved[rows[near]] = shapely.get_coordinates(shapely.get_point(way[near], 1))
    away = parts(moved) != parts(xy)
    return np.where(away[:, None], moved, xy)
