"""Tests of the order of stops."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from analysis.turf.route import EXACT, length, order


def places(size, seed=0):
    points = np.random.default_rng(seed).uniform(0, 300, (size, 2))
    return cdist(points, points)


def whole(metres, walked, approach, returning):
    way = length(metres, np.array(walked))
    if approach is not None:
        way += approach[walked[0]] + (approach[walked[-1]] if returning else 0)
    elif returning:
        way += metres[walked[-1], walked[0]]
    return way


@pytest.mark.parametrize("returning", [False, True])
@pytest.mark.parametrize("started", [False, True])
@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_no_other_order_is_shorter(returning, started, seed, size):
    metres = places(size, seed)
    approach = np.random.default_rng(seed + 1).uniform(0, 4000, size) if started else None
    walked = order(metres, approach, returning=returning)
    every = permutations(range(size))
    best = min(whole(metres, list(p), approach, returning) for p in every)
    # Distances are whole decimetres to the solver.
    assert whole(metres, walked, approach, returning) <= best + 0.1 * (size + 2)


@pytest.mark.parametrize("size", [1, 2, EXACT, EXACT + 1, 45])
@pytest.mark.parametrize("returning", [False, True])
@pytest.mark.parametrize("started", [False, True])
def test_every_stop_is_visited_once(size, returning, started):
    metres = places(size)
    approach = np.arange(size) + 1e5 if started else None
    assert sorted(order(metres, approach, returning=returning)) == list(range(size))


def test_beyond_the_exact_the_order_is_nearly_the_best():
    # Along a line the best order is known.
    x = np.random.default_rng(3).permutation(np.arange(40.0)) * 10
    metres = np.abs(x[:, None] - x[None, :])
    assert length(metres, order(metres)) == pytest.approx(390, rel=0.02)


def test_the_way_begins_near_the_start_point():
    x = np.array([0.0, 10, 20, 30, 40])
    metres = np.abs(x[:, None] - x[None, :])
    assert order(metres, np.abs(x - 100)).tolist() == [4, 3, 2, 1, 0]
    assert order(metres, np.abs(x + 100)).tolist() == [0, 1, 2, 3, 4]


def test_a_free_way_always_runs_the_same_direction():
    x = np.array([30.0, 10, 0, 20])
    metres = np.abs(x[:, None] - x[None, :])
    assert order(metres).tolist() == [0, 3, 1, 2]


def test_doors_at_one_position_do_not_upset_the_order():
    assert sorted(order(np.zeros((9, 9)))) == list(range(9))
