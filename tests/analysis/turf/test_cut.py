"""Tests of the cut: every building in one turf, even, short, never across arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from analysis.turf.cut import cut, forest
from analysis.turf.groups import group_bureaux
from analysis.turf.work import MOST, Work


def street_plan(size, seed=0, longest=40):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 400, (size, 2))
    return rng.uniform(3, longest, size), 1.3 * cdist(points, points)


def minutes_of(label, work_min, metres, work):
    """Return the least minutes each turf can take: inside, and a tree to walk along."""
    return np.array(
        [
            work_min[label == turf].sum()
            + work.on_foot(forest(metres[np.ix_(label == turf, label == turf)]).sum())
            for turf in range(label.max() + 1)
        ]
    )


@given(st.integers(1, 60), st.integers(0, 1000), st.floats(5, 119))
@settings(max_examples=15, deadline=None)
def test_turfs_are_whole_not_empty_and_fit_an_outing(size, seed, longest):
    work = Work()
    work_min, metres = street_plan(size, seed, longest)
    made = cut(work_min, metres, work)
    assert np.array_equal(np.unique(made.label), np.arange(made.label.max() + 1))
    taken = minutes_of(made.label, work_min, metres, work)
    assert (taken <= MOST * work.outing + 0.5).all()


def test_turfs_are_even():
    work = Work()
    work_min, metres = street_plan(150)
    label = cut(work_min, metres, work).label
    taken = minutes_of(label, work_min, metres, work)
    assert taken.max() / taken.mean() < 1.25
    assert taken.min() / taken.mean() > 0.5


def test_buildings_that_do_not_fit_together_get_a_turf_each():
    # Two of them are more than an outing; the even share would be one and a half.
    metres = cdist(np.arange(3.0)[:, None], np.arange(3.0)[:, None])
    assert sorted(cut(np.full(3, 75.0), metres, Work()).label) == [0, 1, 2]


def test_what_fits_into_one_outing_is_one_turf():
    work_min, metres = street_plan(8, longest=10)
    assert not cut(work_min, metres, Work()).label.any()


def test_far_apart_places_do_not_share_a_turf():
    points = np.r_[np.random.default_rng(0).uniform(0, 90, (40, 2)), np.full((40, 2), 5000.0)]
    points[40:] += np.random.default_rng(1).uniform(0, 90, (40, 2))
    label = cut(np.full(80, 12.0), cdist(points, points), Work()).label
    assert not set(label[:40]) & set(label[40:])


def test_the_same_buildings_give_the_same_turfs():
    work_min, metres = street_plan(90)
    first, again = (cut(work_min, metres, Work()).label for _ in range(2))
    assert np.array_equal(first, again)


def test_the_lower_bound_is_one():
    work = Work()
    work_min, metres = street_plan(60)
    made = cut(work_min, metres, work)
    trees = sum(
        forest(metres[np.ix_(made.label == turf, made.label == turf)]).sum()
        for turf in range(made.label.max() + 1)
    )
    assert 0 < made.least_walk_m <= trees + 1e-6


def buildings(*bureaux):
    """Rows of bureau, arm, x, minutes."""
    table = pd.DataFrame(bureaux, columns=["bureau_id", "arm", "x", "work_min"])
    return table, np.c_[table["x"], np.zeros(len(table))].astype(float)


def test_small_bureaux_join_the_nearest_of_their_arm():
    table, xy = buildings(
        ("b1", "treated", 0, 100),
        ("b2", "treated", 500, 2000),
        ("b3", "other", 10, 100),
        ("b4", "treated", 9000, 100),
    )
    assert group_bureaux(table, xy, Work()).tolist() == ["b1", "b1", "b3", "b4"]


def test_large_bureaux_are_cut_by_themselves():
    table, xy = buildings(("b1", "", 0, 5000), ("b2", "", 10, 5000))
    assert group_bureaux(table, xy, Work()).tolist() == ["b1", "b2"]


@pytest.mark.parametrize("arms", [("treated", "treated"), ("treated", "other")])
def test_a_group_is_of_one_arm(arms):
    table, xy = buildings(("b1", arms[0], 0, 50), ("b2", arms[1], 10, 50))
    grouped = table.assign(group=group_bureaux(table, xy, Work()))
    assert len(grouped.drop_duplicates(["group", "arm"])) == grouped["group"].nunique()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_the_shortest_tree_is_that_of_scipy(count):
    from scipy.sparse.csgraph import minimum_spanning_tree

    rng = np.random.default_rng(count)
    # On a grid many ways are equally long, and some doors share one position.
    xy = rng.integers(0, 9, (count, 2)) * 10.0
    metres = np.hypot(*(xy[:, None] - xy[None]).T) if count else np.zeros((0, 0))
    right = minimum_spanning_tree(np.maximum(metres, 0.001)).data if count else []
    np.testing.assert_array_equal(forest(metres), np.sort(right))
