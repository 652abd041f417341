"""Series of abstention drawn from what the forecast assumes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.abstention.resemblance import PRIOR, Calendar, _correlation
from analysis.electorate.abstention.series import Series
from analysis.readers.calendar import election_of

PAST = (
    "2014_euro_t1",
    "2017_pres_t1",
    "2017_legi_t1",
    "2019_euro_t1",
    "2022_pres_t1",
    "2022_legi_t1",
)
TARGET = "2024_euro_t1"
LEVELS = np.array([0.57, 0.22, 0.51, 0.50, 0.26, 0.52, 0.49])


def draw_series(rng, departments=12, communes=6, bureaux=7, scales=(0.05, 0.05, 0.04)):
    """Return a series, and the planted and the counted rate of every bureau at the target."""
    days = tuple(election_of(name) for name in (*PAST, TARGET))
    theta = np.append(np.log(PRIOR), np.log(80.0))
    likeness = _correlation(theta, *Calendar.of(days, LEVELS).parts())
    size = departments * communes * bureaux
    commune = np.arange(size) // bureaux
    department = commune // communes
    root = np.linalg.cholesky(likeness)
    own, town, land = (
        scale * rng.normal(size=(n, len(days))) @ root.T
        for scale, n in zip(scales, (size, departments * communes, departments), strict=True)
    )
    angle = np.arcsin(np.sqrt(LEVELS)) + own + town[commune] + land[department]
    planted = np.sin(np.clip(angle, 0, np.pi / 2)) ** 2
    registered = rng.integers(100, 1400, size)[:, None] * np.ones((1, len(days)), dtype="int64")
    absent = rng.binomial(registered, planted)
    units = pd.DataFrame(
        {
            "bureau_id": [f"{10 + d:02d}{c:03d}_{n:04d}" for n, (d, c) in
                          enumerate(zip(department, commune, strict=True))],
            "commune_id": [f"{10 + d:02d}{c:03d}" for d, c in
                           zip(department, commune, strict=True)],
            "registered": registered[:, -1],
        }
    )  # fmt: skip
    counts = registered.astype(float), (registered - absent).astype(float)
    series = Series(units, days[:-1], *(count[:, :-1] for count in counts))
    return series, planted[:, -1], absent[:, -1] / registered[:, -1]


@pytest.fixture(scope="package")
def simulated():
    """Draw one series of 504 bureaux."""
    return draw_series(np.random.default_rng(5))
