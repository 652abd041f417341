"""Outlines of communes and arrondissements, made of the bureaux in them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

COMMUNE, ARRONDISSEMENT = "commune", "arrondissement"
# Communes whose bureaux are numbered by arrondissement: 1850 is the 50th of the 18th.
_BY_ARRONDISSEMENT = frozenset({"75056", "13055", "69123"})
_NUMBER = 4
# Contours of neighbours leave slivers between them; smaller holes are theirs too.
_GAP_M, _HOLE_M2 = 4.0, 20_000.0


def outlines(bureaux: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the ground of each commune, and of each arrondissement where there are some.

    Parameters
    ----------
    bureaux
        A `schema.BUREAUX` table of one vintage.

    Returns
    -------
    geopandas.GeoDataFrame
        `level` (commune or arrondissement), `code` (of the commune, or two digits), polygons in
        the CRS of `bureaux`.
    """
    communes = bureaux["commune_id"].astype("str")
    frames = [_dissolved(bureaux, communes, COMMUNE)]
    parts = _arrondissements(bureaux)
    if (parts != "").any():
        inside = parts != ""
        frames.append(_dissolved(bureaux[inside], parts[inside], ARRONDISSEMENT))
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=bureaux.crs)


def _arrondissements(bureaux: gpd.GeoDataFrame) -> pd.Series:
    number = bureaux["bureau_id"].astype("str").str.rpartition("_")[2]
    usable = bureaux["commune_id"].isin(_BY_ARRONDISSEMENT) & number.str.fullmatch(r"\d{3,4}")
    return number.str.zfill(_NUMBER).str[:2].where(usable, "").astype("str")


def _dissolved(bureaux: gpd.GeoDataFrame, by: pd.Series, level: str) -> gpd.GeoDataFrame:
    grounds = bureaux.geometry.buffer(_GAP_M, join_style="mitre").groupby(by.to_numpy())
    joined = grounds.agg(lambda parts: shapely.union_all(parts.to_numpy()))
    closed = shapely.buffer(joined.to_numpy(dtype=object), -_GAP_M, join_style="mitre")
    table = {"level": level, "code": pd.Series(joined.index.astype("str"), dtype="str")}
    whole = [_without_holes(shape) for shape in closed]
    return gpd.GeoDataFrame(table, geometry=whole, crs=bureaux.crs)


def _without_holes(shape: shapely.Geometry) -> shapely.Geometry:
    parts = []
    for part in shapely.get_parts(shape):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area > _HOLE_M2]
        parts.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(np.array(parts, dtype=object))
