"""Tests of `analysis.electorate.abstention.forecast`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.abstention import forecast
from analysis.electorate.abstention.forecast import forecast_abstention
from analysis.electorate.abstention.level import Level
from analysis.electorate.abstention.series import Series
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.targeting.prospects import prepare
from tests.analysis.electorate.abstention.conftest import TARGET, draw_series

COMING = election_of(TARGET)


def taken(series, rows):
    """Return some rows of a series, in that order."""
    units = series.units.iloc[rows].reset_index(drop=True)
    return Series(units, series.elections, series.registered[rows], series.ballots[rows])


def test_intervals_cover_what_was_planted_and_what_was_counted():
    """Six places of 504 bureaux; a place's own error is shared by its bureaux: 3 points."""
    inside = {"counted_50": [], "counted_90": [], "planted": [], "small": [], "large": []}
    for seed in range(6):
        series, planted, counted = draw_series(np.random.default_rng(seed))
        level = Level(float(np.average(counted, weights=series.units["registered"])), 0.02)
        table = forecast_abstention(series, COMING, level=level).table
        held = (table["low_90"] <= counted) & (counted <= table["high_90"])
        small = table["registered"] < 500
        inside["counted_90"].append(held.mean())
        inside["small"].append(held[small].mean())
        inside["large"].append(held[~small].mean())
        half = (table["low_50"] <= counted) & (counted <= table["high_50"])
        inside["counted_50"].append(half.mean())
        z = (table["abstention"] - planted) / table["abstention_se"]
        inside["planted"].append((z.abs() < 1.645).mean())
    found = {name: np.mean(shares) for name, shares in inside.items()}
    for name in ("counted_90", "small", "large", "planted"):
        assert 0.87 < found[name] < 0.93, name
    assert 0.43 < found["counted_50"] < 0.53


def test_the_forecast_beats_the_last_election_and_every_single_one(simulated):
    series, planted, _ = simulated
    expected = forecast_abstention(series, COMING).table["abstention"].to_numpy()

    def miss(rates):
        return np.abs(rates - planted - np.mean(rates - planted)).mean()

    assert miss(expected) < 0.9 * min(miss(one) for one in series.rates.T)


def test_half_of_the_communes_teach_what_all_of_them_do(simulated, monkeypatch):
    series, _, _ = simulated
    every = forecast_abstention(series, COMING).table
    monkeypatch.setattr(forecast, "TEACHERS", len(every) // 2)
    some = forecast_abstention(series, COMING).table
    off = (some["abstention"] - every["abstention"]) / every["abstention_se"]
    assert 0 < np.sqrt((off**2).mean()) < 0.25
    assert (some["abstention_se"] / every["abstention_se"]).between(0.8, 1.25).all()
    # The bureaux that did not teach are forecast all the same.
    assert some["bureau_id"].tolist() == every["bureau_id"].tolist()


def test_a_vote_of_one_commune_that_does_not_teach_is_learned_from_it_all_the_same(
    simulated, monkeypatch
):
    series, _, _ = simulated
    # The second of the communes in their order: of every two, the first teaches.
    second = sorted(series.units["commune_id"].unique())[1]
    elsewhere = (series.units["commune_id"] != second).to_numpy()
    ballots = series.ballots.astype(float)
    ballots[elsewhere, 0] = np.nan
    registered = series.registered.astype(float)
    registered[elsewhere, 0] = np.nan
    local = replace(series, ballots=ballots, registered=registered)
    every = forecast_abstention(local, COMING).table
    monkeypatch.setattr(forecast, "TEACHERS", len(every) // 2)
    some = forecast_abstention(local, COMING).table
    assert some["abstention"].tolist() == every["abstention"].tolist()


def test_the_place_abstains_at_its_level(simulated):
    series, _, _ = simulated
    for given in (0.1, 0.5, 0.9):
        found = forecast_abstention(series, COMING, level=Level(given, 0.03))
        assert np.average(
            found.table["abstention"], weights=found.table["registered"]
        ) == pytest.approx(given, abs=1e-6)
        assert found.table["abstention"].between(0, 1).all()
    assert "standard error 3.0 points" in found.summary()


def test_rates_lie_within_their_intervals_and_those_within_wider_ones(simulated):
    found = forecast_abstention(simulated[0], COMING)
    table = found.with_level_error()
    ends = ["low_all", "low_90", "low_50", "abstention", "high_50", "high_90", "high_all"]
    assert (np.diff(table[ends], axis=1) >= 0).all()
    assert found.elections == tuple(e.election_id for e in simulated[0].elections)


def test_abstention_and_turnout_sum_to_one(simulated):
    """Counting those who came instead of those who stayed home gives the complement."""
    series, _, _ = simulated
    turned = replace(series, ballots=series.registered - series.ballots)
    level = Level(0.4, 0.02)
    stay = forecast_abstention(series, COMING, level=level)
    come = forecast_abstention(turned, COMING, level=Level(0.6, 0.02))
    assert (stay.table["abstention"] + come.table["abstention"]).to_numpy() == pytest.approx(
        np.ones(len(stay.table)), abs=1e-6
    )
    assert come.table["abstention_se"].to_numpy() == pytest.approx(
        stay.table["abstention_se"].to_numpy(), rel=1e-5
    )


def test_the_order_of_rows_changes_nothing(simulated):
    series, _, _ = simulated
    order = np.random.default_rng(1).permutation(len(series.units))
    one = forecast_abstention(series, COMING).table.iloc[order].reset_index(drop=True)
    other = forecast_abstention(taken(series, order), COMING).table
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-6)


def test_two_halves_of_a_bureau_that_vote_alike_are_expected_as_the_whole(simulated):
    series, _, _ = simulated
    units = series.units.copy()
    units.loc[0, "registered"] //= 2
    half = taken(Series(units, series.elections, series.registered, series.ballots), [0])
    part = Series(half.units, half.elections, half.registered / 2, half.ballots / 2)
    rest = taken(series, range(1, len(units)))
    both = Series(
        pd.concat([part.units.assign(bureau_id=["a"]), part.units.assign(bureau_id=["b"]),
                   rest.units], ignore_index=True),
        series.elections,
        np.vstack([part.registered, part.registered, rest.registered]),
        np.vstack([part.ballots, part.ballots, rest.ballots]),
    )  # fmt: skip
    level = Level(0.5, 0.02)
    split = forecast_abstention(both, COMING, level=level).table["abstention"]
    whole = forecast_abstention(series, COMING, level=level).table["abstention"]
    assert split[0] == pytest.approx(split[1])
    assert split[0] == pytest.approx(whole[0], abs=0.01)
    assert split[2:].to_numpy() == pytest.approx(whole[1:].to_numpy(), abs=2e-3)


def test_what_is_not_known_is_taken_from_the_commune_and_is_less_sure(simulated):
    series, _, _ = simulated
    registered, ballots = series.registered.copy(), series.ballots.copy()
    registered[0], ballots[0] = np.nan, np.nan
    found = forecast_abstention(Series(series.units, series.elections, registered, ballots), COMING)
    table = found.table
    commune = table["commune_id"] == table.loc[0, "commune_id"]
    neighbours = table[commune].iloc[1:]
    assert table.loc[0, "source"] == "commune"
    assert table.loc[0, "past"] == 0
    assert table.loc[0, "abstention"] == pytest.approx(neighbours["abstention"].mean(), abs=0.02)
    assert table.loc[0, "abstention_se"] > 1.2 * neighbours["abstention_se"].max()
    assert found.notes == (
        "1 bureaux have no past of their own: their abstention is expected like that of their "
        "neighbours, or of their commune.",
    )


def test_a_bureau_redrawn_or_tiny_is_less_sure(simulated):
    series, _, _ = simulated
    units = series.units.copy()
    units.loc[0, "registered"] *= 3
    registered, ballots = series.registered.copy(), series.ballots.copy()
    registered[1], ballots[1] = 20, 11
    units.loc[1, "registered"] = 20
    table = forecast_abstention(Series(units, series.elections, registered, ballots), COMING).table
    usual = forecast_abstention(series, COMING).table
    assert table.loc[0, "abstention_se"] > 1.2 * usual.loc[0, "abstention_se"]
    width = table["high_90"] - table["low_90"]
    assert width[1] > 2 * width[2:].median()


@pytest.mark.parametrize("count", [1, 2])
def test_one_election_and_one_bureau_are_enough(simulated, count):
    series = taken(simulated[0], range(8)).keep(np.arange(count))
    found = forecast_abstention(series, election_of("2027_pres_t1"))
    assert (found.table["abstention_se"] > 0.01).all()
    assert any("rests on one election" in note for note in found.notes) == (count == 1)
    alone = forecast_abstention(taken(series, [0]), election_of("2027_pres_t1"))
    assert alone.table["abstention"].iloc[0] == pytest.approx(alone.level.value, abs=1e-6)
    assert alone.table["abstention_se"].iloc[0] > 0


def test_more_elections_make_surer(simulated):
    series, _, _ = simulated
    errors = [
        forecast_abstention(series.keep(np.arange(6 - count, 6)), COMING).table["abstention_se"]
        for count in (1, 3, 6)
    ]
    assert errors[0].mean() > errors[1].mean() > errors[2].mean()


def test_nothing_of_the_day_or_after_is_used(simulated):
    series, _, _ = simulated
    early = election_of("2019_euro_t1")
    cut = forecast_abstention(series.keep(np.arange(3)), early).table
    pd.testing.assert_frame_equal(forecast_abstention(series, early).table, cut)


def test_nobody_registered_before_is_said(simulated):
    series, _, _ = simulated
    with pytest.raises(DataError, match="precedes the one to forecast") as caught:
        forecast_abstention(series, election_of("2012_pres_t1"))
    assert caught.value.where == "2012_pres_t1"
    assert caught.value.mend


def test_inputs_stay_as_they_were(simulated):
    series, _, _ = simulated
    before = series.registered.copy(), series.ballots.copy(), series.units.copy()
    forecast_abstention(series, COMING)
    np.testing.assert_array_equal(series.registered, before[0])
    np.testing.assert_array_equal(series.ballots, before[1])
    pd.testing.assert_frame_equal(series.units, before[2])


def test_progress_rises_to_one(simulated):
    told = []
    forecast_abstention(simulated[0], COMING, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_intervals_cover_the_planted_abstention_of_valmont(valmont, truth):
    """Eleven coming elections, 46 to 49 bureaux each, all planted by another model.

    A whole election errs together, so single shares scatter: all of them together are
    to be at 90%, give or take five points, and the standard errors of the right size.
    """
    scores, misses = [], []
    for election in list(truth["elections"])[1:]:
        table = prepare(valmont, Choice("left"), election_of(election)).table
        planted = table["bureau_id"].map(truth["elections"][election]["abstention"])
        known = planted.notna()
        error = (table["abstention"] - planted)[known]
        error -= np.average(error, weights=table.loc[known, "registered"])
        scores.append(error / table.loc[known, "abstention_se"])
        misses.append(error.abs().mean())
    z = pd.concat(scores)
    assert (z.abs() < 1.645).mean() == pytest.approx(0.90, abs=0.05)
    assert (z.abs() < 0.674).mean() == pytest.approx(0.50, abs=0.08)
    assert z.std() == pytest.approx(1, abs=0.2)
    assert np.mean(misses) < 0.02
