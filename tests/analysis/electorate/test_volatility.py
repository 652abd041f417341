"""Tests of `analysis.electorate.volatility`."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.electorate.volatility import PAIRS, UNKNOWN, UNKNOWN_ERROR, expect_volatility
from analysis.tables.schema import BLOCS
from tests.made import history

FIRST = ("2012_pres_t1", "2014_euro_t1", "2017_pres_t1", "2019_euro_t1", "2022_pres_t1")


def voted(*shares, units=6, size=1e6, elections=None):
    """Let every bureau give the blocs these shares of its valid ballots, election by election."""
    shares = np.array(shares, dtype=float)
    blocs = np.broadcast_to(size * shares, (units, *shares.shape)).copy()
    valid = np.full((units, len(shares)), size)
    return history(
        2 * valid,
        valid,
        blocs[:, :, 1],
        elections=elections or FIRST[-len(shares) :],
        valid=valid,
        blocs=blocs,
    )


A = (0.1, 0.3, 0.2, 0.2, 0.1, 0.1)
B = (0.1, 0.2, 0.3, 0.2, 0.1, 0.1)
C = (0.0, 0.2, 0.3, 0.2, 0.2, 0.1)


def test_half_the_sum_of_absolute_changes():
    """Pedersen's index of a tenth that moved from one bloc to another is a tenth."""
    found = expect_volatility(voted(A, B))
    assert found.value == pytest.approx(0.1, abs=1e-3)
    assert found.level == pytest.approx(0.1, abs=1e-4)
    assert found.elections == FIRST[-2:]
    assert len(A) == len(BLOCS)


def test_the_mean_of_the_last_pairs_alone():
    assert PAIRS == 3
    found = expect_volatility(voted(A, C, A, B, B))
    # The change from A to C, of 0.2, is a fourth pair; B to B changes nothing.
    assert found.level == pytest.approx((0.2 + 0.1 + 0) / 3, abs=1e-3)
    assert found.elections == FIRST[1:]


def test_second_rounds_are_not_compared():
    elections = ("2022_pres_t1", "2022_pres_t2", "2022_legi_t1")
    found = expect_volatility(voted(A, C, B, elections=elections))
    assert found.level == pytest.approx(0.1, abs=1e-3)
    assert found.elections == ("2022_pres_t1", "2022_legi_t1")


def test_there_and_back_is_the_same():
    one, other = expect_volatility(voted(A, B)), expect_volatility(voted(B, A))
    assert one.value == pytest.approx(other.value)


def test_chance_alone_is_not_taken_for_change():
    """Bureaux that only sample the same shares twice show next to no volatility."""
    rng = np.random.default_rng(5)
    past = voted(A, A, units=400, size=600)
    past.blocs[:] = rng.multinomial(600, A, (400, 2))
    raw = 0.5 * np.abs(np.diff(past.blocs / 600, axis=1)).sum(axis=2).mean()
    found = expect_volatility(past)
    assert raw > 0.04
    assert found.level < 0.35 * raw


def test_real_change_is_found_under_the_noise():
    rng = np.random.default_rng(6)
    past = voted(A, B, units=400, size=600)
    past.blocs[:, 0], past.blocs[:, 1] = rng.multinomial(600, A, 400), rng.multinomial(600, B, 400)
    assert expect_volatility(past).level == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize(
    "past", [voted(A), voted(A, B, elections=("2022_pres_t1", "2022_pres_t2"))]
)
def test_where_it_cannot_be_told_it_is_a_wide_guess(past):
    found = expect_volatility(past)
    assert (found.value == UNKNOWN).all()
    assert (found.std_error == UNKNOWN_ERROR).all()
    assert found.elections == ()


def test_a_bureau_without_a_pair_takes_its_towns():
    past = voted(A, B)
    past.blocs[2, 0] = np.nan
    past.valid[3, 1] = 0
    past.blocs[3, 1] = 0
    found = expect_volatility(past)
    assert found.value == pytest.approx(0.1, abs=1e-2)
    assert (found.std_error[[2, 3]] >= found.std_error[0]).all()


def test_nobody_registered_is_no_fault():
    past = voted(A, B)
    past.units["registered"] = 0
    assert (expect_volatility(past).value == UNKNOWN).all()


def test_the_order_of_bureaux_does_not_matter():
    rng = np.random.default_rng(7)
    past = voted(A, B, units=20, size=600)
    past.blocs[:] = rng.multinomial(600, B, (20, 2))
    turned = voted(A, B, units=20, size=600)
    turned.blocs[:] = past.blocs[::-1]
    assert expect_volatility(turned).value == pytest.approx(expect_volatility(past).value[::-1])


def test_where_all_move_alike_all_are_alike():
    found = expect_volatility(voted(A, B, A))
    assert found.level == pytest.approx(0.1, abs=1e-3)
    assert np.ptp(found.value) == pytest.approx(0, abs=1e-9)


def test_a_bureau_keeps_half_of_its_distance_to_the_place():
    """Half of the bureaux moved a fifth and half nothing: a tenth on the mean, .15 and .05 kept."""
    past = voted(A, A, units=400, size=1e8)
    past.blocs[:200, 1] = 1e8 * np.array(C)
    found = expect_volatility(past)
    assert found.value[[0, 399]] == pytest.approx([0.15, 0.05], abs=1e-3)
    # What is not kept may be there: the distance, .1, times a half.
    assert found.std_error == pytest.approx(0.05, abs=1e-3)
