"""Tests of `analysis.electorate.abstention.resemblance` and `level`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from analysis.electorate.abstention import resemblance
from analysis.electorate.abstention.level import FIRST_ROUNDS, USUAL, expect_level
from analysis.electorate.abstention.resemblance import Calendar, link
from analysis.readers.calendar import election_of
from tests.made import DATA

FRANCE = DATA / "france" / "general_results.parquet"
PAST = ("2017_pres_t1", "2017_legi_t1", "2022_pres_t1", "2022_pres_t2", "2022_legi_t1")
LEVELS = np.array([0.22, 0.51, 0.26, 0.28, 0.52])


def elections(*names):
    return tuple(election_of(name) for name in names)


def weights_for(target, level, likeness=0.7):
    matrix = 0.05**2 * (likeness + (1 - likeness) * np.eye(len(PAST)))
    calendar = Calendar.of(elections(*PAST, target), np.append(LEVELS, level))
    return dict(zip(PAST, link(matrix, calendar, 50).weights, strict=True)), link(
        matrix, calendar, 50
    )


def test_an_election_is_foretold_by_those_like_it():
    presidential, _ = weights_for("2027_pres_t1", 0.26)
    assert presidential["2022_pres_t1"] == max(presidential.values())
    legislative, _ = weights_for("2027_legi_t1", 0.52)
    assert legislative["2022_legi_t1"] == max(legislative.values())
    assert legislative["2022_legi_t1"] > presidential["2022_legi_t1"]


def test_the_expected_level_tells_which_elections_are_alike():
    crowded, _ = weights_for("2024_legi_t1", 0.33)
    empty, _ = weights_for("2024_legi_t1", 0.55)
    assert crowded["2022_pres_t1"] > empty["2022_pres_t1"]
    assert crowded["2022_legi_t1"] < empty["2022_legi_t1"]


def test_a_second_round_follows_its_first():
    weights, second = weights_for("2022_legi_t2", 0.54)
    assert weights["2022_legi_t1"] == max(weights.values())
    _, other = weights_for("2029_euro_t1", 0.54)
    assert second.left < other.left


@pytest.mark.parametrize("units", [1, 48, 70_000])
def test_the_fitted_covariance_is_one_and_leaves_something_open(units):
    rng = np.random.default_rng(units)
    factor = rng.normal(size=(5, 5)) * 0.02 + 0.05
    calendar = Calendar.of(elections(*PAST, "2027_pres_t1"), np.append(LEVELS, 0.25))
    found = link(factor @ factor.T + 1e-6 * np.eye(5), calendar, units)
    assert np.linalg.eigvalsh(found.covariance).min() > 0
    assert found.shares.sum() == pytest.approx(1)
    assert 0 < found.left < found.covariance.max()


@pytest.mark.parametrize(
    ("target", "value", "source"),
    [
        ("2027_pres_t1", 0.26, "2022_pres_t1"),
        ("2027_pres_t2", 0.28, "2022_pres_t2"),
        ("2027_legi_t1", 0.52, "2022_legi_t1"),
        ("2022_legi_t2", 0.52, "2022_legi_t1"),
        # Not in the wake of a presidential election: nearly as many come.
        ("2024_legi_t1", 0.26 + 0.085, "2022_pres_t1"),
    ],
)
def test_the_level_repeats_the_nearest_election(target, value, source):
    found = expect_level(elections(*PAST), LEVELS, election_of(target))
    assert found.value == pytest.approx(value)
    assert found.source == source


@pytest.mark.parametrize(
    ("past", "source"),
    [
        (("2026_muni_t1",), "2026_muni_t1"),
        (("2026_arrd_t1", "2026_muni_t1"), "2026_arrd_t1"),
        (("2022_pres_t1",), "usual"),
    ],
)
def test_the_council_of_the_arrondissement_is_elected_by_who_comes_for_the_citys(past, source):
    levels = np.linspace(0.3, 0.4, len(past))
    found = expect_level(elections(*past), levels, election_of("2032_arrd_t1"))
    assert found.source == source
    city = expect_level(elections("2022_pres_t1"), levels[:1], election_of("2032_muni_t1"))
    if source == "usual":
        assert found.value == city.value


def test_the_level_of_another_kind_is_the_usual_one_moved_by_what_sets_the_place_apart():
    presidential = np.array([USUAL["pres"]])
    usual = expect_level(elections("2022_pres_t1"), presidential, election_of("2029_euro_t1"))
    absent = expect_level(elections("2022_pres_t1"), np.array([0.40]), election_of("2029_euro_t1"))
    assert usual.value == pytest.approx(USUAL["euro"])
    assert absent.value > 0.70
    repeated = expect_level(elections(*PAST), LEVELS, election_of("2027_pres_t1"))
    assert usual.std_error > 1.5 * repeated.std_error


@pytest.mark.parametrize("units", [4, 48, 70_000])
@pytest.mark.parametrize("past", [1, 3, 5])
def test_no_optimiser_finds_a_better_fit(units, past):
    """Fisher scoring against L-BFGS of scipy, from the same start, on the same loss."""
    rng = np.random.default_rng(past)
    names = (*PAST[:past], "2027_pres_t1")
    parts, apart = (
        each[..., :past, :past]
        for each in Calendar.of(elections(*names), np.append(LEVELS[:past], 0.25)).parts()
    )
    sample = rng.normal(size=(past, 40)) + rng.normal(size=40)
    covariance = 0.05**2 * np.atleast_2d(np.cov(sample))
    prior = np.append(np.log(resemblance.PRIOR), np.log(resemblance.MEMORY_YEARS))
    spread = np.append(np.full(len(parts), resemblance.PRIOR_SD), resemblance.MEMORY_SD)
    weight = min(units, resemblance.MOST_UNITS)
    size = np.sqrt(np.diag(covariance))
    seen = covariance / np.outer(size, size)

    def loss(theta):
        shares = np.exp(theta[:-1])
        worn = np.where(resemblance._WEAR, 1.0, 0.0)[:, None, None]
        decay = 1 - worn + worn * np.exp(-apart / np.exp(theta[-1]))
        total = (shares[:, None, None] * parts * decay).sum(axis=0)
        fitted = total / np.sqrt(np.outer(np.diag(total), np.diag(total)))
        fitted = fitted + 1e-6 * np.eye(past)
        misfit = np.linalg.slogdet(fitted)[1]
        misfit += np.trace(np.linalg.solve(fitted, seen + 1e-6 * np.eye(past)))
        return weight * misfit / 2 + np.sum(((theta - prior) / spread) ** 2) / 2

    best = minimize(loss, prior, method="L-BFGS-B", options={"maxfun": 20_000, "ftol": 1e-13})
    found = resemblance._fit(covariance, parts, apart, units)
    assert loss(found) <= best.fun + 1e-6
    assert found == pytest.approx(best.x, abs=0.02)


@pytest.mark.skipif(not FRANCE.is_file(), reason="the official results of France are absent")
def test_the_usual_levels_are_those_of_the_official_file():
    """Of those that it holds."""
    columns = ["id_election", "inscrits", "abstentions"]
    counted = pd.read_parquet(FRANCE, columns=columns).groupby("id_election").sum()
    rates = 100 * counted["abstentions"] / counted["inscrits"]
    pres, legi, euro = (FIRST_ROUNDS[kind] for kind in ("pres", "legi", "euro"))
    stated = {
        "2017_pres_t1": pres[3], "2022_pres_t1": pres[4], "2017_legi_t1": legi[3],
        "2022_legi_t1": legi[4], "2014_euro_t1": euro[2], "2019_euro_t1": euro[3],
    }  # fmt: skip
    for election, percent in stated.items():
        assert rates[election] == pytest.approx(percent, abs=0.6), election
