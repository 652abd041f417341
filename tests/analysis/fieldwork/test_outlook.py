"""Tests of `analysis.fieldwork.outlook`: a probability must be one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.fieldwork.outlook import Aim, Window, correct, first_outing, forecast

STARTS, AS_OF, ENDS = date(2027, 3, 1), date(2027, 3, 14), date(2027, 3, 28)
WINDOW = Window(STARTS, AS_OF, ENDS)
DAYS = [STARTS + timedelta(days=n) for n in range(28)]
WEEKEND = np.array([day.weekday() >= 5 for day in DAYS])


def campaign(rng):
    """Draw four weeks of doors: uneven days, other weekends, some days without outings."""
    shape, level, more = rng.lognormal(0.7, 0.5), rng.lognormal(5, 0.7), rng.lognormal(0.3, 0.6)
    mean = level * np.where(WEEKEND, more, 1.0)
    return rng.negative_binomial(shape, shape / (shape + mean))


def outings_of(doors):
    """Return what `progress.outings` says of these doors, forty an outing."""
    number = max(int(doors.sum() / 40), 1)
    return pd.DataFrame(
        {
            "outings": [number],
            "doors": [doors.sum()],
            "doors_squared": [number * 40.0**2 * 1.2],
        }
    )


@pytest.mark.slow
def test_the_probability_of_the_objective_is_calibrated():
    rng, runs = np.random.default_rng(7), 400
    said, reached, inside = np.empty(runs), np.empty(runs), np.empty(runs)
    for run in range(runs):
        doors = campaign(rng)
        # Objectives near what is to be expected: sure ones would prove nothing.
        objective = int(doors[:14].sum() * 2 * rng.uniform(0.8, 1.2)) + 1
        daily = pd.Series(doors[:14], index=DAYS[:14])
        found = forecast(daily, WINDOW, objective, rng=rng, draws=500)
        low, high = found.interval()
        said[run], reached[run] = found.probability, doors.sum() >= objective
        inside[run] = low <= doors.sum() <= high
    # Three Monte Carlo errors over 400 campaigns.
    assert inside.mean() == pytest.approx(0.90, abs=0.045)
    assert said.mean() == pytest.approx(reached.mean(), abs=0.06)
    for low, high in ((0.0, 0.33), (0.33, 0.67), (0.67, 1.0)):
        part = (said >= low) & (said < high + (high == 1))
        error = 3 * np.sqrt(0.25 / part.sum())
        assert reached[part].mean() == pytest.approx(said[part].mean(), abs=error)


def test_more_done_is_never_less_likely():
    rng = np.random.default_rng(1)
    daily = pd.Series(campaign(rng)[:14], index=DAYS[:14])
    chances = [
        forecast(daily, WINDOW, objective, rng=np.random.default_rng(2)).probability
        for objective in range(0, 20_000, 2_000)
    ]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == 1.0


def test_a_correction_does_what_it_promises_and_not_much_more():
    rng = np.random.default_rng(3)
    doors = campaign(rng)[:14]
    found = forecast(pd.Series(doors, index=DAYS[:14]), WINDOW, int(2.6 * doors.sum()), rng=rng)
    assert found.probability < 0.8
    fix = correct(found, outings_of(doors), Aim(), rng=np.random.default_rng(4))
    # Outings of 40 doors, one a draw: the promise holds, with fewer it does not.
    for extra, kept in ((1.1 * fix.outings, True), (0.8 * fix.outings, False)):
        share = (found.done + found.sums + 40 * extra >= found.objective).mean()
        assert (share >= 0.8) == kept
    assert fix.volunteer_hours == 4 * fix.outings
    assert fix.per_week == pytest.approx(fix.outings / 2)


def test_nothing_to_correct_and_nothing_that_helps():
    rng = np.random.default_rng(5)
    daily = pd.Series([100] * 14, index=DAYS[:14])
    easy = forecast(daily, WINDOW, 1000, rng=rng)
    assert correct(easy, outings_of(daily), Aim(), rng=rng).outings == 0
    over = forecast(daily, Window(STARTS, ENDS, ENDS), 10_000, rng=rng)
    assert over.probability == 0
    assert over.days.empty
    assert correct(over, outings_of(daily), Aim(), rng=rng) is None
    none = outings_of(daily).assign(doors=0, doors_squared=0.0)
    hard = forecast(daily, WINDOW, 10_000, rng=rng)
    assert correct(hard, none, Aim(), rng=rng) is None


def test_days_without_returns_count_and_days_to_come_do_not():
    rng = np.random.default_rng(6)
    few = pd.Series([700, 700], index=[STARTS, AS_OF])
    found = forecast(few, WINDOW, 3000, rng=rng)
    assert found.done == 1400
    # Fourteen days brought 1,400: so may the next fourteen, not 700 a day.
    assert 300 < np.median(found.sums) < 4000
    ahead = pd.Series([700, 700, 9999], index=[STARTS, AS_OF, ENDS])
    assert forecast(ahead, WINDOW, 3000, rng=rng).done == 1400


def test_a_forecast_before_the_start_is_refused():
    with pytest.raises(DataError, match="before the campaign starts"):
        Window(STARTS, STARTS - timedelta(days=1), ENDS)


def test_the_same_chance_gives_the_same_forecast():
    daily = pd.Series([10, 20, 0], index=DAYS[:3])
    one, other = (
        forecast(daily, WINDOW, 500, rng=np.random.default_rng(9)).summary() for _ in range(2)
    )
    assert one == other


def test_a_wrong_clock_is_no_first_outing():
    days = [date(2010, 2, 12), date(2016, 1, 1), date(2026, 2, 3), date(2026, 2, 5)]
    assert first_outing(pd.Series(1, days)) == date(2026, 2, 3)
    assert first_outing(pd.Series(1, days[2:])) == date(2026, 2, 3)
    # A winter's pause is no new campaign.
    assert first_outing(pd.Series(1, [date(2025, 11, 3), date(2026, 3, 3)])) == date(2025, 11, 3)
