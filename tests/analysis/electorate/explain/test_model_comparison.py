"""Models side by side: criteria of statsmodels, error on held-out ground."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import WLS
from statsmodels.tools import add_constant

from analysis.electorate.explain.formula_terms import read_terms
from analysis.electorate.explain.model_comparison import compare_models, make_folds
from analysis.electorate.explain.quick_fit import fast_fit
from analysis.electorate.explain.regression import ModelSpec, fit_model
from tests.analysis.electorate.explain.conftest import draw


def compared(table, formula, **more):
    terms = read_terms(formula, table.columns)
    found = fit_model(table, ModelSpec(terms, **more))
    return found, compare_models(found, {"ground": terms[:1], "rest": terms[1:]})


def test_rows_go_from_nothing_to_the_whole(bureaux):
    found, table = compared(bureaux, "poor + I(wave**2)")
    rows = table.to_frame()
    assert rows["model"].tolist() == ["mean", "one: poor", "+ ground", "+ rest"]
    assert rows["explained"].iloc[0] == pytest.approx(0)
    assert rows["explained"].iloc[-1] == pytest.approx(found.explained)
    assert rows["explained"].is_monotonic_increasing
    assert rows["held_out"].iloc[-1] < 0.8 * rows["held_out"].iloc[0]
    assert table.criterion == "QAIC"
    assert rows["criterion"].iloc[-1] < rows["criterion"].iloc[0]


def test_aic_is_that_of_statsmodels(bureaux):
    found, table = compared(bureaux, "poor + wave", family="least_squares")
    assert table.criterion == "AIC"
    assert table.table["criterion"].iloc[-1] == pytest.approx(found.results.aic)


def test_qaic_by_hand(bureaux):
    found, table = compared(bureaux, "poor + wave")
    value, size, mean = bureaux["value"], bureaux["size"], found.fitted
    likelihood = (size * (value * np.log(mean) + (1 - value) * np.log(1 - mean))).sum()
    pearson = (size * (value - mean) ** 2 / (mean * (1 - mean))).sum() / (len(bureaux) - 3)
    last, before = table.table["criterion"].iloc[[-1, -2]]
    smaller = fit_model(bureaux, ModelSpec(found.spec.terms[:1])).fitted
    less = (size * (value * np.log(smaller) + (1 - value) * np.log(1 - smaller))).sum()
    assert last - before == pytest.approx(-2 * (likelihood - less) / pearson + 2)


def test_held_out_parts_are_the_widest_ground(bureaux):
    assert make_folds(bureaux)[0] == "commune_id"
    assert make_folds(bureaux.assign(commune_id="31555"))[0] == ""
    assert make_folds(bureaux.assign(department_id=bureaux["kind"]))[0] == "commune_id"
    five = bureaux.assign(department_id=[str(n % 5) for n in range(len(bureaux))])
    name, folds = make_folds(five)
    assert (name, folds.max()) == ("department_id", 4)


def test_communes_asked_for_by_name_err_elsewhere_as_effects_of_their_own_do(bureaux):
    """The level of a commune that was held out is unknown either way: the first is not taken."""
    by_name = compared(bureaux, "poor + C(commune_id)")[1].table["held_out"].iloc[-1]
    fixed = compared(bureaux, "poor", fixed="commune_id")[1].table["held_out"].iloc[-1]
    assert by_name == pytest.approx(fixed, abs=1e-6)


def test_noise_explains_nothing_elsewhere():
    table = draw(120, 9)
    rng = np.random.default_rng(4)
    table = table.assign(**{f"noise_{n}": rng.normal(size=120) for n in range(30)})
    _found, rows = compared(table, "poor + " + " + ".join(f"noise_{n}" for n in range(30)))
    held = rows.table["held_out"].tolist()
    assert held[-1] > held[-2]
    assert rows.table["explained"].iloc[-1] > rows.table["explained"].iloc[-2]


@pytest.mark.parametrize("straight", [True, False])
def test_the_fast_fit_is_statsmodels(straight):
    rng = np.random.default_rng(2)
    matrix = add_constant(rng.normal(size=(80, 3)))
    weights = rng.uniform(1, 9, 80)
    value = expit(matrix @ [-1, 1, 0, 0.4] + rng.normal(0, 0.3, 80))
    logit = GLM(value, matrix, family=Binomial(), var_weights=weights)
    least = WLS(value, matrix, weights=weights)
    theirs = least.fit() if straight else logit.fit(tol=1e-14)
    ours = fast_fit(matrix, value, weights, straight=straight)
    np.testing.assert_allclose(ours, theirs.params, rtol=1e-8)
