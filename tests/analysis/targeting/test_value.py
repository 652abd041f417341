"""Tests of `analysis.targeting.value`."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.targeting.params import Params
from analysis.targeting.value import (
    FASTEST,
    SLOWEST,
    Means,
    answers,
    hesitant,
    provenance_of_parts,
    value_bureaux,
    walk_minutes,
)
from tests.made import prospects_table

SEEDS = st.integers(0, 10_000)
MEANS = Means(abstention=0.3, support=0.4, movement=0.05)


def certain(**changes):
    """Return planner's numbers without ranges: the most likely value, or what is told."""
    values = {name: b.value for name, b in Params().beliefs.items()} | changes
    return Params.from_dict({n: {"value": v, "low": v, "high": v} for n, v in values.items()})


def table(seed, size=12):
    return prospects_table(size, np.random.default_rng(seed))


def one(**changes):
    """Return a bureau in easy numbers."""
    row = prospects_table(1, np.random.default_rng(0)).assign(
        registered=1000,
        abstention=0.4,
        support=0.5,
        movement=0.06,
        marginal=0.3,
        rival_marginal=0.1,
        reserve=0.3,
        volatility=0.2,
        spacing_m=np.nan,
        addresses=np.nan,
        households=500.0,
        density=1.0,
    )
    return row.assign(**changes)


def test_a_bureau_by_hand():
    """60 minutes over .9 + .25·3 + .75·1 are 25 doors; a team of two; one door in four opens."""
    params = certain(
        effect_turnout=0.02,
        effect_vote=0.01,
        movement_weight=0.25,
        abstention_weight=0.5,
        spill_over=0.3,
    )
    value = value_bureaux(one(), params, MEANS)
    assert value.doors_per_hour[0] == pytest.approx(25)
    assert value.doors_per_volunteer_hour[0] == pytest.approx(12.5)
    assert value.conversations_per_hour[0] == pytest.approx(3.125)
    # 1,000 persons behind 500 doors: one other behind each, moved by a third as much.
    assert value.household[0] == pytest.approx(1.3)
    # Support is 5/4 of the place's, movement 6/5; abstention 4/3, so that half of it is 7/6.
    assert value.persuadable[0] == pytest.approx(0.75 * 1.25 + 0.25 * 1.2)
    assert value.mobilisable[0] == pytest.approx(0.2 * 7 / 6)
    assert value.gain_mobilise[0] == pytest.approx(3.125 * 1.3 * 0.02 * 0.7 / 3)
    assert value.gain_persuade[0] == pytest.approx(3.125 * 1.3 * 0.01 * 1.2375)
    assert value.gain_per_hour[0] == pytest.approx(value.gain_mobilise[0] + value.gain_persuade[0])
    assert value.doors[0] == 500
    assert value.hours[0] == pytest.approx(40)


@pytest.mark.parametrize(
    ("name", "weight", "expected"),
    [
        ("movement_weight", 0.0, 1.25),
        ("movement_weight", 1.0, 1.2),
        ("abstention_weight", 0.0, 0.2),
        ("abstention_weight", 1.0, 0.2 * 4 / 3),
    ],
)
def test_the_ends_of_the_beliefs(name, weight, expected):
    """The same everywhere, or in proportion."""
    value = value_bureaux(one(), certain(**{name: weight}), MEANS)
    part = "persuadable" if name == "movement_weight" else "mobilisable"
    assert getattr(value, part)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("households", "spill_over", "household"),
    [(500.0, 0.0, 1.0), (500.0, 0.6, 1.6), (1250.0, 0.6, 1.0), (400.0, 0.6, 1.9)],
)
def test_the_others_behind_the_door_count_in_part(households, spill_over, household):
    value = value_bureaux(one(households=households), certain(spill_over=spill_over), MEANS)
    assert value.household[0] == pytest.approx(household)


def test_conversations_are_those_of_the_open_doors_that_talk():
    half = value_bureaux(one(), certain(share_open=0.5, share_talk=0.5), MEANS)
    same = value_bureaux(one(), certain(share_open=0.25), MEANS)
    assert half.conversations_per_hour == pytest.approx(same.conversations_per_hour)
    assert half.doors_per_hour == pytest.approx(same.doors_per_hour)


def test_a_lopsided_range_counts_by_its_mean():
    """The most likely effect on turnout is none, but the range leans to more."""
    value, plain = value_bureaux(one(), Params(), MEANS), Params()
    turnout, vote = (-0.005 + 0 + 0.02) / 3, (0 + 0.01 + 0.0324) / 3
    met = value.conversations_per_hour[0]
    assert met == pytest.approx(value.doors_per_hour[0] / 2 * (0.10 + 0.25 + 0.30) / 3)
    # The weight of movement is most likely a quarter, and 5/12 on the mean.
    assert value.persuadable[0] == pytest.approx((7 * 1.25 + 5 * 1.2) / 12)
    assert value.gain_mobilise[0] == pytest.approx(met * 1.3 * turnout * 0.7 / 3)
    assert value.gain_persuade[0] == pytest.approx(met * 1.3 * vote * value.persuadable[0])
    assert plain.effect_turnout.value == 0


def test_walking_by_hand():
    """A tour of .7124 · 1.3 · 30 m per address, ten doors behind each, at 1.2 m/s."""
    spread = one(spacing_m=30.0, addresses=50.0)
    minutes = walk_minutes(spread, certain(), 2.4)
    assert minutes[0] == pytest.approx(0.7124 * 1.3 * 30 / 1.2 / 60 / 10)
    # Never less than a walk for each door, where addresses outnumber doors.
    crowded = one(spacing_m=30.0, addresses=5000.0)
    assert walk_minutes(crowded, certain(), 2.4)[0] == pytest.approx(0.7124 * 1.3 * 30 / 72)


@pytest.mark.parametrize(("density", "pace"), [(1.0, 25.0), (0.0, 15.0), (0.5, 20.0)])
def test_where_spacing_is_unknown_the_pace_is_assumed(density, pace):
    value = value_bureaux(one(density=density), certain(), MEANS)
    assert value.doors_per_hour[0] == pytest.approx(pace)


@pytest.mark.parametrize(("spacing", "pace"), [(4000.0, SLOWEST), (0.0, 25.0)])
def test_the_pace_keeps_to_the_manuals_range(spacing, pace):
    value = value_bureaux(one(spacing_m=spacing, addresses=500.0), certain(), MEANS)
    assert value.doors_per_hour[0] == pytest.approx(pace)
    quick = value_bureaux(one(), certain(minutes_between=0.01, share_open=0.01), MEANS)
    assert quick.doors_per_hour[0] <= FASTEST


@pytest.mark.parametrize(
    ("changes", "doors"),
    [
        ({"households": 600.0}, 600),
        ({"households": np.nan}, 625),
        ({"households": 200.0}, 625),
        ({"households": 2000.0}, 625),
        ({"households": 600.0, "covered": 0.25}, 450),
        ({"registered": 0, "households": np.nan}, 0),
    ],
)
def test_doors_are_households_where_they_fit_the_roll(changes, doors):
    value = value_bureaux(one(**changes), certain(registered_per_door=1.6), MEANS)
    assert value.doors[0] == pytest.approx(doors)


@settings(deadline=None, max_examples=12)
@given(SEEDS, st.integers(2, 9))
def test_twice_the_bureau_has_the_same_gain_per_hour(seed, times):
    """More of the same street: rates and spacing as before, persons and doors multiplied."""
    bureaux = table(seed)
    more = bureaux.assign(
        **{
            name: bureaux[name] * times
            for name in ("registered", "addresses", "households", "social_dwellings")
        }
    )
    small, large = (value_bureaux(t, Params(), MEANS) for t in (bureaux, more))
    np.testing.assert_allclose(large.gain_per_hour, small.gain_per_hour, rtol=1e-12)
    np.testing.assert_allclose(large.conversations_per_hour, small.conversations_per_hour)
    np.testing.assert_allclose(large.doors, times * small.doors)
    np.testing.assert_allclose(large.hours, times * small.hours)


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_a_bureau_cut_in_two_changes_no_others_gain(seed):
    """Halves with the rates of the whole: the place's means stay, so does every gain."""
    bureaux = table(seed)
    names = ["registered", "addresses", "households", "social_dwellings"]
    halves = bureaux.iloc[[0, 0]].assign(**{n: bureaux[n].iloc[0] / 2 for n in names})
    cut = pd.concat([halves, bureaux.iloc[1:]], ignore_index=True)
    whole, parts = value_bureaux(bureaux, Params()), value_bureaux(cut, Params())
    np.testing.assert_allclose(parts.gain_per_hour[1:], whole.gain_per_hour, rtol=1e-12)
    assert parts.doors[:2].sum() == pytest.approx(whole.doors[0])


@settings(deadline=None, max_examples=12)
@given(SEEDS, st.floats(0.1, 5))
def test_gains_grow_with_the_effects_and_only_theirs(seed, factor):
    bureaux = table(seed)
    base = value_bureaux(bureaux, certain(effect_turnout=0.01, effect_vote=0.01))
    more = value_bureaux(bureaux, certain(effect_turnout=0.01 * factor, effect_vote=0.01))
    np.testing.assert_allclose(more.gain_mobilise, factor * base.gain_mobilise)
    np.testing.assert_array_equal(more.gain_persuade, base.gain_persuade)


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_an_effect_and_its_opposite_cancel(seed):
    bureaux = table(seed)
    up, down = (
        value_bureaux(bureaux, certain(effect_turnout=s * 0.01, effect_vote=s * 0.01))
        for s in (1, -1)
    )
    np.testing.assert_allclose(up.gain_per_hour, -down.gain_per_hour)


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_bloc_and_rival_in_each_others_place_gain_the_opposite(seed):
    """Who is brought to vote for the one is brought to vote against the other."""
    bureaux = table(seed)
    swapped = bureaux.assign(marginal=bureaux["rival_marginal"], rival_marginal=bureaux["marginal"])
    one, other = value_bureaux(bureaux, Params()), value_bureaux(swapped, Params())
    np.testing.assert_allclose(one.gain_mobilise, -other.gain_mobilise)
    np.testing.assert_array_equal(one.gain_persuade, other.gain_persuade)


@settings(deadline=None, max_examples=12)
@given(SEEDS, st.floats(0, 1))
def test_the_mean_effect_is_the_one_told(seed, weight):
    """Weighted by the roll, a person reached is won over by ε on average, whatever is believed."""
    bureaux, weights = table(seed), table(seed)["registered"]
    value = value_bureaux(bureaux, certain(movement_weight=weight))
    assert np.average(value.persuadable, weights=weights) == pytest.approx(1)
    alike = bureaux.assign(marginal=0.3, rival_marginal=0.1)
    value = value_bureaux(alike, certain(abstention_weight=weight))
    assert np.average(value.mobilisable, weights=weights) == pytest.approx(0.2)


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_who_responds_is_an_index_of_the_place(seed):
    bureaux, weights = table(seed), table(seed)["registered"]
    assert np.average(answers(bureaux), axis=1, weights=weights) == pytest.approx(np.ones(5))
    assert np.average(hesitant(bureaux), weights=weights) == pytest.approx(1)


def test_five_answers_by_hand():
    """Two bureaux of one size; .2 and .6 stay home, .5 and .25 are ours, .1 and .3 change."""
    two = pd.concat([one(), one()], ignore_index=True).assign(
        abstention=[0.2, 0.6], support=[0.5, 0.25], volatility=[0.1, 0.3]
    )
    expected = [[1, 1], [0.5, 1.5], [0.8, 1.2], [0.5, 1.5], [8 / 7, 6 / 7]]
    np.testing.assert_allclose(answers(two), expected)
    # (1 - a)·s(1 - s): .2 and .075; (1 - a)·movement with .06 in both: .048 and .024.
    np.testing.assert_allclose(hesitant(two), [(16 / 11 + 4 / 3) / 2, (6 / 11 + 2 / 3) / 2])


@settings(deadline=None, max_examples=12)
@given(SEEDS)
def test_order_of_rows_and_inputs(seed):
    bureaux = table(seed)
    before = bureaux.copy()
    value, turned = value_bureaux(bureaux, Params()), value_bureaux(bureaux[::-1], Params())
    for item in fields(value):
        np.testing.assert_allclose(
            getattr(turned, item.name)[::-1], getattr(value, item.name), rtol=1e-12
        )
    pd.testing.assert_frame_equal(bureaux, before)


def test_nobody_is_hesitant_where_all_or_none_are_ours():
    sides = pd.concat([one(support=s) for s in (0.0, 1.0, 0.5)], ignore_index=True)
    still = hesitant(sides.assign(movement=[0.0, 0.0, 0.06]))
    assert still.tolist() == [0, 0, pytest.approx(3)]


def test_where_the_rival_gains_more_by_turnout_bringing_voters_costs_votes():
    value = value_bureaux(one(rival_marginal=0.5), certain(effect_turnout=0.01), MEANS)
    assert value.gain_mobilise[0] < 0 < value.gain_persuade[0]


def test_what_was_measured_and_what_assumed_is_told():
    bureaux = one(spacing_m=20.0, households=np.nan, poverty_rate=np.nan)
    told = provenance_of_parts(pd.concat([bureaux, one(poverty_rate=0.1)], ignore_index=True))
    assert told["measured"].tolist() == [
        "abstention support movement marginal doors_per_hour",
        "abstention support movement marginal doors social_need",
    ]
    assert told["assumed"].tolist() == ["share_open doors social_need", "share_open doors_per_hour"]
