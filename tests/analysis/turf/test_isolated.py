"""Tests of isolated addresses, on walks laid out by hand."""

from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.turf.isolated import isolated

DEGREE = 111_320


def walks_of(*turfs, **work):
    """Lay stops (metres east, metres north, doors) of turfs out near the equator."""
    rows = [
        (f"T{n}", stop + 1, f"{n}-{stop + 1}", north / DEGREE, east / DEGREE, doors, before)
        for n, stops in enumerate(turfs)
        for stop, ((east, north, doors), before) in enumerate(zip(stops, _legs(stops), strict=True))
    ]
    names = ["turf_id", "stop", "address_id", "latitude", "longitude", "dwellings", "walk_m"]
    return SimpleNamespace(turfs=pd.DataFrame(rows, columns=names), summary={"work": work})


def _legs(stops):
    apart = [
        ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5
        for a, b in zip(stops, stops[1:], strict=False)
    ]
    return [0.0, *apart]


STREET = [(20.0 * n, 0.0, 2) for n in range(6)]
# 72 metres a minute: 360 metres there and 360 back are ten minutes.
WORK = {"walking_speed": 1.2, "detour": 1.0, "minutes_conversation": 3.0}


def test_a_house_at_the_end_of_a_lane_costs_its_way_there_and_back_for_its_doors():
    stops = [*STREET[:3], (40.0, 360.0, 2), *STREET[3:]]
    found = isolated(walks_of(stops, **WORK))
    assert found["address_id"].tolist() == ["0-4"]
    there, back = 360.0, (360.0**2 + 20.0**2) ** 0.5
    assert found["minutes_per_door"].iloc[0] == pytest.approx((there + back - 20) / 72 / 2)


def test_a_tower_at_the_end_of_the_lane_is_worth_the_walk():
    stops = [*STREET[:3], (40.0, 360.0, 40), *STREET[3:]]
    assert isolated(walks_of(stops, **WORK)).empty


def test_two_houses_side_by_side_at_the_end_are_one_detour():
    stops = [*STREET[:3], (40.0, 600.0, 1), (50.0, 600.0, 1), *STREET[3:]]
    assert isolated(walks_of(stops, **WORK))["address_id"].tolist() == ["0-4", "0-5"]


def test_the_last_stop_costs_one_way_and_a_street_has_none():
    stops = [*STREET, (100.0, 500.0, 1)]
    found = isolated(walks_of(stops, STREET, **WORK))
    assert found[["turf_id", "stop"]].to_numpy().tolist() == [["T0", 7]]
    assert found["minutes_per_door"].iloc[0] == pytest.approx(500 / 72)


def test_a_turf_of_few_stops_is_no_detour_of_itself():
    assert isolated(walks_of([(0.0, 0.0, 1)], [(0.0, 0.0, 1), (10.0, 0.0, 1)], **WORK)).empty


def test_a_neighbour_on_a_street_that_winds_is_not_called_isolated():
    """From the second house to the last a crow flies 60 m; the street takes 500."""
    walks = walks_of([(0, 0, 9), (20, 0, 9), (25, 0, 1), (60, 0, 9)], **WORK)
    walks.turfs["walk_m"] = [0.0, 20.0, 5.0, 500.0]
    assert isolated(walks).empty


def test_slower_conversations_bear_longer_ways():
    stops = [*STREET[:3], (40.0, 360.0, 2), *STREET[3:]]
    assert isolated(walks_of(stops, **{**WORK, "minutes_conversation": 6.0})).empty
