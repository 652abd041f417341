"""Tests of `analysis.targeting.params`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.targeting.params import RETIRED, Belief, Params, read_toml

NAMES = list(Params().beliefs)
numbers = st.floats(0.01, 1.0)


@pytest.mark.parametrize(("name", "belief"), Params().beliefs.items())
def test_every_default_has_a_range_a_unit_and_a_source(name, belief):
    assert belief.low <= belief.value <= belief.high
    assert belief.unit
    assert len(belief.source) > 5


def test_defaults_are_those_of_the_manuals():
    told = {name: (b.value, b.low, b.high) for name, b in Params().beliefs.items()}
    assert told["share_open"] == (0.25, 0.10, 0.30)
    assert told["share_talk"] == (1, 1, 1)  # every open door talks until returns say otherwise
    assert told["doors_per_hour_dense"] == (25, 20, 30)
    assert told["doors_per_hour_spread"] == (15, 10, 20)
    assert told["effect_turnout"] == (0, -0.005, 0.02)
    assert told["movement_weight"] == (0.25, 0, 1)
    assert told["abstention_weight"] == (0.5, 0, 1)
    assert told["spill_over"] == (0.3, 0, 0.6)
    # The most likely effect of a conversation on turnout is none at all.
    assert told["effect_vote"][1] == 0


def test_low_value_high_must_be_in_order():
    with pytest.raises(ValueError, match="low ≤ value ≤ high"):
        Belief(1, 2, 3, "x", "y")


@settings(deadline=None)
@given(st.tuples(numbers, numbers, numbers).map(sorted), st.integers(0, 99))
def test_draws_stay_in_the_range_and_have_its_mean(ends, seed):
    low, value, high = ends
    belief = Belief(value, low, high, "x", "y")
    drawn = belief.draw(np.random.default_rng(seed), 4000)
    assert drawn.min() >= low
    assert drawn.max() <= high
    # A triangle's standard deviation is at most its width / sqrt(18); five errors of a mean.
    assert abs(drawn.mean() - belief.mean) <= 5 * (high - low) / np.sqrt(18 * 4000) + 1e-12
    assert low - 1e-12 <= belief.mean <= high + 1e-12


def test_a_choice_has_no_spread():
    drawn = Params().team_size.draw(np.random.default_rng(0), 5)
    assert drawn.tolist() == [2, 2, 2, 2, 2]


def test_a_number_moves_the_value_and_takes_the_range_along():
    params = Params.from_dict({"share_open": 0.2, "walking_speed": 1.6})
    assert (params.share_open.value, params.share_open.low) == (0.2, 0.1)
    assert params.walking_speed.value == params.walking_speed.high == 1.6
    assert params.share_open.source == "user"
    assert params.detour == Params().detour


def test_a_table_changes_what_it_names():
    params = Params.from_dict({"effect_vote": {"low": -0.01, "source": "our own trial"}})
    belief = params.effect_vote
    assert (belief.value, belief.low, belief.high) == (0.01, -0.01, 0.0324)
    assert belief.source == "our own trial"
    assert belief.unit == Params().effect_vote.unit


@given(st.fixed_dictionaries({}, optional={n: st.floats(0.02, 0.9) for n in NAMES}))
def test_what_is_written_is_read_again(changes):
    params = Params.from_dict(changes)
    plain = params.to_dict()
    assert Params.from_dict(plain) == params
    assert all(plain[name]["value"] == value for name, value in changes.items())


@pytest.mark.parametrize(
    ("given_values", "says"),
    [
        ({"share_opened": 0.2}, r"Unknown parameter\(s\): share_opened"),
        ({"share_open": "a lot"}, "share_open is not a number"),
        ({"share_open": {"value": 0.5, "low": 0.6}}, "low ≤ value ≤ high"),
        ({"share_open": float("nan")}, "low ≤ value ≤ high"),
        ({"share_open": 1.2}, "outside what it can be"),
        ({"share_open": {"value": 0, "low": 0, "high": 0}}, "outside what it can be"),
        ({"movement_weight": -0.1}, "outside what it can be"),
        ({"abstention_weight": 1.1}, "outside what it can be"),
        ({"spill_over": 1.2}, "outside what it can be"),
        ({"team_size": 0}, "outside what it can be"),
        ({"walking_speed": {"low": 0}}, "outside what it can be"),
        ({"effect_vote": 1.5}, "outside what it can be"),
    ],
)
def test_wrong_numbers_say_where_and_how_to_mend(given_values, says):
    with pytest.raises(DataError, match=says) as caught:
        Params.from_dict(given_values, "my.toml")
    assert "my.toml" in caught.value.where
    assert caught.value.mend


def test_a_number_of_an_older_scenario_is_passed_over():
    assert RETIRED == ("reserve_weight",)
    given_values = {"reserve_weight": {"value": 0.4}, "share_open": 0.2}
    assert Params.from_dict(given_values) == Params.from_dict({"share_open": 0.2})
    assert "reserve_weight" not in Params.from_dict(given_values).to_dict()


def test_toml_is_read_or_refused(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text("share_open = 0.2\n")
    assert read_toml(path) == {"share_open": 0.2}
    path.write_text("share_open: 0.2\n")
    for wrong in (path, tmp_path / "absent.toml"):
        with pytest.raises(DataError, match="cannot be read as TOML") as caught:
            read_toml(wrong)
        assert wrong.name in caught.value.where
        assert caught.value.mend
