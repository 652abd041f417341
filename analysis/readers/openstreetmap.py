"""Streets of OpenStreetMap: extracts (.osm.pbf) and answers of the Overpass API (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from analysis.errors import DataError, Text
from analysis.geography.transformer import transformer
from analysis.readers.beginnings import encoding_of
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.packed import opened
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
_BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError)
_GENERATOR = "Overpass API"
_START, _SHOWN = 1 << 12, 120
_NO_STREET = Text("a way that is no street, or not built yet")
_CUT = Text("a way without its points")


def sniff_extract(glance: Glance) -> float:
    """Tell an extract by its name, for its content is binary, or by its first tag."""
    named = glance.name.lower().endswith(".pbf")
    return SURE if named or (glance.suffix == ".osm" and "<osm" in glance.text) else NO


def sniff_overpass(glance: Glance) -> float:
    """Tell an answer of the Overpass API by its members."""
    if not glance.text.lstrip().startswith("{"):
        return NO
    answer = '"elements"' in glance.text and ('"way"' in glance.text or _GENERATOR in glance.text)
    lines = '"LineString"' in glance.text and '"highway"' in glance.text
    return SURE if answer or (lines and "@id" in glance.text) else NO


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
    told = _told_by(file)
    ways = list(_lines_of(told) if "features" in told else _ways_of(told))
    if not ways:
        raise DataError(
            "No street of this file can be read: it holds no way.",
            where="{file}: {n} element(s)",
            mend="Ask for ways of the place with “way[highway]”, “out geom;” and JSON, and save "
            "the answer as it comes.",
            file=file.name,
            n=len(told.get("elements") or told.get("features") or ()),
        )
    return _table(file, iter(ways), crs_metric, within)


def _told_by(file: Path) -> dict[str, Any]:
    """Return an answer of Overpass, or what overpass-turbo made of one, if it is whole.

    Raises
    ------
    DataError
        When it is neither, is cut, or says that it ran out of time or memory.
    """
    try:
        with opened(file) as stream:
            content = stream.read()
        refuse_mistaken(file.name, content[:_START])
        told = json.loads(content.decode(encoding_of(content[:_START])))
        list(told.get("features") or told["elements"])
    except (*_BROKEN, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "{file} is not an answer of the Overpass API, or is cut.",
            where="{file}: {error}",
            mend="Ask for ways with “out geom;” as JSON, and save the answer as it comes.",
            file=file.name,
            error=f"{type(error).__name__} {error}",
        ) from error
    if "error" in (remark := str(told.get("remark", ""))):
        raise DataError(
            "{file} is not whole: the Overpass API gave up before its end.",
            where="{file}: {remark}",
            mend="Ask again later, for a smaller place or with a longer [timeout:…].",
            file=file.name,
            remark=remark[:_SHOWN],
        )
    result: dict[str, Any] = told
    return result


def _ways_of(told: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """Give number, tags and points of each way; what is broken in one is its own loss."""
    elements = [e for e in told["elements"] if isinstance(e, dict)]
    spots = {e.get("id"): _point(e) for e in elements if e.get("type") == "node"}
    for number, way in enumerate(elements, start=1):
        if way.get("type") == "way":
            shape = way.get("geometry") or ()
            points = [_point(p) for p in shape] or [spots.get(n) for n in way.get("nodes") or ()]
            name = str(way.get("id", f"n{number}"))
            yield name, way.get("tags") or {}, [p for p in points if p]


def _lines_of(told: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """Give number, tags and points of each line that overpass-turbo exported as GeoJSON."""
    for number, feature in enumerate(told["features"], start=1):
        drawn = feature.get("geometry") or {}
        if drawn.get("type") == "LineString":
            tags = feature.get("properties") or {}
            name = str(tags.get("@id") or feature.get("id") or f"n{number}").removeprefix("way/")
            points = [_point({"lon": p[0], "lat": p[1]}) for p in drawn["coordinates"]]
            yield name, tags, [p for p in points if p]


def _point(told: object) -> tuple[float, float] | None:
    """Return a place on the earth; None for none."""
    try:
        lon, lat = float(told["lon"]), float(told["lat"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) < 90 else None  # noqa: PLR2004


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
    _refuse_others(file)
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


def _refuse_others(file: Path) -> None:
    """Refuse what is neither an extract nor an answer, by what it is where that is known.

    Raises
    ------
    DataError
        When it is none.
    """
    if not file.is_file():
        return
    with file.open("rb") as stream:
        start = stream.read(_START)
    refuse_mistaken(file.name, start)
    if b"OSMHeader" not in start and b"<osm" not in start and file.suffix.lower() != ".pbf":
        raise DataError(
            "{file} is no file of streets that is read here.",
            where="{file}: begins with “{first}”",
            mend="Give an extract of OpenStreetMap (.osm.pbf), an answer of the Overpass API "
            "(JSON), or troncon_de_route of BD TOPO.",
            file=file.name,
            first=start[:_SHOWN].decode("utf-8", errors="replace").strip(),
        )


def _box(within: shapely.Geometry | None, crs: str) -> tuple[float, float, float, float] | None:
    """Return the bounds of the place with its margin, in degrees."""
    if within is None:
        return None
    bounds = shapely.bounds(shapely.buffer(within, MARGIN_M))
    box = transformer(crs, "OGC:CRS84").transform_bounds(*bounds)
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
        "name": str(tags.get("name") or ""),
        "kind": kind,
        "walkable": kind not in ("motorway", "water") and not closed,
        "one_way": tags.get("oneway", "") in _ONE_WAY,
    }
