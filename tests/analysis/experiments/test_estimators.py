"""Tests of `analysis.experiments.estimators`: peers, a brute-force oracle, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import WLS

from analysis.experiments.estimators import KINDS, Layout, Regression, interval, p_value

SEEDS = st.integers(0, 10_000)


def blocked(seed, blocks=12, most=6, covariates=0):
    """Make blocks of several sizes with both arms, and regressors."""
    rng = np.random.default_rng(seed)
    block = np.repeat(np.arange(blocks), rng.integers(2, most + 1, blocks))
    arm = (rng.random(len(block)) < 0.6).astype(float)
    first = np.r_[0, np.flatnonzero(np.diff(block)) + 1]
    arm[first], arm[first + 1] = 1, 0
    x = np.column_stack([arm, rng.normal(size=(len(block), covariates))])
    y = rng.normal(size=len(block)) * (1 + arm) + block
    return block, x, y, rng


def dummies(block):
    return (block[:, None] == np.unique(block)).astype(float)


@pytest.mark.parametrize("covariates", [0, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_errors_are_those_of_a_regression_with_dummies(covariates, weighted):
    block, x, y, rng = blocked(1, covariates=covariates)
    weight = rng.uniform(0.5, 3, len(y)) if weighted else np.ones(len(y))
    regression = Regression(Layout(block, np.arange(len(y)), weight), x)
    peer = WLS(y, np.column_stack([x, dummies(block)]), weights=weight)
    assert regression.coefficients(y) == pytest.approx(peer.fit().params[: x.shape[1]])
    errors = regression.std_errors(y)
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        assert errors[kind] == pytest.approx(peer.fit(cov_type=kind).bse[0])
    assert errors["classical"] == pytest.approx(peer.fit().bse[0])
    assert regression.residual_df == peer.fit().df_resid


def cr2_by_hand(block, cluster, x, y, weight):
    """Work CR2 and its degrees of freedom out of full matrices (Pustejovsky and Tipton 2018)."""
    root = np.sqrt(weight)[:, None]
    full = np.column_stack([x, dummies(block)]) * root
    bread = np.linalg.inv(full.T @ full)
    rest = np.eye(len(y)) - full @ bread @ full.T
    residual, variance, columns = rest @ (y * root[:, 0]), 0.0, []
    for one in np.unique(cluster):
        at = cluster == one
        values, vectors = np.linalg.eigh(rest[np.ix_(at, at)])
        inverse = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0)
        pull = (vectors * inverse) @ vectors.T @ full[at] @ bread[:, 0]
        variance += (pull @ residual[at]) ** 2
        columns.append(rest[:, at] @ pull)
    all_ = np.column_stack(columns)
    inner = all_.T @ all_
    common = (np.unique(cluster)[:, None] == cluster).astype(float) @ all_
    shared = common.T @ common
    dfs = [np.trace(one) ** 2 / (one**2).sum() for one in (inner, shared)]
    # Where clusters hold whole blocks nothing common is left: rounding is no number.
    swept = np.trace(shared) < 1e-9 * np.trace(inner)
    return np.sqrt(variance), dfs[0], dfs[0] if swept or len(common) == len(y) else dfs[1]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "cluster_of"),
    [
        ("blocks", lambda block, rng: block),
        ("each unit", lambda block, rng: np.arange(len(block))),
        ("pairs of blocks", lambda block, rng: block // 2),
        ("across blocks", lambda block, rng: rng.integers(0, 9, len(block))),
    ],
)
def test_cr2_is_what_full_matrices_give(name, cluster_of, weighted):
    block, x, y, rng = blocked(3, covariates=2)
    weight = rng.uniform(0.5, 3, len(y)) if weighted else np.ones(len(y))
    cluster = np.unique(cluster_of(block, rng), return_inverse=True)[1]
    regression = Regression(Layout(block, cluster, weight), x)
    error, df, together = cr2_by_hand(block, cluster, x, y, weight)
    assert regression.std_errors(y)["CR2"] == pytest.approx(error)
    assert regression.satterthwaite_df == pytest.approx(df)
    assert regression.together_df == pytest.approx(together)
    assert regression.df("CR2") == pytest.approx(min(df, together))


def test_cr2_of_clusters_of_one_is_hc2():
    block, x, y, _ = blocked(5)
    errors = Regression(Layout.of(len(y), block=block), x).std_errors(y)
    assert errors["CR2"] == pytest.approx(errors["HC2"])


def test_without_blocks_hc2_is_neymans_error():
    rng = np.random.default_rng(0)
    arm = np.repeat([1.0, 0.0], [70, 30])
    y = rng.normal(size=100) * (1 + arm)
    regression = Regression(Layout.of(100), arm[:, None])
    one, other = y[arm == 1], y[arm == 0]
    assert regression.coefficients(y)[0] == pytest.approx(one.mean() - other.mean())
    neyman = np.sqrt(one.var(ddof=1) / 70 + other.var(ddof=1) / 30)
    assert regression.std_errors(y)["HC2"] == pytest.approx(neyman)
    assert regression.residual_df == 98


@given(SEEDS, st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_a_constant_added_to_a_block_changes_nothing(seed, constant):
    block, x, y, _ = blocked(seed)
    regression = Regression(Layout.of(len(y), block=block, cluster=block), x)
    moved = y + constant * (block == 2)
    assert regression.coefficients(moved) == pytest.approx(regression.coefficients(y), abs=1e-9)
    for kind in KINDS:
        assert regression.std_errors(moved)[kind] == pytest.approx(regression.std_errors(y)[kind])


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_twice_the_data_halves_the_variance_of_hc0(seed):
    block, x, y, _ = blocked(seed)
    once = Regression(Layout.of(len(y), block=block), x).std_errors(y)["HC0"]
    twice = Regression(
        Layout.of(2 * len(y), block=np.r_[block, block + block.max() + 1]), np.r_[x, x]
    )
    assert twice.std_errors(np.r_[y, y])["HC0"] ** 2 == pytest.approx(once**2 / 2)


def test_scores_are_linear_in_the_outcome():
    block, x, y, rng = blocked(7)
    d = rng.random(len(y))
    regression = Regression(Layout.of(len(y), block=block, cluster=block), x)
    for kind in KINDS:
        apart = regression.scores(y, kind) - 0.3 * regression.scores(d, kind)
        assert regression.scores(y - 0.3 * d, kind) == pytest.approx(apart)


def test_an_error_that_is_not_defined_is_said_to_be():
    # Alone in its arm, the first unit is fitted perfectly: no residual to scale.
    y = np.array([5.0, 1, 2, 3, 4, 6])
    alone = Regression(Layout.of(6), np.array([[1.0], [0], [0], [0], [0], [0]]))
    assert np.isnan(alone.std_errors(y)["HC2"])
    assert np.isfinite(alone.std_errors(y)["HC1"])


def test_a_unit_with_its_own_dummy_counts_as_left_out():
    y = np.array([5.0, 1, 2, 3, 4, 6])
    x = np.array([0.0, 1, 1, 0, 1, 0])
    own = Regression(Layout.of(6), np.column_stack([x, [1.0, 0, 0, 0, 0, 0]]))
    without = Regression(Layout.of(5), x[1:, None])
    assert own.std_errors(y)["HC2"] == pytest.approx(without.std_errors(y[1:])["HC2"])
    assert own.df("HC2") == pytest.approx(without.df("HC2"))


def test_hc2_of_pairs_is_the_paired_t_test():
    rng = np.random.default_rng(11)
    block, arm = np.repeat(np.arange(9), 2), np.tile([1.0, 0], 9)
    y = rng.normal(size=18) + 0.4 * arm
    fit = Regression(Layout.of(18, block=block), arm[:, None])
    value, error = float(fit.coefficients(y)[0]), fit.std_errors(y)["HC2"]
    paired = stats.ttest_rel(y[arm == 1], y[arm == 0])
    assert fit.df("HC2") == pytest.approx(8)
    assert value / error == pytest.approx(paired.statistic)
    assert p_value(value, error, fit.df("HC2")) == pytest.approx(paired.pvalue)


def test_hc2_has_the_degrees_of_freedom_of_cr2_by_hand():
    """One control a block: 20 blocks of five have 28 degrees of freedom, not 79."""
    block, x = np.repeat(np.arange(20), 5), np.tile([0.0, 1, 1, 1, 1], 20)[:, None]
    y = np.random.default_rng(4).normal(size=100)
    fit = Regression(Layout.of(100, block=block, cluster=block), x)
    error, df, *_ = cr2_by_hand(block, np.arange(100), x, y, np.ones(100))
    assert fit.std_errors(y)["HC2"] == pytest.approx(error)
    assert fit.df("HC2") == pytest.approx(df)
    assert 28 < df < 29
    assert fit.df("HC1") == 79


def test_intervals_and_p_values():
    low, high = interval(1.0, 0.5, 1e9)
    assert (low, high) == pytest.approx((1 - 0.98, 1 + 0.98), abs=1e-4)
    assert p_value(1.96, 1.0, 1e9) == pytest.approx(0.05, abs=1e-4)
    assert p_value(0.0, 0.0, 10) == 1.0
    assert p_value(0.1, 0.0, 10) == 0.0
    assert np.isnan(p_value(0.1, float("nan"), 10))
