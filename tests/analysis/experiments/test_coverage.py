"""Simulation: 95% intervals hold the truth in 94 to 96 of 100 trials of the design.

One control per block, blocks of four sizes, contaminated controls, an instrument that moves
half of the treated.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.experiments.assignment import EACH, Lottery
from analysis.experiments.blocked_means import by_blocks
from analysis.experiments.estimators import Layout, Regression, interval
from analysis.experiments.iv import anderson_rubin, ratio
from analysis.experiments.randomisation import Observed, randomisation_test

# Thousands of fits: what they run is measured by the tests of each estimator.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]
TRIALS = 2000
SHARE = 8  # trials of a draw
EFFECT = 0.03
SIZES = np.repeat([3, 4, 5, 6], 15)
BLOCK = np.repeat(np.arange(60), SIZES)
N = len(BLOCK)
WEIGHT = np.random.default_rng(8).uniform(0.7, 1.3, N)  # registered, for one
LOTTERY = Lottery(np.arange(N), BLOCK, SIZES - 1, 1 - 1 / SIZES)
LAYOUT = Layout.of(N, block=BLOCK, cluster=BLOCK)
WEIGHTED = Layout(BLOCK, np.arange(N), WEIGHT)


def trials(lottery, count=TRIALS):
    """Give arms and noise of many trials; levels and lagged outcomes are one place's own."""
    rng = np.random.default_rng(2018)
    level = rng.normal(0.3, 0.05, lottery.block.max() + 1)[lottery.block[lottery.member]]
    lagged = level + rng.normal(0, 0.03, len(level))
    arms = lottery.redraw(rng, count).astype(float)
    noise = rng.normal(0, 0.03, (count, len(level)))
    return arms, noise + level + 0.5 * (lagged - level), lagged


@pytest.fixture(scope="module")
def covered():
    """Count the intervals that hold the planted effect, by estimator."""
    arms, base, lagged = trials(LOTTERY)
    rng = np.random.default_rng(5)
    hits = {}
    for arm, y0 in zip(arms, base, strict=True):
        for name, (low, high) in _intervals(arm, y0, lagged, rng):
            hits[name] = hits.get(name, 0) + (low <= EFFECT <= high)
    return {name: count / TRIALS for name, count in hits.items()}


def _intervals(arm, y0, lagged, rng):
    y = y0 + EFFECT * arm
    plain = Regression(LAYOUT, arm[:, None])
    value, errors = plain.coefficients(y)[0], plain.std_errors(y)
    for kind in ("HC0", "HC1", "HC2", "HC3", "CR2"):
        yield kind, interval(value, errors[kind], plain.df(kind))
    centred = lagged - lagged.mean()
    for name, columns in (("ancova", [arm, centred]), ("lin", [arm, centred, arm * centred])):
        fit = Regression(LAYOUT, np.column_stack(columns))
        error = np.linalg.norm(fit.scores(y, "HC1"))
        yield name, interval(fit.coefficients(y)[0], error, fit.residual_df)
    means = by_blocks(y, arm, BLOCK)
    yield "hybrid_p", interval(means.value, means.hybrid_p, means.blocks - 1)
    yield "hybrid_m", interval(means.value, means.hybrid_m, means.blocks - 1)
    received = (rng.random(N) < np.where(arm == 1, 0.6, 0.1)).astype(float)
    told = y0 + EFFECT * received
    found = ratio(plain, told, received, "HC1")
    yield "allocation", interval(found.value, found.std_errors["HC1"], plain.residual_df)
    yield "anderson_rubin", anderson_rubin(plain, told, received, "HC1")[0]
    # Half of the treated are reached and a third of the controls, as in 2012.
    reached = np.where(arm == 1, 0.53, 0.36) + rng.normal(0, 0.05, N)
    found = ratio(plain, y0 + EFFECT * reached, reached, "HC1")
    yield "coverage", interval(found.value, found.std_errors["HC1"], plain.residual_df)
    weighted = Regression(WEIGHTED, arm[:, None])
    error = np.linalg.norm(weighted.scores(y, "HC1"))
    yield "weighted", interval(weighted.coefficients(y)[0], error, weighted.residual_df)


@pytest.mark.parametrize(
    "estimator",
    [
        *("HC1", "HC2", "CR2", "ancova", "lin", "hybrid_p", "hybrid_m", "weighted"),
        *("allocation", "anderson_rubin", "coverage"),
    ],
)
def test_intervals_hold_the_truth_95_times_in_100(covered, estimator):
    assert 0.94 <= covered[estimator] <= 0.96


def test_hc0_is_too_short_and_hc3_too_long_in_small_blocks(covered):
    # Leverage is a fifth and more: HC0 forgets it, HC3 divides by its square.
    assert covered["HC0"] < 0.94
    assert covered["HC3"] > 0.96


@pytest.mark.parametrize("incomplete", [False, True])
def test_inverted_intervals_hold_the_truth_95_times_in_100(incomplete):
    """The last of twenty blocks is full, or its units are drawn each by itself.

    An effect belongs to the interval when its test does not reject it: that is counted in
    all trials, and the interval itself is worked out in every fortieth. Eight trials
    share their arms and the draws these are held against.
    """
    treated = np.where((np.arange(20) == 19) & incomplete, EACH, 4)
    block = np.repeat(np.arange(20), 5)
    lottery = Lottery(np.arange(100), block, treated, np.full(20, 0.8))
    count = 2 * TRIALS
    arms, base, _ = trials(lottery, count)
    hits = np.zeros(2)
    for trial in range(0, count, SHARE):
        arm, many = arms[trial], base[trial : trial + SHARE]
        held = _test(lottery, arm, many, trial, level=None)["p_value"].to_numpy() > 0.05
        hits += held.reshape(2, SHARE).sum(axis=1)
        if trial % (40 * SHARE) == 0:
            table = _test(lottery, arm, many + EFFECT * arm, trial, level=0.95)
            inside = (table["lower"] <= EFFECT) & (table["upper"] >= EFFECT)
            assert (inside.to_numpy() == held).all()
    assert (hits / count >= 0.94).all()
    assert (hits / count <= 0.96).all()


def _test(lottery, arm, many, seed, *, level):
    outcomes = {f"y{i}": y for i, y in enumerate(many)}
    seen = Observed(arm, outcomes, lottery.block, np.ones(len(arm)))
    rng = np.random.default_rng(seed)
    return randomisation_test(lottery, seen, rng=rng, draws=99, level=level).table
