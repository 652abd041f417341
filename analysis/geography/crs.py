"""The one table of metric coordinate systems: in which one a territory is measured."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
from pyproj import CRS
from pyproj.exceptions import CRSError

from analysis.errors import DataError

MAINLAND = "EPSG:2154"  # RGF93 / Lambert-93
# What Lambert-93 numbers are in, mainland and Corsica, metres: Lambert II, the nine zones of
# 50 km (CC42 to CC50) and UTM have others there.
_LAMBERT = ((90e3, 6.04e6, 1.11e6, 7.12e6), (1.15e6, 6.03e6, 1.25e6, 6.25e6))
# The legal systems overseas (décret 2000-1276 as amended), by the INSEE prefix of a commune.
_OVERSEAS = {
    "971": "EPSG:5490",  # Guadeloupe: RGAF09 / UTM 20N
    "972": "EPSG:5490",  # Martinique
    "973": "EPSG:2972",  # Guyane: RGFG95 / UTM 22N
    "974": "EPSG:2975",  # La Réunion: RGR92 / UTM 40S
    "975": "EPSG:4467",  # Saint-Pierre-et-Miquelon: RGSPM06 / UTM 21N
    "976": "EPSG:4471",  # Mayotte: RGM04 / UTM 38S
    "977": "EPSG:5490",  # Saint-Barthélemy
    "978": "EPSG:5490",  # Saint-Martin
    "986": "EPSG:8903",  # Wallis-et-Futuna: RGWF96 / UTM 1S
    "987": "EPSG:3297",  # Polynésie française: RGPF / UTM 6S, the zone of Tahiti
    "988": "EPSG:3163",  # Nouvelle-Calédonie: RGNC91-93 / Lambert
}


def metric_crs(code: str) -> str:
    """Return the metric CRS of a French commune or département.

    Parameters
    ----------
    code
        INSEE code: `75056`, `2A004`, `97105`, or a département: `75`, `2A`, `971`.

    Raises
    ------
    DataError
        When the code is of no French territory.
    """
    code = code.strip().upper()
    if code[:3] in _OVERSEAS:
        return _OVERSEAS[code[:3]]
    department = code[:2]
    if department in {"2A", "2B"} or (department.isdecimal() and 1 <= int(department) <= 95):
        return MAINLAND
    raise DataError(
        "No metric coordinate system is known for “{code}”.",
        where="codes: 01 to 95, 2A, 2B and {overseas}",
        mend="Give a French INSEE code; abroad, name the CRS in the column map "
        "(docs/any_terrain.md).",
        code=code,
        overseas=", ".join(_OVERSEAS),
    )


def is_lambert(bounds: Sequence[float]) -> bool:
    """Tell whether coordinates without a name must be Lambert-93, were they of mainland France.

    Parameters
    ----------
    bounds
        West, south, east, north of all of them.
    """
    west, south, east, north = bounds
    return any(
        west >= box[0] and south >= box[1] and east <= box[2] and north <= box[3]
        for box in _LAMBERT
    )


def utm_crs(shapes: gpd.GeoDataFrame | gpd.GeoSeries) -> str:
    """Return the WGS 84 / UTM zone that `shapes` lie in, for a terrain outside France.

    Raises
    ------
    DataError
        When there are no shapes or their own CRS is unknown.
    """
    try:
        return f"EPSG:{shapes.estimate_utm_crs().to_epsg()}"
    except (RuntimeError, ValueError, CRSError) as error:
        raise DataError(
            "The UTM zone of these shapes cannot be told.",
            where="{error}",
            mend="Give shapes with a known CRS, or name the metric CRS yourself.",
            error=str(error).splitlines()[0],
        ) from error


def checked_metric(crs: str) -> CRS:
    """Return a CRS after making sure that it exists and measures in metres.

    Raises
    ------
    DataError
        When the CRS is unknown, or in degrees or feet.
    """
    try:
        known = CRS.from_user_input(crs)
    except CRSError as error:
        raise DataError(
            "“{crs}” is no known coordinate system.",
            mend="Write an EPSG code, such as EPSG:2154 for mainland France.",
            crs=crs,
        ) from error
    units = {axis.unit_name for axis in known.axis_info}
    if not known.is_projected or not units <= {"metre", "meter"}:
        raise DataError(
            "“{crs}” ({name}) does not measure in metres.",
            mend="Choose a projected system in metres: EPSG:2154 in mainland France, "
            "or the UTM zone of the terrain.",
            crs=crs,
            name=known.name,
        )
    return known
