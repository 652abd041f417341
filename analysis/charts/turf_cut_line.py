"""Where a turf is to be cut, drawn by two clicks on its map."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pydeck

WGS84 = "OGC:CRS84"
# A click is taken anywhere round a turf: spots so many to a side, each this much wider than the
# space between them, so that none is left out.
_SPOTS, _WIDER, _AROUND_M = 70, 0.75, 40.0
_DRAWN = (0, 0, 0)
_BEYOND = 3.0


def cut_layers(
    stops: gpd.GeoDataFrame, clicks: Sequence[tuple[float, float]]
) -> list[pydeck.Layer]:
    """Return what is laid over a map of turfs while one is being cut.

    Parameters
    ----------
    stops
        Points of the turf, in a metric CRS.
    clicks
        Latitude and longitude of the points clicked so far; two are a line.

    Returns
    -------
    list of pydeck.Layer
        `line` and `ends` where something was clicked, and over them `spots`, unseen: an object of
        it that is picked has the `latitude` and `longitude` of where the click was.
    """
    layers = []
    if clicks:
        at = [[longitude, latitude] for latitude, longitude in clicks]
        if len(clicks) > 1:
            layers.append(_line(at))
        layers.append(
            pydeck.Layer(
                "ScatterplotLayer",
                pd.DataFrame({"at": at}),
                id="ends",
                get_position="at",
                get_fill_color=list(_DRAWN),
                radius_min_pixels=5,
                radius_max_pixels=5,
            )
        )
    return [*layers, _spots(stops)]


def _line(at: list[list[float]]) -> pydeck.Layer:
    # The cut goes on beyond the points: what is drawn says so.
    one, other = np.array(at[0]), np.array(at[1])
    run = (other - one) * (_BEYOND - 1) / 2
    return pydeck.Layer(
        "PathLayer",
        pd.DataFrame({"path": [[(one - run).tolist(), (other + run).tolist()]]}),
        id="line",
        get_path="path",
        get_color=list(_DRAWN),
        width_min_pixels=3,
        width_max_pixels=3,
    )


def _spots(stops: gpd.GeoDataFrame) -> pydeck.Layer:
    west, south, east, north = stops.total_bounds
    x = np.linspace(west - _AROUND_M, east + _AROUND_M, _SPOTS)
    y = np.linspace(south - _AROUND_M, north + _AROUND_M, _SPOTS)
    across, up = np.meshgrid(x, y)
    at = gpd.GeoSeries(gpd.points_from_xy(across.ravel(), up.ravel()), crs=stops.crs).to_crs(WGS84)
    rows = pd.DataFrame({"longitude": at.x.round(6), "latitude": at.y.round(6), "cut": 1})
    # What the tooltip of the map says.
    rows = rows.assign(turf_id=str(stops["turf_id"].iloc[0]), label="")
    return pydeck.Layer(
        "ScatterplotLayer",
        rows,
        id="spots",
        get_position=["longitude", "latitude"],
        get_radius=float(_WIDER * max(x[1] - x[0], y[1] - y[0])),
        # Nearly nothing is drawn, and all of it can be clicked.
        get_fill_color=[0, 0, 0, 1],
        pickable=True,
    )
