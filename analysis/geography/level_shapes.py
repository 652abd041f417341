"""Where départements, communes and bureaux stand on a map that has no contours of bureaux.

Départements have their outline, communes a dot as large as they have voters, bureaux without
contours a square each, by number. What has no known position stands in rows to the west, so that
nothing is missing from the map; under consulates lies the land of the world. The tables are made by
`tools/level_tables.py`; all is in metres of Web Mercator, for screens only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.geography.outlines import COMMUNE

DEPARTEMENT, CONSTITUENCY, BUREAU = "departement", "circonscription", "bureau"
LEVELS = (DEPARTEMENT, CONSTITUENCY, COMMUNE, BUREAU)
CRS = 3857
# The département of those who vote at a consulate.
ABROAD = "ZZ"
# Of what is drawn: a browser keeps a file for as long as its name stays.
LAYOUT = 4
# Dots together cover so much of what they stand in; no dot is smaller than so much of its width.
_COVERED, _LEAST = 0.10, 1 / 260
# A square of a grid, of the width of the whole; of bureaux, in metres.
_CELL, _BUREAU_M = 1 / 16, 400.0
_GAP = 0.12
# Constituencies of one town: metres between them, and the turn at which none hides another.
_APART_M, _GOLDEN = 7_500.0, np.pi * (3 - np.sqrt(5))
# Communes amid those they are joined with: metres between them.
_BESIDE_M = 2_200.0
_NUMBER = r"^(\d+)\w* circonscription"
# Names beyond these would cover one another at any scale.
_MOST_LABELS = 60


@dataclass(frozen=True, slots=True)
class LevelShapes:
    """Shapes of one level.

    Attributes
    ----------
    units
        `bureau_id` (the unit's own id, under the name that maps ask for), `name`, polygons, the
        largest first; Web Mercator.
    outlines, labels
        `level`, `code` and polygons of the départements around; `text`, `level` and points.
    near, apart
        How many units stand beside their town, and how many in rows to the west.
    on_the_ground
        Whether any shape stands where it is.
    """

    units: gpd.GeoDataFrame
    outlines: gpd.GeoDataFrame
    labels: gpd.GeoDataFrame
    near: int
    apart: int
    on_the_ground: bool


def level_shapes(
    level: str,
    units: pd.DataFrame,
    departments: tuple[str, ...],
    joined: pd.Series | None = None,
) -> LevelShapes:
    """Return what a map of a level draws.

    Parameters
    ----------
    level
        One of `LEVELS`.
    units
        `unit_id`, `name`, `registered` (persons); one row per unit. Of constituencies `x` and `y`
        too: the metres of their middle, NaN where it is unknown.
    departments
        Codes of the départements that the units lie in.
    joined
        What each commune of the country is joined with others in (its EPCI), by code: one without
        a known position stands amid these. None: such ones stand apart.

    Returns
    -------
    LevelShapes
        One shape for each unit.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": ["01", "971"], "name": ["Ain", "Guadeloupe"],
    ...                       "registered": [400_000, 300_000]})
    >>> found = level_shapes("departement", units, ("01", "971"))
    >>> len(found.units), found.apart
    (2, 1)
    """
    table = units.sort_values(["registered", "unit_id"], ascending=[False, True], kind="stable")
    ground = _around(departments)
    # A map of consulates shows where they are, not all of the world.
    around = ground.iloc[:0] if departments == (ABROAD,) else ground
    placed, near = np.full(len(table), None, dtype=object), 0
    if level == DEPARTEMENT:
        placed = np.array([outlines().get(code) for code in table["unit_id"]], dtype=object)
    elif level == COMMUNE:
        placed, near = _dots(table, around, joined)
    elif level == CONSTITUENCY:
        placed = _sized(table, _spread_out(table[["x", "y"]]), around)
    known = np.array([shape is not None for shape in placed], dtype=bool)
    frame = _frame(placed[known], around)
    if not known.all():
        placed[~known] = _rows(int((~known).sum()), frame)
    drawn = gpd.GeoDataFrame(
        {"bureau_id": table["unit_id"].to_numpy(), "name": table["name"].to_numpy()},
        geometry=list(placed),
        crs=CRS,
    )
    return LevelShapes(drawn, ground, _labels(drawn), near, int((~known).sum()), bool(known.any()))


def on_mainland(unit_ids: pd.Series) -> np.ndarray:
    """Tell which units lie in a département of the mainland (array of booleans).

    Parameters
    ----------
    unit_ids
        Of any level: `01`, `circonscription:01-04`, `01053`, `01053_0001`.
    """
    codes = unit_ids.astype("str").str.rpartition(":")[2].str[:2]
    overseas = unit_ids.astype("str").str.rpartition(":")[2].str[:3].str.match(r"97|98|ZZ|99")
    return (codes.isin([*outlines()]) & ~overseas).to_numpy(dtype=bool)


@cache
def outlines() -> dict[str, shapely.Geometry]:
    """Return the outline of each département of the mainland by code."""
    table = _table("departement_outlines.csv.gz")
    shapes = shapely.from_wkt(table["outline"].to_numpy())
    return dict(zip(table["code"], map(_area, shapes), strict=True))


def _area(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape without the lines and points of its drawing: maps leave out what has some."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    return shapely.multipolygons([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])


@cache
def points() -> pd.DataFrame:
    """Return `x`, `y` and `near` (beside the town of its postal code) of communes, by code."""
    table = _table("commune_points.csv.gz").set_index("code")
    return table.astype({"x": float, "y": float, "near": int}).astype({"near": bool})


def _table(name: str) -> pd.DataFrame:
    content = files("analysis.geography").joinpath(name).read_bytes()
    return pd.read_csv(BytesIO(content), compression="gzip", sep=";", skiprows=1, dtype=str)


@cache
def land() -> dict[str, shapely.Geometry]:
    """Return the parts of the land of the world, which consulates stand on."""
    table = _table("land_outlines.csv.gz")
    return dict(zip(table["code"], shapely.from_wkt(table["outline"].to_numpy()), strict=True))


def _around(departments: tuple[str, ...]) -> gpd.GeoDataFrame:
    shapes = land() if departments == (ABROAD,) else outlines()
    known = [
        code for code in (shapes if departments == (ABROAD,) else departments) if code in shapes
    ]
    return gpd.GeoDataFrame(
        {"level": pd.Series([COMMUNE] * len(known), dtype="str"), "code": known},
        geometry=[shapes[code] for code in known],
        crs=CRS,
    )


def _dots(
    table: pd.DataFrame, around: gpd.GeoDataFrame, joined: pd.Series | None
) -> tuple[np.ndarray, int]:
    """Return a dot for each commune that has a position, None for the others; and how many near."""
    codes = table["unit_id"].astype("str")
    abroad = codes.str.startswith(ABROAD)
    # Among others, consulates would make the map one of the world.
    at = _at(codes if abroad.all() else codes.mask(abroad, ""), joined)
    known = at["x"].notna().to_numpy()
    shapes = np.full(len(table), None, dtype=object)
    if not known.any():
        return shapes, 0
    place = at.loc[known, ["x", "y"]].reset_index(drop=True)
    shapes[known] = _sized(table[known], place, around, table["registered"].sum())
    return shapes, int((at.loc[known, "near"] == True).sum())  # noqa: E712 - of type object


def _at(codes: pd.Series, joined: pd.Series | None) -> pd.DataFrame:
    """Return where communes stand; what has no position, amid those it is joined with (`near`)."""
    at = points().reindex(codes).reset_index(drop=True)
    lost = at.index[at["x"].isna()]
    if joined is None or lost.empty:
        return at
    groups = joined.reindex(codes.to_numpy()[lost]).fillna("").to_numpy()
    known = points()[["x", "y"]]
    middle = known.groupby(joined.reindex(known.index).to_numpy()).mean().reindex(groups)
    n = pd.Series(groups).groupby(groups).cumcount().to_numpy()
    far = _BESIDE_M * np.sqrt(n + 0.5)
    at.loc[lost, "x"] = middle["x"].to_numpy() + far * np.cos(n * _GOLDEN)
    at.loc[lost, "y"] = middle["y"].to_numpy() + far * np.sin(n * _GOLDEN)
    at.loc[lost, "near"] = middle["x"].notna().to_numpy()
    return at


def _sized(
    table: pd.DataFrame, at: pd.DataFrame, around: gpd.GeoDataFrame, whole: float | None = None
) -> np.ndarray:
    """Return a dot for each unit at its place, as large as it has voters; None without a place."""
    shapes = np.full(len(table), None, dtype=object)
    known = at["x"].notna().to_numpy()
    if not known.any():
        return shapes
    spots = shapely.points(at.loc[known, "x"].to_numpy(), at.loc[known, "y"].to_numpy())
    west, south, east, north = _frame(spots, around)
    wide = max(east - west, north - south, 1_000.0)
    registered = table["registered"].to_numpy(dtype=float)
    per_person = _COVERED * wide**2 / np.pi / max(registered.sum() if whole is None else whole, 1.0)
    radius = np.maximum(np.sqrt(registered[known] * per_person), wide * _LEAST)
    shapes[known] = shapely.buffer(spots, radius, quad_segs=5)
    return shapes


def _spread_out(at: pd.DataFrame) -> pd.DataFrame:
    """Return places no two of which are one: those of one town lie in a spiral round it."""
    places = at.astype(float).reset_index(drop=True)
    n = places.groupby(["x", "y"]).cumcount().to_numpy()
    crowded = places.groupby(["x", "y"])["x"].transform("size").gt(1).to_numpy()
    turn, far = n * _GOLDEN, np.where(crowded, _APART_M * np.sqrt(n + 0.5), 0.0)
    return places.assign(x=places["x"] + far * np.cos(turn), y=places["y"] + far * np.sin(turn))


def _frame(shapes: np.ndarray, around: gpd.GeoDataFrame) -> np.ndarray:
    """Return west, south, east and north of what is on the ground; NaN where nothing is."""
    both = np.append(shapes, around.geometry.to_numpy())
    return shapely.total_bounds(both) if len(both) else np.full(4, np.nan)


def _rows(count: int, frame: np.ndarray) -> np.ndarray:
    """Return squares in rows: west of a frame, or on their own where there is none."""
    if np.isnan(frame).any():
        columns, cell, corner = int(np.ceil(np.sqrt(count))), _BUREAU_M, (0.0, 0.0)
    else:
        west, south, east, north = frame
        wide = max(east - west, north - south)
        cell = wide * _CELL
        # No more rows than the frame is high.
        high = max(int((north - south) / cell), 1)
        columns = max(int(np.ceil(count / high)), min(3, count))
        corner = (west - (columns + 0.5) * cell, north)
    n = np.arange(count)
    x, y = corner[0] + (n % columns) * cell, corner[1] - (n // columns) * cell
    side = cell * (1 - _GAP)
    return shapely.box(x, y - side, x + side, y)


def _labels(drawn: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    named = drawn[drawn["name"] != ""].head(_MOST_LABELS)
    return gpd.GeoDataFrame(
        # A constituency is called by its number, in any language: its map is full of them.
        {"text": named["name"].str.replace(_NUMBER, r"\1", regex=True), "level": COMMUNE},
        geometry=shapely.point_on_surface(named.geometry.to_numpy()),
        crs=CRS,
    )
