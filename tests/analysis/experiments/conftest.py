"""Trials for the tests: those of the literature where they are at hand, and made ones."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.made import DATA

PUBLISHED = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="session")
def reference():
    """Load what other packages print for the experiments, to many digits."""
    file = DATA / "experiments" / "reference_numbers.json"
    if not file.is_file():
        pytest.skip("the shared data are not there")
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def experiment(reference):
    """Load an experiment by the name of its file."""

    def load(name):
        path = DATA / "experiments" / name
        return pd.read_stata(path) if path.suffix == ".dta" else pd.read_csv(path)

    return load


@pytest.fixture(scope="session")
def areas(experiment):
    """Load the areas of the experiment of 2012."""
    return experiment("pons_2018_areas.csv")


@pytest.fixture(scope="session")
def published():
    """Load published figures by the name of their file."""
    return lambda name: tomllib.loads((PUBLISHED / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture
def trial():
    """Make a blocked trial: 4 treated and 1 control, one incomplete block, a planted effect."""
    rng = np.random.default_rng(2012)
    block = np.repeat(np.arange(41), [5] * 40 + [3])
    assigned = np.ones(len(block), dtype=int)
    for one in range(41):
        assigned[rng.choice(np.flatnonzero(block == one))] = 0
    level = rng.normal(0.3, 0.05, 41)[block]
    lagged = level + rng.normal(0, 0.03, len(block))
    received = np.where(rng.random(len(block)) < np.where(assigned == 1, 0.6, 0.1), 1, 0)
    vote = level + 0.5 * (lagged - level) + 0.02 * received + rng.normal(0, 0.02, len(block))
    return pd.DataFrame(
        {
            "unit_id": [f"{i:04d}" for i in range(len(block))],
            "block": block,
            "assigned": assigned,
            "received": received,
            "reached": received * 0.5 + 0.1,
            "registered": rng.integers(300, 1500, len(block)),
            "lagged": lagged,
            "vote": vote,
            "turnout": rng.normal(0.7, 0.05, len(block)),
        }
    )
