"""Tests of `analysis.targeting.weights`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.targeting.params import Params
from analysis.targeting.value import hesitant, value_bureaux
from analysis.targeting.weights import (
    PARTS,
    PRESETS,
    Weights,
    gain_points,
    gain_weights,
    part_indices,
    part_means,
    score_parts,
)
from tests.made import prospects_table

SEEDS = st.integers(0, 10_000)
some_weights = st.fixed_dictionaries(
    {"mobilise": st.floats(0.01, 3)},
    optional={name: st.floats(0, 3) for name in PARTS[1:-1]},
)


def scored(seed, weights=None, **changes):
    """Return table, value and points; those of votes per hour where no weights are told."""
    table = prospects_table(15, np.random.default_rng(seed)).assign(**changes)
    value = value_bureaux(table, Params())
    if weights is None:
        return table, value, gain_points(value, table["registered"].to_numpy(dtype=float))
    return table, value, score_parts(part_indices(table, value), weights)


@settings(deadline=None, max_examples=12)
@given(SEEDS, some_weights)
def test_the_parts_sum_to_the_score_and_the_mean_bureau_has_100(seed, given_weights):
    table, _, points = scored(seed, Weights(**given_weights))
    assert list(points) == list(PARTS)
    score = points.sum(axis=1)
    # The part of need counts 1 where squares are missing: means are over those that have it.
    if not given_weights.get("need"):
        assert np.average(score, weights=table["registered"]) == pytest.approx(100)
    assert (score >= 0).all()


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_the_preset_of_the_gain_is_in_proportion_to_the_gain(seed):
    table, value, points = scored(seed)
    mean = np.average(value.gain_per_hour, weights=table["registered"])
    np.testing.assert_allclose(points.sum(axis=1), 100 * value.gain_per_hour / mean, rtol=1e-9)
    assert PRESETS["gain_per_hour"] is None


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_the_weights_of_the_gain_are_what_its_parts_make_of_it(seed):
    """Where both parts gain votes on the mean."""
    table, value, points = scored(seed, rival_marginal=0.05)
    shares = gain_weights(value, table["registered"].to_numpy(dtype=float)).to_dict()
    means = np.average(points, axis=0, weights=table["registered"])
    assert [100 * shares[name] for name in PARTS] == pytest.approx(means.tolist())


def test_a_part_that_costs_votes_is_counted_as_it_is():
    """Where bringing people to vote helps the rival, its points are below 0 and its weight 0."""
    table, value, points = scored(1, marginal=0.1, rival_marginal=0.3)
    assert (points["mobilise"] < 0).all()
    assert np.average(points.sum(axis=1), weights=table["registered"]) == pytest.approx(100)
    assert gain_weights(value, table["registered"]).to_dict()["mobilise"] == 0
    assert gain_weights(value, table["registered"]).to_dict()["persuade"] == 1


@settings(deadline=None, max_examples=12)
@given(SEEDS, some_weights, st.floats(0.1, 50))
def test_only_proportions_matter(seed, given_weights, factor):
    _, _, one = scored(seed, Weights(**given_weights))
    _, _, other = scored(seed, Weights(**{n: factor * w for n, w in given_weights.items()}))
    # A weight of a few units of the last place is nought in all but name.
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-300)


def met(value):
    return value.conversations_per_hour * value.household


@pytest.mark.parametrize(
    ("preset", "by"),
    [
        ("abstainers_first", lambda t, v: met(v) * t["abstention"] * t["marginal"]),
        ("undecided_first", lambda t, v: met(v) * hesitant(t)),
        ("classic_2014", lambda t, v: t["abstention"] * t["support"]),
    ],
)
def test_presets_rank_as_they_say(preset, by):
    table, value, points = scored(3, PRESETS[preset])
    score = points.sum(axis=1).to_numpy()
    np.testing.assert_allclose(score / score.mean(), by(table, value) / np.mean(by(table, value)))


def test_the_classic_formula_does_not_see_the_pace():
    _, _, near = scored(4, PRESETS["classic_2014"], spacing_m=10.0)
    _, _, far = scored(4, PRESETS["classic_2014"], spacing_m=200.0)
    np.testing.assert_allclose(near, far)


def test_need_follows_the_poor_and_is_neutral_where_unknown():
    table, _, points = scored(5, Weights(need=1))
    known = table["poverty_rate"].notna().to_numpy()
    assert (points["need"][~known] == 100).all()
    ratio = points["need"][known] / table["poverty_rate"][known]
    np.testing.assert_allclose(ratio, ratio.iloc[0])


def test_a_part_unknown_everywhere_changes_nothing():
    _, _, points = scored(5, Weights(need=1), poverty_rate=np.nan)
    assert (points["need"] == 100).all()


def test_what_was_visited_is_taken_off():
    covered = np.linspace(0, 1, 15)
    weights = Weights(mobilise=1, visited=0.5)
    table, value, points = scored(6, weights, covered=covered)
    _, _, before = scored(6, Weights(mobilise=1), covered=covered)
    np.testing.assert_allclose(points.sum(axis=1), before.sum(axis=1) - 50 * covered)
    assert part_means(table, value)["mobilise"] > 0


@pytest.mark.parametrize(
    ("weights", "says"),
    [({"mobilise": -1}, "from 0 upwards"), ({"need": float("inf")}, "from 0 upwards"),
     ({"need": float("nan")}, "from 0 upwards")],
)  # fmt: skip
def test_weights_are_numbers_from_nought(weights, says):
    with pytest.raises(DataError, match=says) as caught:
        Weights(**weights)
    assert next(iter(weights)) in caught.value.where


def test_unknown_and_wrong_weights_are_refused():
    with pytest.raises(DataError, match="Unknown weight") as caught:
        Weights.from_dict({"size": 1})
    assert "mobilise" in caught.value.mend
    with pytest.raises(DataError, match="not a number"):
        Weights.from_dict({"need": "much"})
    assert Weights.from_dict({"need": 2}).to_dict()["need"] == 2.0


@pytest.mark.parametrize("weights", [Weights(), Weights(visited=1)])
def test_without_weights_there_is_nothing_to_rank_by(weights):
    table = prospects_table(4, np.random.default_rng(0))
    with pytest.raises(DataError, match="All weights are 0") as caught:
        score_parts(part_indices(table, value_bureaux(table, Params())), weights)
    assert "abstainers to mobilise" in caught.value.mend, "words, not names of the code"


def test_without_a_gain_there_is_nothing_to_share_out():
    table = prospects_table(4, np.random.default_rng(0))
    nothing = {"value": 0, "low": 0, "high": 0}
    for effects in (
        {"effect_turnout": nothing, "effect_vote": nothing},
        {"effect_vote": {"value": -0.1, "low": -0.1, "high": -0.1}},
    ):
        value = value_bureaux(table, Params.from_dict(effects))
        with pytest.raises(DataError, match="gains no votes") as caught:
            gain_weights(value, np.ones(4))
        with pytest.raises(DataError, match="gains no votes"):
            gain_points(value, np.ones(4))
        assert "mobilising" in caught.value.where
