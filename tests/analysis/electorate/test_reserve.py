"""Tests of `analysis.electorate.reserve`."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.electorate.rates import Rate
from analysis.electorate.reserve import comparable_pair, expect_reserve
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.targeting.prospects import prepare
from tests.made import history

ELECTIONS = ("2017_pres_t1", "2017_pres_t2", "2019_euro_t1")


def support(units):
    return Rate(np.full(units, 0.3), np.full(units, 0.01), 0.3, ("x",))


def many_came_then_few(share, bureaux=8, size=40_000.0):
    """70% come to the first round, 40% to the European vote; `share` of the lost are ours."""
    registered = np.full((bureaux, 3), size)
    ballots = size * np.array([0.7, 0.75, 0.4]) * np.ones((bureaux, 1))
    high = 0.25 * ballots[:, 0]
    low = high - np.asarray(share) * (ballots[:, 0] - ballots[:, 2])
    votes = np.column_stack([high, np.full(bureaux, np.nan), low])
    return history(registered, ballots, votes, elections=ELECTIONS, blocs=votes * 0)


def test_votes_lost_over_ballots_lost():
    reserve = expect_reserve(many_came_then_few(0.4), support(8))
    assert reserve.level == pytest.approx(0.4)
    assert reserve.value == pytest.approx(0.4, abs=1e-3)
    assert reserve.elections == ("2017_pres_t1", "2019_euro_t1")


def test_bureaux_differ_where_counts_are_large():
    shares = np.linspace(0.2, 0.5, 8)
    reserve = expect_reserve(many_came_then_few(shares), support(8))
    assert reserve.value == pytest.approx(shares, abs=0.02)
    small = expect_reserve(many_came_then_few(shares, size=400.0), support(8))
    assert np.ptp(small.value) < 0.6 * np.ptp(shares)
    assert small.std_error.mean() > reserve.std_error.mean()


def test_a_roll_that_grew_loses_nothing_by_growing():
    """Twice the roll at the low election, and twice all its counts: the same share."""
    past = many_came_then_few(0.4)
    for array in (past.registered, past.ballots, past.votes, past.valid):
        array[:, 2] *= 2
    assert expect_reserve(past, support(8)).level == pytest.approx(0.4)


def test_the_pair_is_the_best_attended_and_the_worst_after_it():
    past = many_came_then_few(0.4)
    # The second round was better attended still, but the bloc had nobody there.
    assert comparable_pair(past) == (0, 2)
    past.votes[:, 0] = np.nan
    assert comparable_pair(past) is None


def test_without_a_pair_abstainers_vote_like_their_neighbours():
    past = many_came_then_few(0.4)
    past.votes[:, 2] = np.nan
    fall_back = support(8)
    assert expect_reserve(past, fall_back) is fall_back


def test_where_more_came_later_there_is_no_reserve_to_measure():
    past = many_came_then_few(0.4)
    past.ballots[:, 2] = 0.8 * past.registered[:, 2]
    past.votes[:, 1] = np.nan
    reserve = expect_reserve(past, support(8))
    assert (reserve.value == 0.3).all()


@pytest.mark.parametrize("share", [-0.5, 1.8])
def test_a_share_stays_a_share(share):
    reserve = expect_reserve(many_came_then_few(share), support(8))
    assert (reserve.value >= 0).all()
    assert (reserve.value <= 1).all()


def test_a_bureau_that_is_new_or_empty_takes_its_towns_reserve():
    past = many_came_then_few(0.4)
    past.registered[3, 0] = past.ballots[3, 0] = past.votes[3, 0] = np.nan
    past.registered[4, :2] = past.ballots[4, :2] = past.votes[4, 0] = 0
    reserve = expect_reserve(past, support(8))
    assert reserve.value[[3, 4]] == pytest.approx(0.4, abs=0.02)
    assert (reserve.std_error[[3, 4]] >= reserve.std_error[0]).all()


def test_reserves_of_valmont_lean_as_its_abstainers_do(valmont, truth):
    """Where more of the abstainers are left-wing, the left has lost more of its votes.

    The reserve of a bureau rests on about 300 ballots and on how many of the bloc stayed
    with it: it orders bureaux (correlation over 0.7) and is no estimate of the level.
    """
    election = "2022_pres_t1"
    table = prepare(valmont, Choice("left"), election_of(election)).table.set_index("bureau_id")
    planted = truth["elections"][election]
    place = planted["bloc_order"].index("left")
    drawn = [name for name in table.index if name in planted["support_abstainers"]]
    shares = np.array([planted["support_abstainers"][name][place] for name in drawn])
    assert len(drawn) == 46
    assert np.corrcoef(table.loc[drawn, "reserve"], shares)[0, 1] > 0.7
