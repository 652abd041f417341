"""Tests of `analysis.experiments.assignment`: one law, whatever it is used for."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import DataError
from analysis.experiments.assignment import EACH, Lottery

DRAWS = 6000
# Four Monte Carlo errors of a share near one half.
ROOM = 4 * 0.5 / np.sqrt(DRAWS)


@pytest.fixture
def lottery():
    """Make a full block of five, one of six with two treated, three drawn alone, two pairs."""
    return Lottery(
        member=np.r_[np.arange(14), 14, 14, 15, 15],
        block=np.repeat([0, 1, 2, 3], [5, 6, 3, 2]),
        treated=np.array([4, 2, EACH, 1]),
        share=np.array([0.8, 1 / 3, 0.8, 0.5]),
    )


def once_many_times(lottery, seed, draws):
    rng = np.random.default_rng(seed)
    return np.array([lottery.assign(rng) for _ in range(draws)])


@pytest.mark.parametrize("how", ["redraw", "assign"])
def test_both_ways_of_drawing_follow_the_declared_law(lottery, how):
    rng = np.random.default_rng(1)
    arms = lottery.redraw(rng, DRAWS) if how == "redraw" else once_many_times(lottery, 1, DRAWS)
    assert arms.shape == (DRAWS, 18)
    assert arms.mean(axis=0) == pytest.approx(lottery.probability(rng), abs=ROOM)
    assert (arms[:, :5].sum(axis=1) == 4).all()
    assert (arms[:, 5:11].sum(axis=1) == 2).all()
    assert (arms[:, 14] == arms[:, 15]).all()
    assert (arms[:, 14] != arms[:, 16]).all()
    # Two units of a block of five are both treated with probability 4/5 · 3/4.
    assert (arms[:, 0] & arms[:, 1]).mean() == pytest.approx(0.6, abs=ROOM)
    # Those drawn alone do not know of one another.
    assert (arms[:, 11] & arms[:, 12]).mean() == pytest.approx(0.64, abs=ROOM)


@pytest.mark.parametrize(("size", "few"), [(2, 1), (5, 1), (16, 1), (17, 1), (300, 1), (6, 3)])
@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_every_cluster_of_a_block_is_picked_as_often(size, few, blocks):
    """Blocks that make one die together, that stand alone, and that a byte cannot tell apart."""
    lottery = Lottery.of_arms(
        np.tile(np.r_[np.zeros(few), np.ones(size - few)], blocks),
        np.repeat(np.arange(blocks), size),
    )
    arms = lottery.redraw(np.random.default_rng(2), DRAWS)
    controls = (~arms).reshape(DRAWS, blocks, size)
    assert (controls.sum(axis=2) == few).all()
    assert controls.mean(axis=0) == pytest.approx(few / size, abs=ROOM)
    if blocks > 1:  # one block does not know of the other
        both = (controls[:, 0, 0] & controls[:, 1, -1]).mean()
        assert both == pytest.approx((few / size) ** 2, abs=ROOM)


def test_sums_over_the_treated_are_those_of_the_arms(lottery):
    values = np.random.default_rng(0).normal(size=(lottery.clusters, 2))
    faces = lottery.faces(np.random.default_rng(3), 50)
    arms = lottery.redraw(np.random.default_rng(3), 50)
    first = np.unique(lottery.member, return_index=True)[1]
    assert lottery.among_treated(faces, values) == pytest.approx(arms[:, first] @ values)


def test_draws_do_not_depend_on_how_they_are_added_up():
    """One byte per block, as a seed has always given them."""
    lottery = Lottery.of_arms(np.tile([1.0, 1, 1, 1, 0], 7), np.repeat(np.arange(7), 5))
    drawn = np.random.default_rng(5).integers(0, 5, (20, 7), dtype=np.uint8)
    arms = lottery.redraw(np.random.default_rng(5), 20).reshape(20, 7, 5)
    assert (arms.argmin(axis=2) == drawn).all()


def test_the_same_seed_the_same_arms(lottery):
    one, other = (lottery.redraw(np.random.default_rng(3), 50) for _ in range(2))
    assert (one == other).all()
    assert (once_many_times(lottery, 3, 5) == once_many_times(lottery, 3, 5)).all()


def test_rejection_keeps_the_best_balanced_share_of_draws():
    lottery = Lottery.of_arms(np.tile([1.0, 1, 1, 1, 0], 30), np.repeat(np.arange(30), 5))
    x = np.random.default_rng(0).normal(size=(150, 2))
    strict = lottery.accepting(x, 0.1)
    arms = lottery.redraw(np.random.default_rng(1), DRAWS)
    distances = strict.acceptance.distances(arms @ strict.acceptance.totals)
    assert (distances <= strict.acceptance.limit).mean() == pytest.approx(0.1, abs=0.03)
    for drawn in (strict.redraw(np.random.default_rng(2), 300), once_many_times(strict, 2, 50)):
        kept = strict.acceptance.distances(drawn @ strict.acceptance.totals)
        assert (kept <= strict.acceptance.limit).all()
        assert (drawn.reshape(-1, 30, 5).sum(axis=2) == 4).all()
    # The differences between the arms in x shrink.
    spread = [np.std((a @ x), axis=0) for a in (arms, strict.redraw(np.random.default_rng(4), 500))]
    assert (spread[1] < 0.5 * spread[0]).all()


def test_probabilities_under_rejection_are_those_of_the_accepted_draws():
    lottery = Lottery.of_arms(np.array([1.0, 1, 1, 1, 1, 0, 0]), np.zeros(7, dtype=int))
    strict = lottery.accepting(np.array([[9.0], [1], [2], [3], [2], [1], [0]]), 0.5)
    drawn = strict.redraw(np.random.default_rng(1), DRAWS).mean(axis=0)
    assert strict.probability(np.random.default_rng(2)) == pytest.approx(drawn, abs=2 * ROOM)
    # The unit far from all others is treated more often: among many it hides best.
    assert drawn[0] > 5 / 7 + ROOM


def test_a_balance_that_no_draw_has():
    lottery = Lottery.of_arms(np.array([1.0, 1, 0]), np.zeros(3, dtype=int))
    never = lottery.accepting(np.array([[1.0], [2.0], [100.0]]), 1e-9)
    with pytest.raises(DataError, match="Accept a larger share"):
        never.redraw(np.random.default_rng(0), 10)
    with pytest.raises(DataError, match="balance on fewer"):
        never.assign(np.random.default_rng(0))


def test_a_cluster_in_two_blocks_is_named():
    with pytest.raises(DataError, match="cluster 2 by order"):
        Lottery.of_arms(np.array([1.0, 0, 0]), np.array([0, 0, 1]), np.array([0, 1, 1]))


def test_blocks_of_one_arm_never_change():
    lottery = Lottery.of_arms(np.array([1.0, 1, 0, 1, 0]), np.array([0, 0, 1, 2, 2]))
    arms = lottery.redraw(np.random.default_rng(0), 20)
    assert arms[:, :2].all()
    assert not arms[:, 2].any()
