"""Tests of whole walks: every door once, arms apart, order of rows irrelevant."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.errors import DataError
from analysis.turf.distance import OnStreets
from analysis.turf.planning import Plan, make_turfs
from analysis.turf.summary import to_walks
from analysis.turf.walk_list import NO_COORDINATES
from analysis.turf.work import Work
from tests.made import SOUTH, WEST

NOBODY = pd.DataFrame({"address_id": [], "reason": []}, dtype="str")


def walks_of(addresses, plan=None, distance=None):
    plan = plan or Plan()
    return to_walks(make_turfs(addresses, {}, plan, distance), plan, NOBODY, {})


def test_every_door_is_in_exactly_one_turf_or_listed(made_addresses):
    addresses = made_addresses()
    addresses.loc[3, "geometry"] = None
    addresses.loc[4, "geometry"] = shapely.Point()
    addresses.loc[5, "geometry"] = shapely.Point(np.nan, np.nan)
    addresses.loc[7, "dwellings"] = 400
    walks = walks_of(addresses)
    assert walks.uncut["address_id"].tolist() == ["a0003", "a0004", "a0005"]
    assert set(walks.uncut["reason"]) == {NO_COORDINATES}
    walked = walks.turfs["address_id"]
    assert set(walked) | set(walks.uncut["address_id"]) == set(addresses["address_id"])
    whole = walks.turfs[walks.turfs["dwellings"] == walks.turfs["dwellings_of_building"]]
    assert not whole["address_id"].duplicated().any()
    (split,) = walks.summary["split"]
    assert split["address_id"] == "a0007"
    assert split["dwellings"] == 400
    assert len(split["turfs"]) == (walked == "a0007").sum() > 1
    assert split["reason"]


def test_stops_count_from_one_and_sums_agree(made_addresses):
    walks = walks_of(made_addresses())
    for told in walks.summary["turfs"]:
        turf = walks.of(told["turf_id"])
        assert turf["stop"].tolist() == list(range(1, len(turf) + 1))
        assert turf["walk_m"].iloc[0] == 0
        assert turf["minutes"].sum() == pytest.approx(told["minutes"], abs=0.06)
        assert turf["dwellings"].sum() == told["doors"]
    assert walks.summary["doors"] == walks.turfs["dwellings"].sum()
    assert walks.summary["minutes_max_over_mean"] < 1.25
    assert walks.turf_ids == tuple(walks.by_turf()["turf_id"])


def test_the_order_of_rows_changes_nothing(made_addresses):
    addresses = made_addresses(160, bureaux=("b1", "b2"))
    mixed = addresses.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(walks_of(addresses).turfs, walks_of(mixed).turfs)


def test_input_is_left_as_it_was(made_addresses):
    addresses = made_addresses(40)
    before = addresses.copy()
    walks_of(addresses)
    pd.testing.assert_frame_equal(pd.DataFrame(addresses), pd.DataFrame(before))


def test_no_turf_is_across_arms(made_addresses):
    addresses = made_addresses(80, bureaux=("b1", "b2", "b3"), most=4)
    addresses["geometry"] = shapely.points(WEST + np.arange(80.0), np.full(80, SOUTH))
    addresses["arm"] = addresses["bureau_id"].map({"b1": "one", "b2": "two", "b3": "one"})
    walks = walks_of(addresses)
    arm = walks.turfs["address_id"].map(addresses.set_index("address_id")["arm"])
    pairs = walks.turfs.assign(arm=arm).drop_duplicates(["turf_id", "arm"])
    assert len(pairs) == len(walks.turf_ids)
    # Small bureaux of one arm share their turfs.
    assert any(len(told["bureaux"]) == 2 for told in walks.summary["turfs"])


def test_the_best_ranked_bureau_is_walked_first_and_in_it_the_most_doors_an_hour(made_addresses):
    addresses = made_addresses(160, bureaux=("b1", "b2"))
    addresses["rank"] = addresses["bureau_id"].map({"b1": 2.0, "b2": 1.0})
    turfs = walks_of(addresses).by_turf()
    first = turfs["bureaux"].str[0].eq("b2")
    assert first.is_monotonic_decreasing
    assert first.any()
    assert turfs.loc[first, "doors_per_hour"].is_monotonic_decreasing


def test_teams_take_the_first_turfs_and_two_more_are_ready(made_addresses):
    turfs = walks_of(made_addresses(300), Plan(teams=3)).by_turf()
    assert turfs["use"].tolist()[:6] == ["planned"] * 3 + ["spare"] * 2 + ["later"]
    assert set(walks_of(made_addresses(60)).by_turf()["use"]) == {"planned"}


def test_a_start_point_is_approached_but_not_counted(made_addresses):
    start = (45.85, 1.25)
    plan = Plan(start=start, returning=True)
    free, started = walks_of(made_addresses()), walks_of(made_addresses(), plan)
    turfs = started.by_turf()
    assert (turfs["approach_m"] > 100).all()
    assert turfs["return_m"].notna().all()
    assert started.summary["start"] == list(start)
    assert started.summary["minutes_mean"] == pytest.approx(free.summary["minutes_mean"], rel=0.05)
    assert free.by_turf()["approach_m"].isna().all()


def test_short_turfs_without_stairs_are_set_aside(made_addresses):
    addresses = made_addresses(200)
    flat = addresses.index < 100
    addresses["registered"] = pd.array(np.where(flat, 2, 30), dtype="Int64")
    plan = Plan(low_mobility=1)
    walks = walks_of(addresses, plan)
    turfs = walks.by_turf()
    (easy,) = turfs.loc[turfs["profile"] == "low_mobility", "turf_id"]
    assert (walks.of(easy)["dwellings_of_building"] <= plan.work.ground_doors).all()
    assert walks.of(easy)["minutes"].sum() <= 1.1 * plan.work.outing / 2
    assert walks.turfs["dwellings"].sum() == walks_of(addresses).turfs["dwellings"].sum()


def test_no_easy_turf_is_promised_where_all_houses_have_stairs(made_addresses):
    addresses = made_addresses(60)
    addresses["registered"] = pd.array([40] * 60, dtype="Int64")
    turfs = walks_of(addresses, Plan(low_mobility=2)).by_turf()
    assert set(turfs["profile"]) == {"standard"}


def test_streets_are_walked_where_there_are_any(made_addresses, streets):
    addresses = made_addresses(120)
    corners = [(x, 50.0 * n + 7) for n in range(6) for x in (0, 260)]
    edges = [(2 * n, 2 * n + 1) for n in range(6)]
    edges += [(2 * n, 2 * n + 2) for n in range(5)]
    distance = OnStreets(streets(corners, edges))
    on_streets, straight = walks_of(addresses, None, distance), walks_of(addresses)
    assert "made.txt" in on_streets.summary["distance"]
    assert straight.summary["distance"] == "straight line × 1.3"
    # One side of a street at a time: long rows, and ends only on the west.
    assert on_streets.summary["walk_m_total"] != straight.summary["walk_m_total"]


def test_an_island_is_listed(made_addresses, streets):
    addresses = made_addresses(40)
    addresses.loc[0, "geometry"] = shapely.Point(WEST + 5000, SOUTH)
    addresses.loc[1, "geometry"] = shapely.Point(WEST, SOUTH + 9000)
    corners = [(0, 0), (300, 0), (0, 60), (300, 60), (4990, 0), (5010, 0)]
    distance = OnStreets(streets(corners, [(0, 1), (2, 3), (0, 2), (4, 5)]))
    walks = walks_of(addresses, None, distance)
    assert walks.uncut["address_id"].tolist() == ["a0001", "a0000"]
    assert walks.uncut["reason"].str.startswith("unreachable").all()
    assert sum(walks.summary["uncut"].values()) == 2


def test_no_turf_has_doors_on_both_banks(made_addresses, streets):
    addresses = made_addresses(40)
    other = addresses.geometry.x > WEST + 100
    addresses.loc[other, "geometry"] = addresses.geometry[other].translate(yoff=400)
    north = [(x, y + 400) for x in (0, 300) for y in (0, 60)]
    corners = [(0, 0), (300, 0), (0, 60), (300, 60), *north]
    edges = [(0, 1), (2, 3), (0, 2), (4, 6), (5, 7), (4, 5)]
    walks = walks_of(addresses, None, OnStreets(streets(corners, edges)))
    assert walks.uncut.empty
    bank = addresses.set_index("address_id").index[other]
    on_it = walks.turfs["address_id"].isin(bank)
    assert 0 < on_it.sum() < len(on_it)
    assert on_it.groupby(walks.turfs["turf_id"]).nunique().eq(1).all()


def test_when_nothing_can_be_reached_it_says_so(made_addresses):
    addresses = made_addresses(3)
    addresses["geometry"] = None
    with pytest.raises(DataError, match="can be walked to") as error:
        make_turfs(addresses, {}, Plan())
    assert error.value.where == f"3 address(es): {NO_COORDINATES}"


@pytest.mark.parametrize("wrong", [{"teams": 0}, {"spares": -1}, {"start": (91.0, 2.0)}])
def test_plans_that_cannot_be_are_refused(wrong):
    with pytest.raises(DataError) as error:
        Plan(**wrong)
    assert error.value.mend


def test_longer_outings_make_fewer_turfs(made_addresses):
    short = walks_of(made_addresses(), Plan(work=Work(hours=1)))
    long = walks_of(made_addresses(), Plan(work=Work(hours=3)))
    assert long.summary["count"] < short.summary["count"]


def test_a_result_that_loses_a_door_is_refused(made_addresses):
    walks = walks_of(made_addresses(30))
    with pytest.raises(ValueError, match="stops"):
        type(walks)(walks.turfs.iloc[1:], walks.uncut, walks.summary)
    twice = walks.turfs.assign(address_id="a0001")
    with pytest.raises(ValueError, match="exactly one turf"):
        type(walks)(twice, walks.uncut, walks.summary)
