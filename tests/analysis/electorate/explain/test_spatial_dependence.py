"""Neighbours: Moran's I, the tests and the models, against spreg and against dense matrices."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from analysis.electorate.explain.formula_terms import read_terms
from analysis.electorate.explain.regression import ModelSpec, fit_model
from analysis.electorate.explain.spatial_dependence import (
    fit_spatial,
    look_at_neighbours,
    moran_test,
    multipliers,
    neighbour_weights,
)
from tests.analysis.electorate.explain.conftest import draw
from tests.made import grid

# spreg 1.9.0 on the data of Columbus (Anselin 1988) that libpysal brings, weights of columbus.gal,
# rows summing to one: ML_Error(method="full") and OLS(spat_diag=True).
SPREG_ERROR = ([60.2794697, -0.9573053, -0.3045593], 0.5467530, -183.7494281)
SPREG_ERROR_SE = [5.3655936, 0.3342308, 0.0920473]
SPREG_TESTS = [8.8979986, 5.2062139, 3.7356906, 0.0439059]


@pytest.fixture(scope="module")
def columbus():
    # As long to import as all that this module tests: one worker needs it.
    from libpysal import examples, io

    table = gpd.read_file(examples.get_path("columbus.shp"))
    file = io.open(examples.get_path("columbus.gal"))
    weights = file.read()
    file.close()
    weights.transform = "r"
    matrix = table[["INC", "HOVAL"]].astype(float)
    matrix.insert(0, "Intercept", 1.0)
    return table["CRIME"].to_numpy(float), matrix, sparse.csr_array(weights.sparse)


def test_tests_are_those_of_spreg(columbus):
    share, matrix, weights = columbus
    found = multipliers(share, matrix.to_numpy(), weights)
    assert found["test"].tolist() == ["lag", "error", "robust_lag", "robust_error"]
    assert found["statistic"].tolist() == pytest.approx(SPREG_TESTS, rel=1e-6)


def test_the_error_model_is_that_of_spreg(columbus):
    share, matrix, weights = columbus
    found = fit_spatial(share, matrix, weights, "error")
    slopes, strength, likelihood = SPREG_ERROR
    assert found.coefficients["estimate"].tolist() == pytest.approx(slopes, rel=1e-6)
    assert found.coefficients["std_error"].tolist() == pytest.approx(SPREG_ERROR_SE, rel=1e-6)
    assert found.strength == pytest.approx(strength, abs=1e-6)
    assert found.log_likelihood == pytest.approx(likelihood, abs=1e-6)


def dense_lag(share, matrix, weights):
    """Return the whole likelihood of a lag model, and its maximum, without profiling."""
    full, size = weights.toarray(), len(share)

    def minus(theta):
        *slopes, strength, log_sigma = theta
        apart = np.eye(size) - strength * full
        left = (apart @ share - matrix @ slopes) / np.exp(log_sigma)
        return size * log_sigma - np.linalg.slogdet(apart)[1] + left @ left / 2

    start = [*np.linalg.lstsq(matrix, share, rcond=None)[0], 0.1, np.log(share.std())]
    return minus, minimize(minus, start, method="BFGS", options={"gtol": 1e-6})


def test_the_lag_model_is_the_maximum_of_the_whole_likelihood(columbus):
    share, matrix, weights = columbus
    found = fit_spatial(share, matrix, weights, "lag")
    minus, best = dense_lag(share, matrix.to_numpy(), weights)
    np.testing.assert_allclose(found.coefficients["estimate"], best.x[:3], rtol=1e-3)
    assert found.strength == pytest.approx(best.x[3], abs=1e-4)
    # Its errors are the inverse of the likelihood's curvature, the variance's own row apart.
    step, size = 1e-4, 5
    theta = np.array([*found.coefficients["estimate"], found.strength, best.x[4]])
    eye = np.eye(size) * step * np.maximum(np.abs(theta), 0.1)
    curved = [
        [
            (minus(theta + a + b) - minus(theta + a - b) - minus(theta - a + b)
             + minus(theta - a - b)) / (4 * a.sum() * b.sum())
            for b in eye
        ]
        for a in eye
    ]  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(curved))))
    np.testing.assert_allclose(found.coefficients["std_error"], errors[:3], rtol=2e-2)
    assert found.std_error == pytest.approx(errors[3], rel=2e-2)
    assert found.coefficients["total"].tolist() == pytest.approx(
        (found.coefficients["estimate"] / (1 - found.strength)).tolist()
    )


def test_moran_by_hand_and_by_chance():
    # Four in a row, 1 2 3 4: I = 4/6 · Σ w z z / Σ z² with rows of one.
    links = sparse.csr_array(np.diag([1, 0.5, 0.5], 1) + np.diag([0.5, 0.5, 1], -1))
    seen, _p = moran_test(np.array([1.0, 2, 3, 4]), links, np.random.default_rng(0))
    assert seen == pytest.approx(0.4)
    cells = grid([f"31555_{n:04d}" for n in range(100)], columns=10)
    weights, kept = neighbour_weights(cells, cells["bureau_id"])
    assert len(kept) == 100
    rng = np.random.default_rng(1)
    often = [moran_test(rng.normal(size=100), weights, rng)[1] < 0.05 for _ in range(200)]
    # Of 200 at 5%: 10, give or take 9.
    assert 1 <= sum(often) <= 19


@pytest.mark.parametrize("kind", ["lag", "error"])
def test_planted_dependence_is_found_and_named(kind):
    size, strength = 400, 0.7
    cells = grid([f"31555_{n:04d}" for n in range(size)], columns=20)
    weights, _kept = neighbour_weights(cells, cells["bureau_id"])
    apart = np.linalg.inv(np.eye(size) - strength * weights.toarray())
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        table = draw(size, seed).assign(bureau_id=cells["bureau_id"], size=1000)
        noise, linear = rng.normal(0, 0.02, size), 0.1 + 0.4 * table["poor"].to_numpy()
        table["value"] = apart @ (linear + noise) if kind == "lag" else linear + apart @ noise
        terms = read_terms("poor", table.columns)
        fitted = fit_model(table, ModelSpec(terms, family="least_squares"))
        near = look_at_neighbours(fitted, cells)
        assert near.p_value < 0.01
        found.append((near.model.kind, near.model.strength, near.model.coefficients["estimate"][1]))
    kinds, strengths, slopes = zip(*found, strict=True)
    assert kinds.count(kind) >= 5
    assert np.mean(strengths) == pytest.approx(strength, abs=0.05)
    assert np.mean(slopes) == pytest.approx(40, abs=1.5)


def test_too_few_neighbours_say_nothing():
    table = draw(8)
    fitted = fit_model(table, ModelSpec(read_terms("poor", table.columns), family="least_squares"))
    assert look_at_neighbours(fitted, grid(table["bureau_id"])) is None
