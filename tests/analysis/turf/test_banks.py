"""Water between two banks: ten places, and on which parts their doors are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.turf.distance import OnStreets
from analysis.turf.planning import Plan, make_turfs
from analysis.turf.summary import to_walks
from tests.made import SOUTH, WEST

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
