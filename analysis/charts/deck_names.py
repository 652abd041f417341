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


def text_layer(
    rows: pd.DataFrame, name: str, *, size: int, colour: Sequence[int], paper: bool = True
) -> pydeck.Layer:
    """Return a layer of texts.

    Parameters
    ----------
    rows
        `at` (longitude, latitude), `text`, `angle` in degrees; the most important first.
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
    sparse = {
        "extensions": [{"@@type": "CollisionFilterExtension"}],
        "collision_enabled": True,
        "collision_group": pydeck.types.String("names"),
        "collision_test_props": {"sizeScale": _ROOM_ROUND},
        "get_collision_priority": "priority",
        # Half covered, a label is drawn half transparent: it is rather left out.
        "_sub_layer_props": {"characters": {"alphaCutoff": _LEAST_ALPHA}},
    }
    return pydeck.Layer(
        "TextLayer",
        rows.assign(priority=np.linspace(_MOST_PRIORITY, 0, len(rows))) if paper else rows,
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
        **(sparse if paper else {}),
    )
