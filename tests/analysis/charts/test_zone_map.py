"""The small map of a zone: nothing on it but the place, numbers and streets."""

import geopandas as gpd
import pandas as pd
import shapely

from analysis.charts.zone_map import zone_map


def test_names_of_two_streets_keep_clear_of_all_numbers_and_of_one_another():
    ids = ["99001_0001", "99001_0002"]
    lanes = [shapely.box(0, 0, 600, 250), shapely.box(0, 250, 600, 500)]
    table = pd.DataFrame({"bureau_id": ids, "label": ["1", "2"]})
    bureaux = gpd.GeoDataFrame(table, geometry=lanes, crs="EPSG:2154")
    names = ["Avenue des Lavandières", "Rue Haute", "Rue Basse"]
    # The third has no room within a line and a half of its place: it is left out.
    streets = pd.DataFrame({"street": names, "x": [300.0] * 3, "y": [180.0, 330.0, 240.0]})
    figure = zone_map(bureaux, tuple(ids), streets=streets)
    figure.canvas.draw()
    texts = figure.axes[0].texts
    assert [text.get_text() for text in texts] == ["1", "2", *names[:2]]
    boxes = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[n + 1 :])


def test_the_corner_has_no_axes_and_names_keep_clear_of_numbers():
    ids = ["99001_0001", "99001_0002"]
    squares = [shapely.box(0, 0, 600, 600), shapely.box(600, 0, 1200, 600)]
    table = pd.DataFrame({"bureau_id": ids, "label": ["1", "2"]})
    bureaux = gpd.GeoDataFrame(table, geometry=squares, crs="EPSG:2154")
    streets = pd.DataFrame({"street": ["Rue Haute"], "x": [310.0], "y": [305.0]})
    figure = zone_map(bureaux, (ids[0],), streets=streets)
    chart, corner = figure.axes
    assert (corner.get_xlabel(), corner.get_ylabel()) == ("", "")
    figure.canvas.draw()
    number, name = (text.get_window_extent() for text in chart.texts)
    assert [text.get_text() for text in chart.texts] == ["1", "Rue Haute"]
    assert not number.overlaps(name)
