"""The benchmark of size and coverage in small: 200 trials at edges of what a design can be."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

# Hundreds of fits: what they run is measured by the tests of each estimator.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]
TRIALS = 200
# Four Monte Carlo errors of a share of .05.
ROOM = 4 * np.sqrt(0.05 * 0.95 / TRIALS)


@pytest.fixture(scope="module")
def benchmark():
    """Load the script beside its helpers."""
    folder = str(Path(__file__).parents[3] / "benchmarks")
    sys.path.insert(0, folder)
    try:
        yield importlib.import_module("inference")
    finally:
        sys.path.remove(folder)


@pytest.mark.parametrize(
    "kind", ["few clusters", "clusters of 4 to 16", "unequal probabilities", "mixed blocks"]
)
def test_rejections_and_intervals_are_about_as_said(benchmark, kind):
    (name,) = (one for one in benchmark.scenarios() if one.startswith(kind))
    found = benchmark.played(name, TRIALS)
    for which in benchmark.scenarios()[name].ours:
        size, cover, mean, _ = found[which]
        assert size == pytest.approx(0.05, abs=ROOM), which
        assert cover == pytest.approx(0.95, abs=ROOM), which
        assert mean == pytest.approx(benchmark.EFFECT, abs=0.006), which


def test_what_one_would_do_without_is_wrong(benchmark):
    """Units taken for independent where clusters were drawn: most intervals miss."""
    (name,) = (one for one in benchmark.scenarios() if one.startswith("few clusters"))
    size, cover, *_ = benchmark.played(name, TRIALS)["the same, HC1"]
    assert size > 0.3
    assert cover < 0.7
