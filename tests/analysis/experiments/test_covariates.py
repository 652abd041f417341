"""What estimates are adjusted for: categories, repeats, and columns of after the canvass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact

SPEC = Spec(("vote",), block="block", covariates=("lagged",), measured_before=True)
SEEDS = 200


@pytest.fixture
def kinds(trial):
    """Give units a kind, as text."""
    kind = np.random.default_rng(0).choice(["rural", "town", "suburb"], len(trial))
    return trial.assign(kind=kind)


def peer(table, formula):
    """Fit what statsmodels makes of a formula, on blocks of two units or more."""
    size = table.groupby("block")["vote"].transform("size")
    return smf.ols(formula, table[size > 1]).fit(cov_type="HC1")


def same(found, fit):
    assert found.value == pytest.approx(fit.params["assigned"], abs=1e-10)
    assert found.std_errors["HC1"] == pytest.approx(fit.bse["assigned"], abs=1e-10)


# Categories


def test_categories_are_those_of_a_formula(kinds):
    impact = estimate_impact(kinds, replace(SPEC, covariates=("C(kind)", "lagged")))
    found = impact.pick("vote", estimator="ancova")
    same(found, peer(kinds, "vote ~ assigned + lagged + C(kind) + C(block)"))
    # Numbers may be categories too, when one says so.
    coded = kinds.assign(kind=kinds["kind"].map({"rural": 1, "suburb": 2, "town": 3}))
    again = estimate_impact(coded, replace(SPEC, covariates=("C( kind )", "lagged")))
    assert again.pick("vote", estimator="ancova").value == pytest.approx(found.value)
    lin = estimate_impact(kinds, replace(SPEC, covariates=("C(kind)",))).pick(
        "vote", estimator="lin"
    )
    wide = pd.get_dummies(kinds["kind"], dtype=float)[["suburb", "town"]]
    table = kinds.join(wide - wide.mean())
    formula = "vote ~ assigned * (suburb + town) + C(block)"
    same(lin, smf.ols(formula, table).fit(cov_type="HC1"))


def test_text_is_no_number_unless_it_is_called_a_category(kinds):
    with pytest.raises(DataError, match="kind holds values that are not numbers"):
        estimate_impact(kinds, replace(SPEC, covariates=("kind",)))
    with pytest.raises(DataError, match=r"lacks column\(s\): sort"):
        estimate_impact(kinds, replace(SPEC, covariates=("C(sort)",)))
    holes = kinds.assign(kind=kinds["kind"].mask(kinds.index % 10 == 0))
    impact = estimate_impact(holes, replace(SPEC, covariates=("C(kind)",)))
    assert impact.pick("vote", estimator="ancova").n == 203 - 21


# Repeats


def test_columns_that_say_nothing_new_are_left_out_and_named(kinds):
    table = kinds.assign(
        level=kinds["block"] / 7,
        twice=2 * kinds["lagged"] + 1,
        mean=kinds["lagged"] + kinds["turnout"],
    )
    names = ("lagged", "level", "twice", "turnout", "mean")
    spec = replace(SPEC, covariates=names)
    impact = estimate_impact(table, spec)
    assert any("say it already: level, twice, mean" in note for note in impact.notes)
    same(
        impact.pick("vote", estimator="ancova"),
        peer(kinds, "vote ~ assigned + lagged + turnout + C(block)"),
    )
    # The order says which of two stays.
    other = estimate_impact(table, replace(spec, covariates=("twice", "lagged")))
    assert any("say it already: lagged" in note for note in other.notes)


def test_a_covariate_that_never_varies_leaves_the_plain_estimate(trial):
    impact = estimate_impact(trial.assign(lagged=1.0), SPEC)
    plain, adjusted = (
        impact.pick("vote", estimator=one) for one in ("block_fixed_effects", "ancova")
    )
    assert adjusted.value == pytest.approx(plain.value)
    assert any("say it already: lagged" in note for note in impact.notes)


# After the canvass


def test_a_covariate_of_after_the_canvass_is_named(trial):
    """Opinion at the door moved with the canvass: adjusting for it takes the effect away."""
    vote = trial["vote"] + 0.03 * trial["assigned"]
    after = vote + np.random.default_rng(0).normal(0, 0.004, len(trial))
    table = trial.assign(vote=vote, after=after)
    impact = estimate_impact(table, replace(SPEC, covariates=("lagged", "after")))
    assert impact.pick("vote").value > 0.03
    assert abs(impact.pick("vote", estimator="ancova").value) < 0.01
    (note, *_) = impact.notes
    assert "the arms differ in after" in note
    assert "(p < 0.001)" in note
    assert "diffèrent sur after" in note.say("fr")


def test_covariates_of_before_are_seldom_accused():
    """200 trials with five covariates each, none of them moved: at most one is accused."""
    accused = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        block = np.repeat(np.arange(20), 5)
        arm = np.tile([1, 1, 1, 1, 0], 20)
        table = pd.DataFrame(
            {"vote": rng.normal(size=100), "assigned": arm, "block": block}
            | {f"x{k}": rng.normal(size=100) for k in range(5)}
        )
        spec = replace(SPEC, covariates=tuple(f"x{k}" for k in range(5)))
        notes = estimate_impact(table, spec).notes
        accused += any("far more than a draw" in note for note in notes)
    assert accused <= 2


def test_the_arms_are_compared_by_every_covariate(trial):
    impact = estimate_impact(trial, SPEC, rng=np.random.default_rng(0))
    table = impact.balance.table.set_index("covariate")
    means = trial.groupby("assigned")["lagged"].mean()
    assert table.loc["lagged", "treated"] == pytest.approx(means[1])
    assert table.loc["lagged", "control"] == pytest.approx(means[0])
    assert 0 < impact.balance.p_value <= 1
    content = impact.to_json()["balance"]
    assert content["covariates"][0]["covariate"] == "lagged"
    assert estimate_impact(trial, replace(SPEC, covariates=())).balance is None


# Each outcome its own past


def test_each_outcome_is_adjusted_for_its_own_past(trial):
    rng = np.random.default_rng(3)
    table = trial.assign(before=trial["turnout"] + rng.normal(0, 0.02, len(trial)))
    spec = Spec(
        ("vote", "turnout"),
        block="block",
        lagged=(("vote", "lagged"), ("turnout", "before")),
        measured_before=True,
    )
    impact = estimate_impact(table, spec, rng=np.random.default_rng(1), draws=200)
    same(
        impact.pick("vote", estimator="ancova"), peer(table, "vote ~ assigned + lagged + C(block)")
    )
    same(
        impact.pick("turnout", estimator="ancova"),
        peer(table, "turnout ~ assigned + before + C(block)"),
    )
    alone = estimate_impact(
        table, replace(SPEC, outcomes=("vote",)), rng=np.random.default_rng(1), draws=200
    )
    p = [i.pick("vote", estimator="ancova").p_randomisation for i in (impact, alone)]
    assert p[0] == p[1]
    with pytest.raises(DataError, match="known before the draw"):
        estimate_impact(table, replace(spec, lagged=(("vote", "turnout"),)))


# A known difference in the share reached


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gap": -0.2}, r"between 0 and 1[\s\S]*gap = -0.2"),
        ({"gap": 0.0}, "between 0 and 1"),
        ({"gap": 0.2, "reached": "reached"}, "a column and a known difference at once"),
    ],
)
def test_a_gap_is_positive_and_stands_alone(change, says):
    with pytest.raises(DataError, match=says):
        replace(SPEC, **change)
