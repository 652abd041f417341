"""Numbers are those of statsmodels; errors are those of the papers; planted slopes come back."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.genmod.families import Binomial
from statsmodels.stats.outliers_influence import variance_inflation_factor

from analysis.electorate.explain.coefficient_errors import conley, inflation
from analysis.electorate.explain.formula_terms import read_terms
from analysis.electorate.explain.regression import ModelSpec, fit_model, usual_errors
from analysis.errors import DataError
from tests.analysis.electorate.explain.conftest import PLANTED, draw

FORMULA = "poor + I(wave**2) + C(kind)"


def spec(table, formula=FORMULA, **more):
    return ModelSpec(read_terms(formula, table.columns), **more)


def of_statsmodels(table, family, **how):
    if family == "least_squares":
        return smf.wls(f"value ~ {FORMULA}", table, weights=table["size"]).fit(use_t=True, **how)
    weights = table["size"] if family == "quasi_binomial" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = smf.glm(f"value ~ {FORMULA}", table, family=Binomial(), var_weights=weights)
        return model.fit(scale="X2", use_t=True, **how)


HOW = {
    "classical": ("nonrobust", None),
    "hc": ("HC1", None),
    "cluster": ("cluster", "commune_id"),
}


@pytest.mark.parametrize("family", ["quasi_binomial", "fractional", "least_squares"])
@pytest.mark.parametrize("errors", HOW)
def test_numbers_are_those_of_the_summary(bureaux, family, errors):
    name, groups = HOW[errors]
    keywords = {"groups": bureaux[groups].astype("category").cat.codes} if groups else None
    theirs = of_statsmodels(bureaux, family, cov_type=name, cov_kwds=keywords)
    ours = fit_model(bureaux, spec(bureaux, family=family, errors=errors))
    frame = ours.to_frame()
    for column, numbers in (
        ("estimate", theirs.params),
        ("std_error", theirs.bse),
        ("statistic", theirs.tvalues),
        ("p_value", theirs.pvalues),
        ("lower", theirs.conf_int()[0]),
        ("upper", theirs.conf_int()[1]),
    ):
        wanted = numbers.loc[frame["column"]]
        np.testing.assert_allclose(frame[column], wanted, rtol=1e-6, atol=1e-300)
    # As they are printed.
    printed = {line.split()[0]: line.split()[1:] for line in str(theirs.summary()).splitlines()
               if line.startswith(("poor", "Intercept"))}  # fmt: skip
    row = frame.set_index("column").loc["poor"]
    assert printed["poor"][:2] == [f"{row['estimate']:.4f}", f"{row['std_error']:.3f}"]


@pytest.mark.parametrize("family", ["quasi_binomial", "fractional", "least_squares"])
def test_errors_by_distance_equal_a_double_loop(bureaux, family):
    bureaux = bureaux.head(60)
    ours = fit_model(bureaux, spec(bureaux, family=family, errors="conley", reach_m=6000.0))
    matrix = ours.design.matrix.to_numpy()
    size = bureaux["size"].to_numpy(float)
    fitted, value = ours.fitted, bureaux["value"].to_numpy()
    weights = np.ones(60) if family == "fractional" else size
    slope = 1.0 if family == "least_squares" else fitted * (1 - fitted)
    bread = np.linalg.inv((matrix * (weights * slope)[:, None]).T @ matrix)
    score = matrix * (weights * (value - fitted))[:, None]
    meat = np.zeros_like(bread)
    places = bureaux[["x_m", "y_m"]].to_numpy()
    for i in range(60):
        for j in range(60):
            near = np.maximum(1 - np.abs(places[i] - places[j]) / 6000, 0).prod()
            meat += near * np.outer(score[i], score[j])
    np.testing.assert_allclose(ours.covariance, bread @ meat @ bread, rtol=1e-8)


def test_errors_by_distance_without_reach_are_white(bureaux):
    ours = fit_model(bureaux, spec(bureaux, errors="hc"))
    near = conley(ours.results, bureaux[["x_m", "y_m"]].to_numpy(), 1e-6)
    np.testing.assert_allclose(near, ours.covariances["hc"], rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), reach=st.floats(10, 8_000))
def test_errors_by_distance_are_never_negative(seed, reach):
    table = draw(40, seed)
    ours = fit_model(table, spec(table, errors="conley", reach_m=reach))
    values = np.linalg.eigvalsh(ours.covariance)
    assert values.min() >= -1e-9 * values.max()


@pytest.mark.parametrize("reach", [0.0, -5.0, 15_000.0, 1e300])
def test_errors_by_distance_never_reach_over_the_place(bureaux, reach):
    """Were all bureaux alike to all, what is left over and so the error would be nought."""
    with pytest.raises(DataError, match="less than half the place"):
        fit_model(bureaux, spec(bureaux, errors="conley", reach_m=reach))


def test_planted_slopes_come_back():
    """Of 200 draws, the 95% intervals of `hc` and `classical` hold the planted slope."""
    held = {"hc": 0, "classical": 0}
    for seed in range(200):
        table = draw(seed=seed, spread=0.15)
        # One fit knows every kind of error.
        found = fit_model(table, spec(table, "poor + I(wave**2)"))
        for errors in held:
            asked = replace(found, spec=replace(found.spec, errors=errors))
            poor = asked.to_frame().set_index("column").loc["poor"]
            held[errors] += poor["lower"] <= PLANTED["poor"] <= poor["upper"]
    # Of 200 at 95%: 190, give or take 9 (three standard errors).
    assert all(181 <= count <= 199 for count in held.values()), held


def test_inflation_is_that_of_statsmodels(bureaux):
    bureaux = bureaux.assign(near=bureaux["poor"] + 0.1 * bureaux["wave"])
    design = fit_model(bureaux, spec(bureaux, "poor + wave + near + size")).design
    bureaux["near"] += 0.01 * np.random.default_rng(1).normal(size=len(bureaux))
    design = fit_model(bureaux, spec(bureaux, "poor + wave + near + size")).design
    exog = design.matrix.to_numpy()
    wanted = {name: variance_inflation_factor(exog, n) for n, name in enumerate(design.terms) if n}
    assert inflation(design) == pytest.approx(wanted)


def test_effects_of_communes_are_taken_out_but_not_told(bureaux):
    bureaux["value"] += 0.002 * (bureaux["commune_id"].astype(int) % 7)
    inside = fit_model(bureaux, spec(bureaux, "poor", fixed="commune_id"))
    assert inside.to_frame()["column"].tolist() == ["Intercept", "poor"]
    assert inside.design.matrix.shape[1] == 41


def test_what_is_the_same_inside_communes_is_dropped(bureaux):
    bureaux["income"] = bureaux["commune_id"].astype(float)
    found = fit_model(bureaux, spec(bureaux, "income + poor", fixed="commune_id"))
    # The last commune's own column goes: income and the others hold it already.
    assert len(found.design.dropped) == 1


def test_a_bureau_without_a_covariate_is_counted(bureaux):
    bureaux.loc[[2, 5], ["poor", "wave"]] = np.nan
    found = fit_model(bureaux, spec(bureaux, "poor + wave"))
    assert [(reason.count, reason.reason) for reason in found.left_out] == [
        (2, "bureaux of which poor, wave is not known")
    ]
    assert len(found.data) == 238


@pytest.mark.parametrize(
    ("change", "how", "said"),
    [
        ({"poor": np.nan}, {}, "Nothing is known of poor"),
        ({"value": -0.1}, {}, "A logit explains shares"),
        ({"commune_id": "31555"}, {"errors": "cluster"}, "at least 10"),
        ({"x_m": np.nan}, {"errors": "conley"}, "where every bureau lies"),
        ({}, {"fixed": "bureau_id"}, "more columns"),
    ],
)
def test_what_cannot_be_is_explained(bureaux, change, how, said):
    table = bureaux.assign(**change)
    with pytest.raises(DataError, match=said):
        fit_model(table, spec(table, "poor", **how))


@pytest.mark.parametrize(
    ("size", "communes", "known", "errors"),
    [
        (240, 40, True, "cluster"),
        (240, 20, True, "conley"),
        (240, 20, False, "cluster"),
        (240, 5, False, "hc"),
        (100, 1, True, "classical"),
    ],
)
def test_errors_fit_the_ground(size, communes, known, errors):
    table = draw(size)
    table["commune_id"] = [str(n % communes) for n in range(size)]
    if not known:
        table["x_m"] = np.nan
    assert usual_errors(table) == errors
