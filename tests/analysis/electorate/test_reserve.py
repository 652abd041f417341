"""Tests of `analysis.electorate.reserve`."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.electorate.rates import Rate
from analysis.electorate.reserve import (
    LAST_AGAINST_ANY,
    UNKNOWN_ERROR,
    _Pairs,
    expect_marginal,
    expect_reserve,
)
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.targeting.prospects import prepare
from tests.made import history

SPRING = ("2017_pres_t1", "2017_pres_t2", "2017_legi_t1")
YEARS = ("2017_pres_t1", "2017_pres_t2", "2019_euro_t1")


def support(*values):
    values = np.array(values if len(values) > 1 else values * 8)
    return Rate(values, np.full(len(values), 0.01), float(values.mean()), ("x",))


def many_came_then_few(share, bureaux=8, size=40_000.0, elections=SPRING):
    """70% come to the first round, 40% to the next; `share` of the lost are ours."""
    registered = np.full((bureaux, 3), size)
    ballots = size * np.array([0.7, 0.75, 0.4]) * np.ones((bureaux, 1))
    high = 0.25 * ballots[:, 0]
    low = high - np.asarray(share) * (ballots[:, 0] - ballots[:, 2])
    votes = np.column_stack([high, np.full(bureaux, np.nan), low])
    return history(registered, ballots, votes, elections=elections, blocs=votes * 0)


def drawn(own, last):
    """Return what a bureau's own share becomes, drawn to the one that the list had last."""
    return (np.asarray(own) + LAST_AGAINST_ANY * np.asarray(last)) / (1 + LAST_AGAINST_ANY)


def last_of(share):
    """Return the list's share of the 40% who still came in `many_came_then_few`."""
    return (0.25 * 0.7 - np.asarray(share) * 0.3) / 0.4


def test_votes_lost_over_ballots_lost():
    reserve = expect_reserve(many_came_then_few(0.25), support(0.3))
    assert reserve.level == pytest.approx(0.25)
    # The list had a quarter before and after: both say the same.
    assert reserve.value == pytest.approx(0.25)
    assert reserve.elections == ("2017_pres_t1", "2017_legi_t1")
    # Counting the 16,000 votes, twice what chance alone makes it; the one spring says the same, and
    # one alone may be off by a tenth.
    assert reserve.std_error == pytest.approx(np.sqrt(2 * 0.25 * 0.75 / 16_000 + 0.01))


def test_counting_is_part_of_the_error_of_marginal_voters():
    past = many_came_then_few(0.25)
    marginal = expect_marginal(past, past.votes, np.full(8, 0.3))
    # 2·2·.175·.825/40,000 a bureau, of which a fifth is its own, over .3 squared; and of the last
    # 16,000 votes.
    counting = 4 * 0.175 * 0.825 / 40_000 / 0.09 / (1 + LAST_AGAINST_ANY) ** 2
    counting += 2 * 0.25 * 0.75 / 16_000
    assert marginal.std_error == pytest.approx(np.sqrt(counting + 0.01))


def test_a_bureau_is_drawn_to_the_share_that_the_list_had_last():
    """Of bureaux alike each tells one part, and its last share four: of a spring, all."""
    shares = np.array([0.3, 0.5] * 4)
    past = many_came_then_few(shares)
    reserve = expect_reserve(past, support(0.3))
    assert reserve.level == pytest.approx(0.4)
    assert reserve.value == pytest.approx(last_of(shares))
    marginal = expect_marginal(past, past.votes, np.full(8, 0.3))
    assert marginal.value == pytest.approx(drawn(shares, last_of(shares)))


def test_the_support_stands_in_where_the_last_share_is_not_known():
    past = many_came_then_few(0.4)
    past.valid[3, 2] = np.nan
    reserve = expect_reserve(past, support(*[0.2, 0.4] * 4))
    assert reserve.value[[2, 3]] == pytest.approx([last_of(0.4), 0.4])


def two_springs(first, second):
    one, two = many_came_then_few(first), many_came_then_few(second)
    parts = {
        name: np.concatenate([getattr(one, name), getattr(two, name)], axis=1)
        for name in ("registered", "ballots", "votes", "blocs")
    }
    later = ("2022_pres_t1", "2022_pres_t2", "2022_legi_t1")
    return history(**parts, elections=(*SPRING, *later))


def test_springs_that_disagree_leave_doubt():
    reserve = expect_reserve(two_springs(0.3, 0.5), support(0.3))
    assert reserve.value == pytest.approx(last_of(0.5))
    # Springs of .3 and .5 lie a tenth from their mean: the error of a mean of two is a tenth. To
    # it comes how far slopes lie from the last share: .4 from .0625.
    apart = 0.4 - last_of(0.5)
    assert reserve.std_error == pytest.approx(np.hypot(0.1, apart), rel=0.01)
    agreed = expect_reserve(two_springs(0.25, 0.25), support(0.3))
    assert (agreed.std_error < 0.02).all()


def test_pairs_that_share_a_round_err_together():
    """Turnout falls by .1 in three pairs, and the bloc by .05, .03 and .01: a slope of .3.

    What is left of each pair is .002, 0 and -.002 (times .1 · .1 of turnout: .01). Apart, the
    variance is (.002² + .002²) / .03² · 3/2; where the last two share a round, likewise, since
    one of them is nought; where the first two do and the last is apart, likewise again; where the
    first and the last do, they cancel and the error stays that of pairs apart.
    """
    one, falls = np.ones((1, 3)), np.array([[0.1, 0.1, 0.1]])

    def doubt(rounds, moved):
        moved = np.array([moved])
        return _Pairs(moved, falls, one, 0 * one, np.array(rounds)).disagreement

    apart = [(0, 1), (2, 3), (4, 5)]
    alone = (0.002**2 + 0.002**2) / 0.03**2 * 3 / 2
    assert doubt(apart, [0.05, 0.03, 0.01]) == pytest.approx(alone)
    assert doubt([(0, 1), (2, 3), (0, 4)], [0.05, 0.03, 0.01]) == pytest.approx(alone)
    # Two that err alike and share a round weigh as one: (2 · .001)² + .002², not 2 · .001² + .002².
    together = [(0, 1), (0, 2), (4, 5)]
    assert doubt(together, [0.04, 0.04, 0.01]) == pytest.approx(
        ((2 * 0.001) ** 2 + 0.002**2) / 0.03**2 * 3 / 2
    )


def test_small_bureaux_are_less_sure():
    small = expect_reserve(many_came_then_few(0.4, size=400.0), support(0.3))
    assert (small.std_error > expect_reserve(many_came_then_few(0.4), support(0.3)).std_error).all()


def test_a_roll_that_grew_loses_nothing_by_growing():
    """Twice the roll at the low election, and twice all its counts: the same share."""
    past = many_came_then_few(0.4)
    for array in (past.registered, past.ballots, past.votes, past.valid):
        array[:, 2] *= 2
    assert expect_reserve(past, support(0.3)).level == pytest.approx(0.4)


def test_those_who_come_are_those_who_would_stay_home():
    """A rise in turnout tells the same as the fall, drawn to what the list had last."""
    past, turned = many_came_then_few(0.4), many_came_then_few(0.4)
    for array in (turned.registered, turned.ballots, turned.votes, turned.valid):
        array[:] = array[:, ::-1].copy()
    one, other = (expect_marginal(p, p.votes, np.full(8, 0.3)) for p in (past, turned))
    assert one.level == pytest.approx(other.level)
    assert one.value == pytest.approx(drawn(0.4, last_of(0.4)))
    assert other.value == pytest.approx(drawn(0.4, 0.25))


def test_rounds_years_apart_are_no_reserve_but_tell_of_marginal_voters():
    past = many_came_then_few(0.4, elections=YEARS)
    rate = support(0.3)
    reserve = expect_reserve(past, rate)
    assert reserve.value == pytest.approx(last_of(0.4))
    assert (reserve.std_error == UNKNOWN_ERROR).all()
    assert reserve.elections == ()
    marginal = expect_marginal(past, past.votes, rate.value)
    assert marginal.value == pytest.approx(drawn(0.4, last_of(0.4)))


def test_rounds_of_like_turnout_tell_nothing():
    past = many_came_then_few(0.4)
    past.ballots[:, 2] = 0.66 * past.registered[:, 2]
    assert expect_reserve(past, support(0.3)).elections == ()


@pytest.mark.parametrize(("low", "end"), [(0.25, 0.01), (0.05, 0.99)])
def test_a_share_stays_a_share(low, end):
    """Six points of turnout are lost; the bloc gains 7.5, or loses 12.5."""
    past = many_came_then_few(0.4)
    past.ballots[:, 2], past.votes[:, 2] = 0.64 * 40_000, low * 40_000
    reserve = expect_reserve(past, support(0.3))
    assert reserve.level == end
    assert ((reserve.value > 0) & (reserve.value < 1)).all()


def test_a_bureau_that_is_new_or_empty_takes_the_share_it_had_last():
    past = many_came_then_few(0.4)
    past.registered[3, 0] = past.ballots[3, 0] = past.votes[3, 0] = np.nan
    past.registered[4, :2] = past.ballots[4, :2] = past.votes[4, 0] = 0
    reserve = expect_reserve(past, support(0.3))
    # Nothing of the pair, and the list's share at the round that all but the empty one had.
    assert reserve.value[[3, 4]] == pytest.approx(last_of(0.4))
    assert np.isfinite(reserve.std_error).all()


def test_bloc_and_rest_share_the_marginal_voters():
    """Shares of two sides that together are all the ballots sum to one, before shrinking."""
    past = many_came_then_few(0.4)
    rest = past.ballots - past.votes
    ours = expect_marginal(past, past.votes, np.full(8, 0.25))
    theirs = expect_marginal(past, rest, np.full(8, 0.75))
    assert ours.level + theirs.level == pytest.approx(1)
    assert ours.value + theirs.value == pytest.approx(np.ones(8))


def test_planted_abstainers_are_found_under_the_noise():
    """Of 1,000 registered each of 400 bureaux loses 300 ballots at random, 30% of them ours."""
    rng = np.random.default_rng(3)
    came = rng.multinomial(1000, [0.2, 0.5, 0.3], 400)
    lost = np.column_stack([rng.binomial(300, 0.3, 400), np.zeros(400)])
    ours = np.column_stack([came[:, 0], came[:, 0] - lost[:, 0]])
    ballots = np.column_stack([came[:, :2].sum(axis=1), came[:, :2].sum(axis=1) - 300])
    registered = np.full((400, 2), 1000.0)
    past = history(registered, ballots, ours, elections=(SPRING[0], SPRING[2]), blocs=ours * 0.0)
    reserve = expect_reserve(past, Rate(np.full(400, 0.3), np.full(400, 0.01), 0.3, ()))
    # 120,000 ballots were lost: the place's share is off by .0013.
    assert reserve.level == pytest.approx(0.3, abs=0.004)
    assert np.abs(reserve.value - 0.3).max() < 2 * reserve.std_error.min()


def test_the_order_of_bureaux_does_not_matter():
    shares = np.linspace(0.2, 0.5, 8)
    one = expect_reserve(many_came_then_few(shares), support(0.3))
    other = expect_reserve(many_came_then_few(shares[::-1]), support(0.3))
    assert other.value == pytest.approx(one.value[::-1])


def test_reserves_of_valmont_lean_as_its_abstainers_do(valmont, truth):
    """Where more of the abstainers are left-wing, the left has lost more of its votes.

    It orders bureaux and is no estimate of the level.
    """
    election = "2022_pres_t1"
    table = prepare(valmont, Choice("left"), election_of(election)).table.set_index("bureau_id")
    planted = truth["elections"][election]
    place = planted["bloc_order"].index("left")
    drawn = [name for name in table.index if name in planted["support_abstainers"]]
    shares = np.array([planted["support_abstainers"][name][place] for name in drawn])
    assert len(drawn) == 46
    assert np.corrcoef(table.loc[drawn, "reserve"], shares)[0, 1] > 0.7
