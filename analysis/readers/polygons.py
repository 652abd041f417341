"""Polygons in metres: repaired, joined, compared, those of a whole told from its parts."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import Text, some

_OVERLAP_SHARE = 0.01
# Of a shape that is the sum of others: each is smaller, and together they are nearly all of it.
_PART, _COVERED = 0.9, 0.95


def outlines(shapes: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which shapes are those of several others put together: a commune among its bureaux.

    Parameters
    ----------
    shapes
        Valid polygons in metres.
    """
    geometry = shapes.geometry.to_numpy()
    area = shapely.area(geometry)
    one, other = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    smaller = (one != other) & (area[other] < _PART * area[one])
    one, other = one[smaller], other[smaller]
    common = shapely.area(shapely.intersection(geometry[one], geometry[other]))
    within = common > _COVERED * area[other]
    found = np.zeros(len(shapes), dtype=bool)
    for whole, count in zip(*np.unique(one[within], return_counts=True), strict=True):
        if count > 1:
            parts = shapely.union_all(geometry[other[within & (one == whole)]])
            found[whole] = shapely.area(parts) > _COVERED * area[whole]
    return found


def repair(shapes: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Make every polygon valid, keeping what has an area; tell which were mended.

    One that nothing makes valid becomes empty.

    Parameters
    ----------
    shapes
        With a column `bureau_id`, to name the repaired.
    """
    geometry = shapes.geometry.to_numpy()
    wrong = ~shapely.is_valid(geometry)
    if not wrong.any():
        return shapes, ()
    mended = geometry.copy()
    mended[wrong] = shapely.make_valid(geometry[wrong], method="structure", keep_collapsed=False)
    # GEOS may leave a ring that touches itself: a second pass, and a buffer of 0 m, close it.
    still = ~shapely.is_valid(mended)
    mended[still] = shapely.make_valid(mended[still], method="structure", keep_collapsed=False)
    still = ~shapely.is_valid(mended)
    mended[still] = shapely.buffer(mended[still], 0)
    mended[~shapely.is_valid(mended)] = shapely.Polygon()
    names = some(shapes["bureau_id"].to_numpy()[wrong])
    note = Text("{wrong} invalid polygon(s) repaired: {names}", wrong=int(wrong.sum()), names=names)
    return shapes.set_geometry(mended, crs=shapes.crs), (note,)


def dissolve(shapes: gpd.GeoDataFrame, by: str) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Join the rows that share an id into one shape; the first row gives the other columns."""
    several = shapes.duplicated(by, keep=False)
    if not several.any():
        return shapes.reset_index(drop=True), ()
    parts = shapes[several]
    joined = gpd.GeoDataFrame(parts.dissolve(by=by, aggfunc="first", sort=False).reset_index())
    note = Text(
        "{n} rows joined into {bureaux} bureau(x) in parts: {joined}",
        n=len(parts),
        bureaux=len(joined),
        joined=some(joined[by]),
    )
    whole = pd.concat([shapes[~several], joined[shapes.columns]], ignore_index=True)
    return gpd.GeoDataFrame(whole, crs=shapes.crs), (note,)


def overlaps(shapes: gpd.GeoDataFrame, by: str) -> tuple[str, ...]:
    """Tell which neighbours overlap by more than 1% of the smaller one."""
    geometry = shapes.geometry.to_numpy()
    one, other = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    one, other = one[one < other], other[one < other]
    area = shapely.area(geometry)
    common = shapely.area(shapely.intersection(geometry[one], geometry[other]))
    share = common / np.minimum(area[one], area[other])
    worst = np.flatnonzero(share > _OVERLAP_SHARE)
    if not len(worst):
        return ()
    worst = worst[np.argsort(-share[worst], kind="stable")]
    ids = shapes[by].to_numpy()
    names = some(
        Text(
            "{one} and {other} ({share:.0%})", one=ids[one[k]], other=ids[other[k]], share=share[k]
        )
        for k in worst
    )
    return (
        Text("{n} pair(s) of bureaux overlap by more than 1%: {names}", n=len(worst), names=names),
    )
