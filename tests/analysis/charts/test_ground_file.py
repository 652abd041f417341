"""Houses for the search of a map: what a browser adds up is where they are."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.charts.ground_file import encode_addresses


def test_houses_are_found_again_by_adding_up_their_moves():
    table = pd.DataFrame(
        {
            "street": ["Rue B", "Rue A", "Rue A", "Rue A"],
            "number": pd.array([5, 12, 2, None], dtype="Int64"),
            "suffix": ["", "bis", "", ""],
        }
    )
    points = gpd.points_from_xy([2.30, 2.31, 2.32, 2.33], [48.80, 48.81, 48.82, 48.83])
    given = gpd.GeoDataFrame(table, geometry=points, crs=4326)
    streets = dict(json.loads(encode_addresses(given)))
    # Without a number nobody looks for it; houses stand in order.
    assert [house for house, _x, _y in streets["Rue A"]] == ["2", "12 bis"]
    moves = np.array([[x, y] for _house, x, y in streets["Rue A"]]).cumsum(axis=0)
    plane = given.to_crs(3857).geometry
    assert np.abs(moves[1] - [plane.x[1], plane.y[1]]).max() <= 1
    assert streets["Rue B"][0][0] == "5"
