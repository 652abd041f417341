"""The coordinate system of a file of shapes: named by it, by the user, or by where its place is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from analysis.errors import DataError, Text
from analysis.geography import level_shapes
from analysis.geography.crs import MAINLAND, checked_metric, is_lambert
from analysis.geography.transformer import transformer

ASSUMED_LAMBERT = Text(
    "the file names no coordinate system, or degrees that its coordinates are not: read as metres "
    "of Lambert-93 (EPSG:2154), in whose range they lie; were they not, write its system into it "
    "(.prj; in GeoJSON the member crs)"
)
ASSUMED_DEGREES = Text(
    "the file names no coordinate system: read as longitude and latitude, with which it lies in "
    "this place"
)
_ASSUMED = CRS("EPSG:4326")
_START, _END = 4096, 1 << 16
_CRS_MEMBER = re.compile(r'"crs"\s*:\s*(\{(?:[^{}]|\{[^{}]*\})*\})')
# What French files are in: Lambert-93, the nine zones of 50 km, Lambert II, maps of the web, UTM.
_MAINLAND = (
    *(MAINLAND, "EPSG:3857", "EPSG:27572", *(f"EPSG:{code}" for code in range(3942, 3951))),
    *("EPSG:32630", "EPSG:32631", "EPSG:32632"),
)
# So far from the middle of its commune lies no bureau.
_NEAR_M = 30_000.0
_M_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Expected:
    """Where shapes should lie.

    Attributes
    ----------
    metric
        Legal metric CRS of a French place; "" abroad.
    communes
        Codes of its communes, as far as they are known.
    """

    metric: str = ""
    communes: tuple[str, ...] = ()


def with_crs(
    raw: gpd.GeoDataFrame, crs: str, path: Path, expected: Expected
) -> tuple[gpd.GeoDataFrame, list[Text]]:
    """Return shapes with the CRS that they are in, and what had to be guessed.

    Parameters
    ----------
    raw
        As the file has them.
    crs
        What the user says; "" to trust the file.
    path
        The file, whose members may name a CRS that GDAL does not know.
    expected
        Where they should lie: metres without a name can be told by it.

    Returns
    -------
    tuple
        The shapes, and notes.

    Raises
    ------
    DataError
        When the CRS is not known.
    """
    notes: list[Text] = []
    known = _named(raw, crs, path)
    if known is None and in_degrees(raw) and _is_topojson(path):
        # The format has no place for a CRS.
        known = _ASSUMED
    if known is None and in_degrees(raw) and _lie_there(raw, expected):
        known = _ASSUMED
        notes.append(ASSUMED_DEGREES)
    lost = known is None or (known.is_geographic and not in_degrees(raw))
    if lost and not crs and expected.metric:
        told = system_by_place(raw.total_bounds, expected)
        if told in ("", MAINLAND) and expected.metric == MAINLAND and is_lambert(raw.total_bounds):
            known = CRS(MAINLAND)
            notes.append(ASSUMED_LAMBERT)
        elif told:
            known = CRS(told)
            notes.append(_assumed(known))
    shapes = raw.set_crs(_sure(known, raw, path, expected.metric), allow_override=True)
    if shapes.crs.is_projected and in_degrees(shapes):
        notes.append(
            Text(
                "the file says {crs}, but its coordinates are degrees: read as longitude and "
                "latitude",
                crs=shapes.crs.to_string(),
            )
        )
        shapes = shapes.set_crs(_ASSUMED, allow_override=True)
    if shapes.crs.is_geographic and _is_turned(shapes, expected):
        notes.append(Text("latitude stands before longitude: read the other way round"))
        turned = shapely.transform(shapes.geometry.to_numpy(), lambda at: at[:, ::-1])
        shapes = shapes.set_geometry(turned, crs=shapes.crs)
    return shapes, notes


def in_degrees(shapes: gpd.GeoDataFrame) -> bool:
    """Tell whether coordinates are degrees; within 180 m of a false origin lies no place."""
    west, south, east, north = shapes.total_bounds
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _assumed(system: CRS) -> Text:
    return Text(
        "the file names no coordinate system, or degrees that its coordinates are not: read as "
        "metres of {system} ({crs}), the only one in which they lie in this place; were they not, "
        "write its system into it (.prj; in GeoJSON the member crs)",
        system=system.name,
        crs=system.to_string(),
    )


def _named(raw: gpd.GeoDataFrame, crs: str, path: Path) -> CRS | None:
    """Return the CRS that user or file name; None where neither does."""
    try:
        # GDAL takes WGS 84 for whatever it does not know, and says nothing.
        if crs := crs or (_declared(path) if raw.crs == _ASSUMED else ""):
            return CRS.from_user_input(crs)
    except CRSError as error:
        raise DataError(
            "“{crs}” is no known coordinate system.",
            where="{file}",
            mend="Write an EPSG code, such as EPSG:2154 or EPSG:4326; take the member crs out of "
            "a GeoJSON in WGS 84.",
            crs=crs,
            file=path.name,
        ) from error
    return raw.crs


def _sure(known: CRS | None, raw: gpd.GeoDataFrame, path: Path, metric: str) -> CRS:
    """Return a CRS that fits; raise where there is none."""
    west, south, east, north = raw.total_bounds
    corners = Text(
        "coordinates from {west:.6g}, {south:.6g} to {east:.6g}, {north:.6g}",
        west=west,
        south=south,
        east=east,
        north=north,
    )
    if known is None:
        raise DataError(
            "{file} does not say in which coordinate system it is.",
            where="{corners}",
            mend="Put its .prj file beside it (into the same zip), or export it in WGS 84; a "
            "column map names it with crs under [geometry]. The official system of this place is "
            "{system}."
            if metric
            else "Put its .prj file beside it (into the same zip), or export it in WGS 84; a "
            "column map names it with crs under [geometry].",
            system=checked_metric(metric).name if metric else "",
            file=path.name,
            corners=corners,
        )
    if known.is_geographic and not in_degrees(raw):
        raise DataError(
            "{file} says it is in degrees, but its coordinates are not.",
            where="{file}: {corners}",
            mend="It is probably in metres ({system}): export it in WGS 84, or write its system "
            "into it (.prj; in GeoJSON the member crs).",
            system=checked_metric(metric).name if metric else "Lambert-93",
            file=path.name,
            corners=corners,
        )
    return known


def _is_topojson(path: Path) -> bool:
    with path.open("rb") as file:
        return b'"Topology"' in file.read(_START)


def _declared(path: Path) -> str:
    """Return the CRS that a GeoJSON names in its member `crs`; empty where it names none."""
    with path.open("rb") as file:
        if not file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return ""
        # Members of the collection stand before its features or after them.
        file.seek(0)
        ends = file.read(_END)
        file.seek(max(path.stat().st_size - _END, len(ends)))
        ends += file.read()
    found = _CRS_MEMBER.search(ends.decode("utf-8", errors="replace"))
    if not found:
        return ""
    try:
        member = json.loads(found[1])
    except (ValueError, RecursionError):
        return found[1]
    told = member.get("properties")
    return str(told.get("name") or told) if isinstance(told, dict) else found[1]


def system_by_place(bounds: Sequence[float], expected: Expected) -> str:
    """Return the one system in which shapes lie where their communes do; "" for none or several.

    Parameters
    ----------
    bounds
        West, south, east, north of the shapes, in metres of whatever system.
    expected
        Where they should lie.

    Returns
    -------
    str
        Such as EPSG:3950.
    """
    middles = _middles(expected)
    if middles.empty:
        return ""
    west, south, east, north = bounds
    middle = (west + east) / 2, (south + north) / 2
    systems = _MAINLAND if expected.metric == MAINLAND else (expected.metric, "EPSG:3857")
    found = [system for system in systems if _apart_m(system, middle, middles) < _NEAR_M]
    return found[0] if len(found) == 1 else ""


def _middles(expected: Expected) -> gpd.GeoSeries:
    """Return the middles of the communes expected, in degrees."""
    return _middles_of(frozenset(expected.communes))


# Each file of a place asks for the same.
@lru_cache(8)
def _middles_of(communes: frozenset[str]) -> gpd.GeoSeries:
    known = level_shapes.points()[["x", "y"]].reindex(sorted(communes)).dropna()
    return gpd.GeoSeries.from_xy(known["x"], known["y"], crs=level_shapes.CRS).to_crs(4326)


def _lie_there(shapes: gpd.GeoDataFrame, expected: Expected) -> bool:
    """Tell whether degrees lie in their place, in either order."""
    if not expected.metric or (middles := _middles(expected)).empty:
        return False
    west, south, east, north = shapes.total_bounds
    at = (west + east) / 2, (south + north) / 2
    return any(_apart_m("EPSG:4326", one, middles) < _NEAR_M for one in (at, at[::-1]))


def _is_turned(shapes: gpd.GeoDataFrame, expected: Expected) -> bool:
    """Tell whether degrees lie in their place only the other way round, as some servers send."""
    if not expected.metric or (middles := _middles(expected)).empty:
        return False
    west, south, east, north = shapes.total_bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    there, turned = (_apart_m("EPSG:4326", at, middles) for at in ((lon, lat), (lat, lon)))
    return turned < _NEAR_M < there


def _apart_m(system: str, at: tuple[float, float], middles: gpd.GeoSeries) -> float:
    """Return how far a point in a system lies from the nearest of some middles, in metres."""
    to_degrees = transformer(system, "EPSG:4326").transform
    lon, lat = to_degrees(*at)
    if not np.isfinite([lon, lat]).all():
        return np.inf
    east = (middles.x.to_numpy() - lon) * np.cos(np.radians(lat))
    return float(np.hypot(east, middles.y.to_numpy() - lat).min() * _M_PER_DEGREE)
