"""Tests of `analysis.experiments.effects`: identities, properties, bad tables."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import Lottery
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimators import Layout, Regression
from analysis.experiments.iv import anderson_rubin

SPEC = Spec(
    ("vote", "turnout"),
    received="received",
    reached="reached",
    block="block",
    weight="registered",
    covariates=("lagged",),
    measured_before=True,
)


def same(one, other, sign=1.0):
    """Compare two impacts number by number."""
    for a, b in zip(one.estimates, other.estimates, strict=True):
        assert (a.outcome, a.estimand, a.estimator) == (b.outcome, b.estimand, b.estimator)
        flip = 1.0 if a.estimand == "first_stage" else sign
        assert b.value == pytest.approx(flip * a.value)
        assert dict(b.std_errors) == pytest.approx(dict(a.std_errors), nan_ok=True)


@pytest.fixture
def impact(trial):
    return estimate_impact(trial, SPEC, rng=np.random.default_rng(1), draws=200)


# What it says


def test_every_quantity_by_every_estimator_the_default_first(impact):
    told = [(e.estimand, e.estimator) for e in impact.estimates if e.outcome == "vote"]
    assert told[:5] == [
        ("assignment", "block_fixed_effects"),
        ("first_stage", "block_fixed_effects"),
        ("allocation", "block_fixed_effects"),
        ("allocation", "anderson_rubin"),
        ("coverage", "block_fixed_effects"),
    ]
    assert {name for _, name in told} == {
        "block_fixed_effects",
        "ancova",
        "lin",
        "block_size_weighted",
        "anderson_rubin",
        "block_fixed_effects_weighted",
        "ancova_weighted",
        "lin_weighted",
    }
    assert impact.pick("vote").estimator == "block_fixed_effects"


def test_the_quantities_are_tied_by_their_identities(impact):
    for estimator in ("block_fixed_effects", "ancova", "block_fixed_effects_weighted"):
        assignment, stage, allocation, coverage = (
            impact.pick("vote", e, estimator).value
            for e in ("assignment", "first_stage", "allocation", "coverage")
        )
        assert allocation * stage == pytest.approx(assignment)
        # Here half of a unit is reached where it is canvassed.
        assert coverage == pytest.approx(2 * allocation)


def test_a_result_that_breaks_walds_identity_is_refused(impact):
    broken = [replace(e, value=9.0) if e.estimand == "allocation" else e for e in impact.estimates]
    with pytest.raises(ValueError, match="must equal assignment"):
        replace(impact, estimates=tuple(broken))


def test_covariates_and_the_planted_effect(impact):
    plain, adjusted = (impact.pick("vote", estimator=e) for e in ("block_fixed_effects", "ancova"))
    assert adjusted.std_error < plain.std_error
    low, high = impact.pick("vote", "allocation", "ancova").interval
    assert low < 0.02 < high
    lin = impact.pick("vote", estimator="lin")
    assert lin.value == pytest.approx(adjusted.value, abs=plain.std_error)


def test_json_has_the_keys_that_scripts_read(impact):
    content = json.loads(json.dumps(impact.to_json(), allow_nan=False))
    for estimate in content["estimates"]:
        assert list(estimate) == [
            "outcome",
            "estimand",
            "estimator",
            "estimate",
            "std_errors",
            "interval_95",
            "p_value",
            "p_randomisation",
            "n",
            "blocks",
            "dropped",
            "p_holm",
            "p_westfall_young",
        ]
        assert list(estimate["std_errors"])[:5] == ["HC0", "HC1", "HC2", "HC3", "CR2"]
    assert content["randomisation"]["draws"] == 200
    assert content["intervals_from"]["block_size_weighted"] == "hybrid_p"
    first, other = content["estimates"][0], content["estimates"][2]
    assert 0 < first["p_randomisation"] == other["p_randomisation"] <= 1


def test_the_frame_has_a_row_for_each_estimate(impact):
    frame = impact.to_frame()
    assert len(frame) == len(impact.estimates)
    assert frame["estimate"].tolist() == [e.value for e in impact.estimates]


def test_a_null_result_is_said_plainly(trial):
    text = estimate_impact(trial, replace(SPEC, outcomes=("turnout",))).summary()
    assert "turnout: being drawn for the canvass: no effect detected" in text
    assert "are excluded (95%)" in text


def test_an_effect_is_said_with_its_interval(trial):
    louder = trial.assign(vote=trial["vote"] + 0.1 * trial["assigned"])
    sentence = estimate_impact(louder, SPEC).pick("vote").sentence()
    assert sentence.startswith("vote: being drawn for the canvass: +10.52 points")
    votes = trial.assign(vote=100 * louder["vote"])
    assert "points" not in estimate_impact(votes, SPEC).pick("vote").sentence()


def test_an_estimate_that_is_not_there(impact):
    with pytest.raises(LookupError, match="no coverage of vote by lin"):
        impact.pick("vote", "coverage", "lin")


def test_contamination_and_lone_blocks_are_named(trial):
    one_arm = trial.assign(assigned=np.where(trial["block"] == 3, 1, trial["assigned"]))
    lone = one_arm.assign(block=np.where(one_arm.index == 204, 99, one_arm["block"]))
    impact = estimate_impact(lone.drop(index=[200, 201]), SPEC)
    text = impact.summary()
    assert "contamination: " in text
    assert "block(s) have one arm only; without covariates they say nothing" in text
    found = impact.pick("vote", estimator="block_size_weighted")
    assert found.blocks < impact.pick("vote").blocks


def test_singletons_are_left_out_and_counted(trial):
    alone = pd.concat([trial, trial.head(1).assign(unit_id="x", block=77, vote=50.0)])
    impact = estimate_impact(alone, SPEC)
    assert impact.pick("vote").dropped == 1
    assert any("1 block(s) of one unit are left out: 77" in note for note in impact.notes)
    same(impact, estimate_impact(trial, SPEC))


def test_covariates_of_unknown_date_are_asked_about_and_late_ones_warned_of(trial):
    asked = estimate_impact(trial, replace(SPEC, measured_before=None))
    assert any("were the covariates measured before the draw?" in note for note in asked.notes)
    late = estimate_impact(trial, replace(SPEC, measured_before=False))
    assert any("do not rely on adjusted estimates: lagged" in note for note in late.notes)
    assert not any("covariates" in note for note in estimate_impact(trial, SPEC).notes)


def test_units_without_a_covariate_stay_in_the_plain_estimate(trial):
    holes = trial.assign(lagged=trial["lagged"].where(trial.index % 10 > 0))
    impact = estimate_impact(holes, SPEC)
    assert impact.pick("vote").n == 203
    assert impact.pick("vote", estimator="ancova").n == 203 - 21
    assert any("21 unit(s) lack a covariate" in note for note in impact.notes)


# Clusters, coverage, weak instruments


def test_declared_clusters_change_the_error_and_say_so(trial):
    pairs = trial.assign(cluster=trial["assigned"] + 2 * trial["block"])
    impact = estimate_impact(pairs, replace(SPEC, cluster="cluster"))
    assert impact.pick("vote").kind == "CR2"
    assert impact.pick("vote").value == estimate_impact(trial, SPEC).pick("vote").value
    assert impact.to_json()["intervals_from"]["block_fixed_effects"] == "CR2"


def test_a_known_gap_scales_assignment(trial):
    impact = estimate_impact(trial, replace(SPEC, reached="", gap=0.25))
    assignment, coverage = (impact.pick("vote", e) for e in ("assignment", "coverage"))
    assert coverage.value == pytest.approx(4 * assignment.value)
    assert coverage.interval == pytest.approx([4 * end for end in assignment.interval])
    table = impact.sensitivity.query("outcome == 'vote'")
    assert table["estimate"].to_numpy() * table["gap"].to_numpy() == pytest.approx(assignment.value)


def test_a_weak_draw_is_named_and_its_set_unbounded(trial):
    noise = np.random.default_rng(6).random(len(trial))
    weak = estimate_impact(trial.assign(received=noise), SPEC)
    assert weak.first_stage_f["vote"]["received"] < 10
    assert any("Anderson and Rubin's interval only" in note for note in weak.notes)
    assert math.isinf(weak.pick("vote", "allocation", "anderson_rubin").interval[1])
    json.dumps(weak.to_json(), allow_nan=False)


def test_anderson_and_rubins_set_holds_what_a_test_does_not_reject(trial):
    block = trial["block"].to_numpy()
    regression = Regression(Layout.of(len(block), block=block), trial[["assigned"]].to_numpy(float))
    y, d = (trial[name].to_numpy(float) for name in ("vote", "received"))
    (low, high), between = anderson_rubin(regression, y, d, "HC1")
    assert between
    bar = 1.9742  # t at 161 degrees of freedom
    for end in (low, high):
        value = y - end * d
        t = regression.coefficients(value)[0] / regression.std_errors(value)["HC1"]
        assert abs(t) == pytest.approx(bar, abs=2e-3)


def test_arms_that_look_swapped_are_asked_about(trial):
    swapped = estimate_impact(trial.assign(received=1 - trial["received"]), SPEC)
    assert any("are the arms swapped?" in note for note in swapped.notes)


# Missing outcomes


def test_missing_outcomes_are_counted_by_arm_and_bounded(trial):
    gone = (trial.index % 4 == 0) & (trial["assigned"] == 1)
    holes = trial.assign(vote=trial["vote"].mask(gone))
    impact = estimate_impact(holes, SPEC)
    table = impact.missing.set_index("arm")
    assert table.loc["control", "missing"] == 0
    assert table.loc["treated", "missing"] == gone.sum()
    assert impact.pick("vote").dropped >= gone.sum()
    assert any("whatever they did, the effect lies between" in note for note in impact.notes)
    # The truth, had all been seen, lies between the bounds.
    whole = estimate_impact(trial, SPEC).pick("vote").value
    assert table.loc["treated", "lower"] < whole < table.loc["treated", "upper"]


def test_bounds_of_counts_use_the_range_that_was_seen(trial):
    votes = (1000 * trial["vote"]).round()
    holes = trial.assign(vote=votes.mask(trial.index == 0))
    (row, _) = estimate_impact(holes, SPEC).missing.itertuples()
    assert row.upper - row.lower < 2 * (votes.max() - votes.min())
    assert not any("whatever" in n for n in estimate_impact(holes, SPEC).notes)


# Properties


@given(st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_the_order_of_units_does_not_matter(seed):
    trial = _made()
    same(
        estimate_impact(trial, SPEC),
        estimate_impact(trial.sample(frac=1, random_state=seed), SPEC),
    )


def _made():
    rng = np.random.default_rng(1)
    block = np.repeat(np.arange(20), 4)
    received = rng.integers(0, 2, 80)
    return pd.DataFrame(
        {
            "assigned": np.tile([1, 1, 0, 1], 20),
            "received": received,
            "reached": received / 2,
            "block": block,
            "registered": rng.integers(1, 9, 80),
            "lagged": rng.random(80),
            "vote": rng.random(80),
            "turnout": rng.random(80),
        }
    )


def test_swapped_arms_swap_signs(trial):
    swapped = trial.assign(assigned=1 - trial["assigned"])
    spec = replace(SPEC, received="", reached="", covariates=())
    same(estimate_impact(trial, spec), estimate_impact(swapped, spec), sign=-1.0)


def test_an_effect_on_abstention_is_the_opposite_of_one_on_turnout(trial):
    opposite = trial.assign(vote=1 - trial["vote"], turnout=1 - trial["turnout"])
    same(estimate_impact(trial, SPEC), estimate_impact(opposite, SPEC), sign=-1.0)


def test_an_outcome_plus_a_block_constant_changes_nothing(trial):
    level = np.random.default_rng(0).normal(size=41)[trial["block"]]
    moved = trial.assign(vote=trial["vote"] + level, turnout=trial["turnout"] - level)
    same(estimate_impact(trial, SPEC), estimate_impact(moved, SPEC))


def test_no_effect_at_all_is_nought_without_doubt(trial):
    flat = trial.assign(vote=trial["block"] / 100, turnout=0.5)
    found = estimate_impact(flat, SPEC).pick("vote")
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.std_error == pytest.approx(0, abs=1e-12)


def test_text_columns_and_shuffled_indexes_are_read_alike(trial):
    as_text = trial.astype("str").set_axis(range(500, 500 + len(trial)))
    same(estimate_impact(trial, SPEC), estimate_impact(as_text, SPEC))


def test_its_input_is_left_alone(trial):
    before = trial.copy()
    estimate_impact(trial, SPEC, rng=np.random.default_rng(0), draws=20)
    pd.testing.assert_frame_equal(trial, before)


def test_the_declared_lottery_is_the_one_that_is_drawn_again(trial):
    arms, block = trial["assigned"].to_numpy(float), trial["block"].to_numpy()
    alone = replace(Lottery.of_arms(arms, block), treated=np.full(41, -1))
    runs = [
        estimate_impact(trial, SPEC, lottery=given, rng=np.random.default_rng(1), draws=300)
        for given in (None, alone)
    ]
    assert any("supposes the draw" in note for note in runs[0].notes)
    assert not any("supposes the draw" in note for note in runs[1].notes)
    null = [run.randomisation.null["vote"].std() for run in runs]
    assert null[1] != null[0]


# Bad tables


@pytest.mark.parametrize(
    ("change", "spec", "says"),
    [
        ({"assigned": 2}, {}, r"must be 0 \(control\) or 1[\s\S]*0000: 2[\s\S]*203 in all"),
        (
            {"assigned": None},
            {},
            r"must be 0 \(control\) or 1[\s\S]*0000: no value[\s\S]*203 in all",
        ),
        ({"assigned": 1}, {}, r"one of them is empty[\s\S]*Keep the control group"),
        ({"unit_id": "a"}, {}, r"stands in several rows[\s\S]*unit_id: a[\s\S]*--unit"),
        ({"block": range(203)}, {}, "No block has both a treated unit and a control"),
        ({"block": None}, {}, "Column block is empty for some units"),
        ({"cluster": 1}, {"cluster": "cluster"}, r"A cluster has two arms[\s\S]*cluster 1"),
        ({"received": 3}, {}, r"received must lie between 0 and 1[\s\S]*0000: 3"),
        ({"reached": 48.0}, {}, "Give shares, not percentages"),
        ({"registered": 0}, {}, "registered must be a positive weight"),
        ({"vote": "n/a"}, {}, r"vote holds values that are not numbers[\s\S]*line 2: 'n/a'"),
        ({"vote": np.inf}, {}, "not numbers"),
        ({"vote": 1e300}, {}, r"not numbers[\s\S]*none beyond 10¹⁵"),
        (
            {"kind": "a"},
            {"covariates": ("C(kind)",), "estimator": "ancova"},
            r"C\(kind\) is the same everywhere",
        ),
        ({"vote": np.nan}, {}, r"Nothing is left to compare for vote[\s\S]*0 of 203"),
        ({"received": 0.5}, {}, r"changed nothing in who was treated"),
        ({}, {"outcomes": ("votes",)}, r"lacks column\(s\): votes[\s\S]*columns found"),
        ({}, {"covariates": ("turnout",)}, r"known before the draw[\s\S]*turnout"),
        ({}, {"covariates": ("received",)}, "known before the draw"),
        ({}, {"std_error": "HC9"}, r"no standard error “HC9”[\s\S]*HC0, HC1"),
        ({}, {"outcomes": ()}, "no outcome to estimate"),
        ({}, {"gap": 13.6}, r"between 0 and 1[\s\S]*gap = 13.6[\s\S]*0.136"),
    ],
)
def test_what_is_wrong_where_and_how_to_mend_it(trial, change, spec, says):
    with pytest.raises(DataError, match=says) as caught:
        estimate_impact(trial.assign(**change), replace(SPEC, **spec))
    assert caught.value.mend


def test_an_empty_table(trial):
    with pytest.raises(DataError, match="is empty"):
        estimate_impact(trial.head(0), SPEC)


def test_too_many_covariates_for_the_units(trial):
    few = trial.head(5)
    covariates = {f"x{i}": np.random.default_rng(i).random(5) for i in range(3)}
    spec = replace(SPEC, covariates=tuple(covariates), received="", reached="")
    with pytest.raises(DataError, match="too few units for so many"):
        estimate_impact(few.assign(**covariates), spec)


def test_draws_without_a_generator(trial):
    with pytest.raises(DataError, match="Draws need a seed"):
        estimate_impact(trial, SPEC, draws=10)
