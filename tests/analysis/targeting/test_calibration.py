"""Tests of `analysis.targeting.calibration` and `simulated_past` on the embedded town."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import DataError
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.targeting import calibration
from analysis.targeting.calibration import MOVEMENTS, NOTHING, Calibration, calibrate
from analysis.targeting.params import Belief, Params
from analysis.targeting.prospects import prepare
from analysis.targeting.simulated_past import Spread
from analysis.targeting.value import ANSWERS, LIKELY, value_bureaux
from analysis.targeting.worlds import true_gains
from analysis.workflows.ranking import target_of


@pytest.fixture(scope="module")
def prospects(valmont):
    return prepare(valmont, Choice("left"), target_of(valmont, "2027_pres_t1"))


@pytest.fixture(scope="module")
def held(prospects):
    return calibrate(prospects, "left", np.random.default_rng(5), size=(12, 40))


def test_nine_true_gains_of_ten_lie_in_their_interval(held):
    # Twelve pasts of a small town: .90 within what so few can tell.
    assert held.coverage() == pytest.approx(0.90, abs=0.04)
    assert set(held.covered["world"]) == {*ANSWERS}
    assert set(held.covered["movement"]) == {*MOVEMENTS}


def test_the_error_of_a_coverage_is_that_of_pasts_apart(held):
    """Bureaux and worlds of one past err together: twelve pasts are twelve numbers."""
    error = held.errors[MOVEMENTS[0]]
    assert 0.002 < error < 0.05
    assert calibration._error(np.repeat([[0.8], [1.0]], 9, axis=1)) == pytest.approx(0.1)
    assert Calibration.from_json(held.to_json()).errors == pytest.approx(held.errors, abs=1e-4)


def test_chances_come_true_as_often_as_told(held):
    assert held.gap() < 0.06
    shares = held.reliability.groupby("movement")["share"].sum()
    assert shares.tolist() == pytest.approx([1, 1])
    # K bureaux are first in every truth, and the chances sum to K.
    one = held.reliability[held.reliability["movement"] == NOTHING]
    assert (one["told"] * one["share"]).sum() == pytest.approx(
        (one["came"] * one["share"]).sum(), abs=0.005
    )


def test_draws_that_are_too_sure_are_caught(prospects, monkeypatch):
    """The test can fail: planner's numbers without ranges make intervals that do not hold."""
    values = {name: b.mean for name, b in Params().beliefs.items()}
    sure = Params(**{name: Belief(v, v, v, "", "") for name, v in values.items()})
    honest = calibration.simulate
    monkeypatch.setattr(
        calibration,
        "simulate",
        lambda table, _params, rng, wanted: honest(table, sure, rng, wanted=wanted),
    )
    assert calibrate(prospects, "left", np.random.default_rng(5), size=(3, 20)).coverage() < 0.6


def test_the_same_seed_draws_the_same_and_plain_values_come_back(prospects):
    one, two = (
        calibrate(prospects, "left", np.random.default_rng(1), size=(1, 3)) for _ in range(2)
    )
    assert one.to_json() == two.to_json()
    again = Calibration.from_json(one.to_json())
    # The file holds four decimals.
    np.testing.assert_allclose(again.covered["coverage"], one.covered["coverage"], atol=1e-4)
    np.testing.assert_allclose(again.reliability["came"], one.reliability["came"], atol=1e-4)
    assert again.gap() == pytest.approx(one.gap(), abs=1e-3)


def test_a_large_place_is_looked_at_in_whole_communes(prospects, monkeypatch):
    monkeypatch.setattr(calibration, "MOST", 10)
    narrow = calibration._narrowed(prospects, np.random.default_rng(0))
    assert narrow.table["commune_id"].nunique() == 1
    assert narrow.history.units["bureau_id"].tolist() == narrow.table["bureau_id"].tolist()
    assert len(narrow.history.ballots) == len(narrow.table)


def test_the_gain_of_the_product_is_the_mean_of_the_true_gains(prospects):
    gains = next(true_gains(prospects.table, Params(), [Params().movement_weight.mean]))
    gain = value_bureaux(prospects.table, Params()).gain_per_hour
    np.testing.assert_allclose(np.array(LIKELY) @ gains, gain)


def test_drawn_counts_are_whole_tables_around_a_known_truth(prospects):
    spread = Spread.of(prospects.history)
    history, truth = spread.draw(prospects.target, np.random.default_rng(2))
    assert {e.round for e in history.elections} == {1}
    assert not (history.ballots > history.registered).any()
    np.testing.assert_array_equal(np.nansum(history.blocs, axis=2), np.nan_to_num(history.valid))
    np.testing.assert_allclose(truth.shares.sum(axis=2), 1)
    # Counts differ from the truth as drawn once more would: by √2 of a binomial error.
    rate, size = truth.turnout[:, :-1], history.registered
    z = (history.ballots / size - rate) / np.sqrt(rate * (1 - rate) / size)
    assert np.nanstd(z) == pytest.approx(np.sqrt(2), rel=0.1)
    left = BLOCS.index("left")
    shown = truth.rates("left", "", spread.valid)
    np.testing.assert_array_equal(shown["support"], truth.shares[:, -1, left])
    assert not shown["rival_marginal"].any()


def test_one_round_shows_no_spread(prospects):
    history = prospects.history
    none = np.full_like(history.blocs, np.nan)
    none[:, 0] = history.blocs[:, 0]
    with pytest.raises(DataError, match="fewer than two first rounds"):
        Spread.of(replace(history, blocs=none))


def test_a_belief_is_cut_where_its_draws_are():
    belief = Belief(0.25, 0.10, 0.30, "", "")
    shares = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    drawn = belief.draw(np.random.default_rng(0), 200_000)
    assert belief.at(shares)[1:4] == pytest.approx(np.quantile(drawn, shares[1:4]), abs=0.001)
    assert belief.at(shares)[[0, 4]] == pytest.approx([0.10, 0.30])
    assert Belief(2, 2, 2, "", "").at(shares) == pytest.approx(2)
