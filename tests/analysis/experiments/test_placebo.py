"""Tests of `analysis.experiments.placebo` and `holdout`: what a design sees, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.experiments import placebo
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.holdout import hold_out
from analysis.experiments.placebo import PlaceboAsk, placebo_curve
from analysis.experiments.power import Ask, power_curve
from analysis.tables.elections import Choice

LATER = datetime(2030, 1, 1)
RULE = Rule("gain")


@pytest.fixture(scope="module")
def targets(valmont):
    """Rank the bureaux of Valmont by their number."""
    ids = sorted(valmont.read("turnout")["bureau_id"].astype("str").unique())
    return pd.DataFrame({"bureau_id": ids, "gain": np.arange(len(ids), 0, -1.0)})


def curve(targets, valmont, **ask):
    asked = PlaceboAsk(**{"before": LATER, "coverage": (0.2,), "draws": 200, **ask})
    rng = np.random.default_rng(1)
    return placebo_curve(targets, valmont, Choice("left"), rule=RULE, ask=asked, rng=rng)


def test_every_past_first_round_with_one_before_it_is_a_placebo(targets, valmont):
    found = curve(targets, valmont)
    elections = valmont.read("elections")
    firsts = elections.loc[elections["round"] == 1, "election_id"].tolist()
    seen = found.curve["election_id"].tolist()
    assert set(seen) < set(firsts)
    assert firsts[0] not in seen
    assert found.curve["false_alarms"].max() < 0.2
    assert (found.curve["detectable_reached"] * 0.2).to_numpy() == pytest.approx(
        found.curve["detectable_assignment"].to_numpy()
    )


def test_the_election_before_makes_smaller_effects_visible(targets, valmont):
    with_it, without = (curve(targets, valmont, adjust=adjust) for adjust in (True, False))
    common = with_it.curve.merge(without.curve, on="election_id")
    assert len(common) == len(with_it.curve)
    assert (common["detectable_formula_x"] < common["detectable_formula_y"]).mean() > 0.7


def test_the_curve_is_that_of_power_on_the_same_shares(targets, valmont):
    """Work one election out by hand from the tables of the workspace."""
    found = curve(targets, valmont, adjust=False, measure="turnout")
    election = found.curve["election_id"].iloc[-1]
    counts = valmont.read("turnout")
    counts = counts[counts["election_id"] == election]
    rate = counts["ballots"].to_numpy() / counts["registered"].to_numpy()
    shares = pd.Series(rate, index=counts["bureau_id"].astype("str").to_numpy())
    table = targets.assign(then=targets["bureau_id"].map(shares)).dropna()
    table["then_again"] = table["then"]
    asked = Ask(("then",), coverage=(0.2,), draws=200)
    wanted = power_curve(table, RULE, asked, np.random.default_rng(1))
    last = found.curve.iloc[-1]
    assert last["units"] == wanted["units"].iloc[0]
    assert last["detectable_formula"] == pytest.approx(wanted["detectable_formula"].iloc[0])


def test_targets_without_results_are_left_out_and_named(targets, valmont):
    more = pd.concat([pd.DataFrame({"bureau_id": ["99900_none"], "gain": [1000.0]}), targets])
    found, before = curve(more, valmont), curve(targets, valmont)
    assert (found.left_out["bureaux"] - before.left_out["bureaux"]).eq(1).all()
    assert found.left_out["examples"].str.contains("99900_none").all()
    assert found.left_out["election_id"].nunique() == found.curve["election_id"].nunique()


def test_bureaux_unknown_at_one_election_change_its_design_alone(targets, valmont, monkeypatch):
    def with_gaps(*args, **kwargs):
        history = read_history(*args, **kwargs)
        votes = history.votes.astype(float)
        # As many bureaux at both elections, and not the same.
        votes[0, 0] = votes[1, -1] = np.nan
        return replace(history, votes=votes)

    monkeypatch.setattr(placebo, "read_history", with_gaps)
    found = curve(targets, valmont, sizes=(15, 10_000))
    assert len(found.left_out["examples"].unique()) > 1
    monkeypatch.setattr(placebo, "_declaring_once", lambda: declare)
    each = curve(targets, valmont, sizes=(15, 10_000))
    pd.testing.assert_frame_equal(found.curve, each.curve, check_exact=True)


def test_an_election_that_cannot_fill_a_block_says_nothing(targets, valmont):
    unknown = pd.DataFrame({"bureau_id": ["x"], "gain": [99.0]})
    with pytest.raises(DataError, match="the power of the trial is unknown"):
        curve(pd.concat([unknown, targets.head(4)]), valmont)
    assert len(curve(targets.head(5), valmont).curve)


def test_more_bureaux_than_there_are_stand_for_all(targets, valmont):
    found = curve(targets, valmont, sizes=(15, 10_000))
    median = found.median()
    assert median["units"].tolist() == [15, len(targets)]
    assert found.curve["units"].max() < len(targets)
    assert median["detectable_assignment"].is_monotonic_decreasing


def test_too_little_past(targets, valmont):
    first = valmont.read("elections")["date"].min().to_pydatetime()
    with pytest.raises(DataError, match="No election of this workspace precedes"):
        curve(targets, valmont, before=first)
    second = valmont.read("elections")["date"].drop_duplicates().nsmallest(2).iloc[1]
    with pytest.raises(DataError, match="two past first rounds") as error:
        curve(targets, valmont, before=second.to_pydatetime())
    assert error.value.mend
    with pytest.raises(DataError, match="No target has results"):
        curve(targets.assign(bureau_id="x" + targets["bureau_id"]), valmont)


# The cost of holding back


@pytest.fixture
def units():
    """Make eleven units, two of them decided beforehand."""
    return pd.DataFrame(
        {
            "unit_id": [f"{i:02d}" for i in range(12)],
            "gain": np.arange(12.0),
            "must": [1, *[0] * 11],
            "never": [0, 1, *[0] * 10],
        }
    )


def test_the_cost_of_the_controls_by_hand(units):
    design = declare(units, Rule("gain", must_treat="must", must_not_treat="never"))
    votes = np.arange(12.0)
    cost = hold_out(design, votes, 0.0123)
    # Ten units are drawn, each control with probability 1/5; unit 1 is a control by decision.
    assert cost.controls == pytest.approx(10 / 5 + 1)
    assert cost.votes_forgone == pytest.approx(votes[2:].sum() / 5 + 1)
    assert cost.votes_all == 66
    assert cost.summary() == (
        "Held back: 3 of 12 (25%), so about 14.0 expected votes forgone of 66.0.\n"
        "What it buys: an effect of assignment of 1.23 points or more will be seen in 80% of draws."
    )
    assert "1,23 point" in cost.summary("fr")
    assert "inconnu" in hold_out(design, votes).summary("fr")


def test_what_is_left_out_of_the_draw_is_held_back_too(units):
    design = declare(units, Rule("gain", incomplete="leave_out"))
    assert hold_out(design, np.ones(12)).controls == pytest.approx(10 / 5 + 2)


@pytest.mark.parametrize("votes", [np.ones(11), np.full(12, np.nan)])
def test_the_cost_needs_the_votes_of_every_unit(units, votes):
    with pytest.raises(DataError, match="expected votes of every unit") as error:
        hold_out(declare(units, RULE), votes)
    assert error.value.mend
