"""Tests of `analysis.electorate.abstention.surroundings`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.electorate.abstention.forecast import forecast_abstention
from analysis.electorate.abstention.series import read_series
from analysis.electorate.abstention.surroundings import (
    Surroundings,
    read_surroundings,
    tell,
)
from analysis.electorate.abstention.transform import half_width
from analysis.workflows.ranking import target_of

SIDE = 12


def board(measures=None):
    """Lay bureaux out on a square board; those beside one another touch."""
    rows, columns = np.divmod(np.arange(SIDE**2), SIDE)
    apart = np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns)
    known = np.zeros((SIDE**2, 3)) if measures is None else measures
    return Surroundings(np.array(np.nonzero(apart == 1)), known, np.abs(known).max(axis=1) > 0)


def smooth(rng):
    """Return effects that neighbours share, and a part that they do not."""
    rows, columns = np.divmod(np.arange(SIDE**2), SIDE)
    wave = np.sin(rows / 2.5 + rng.uniform(0, 6)) + np.cos(columns / 2.5 + rng.uniform(0, 6))
    return 0.05 * wave + 0.01 * rng.normal(size=SIDE**2)


def hidden(rng, effects, around):
    """Hide one bureau in ten; return what is told of them, and who they are."""
    seen = rng.random(len(effects)) > 0.1
    told = tell(around, np.where(seen, effects, 0), effects.var(), seen, np.full(len(seen), 800.0))
    return told, ~seen


def test_neighbours_tell_what_they_share():
    rng = np.random.default_rng(1)
    effects = smooth(rng)
    told, unseen = hidden(rng, effects, board())
    assert (told.about == unseen).all()
    miss = np.square(told.effect - effects)[unseen].mean()
    assert miss < 0.25 * effects[unseen].var()
    # What is said to be explained is explained.
    left = effects.var() - told.explained[unseen].mean()
    assert miss == pytest.approx(left, rel=0.6)
    assert (told.explained[~unseen] == 0).all()
    assert (told.effect[~unseen] == 0).all()


def test_where_neighbours_share_nothing_nothing_is_told():
    rng = np.random.default_rng(2)
    effects = 0.05 * rng.normal(size=SIDE**2)
    told, unseen = hidden(rng, effects, board())
    assert told.explained.max() < 0.15 * effects.var()
    assert np.abs(told.effect[unseen]).max() < 0.03


def test_households_tell_where_no_neighbour_does():
    rng = np.random.default_rng(3)
    measures = rng.normal(size=(SIDE**2, 3))
    effects = 0.04 * measures[:, 0] - 0.02 * measures[:, 2] + 0.005 * rng.normal(size=SIDE**2)
    around = replace(board(measures), touching=np.empty((2, 0), dtype=int))
    told, unseen = hidden(rng, effects, around)
    assert told.effect[unseen] == pytest.approx(effects[unseen], abs=0.02)


def test_few_bureaux_teach_nothing():
    around = Surroundings(np.array([[0, 1], [1, 0]]), np.zeros((2, 3)), np.zeros(2, dtype=bool))
    told = tell(around, np.array([0.1, 0]), 0.01, np.array([True, False]), np.array([9.0, 9]))
    assert not told.about.any()
    assert not told.effect.any()


def without(series, rows):
    """Forget the past of some bureaux."""
    registered, ballots = series.registered.copy(), series.ballots.copy()
    registered[rows], ballots[rows] = np.nan, np.nan
    return replace(series, registered=registered, ballots=ballots, around=None)


@pytest.fixture(scope="module", params=["valmont", "paris"])
def forgotten(request):
    """Return one bureau in ten without its past, at 2022, with and without its surroundings."""
    place = request.getfixturevalue(request.param)
    target = target_of(place, "2022_legi_t1")
    series, came = read_series(place, target)
    runs = []
    for seed in range(3):
        hide = np.random.default_rng(seed).random(len(came)) < 0.1
        blind = without(series, hide)
        with_, alone = (
            forecast_abstention(one, target).table
            for one in (blind.surrounded(place, target), blind)
        )
        runs.append((hide & (came["registered"] >= 50).to_numpy(), with_, alone))
    return 1 - came["ballots"] / came["registered"].clip(lower=1), runs


def test_a_bureau_without_a_past_is_foretold_by_its_surroundings(forgotten):
    came, runs = forgotten

    def miss(column):
        each = [(table["abstention"] - came)[hide].std() for hide, *both in runs
                for table in [both[column]]]  # fmt: skip
        return np.mean(each)

    assert miss(0) < 0.85 * miss(1)


def test_it_is_surer_than_its_commune_tells_and_less_sure_than_a_past(forgotten):
    _, runs = forgotten
    for hide, with_, alone in runs:
        told = hide & (with_["source"] == "around").to_numpy()
        assert told.any()
        assert (with_["abstention_se"] < alone["abstention_se"])[told].all()
        own = (with_["source"] == "own").to_numpy()
        sure = with_["abstention_se"][own].median()
        assert with_["abstention_se"][told].median() > 1.2 * sure


def test_bureaux_with_a_past_are_left_as_they_are(valmont):
    target = target_of(valmont, "2022_legi_t1")
    series, _ = read_series(valmont, target)
    units = series.units
    everywhere = np.ones(len(units), dtype=bool)
    assert read_surroundings(valmont, units, everywhere) is None
    assert read_surroundings(valmont, units.assign(vintage=np.nan), ~everywhere) is None
    blind = without(series, [0])
    with_ = forecast_abstention(blind.surrounded(valmont, target), target).table
    alone = forecast_abstention(blind, target).table
    # All are moved alike to the level of the place.
    apart = np.arcsin(np.sqrt(with_["abstention"])) - np.arcsin(np.sqrt(alone["abstention"]))
    assert apart[1:].to_numpy() == pytest.approx(apart[1], abs=1e-9)


def test_the_order_of_bureaux_is_no_matter():
    rng = np.random.default_rng(5)
    effects = smooth(rng)
    around, seen = board(), rng.random(SIDE**2) > 0.1
    sizes = rng.uniform(200, 1500, SIDE**2)
    told = tell(around, effects * seen, 0.01, seen, sizes)
    order = rng.permutation(SIDE**2)
    place = np.argsort(order)
    moved = Surroundings(place[around.touching], around.measures[order], around.known[order])
    again = tell(moved, (effects * seen)[order], 0.01, seen[order], sizes[order])
    assert again.effect == pytest.approx(told.effect[order], abs=1e-12)


@pytest.mark.parametrize(("share", "student"), [(0.5, 0.70638662), (0.9, 1.85954804)])
def test_half_widths_are_those_of_a_t_of_eight_degrees(share, student):
    assert half_width(share) == pytest.approx(student * np.sqrt(6 / 8), abs=1e-3)
