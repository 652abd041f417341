"""Streets of OpenStreetMap: extracts (.osm.pbf) and answers of the Overpass API (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer

from analysis.errors import DataError, Text
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.street_tables import MARGIN_M, as_lines, streets_of_place
from analysis.tables.sources import LeftOut, Report

LICENCE = Text("ODbL 1.0 (© OpenStreetMap contributors)")

# https://wiki.openstreetmap.org/wiki/Key:highway
_KINDS = {
    "motorway": "motorway",
    "trunk": "fast",
    **dict.fromkeys(("primary", "secondary"), "main"),
    **dict.fromkeys(
        ("tertiary", "residential", "unclassified", "living_street", "service", "road"), "street"
    ),
    **dict.fromkeys(
        ("pedestrian", "footway", "path", "track", "cycleway", "steps", "bridleway"), "path"
    ),
}
_WATER = ("river", "canal")
_CLOSED = ("no", "private", "use_sidepath")
_OPEN = ("yes", "designated", "permissive", "destination")
_ONE_WAY = ("yes", "true", "1", "-1")
_LEAST_POINTS = 2
_NO_STREET = Text("a way that is no street, or not built yet")
_CUT = Text("a way without its points")


def sniff_extract(glance: Glance) -> float:
    """Tell an extract by its name: its content is binary."""
    return SURE if glance.name.lower().endswith(".pbf") else NO


def sniff_overpass(glance: Glance) -> float:
    """Tell an answer of the Overpass API by its members."""
    ways = '"elements"' in glance.text and '"way"' in glance.text
    return SURE if ways and glance.suffix in {".json", ".geojson"} else NO


def read_overpass(
    path: Path | str, *, crs_metric: str, within: shapely.Geometry | None = None
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read streets and rivers from an answer of the Overpass API, `out geom` or with its nodes.

    Parameters
    ----------
    path
        JSON.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    within
        Outline of the place, metric; None keeps all.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.STREETS` table, and the report.

    Raises
    ------
    DataError
        When the file is no such answer, or holds no street of the place.
    """
    file = Path(path)
    try:
        elements = json.loads(file.read_text(encoding="utf-8"))["elements"]
        spots = {e["id"]: (e["lon"], e["lat"]) for e in elements if e["type"] == "node"}
        ways = [
            (str(e["id"]), e.get("tags", {}), _shape(e, spots))
            for e in elements
            if e["type"] == "way"
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "{file} is not an answer of the Overpass API, or is cut.",
            where="{file}: {error}",
            mend="Ask for ways with “out geom;” as JSON, and save the answer as it comes.",
            file=file.name,
            error=f"{type(error).__name__} {error}",
        ) from error
    return _table(file, iter(ways), crs_metric, within)


def _shape(way: Mapping[str, Any], spots: Mapping[int, tuple[float, float]]) -> list[Any]:
    if "geometry" in way:
        return [(point["lon"], point["lat"]) for point in way["geometry"] if point]
    return [spots[node] for node in way.get("nodes", []) if node in spots]


def read_extract(
    path: Path | str, *, crs_metric: str, within: shapely.Geometry | None = None
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read streets and rivers from an extract of OpenStreetMap.

    Parameters
    ----------
    path
        `.osm.pbf`, of the place or of a region: what is far off is not kept in memory.
    crs_metric, within
        As for `read_overpass`.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.STREETS` table, and the report.

    Raises
    ------
    DataError
        When the file is no extract, is cut, or holds no street of the place.
    """
    file = Path(path)
    try:
        return _table(file, _ways_in(file, _box(within, crs_metric)), crs_metric, within)
    # osmium raises RuntimeError for what it cannot open or read.
    except (RuntimeError, OSError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "{file} is not an extract of OpenStreetMap, or is cut.",
            where="{file}: {error}",
            mend="Download the .osm.pbf of the region again.",
            file=file.name,
            error=error,
        ) from error


def _box(within: shapely.Geometry | None, crs: str) -> tuple[float, float, float, float] | None:
    """Return the bounds of the place with its margin, in degrees."""
    if within is None:
        return None
    bounds = shapely.bounds(shapely.buffer(within, MARGIN_M))
    box = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform_bounds(*bounds)
    return tuple(float(x) for x in box)  # type: ignore[return-value]


def _ways_in(
    file: Path, box: tuple[float, float, float, float] | None
) -> Iterator[tuple[str, dict[str, str], list[Any]]]:
    # osmium is wanted for extracts alone.
    import osmium

    wanted = osmium.filter.KeyFilter("highway", "waterway")
    for way in osmium.FileProcessor(str(file)).with_locations().with_filter(wanted):
        if not isinstance(way, osmium.osm.Way):
            continue
        shape = [(n.lon, n.lat) for n in way.nodes if n.location.valid()]
        if box is None or any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for x, y in shape):
            yield str(way.id), {tag.k: tag.v for tag in way.tags}, shape


def _table(
    file: Path,
    ways: Iterator[tuple[str, Mapping[str, str], list[Any]]],
    crs: str,
    within: shapely.Geometry | None,
) -> tuple[gpd.GeoDataFrame, Report]:
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []
    no_street = cut = 0
    for number, tags, shape in ways:
        kind = _kind(tags)
        if kind and len(shape) >= _LEAST_POINTS:
            rows.append({"street_id": f"way/{number}", **_told(kind, tags)})
            shapes.append(np.asarray(shape, dtype=float))
        elif kind:
            cut += 1
        else:
            no_street += "highway" in tags
    told = (LeftOut(_NO_STREET, no_street), LeftOut(_CUT, cut))
    left_out = tuple(item for item in told if item.count)
    lines = as_lines(rows, shapes, crs)
    return streets_of_place(file, lines, within=within, licence=LICENCE, left_out=left_out)


def _kind(tags: Mapping[str, str]) -> str:
    """Return what a way is; "" for a building site, a square drawn as an area, a brook."""
    if tags.get("waterway") in _WATER:
        return "water"
    if tags.get("area") == "yes":
        return ""
    return _KINDS.get(tags.get("highway", "").removesuffix("_link"), "")


def _told(kind: str, tags: Mapping[str, str]) -> dict[str, Any]:
    foot, access = tags.get("foot", ""), tags.get("access", "")
    closed = foot in _CLOSED or (access in _CLOSED and foot not in _OPEN)
    return {
        "name": tags.get("name", ""),
        "kind": kind,
        "walkable": kind not in ("motorway", "water") and not closed,
        "one_way": tags.get("oneway", "") in _ONE_WAY,
    }
