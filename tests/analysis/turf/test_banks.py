"""Water between two banks: ten places, and on which parts their doors are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.turf.distance import OnStreets
from analysis.turf.graph import graph_of
from analysis.turf.planning import Plan, make_turfs
from analysis.turf.summary import to_walks
from tests.made import SOUTH, WEST

LAMBERT = "EPSG:2154"
NOBODY = pd.DataFrame({"address_id": [], "reason": []}, dtype="str")
# A ladder of two streets, 100 m apart, with rungs at both ends.
EDGES = [(0, 1), (2, 3), (0, 2), (1, 3)]


def ladder(x=0, y=0, *, high=100):
    return [(x + a, y + b) for a, b in ((0, 0), (300, 0), (0, high), (300, high))]


def joined(*ladders, bridges=()):
    edges = [(a + 4 * n, b + 4 * n) for n in range(len(ladders)) for a, b in EDGES]
    return [corner for one in ladders for corner in one], [*edges, *bridges]


HOME = ladder()
PLACES = {
    # corners and edges, offset of the doors of the other bank, whether one turf may hold both
    "a canal of 60 m": (joined(HOME, ladder(y=160)), (0, 160), False),
    "a river of 160 m": (joined(HOME, ladder(y=260)), (0, 260), False),
    "a lake of 290 m": (joined(HOME, ladder(y=390)), (0, 390), False),
    "an arm to the east": (joined(HOME, ladder(x=380)), (380, 0), False),
    "an arm across a corner": (joined(HOME, ladder(x=360, y=160)), (360, 160), False),
    "one bridge": (joined(HOME, ladder(y=160), bridges=[(2, 4)]), (0, 160), True),
    "a bridge far round": (
        joined(HOME, ladder(y=160), ladder(x=900), bridges=[(1, 8), (8, 5)]), (0, 160), True
    ),
    "a bridge to a third bank": (
        joined(HOME, ladder(y=160), ladder(y=-260), bridges=[(0, 10)]), (0, 160), False
    ),
    "a garden gate of 20 m": (joined(HOME, ladder(y=120)), (0, 120), True),
    "a gate of 45 m": (joined(HOME, ladder(y=145)), (0, 145), True),
}  # fmt: skip


@pytest.mark.parametrize(("net", "off", "same"), PLACES.values(), ids=PLACES)
def test_a_turf_is_on_one_bank_unless_one_can_walk_over(made_addresses, streets, net, off, same):
    addresses = made_addresses(40)
    there = np.arange(40) % 2 == 1
    # Doors beside the streets of their bank.
    x, y = np.linspace(5, 295, 40), np.where(np.arange(40) % 4 < 2, 4.0, 96.0)
    addresses["geometry"] = shapely.points(WEST + x + there * off[0], SOUTH + y + there * off[1])
    distance = OnStreets(streets(*net))
    parts = distance.parts(shapely.get_coordinates(addresses.geometry.array))
    assert len(set(parts[~there])) == len(set(parts[there])) == 1
    assert bool(parts[0] == parts[1]) is same
    plan = Plan()
    walks = to_walks(make_turfs(addresses, {}, plan, distance), plan, NOBODY, {})
    assert walks.uncut.empty
    assert set(walks.turfs["address_id"]) == set(addresses["address_id"])
    bank = walks.turfs["address_id"].map(dict(zip(addresses["address_id"], there, strict=True)))
    if not same:
        assert bank.groupby(walks.turfs["turf_id"]).nunique().eq(1).all()


# Streets with names and water, as files of streets have them.


def table(*streets):
    """Rows of name, kind and corners."""
    lines = [shapely.LineString(shapely.points(np.add(xy, (WEST, SOUTH)))) for *_, xy in streets]
    known = {"name": [s[0] for s in streets], "kind": [s[1] for s in streets]}
    known |= {"walkable": [s[1] != "water" for s in streets], "one_way": False}
    ids = [f"way/{n}" for n in range(len(streets))]
    found = gpd.GeoDataFrame({"street_id": ids, **known}, geometry=lines, crs=LAMBERT)
    return found.assign(length_m=found.length)


def bank(name, y):
    return (name, "street", [(0, y), (400, y)])


CANAL = ("Canal", "water", [(-50, 20), (450, 20)])
GAPS = {
    "a garden of 40 m": ([bank("Sud", 0), bank("Nord", 40)], True),
    "a canal of 40 m": ([bank("Sud", 0), CANAL, bank("Nord", 40)], False),
    "a canal beside both": ([CANAL, bank("Sud", -40), bank("Nord", -5)], True),
    "a ditch that ends half-way": (
        [bank("Sud", 0), ("Fossé", "water", [(-50, 20), (200, 20)]), bank("Nord", 40)], False
    ),
    "a canal with a bridge": (
        [bank("Sud", 0), CANAL, ("Pont", "street", [(0, 0), (0, 40)]), bank("Nord", 40)], True
    ),
    "an island in two arms": (
        [bank("Sud", -20), ("Bras", "water", [(-50, 0), (450, 0)]), bank("Nord", 25),
         ("Bras", "water", [(-50, 40), (450, 40)])], False
    ),
}  # fmt: skip


@pytest.mark.parametrize(("streets_of", "same"), GAPS.values(), ids=GAPS)
def test_no_path_is_made_over_water(streets_of, same):
    graph = graph_of(table(*streets_of), "made")
    assert bool(graph.part.any()) is not same


UNEXPLAINED = {
    "an island, or a campus": ([bank("Rue Haute", 0), bank("Rue du Phare", 40)], True),
    "one name on both sides": ([bank("Rue Haute", 0), bank("R HAUTE", 40)], False),
    "a slip of the drawing": ([bank("Rue Haute", 0), bank("Rue du Phare", 4)], False),
    "no name on either side": ([bank("", 0), bank("", 40)], True),
    "a street to it": (
        [bank("Rue Haute", 0), bank("Rue du Phare", 40), ("", "path", [(0, 0), (0, 40)])], False
    ),
    "behind a street of one name": (
        [bank("Rue Haute", 0), bank("Rue Haute", 40), bank("Rue Haute", 80)], False
    ),
    "too far": ([bank("Rue Haute", 0), bank("Rue du Phare", 80)], False),
}  # fmt: skip


@pytest.mark.parametrize(("streets_of", "unexplained"), UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_a_gap_that_nothing_explains_is_told_with_its_doors(
    made_addresses, streets_of, unexplained
):
    distance = OnStreets(graph_of(table(*streets_of), "made"))
    addresses = made_addresses(40)
    there = np.arange(40) % 4 == 0
    y = SOUTH + np.where(there, streets_of[1][2][0][1] + 2.0, -2.0)
    addresses["geometry"] = shapely.points(WEST + np.linspace(5, 395, 40), y)
    addresses["street"] = np.where(there, "Rue du Phare", "Rue Haute")
    addresses["dwellings"] = pd.array([3] * 40, dtype="Int64")
    made = make_turfs(addresses, {}, Plan(), distance)
    # Ten addresses of three doors; the shorter of two equally long is either.
    assert bool(made.notes) is unexplained
    if unexplained:
        (note,) = made.notes
        assert "30 door(s)" in note or "90 door(s)" in note
        assert "Rue du Phare (30 doors)" in note or "Rue Haute (90 doors)" in note
        assert not distance.graph.part.any()


@pytest.mark.parametrize(
    ("street", "y", "own"),
    [
        # A court 50 m behind its quay lies 30 m from the quay of the other bank.
        ("Quai Sud", 50, 0),
        ("QUAI  SUD", 50, 0),
        ("QU SUD", 50, 0),
        ("SUD (QUAI)", 50, 0),
        ("Quai Nord", 50, 1),
        ("Quai Sud", 10, 0),
        # A name that no street has, or has too far away, is no help.
        ("Impasse du Lavoir", 50, 1),
        ("Quai Loin", 50, 1),
    ],
)
def test_a_door_is_on_the_bank_of_the_street_that_it_names(street, y, own):
    made = table(bank("Quai Sud", 0), CANAL, bank("Quai Nord", 80), bank("Quai Loin", 900))
    distance = OnStreets(graph_of(made, "made"))
    at = np.array([[WEST + 200.0, SOUTH + y]])
    parts = distance.parts(np.array([[WEST + 200.0, SOUTH], [WEST + 200.0, SOUTH + 80]]))
    found = distance.parts(distance.own(at, pd.Series([street])))
    assert found[0] == parts[own]
    assert parts[0] != parts[1]
