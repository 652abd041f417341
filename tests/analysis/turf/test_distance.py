"""Tests of walks on streets, in straight lines, and of the street graph's file."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.errors import DataError
from analysis.turf.distance import UNREACHED, OnStreets, StraightLine, add_crossings
from analysis.turf.graph import fetch_graph, read_graph, write_graph
from analysis.turf.planning import Plan, make_turfs
from analysis.turf.work import Work
from tests.made import DATA, SOUTH, WEST

LADDER = [(0, 0), (300, 0), (0, 200), (300, 200)]
RUNGS = [(0, 1), (2, 3), (0, 2), (1, 3)]


def at(*points):
    return np.array(points, dtype=float) + (WEST, SOUTH)


def test_on_streets_one_walks_round_the_block(streets):
    walk = OnStreets(streets(LADDER, RUNGS))
    metres = walk.between(at((100, 5), (100, 195), (250, 5)))
    assert metres[0, 1] == pytest.approx(100 + 200 + 100, abs=1)
    assert metres[0, 2] == pytest.approx(150, abs=1)
    assert metres[1, 2] == pytest.approx(50 + 200 + 200, abs=1)


def test_walks_are_symmetric_and_never_shorter_than_the_straight_line(streets):
    rng = np.random.default_rng(1)
    points = at(*rng.uniform((-60, -60), (360, 260), (60, 2)))
    metres = OnStreets(streets(LADDER, RUNGS)).between(points)
    straight = StraightLine(1.0).between(points)
    assert np.array_equal(metres, metres.T)
    assert (metres >= straight - 1e-9).all()
    assert (np.diag(metres) == 0).all()


def test_a_fast_street_is_crossed_at_its_corners_only(streets):
    across = at((140, 8), (140, -8))
    slow = OnStreets(streets(LADDER, RUNGS)).between(across)[0, 1]
    fast = OnStreets(streets(LADDER, RUNGS, kmh=[55, 20, 20, 20])).between(across)[0, 1]
    assert slow == pytest.approx(16, abs=0.1)
    assert fast == pytest.approx(2 * 140, abs=1)


def test_nobody_walks_on_a_motorway(streets):
    graph = streets(LADDER, RUNGS, kmh=[90, 20, 20, 20])
    assert len(graph.edges) == 3
    metres = OnStreets(graph).between(at((0, 20), (300, 20)))
    assert metres[0, 1] == pytest.approx(180 + 300 + 180, abs=1)


def test_of_two_edges_between_the_same_corners_the_shorter_counts(streets):
    graph = streets(LADDER, [*RUNGS, (1, 0)])
    metres = OnStreets(graph).between(at((0, 50), (300, 50)))
    assert metres[0, 1] == pytest.approx(50 + 300 + 50, abs=1)


def test_an_island_and_open_country_cannot_be_reached(streets):
    graph = streets([*LADDER, (3000, 0), (3100, 0)], [*RUNGS, (4, 5)])
    walk = OnStreets(graph)
    found = walk.unreached(at((100, 5), (3050, 5), (100, 2000)))
    assert found.tolist() == [0, 1, 2]
    assert len(UNREACHED) == 3
    assert StraightLine().unreached(at((0, 0), (9e5, 0))).tolist() == [0, 0]


BANK = [(0, 400), (100, 400), (0, 500), (100, 500)]
ON_THE_BANK = [(4, 5), (6, 7), (4, 6), (5, 7)]


def test_streets_on_the_other_bank_are_another_part(streets):
    walk = OnStreets(streets([*LADDER, *BANK], [*RUNGS, *ON_THE_BANK]))
    doors = at((50, 5), (50, 395), (50, 250), (50, 350))
    assert walk.unreached(doors).tolist() == [0, 0, 0, 0]
    # A door between the banks belongs to the nearer one: its own street's.
    near, far, *between = walk.parts(doors).tolist()
    assert near != far
    assert between == [near, far]
    assert not StraightLine().parts(doors).any()


@pytest.mark.parametrize(("gap", "same"), [(10, True), (49, True), (51, False), (160, False)])
def test_a_campus_behind_a_small_gap_stays_reachable(streets, gap, same):
    top = max(y for _, y in LADDER)
    campus = [(x, y - 400 + top + gap) for x, y in BANK]
    walk = OnStreets(streets([*LADDER, *campus], [*RUNGS, *ON_THE_BANK]))
    doors = at((50, top - 1), (50, top + gap + 1))
    part = walk.parts(doors)
    assert bool(part[0] == part[1]) is same
    if same:
        metres = walk.between(doors)[0, 1]
        assert gap + 2 <= metres <= gap + 2 * 100 + 4


def test_a_walk_that_leads_far_round_is_found(streets):
    corners = [(0, 0), (10, 0), (0, 3000), (10, 3000)]
    graph = streets(corners, [(0, 2), (1, 3), (2, 3)])
    metres = OnStreets(graph).between(at((-5, 20), (15, 20)))
    assert metres[0, 1] == pytest.approx(2980 + 10 + 2980, abs=2)


def test_crossing_costs_only_between_two_sides_of_one_street():
    rows = pd.DataFrame({"street": ["a", "a", "b", "a"], "side": ["odd", "even", "odd", ""]})
    added = add_crossings(np.zeros((4, 4)), rows, np.zeros((4, 4), dtype=bool), Work())
    assert added[0, 1] == added[1, 0] == 10
    assert added.sum() == 20


def test_a_main_street_costs_more_to_cross_wherever_the_walk_leads_over_it(
    streets_of_kind, monkeypatch
):
    # The main street runs along y = 0, a quiet one along y = 100.
    graph = streets_of_kind([("main", [(0, 0), (300, 0)]), ("street", [(0, 0), (0, 100)])])
    points = at((50, 8), (60, -8), (150, 90), (150, 110))
    over = OnStreets(graph).over_main(points)
    assert over.tolist() == [[i != j and 1 in (i, j) for j in range(4)] for i in range(4)]
    rows = pd.DataFrame({"street": ["a", "a", "b", "b"], "side": ["odd", "even", "odd", "even"]})
    added = add_crossings(np.zeros((4, 4)), rows, over, Work())
    assert added[0].tolist() == [0, 30, 0, 0]
    assert added[2].tolist() == [0, 30, 0, 10]
    # In pieces or at once, far or near.
    many = at(*np.random.default_rng(1).uniform((-50, -60), (350, 60), (80, 2)))
    x, y = (many - (WEST, SOUTH)).T
    down = y[:, None] - y[None, :] + np.eye(80)
    at_x = x[:, None] + (x[None, :] - x[:, None]) * y[:, None] / down
    meant = (y[:, None] * y[None, :] < 0) & (at_x >= 0) & (at_x <= 300)
    monkeypatch.setattr("analysis.turf.distance._PAIRS", 1000)
    assert OnStreets(graph).over_main(many).tolist() == meant.tolist()
    assert not OnStreets(graph).over_main(many + 10_000).any()
    # Who asks for more at every street has no less at a main one.
    assert add_crossings(np.zeros((4, 4)), rows, over, Work(crossing_m=50))[0, 1] == 50


def test_a_walk_crosses_a_main_street_once(made_addresses, streets_of_kind):
    net = [((x, y), (x + 30, y)) for x in range(0, 300, 30) for y in (0, 60)]
    net += [((x, 0), (x, 60)) for x in (0, 300)]
    addresses = made_addresses(40).assign(street="Boulevard", dwellings=1)
    n = np.arange(40)
    addresses["geometry"] = shapely.points(WEST + 7.0 * n, SOUTH + np.where(n % 2, 9.0, -9.0))
    crossed = {}
    for kind in ("street", "main"):
        distance = OnStreets(streets_of_kind([(kind, list(line)) for line in net]))
        stops = make_turfs(addresses, {}, Plan(work=Work(hours=6)), distance).stops
        crossed[kind] = int((np.diff(np.sign(stops["y"] - SOUTH)) != 0).sum())
    assert len(set(stops["turf"])) == 1
    assert crossed["main"] == 1 < crossed["street"]


def test_a_graph_that_is_saved_reads_as_it_was(streets, tmp_path):
    degrees = np.array([(48.85, 2.35), (48.851, 2.35), (48.851, 2.352)])
    edges = pd.DataFrame(
        {"from": [0, 1], "to": [1, 2], "direction": 2, "time_s": [20, 20], "length_m": [111, 146]}
    )
    file = tmp_path / "streets.txt"
    write_graph(degrees, edges, file)
    graph = read_graph(file, "EPSG:2154")
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert graph.length_m.tolist() == [111, 146]
    drawn = np.hypot(*np.diff(graph.nodes, axis=0).T)
    assert drawn == pytest.approx([111, 146], abs=1.5)


def test_lengths_taken_from_degrees_are_brought_back_to_metres(tmp_path):
    rng = np.random.default_rng(0)
    degrees = np.array([48.85, 2.35]) + rng.uniform(0, 0.02, (60, 2))
    ends = np.c_[np.arange(59), np.arange(1, 60)]
    flat = 111_195 * np.hypot(*(degrees[:-1] - degrees[1:]).T)
    edges = pd.DataFrame({"from": ends[:, 0], "to": ends[:, 1], "direction": 2})
    edges = edges.assign(time_s=flat, length_m=flat)
    write_graph(degrees, edges, tmp_path / "flat.txt")
    graph = read_graph(tmp_path / "flat.txt", "EPSG:2154")
    drawn = np.hypot(*(graph.nodes[:-1] - graph.nodes[1:]).T)
    assert graph.length_m == pytest.approx(drawn, rel=0.003)
    edges["length_m"] = 1.15 * drawn
    write_graph(degrees, edges, tmp_path / "right.txt")
    kept = read_graph(tmp_path / "right.txt", "EPSG:2154")
    assert kept.length_m == pytest.approx(1.15 * drawn, rel=1e-4)
    assert "brought back" not in kept.name


GOOD = "2 1\n48.85 2.35\n48.86 2.35\n0 1 2 60 1112\n"


@pytest.mark.parametrize(
    "text",
    ["", "x y", GOOD[:30], GOOD.replace("0 1 2", "0 7 2"), GOOD.replace("1112", "-4"), "0 0"],
    ids=["empty", "words", "cut", "no such corner", "length", "nothing"],
)
def test_a_graph_that_is_none_is_refused(tmp_path, text):
    file = tmp_path / "streets.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_graph(file, "EPSG:2154")
    assert "streets.txt" in error.value.where
    assert "nodes edges" in error.value.mend


def test_a_missing_graph_is_refused(tmp_path):
    with pytest.raises(DataError):
        read_graph(tmp_path / "none.txt", "EPSG:2154")


def test_without_osmnx_nothing_is_downloaded(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "osmnx", None)
    place = np.array([48.85]), np.array([2.35])
    with pytest.raises(DataError, match="osmnx") as error:
        fetch_graph(*place, tmp_path / "streets.txt", "EPSG:2154")
    assert "--streets FILE" in error.value.mend


def test_streets_of_openstreetmap_are_saved_and_read(tmp_path, monkeypatch):
    class Net:
        """What osmnx returns, as far as we look."""

        nodes_ = {10: {"y": 48.85, "x": 2.35}, 20: {"y": 48.851, "x": 2.35}}

        def __init__(self):
            self.asked = None

        def graph_from_bbox(self, box, network_type):
            self.asked = box, network_type
            return self

        @property
        def nodes(self):
            class Nodes(dict):
                def __call__(self, data):
                    return self.items()

            return Nodes(self.nodes_)

        def edges(self, data):
            return [(10, 20, {"length": 111.0}), (20, 10, {"length": 111.0})]

    net = Net()
    monkeypatch.setitem(sys.modules, "osmnx", net)
    file = tmp_path / "streets.txt"
    graph = fetch_graph(np.array([48.85]), np.array([2.35]), file, "EPSG:2154")
    assert net.asked[1] == "walk"
    assert len(graph.edges) == 2
    assert graph.crossable.all()
    assert read_graph(file, "EPSG:2154").edges.tolist() == graph.edges.tolist()


def test_the_graph_of_paris_is_read_whole():
    file = DATA / "paris" / "street_graph.txt"
    if not file.is_file():
        pytest.skip("the shared data are not there")
    graph = read_graph(file, "EPSG:2154")
    counts = [int(n) for n in file.read_text(encoding="utf-8").split()[:2]]
    assert len(graph.nodes) == counts[0]
    assert 0.9 * counts[1] < len(graph.edges) <= counts[1]
    louvre_to_bastille = at_degrees((48.8606, 2.3376), (48.8532, 2.3692))
    # The file takes all degrees for as long, and is brought back to the ground.
    assert "brought back" in graph.name
    assert 2460 < OnStreets(graph).between(louvre_to_bastille)[0, 1] < 3000


def at_degrees(*points):
    from pyproj import Transformer

    latitude, longitude = np.array(points).T
    there = Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)
    return np.c_[there.transform(longitude, latitude)]
