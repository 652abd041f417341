"""A formula is read, and nothing else is run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import patsy
import pytest

from analysis.electorate.explain.formula_terms import (
    FUNCTIONS,
    independent,
    make_design,
    plain,
    read_terms,
)
from analysis.errors import DataError

COLUMNS = ("poor", "wave", "kind")


def test_terms_are_told_apart():
    terms = read_terms("poor + bs(wave, df=4) + C(kind) + poor + I(wave**2)", COLUMNS)
    assert [t.text for t in terms] == ["poor", "bs(wave, df=4)", "C(kind)", "I(wave**2)"]
    assert [t.names for t in terms] == [("poor",), ("wave",), ("kind",), ("wave",)]
    assert [t.curved for t in terms] == [False, True, False, True]
    assert [t.category for t in terms] == [False, False, True, False]


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "poor.values",
        "poor[0]",
        "open(poor)",
        "eval(poor)",
        "poor; wave",
        "lambda: poor",
        "nobody",
        "bs(poor, knots=wave)",
        "'poor'",
        "0",
        "poor - 1",
        "I(9**9**9**9)",
        "poor**99",
        "bs(poor, 400)",
        "poor*poor*poor*poor*poor",
        "((((((poor))))))",
        "+".join(["poor"] * 101),
    ],
)
def test_code_is_no_formula(formula):
    with pytest.raises(DataError):
        read_terms(formula, COLUMNS)


def test_a_natural_spline_adds_no_second_constant(bureaux):
    whole = make_design(read_terms("cr(wave, df=4)", bureaux.columns), bureaux)
    assert whole.dropped == ()
    assert np.linalg.matrix_rank(whole.matrix) == whole.matrix.shape[1] == 5


def test_columns_that_others_hold_are_dropped_and_named(bureaux):
    bureaux = bureaux.assign(twice=2 * bureaux["poor"] + 1, nought=0.0)
    terms = read_terms("poor + twice + nought + wave", bureaux.columns)
    whole = make_design(terms, bureaux)
    assert whole.dropped == ("twice", "nought")
    assert list(whole.matrix) == ["Intercept", "poor", "wave"]
    assert whole.terms == ("", "poor", "wave")


def test_independence_is_rank(bureaux):
    rng = np.random.default_rng(3)
    known = rng.normal(size=(30, 4)) * [1, 1e6, 1e-6, 1]
    mixed = np.column_stack([known, known @ rng.normal(size=4), rng.normal(size=30)])
    assert independent(mixed).tolist() == [True] * 4 + [False, True]


def test_a_logarithm_of_nought_is_explained(bureaux):
    bureaux.loc[3, "poor"] = 0.0
    with pytest.raises(DataError, match="no value in some bureaux"):
        make_design(read_terms("log(poor)", bureaux.columns), bureaux)


def test_an_interaction_belongs_to_its_own_term(bureaux):
    whole = make_design(read_terms("poor*wave", bureaux.columns), pd.DataFrame(bureaux))
    assert list(whole.matrix) == ["Intercept", "poor", "wave", "poor:wave"]
    assert whole.terms == ("", "poor*wave", "poor*wave", "poor*wave")


@pytest.mark.parametrize("name", ["poor", "wave"])
def test_one_covariate_changed_is_the_whole_made_again(bureaux, name):
    text = "poor*wave + bs(wave, 4) + cr(poor, df=3) + log(poor) + C(kind) + C(commune_id)"
    terms = read_terms(text, bureaux.columns)
    design = make_design(terms, bureaux)
    other = bureaux.assign(**{name: float(bureaux[name].median())})
    formula = " + ".join(term.formula for term in terms)
    scope = patsy.EvalEnvironment([FUNCTIONS])
    info = patsy.dmatrix(formula, plain(bureaux), scope).design_info
    whole = patsy.dmatrix(info, plain(other), return_type="dataframe")
    (ours,) = design.along(bureaux, name, [float(bureaux[name].median())])
    np.testing.assert_allclose(ours, whole[list(design.matrix)], atol=1e-12)
