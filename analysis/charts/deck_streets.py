"""The streets under a map of turfs, and their names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import copy
from dataclasses import astuple, dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pydeck
import shapely

from analysis.charts.deck_names import WGS84, closer_names, street_names
from analysis.charts.map_ground import STYLES, WATER, in_window, merged_streets
from analysis.charts.names_apart import NamesApart
from analysis.tables.lately import Lately

_AROUND_M = 150.0
# A name wants a street of this length, where one turf is in view.
_NAMED_M = 70.0
_STREET_GREY = "#b0b4b8"
_FAINT = 0.25
# A map is asked for at each click on its page, and its streets stay as they are.
_LATELY: Lately[list[pydeck.Layer]] = Lately(8)


@dataclass(frozen=True)
class Look:
    """How a map opens.

    Attributes
    ----------
    pixel_m
        Metres of a pixel.
    one_turf, address
        Whether the walk of one turf is in view, or an address that was looked for: smaller
        streets have their names too.
    images
        Whether images lie under it: streets are faint then, all there is should they stay away.
    """

    pixel_m: float
    one_turf: bool
    address: bool
    images: bool


def rgb(colour: str, alpha: int = 255) -> list[int]:
    """Return red, green, blue and opacity of "#rrggbb"."""
    return [*(int(colour[n : n + 2], 16) for n in (1, 3, 5)), alpha]


def paths(lines: gpd.GeoSeries) -> list[list[list[float]]]:
    """Return the parts of lines as longitudes and latitudes."""
    return [
        np.round(shapely.get_coordinates(part), 6).tolist()
        for part in shapely.get_parts(lines.to_crs(WGS84).to_numpy())
    ]


def told_of(stops: gpd.GeoDataFrame) -> bytes:
    """Return a digest of some stops: the same where turfs and points are the same."""
    told = hashlib.sha256(shapely.get_coordinates(stops.geometry.to_numpy()).tobytes())
    told.update("\0".join(stops["turf_id"].astype("str")).encode())
    return told.digest()


def street_layers(
    streets: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    look: Look,
    written: Callable[[], NamesApart],
) -> list[pydeck.Layer]:
    """Return the streets round the turfs, and the names of the longer ones of a close look.

    Parameters
    ----------
    streets
        A `schema.STREETS` table; may be empty.
    stops
        `turf_id` and points, in the same CRS.
    look
        How the map opens.
    written
        Gives what stands on the map before any street is named, which these stops and this look
        decide.

    Returns
    -------
    list of pydeck.Layer
        Drawn first; whoever calls may change them.
    """
    if streets.empty:
        return []
    seen = in_window(streets, stops.total_bounds, around_m=_AROUND_M)
    key = _key(seen, stops, look)
    return [copy(layer) for layer in _LATELY.get(key, lambda: _layers(seen, look, written()))]


def _key(seen: gpd.GeoDataFrame, stops: gpd.GeoDataFrame, look: Look) -> bytes:
    """Name all that the layers depend on."""
    told = hashlib.sha256(repr((str(seen.crs), astuple(look))).encode() + told_of(stops))
    told.update(b"".join(shapely.to_wkb(seen.geometry.to_numpy())))
    told.update(seen["length_m"].to_numpy(dtype=float).tobytes())
    for name in ("name", "kind"):
        told.update("\0".join(seen[name].astype("str")).encode())
    return told.digest()


def _layers(seen: gpd.GeoDataFrame, look: Look, written: NamesApart) -> list[pydeck.Layer]:
    merged = merged_streets(seen)
    if merged.empty:
        return []
    merged = merged.explode(ignore_index=True)
    rows = pd.DataFrame(
        {
            "path": paths(merged.geometry),
            "width": merged["kind"].map({kind: style.width_m for kind, style in STYLES.items()}),
            "colour": [rgb(WATER if kind == "water" else _STREET_GREY) for kind in merged["kind"]],
        }
    )
    ways = pydeck.Layer(
        "PathLayer",
        rows,
        id="streets",
        get_path="path",
        get_width="width",
        get_color="colour",
        width_min_pixels=1,
        width_max_pixels=9,
        opacity=_FAINT if look.images else 0.55,
        cap_rounded=True,
    )
    told = merged[merged["name"] != ""].sort_values("kind")
    named = told[told.length > _NAMED_M]
    if not (look.one_turf or look.address):
        named = named[named["kind"] == "main"]
    named = named.drop_duplicates("name")
    first = street_names(named, look.pixel_m, written) if len(named) else None
    again = closer_names(told, first, look.pixel_m) if len(told) else []
    return [ways, *again, *([first] if first else [])]
