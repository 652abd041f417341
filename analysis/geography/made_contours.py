"""Contours made from addresses that name their bureau, where nobody has drawn any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.tables.schema import BUREAUX, commune_of

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

# Two addresses this near are one place: files round degrees to six or seven decimals.
_SAME_M = 0.5
# A point stands apart when none of this many around it is of its bureau…
_AROUND = 8
# …and it lies this many times farther from the middle of its bureau than half of its addresses,
# which are taken to reach at least so far: a bureau of one tower is not spread over 5 m.
_TIMES, _LEAST_M = 3.0, 100.0
# Or when it is so far from every other of its bureau: about the radius of a mean commune (15 km²).
_ALONE_M = 2_000.0
# Without the outline of a commune, the ground reaches this far beyond its outermost addresses.
_MARGIN_M = 50.0
# How closely that outline follows them: 0 as closely as can be, 1 the convex hull.
_HOLLOW = 0.1
# Bays narrower than twice this between two outermost streets are of the commune too.
_BAY_M = 150.0


@dataclass(frozen=True, slots=True)
class MadeContours:
    """Contours that were made, and how far to trust each.

    Attributes
    ----------
    bureaux
        A `schema.BUREAUX` table.
    quality
        One row per bureau: `bureau_id`, `positions` (places where it has addresses),
        `inside_share` (of its addresses, those set aside as far included, in its own polygon),
        `held_out_share` (of its positions, those whose nearest other one is of the same bureau:
        where they would fall had they been left out).
    """

    bureaux: gpd.GeoDataFrame
    quality: pd.DataFrame


def far_points(addresses: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which addresses lie far from the rest of their bureau: positions gone wrong.

    Parameters
    ----------
    addresses
        `bureau_id` and points in a metric CRS, none of them empty.

    Returns
    -------
    numpy.ndarray
        True for an address among those of other bureaux and three times as far from the middle
        of its own as half of it is, or with no other address of its bureau within 2 km. An
        address that is the only one of its bureau is not far: there is nothing to compare with.
    """
    bureau, xy = addresses["bureau_id"].to_numpy(dtype=object), _xy(addresses)
    points = pd.DataFrame({"bureau": bureau, "x": xy[:, 0], "y": xy[:, 1]})
    groups = points.groupby("bureau")
    middle = groups[["x", "y"]].transform("median")
    distance = np.hypot(points["x"] - middle["x"], points["y"] - middle["y"])
    reach = distance.groupby(points["bureau"]).transform("median").clip(lower=_LEAST_M)
    doubtful = np.flatnonzero((distance > _TIMES * reach).to_numpy())
    far = np.zeros(len(points), dtype=bool)
    if not len(doubtful):
        return far
    codes = points["bureau"].factorize()[0]
    near = _tree(xy).query(xy[doubtful], k=min(_AROUND + 1, len(xy)))[1]
    own = (codes[near] == codes[doubtful][:, None]) & (near != doubtful[:, None])
    far[doubtful] = ~own.any(axis=1) & (groups["x"].transform("size").to_numpy()[doubtful] > 1)
    rest = doubtful[~far[doubtful]]
    for code in np.unique(codes[rest]):
        mine = np.flatnonzero(codes == code)
        asked = rest[codes[rest] == code]
        if len(mine) > 1:
            far[asked] |= _tree(xy[mine]).query(xy[asked], k=2)[0][:, 1] > _ALONE_M
    return far


def make_contours(
    addresses: gpd.GeoDataFrame,
    *,
    vintage: int,
    outlines: gpd.GeoSeries | None = None,
) -> MadeContours:
    """Draw each bureau as the ground that is nearer to its addresses than to any other's.

    Voronoi cells of the addresses, joined by bureau and cut by the commune.

    Parameters
    ----------
    addresses
        `bureau_id` and points, metric CRS; `weight`, 1 where it is lacking, tells how much
        each counts where several bureaux share a position: the heaviest has it. Those
        without a bureau are not used; those that `far_points` tells only lower the share
        of their bureau.
    vintage
        The year that the addresses are of.
    outlines
        Outline of each commune, by code; one that is lacking is drawn around its addresses, with
        a margin of 50 m.

    Returns
    -------
    MadeContours
        One valid polygon, perhaps in parts, for every bureau that has a position of its own.

    References
    ----------
    INSEE, package mapvotr (2023), and Etalab's proposal of contours do the same from the same
    addresses.
    """
    weighed = addresses if "weight" in addresses else addresses.assign(weight=1.0)
    own = weighed[weighed["bureau_id"] != ""].reset_index(drop=True)
    places = _positions(own[~far_points(own)])
    ids, owner = np.unique(places["bureau_id"].to_numpy(dtype=str), return_inverse=True)
    communes = commune_of(pd.Series(ids, dtype="str"))
    ground = _ground(places, communes.to_numpy()[owner], outlines)
    shapes = _dissolved(_cells(places, ground), owner, len(ids))
    cut = shapely.intersection(shapes, np.array([ground[code] for code in communes]))
    table = gpd.GeoDataFrame(
        {
            "bureau_id": pd.Series(ids, dtype="str"),
            "vintage": vintage,
            "commune_id": communes,
            "name": pd.Series("", index=range(len(ids)), dtype="str"),
        },
        geometry=_polygons(cut),
        crs=addresses.crs,
    )
    table = table[~table.geometry.is_empty].reset_index(drop=True)
    bureaux = gpd.GeoDataFrame(BUREAUX.check(table), crs=addresses.crs)
    return MadeContours(bureaux, _quality(bureaux, own, places))


def _xy(points: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.get_coordinates(points.geometry.to_numpy())


def _positions(own: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row per position: the bureau that weighs most there, the first of equals."""
    xy = np.floor(_xy(own) / _SAME_M).astype("int64")
    keyed = pd.DataFrame(
        {"x": xy[:, 0], "y": xy[:, 1], "bureau_id": own["bureau_id"], "weight": own["weight"]}
    )
    keyed["row"] = own.index
    sums = keyed.groupby(["x", "y", "bureau_id"], as_index=False).agg(
        weight=("weight", "sum"), row=("row", "first")
    )
    best = sums.sort_values(["weight", "bureau_id"], ascending=[False, True])
    best = best.drop_duplicates(["x", "y"]).sort_values(["x", "y"])
    return gpd.GeoDataFrame(own.loc[best["row"]].reset_index(drop=True), crs=own.crs)


def _ground(
    places: gpd.GeoDataFrame, communes: np.ndarray, outlines: gpd.GeoSeries | None
) -> dict[str, shapely.Geometry]:
    """Return the outline of each commune: as given, else around its addresses."""
    given = {} if outlines is None else outlines.to_dict()
    points = places.geometry.to_numpy()
    for code in np.unique(communes):
        if code not in given:
            mine = shapely.multipoints(points[communes == code])
            hull = shapely.concave_hull(mine, ratio=_HOLLOW)
            given[code] = hull.buffer(_MARGIN_M + _BAY_M).buffer(-_BAY_M)
    return given


def _tree(xy: np.ndarray) -> cKDTree:
    # Every build comes by here, and half of a second to load would be for those that draw.
    from scipy.spatial import cKDTree

    return cKDTree(xy)


def _cells(places: gpd.GeoDataFrame, ground: dict[str, shapely.Geometry]) -> np.ndarray:
    """Return the Voronoi cell of each position, in their order."""
    points = places.geometry.to_numpy()
    within = shapely.box(*shapely.total_bounds(np.array(list(ground.values())))).buffer(_MARGIN_M)
    if len(points) == 1:
        return np.array([within])
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=within, ordered=True)
    return np.asarray(shapely.get_parts(cells))


def _dissolved(cells: np.ndarray, owner: np.ndarray, n: int) -> np.ndarray:
    order = np.argsort(owner, kind="stable")
    groups = np.split(cells[order], np.searchsorted(owner[order], np.arange(1, n)))
    # Cells of one diagram share their corners exactly: no edge need be cut by another.
    return np.array([shapely.coverage_union_all(group) for group in groups])


def _polygons(shapes: np.ndarray) -> np.ndarray:
    """Return valid polygons only: a cut along a border may leave lines and points."""
    valid = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    return np.array([_areas_of(shape) for shape in valid])


def _areas_of(shape: shapely.Geometry) -> shapely.Geometry:
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])  # noqa: PLR2004


def _quality(
    bureaux: gpd.GeoDataFrame, own: gpd.GeoDataFrame, places: gpd.GeoDataFrame
) -> pd.DataFrame:
    shapes = bureaux.set_index("bureau_id").geometry
    mine = shapes.reindex(own["bureau_id"]).to_numpy()
    inside = shapely.intersects(mine, own.geometry.to_numpy())
    shares = pd.Series(inside, index=own["bureau_id"]).groupby(level=0).mean()
    placed = places["bureau_id"].to_numpy(dtype=object)
    xy = _xy(places)
    same = np.zeros(len(places), dtype=bool)
    if len(places) > 1:
        same = placed[_tree(xy).query(xy, k=2)[1][:, 1]] == placed
    held = pd.Series(same, index=placed).groupby(level=0).agg(["size", "mean"])
    held = held.reindex(bureaux["bureau_id"])
    return pd.DataFrame(
        {
            "bureau_id": bureaux["bureau_id"],
            "positions": held["size"].to_numpy(dtype="int64"),
            "inside_share": shares.reindex(bureaux["bureau_id"]).to_numpy(dtype=float),
            "held_out_share": held["mean"].to_numpy(dtype=float),
        }
    )
