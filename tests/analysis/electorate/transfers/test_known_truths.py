"""Districts whose truth is known, and the town whose truth was planted."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.transfers import estimate_transfers
from analysis.electorate.transfers.intervals import calibration
from analysis.electorate.transfers.place_transfers import transfers_of
from tests.made import DATA, ROOT

# Mean EI to reach over all districts; one in six is estimated here, the benchmark takes all.
REACH = {"SCO_2007": 8.4, "NZ_2008": 8.6, "NZ_2020": 9.4}
# The usual questions: between rounds, and from one election to the next.
PAIRS = [
    "2017_pres_t1>2017_pres_t2",
    "2022_pres_t1>2022_pres_t2",
    "2022_pres_t1>2022_legi_t1",
    "2024_euro_t1>2024_legi_t1",
]


@pytest.fixture(scope="module", params=list(REACH))
def districts(request):
    if not (DATA / "ei" / f"{request.param}.zip").is_file():
        pytest.skip("the shared data are not there")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        known_truths = importlib.import_module("known_truths")
        every = list(known_truths.read_set(DATA / "ei", request.param))
    return request.param, every[::6]


def test_error_and_coverage_on_real_districts(districts):
    name, every = districts
    errors, inside = [], []
    for district in (d.merged() for d in every):
        found = estimate_transfers(district.origin, district.destination)
        errors.append(district.error(found.matrix().to_numpy()))
        share = (district.truth / district.truth.sum(axis=1, keepdims=True)).ravel()
        table = found.table
        inside.append((table["lower"] - 1e-9 <= share) & (share <= table["upper"] + 1e-9))
    assert np.mean(errors) <= REACH[name]
    # About 300 cells a set, alike within a district: 5 points are two standard errors.
    assert np.concatenate(inside).mean() == pytest.approx(0.90, abs=0.05)


def test_the_error_that_is_told_is_the_one_measured(districts):
    name, every = districts
    found = [d.merged() for d in every]
    errors = [
        d.error(estimate_transfers(d.origin, d.destination).matrix().to_numpy()) for d in found
    ]
    # One district in six stands for all: within what their spread allows.
    told = calibration()["known_truth"]["by_set"][name]
    assert np.mean(errors) == pytest.approx(told, abs=3 * np.std(errors) / np.sqrt(len(errors)))


@pytest.fixture(scope="module")
def planted(valmont, truth):
    """Estimates for pairs of elections of the fictional town, with their planted counts."""
    names = {"BLANK": "blank_null", "NULL": "blank_null", "ABSTENTION": "abstention"}
    cases = {}
    for pair, given in truth["transfers"].items():
        table = pd.DataFrame(given["counts"], given["origins"], given["destinations"])
        table = table.rename(index=names).groupby(level=0).sum()
        table = table.T.rename(index=names).groupby(level=0).sum().T
        cases[pair] = transfers_of(valmont, *pair.split(">")), table
    return cases


def test_the_planted_transfers_lie_in_their_intervals(planted):
    inside = []
    for found, truth in planted.values():
        share = truth.div(truth.sum(axis=1), axis=0)
        low, high = (found.matrix(name).reindex_like(share) for name in ("lower", "upper"))
        known = low.notna().to_numpy()
        inside.append(((low <= share + 0.002) & (share - 0.002 <= high)).to_numpy()[known])
    assert np.concatenate(inside).mean() >= 0.87


def test_the_planted_transfers_err_as_much_as_is_told(planted):
    errors = []
    for found, truth in planted.values():
        table = found.matrix().reindex_like(truth).fillna(0).to_numpy()
        share = truth.to_numpy() / truth.to_numpy().sum()
        errors.append(50 * np.abs(table / table.sum() - share).sum())
        # What a reader is told with each of them.
        said = next(note for note in found.notes if "fictional town" in note)
        assert "11 to 21 voters in 100" in said
    least, most = calibration()["apart"]["town_errors"]
    # Rounded to a tenth where they are told.
    assert min(errors) == pytest.approx(least, abs=0.051)
    assert max(errors) == pytest.approx(most, abs=0.051)


def test_the_planted_transfers_are_nearer_than_chance(planted):
    for found, truth in map(planted.get, PAIRS):
        table = found.matrix().reindex_like(truth).fillna(0)
        chance = np.outer(truth.sum(axis=1), truth.sum()) / truth.to_numpy().sum() ** 2
        share = truth / truth.to_numpy().sum()
        error = 50 * np.abs(table / table.to_numpy().sum() - share).to_numpy().sum()
        assert error < 0.62 * 50 * np.abs(chance - share).to_numpy().sum()
