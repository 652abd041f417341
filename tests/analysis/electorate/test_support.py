"""Tests of `analysis.electorate.support`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.electorate.rates import expect_rate
from analysis.electorate.support import expect_support, last_told_more, look_back
from tests.made import TARGET, history

ROUNDS = (
    *("2014_euro_t1", "2017_pres_t1", "2017_legi_t1", "2019_euro_t1"),
    *("2022_pres_t1", "2022_legi_t1", "2024_legi_t1"),
)


def place(apart, rounds=ROUNDS, size=2000.0):
    """Return a place whose bureaux lie `apart` from 40% of the valid votes (bureaux × rounds)."""
    registered = np.full(apart.shape, size)
    votes = np.round(registered * np.clip(0.4 + apart, 0.01, 0.99))
    return history(registered, registered, votes, elections=rounds)


def wandering(rng, bureaux=200, rounds=7):
    """Each round goes on from where the last one ended: the last tells most."""
    return place(np.cumsum(rng.normal(0, 0.05, (bureaux, rounds)), axis=1), ROUNDS[:rounds])


def steady(rng, bureaux=200):
    """Each bureau has a place of its own and strays from it anew each time: the mean tells most."""
    own = rng.normal(0, 0.06, (bureaux, 1))
    return place(own + rng.normal(0, 0.05, (bureaux, len(ROUNDS))))


def off(told, came):
    return float(np.abs(told - told.mean() - came + came.mean()).mean())


def test_where_the_last_round_told_more_it_takes_the_place_of_the_usual_distance():
    past = wandering(np.random.default_rng(0))
    assert last_told_more(past)
    found = expect_support(past, past.votes, TARGET)
    last = past.votes[:, -1] / past.valid[:, -1]
    usual = expect_rate(past.votes, past.valid, past, TARGET)
    assert np.corrcoef(found.value, last)[0, 1] > 0.999
    # The last round moves by a whole step, a mean of several by half of one.
    assert found.std_error.mean() == pytest.approx(0.05, rel=0.25)
    assert found.std_error.mean() > usual.std_error.mean()
    assert found.level == usual.level


def test_where_the_usual_distance_told_more_nothing_changes():
    past = steady(np.random.default_rng(0))
    assert not last_told_more(past)
    usual = expect_rate(past.votes, past.valid, past, TARGET)
    assert expect_support(past, past.votes, TARGET).value == pytest.approx(usual.value)


def test_each_choice_is_nearer_to_what_comes_in_its_own_world():
    rng = np.random.default_rng(1)
    for made, step in ((wandering(rng), 0.05), (steady(rng), 0.0)):
        shares = made.votes / made.valid
        comes = shares[:, -1] if step else shares.mean(axis=1)
        usual = expect_rate(made.votes, made.valid, made, TARGET).value
        last = expect_rate(made.votes, made.valid, made, TARGET, as_last_time=True).value
        told = expect_support(made, made.votes, TARGET).value
        assert off(told, comes) <= min(off(usual, comes), off(last, comes)) + 1e-12


def test_two_look_backs_are_too_few():
    past = wandering(np.random.default_rng(0), rounds=4)
    assert len(look_back(past)) == 2
    assert not last_told_more(past)


def test_a_look_back_reads_nothing_of_its_round_or_later():
    past = wandering(np.random.default_rng(0))
    votes = past.votes.copy()
    votes[:, 5:] = votes[::-1, 5:]
    other = look_back(replace(past, votes=votes))
    before = ["2017_legi_t1", "2019_euro_t1", "2022_pres_t1"]
    assert other.loc[before].equals(look_back(past).loc[before])
    assert not other.equals(look_back(past))


def test_a_list_that_stood_once_is_foretold_as_usual():
    past = wandering(np.random.default_rng(0))
    votes = np.where(np.arange(7) == 6, past.votes, np.nan)
    assert look_back(replace(past, votes=votes)).empty
    usual = expect_rate(votes, past.valid, past, TARGET)
    assert expect_support(past, votes, TARGET).value == pytest.approx(usual.value)


def test_a_large_place_is_judged_by_whole_communes(monkeypatch):
    monkeypatch.setattr("analysis.electorate.support.JUDGES", 50)
    past = wandering(np.random.default_rng(0))
    communes = [f"{n // 5:05d}" for n in range(200)]
    past = replace(past, units=past.units.assign(commune_id=communes))
    assert last_told_more(past)
