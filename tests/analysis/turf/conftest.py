"""Streets and addresses made by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.turf.graph import _graph, graph_of
from tests.made import SOUTH, WEST

CRS = "EPSG:2154"


@pytest.fixture(scope="session")
def made_addresses():
    """Return a function that makes addresses along streets 50 m apart, in square bureaux."""

    def make(count=120, *, bureaux=("31555_0001",), seed=0, most=24):
        rng = np.random.default_rng(seed)
        row = np.arange(count)
        street, number = row // 20, row % 20 + 1
        x = WEST + 12.0 * number + 400.0 * (row % len(bureaux))
        y = SOUTH + 50.0 * street + np.where(number % 2, 0.0, 14.0)
        table = pd.DataFrame(
            {
                "address_id": [f"a{n:04d}" for n in row],
                "bureau_id": np.array(bureaux, dtype=object)[row % len(bureaux)],
                "commune_id": "31555",
                "street": [f"Rue {n}" for n in street],
                "number": pd.array(number, dtype="Int64"),
                "suffix": "",
                "dwellings": pd.array([pd.NA] * count, dtype="Int64"),
                "registered": pd.array(rng.integers(1, most, count), dtype="Int64"),
                "arm": "",
                "rank": 1.0,
            }
        )
        return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y), crs=CRS)

    return make


@pytest.fixture(scope="session")
def streets():
    """Return a function that makes a graph from corners and edges in metres."""
    from pyproj import Transformer

    def make(corners, edges, *, kmh=20.0):
        corners = np.asarray(corners, dtype=float) + (WEST, SOUTH)
        back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
        lon, lat = back.transform(*corners.T)
        a, b = np.asarray(edges).T
        length = np.hypot(*(corners[a] - corners[b]).T)
        table = pd.DataFrame(
            {
                "from": a,
                "to": b,
                "direction": 2,
                "time_s": length * 3.6 / np.asarray(kmh),
                "length_m": length,
            }
        )
        return _graph("made.txt", np.c_[lat, lon], table, CRS)

    return make


@pytest.fixture(scope="session")
def streets_of_kind():
    """Return a function that makes a graph from streets in metres, each with its kind."""

    def make(streets):
        lines = [shapely.linestrings(np.add(line, (WEST, SOUTH))) for _, line in streets]
        table = {"name": "", "kind": [kind for kind, _ in streets], "walkable": True}
        frame = gpd.GeoDataFrame(table, geometry=lines, crs=CRS)
        return graph_of(frame.assign(length_m=frame.length), "made")

    return make
