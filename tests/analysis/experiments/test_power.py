"""Tests of `analysis.experiments.power`: formula and simulation agree, and with experience."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.estimators import Layout, Regression, p_value
from analysis.experiments.power import Ask, detectable, power_curve


@pytest.fixture
def place():
    """Make 300 units whose last outcome follows the one before."""
    rng = np.random.default_rng(0)
    before = rng.normal(0.3, 0.05, 300)
    return pd.DataFrame(
        {
            "unit_id": [f"{i:03d}" for i in range(300)],
            "gain": rng.random(300),
            "before": before,
            "then": 0.1 + 0.8 * before + rng.normal(0, 0.02, 300),
            "pair": np.arange(300) // 2,
        }
    )


def curve(place, rule=None, **ask):
    given = Ask(**{"outcomes": ("then",), "coverage": (0.2,), "draws": 2000, **ask})
    return power_curve(place, rule or Rule("gain"), given, np.random.default_rng(1))


def test_the_formula_at_a_known_value():
    # Bloom (1995): 2.8 standard errors for 80% power at 5%, many degrees of freedom.
    assert detectable(1.0, 1e9) == pytest.approx(2.8016, abs=1e-4)


@pytest.mark.parametrize("rule", [Rule("gain"), Rule("gain", cluster="pair")])
@pytest.mark.parametrize("lagged", [(), ("before",)])
def test_formula_and_simulation_agree(place, rule, lagged):
    (row,) = curve(place, rule, lagged=lagged).itertuples()
    assert row.detectable_assignment == pytest.approx(row.detectable_formula, rel=0.1)
    assert row.false_alarms == pytest.approx(0.05, abs=0.025)


def test_the_smallest_effect_is_seen_as_often_as_promised(place):
    """Plant the detectable effect, draw, and estimate as one would after the campaign."""
    design = declare(place, Rule("gain"))
    effect = curve(place)["detectable_assignment"].iloc[0]
    y = place.set_index("unit_id").loc[design.units["unit_id"], "then"].to_numpy()
    layout = Layout.of(300, block=design.lottery.block[design.lottery.member])
    seen = 0
    for arm in design.redraw(np.random.default_rng(9), 500).astype(float):
        regression = Regression(layout, arm[:, None])
        value = y + effect * arm
        error = regression.std_errors(value)["HC1"]
        seen += p_value(regression.coefficients(value)[0], error, regression.residual_df) < 0.05
    assert seen / 500 == pytest.approx(0.8, abs=0.06)


def test_more_units_and_a_lagged_outcome_see_smaller_effects(place):
    plain = curve(place, sizes=(75, 300))["detectable_assignment"].to_numpy()
    adjusted = curve(place, sizes=(75, 300), lagged=("before",))["detectable_assignment"].to_numpy()
    assert plain[1] == pytest.approx(plain[0] / 2, rel=0.3)
    assert (adjusted < 0.7 * plain).all()


def test_coverage_and_contamination_scale_what_the_reached_must_feel(place):
    table = curve(place, coverage=(0.2, 0.4), contamination=0.1)
    ratio = table["detectable_reached"] / table["detectable_assignment"]
    assert ratio.tolist() == pytest.approx([10, 10 / 3])
    assert table["controls"].tolist() == pytest.approx([60.0, 60.0])


def test_its_units_may_come_in_any_order(place):
    one, other = curve(place), curve(place.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(one, other)


def test_what_cannot_be_asked(place):
    with pytest.raises(DataError, match="More must be reached in treated"):
        curve(place, contamination=0.3)
    with pytest.raises(DataError, match=r"Column then is empty[\s\S]*1 of 300 units"):
        curve(place.assign(then=place["then"].mask(place.index == 4)))
    with pytest.raises(DataError, match="too small to say"):
        curve(place, sizes=(5,), lagged=("before", "gain", "pair"))
    with pytest.raises(DataError, match="the same everywhere"):
        curve(place.assign(flat=1.0), lagged=("flat",), estimator="ancova")
    for draws in (1, 10**9):
        with pytest.raises(DataError, match="not more than a machine holds"):
            curve(place, draws=draws)
    with pytest.raises(DataError, match="1 or more"):
        curve(place, sizes=(-4,))
    with pytest.raises(DataError, match=r"lacks column\(s\): past"):
        curve(place, outcomes=("past",))
