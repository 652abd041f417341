"""Tests of changes made to a cut by hand: doors are conserved, rules hold, nothing else moves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.turf.distance import OnStreets, StraightLine
from analysis.turf.edit_rules import Ground
from analysis.turf.editing import Edit, apply, difference, next_number
from analysis.turf.planning import Plan, make_turfs
from analysis.turf.summary import to_walks
from analysis.turf.walk_list import EXCLUDED, Walks
from analysis.turf.work import Work
from tests.analysis.turf.conftest import CRS
from tests.made import SOUTH, WEST

B1, B2 = "31555_0001", "31555_0002"
GROUND = Ground(StraightLine(1.3), CRS)
PLAN = Plan(work=Work(hours=2))


@pytest.fixture(scope="module")
def walks(made_addresses):
    """Cut 200 addresses of one bureau."""
    made = make_turfs(made_addresses(200, most=12), {B1: 1200.0}, PLAN)
    return to_walks(made, PLAN, pd.DataFrame({"address_id": [], "reason": []}, dtype="str"), {})


@pytest.fixture(scope="module")
def two(made_addresses):
    """Cut two bureaux 400 m apart, each by itself."""
    addresses = made_addresses(400, bureaux=(B1, B2), most=12)
    made = make_turfs(addresses, {B1: 1200.0, B2: 1200.0}, PLAN)
    return to_walks(made, PLAN, pd.DataFrame({"address_id": [], "reason": []}, dtype="str"), {})


def doors(walks: Walks) -> pd.Series:
    """Return how often each door of each address is in a turf."""
    rows = walks.turfs
    each = rows.loc[rows.index.repeat(rows["dwellings"]), ["address_id", "door_from"]]
    nth = each.groupby(level=0).cumcount()
    return (each["door_from"] + nth).groupby(each["address_id"]).agg(sorted)


def of_turfs(walks: Walks, turfs: list[str]) -> pd.DataFrame:
    """Return the stops of some turfs, each in walking order."""
    rows = walks.turfs[walks.turfs["turf_id"].isin(turfs)]
    return rows.sort_values("turf_id", kind="stable", ignore_index=True)


def middle(rows):
    return [float(rows["latitude"].mean()), float(rows["longitude"].mean())]


@st.composite
def edits(draw, walks):
    """Draw a change that names turfs and addresses of a cut."""
    op = draw(st.sampled_from(["merge", "split", "split_line", "move", "draw", "exclude"]))
    turfs = draw(st.lists(st.sampled_from(walks.turf_ids), min_size=1, max_size=2, unique=True))
    ids = sorted(set(walks.turfs["address_id"]))
    addresses = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=5, unique=True))
    allow = ("apart",) if draw(st.booleans()) else ()
    if op == "merge":
        return Edit("merge", tuple(turfs), allow=allow)
    if op == "split_line":
        rows = walks.of(turfs[0])
        lat, lon = middle(rows)
        line = ((lat - 0.01, lon), (lat + 0.01, lon + draw(st.floats(-0.01, 0.01))))
        return Edit("split", (turfs[0],), line=line)
    if op == "split":
        return Edit("split", (turfs[0],))
    if op == "move":
        return Edit("move", addresses=tuple(addresses), to=turfs[0], allow=allow)
    if op == "draw":
        return Edit("draw", addresses=tuple(addresses), allow=allow)
    reason = draw(st.sampled_from(sorted(EXCLUDED)))
    return Edit("exclude", addresses=tuple(addresses), reason=reason)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_no_sequence_of_changes_loses_a_door(walks, data):
    every = doors(walks)
    now = walks
    for _ in range(data.draw(st.integers(1, 5))):
        edit = data.draw(edits(now))
        try:
            after = apply(now, edit, GROUND)
        except DataError:
            continue
        told = difference(now, after)
        same = sorted((set(now.turf_ids) & set(after.turf_ids)) - set(told["turf_id"]))
        pd.testing.assert_frame_equal(of_turfs(now, same), of_turfs(after, same))
        assert next_number(after) >= next_number(now)
        now = after
    here = doors(now)
    gone = set(now.uncut["address_id"])
    assert set(here.index) | gone == set(every.index)
    assert not set(here.index) & gone
    assert all(here[one] == every[one] for one in here.index)
    assert now.summary["doors"] == now.turfs["dwellings"].sum()
    assert now.summary["count"] == len(now.turf_ids) == len(now.by_turf())
    assert now.by_turf()["minutes"].to_numpy() == pytest.approx(
        now.turfs.groupby("turf_id")["minutes"].sum().to_numpy(), abs=0.06
    )


def test_a_turf_whose_every_door_is_excluded_is_gone_and_nothing_else_changes(walks):
    drawn = apply(walks, Edit("draw", addresses=("a0000",)), GROUND)
    (alone,) = set(drawn.turf_ids) - set(walks.turf_ids)
    after = apply(drawn, Edit("exclude", addresses=("a0000",), reason="closed"), GROUND)
    assert set(after.turf_ids) == set(drawn.turf_ids) - {alone}
    assert after.uncut["address_id"].tolist() == ["a0000"]
    for turf in after.turf_ids:
        pd.testing.assert_frame_equal(after.of(turf), drawn.of(turf))


def test_a_merge_has_a_fresh_name_and_the_work_of_both(walks):
    one, other = walks.turf_ids[:2]
    after = apply(walks, Edit("merge", (one, other), allow=("apart",)), GROUND)
    cut = walks.summary["cut"]
    new = f"{cut}-{len(walks.turf_ids) + 1:03d}"
    assert set(after.turf_ids) == set(walks.turf_ids) - {one, other} | {new}
    both = walks.turfs[walks.turfs["turf_id"].isin([one, other])]
    assert after.of(new)["dwellings"].sum() == both["dwellings"].sum()
    assert set(after.of(new)["address_id"]) == set(both["address_id"])
    assert after.of(new)["minutes"].sum() == pytest.approx(both["minutes"].sum(), rel=0.1)
    assert after.summary["minutes_max_over_mean"] > walks.summary["minutes_max_over_mean"]


def test_a_split_along_the_route_is_even(walks):
    turf = walks.turf_ids[0]
    after = apply(walks, Edit("split", (turf,)), GROUND)
    new = sorted(set(after.turf_ids) - set(walks.turf_ids))
    minutes = [after.of(one)["minutes"].sum() for one in new]
    biggest = walks.of(turf)["minutes"].max()
    assert len(new) == 2
    assert abs(minutes[0] - minutes[1]) <= 2 * biggest


def test_a_line_splits_by_side(walks):
    turf = walks.turf_ids[0]
    rows = walks.of(turf)
    lat, lon = middle(rows)
    after = apply(
        walks, Edit("split", (turf,), line=((lat, lon - 0.01), (lat, lon + 0.01))), GROUND
    )
    first, second = sorted(set(after.turf_ids) - set(walks.turf_ids))
    # Degrees and metres of the projection are turned a little against one another.
    assert after.of(first)["latitude"].mean() < lat < after.of(second)["latitude"].mean()
    with pytest.raises(DataError, match="one side"):
        apply(walks, Edit("split", (turf,), line=((lat + 1, lon - 1), (lat + 1, lon + 1))), GROUND)


def test_the_same_doors_give_the_same_turf_whatever_came_before(walks):
    turf = walks.turf_ids[0]
    split = apply(walks, Edit("split", (turf,)), GROUND)
    halves = tuple(sorted(set(split.turf_ids) - set(walks.turf_ids)))
    again = apply(split, Edit("merge", halves, allow=("apart",)), GROUND)
    [new] = set(again.turf_ids) - set(split.turf_ids)
    straight = apply(walks, Edit("draw", addresses=tuple(walks.of(turf)["address_id"])), GROUND)
    [other] = set(straight.turf_ids) - set(walks.turf_ids)
    drop = ["turf_id"]
    pd.testing.assert_frame_equal(
        again.of(new).drop(columns=drop), straight.of(other).drop(columns=drop)
    )


def test_what_is_drawn_by_hand_is_what_lies_inside(walks):
    rows = walks.turfs
    lat, lon = float(rows["latitude"].median()), float(rows["longitude"].median())
    corners = ((lat, lon), (lat, lon + 1), (lat + 1, lon + 1), (lat + 1, lon))
    after = apply(walks, Edit("draw", line=corners, allow=("apart",)), GROUND)
    [new] = set(after.turf_ids) - set(walks.turf_ids)
    inside = rows[(rows["latitude"] > lat) & (rows["longitude"] > lon)]
    assert set(after.of(new)["address_id"]) == set(inside["address_id"])


def test_a_reason_is_one_of_the_list(walks):
    address = walks.turfs["address_id"].iloc[0]
    after = apply(walks, Edit("exclude", addresses=(address,), reason="closed"), GROUND)
    assert after.uncut["address_id"].tolist() == [address]
    assert after.summary["uncut"] == {EXCLUDED["closed"]: 1}
    with pytest.raises(DataError, match="on the list"):
        apply(walks, Edit("exclude", addresses=(address,), reason="Mme X est absente"), GROUND)
    with pytest.raises(DataError, match="in no turf") as error:
        apply(after, Edit("move", addresses=(address,), to=after.turf_ids[-1]), GROUND)
    assert "no way in" in error.value.where


def test_bureaux_are_mixed_only_where_it_is_meant(two):
    firsts = two.turfs.groupby("bureau_id")["turf_id"].first()
    assert not two.turfs.groupby("turf_id")["bureau_id"].nunique().gt(1).any()
    edit = Edit("merge", (firsts[B1], firsts[B2]), allow=("apart",))
    with pytest.raises(DataError, match="cut apart"):
        apply(two, edit, GROUND)
    meant = Edit("merge", edit.turfs, allow=("apart", "mix"))
    assert len(apply(two, meant, GROUND).turf_ids) == len(two.turf_ids) - 1


def test_doors_far_apart_are_joined_only_where_it_is_meant(walks):
    here = walks.turfs.assign(at=walks.turfs["latitude"] + walks.turfs["longitude"])
    ends = here.loc[[here["at"].idxmin(), here["at"].idxmax()]]
    away = Ground(StraightLine(20.0), CRS)
    edit = Edit("move", addresses=(ends["address_id"].iloc[0],), to=ends["turf_id"].iloc[1])
    with pytest.raises(DataError, match="not neighbours"):
        apply(walks, edit, away)
    assert apply(walks, Edit("move", (), edit.addresses, to=edit.to, allow=("apart",)), away)


def test_arms_are_never_joined(two):
    told = [dict(one) for one in two.summary["turfs"]]
    for one in told:
        one["arm"] = "a" if one["bureaux"] == [B1] else "b"
    armed = Walks(two.turfs, two.uncut, {**two.summary, "turfs": told})
    firsts = two.turfs.groupby("bureau_id")["turf_id"].first()
    edit = Edit("merge", (firsts[B1], firsts[B2]), allow=("apart", "mix", "out"))
    with pytest.raises(DataError, match="Two arms"):
        apply(armed, edit, GROUND)


def test_banks_are_never_joined(walks, streets):
    # Two streets that no way joins, along the south and the north of the addresses.
    graph = streets([[0, 0], [400, 0], [0, 460], [400, 460]], [[0, 1], [2, 3]])
    ground = Ground(OnStreets(graph), CRS)
    parts = ground.distance.parts(ground.xy(walks.turfs))
    assert len(set(parts)) == 2
    one, other = (walks.turfs.loc[parts == part, "address_id"].iloc[0] for part in (0, 1))
    with pytest.raises(DataError, match="water"):
        apply(walks, Edit("draw", addresses=(one, other), allow=("apart", "mix", "out")), ground)


def test_no_walk_leads_through_a_control(walks):
    xy = GROUND.xy(walks.turfs)
    west, east = xy[:, 0].min(), xy[:, 0].max()
    # A strip between the west and the east of the addresses, with none of them in it.
    closed = shapely.box(WEST + 121, SOUTH - 50, WEST + 131, SOUTH + 1000)
    assert west < WEST + 121
    assert east > WEST + 131
    ground = Ground(GROUND.distance, CRS, closed)
    end = walks.turfs.assign(x=xy[:, 0])
    left = end[end["x"] < WEST + 121]["address_id"].iloc[:3]
    right = end[end["x"] > WEST + 131]["address_id"].iloc[:3]
    parts = apply(walks, Edit("draw", addresses=tuple(left), allow=("apart",)), ground)
    [new] = set(parts.turf_ids) - set(walks.turf_ids)
    with pytest.raises(DataError, match="control bureau"):
        apply(
            Walks(parts.turfs, parts.uncut, parts.summary),
            Edit("move", addresses=tuple(right), to=new, allow=("apart", "mix", "out")),
            Ground(GROUND.distance, CRS, closed.buffer(0)),
        )


@pytest.mark.parametrize(
    "told",
    [
        {"op": "burn"},
        {"op": "merge", "turf": ["A"]},
        {"op": "merge", "turfs": "A"},
        {"op": "split", "turfs": ["A"], "line": [1, 2]},
        {"turfs": ["A"]},
    ],
)
def test_a_change_that_cannot_be_read_says_so(told):
    with pytest.raises(DataError, match="cannot be read"):
        Edit.from_dict(told)


def test_plain_values_come_back():
    edit = Edit("split", ("A-001",), line=((1.0, 2.0), (3.0, 4.0)), number=7)
    assert Edit.from_dict(edit.to_dict()) == edit


@pytest.mark.parametrize("turfs", [(), ("ZZZZ-999",)])
def test_a_turf_that_is_not_there_is_named(walks, turfs):
    with pytest.raises(DataError, match="no such turf"):
        apply(walks, Edit("merge", turfs), GROUND)


def test_a_low_mobility_turf_keeps_its_pace(walks):
    told = [dict(one, profile="low_mobility") for one in walks.summary["turfs"]]
    gentle = Walks(walks.turfs, walks.uncut, {**walks.summary, "turfs": told})
    edit = Edit("split", (walks.turf_ids[0],))
    slow, usual = (apply(one, edit, GROUND).turfs for one in (gentle, walks))
    assert slow["walk_m"].sum() == pytest.approx(usual["walk_m"].sum())
    assert slow["minutes"].sum() > usual["minutes"].sum()
    assert np.isfinite(slow["minutes"]).all()


def test_a_stop_is_found_by_where_it_is(walks):
    stop = walks.turfs.iloc[3]
    at = (float(stop["latitude"]), float(stop["longitude"]))
    turf, number = walks.at(at)
    same = walks.turfs[(walks.turfs["turf_id"] == turf) & (walks.turfs["stop"] == number)]
    assert same[["latitude", "longitude"]].to_numpy().tolist() == [list(at)]
    assert walks.at((0.0, 0.0)) is None


def test_turfs_are_told_from_the_nearest_to_some_addresses(walks):
    at = {turf: 48 + 0.001 * n**2 for n, turf in enumerate(walks.turf_ids)}
    rows = walks.turfs.assign(latitude=walks.turfs["turf_id"].map(at), longitude=2.0)
    apart = Walks(rows, walks.uncut, walks.summary)
    first, second, third = walks.turf_ids[:3]
    one = walks.of(third)["address_id"].iloc[:1]
    # 0, 1 and 4 thousandths of a degree: the second is 3 away, the first 4.
    assert apart.nearest_to(one)[:3] == (third, second, first)
    assert apart.nearest_to(walks.of(second)["address_id"])[:2] == (first, third)
