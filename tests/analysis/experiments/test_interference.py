"""Spill-over between neighbours: planted and found, absent and not found, kept at a distance."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import sparse

from analysis.errors import DataError
from analysis.experiments.assignment import Lottery
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.interference import Exposure, judge_spillover
from analysis.experiments.neighbours import APART, adjacent, with_distance

SIDE = 12
N = SIDE * SIDE


def squares(side=SIDE):
    """Draw squares of 100 m side by side."""
    return [
        shapely.box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100)
        for x in range(side)
        for y in range(side)
    ]


SHAPES = np.array(squares(), dtype=object)
NEAR = adjacent(SHAPES, 0)
BLOCK = np.repeat(np.arange(N // 4), 4)
LOTTERY = Lottery(np.arange(N), BLOCK, np.full(N // 4, 2), np.full(N // 4, 0.5))
EXPOSURE = Exposure(NEAR, np.zeros((N, 2)), LOTTERY)


def test_who_touches_whom_by_hand():
    three = adjacent(np.array(squares(2)[:3], dtype=object), 0).toarray()
    # (0,0), (0,1), (1,0): corners touch too.
    assert three.tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    row = np.array([shapely.box(100 * x, 0, 100 * x + 50, 50) for x in range(4)] + [None])
    assert adjacent(row, 60).toarray().sum(axis=1).tolist() == [1, 2, 2, 1, 0]
    assert adjacent(row, 160).toarray().sum(axis=1).tolist() == [2, 3, 3, 2, 0]
    assert adjacent(row, 0).nnz == 0


def test_the_share_of_treated_neighbours_by_hand():
    near = sparse.csr_array(np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]], dtype=float))
    # The second has two neighbours in no draw, one of them treated.
    decided = np.array([[0.0, 0.0], [2.0, 1.0], [0.0, 0.0]])
    lottery = Lottery(np.arange(3), np.zeros(3, int), np.array([1]), np.array([1 / 3]))
    exposure = Exposure(near, decided, lottery)
    assert exposure.count.tolist() == [2, 3, 1]
    share = exposure.share(np.array([[1.0, 0, 0], [0, 1.0, 0]]))
    assert share.tolist() == [[0, pytest.approx(2 / 3), 1], [0.5, pytest.approx(1 / 3), 0]]


def play(seed, *, spill=0.0, own=0.05):
    rng = np.random.default_rng(seed)
    arm = LOTTERY.redraw(rng, 1)[0].astype(float)
    level = rng.normal(0.4, 0.05, N // 4)[BLOCK]
    # The middle differs from the edge: a raw share of neighbours would be confounded.
    level = level + 0.02 * EXPOSURE.count / 8
    share = EXPOSURE.share(arm[None, :])[0]
    return arm, level + own * arm + spill * share + rng.normal(0, 0.02, N)


def test_what_was_planted_is_found():
    arm, y = play(1, spill=0.06)
    (found,) = judge_spillover(EXPOSURE, arm, {"y": y}, rng=np.random.default_rng(0), draws=500)
    assert found.p_slope < 0.01
    assert found.slope == pytest.approx(0.06, abs=0.03)
    assert found.own == pytest.approx(0.05, abs=0.012)
    assert "neighbours felt the canvass" in found.sentence()
    assert "Les voisins" not in found.sentence("en")
    assert found.exposed > 10 < found.unexposed
    assert found.to_json()["p_slope"] == found.p_slope


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_said():
    """300 trials without spill-over, an own effect in all: both tests at 5%."""
    p = []
    for seed in range(300):
        arm, y = play(seed)
        (found,) = judge_spillover(
            EXPOSURE, arm, {"y": y}, rng=np.random.default_rng(seed), draws=199
        )
        p.append((found.p_slope, found.p_contrast))
    # Three Monte Carlo errors of a share of .05 over 300 runs.
    assert (np.array(p) <= 0.05).mean(axis=0) == pytest.approx([0.05, 0.05], abs=0.038)


def test_units_without_a_neighbour_or_an_outcome_are_left_out():
    far = np.append(SHAPES, [shapely.box(1e6, 0, 1e6 + 100, 100)] * 4)
    far[-4:] = [shapely.box(1e6 + 1e4 * k, 0, 1e6 + 1e4 * k + 1, 1) for k in range(4)]
    block = np.append(BLOCK, np.full(4, BLOCK.max() + 1))
    count = block.max() + 1
    lottery = Lottery(np.arange(N + 4), block, np.full(count, 2), np.full(count, 0.5))
    exposure = Exposure(adjacent(far, 0), np.zeros((N + 4, 2)), lottery)
    arm = lottery.redraw(np.random.default_rng(0), 1)[0].astype(float)
    y = np.random.default_rng(1).normal(size=N + 4)
    y[:3] = np.nan
    (found,) = judge_spillover(exposure, arm, {"y": y}, rng=np.random.default_rng(2), draws=50)
    assert (found.n, found.alone) == (N - 3, 4)
    few = Exposure(sparse.csr_array((N, N)), np.zeros((N, 2)), LOTTERY)
    with pytest.raises(DataError, match=r"Too few units have a neighbour[\s\S]*--spillover"):
        judge_spillover(few, arm[:N], {"y": y[:N]}, rng=np.random.default_rng(2), draws=50)


# A design that separates


@pytest.fixture
def bureaux():
    ids = [f"b{n:03d}" for n in range(N)]
    return gpd.GeoDataFrame({"bureau_id": ids, "vintage": 2024}, geometry=list(SHAPES), crs=2154)


@pytest.mark.parametrize("metres", [50, 150])
def test_no_two_that_are_drawn_are_nearer_than_asked(bureaux, metres):
    rng = np.random.default_rng(0)
    units = pd.DataFrame({"bureau_id": bureaux["bureau_id"], "gain": rng.random(N)})
    table, rule = with_distance(units, Rule("gain", block_size=4, control=2), bureaux, metres)
    kept = (table[APART] == 0).to_numpy()
    assert rule.must_not_treat == APART
    assert kept[units["gain"].argmax()]
    shapes = bureaux.geometry[kept].to_numpy()
    assert adjacent(shapes, metres).nnz == 0
    # Whoever is held out is too near to one that is drawn and ranks higher.
    near = adjacent(SHAPES, metres).toarray()
    higher = units["gain"].to_numpy()[:, None] > units["gain"].to_numpy()
    assert (near * higher * kept[:, None]).sum(axis=0)[~kept].min() >= 1
    design = declare(table, rule)
    assert design.drawn.sum() == kept.sum()
    shuffled, _ = with_distance(units.sample(frac=1, random_state=1), Rule("gain"), bureaux, metres)
    assert shuffled.set_index("bureau_id")[APART].to_dict() == dict(
        zip(units["bureau_id"], table[APART], strict=True)
    )


def test_distance_and_groups_do_not_mix(bureaux):
    units = pd.DataFrame({"bureau_id": bureaux["bureau_id"], "gain": range(N), "c": 1})
    for rule, metres in ((Rule("gain", cluster="c"), 50), (Rule("gain"), 0)):
        with pytest.raises(DataError, match="kept apart by a distance"):
            with_distance(units, rule, bureaux, metres)
    with pytest.raises(DataError, match="Nobody knows which units touch"):
        with_distance(units.assign(bureau_id=range(N)), Rule("gain"), bureaux, 50)
