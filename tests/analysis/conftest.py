"""A trial, and stores to test on: a SQLite file, a real PostgreSQL started for the occasion."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from analysis.database.engine import connect
from analysis.database.migrate import upgrade
from tests.analysis import postgres


@pytest.fixture(scope="session")
def server():
    """Start a PostgreSQL; skip where it is not installed."""
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.running(durable=False) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    """Give the URL of an empty store: none for a file of the workspace."""
    if request.param == "sqlite":
        yield ""
        return
    server = request.getfixturevalue("server")
    made = server.migrated()
    yield made
    server.drop(made)


@pytest.fixture
def bare_url(url, request):
    """Give that of a database without tables, for what makes those of an older version."""
    return url and request.getfixturevalue("server").database()


@pytest.fixture(autouse=True)
def _close_objections():
    yield
    # Those of a module are opened again by its next test, and closed again here.
    if invented := sys.modules.get("tests.analysis.contacts.invented"):
        while invented.OPENED:
            invented.OPENED.pop().dispose()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """Make the file of a store of the newest version, to be copied: to make one takes longer."""
    file = tmp_path_factory.mktemp("store") / "empty.sqlite"
    engine = connect(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


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
