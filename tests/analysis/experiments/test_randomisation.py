"""Tests of `analysis.experiments.randomisation` and its moments."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.experiments.assignment import EACH, Lottery
from analysis.experiments.estimators import Layout, Regression
from analysis.experiments.permutation_sums import Masses, observed_moments, redrawn_moments
from analysis.experiments.randomisation import (
    Observed,
    adjust,
    randomisation_test,
    step_down,
)


def rng_of(seed):
    return np.random.default_rng(seed)


def made(blocks=20, seed=0, effect=0.0):
    """Make blocks of 4 treated and 1 control with an effect."""
    rng = rng_of(seed)
    block = np.repeat(np.arange(blocks), 5)
    arm = np.ones(5 * blocks)
    arm[np.arange(blocks) * 5 + rng.integers(0, 5, blocks)] = 0
    y = rng.normal(size=5 * blocks) + block + effect * arm
    return block, arm, y, Observed(arm, {"y": y}, block, np.ones(5 * blocks))


def masses_of(y, arm, block, weight, member=None):
    """Sum weighted outcomes less their block's mean by cluster, the plain way."""
    member = np.arange(len(y)) if member is None else member
    columns = []
    for values in (y, arm):
        means = [np.average(values[block == b], weights=weight[block == b]) for b in block]
        columns.append(np.bincount(member, weight * (values - means)))
    return Masses(np.bincount(member, weight).astype(float), np.column_stack(columns))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("studentised", [False, True])
def test_statistics_are_those_of_the_regression(weighted, studentised):
    """Fixed and varying blocks, weights and effects: each draw as the regression sees it."""
    rng = rng_of(1)
    block = np.repeat([0, 1, 2, 3], [5, 6, 7, 4])
    lottery = Lottery(
        np.arange(22), block, np.array([4, 2, EACH, EACH]), np.array([0.8, 1 / 3, 0.7, 0.8])
    )
    arm = lottery.assign(rng).astype(float)
    y, weight = rng.normal(size=22), rng.uniform(0.5, 2, 22) if weighted else np.ones(22)
    masses = masses_of(y, arm, block, weight)
    drawn = redrawn_moments(lottery, masses, rng_of(5), 40)
    arms = lottery.redraw(rng_of(5), 40)
    for effect in (0.0, 0.7):
        found = drawn.statistic(0, effect, studentised=studentised)
        for value, z in zip(found, arms, strict=True):
            regression = Regression(Layout(block, np.arange(22), weight), z[:, None].astype(float))
            wanted = regression.coefficients(y - effect * arm)[0]
            if studentised:
                wanted /= regression.std_errors(y - effect * arm)["HC0"]
            assert value == pytest.approx(wanted)


def test_statistics_of_clusters_are_those_of_the_regression():
    rng = rng_of(2)
    member = np.array([0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7, 7])
    block = np.array([0] * 7 + [1] * 6)
    lottery = Lottery(
        member, np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([3, 2]), np.array([0.75, 0.5])
    )
    arm = lottery.assign(rng).astype(float)
    y, weight = rng.normal(size=13), np.ones(13)
    drawn = redrawn_moments(lottery, masses_of(y, arm, block, weight, member), rng_of(5), 20)
    found = drawn.statistic(0, 0.3, studentised=True)
    for value, z in zip(found, lottery.redraw(rng_of(5), 20), strict=True):
        regression = Regression(Layout(block, member, weight), z[:, None].astype(float))
        wanted = regression.coefficients(y - 0.3 * arm)[0]
        assert value == pytest.approx(wanted / regression.std_errors(y - 0.3 * arm)["CR0"])


def test_the_observed_arms_are_one_of_the_draws():
    block, arm, y, _ = made()
    lottery = Lottery.of_arms(arm, block)
    seen = observed_moments(lottery, masses_of(y, arm, block, np.ones(100)), arm == 1)
    wanted = Regression(Layout.of(100, block=block), arm[:, None]).coefficients(y)[0]
    assert seen.coefficient(0)[0] == pytest.approx(wanted)
    # Taking the estimate off leaves nothing.
    assert seen.coefficient(0, wanted)[0] == pytest.approx(0, abs=1e-12)


def test_p_values_are_those_of_all_possible_draws():
    y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    arm = np.array([1.0, 0, 1, 0, 0, 1, 0, 0])
    observed = y[arm == 1].mean() - y[arm == 0].mean()
    others = []
    for chosen in combinations(range(8), 3):
        z = np.isin(np.arange(8), chosen)
        others.append(y[z].mean() - y[~z].mean())
    exact = np.mean(np.abs(others) >= abs(observed) - 1e-9)
    seen = Observed(arm, {"y": y}, np.zeros(8, dtype=int), np.ones(8))
    test = randomisation_test(
        Lottery.of_arms(arm, seen.block), seen, rng=rng_of(1), draws=8000, level=None
    )
    assert test.value("y") == pytest.approx(exact, abs=4 * np.sqrt(exact / 8000))
    assert test.value("y", "observed") == pytest.approx(observed)


def test_a_p_value_is_never_nought():
    block, arm, _, seen = made()
    sure = Observed(arm, {"y": 100 * arm}, block, seen.weight)
    test = randomisation_test(Lottery.of_arms(arm, block), sure, rng=rng_of(1), draws=99)
    assert test.value("y") == 1 / 100


@given(st.integers(0, 1000), st.floats(-3, 3))
@settings(max_examples=15, deadline=None)
def test_the_interval_by_inversion_moves_with_the_effect(seed, effect):
    block, arm, y, seen = made(seed=seed)
    lottery = Lottery.of_arms(arm, block)
    moved = Observed(arm, {"y": y + effect * arm}, block, seen.weight)
    one, other = (
        randomisation_test(lottery, o, rng=rng_of(1), draws=199).table for o in (seen, moved)
    )
    for end in ("lower", "upper"):
        assert other[end].to_numpy() == pytest.approx(one[end].to_numpy() + effect, abs=1e-6)


def test_the_interval_holds_exactly_the_effects_that_are_not_rejected():
    block, arm, y, seen = made(effect=0.8)
    lottery = Lottery.of_arms(arm, block)
    table = randomisation_test(lottery, seen, rng=rng_of(1), draws=499).table
    for row in table.itertuples():
        for end, out in ((row.lower, -1), (row.upper, 1)):
            for step, inside in ((-0.01, True), (0.01, False)):
                less = Observed(arm, {"y": y - (end + out * step) * arm}, block, seen.weight)
                test = randomisation_test(lottery, less, rng=rng_of(1), draws=499, level=None)
                assert (test.value("y", statistic=row.statistic) > 0.05) == inside


def test_so_few_draws_exclude_no_effect():
    block, arm, _, seen = made(blocks=1)
    test = randomisation_test(Lottery.of_arms(arm, block), seen, rng=rng_of(1), draws=200)
    assert np.isneginf(test.value("y", "lower"))
    assert np.isposinf(test.value("y", "upper"))


def test_covariates_and_missing_outcomes():
    block, arm, y, seen = made(blocks=60)
    noise = rng_of(3).normal(size=len(y))
    gone = np.where(np.arange(len(y)) % 17 == 0, np.nan, y)
    both = Observed(arm, {"y": y + 3 * noise, "gone": gone}, block, seen.weight, noise[:, None])
    lottery = Lottery.of_arms(arm, block)
    test = randomisation_test(lottery, both, rng=rng_of(1), draws=300)
    plain = Observed(arm, both.outcomes, block, seen.weight)
    wide = randomisation_test(lottery, plain, rng=rng_of(1), draws=300)
    width = [t.value("y", "upper") - t.value("y", "lower") for t in (test, wide)]
    assert width[0] < 0.5 * width[1]
    assert set(test.table["outcome"]) == {"y", "gone"}
    assert test.table.notna().all(axis=None)


def test_the_order_of_units_does_not_matter_to_what_is_observed():
    block, arm, y, seen = made()
    order = rng_of(1).permutation(len(y))
    mixed = Observed(arm[order], {"y": y[order]}, block[order], seen.weight)
    one, other = (
        randomisation_test(
            Lottery.of_arms(o.assigned, o.block), o, rng=rng_of(1), draws=2000, level=None
        )
        for o in (seen, mixed)
    )
    assert other.value("y", "observed") == pytest.approx(one.value("y", "observed"))
    assert other.value("y") == pytest.approx(one.value("y"), abs=0.05)


# Several outcomes together


def test_holm():
    assert adjust(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert adjust(np.array([0.6, 0.9])) == pytest.approx([1.0, 1.0])


def test_step_down_knows_of_dependence():
    rng = rng_of(0)
    one = rng.normal(size=4000)
    twins, apart = np.column_stack([one, one]), rng.normal(size=(4000, 2))
    seen = np.array([2.2, 2.2])
    same = step_down(seen, np.abs(twins))
    # Two names of one outcome cost nothing; two outcomes cost about twice.
    assert same == pytest.approx(np.repeat((1 + (np.abs(one) >= 2.2).sum()) / 4001, 2))
    assert step_down(seen, np.abs(apart))[0] == pytest.approx(1 - (1 - 0.0278) ** 2, abs=0.01)
    assert (np.diff(step_down(np.array([3.0, 1.0]), np.abs(apart))) >= 0).all()


def test_a_false_alarm_among_many_is_as_rare_as_promised():
    """Five outcomes without effect: some adjusted p below 5% in 5% of trials, not 20%."""
    block = np.repeat(np.arange(12), 5)
    alarms = {"p_value": 0, "westfall_young": 0}
    runs = 300
    for seed in range(runs):
        rng = rng_of(seed)
        arm = np.tile([1.0, 1, 1, 1, 0], 12)
        outcomes = {str(i): rng.normal(size=60) for i in range(5)}
        seen = Observed(arm, outcomes, block, np.ones(60))
        test = randomisation_test(Lottery.of_arms(arm, block), seen, rng=rng, draws=199, level=None)
        chosen = test.table[test.table["statistic"] == "studentised"]
        for name in alarms:
            alarms[name] += (chosen[name] <= 0.05).any()
    assert alarms["westfall_young"] / runs == pytest.approx(0.05, abs=0.038)
    assert alarms["p_value"] / runs > 0.12


# Bad input


def test_draws_are_needed():
    block, arm, _, seen = made()
    for draws in (0, 10**9):
        with pytest.raises(DataError, match="not more than a machine holds"):
            randomisation_test(Lottery.of_arms(arm, block), seen, rng=rng_of(1), draws=draws)


def test_arms_that_the_design_cannot_draw():
    block, arm, _, seen = made()
    lottery = Lottery(np.arange(100), block, np.full(20, 3), np.full(20, 0.6))
    with pytest.raises(DataError, match="not a possible draw"):
        randomisation_test(lottery, seen, rng=rng_of(1), draws=10)
