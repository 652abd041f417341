"""Texts on maps of pydeck: numbers of turfs and stops, names along streets."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pydeck
import shapely

from analysis.charts.names_apart import NamesApart, places_along

WGS84 = "OGC:CRS84"
# A label is hidden where its middle is covered: by twice the other, so that no two touch.
_ROOM_ROUND, _MOST_PRIORITY, _LEAST_ALPHA = 2.2, 1000, 0.4
# Pixels that a letter of a street's name is high, and how wide it is of that.
NAME_PX, _LETTER = 12, 0.6
_GREY = (60, 60, 60)
# A name comes again after so many metres, but so many times in all; which way its street runs
# there is seen this far on either side.
_AGAIN_M, _AGAIN_MOST, _RUN_M = 40.0, 2500, 10.0
# No middle of another comes this near: no two cross, and a name does not come again at once.
_ROOM_PX = 90
_AGAIN = ("room", "closer_names")
# What a wide screen shows round a turf brought near: so much, and more of one that is large.
_SEEN_M, _SEEN_TIMES = 600.0, 2.0
# A closer look by this factor shows names whole that the map opens without.
_GROW = 6.0


def street_names(named: gpd.GeoDataFrame, pixel_m: float, written: NamesApart) -> pydeck.Layer:
    """Return the names of streets, each where it does not run through what is written before it.

    Parameters
    ----------
    named
        `name`, lines in a metric CRS, the most important first.
    pixel_m
        Metres of a pixel as the map opens.
    written
        What the map shows already, in the same CRS; names are `NAME_PX` pixels high.

    Returns
    -------
    pydeck.Layer
        `names`; it may be empty.
    """
    rows = []
    for line, name in zip(named.geometry, named["name"], strict=True):
        wide = _LETTER * NAME_PX * len(name) * pixel_m
        for at, angle in places_along(line, wide):
            if written.take(at, angle, wide):
                rows.append({"point": shapely.Point(at), "text": name, "angle": angle})
                break
    if not rows:
        return text_layer(
            pd.DataFrame(columns=["at", "text", "angle"]), "names", size=NAME_PX, colour=_GREY
        )
    places = gpd.GeoSeries([row.pop("point") for row in rows], crs=named.crs).to_crs(WGS84)
    table = pd.DataFrame(rows).assign(at=[[round(p.x, 6), round(p.y, 6)] for p in places])
    return text_layer(table, "names", size=NAME_PX, colour=_GREY)


def closer_names(
    streets: gpd.GeoDataFrame, first: pydeck.Layer | None, pixel_m: float
) -> list[pydeck.Layer]:
    """Return names again and again along their streets: a closer look has room for them.

    Parameters
    ----------
    streets
        `name`, lines in a metric CRS, the most important first.
    first
        The names the map opens with: nothing comes so near that it would run through them.
    pixel_m
        Metres that a pixel of the map stands for when it opens: there they are too small to be
        seen, and they grow with a closer look until they are as high as the others.

    Returns
    -------
    list of pydeck.Layer
        `room` round each, unseen, and `closer_names`; whatever else is written goes before them.
    """
    long = streets.length.to_numpy()
    every = max(_AGAIN_M, float(long.sum()) / _AGAIN_MOST)
    times = np.ceil(long / every).astype(int)
    street = np.repeat(np.arange(len(streets)), times)
    nth = np.arange(len(street)) - np.repeat(np.cumsum(times) - times, times)
    # The middle of each piece; those half way along their street go first.
    share = (nth + 0.5) / times[street]
    lines = streets.geometry.to_numpy()[street]
    along = share * long[street]
    ends = [
        shapely.get_coordinates(shapely.line_interpolate_point(lines, np.clip(at, 0, long[street])))
        for at in (along - _RUN_M, along + _RUN_M)
    ]
    run = ends[1] - ends[0]
    places = gpd.GeoSeries(shapely.line_interpolate_point(lines, along), crs=streets.crs)
    degrees = shapely.get_coordinates(places.to_crs(WGS84).to_numpy()).round(6)
    table = pd.DataFrame(
        {
            "at": degrees.tolist(),
            "text": streets["name"].to_numpy()[street],
            "angle": (np.degrees(np.arctan2(run[:, 1], run[:, 0])) + 90) % 180 - 90,
        }
    )
    table = table.iloc[np.lexsort((street, np.abs(share - 0.5).round(2)))[:_AGAIN_MOST]]
    # What is hidden keeps others away as well: those of the opening stand here too, unseen.
    before = pd.DataFrame(first.data if first else [], columns=list(table))
    table = pd.concat([before, table], ignore_index=True) if len(before) else table
    # A name is longer than high: it would keep those that cross it away at its ends alone.
    order = np.linspace(-1, -_MOST_PRIORITY, 2 * len(table))
    table["priority"] = order[::2]
    unseen, written = _AGAIN
    room = pydeck.Layer(
        "ScatterplotLayer",
        table[["at"]].assign(priority=order[1::2]),
        id=unseen,
        get_position="at",
        get_fill_color=[255, 255, 255, 1],
        radius_min_pixels=_ROOM_PX,
        radius_max_pixels=_ROOM_PX,
        **_apart(),
    )
    names = text_layer(table, written, size=NAME_PX, colour=_GREY)
    names.collision_test_props = {"sizeScale": 1.0}
    names.size_units, names.size_max_pixels = pydeck.types.String("meters"), NAME_PX
    names.get_size = NAME_PX * pixel_m / _GROW
    return [room, names]


def leave_names_near(layers: Sequence[pydeck.Layer], stops: gpd.GeoDataFrame) -> None:
    """Take away the names of `closer_names` that are out of sight where a map shows these stops.

    Each press draws all of them again: without a graphics card 2,500 names took seconds.

    Parameters
    ----------
    layers
        Of a map; `room` and `closer_names` among them are changed.
    stops
        Points of the turf in view, in a metric CRS.
    """
    west, south, east, north = stops.total_bounds
    around = max(_SEEN_M, _SEEN_TIMES * max(east - west, north - south))
    window = shapely.box(west - around, south - around, east + around, north + around)
    left, low, right, high = gpd.GeoSeries([window], crs=stops.crs).to_crs(WGS84).total_bounds
    for layer in layers:
        if layer.id in _AGAIN:
            layer.data = [
                row
                for row in layer.data
                if left <= row["at"][0] <= right and low <= row["at"][1] <= high
            ]


def _apart() -> dict[str, object]:
    """Return what hides an object whose middle is covered by another."""
    return {
        "extensions": [{"@@type": "CollisionFilterExtension"}],
        "collision_enabled": True,
        "collision_group": pydeck.types.String("names"),
        "collision_test_props": {"sizeScale": _ROOM_ROUND},
        "get_collision_priority": "priority",
    }


def text_layer(
    rows: pd.DataFrame,
    name: str,
    *,
    size: int,
    colour: Sequence[int],
    paper: bool = True,
) -> pydeck.Layer:
    """Return a layer of texts.

    Parameters
    ----------
    rows
        `at` (longitude, latitude), `text`, `angle` in degrees; the most important first, unless
        `priority` says otherwise.
    name
        Of the layer.
    size
        Of the letters, pixels.
    colour
        Red, green, blue.
    paper
        Whether each stands on a white ground, and waits for a closer look where it has no room.

    Returns
    -------
    pydeck.Layer
        Of this name.
    """
    # Those that would cover one another wait for a closer look, the first of the table last.
    # Half covered, a label is drawn half transparent: it is rather left out.
    cut = {"_sub_layer_props": {"characters": {"alphaCutoff": _LEAST_ALPHA}}}
    if paper and "priority" not in rows:
        rows = rows.assign(priority=np.linspace(_MOST_PRIORITY, 0, len(rows)))
    return pydeck.Layer(
        "TextLayer",
        rows,
        id=name,
        get_position="at",
        get_text="text",
        get_size=size,
        get_angle="angle",
        get_color=list(colour),
        character_set=pydeck.types.String("auto"),
        font_family=pydeck.types.String("sans-serif"),
        font_weight=600,
        background=paper,
        get_background_color=[255, 255, 255, 200],
        **(_apart() | cut if paper else {}),
    )
