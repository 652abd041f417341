"""Trials for the tests: those of the literature where they are at hand, and made ones."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

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
