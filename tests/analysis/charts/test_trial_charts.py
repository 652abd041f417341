"""Pictures of trials: what they show is what was estimated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.charts.axis_numbers import axis_numbers
from analysis.charts.design_charts import love_plot, power_chart
from analysis.charts.trial_charts import (
    COLOURS,
    coefficient_plot,
    randomisation_histogram,
    reach_chart,
    subgroup_plot,
)
from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import Lottery
from analysis.experiments.balance import check_balance
from analysis.experiments.effects import estimate_impact
from analysis.experiments.subgroups import estimate_subgroups

BLOCK = np.repeat(np.arange(30), 5)
SPEC = Spec(("vote", "turnout"), received="received", block="block", gap=0.2)


@pytest.fixture(scope="module")
def units():
    """Make thirty blocks of five, with an effect on the vote and none on turnout."""
    rng = np.random.default_rng(4)
    assigned = np.tile([1, 1, 1, 1, 0], 30)
    return pd.DataFrame(
        {
            "block": BLOCK,
            "assigned": assigned,
            "received": assigned * np.tile([1, 0, 1, 1, 0], 30),
            "vote": rng.normal(0.3, 0.02, 150) + 0.03 * assigned,
            "turnout": rng.normal(0.7, 0.02, 150),
            "size": rng.integers(300, 900, 150),
        }
    )


@pytest.fixture(scope="module")
def impact(units):
    """Estimate it, with draws."""
    return estimate_impact(units, SPEC, rng=np.random.default_rng(0), draws=400)


def texts(figure):
    figure.draw_without_rendering()
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        found += [axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel()]
        legend = axes.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
    return found


def test_three_quantities_are_named_apart_in_panels_of_their_own(impact):
    figure = coefficient_plot(impact, language="fr")
    assert [axes.get_title("left") for axes in figure.axes] == [
        "affectation",
        "allocation",
        "couverture",
    ]
    for axes, quantity in zip(figure.axes, COLOURS, strict=True):
        for place, outcome in enumerate(("vote", "turnout")):
            e = impact.pick(outcome, quantity)
            interval, mark = axes.lines[2 * place : 2 * place + 2]
            assert interval.get_xdata() == pytest.approx([100 * end for end in e.interval])
            assert mark.get_xdata()[0] == pytest.approx(100 * e.value)
            hollow = mark.get_markerfacecolor() == "white"
            assert hollow == (not e.detected)
        named = [label.get_text() for label in axes.get_yticklabels()]
        assert named == ["vote", "participation"]


def test_one_outcome_alone(impact):
    figure = coefficient_plot(impact, ["turnout"], language="en")
    assert "effect, in points" in texts(figure)
    with pytest.raises(DataError, match="no estimate to draw"):
        coefficient_plot(impact, ["absent"])


def test_the_histogram_holds_every_draw_and_the_observed_difference(impact):
    figure = randomisation_histogram(impact.randomisation, "vote", language="fr")
    (axes,) = figure.axes
    assert sum(bar.get_height() for bar in axes.patches if bar.get_y() == 0) <= 400
    told = texts(figure)
    value = impact.pick("vote").told(impact.pick("vote").value, "fr")
    assert f"observé\u202f: {value}" in told
    assert any("400 tirages" in text and "p = 0,0025" in text for text in told)
    with pytest.raises(DataError, match="was not tested"):
        randomisation_histogram(impact.randomisation, "absent")


def test_how_the_effect_grows_as_the_share_reached_shrinks(impact):
    e = impact.pick("vote")
    figure = reach_chart(e, 0.136, press=0.031, language="fr")
    (axes,) = figure.axes
    curve = axes.lines[0]
    gap, effect = curve.get_xdata() / 100, curve.get_ydata() / 100
    np.testing.assert_allclose(gap * effect, e.value)
    assert axes.lines[1].get_ydata()[0] == pytest.approx(100 * e.value / 0.136)
    assert axes.lines[2].get_ydata()[0] == pytest.approx(3.1)
    assert any("écart de 13,6 points" in text for text in texts(figure))
    with pytest.raises(DataError, match="between 0 and 1"):
        reach_chart(e, 13.6)


def test_groups_are_named_with_their_number(units):
    found = estimate_subgroups(
        units.assign(kind=BLOCK % 2), SPEC, ["kind", "size"], declared=["kind"]
    )
    figure = subgroup_plot(found, "vote", language="fr")
    labels = figure.axes[0].get_yticklabels()
    assert labels[0].get_text() == "kind = 0 (n = 75)"
    assert [label.get_style() for label in labels] == ["normal"] * 2 + ["italic"] * 3
    assert any("en italique" in text for text in texts(figure))
    with pytest.raises(DataError, match="No subgroup has an estimate"):
        subgroup_plot(found, "absent")


def test_the_love_plot_shows_every_standardised_difference(units):
    lottery = Lottery.of_arms(units["assigned"].to_numpy(float), BLOCK)
    covariates = units[["size", "turnout"]].assign(
        far=units["assigned"] + 0.1 * units["size"] / 900
    )
    arms, rng = units["assigned"].to_numpy(float), np.random.default_rng(1)
    balance = check_balance(covariates, arms, lottery, rng=rng, draws=99)
    (axes,) = love_plot(balance, language="fr").axes
    near, far = (line.get_xdata() for line in axes.lines[:2])
    assert np.abs(near).max(initial=0) <= 0.1 < np.abs(far).min()
    shown = np.sort(np.concatenate([near, far]))
    np.testing.assert_allclose(shown, np.sort(balance.table["standardised"]))
    assert axes.get_xlim()[1] > shown.max()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_power_curve_shows_medians_by_number_and_share(language):
    curve = pd.DataFrame(
        {
            "units": [100, 100, 100, 200, 200, 200],
            "coverage": [0.1, 0.1, 0.3, 0.1, 0.1, 0.3],
            "detectable_assignment": [0.02, 0.04, 0.03, 0.01, 0.03, 0.02],
            "detectable_reached": [0.2, 0.4, 0.1, 0.1, 0.3, 0.0667],
        }
    )
    figure = power_chart(curve, language=language)
    (axes,) = figure.axes
    assert axes.lines[0].get_ydata().tolist() == pytest.approx([3.0, 2.0])
    assert axes.lines[1].get_ydata().tolist() == pytest.approx([30.0, 20.0])
    assert axes.lines[2].get_ydata().tolist() == pytest.approx([10.0, 6.67])
    assert len(axes.get_legend().get_texts()) == 3


def test_a_power_curve_of_one_number_has_that_number_below_it():
    facts = {"coverage": 0.1, "detectable_assignment": 0.07, "detectable_reached": 0.7}
    (axes,) = power_chart(pd.DataFrame({"units": [5], **facts}), language="en").axes
    assert axes.get_xticks().tolist() == [5]


def test_a_tick_between_two_numbers_is_not_rounded_to_one_of_them():
    french = axis_numbers(0, language="fr")
    assert [french(x, 0) for x in (0, 2.5, 1e-12, 1234, 0.3 + 2.4)] == [
        "0", "2,5", "0", "1\u202f234", "2,7",
    ]  # fmt: skip
    assert axis_numbers(2, language="en")(0.5, 0) == "0.50"


def test_curves_that_are_none():
    with pytest.raises(DataError, match="lacks column"):
        power_chart(pd.DataFrame({"units": [1]}))
    with pytest.raises(DataError, match="is empty"):
        power_chart(
            pd.DataFrame(
                columns=["units", "coverage", "detectable_assignment", "detectable_reached"]
            )
        )
