"""Tests of what knocking takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.turf.doors import count_doors, sides, split_buildings
from analysis.turf.work import Work


def test_a_dense_bureau_gives_the_pace_of_the_manuals():
    # Ten doors a building, thirty metres between buildings: Wellstone's 25 doors an hour.
    work = Work()
    minutes = work.at_building(np.array([10.0]))[0] + work.on_foot(30.0)
    assert 60 * 10 / minutes == pytest.approx(25, rel=0.05)


def test_two_pairs_share_the_doors_but_not_the_stairs():
    one, two = Work(team=2), Work(team=4)
    assert two.minutes_per_door == pytest.approx(one.minutes_per_door / 2)
    doors = np.array([12.0])
    stairs = one.minutes_building + 2 * one.minutes_floor
    assert two.at_building(doors) - stairs == pytest.approx((one.at_building(doors) - stairs) / 2)
    assert Work(team=1).minutes_per_door == Work(team=3).minutes_per_door == one.minutes_per_door


def test_more_doors_never_take_less_time():
    minutes = Work().at_building(np.arange(1, 200))
    assert (np.diff(minutes) > 0).all()


@given(st.integers(10, 600))
def test_doors_in_is_the_most_that_fit(minutes):
    work = Work()
    fit = work.doors_in(minutes)
    assert work.at_building(np.array([fit]))[0] <= minutes
    assert work.at_building(np.array([fit + 1]))[0] > minutes


@pytest.mark.parametrize(
    "given",
    [
        {"share_open": 1.2},
        {"hours": 0},
        {"walking_speed": 0},
        {"team": 0},
        {"detour": 0.9},
        {"hours": float("nan")},
        {"minutes_no_answer": 0, "minutes_conversation": 0, "minutes_noting": 0},
        {"nonsense": 1},
        {"hours": "two"},
        {"hours": True},
    ],
)
def test_numbers_that_cannot_be_are_refused(given):
    with pytest.raises(DataError) as error:
        Work.from_dict(given, "file.toml")
    assert error.value.mend


def test_a_belief_of_the_ranking_is_taken_at_its_value():
    told = {"share_open": {"value": 0.3, "low": 0.1, "high": 0.4}, "team": 2}
    assert Work.from_dict(told).share_open == 0.3


def test_a_cut_of_when_all_streets_were_alike_keeps_its_numbers():
    recorded = {"hours": 3, "crossing_m": 12}
    assert Work.of_cut(recorded) == Work(hours=3, crossing_m=12, crossing_main_m=12)
    assert Work.of_cut(Work(crossing_main_m=44).to_dict()).crossing_main_m == 44
    assert Work.of_cut({}) == Work()


def addresses(**columns):
    table = pd.DataFrame(columns).astype({"dwellings": "Int64", "registered": "Int64"})
    return table.assign(address_id=[f"a{n}" for n in range(len(table))])


def test_doors_are_known_or_from_the_registered_or_what_the_bureau_has_left():
    table = addresses(
        bureau_id=["b1", "b1", "b1", "b1", "b2"],
        dwellings=[7, None, None, None, None],
        registered=[99, 16, None, None, 1],
    )
    counted = count_doors(table, {"b1": 48.0, "b2": 900.0}, Work(registered_per_door=1.6))
    # 48 registered are 30 doors: 7 and 10 are known, 13 are shared by two addresses.
    assert counted["doors"].tolist() == [7, 10, 6, 6, 1]
    kinds = ["dwellings", "registered", "assumed", "assumed", "registered"]
    assert counted["dwellings_from"].tolist() == kinds


def test_doors_of_the_roll_are_taken_before_those_of_the_registered():
    table = addresses(
        bureau_id=["b", "b", "b", "b"],
        dwellings=[7, None, None, None],
        registered=[99, 16, 16, None],
    ).assign(households=pd.array([3, 8, None, None], dtype="Int64"))
    counted = count_doors(table, {"b": 48.0}, Work(registered_per_door=1.6))
    # 30 doors in all: 7 known, 8 of the roll, 10 for 16 registered; 5 are left for the last.
    assert counted["doors"].tolist() == [7, 8, 10, 5]
    assert counted["dwellings_from"].tolist() == ["dwellings", "roll", "registered", "assumed"]
    assert "households" not in counted


def test_an_address_of_which_nothing_is_known_is_one_door_at_least():
    table = addresses(bureau_id=["b", "b"], dwellings=[90, None], registered=[None, None])
    assert count_doors(table, {"b": 100.0}, Work())["doors"].tolist() == [90, 1]
    assert count_doors(table, {}, Work())["doors"].tolist() == [90, 1]


def test_a_building_of_400_doors_is_shared_out_and_no_door_is_lost():
    work = Work()
    table = addresses(bureau_id=["b", "b"], dwellings=[400, 5], registered=[None, None])
    units = split_buildings(count_doors(table, {}, work), work)
    parts = units[units["address_id"] == "a0"]
    assert len(parts) == np.ceil(400 / work.doors_in(0.95 * work.outing))
    assert (units["work_min"] <= work.outing).all()
    ranges = [range(a, b + 1) for a, b in zip(parts["door_from"], parts["door_to"], strict=True)]
    assert [door for part in ranges for door in part] == list(range(1, 401))
    assert (units[units["address_id"] == "a1"]["dwellings"] == 5).all()


def test_sides():
    number = pd.array([1, 2, pd.NA, 13], dtype="Int64")
    assert sides(pd.Series(number)).tolist() == ["odd", "even", "", "odd"]
