"""The numbers behind an estimate of transfers, against hand and brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.electorate.transfers.rounding import round_table, share_out
from analysis.electorate.transfers.solve import bounds, fit_margins, regress


def test_bounds_are_those_of_duncan_and_davis_by_hand():
    before = np.array([[60.0, 40.0], [30.0, 70.0]])
    after = np.array([[80.0, 20.0], [10.0, 90.0]])
    low, high = bounds(before, after)
    # First unit: 60 of one kind among 80 → 40 to 60; second: 30 among 10 → 0 to 10.
    assert low.tolist() == [[40, 20], [20, 60]]
    assert high.tolist() == [[70, 50], [50, 90]]


def test_fitting_keeps_odds_ratios_and_meets_the_totals_of_every_unit():
    seed = np.array([[4.0, 1.0], [1.0, 3.0]])
    before, after = np.array([[50.0, 30.0], [20.0, 20.0]]), np.array([[30.0, 50.0], [25.0, 15.0]])
    fitted = fit_margins(seed, before, after, sweeps=500, tolerance=1e-10)
    np.testing.assert_allclose(fitted.sum(axis=2), before)
    np.testing.assert_allclose(fitted.sum(axis=1), after)
    odds = fitted[:, 0, 0] * fitted[:, 1, 1] / (fitted[:, 0, 1] * fitted[:, 1, 0])
    np.testing.assert_allclose(odds, 12.0)


def test_a_regression_without_noise_finds_the_shares():
    shares = np.array([[0.8, 0.15, 0.05], [0.0, 0.6, 0.4], [0.3, 0.3, 0.4]])
    before = np.random.default_rng(1).integers(50, 500, (40, 3)).astype(float)
    found = regress(before, before @ shares, np.ones(40))
    np.testing.assert_allclose(found / found.sum(axis=1, keepdims=True), shares, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), before.sum(axis=0))


whole_tables = st.lists(
    st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4
).map(np.array)


@given(whole_tables, st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_rounding_keeps_every_total_and_moves_no_cell_by_a_person(table, seed):
    # A table of fractions with whole totals: the mean of tables that share them.
    rng = np.random.default_rng(seed)
    x, y = table.sum(axis=1), table.sum(axis=0)
    drawn = table.astype(float)
    for _ in range(6):
        step = rng.uniform(0, 1)
        (a, b), (c, d) = rng.integers(0, len(x), 2), rng.integers(0, len(y), 2)
        step = min(step, drawn[a, d], drawn[b, c]) if (a != b and c != d) else 0
        drawn[a, c] += step
        drawn[b, d] += step
        drawn[a, d] -= step
        drawn[b, c] -= step
    rounded = round_table(drawn, np.zeros(drawn.shape), np.full(drawn.shape, 1e6))
    assert (rounded.sum(axis=1) == x).all()
    assert (rounded.sum(axis=0) == y).all()
    assert np.abs(rounded - drawn).max() < 1 + 1e-5


def test_rounding_is_the_best_of_all_roundings():
    table = np.array([[1.3, 2.5, 0.2], [0.9, 0.3, 3.8]])
    best, most = None, -np.inf
    for ups in product((0, 1), repeat=6):
        tried = np.floor(table) + np.reshape(ups, (2, 3))
        if (tried.sum(axis=0) == table.sum(axis=0).round()).all() and (
            tried.sum(axis=1) == table.sum(axis=1).round()
        ).all():
            gain = ((table - np.floor(table)) * np.reshape(ups, (2, 3))).sum()
            best, most = (tried, gain) if gain > most else (best, most)
    assert round_table(table, np.zeros((2, 3)), np.full((2, 3), 9.0)).tolist() == best.tolist()


def test_rounding_stays_within_its_bounds():
    table = np.array([[1.5, 0.5], [0.5, 1.5]])
    high = np.array([[1.0, 9.0], [9.0, 9.0]]) + [[0, 0], [0, 0]]
    rounded = round_table(np.array([[1.0, 1.0], [1.0, 1.0]]), np.zeros((2, 2)), high)
    assert rounded[0, 0] <= 1
    assert round_table(table, np.zeros((2, 2)), np.full((2, 2), 9.0)).sum() == 4


def test_sharing_out_gives_the_largest_remainders_first():
    shared = share_out(np.array([[1.4, 1.5, 2.1]]), np.array([5]))
    assert shared.tolist() == [[1, 2, 2]]


@pytest.mark.parametrize("axis", [0, 1])
def test_bounds_hold_the_truth(axis):
    rng = np.random.default_rng(3)
    tables = rng.integers(0, 40, (12, 3, 4))
    low, high = bounds(tables.sum(axis=2).astype(float), tables.sum(axis=1).astype(float))
    truth = tables.sum(axis=0)
    assert (low <= truth).all()
    assert (truth <= high).all()
    assert (low.sum(axis=axis) <= truth.sum(axis=axis)).all()
