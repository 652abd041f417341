"""Estimates beside those of pyfixest, where it is installed: a second program, the same numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact

pyfixest = pytest.importorskip("pyfixest", reason="only in an environment made for it")


# Its own calls of pandas may be old ones.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def blocks():
    """Make blocks of 20 with other shares each, a covariate, and clusters of four."""
    rng = np.random.default_rng(3)
    block = np.repeat(np.arange(12), 20)
    share = np.array([0.5, 0.25, 0.8] * 4)[block]
    cluster = np.arange(240) // 4
    rank = (cluster % 5) / 5
    arm = (rank < share).astype(int)
    x = rng.normal(size=240)
    y = 0.3 * block / 12 + 0.05 * arm + 0.1 * x + rng.normal(0, 0.1, 240)
    size = pd.Series(arm).groupby(block).transform("mean").to_numpy()
    return pd.DataFrame(
        {"y": y, "assigned": arm, "block": block, "cluster": cluster, "x": x}
        | {"w": 1 / (size * (1 - size))}
    )


@pytest.mark.parametrize(
    ("estimator", "formula", "weights"),
    [
        ("block_fixed_effects", "y ~ assigned | block", None),
        ("ancova", "y ~ assigned + x | block", None),
        ("ipw", "y ~ assigned | block", "w"),
    ],
)
def test_estimates_and_hc1_are_those_of_pyfixest(blocks, estimator, formula, weights):
    asked = "ipw" if weights else "difference"
    spec = Spec(("y",), block="block", covariates=("x",), measured_before=True, estimator=asked)
    found = estimate_impact(blocks, spec).pick("y", estimator=estimator)
    # It counts absorbed effects once they are asked to be counted.
    count = pyfixest.ssc(k_adj=True, k_fixef="full", G_adj=False)
    peer = pyfixest.feols(formula, blocks, weights=weights, vcov="HC1", ssc=count)
    assert found.value == pytest.approx(peer.coef()["assigned"], abs=1e-10)
    assert found.std_errors["HC1"] == pytest.approx(peer.se()["assigned"], abs=1e-10)


def test_clustered_errors_without_a_factor_are_those_of_pyfixest(blocks):
    spec = Spec(("y",), block="block", cluster="cluster")
    found = estimate_impact(blocks, spec).pick("y", estimator="block_fixed_effects")
    bare = pyfixest.ssc(k_adj=False, G_adj=False)
    peer = pyfixest.feols("y ~ assigned | block", blocks, vcov={"CRV1": "cluster"}, ssc=bare)
    assert found.std_errors["CR0"] == pytest.approx(peer.se()["assigned"], abs=1e-10)
