"""Effects in points: by hand, with the errors of the delta method, and along a planted curve."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.electorate.explain.formula_terms import read_terms
from analysis.electorate.explain.regression import ModelSpec, fit_model
from analysis.electorate.explain.typical_effects import curves, typical_effects
from tests.analysis.electorate.explain.conftest import draw


def fitted(table, formula, **more):
    return fit_model(table, ModelSpec(read_terms(formula, table.columns), **more))


def test_a_straight_effect_is_slope_times_difference(bureaux):
    found = fitted(bureaux, "poor + wave", family="least_squares")
    row = typical_effects(found).set_index("name").loc["poor"]
    slope = found.to_frame().set_index("column").loc["poor"]
    apart = row["end"] - row["start"]
    assert row["points"] == pytest.approx(100 * slope["estimate"] * apart)
    assert row["std_error"] == pytest.approx(100 * slope["std_error"] * apart)
    assert row["p_value"] == pytest.approx(slope["p_value"])


def test_quartiles_weigh_by_size():
    table = draw(8).assign(poor=np.arange(8.0), size=[1, 1, 1, 1, 1, 1, 1, 993])
    found = fitted(table, "poor", family="least_squares", errors="classical")
    row = typical_effects(found).iloc[0]
    # Half of one unit below the middle of the huge one lies all but its weight.
    assert row["start"] > 6
    assert row["end"] <= 7


def test_a_logit_effect_and_its_error_equal_the_bootstrap_and_the_mean_by_hand():
    table = draw(400, 5)
    found = fitted(table, "poor", errors="classical")
    row = typical_effects(found).iloc[0]
    slope, constant = found.params[1], found.params[0]
    ends = [1 / (1 + np.exp(-constant - slope * value)) for value in (row["start"], row["end"])]
    assert row["points"] == pytest.approx(100 * (ends[1] - ends[0]))
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_normal(found.params, found.covariance, 20_000)
    shares = [1 / (1 + np.exp(-drawn @ [1, value])) for value in (row["start"], row["end"])]
    assert row["std_error"] == pytest.approx(100 * np.std(shares[1] - shares[0]), rel=0.03)


def test_levels_are_told_next_to_the_first(bureaux):
    found = fitted(bureaux, "C(kind)", family="least_squares")
    effects = typical_effects(found)
    assert effects[["start", "end"]].to_numpy().tolist() == [["a", "b"], ["a", "c"]]
    slopes = found.to_frame().set_index("column")["estimate"]
    assert effects["points"].tolist() == pytest.approx(
        [100 * slopes["C(kind)[T.b]"], 100 * slopes["C(kind)[T.c]"]]
    )


@pytest.mark.parametrize("bend", ["bs(wave, 5)", "cr(wave, df=5)", "wave + I(wave**2)"])
def test_a_planted_bend_is_seen(bend):
    shape = curves(fitted(draw(600, 2), f"poor + {bend}"))
    assert shape["name"].unique().tolist() == ["wave"]
    ends, middle = shape["points"].iloc[[0, -1]], shape["points"].abs().min()
    # 0.6 · wave² in the logit, at a share near one fourth: some ten points at the ends.
    assert (ends > 7).all()
    assert middle < 1


@pytest.mark.parametrize("crossed", ["bs(wave, 5):kind", "C(kind):bs(wave, 5)", "kind*bs(wave, 5)"])
def test_a_curve_crossed_with_a_category_is_that_of_the_number(crossed):
    shape = curves(fitted(draw(600, 2), f"poor + {crossed}"))
    assert shape["name"].unique().tolist() == ["wave"]
    assert (shape["points"].iloc[[0, -1]] > 7).all()


def test_a_curve_crossed_with_a_straight_number_bends_alone(bureaux):
    shape = curves(fitted(bureaux, "poor + bs(wave, 4):poor"))
    assert shape["name"].unique().tolist() == ["wave"]


def test_a_slope_that_differs_by_category_is_one_effect_of_the_number(bureaux):
    found = fitted(bureaux, "C(kind) + C(kind):poor", family="least_squares")
    effects = typical_effects(found).set_index("name")
    slopes = found.to_frame().set_index("column")["estimate"]
    weights = bureaux.groupby("kind")["size"].sum() / bureaux["size"].sum()
    mean = sum(weights[kind] * slopes[f"C(kind)[{kind}]:poor"] for kind in "abc")
    row = effects.loc["poor"]
    assert row["points"] == pytest.approx(100 * mean * (row["end"] - row["start"]))
    assert effects.loc["kind", "end"].tolist() == ["b", "c"]


def test_what_says_nothing_new_has_no_effect(bureaux):
    bureaux = bureaux.assign(twice=2 * bureaux["poor"])
    found = fitted(bureaux, "poor + twice")
    assert typical_effects(found)["name"].tolist() == ["poor"]
