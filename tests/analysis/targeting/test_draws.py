"""Tests of `analysis.targeting.draws`."""

from __future__ import annotations

import os
from dataclasses import astuple, replace

import numpy as np
import pandas as pd
import pytest

from analysis.targeting.draws import LEVEL, PIECE, Wanted, _Noise, plan_score, simulate
from analysis.targeting.params import Belief, Params
from analysis.targeting.value import LIKELY, place_means, respond, value_bureaux
from analysis.targeting.weights import PRESETS, Weights, part_indices, score_parts
from tests.made import prospects_table

RATES = ("abstention", "support", "movement", "marginal", "rival_marginal")


def table(size=40, seed=0):
    return prospects_table(size, np.random.default_rng(seed))


def run(bureaux, seed=0, *, k=5, n=500, **given):
    params, weights = given.get("params") or Params(), given.get("weights")
    plan = plan_score(bureaux, value_bureaux(bureaux, params), weights) if weights else None
    rng = np.random.default_rng(seed)
    return simulate(bureaux, params, rng, wanted=Wanted(k, n), plan=plan)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(astuple(one), astuple(other), strict=True))


def certain(**changes):
    """Return planner's numbers without ranges: their means, or what is told."""
    values = {name: b.mean for name, b in Params().beliefs.items()} | changes
    return Params(**{name: Belief(v, v, v, "", "") for name, v in values.items()})


def test_the_same_seed_draws_the_same_and_another_does_not():
    bureaux = table()
    before = bureaux.copy()
    assert same(run(bureaux, 1), run(bureaux, 1))
    other = run(bureaux, 2)
    assert not np.array_equal(run(bureaux, 1).lower, other.lower)
    assert not np.array_equal(run(bureaux, 1).top_probability, other.top_probability)
    assert bureaux.equals(before)


def test_the_number_of_processors_changes_nothing(monkeypatch):
    bureaux = table(300)
    assert PIECE // 4000 < 100
    results = []
    for processors in (1, 2, 7):
        monkeypatch.setattr(os, "cpu_count", lambda processors=processors: processors)
        results.append(run(bureaux, n=4000, k=100))
    assert same(results[0], results[1])
    assert same(results[0], results[2])


@pytest.mark.parametrize("k", [1, 7, 39])
@pytest.mark.parametrize("weights", [None, Weights(mobilise=1, need=1)])
def test_probabilities_of_the_top_sum_to_k(k, weights):
    drawn = run(table(), k=k, weights=weights)
    assert drawn.top_probability.sum() == pytest.approx(k, abs=0.01)
    assert ((drawn.top_probability >= 0) & (drawn.top_probability <= 1)).all()


def test_all_and_none_may_be_wanted():
    assert (run(table(), k=40).top_probability == 1).all()
    assert (run(table(), k=0).top_probability == 0).all()


def exact(bureaux):
    return bureaux.assign(**{f"{name}_se": 0.0 for name in RATES})


MIXED = Weights(mobilise=1, persuade=2, need=1, access=1)


@pytest.mark.parametrize("weights", [*PRESETS.values(), MIXED])
def test_without_doubt_the_draws_are_the_ranking(weights):
    """Who responds is not asked where persuasion follows movement alone."""
    bureaux, params = exact(table()), certain(movement_weight=1.0)
    drawn = run(bureaux, n=9, params=params, weights=weights)
    value = value_bureaux(bureaux, params)
    np.testing.assert_allclose(drawn.lower, value.gain_per_hour, rtol=1e-4)
    np.testing.assert_allclose(drawn.upper, value.gain_per_hour, rtol=1e-4)
    score = value.gain_per_hour
    if weights is not None:
        score = score_parts(part_indices(bureaux, value), weights).sum(axis=1).to_numpy()
    first = np.argsort(-score)[:5]
    assert np.flatnonzero(drawn.top_probability == 1).tolist() == sorted(first)
    assert drawn.top_probability.sum() == 5


def test_who_responds_more_is_drawn_from_five_answers():
    """With nothing else in doubt, the ends of the interval are the least and largest of five."""
    bureaux, params = exact(table()), certain(movement_weight=0.0, effect_turnout=0.0)
    away, ours, roll = (bureaux[n].to_numpy() for n in ("abstention", "support", "registered"))
    told = [1 + 0 * away, away, away * (1 - away), bureaux["volatility"], (1 - away) * (1 - ours)]
    shares = [answer * ours / np.average(answer * ours, weights=roll) for answer in told]
    value = value_bureaux(bureaux, params)
    per_reached = value.conversations_per_hour * value.household * params.effect_vote.value
    drawn = run(bureaux, params=params, n=400)
    np.testing.assert_allclose(drawn.lower, per_reached * np.min(shares, axis=0), rtol=1e-4)
    np.testing.assert_allclose(drawn.upper, per_reached * np.max(shares, axis=0), rtol=1e-4)


def test_more_doubt_widens_the_interval_and_blurs_the_top():
    bureaux = table()
    wide = bureaux.assign(**{f"{n}_se": 4 * bureaux[f"{n}_se"] for n in RATES})
    sure, unsure = run(exact(bureaux)), run(wide)
    # The effects, which all bureaux share, make most of an interval.
    assert ((unsure.upper - unsure.lower) > (sure.upper - sure.lower)).mean() > 0.7
    assert (sure.top_probability**2).sum() > (unsure.top_probability**2).sum()


def draw_rates(bureaux, rng):
    """Draw the rates of every bureau once, and who responds more, as its support tells."""
    drawn = {name: rng.normal(bureaux[name], bureaux[f"{name}_se"]) for name in RATES[:3]}
    drawn = {name: np.clip(values, 0, 1) for name, values in drawn.items()}
    apart = np.hypot(bureaux["marginal_se"], bureaux["rival_marginal_se"])
    drawn["marginal"] = rng.normal(bureaux["marginal"], apart)
    weights = bureaux["registered"] * bureaux["support"]
    # The formula counts the mean answer already.
    all_ = respond(bureaux)
    answer = all_[rng.choice(5, p=LIKELY)] / (np.array(LIKELY) @ all_)
    drawn["support"] *= answer / np.average(answer, weights=weights)
    return bureaux.assign(**drawn)


def test_the_interval_covers_the_truth_at_its_level():
    """The gain, drawn from the model and valued without the shortcuts of the draws.

    One draw of the planner's numbers is shared by all bureaux, so a run counts about once:
    the Monte Carlo error of 90% over 500 runs is 1.3 points, and three of them are allowed.
    """
    bureaux = table(30, seed=8)
    drawn = run(bureaux, n=4000)
    rng, means, runs = np.random.default_rng(99), place_means(bureaux), 500
    inside = np.zeros(len(bureaux))
    for _ in range(runs):
        numbers = {name: b.draw(rng, 1)[0] for name, b in Params().beliefs.items()}
        truth = value_bureaux(draw_rates(bureaux, rng), certain(**numbers), means)
        inside += (drawn.lower <= truth.gain_per_hour) & (truth.gain_per_hour <= drawn.upper)
    assert LEVEL == 0.90
    assert (inside / runs).mean() == pytest.approx(LEVEL, abs=0.039), inside.min() / runs
    assert (inside / runs).min() > 0.84


def test_the_probability_of_the_top_is_that_of_the_full_formula():
    """Rates drawn, scored by the whole formula and ranked: who is in front, and how often."""
    bureaux, runs = table(30, seed=8), 600
    drawn = run(bureaux, n=4000, params=certain(), weights=MIXED)
    rng = np.random.default_rng(5)
    truth = pd.concat([draw_rates(bureaux, rng) for _ in range(runs)], ignore_index=True)
    points = score_parts(part_indices(truth, value_bureaux(truth, certain())), MIXED)
    scores = points.sum(axis=1).to_numpy().reshape(runs, len(bureaux))
    hits = np.bincount(np.argsort(-scores)[:, :5].ravel(), minlength=len(bureaux)) / runs
    # A share of 600 is off by 2 points.
    assert np.abs(hits - drawn.top_probability).max() < 0.08
    assert hits.max() > 0.9
    assert ((hits > 0.1) & (hits < 0.9)).any()


def test_ends_are_quantiles_of_the_gain():
    drawn = run(table(), n=1000)
    assert (drawn.lower < drawn.upper).all()
    assert (drawn.k, drawn.draws) == (5, 1000)


def test_where_no_address_tells_the_walk_the_assumed_pace_is_drawn():
    """Dense and spread communes trade places by a pace that nobody has measured."""
    told = {"doors_per_hour_spread": Belief(15.0, 10.0, 29.0, "", "")}
    sure, unsure = certain(doors_per_hour_spread=18.0), replace(certain(), **told)
    spread = np.tile([True, False], 20)
    assumed = table().assign(spacing_m=np.nan, density=np.where(spread, 0.0, 1.0))
    measured = assumed.assign(spacing_m=15.0, addresses=300.0)

    def wider(bureaux):
        one, other = run(bureaux, params=sure), run(bureaux, params=unsure)
        return (other.upper - other.lower) / (one.upper - one.lower)

    assert wider(assumed)[spread].mean() > 1.2
    assert wider(assumed)[~spread].mean() == pytest.approx(1, abs=0.05)
    assert wider(measured).mean() == pytest.approx(1, abs=0.05)


def test_bureaux_are_drawn_apart_from_one_another():
    """Windows of one long row of numbers: no two bureaux, and no two rates, move together."""
    noise = _Noise(np.random.default_rng(0), 60, 2000)
    drawn = np.concatenate([noise.of(rate, slice(0, 60)) for rate in range(4)])
    assert drawn.shape == (240, 2000)
    together = np.corrcoef(drawn) - np.eye(240)
    # A correlation of 2,000 pairs is off by 2.2 points; of 28,680 pairs the largest by 4.5 times.
    assert np.abs(together).max() < 0.12
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, abs=0.01)


def test_ours_alone_bear_the_error_of_ours_alone():
    """The rival's error widens the net, and not the strategy that counts ours."""
    sure = exact(table())
    doubtful = sure.assign(rival_marginal_se=0.4)
    ours = Weights(mobilise=1.0)
    params = certain(effect_turnout=0.02)
    told = [run(one, weights=ours, params=params).top_probability for one in (sure, doubtful)]
    np.testing.assert_array_equal(*told)
    wide = [run(one, params=params) for one in (sure, doubtful)]
    assert (np.subtract(wide[1].upper, wide[0].upper) > 0).all()
