"""The ground of Valmont: a boundary, a river, and blocks aligned on streets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import shapely.ops
from scipy.spatial import cKDTree
from shapely.geometry import LineString, MultiPoint, Polygon

CRS = "EPSG:2154"
# Open fields of the Champagne, far from any town.
CENTRE = np.array([790_000.0, 6_842_000.0])
DATA = Path(__file__).with_name("data")

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Ground:
    """What the town stands on, in metres of EPSG:2154.

    Attributes
    ----------
    boundary
        The limit of the commune.
    river
        Its axis, from west to east; bureaux and streets stop there.
    banks
        The two parts of the commune, by bank: 1 north, -1 south.
    """

    boundary: Polygon
    river: LineString
    banks: dict[int, Polygon]


def neighbourhoods() -> pd.DataFrame:
    """Return the neighbourhoods: position, dwellings, income, leanings, attendance."""
    return pd.read_csv(DATA / "neighbourhoods.csv", index_col="id")


def lay_ground(rng: np.random.Generator) -> Ground:
    """Draw the boundary of the commune and its river."""
    angle = np.linspace(0, 2 * np.pi, 140, endpoint=False)
    waves = np.arange(2, 9)
    size, phase = 0.18 / waves, rng.uniform(0, 2 * np.pi, waves.size)
    radius = 2450 * (1 + (size * np.cos(np.outer(angle, waves) + phase)).sum(axis=1))
    outline = np.column_stack([1.02 * radius * np.cos(angle), radius * np.sin(angle) + 350])
    boundary = Polygon(np.round(outline + CENTRE, 2))
    x = np.arange(-4200, 4201, 60.0)
    bends = 130 * np.sin(x / 620 + 0.4) + 60 * np.sin(x / 270 + rng.uniform(0, 6)) - 150
    river = LineString(np.round(np.column_stack([x, bends + 0.05 * x]) + CENTRE, 2))
    parts = shapely.get_parts(shapely.ops.split(boundary, river))
    north = shapely.get_y(shapely.centroid(parts)) > _river_at(
        river, shapely.get_x(shapely.centroid(parts))
    )
    banks = {1: shapely.union_all(parts[north]), -1: shapely.union_all(parts[~north])}
    return Ground(boundary, river, banks)


def lay_blocks(ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Cut the commune into blocks of houses between streets.

    Parameters
    ----------
    ground
        Boundary and river.
    rng
        Source of chance.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per block: `neighbourhood`, `bank`, `column` and `row` of the local
        street grid, `angle_rad` of that grid, `geometry`. Blocks share their
        nodes exactly and cover the commune.
    """
    hoods = neighbourhoods()
    sites = pd.concat([_sites_of(name, hoods, rng) for name in hoods.index], ignore_index=True)
    inside = shapely.contains_xy(ground.boundary.buffer(-15), sites["x"], sites["y"])
    bank = np.where(sites["y"] > _river_at(ground.river, sites["x"].to_numpy()), 1, -1)
    sites = sites[inside & (bank == sites["bank"])].reset_index(drop=True)
    # One noding for both banks: neighbours across the river share its nodes too.
    lines = [_streets(ground.banks[bank], sites[sites["bank"] == bank]) for bank in (1, -1)]
    edges = shapely.union_all([ground.boundary.boundary, ground.river, *lines], grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    return _plan(faces, sites, ground.river)


def _river_at(river: LineString, x: Floats) -> Floats:
    line = shapely.get_coordinates(river)
    return np.asarray(np.interp(x, line[:, 0], line[:, 1]), dtype=float)


def _sites_of(name: str, hoods: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the grid points nearer to neighbourhood `name` than to any other of its bank."""
    hood, rivals = hoods.loc[name], hoods[hoods["bank"] == hoods.loc[name, "bank"]]
    steps = np.arange(-40, 41)
    column, row = (grid.ravel() for grid in np.meshgrid(steps, steps))
    # Blocks are longer than wide, as streets with houses on two sides make them.
    u = column * hood["spacing"] * 1.25 + rng.normal(0, 0.07 * hood["spacing"], column.size)
    v = row * hood["spacing"] * 0.85 + rng.normal(0, 0.07 * hood["spacing"], row.size)
    angle = np.deg2rad(hood["angle"])
    x = hood["x"] + u * np.cos(angle) - v * np.sin(angle)
    y = hood["y"] + u * np.sin(angle) + v * np.cos(angle)
    nearest = cKDTree(rivals[["x", "y"]]).query(np.column_stack([x, y]))[1]
    sites = pd.DataFrame(
        {
            "neighbourhood": name,
            "bank": hood["bank"],
            "column": column,
            "row": row,
            "angle_rad": angle,
            "x": x + CENTRE[0],
            "y": y + CENTRE[1],
        }
    )
    return sites[rivals.index[nearest] == name]


def _streets(bank: Polygon, sites: pd.DataFrame) -> shapely.Geometry:
    """Return the edges of the Voronoi cells of `sites` inside a bank."""
    points = MultiPoint(sites[["x", "y"]].to_numpy())
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=bank))
    return shapely.intersection(shapely.union_all(shapely.boundary(cells)), bank)


def _plan(faces: Geometries, sites: pd.DataFrame, river: LineString) -> gpd.GeoDataFrame:
    """Give each face the neighbourhood and street grid of its site."""
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    bank = np.where(inner[:, 1] > _river_at(river, inner[:, 0]), 1, -1)
    # A bank is a third coordinate so far away that no site of the other is nearest.
    tree = cKDTree(np.column_stack([sites[["x", "y"]], 1e5 * sites["bank"]]))
    site = tree.query(np.column_stack([inner, 1e5 * bank]))[1]
    plan = sites.iloc[site].drop(columns=["x", "y"]).reset_index(drop=True)
    plan["area_m2"] = shapely.area(faces).round(1)
    order = np.lexsort(np.round(inner, 1).T)
    return gpd.GeoDataFrame(plan.iloc[order].reset_index(drop=True), geometry=faces[order], crs=CRS)
