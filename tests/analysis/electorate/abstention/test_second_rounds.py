"""Second rounds: whose candidate is out, rules, wider intervals; first rounds as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.abstention.backtest import backtest_abstention
from analysis.electorate.abstention.second_rounds import (
    WIDEN,
    WIDEN_UNKNOWN,
    slope_of_eliminated,
    with_rules,
)
from analysis.electorate.abstention.series import Series, read_series
from analysis.readers.calendar import election_of
from analysis.workflows.ranking import target_of

NAMES = ("2017_pres_t1", "2017_pres_t2", "2019_euro_t1", "2022_pres_t1")


def series(names, rates):
    """Three bureaux of one size, seen at each election; NaN where one was not."""
    rates = np.asarray(rates, dtype=float)
    ids = [f"1_{n}" for n in range(len(rates))]
    units = pd.DataFrame({"bureau_id": ids, "commune_id": "1", "registered": 1000})
    registered = np.full(rates.shape, 1000.0)
    elections = tuple(election_of(name) for name in names)
    return Series(units, elections, registered, registered * (1 - rates))


RATES = [[0.2, 0.25, 0.5, 0.22], [0.3, 0.31, 0.6, 0.28], [0.25, 0.27, 0.55, np.nan]]
EFFECT, VARIANCE = np.array([-0.05, 0.06, 0.02]), np.array([1e-4, 2e-4, 3e-4])


@pytest.mark.parametrize("target", ["2022_legi_t1", "2024_euro_t1"])
def test_first_rounds_are_as_the_model_says(target):
    effect, variance = with_rules(series(NAMES, RATES), election_of(target), EFFECT, VARIANCE)
    np.testing.assert_array_equal(effect, EFFECT)
    np.testing.assert_array_equal(variance, VARIANCE)


def test_a_presidential_second_round_is_a_third_each_by_hand():
    past = series(NAMES, RATES)
    effect, variance = with_rules(past, election_of("2022_pres_t2"), EFFECT, VARIANCE)
    angle = np.arcsin(np.sqrt(np.array(RATES)))
    last = angle[:2, 3] + (EFFECT[:2] - angle[:2, 3]).mean()
    # The last of each kind and of its second round, else of the kind: 2017_pres_t2, 2019_euro_t1.
    kinds = np.arcsin(np.sqrt(np.array(RATES)[:, [1, 2]].mean(axis=1)))
    kinds += (EFFECT - kinds).mean()
    np.testing.assert_allclose(effect[:2], (EFFECT[:2] + last + kinds[:2]) / 3)
    # A bureau that was not there a fortnight ago has the model's word for that third.
    assert effect[2] == pytest.approx((2 * EFFECT[2] + kinds[2]) / 3)
    np.testing.assert_allclose(variance, VARIANCE * WIDEN_UNKNOWN["pres"] ** 2)


def test_other_second_rounds_keep_the_model_where_nobody_knows_who_stands():
    names = (*NAMES, "2022_legi_t1")
    past = series(names, [[*row, 0.5] for row in RATES])
    effect, variance = with_rules(past, election_of("2022_legi_t2"), EFFECT, VARIANCE)
    np.testing.assert_array_equal(effect, EFFECT)
    np.testing.assert_allclose(variance, VARIANCE * WIDEN**2)


def whose_choice_is_out(slope, noise, rng, bureaux=60):
    """Return rounds at which those whose choice is out stay home more, by `slope`."""
    out = {name: rng.uniform(0.2, 0.6, bureaux) for name in ("2017_pres_t2", "2022_pres_t2")}
    angles = {"2017_pres_t1": rng.uniform(0.4, 0.6, bureaux)}
    angles["2017_pres_t2"] = angles["2017_pres_t1"] + slope * out["2017_pres_t2"]
    angles["2017_pres_t2"] += rng.normal(0, noise, bureaux)
    angles["2022_pres_t1"] = rng.uniform(0.4, 0.6, bureaux)
    past = series(tuple(angles), np.sin(np.stack(list(angles.values()), axis=1)) ** 2)
    return replace(past, eliminated=out)


def test_the_first_round_moves_by_what_the_eliminated_did_before():
    past = whose_choice_is_out(0.25, 0.0, np.random.default_rng(1))
    assert slope_of_eliminated(past) == pytest.approx(0.25)
    effect = np.zeros(60)
    found, variance = with_rules(past, election_of("2022_pres_t2"), effect, effect + 1)
    first = np.arcsin(np.sqrt(past.rates[:, 2]))
    out = past.eliminated["2022_pres_t2"]
    moved = first - first.mean() + 0.25 * (out - out.mean())
    np.testing.assert_allclose(found, moved / 2, atol=1e-9)
    np.testing.assert_allclose(variance, WIDEN**2)


def test_what_cannot_be_told_from_noise_moves_little_and_of_few_bureaux_nothing():
    draws = np.random.default_rng(2)
    found = [slope_of_eliminated(whose_choice_is_out(0.0, 0.3, draws)) for _ in range(40)]
    assert np.median(np.abs(found)) < 0.1
    few = whose_choice_is_out(0.25, 0.0, draws, bureaux=10)
    assert slope_of_eliminated(few) is None
    effect = np.linspace(0, 0.1, 10)
    same, _wide = with_rules(few, election_of("2022_pres_t2"), effect, effect + 1)
    np.testing.assert_array_equal(same, effect)


def test_nothing_of_the_second_round_is_read_but_who_stands(valmont):
    target = target_of(valmont, "2022_pres_t2")
    past, _came = read_series(valmont, target)
    share = past.eliminated["2022_pres_t2"]
    votes = valmont.read("votes")
    here = votes[votes["bureau_id"].astype(str) == past.units["bureau_id"].iloc[0]]
    first = here[here["election_id"] == "2022_pres_t1"].set_index("candidate_id")["votes"]
    stand = here.loc[here["election_id"] == "2022_pres_t2", "candidate_id"]
    out = first.drop(stand.tolist()).sum()
    place = [one.election_id for one in past.elections].index("2022_pres_t1")
    assert share[0] == pytest.approx(out / past.registered[0, place])
    assert read_series(valmont, target_of(valmont, "2024_legi_t1"))[0].eliminated == {}


def test_without_the_first_round_of_the_vote_rules_are_not_heard():
    past = series(NAMES[:3], np.array(RATES)[:, :3])
    effect, _variance = with_rules(past, election_of("2022_pres_t2"), EFFECT, VARIANCE)
    np.testing.assert_array_equal(effect, EFFECT)


@pytest.mark.slow
def test_paris_2022_errs_less_than_every_rule(paris):
    found = backtest_abstention(paris, target_of(paris, "2022_pres_t2"))
    own = found.methods.set_index("method").loc["model"]
    rules = found.methods.set_index("method")["mae_points"].drop("model")
    # The model alone has 2.09 points and 69%.
    assert own["mae_points"] < rules.min()
    assert own["coverage_90"] > 0.8
    assert own["n_judged"] == own["n_small"] + own["n_large"] == len(found.bureaux)
