"""The map of turfs: colours of neighbours, what is drawn, and the way along streets."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pydeck
import pytest
import shapely

from analysis.charts import deck_names
from analysis.charts.deck_names import closer_names, leave_names_near, street_names
from analysis.charts.map_ground import Ground, ground_of, in_window, light, merged_streets
from analysis.charts.names_apart import NamesApart, places_along
from analysis.charts.print_ground import names_along
from analysis.charts.turf_cut_line import cut_layers
from analysis.charts.turf_deck import HUES, TurfPicture, hues_of, outlines_of, turf_deck
from analysis.geography.outlines import outlines
from analysis.turf.graph import graph_of
from analysis.turf.street_ways import way_along

CRS = "EPSG:2154"
X, Y = 652_000.0, 6_861_000.0


@pytest.fixture
def streets():
    """Draw a block of 100 m: a street on each side, one of them in two pieces."""
    corners = [(0, 0), (100, 0), (100, 100), (0, 100)]
    lines = [[corners[n], corners[(n + 1) % 4]] for n in range(4)]
    table = pd.DataFrame(
        {
            "street_id": [f"s{n}" for n in range(4)],
            "name": ["Rue A", "Rue A", "Boulevard B", ""],
            "kind": "street",
            "walkable": True,
            "one_way": False,
            "length_m": 100.0,
        }
    )
    moved = [shapely.linestrings(np.array(line) + [X, Y]) for line in lines]
    return gpd.GeoDataFrame(table, geometry=moved, crs=CRS)


def stops(*spots):
    table = pd.DataFrame(spots, columns=["turf_id", "x", "y"])
    table["stop"] = table.groupby("turf_id").cumcount() + 1
    points = gpd.points_from_xy(table["x"] + X, table["y"] + Y, crs=CRS)
    return gpd.GeoDataFrame(table.assign(label="1 rue", dwellings=3), geometry=points)


def test_the_way_follows_the_streets(streets):
    graph = graph_of(streets, "block")
    way = way_along(graph, np.array([[20, -5], [105, 80]]) + [X, Y])
    # 5 m to the street, 80 m to the corner, 80 m up, 5 m to the door.
    assert way.length == pytest.approx(170)
    assert shapely.distance(way, shapely.Point(X + 100, Y)) == pytest.approx(0)
    same = way_along(graph, np.array([[20, -5], [60, -5]]) + [X, Y])
    assert same.length == pytest.approx(40)


def test_pieces_of_one_name_are_one_line_and_boulevards_come_first(streets):
    merged = merged_streets(streets)
    told = merged.set_index("name")
    assert told.geometry.length["Rue A"] == pytest.approx(200)
    assert told["kind"]["Boulevard B"] == "main"
    assert merged["name"].iloc[-1] == "Boulevard B"


def test_neighbours_differ_in_colour():
    grid = [
        shapely.box(x, y, x + 90, y + 90) for x in range(0, 600, 100) for y in range(0, 600, 100)
    ]
    hues = hues_of(np.array(grid))
    one, other = shapely.STRtree(grid).query(grid, predicate="dwithin", distance=20)
    assert all(hues[a] != hues[b] for a, b in zip(one, other, strict=True) if a != b)
    assert len(set(hues)) <= len(HUES)


def test_outlines_hold_their_stops():
    spots = stops(("T-001", 0, 0), ("T-001", 50, 10), ("T-002", 400, 0))
    grounds = outlines_of(spots).set_index("turf_id")
    assert list(grounds["stops"]) == [2, 1]
    named = zip(spots["turf_id"], spots.geometry, strict=True)
    assert all(grounds.geometry[turf].contains(point) for turf, point in named)


def test_what_a_click_draws_again_is_light():
    spots = stops(*((f"T-{n:03}", 400 * (n // 5), 40 * (n % 5)) for n in range(40)))
    nothing = gpd.GeoDataFrame({"geometry": []}, geometry="geometry", crs=CRS)
    deck = turf_deck(
        TurfPicture(spots, nothing, nothing), style=None, titles={"stop": "Stop", "doors": "Doors"}
    )
    layers = {layer["id"]: layer for layer in json.loads(deck.to_json())["layers"]}
    assert {name for name, layer in layers.items() if layer.get("pickable")} == {"turfs", "stops"}
    assert layers["turfs"]["stroked"] is False
    # A circle round each stop, to a metre.
    assert all(len(row["polygon"]) <= 20 for row in layers["turfs"]["data"])
    edges = [row["path"] for row in layers["outlines"]["data"]]
    assert edges == [row["polygon"] for row in layers["turfs"]["data"]]


@pytest.mark.parametrize("style", [None, "/app/static/geometry/style.json"])
def test_names_of_streets_are_drawn_whether_images_come_or_not(streets, style):
    spots = stops(("T-001", 0, 0), ("T-001", 105, 50), ("T-002", 60, 104))
    nothing = gpd.GeoDataFrame({"geometry": []}, geometry="geometry", crs=CRS)
    words = {"stop": "Stop", "doors": "Doors"}
    every = json.loads(
        turf_deck(TurfPicture(spots, streets, nothing), style=style, titles=words).to_json()
    )
    drawn = [layer["id"] for layer in every["layers"]]
    before = ["streets", "room", "closer_names", "names"]
    assert drawn == [*before, "turfs", "outlines", "stops", "numbers"]
    assert (every.get("mapStyle") == style) is bool(style)
    one = spots[spots["turf_id"] == "T-001"]
    route = way_along(graph_of(streets, "block"), shapely.get_coordinates(one.geometry.to_numpy()))
    alone = turf_deck(TurfPicture(one, streets, nothing, route), style=style, titles=words)
    told = {layer["id"]: layer["data"] for layer in json.loads(alone.to_json())["layers"]}
    assert [row["text"] for row in told["order"]] == ["1", "2"]
    assert len(told["route"][0]["path"]) >= 3


def test_a_map_that_was_changed_is_not_what_the_next_one_begins_with(streets):
    nothing = gpd.GeoDataFrame({"geometry": []}, geometry="geometry", crs=CRS)
    picture = TurfPicture(stops(("T-001", 0, 0), ("T-001", 105, 50)), streets, nothing)
    first = turf_deck(picture, style=None, titles={"doors": "Doors"})
    before = first.to_json()
    for layer in first.layers:
        layer.data, layer.id = [], "mine"
    ground = outlines_of(picture.stops)
    ground.loc[0, "hue"] = 7
    assert turf_deck(picture, style=None, titles={"doors": "Doors"}).to_json() == before


def test_other_streets_and_another_look_are_another_map(streets):
    nothing = gpd.GeoDataFrame({"geometry": []}, geometry="geometry", crs=CRS)
    picture = TurfPicture(stops(("T-001", 0, 0), ("T-001", 3000, 50)), streets, nothing)
    others = (
        replace(picture, streets=streets.assign(name="Rue Neuve")),
        replace(picture, streets=streets.iloc[1:]),
        replace(picture, streets=streets.set_geometry(streets.translate(3, 0))),
        replace(picture, mark=(48.85, 2.35)),
        replace(picture, stops=picture.stops.assign(turf_id=["T-001", "T-002"])),
    )
    told = {
        turf_deck(one, style=style, titles={"doors": "Doors"}, wide_px=wide).to_json()
        for one in (picture, *others)
        for style in (None, "/style.json")
        for wide in (620, 300)
    }
    # Round an address it opens as near on a narrow screen.
    assert len(told) == 22


def test_arrondissements_are_outlined_and_labelled():
    table = pd.DataFrame({"bureau_id": ["75056_0101", "75056_0102", "75056_1801"]})
    squares = [shapely.box(X + 100 * n, Y, X + 100 * n + 99, Y + 100) for n in range(3)]
    bureaux = gpd.GeoDataFrame(table.assign(commune_id="75056"), geometry=squares, crs=CRS)
    found = outlines(bureaux).set_index(["level", "code"]).geometry
    assert found["arrondissement", "01"].area == pytest.approx(199 * 100, rel=0.01)
    assert found["commune", "75056"].geom_type == "Polygon"
    none = gpd.GeoDataFrame({"name": [], "kind": []}, geometry=[], crs=CRS)
    ground = ground_of(bureaux, none, {"75056": "Paris"})
    assert ground.labels["text"].tolist() == ["1er", "18e"]
    halles = {"75056_0101": "Halles", "75056_0102": "Halles"}
    labels = ground_of(bureaux, none, {"75056": "Paris"}, halles).labels
    assert labels["text"].tolist() == ["1er", "18e", "Halles"]
    assert found["arrondissement", "01"].contains(labels.geometry.iloc[2])
    assert labels.crs == bureaux.crs


def test_streets_stay_faintly_under_images_that_may_not_come(streets):
    picture = TurfPicture(stops(("T-001", 0, 0), ("T-001", 50, 10)), streets, streets.head(0))
    words = {"stop": "Stop", "doors": "Doors"}
    drawn = {
        style: {layer.id: layer for layer in turf_deck(picture, style=style, titles=words).layers}
        for style in (None, "style.json")
    }
    assert {"streets", "names"} <= {*drawn["style.json"]}
    assert drawn["style.json"]["streets"].opacity < drawn[None]["streets"].opacity


def test_great_streets_fill_the_window_beside_the_turfs():
    rows = [("Rue Courte", "street", 0, 50), ("Rue Loin", "street", 900, 950)]
    rows += [("Avenue Foch", "street", 900, 960), ("La Seine", "water", 1000, 1100)]
    rows += [("Avenue Ailleurs", "main", 9_000, 9_050)]
    lines = [shapely.LineString([(X + a, Y), (X + b, Y)]) for _name, _kind, a, b in rows]
    table = pd.DataFrame({"name": [one[0] for one in rows], "kind": [one[1] for one in rows]})
    table["length_m"] = [line.length for line in lines]
    streets = gpd.GeoDataFrame(table, geometry=lines, crs=CRS)
    # Every street within 150 m: 400 m by 1,200. The window is 2,040 m wide: 820 m more each side.
    bounds = np.array([X, Y - 450, X + 100, Y + 450])
    every = in_window(streets, bounds, around_m=150)["name"].tolist()
    assert {"Rue Courte", "Rue Loin", "Avenue Foch", "La Seine"} <= {*every}
    found = in_window(streets, bounds, around_m=150, most=2)["name"].tolist()
    assert found == ["Rue Courte", "Avenue Foch", "La Seine"]


def test_a_small_file_leaves_out_what_matters_least(streets):
    both = pd.concat([streets, streets.assign(kind="path")], ignore_index=True)
    ground = Ground(
        merged_streets(gpd.GeoDataFrame(both, crs=CRS)), streets.head(0), streets.head(0)
    )
    kinds = set(ground.streets["kind"])
    assert set(light(ground, close_m=1, most_points=1000).streets["kind"]) == kinds
    assert "path" in kinds
    few = light(ground, close_m=1, most_points=8).streets["kind"]
    assert set(few) == kinds - {"path"}


def test_names_stand_on_their_street_and_read_upright(streets):
    found = [*names_along(merged_streets(streets))]
    assert [name.text for name in found] == ["Boulevard B", "Rue A"]
    assert (found[0].x - X, found[0].y - Y) == (pytest.approx(50), pytest.approx(100))
    assert all(-90 <= name.angle <= 90 for name in found)


def test_names_of_streets_that_cross_are_written_apart():
    east = shapely.LineString([(X - 90, Y), (X + 90, Y)])
    north = shapely.LineString([(X + 5, Y - 90), (X + 5, Y + 90)])
    named = {"name": ["Boulevard B", "Avenue de la Gare"]}
    both = gpd.GeoDataFrame(named, geometry=[east, north], crs=CRS)
    layer = street_names(both, 0.5, NamesApart(6.0))
    table = json.loads(pydeck.Deck([layer]).to_json())["layers"][0]["data"]
    assert [row["text"] for row in table] == ["Boulevard B", "Avenue de la Gare"]
    places = gpd.points_from_xy(*zip(*(row["at"] for row in table), strict=True), crs="OGC:CRS84")
    first, second = places.to_crs(CRS)
    assert (first.x - X, first.y - Y) == (pytest.approx(0, abs=0.2), pytest.approx(0, abs=0.2))
    # 17 letters of 3.6 m are 31 m on either side of the middle: 27 m up the street they still meet.
    assert (second.x - X, second.y - Y) == (pytest.approx(5, abs=0.2), pytest.approx(-54, abs=0.2))


def test_names_come_again_along_every_street_for_a_closer_look():
    # 100 m by 24.5: a street of 70 m or less had no name at any zoom, and a long one a single one.
    east = shapely.LineString([(X, Y), (X + 100, Y)])
    short = shapely.LineString([(X + 50, Y), (X + 50, Y - 24.5)])
    named = {"name": ["Boulevard B", "Rue A"]}
    both = gpd.GeoDataFrame(named, geometry=[east, short], crs=CRS)
    first = street_names(both.iloc[:1], 0.5, NamesApart(6.0))
    layers = json.loads(pydeck.Deck(closer_names(both, first, 3.0)).to_json())["layers"]
    # Two pixels high on the map as it opens, lest they lie across one another; twelve at most.
    wrote = layers[1]
    assert (wrote["getSize"], wrote["sizeUnits"], wrote["sizeMaxPixels"]) == (6.0, "meters", 12)
    room, names = (layer["data"] for layer in layers)
    assert [row["text"] for row in names] == [*["Boulevard B"] * 2, "Rue A", *["Boulevard B"] * 2]
    places = gpd.points_from_xy(*zip(*(row["at"] for row in names), strict=True), crs="OGC:CRS84")
    x = places.to_crs(CRS).x - X
    # The one of the opening, the middle of each street, then its other pieces: thirds of 100 m.
    assert list(x) == pytest.approx([50, 50, 50, 100 / 6, 500 / 6], abs=0.2)
    assert [abs(row["angle"]) for row in names] == pytest.approx([0, 0, 90, 0, 0], abs=0.1)
    # Each keeps those after it away, and none before it; numbers and first names stay over nought.
    order = [row["priority"] for pair in zip(names, room, strict=True) for row in pair]
    assert order == sorted(order, reverse=True)
    assert -1000 <= order[-1] < order[0] < 0


def test_a_whole_town_has_no_more_names_than_a_browser_draws(monkeypatch):
    monkeypatch.setattr(deck_names, "_AGAIN_MOST", 7)
    lines = [shapely.LineString([(X, Y + n), (X + 500 - n, Y + n)]) for n in range(9)]
    named = {"name": [f"Rue {n}" for n in range(9)]}
    layers = closer_names(gpd.GeoDataFrame(named, geometry=lines, crs=CRS), None, 3.0)
    # The middle of each street before any of its ends, the first streets before the others.
    assert [row["text"] for row in layers[1].data] == [f"Rue {n}" for n in range(7)]


def test_beside_a_turf_brought_near_only_names_in_sight_come_again():
    # Every 40 m from 1,500 m west of the turf to 1,200 m east of it; of 400 m, it is seen among
    # 800 m on either side, and some metres more where degrees run askew.
    line = shapely.LineString([(X - 1500, Y), (X + 1600, Y)])
    one = gpd.GeoDataFrame({"name": ["Rue A"]}, geometry=[line], crs=CRS)
    layers = closer_names(one, None, 3.0)
    spots = stops(("T-001", 0, 0), ("T-001", 400, 0))
    leave_names_near(layers, spots)
    lasting = json.loads(pydeck.Deck(layers).to_json())["layers"]
    for layer in lasting:
        at = gpd.GeoSeries.from_xy(*zip(*(row["at"] for row in layer["data"]), strict=True))
        x = at.set_crs("OGC:CRS84").to_crs(CRS).x - X
        assert -850 < x.min() < -760
        assert 1160 < x.max() < 1250
    assert [row["at"] for row in lasting[0]["data"]] == [row["at"] for row in lasting[1]["data"]]


def test_the_rim_of_a_stop_stays_thin_near_by(streets):
    spots = stops(("T-001", 20, 10), ("T-001", 40, 10))
    picture = TurfPicture(spots, streets, spots.iloc[:0], mark=(48.85, 2.35))
    deck = json.loads(turf_deck(picture, style=None, titles={"doors": "Doors"}).to_json())
    circles = [one for one in deck["layers"] if one.get("stroked") and "radiusMaxPixels" in one]
    assert len(circles) == 2
    for one in circles:
        assert one["lineWidthMaxPixels"] == one["lineWidthMinPixels"] < one["radiusMaxPixels"]


def test_a_name_leaves_room_for_a_number_and_is_not_cut_by_the_edge():
    street = shapely.LineString([(0, 0), (100, 0)])
    written = NamesApart(4.0, shapely.LineString([(60, -9), (60, 9)]))
    # At the middle the edge would cut it, at 35 m a number stands; 20 m is the next place tried.
    written.keep((40, 0), 5, high=5)
    free = [at for at, angle in places_along(street, 24) if written.take(at, angle, 24)]
    assert free[0] == (pytest.approx(20), pytest.approx(0))
    assert all(x > 60 + 12 for x, _y in free[1:])


def test_a_name_goes_round_no_corner():
    corner = shapely.LineString([(0, 0), (50, 0), (50, 50)])
    found = [at for at, _angle in places_along(corner, 30)]
    # Half way is the corner.
    assert found == [(35.0, 0.0), (50.0, 15.0), (20.0, 0.0), (50.0, 30.0)]


def test_a_map_is_told_without_blanks(streets):
    spots = stops(("T-001", 20, 10), ("T-002", 80, 60))
    deck = turf_deck(
        TurfPicture(spots, streets, spots.iloc[:0]), style=None, titles={"doors": "Doors"}
    )
    wide, told = pydeck.Deck.to_json(deck), deck.to_json()
    assert json.loads(told) == json.loads(wide)
    assert len(told) < len(wide) / 2


def test_labels_leave_each_other_room_and_the_map_goes_to_what_was_looked_for(streets):
    spots = stops(("T-001", 20, 10), ("T-001", 40, 10), ("T-002", 80, 60), ("T-002", 80, 90))
    picture = TurfPicture(spots, streets, spots.iloc[:0], mark=(48.85, 2.35))
    deck = json.loads(turf_deck(picture, style=None, titles={"doors": "Doors"}).to_json())
    layers = {layer["id"]: layer for layer in deck["layers"]}
    numbers = layers["numbers"]
    assert numbers["extensions"] == [{"@@type": "CollisionFilterExtension"}]
    # A label is hidden where another, at this size, covers its middle.
    assert numbers["collisionTestProps"]["sizeScale"] >= 2
    assert layers["mark"]["data"] == [{"at": [2.35, 48.85]}]
    view = deck["initialViewState"]
    assert (view["latitude"], view["longitude"]) == (48.85, 2.35)


def test_a_click_anywhere_round_a_turf_tells_where_it_was():
    turf = stops(("T-001", 0, 0), ("T-001", 200, 100))
    drawn = {layer.id: layer for layer in cut_layers(turf, [(48.85, 2.35), (48.86, 2.36)])}
    assert [*drawn] == ["line", "ends", "spots"]
    told = json.loads(pydeck.Deck([*drawn.values()]).to_json())["layers"]
    (path,) = [row["path"] for row in told[0]["data"]]
    # The cut goes on beyond what was clicked.
    assert path[0][1] < 48.85 < 48.86 < path[1][1]
    spots = pd.DataFrame(told[2]["data"])
    at = gpd.GeoSeries(gpd.points_from_xy(spots["longitude"], spots["latitude"]), crs="OGC:CRS84")
    near = shapely.STRtree(at.to_crs(CRS).to_numpy())
    somewhere = shapely.points(X + np.array([-35, 90, 233]), Y + np.array([130, 11, -20]))
    _one, distances = near.query_nearest(somewhere, return_distance=True)
    # No click falls between the spots.
    assert distances.max() < told[2]["getRadius"]
    assert [layer.id for layer in cut_layers(turf, [])] == ["spots"]


@pytest.mark.parametrize("wide", [300, 620])
def test_turfs_far_apart_are_all_in_sight_when_the_map_opens(streets, wide):
    both = stops(("A", 0, 0), ("A", 40, 0), ("B", 6000, 300), ("B", 6040, 300))
    none = gpd.GeoDataFrame({"bureau_id": []}, geometry=[], crs=CRS)
    picture = TurfPicture(both, streets, none)
    view = turf_deck(picture, style=None, titles={"doors": ""}, wide_px=wide).initial_view_state
    west, _south, east, _north = outlines_of(both).to_crs(4326).total_bounds
    assert (east - west) / 360 * 512 * 2**view.zoom == pytest.approx(wide, abs=0.5)
