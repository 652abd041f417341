"""Bureaux made by hand, with a planted relation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

PLANTED = {"poor": 1.8, "wave": 0.6}


def draw(size=240, seed=0, *, spread=0.0):
    """Return bureaux whose abstention follows a logit; `spread` adds noise of their own."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "bureau_id": [f"31555_{n:04d}" for n in range(size)],
            "commune_id": [f"{31000 + n % 40}" for n in range(size)],
            "department_id": "31",
            "arrondissement": "",
            "poor": rng.uniform(0.02, 0.4, size),
            "wave": rng.uniform(-1, 1, size),
            "kind": rng.choice(["a", "b", "c"], size),
            "size": rng.integers(400, 1400, size),
            "x_m": rng.uniform(0, 20_000, size),
            "y_m": rng.uniform(0, 20_000, size),
        }
    )
    logit = -1.5 + PLANTED["poor"] * table["poor"] + PLANTED["wave"] * table["wave"] ** 2
    share = expit(logit + rng.normal(0, spread, size))
    return table.assign(value=rng.binomial(table["size"], share) / table["size"])


@pytest.fixture
def bureaux():
    return draw()
