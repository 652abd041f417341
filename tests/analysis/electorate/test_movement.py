"""Tests of `analysis.electorate.movement`."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.electorate.movement import LEAST, expect_movement, first_shares
from tests.made import history

FIRST = ("2012_pres_t1", "2014_euro_t1", "2017_pres_t1", "2019_euro_t1", "2022_pres_t1")


def voted(*shares, size=1e8, elections=None, units=6):
    """Let the bloc have these shares of the registered: one per election, or one row a bureau."""
    shares = np.atleast_2d(np.array(shares, dtype=float))
    if len(shares) == 1:
        shares = np.repeat(shares, units, axis=0)
    registered = np.full(shares.shape, float(size))
    names = elections or FIRST[-shares.shape[1] :]
    return history(registered, 0.8 * registered, shares * size, elections=names)


def test_the_standard_deviation_of_shares_of_the_registered():
    """.1, .2 and .3 lie .1 apart about .2: the deviation is .1."""
    found = expect_movement(voted(0.1, 0.2, 0.3))
    assert found.value == pytest.approx(0.1, abs=1e-4)
    assert found.level == pytest.approx(0.1, abs=1e-4)
    assert found.elections == FIRST[-3:]


def test_counting_noise_is_taken_off():
    """Of 100: .3 and .1 vary by .02, of which (.21 + .09)/2/100 is counting."""
    found = expect_movement(voted(0.3, 0.1, size=100))
    assert found.value == pytest.approx(np.sqrt(0.02 - 0.0015))


def test_there_and_back_in_any_order_is_the_same():
    one, other = expect_movement(voted(0.1, 0.3, 0.2)), expect_movement(voted(0.3, 0.2, 0.1))
    assert one.value == pytest.approx(other.value)


def test_second_rounds_and_rounds_without_the_bloc_are_not_read():
    names = ("2017_pres_t1", "2017_pres_t2", "2019_euro_t1", "2022_pres_t1")
    past = voted(0.1, 0.6, 0.0, 0.3, elections=names)
    assert first_shares(past, past.votes)[0] == [0, 3]
    found = expect_movement(past)
    assert found.value == pytest.approx(0.2 / np.sqrt(2), abs=1e-4)
    assert found.elections == (names[0], names[3])


def test_a_bloc_that_stood_once_has_its_share_and_is_unsure():
    past = voted([0.1], [0.3])
    found = expect_movement(past)
    assert found.value == pytest.approx([0.1, 0.3])
    assert found.std_error == pytest.approx([0.05, 0.15])
    assert found.level == pytest.approx(0.2)


def test_a_bloc_that_never_stood_is_the_same_everywhere():
    found = expect_movement(voted(0.0, 0.0))
    assert (found.value == LEAST).all()
    assert found.elections == ()


def test_bureaux_that_moved_more_have_more():
    shares = [[0.2, 0.2 + step] for step in np.linspace(0, 0.2, 12)]
    found = expect_movement(voted(*shares))
    assert (np.diff(found.value) > 0).all()
    small = expect_movement(voted(*shares, size=300))
    assert np.ptp(small.value) < np.ptp(found.value)
    assert small.std_error.mean() > found.std_error.mean()


def test_chance_alone_is_not_taken_for_movement():
    rng = np.random.default_rng(5)
    drawn = rng.binomial(600, 0.2, (400, 4)) / 600
    found = expect_movement(voted(*drawn, size=600))
    raw = drawn.std(axis=1, ddof=1).mean()
    assert raw > 0.013
    assert found.level < 0.55 * raw
    assert np.ptp(found.value) < 0.1 * np.ptp(drawn.std(axis=1, ddof=1))


def test_real_movement_is_found_under_the_noise():
    rng = np.random.default_rng(6)
    drawn = rng.binomial(600, [0.1, 0.2, 0.3], (400, 3)) / 600
    assert expect_movement(voted(*drawn, size=600)).level == pytest.approx(0.1, abs=0.003)


def test_a_new_bureau_takes_its_towns():
    past = voted(0.1, 0.2, 0.3)
    past.votes[2, :2] = past.registered[2, :2] = np.nan
    past.votes[3], past.registered[3] = np.nan, 0
    found = expect_movement(past)
    assert found.value == pytest.approx(0.1, abs=1e-3)
    assert (found.std_error[[2, 3]] >= found.std_error[0]).all()


def test_nobody_registered_is_no_fault():
    past = voted(0.1, 0.3)
    past.units["registered"] = 0
    assert np.isfinite(expect_movement(past).value).all()


def test_the_order_of_bureaux_does_not_matter_and_the_past_stays():
    rng = np.random.default_rng(7)
    shares = rng.uniform(0.1, 0.3, (20, 3))
    past = voted(*shares, size=600)
    before = past.votes.copy()
    one, other = expect_movement(past), expect_movement(voted(*shares[::-1], size=600))
    assert other.value == pytest.approx(one.value[::-1])
    assert np.array_equal(past.votes, before)
