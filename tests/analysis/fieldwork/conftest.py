"""Stores to test on: a SQLite file, and a real PostgreSQL started for the occasion."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.fieldwork import plan
from analysis.fieldwork.store import open_store
from tests.analysis.fieldwork import postgres
from tests.analysis.fieldwork.made_returns import BUREAUX, turfs


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
        return ""
    return request.getfixturevalue("server").database()


@pytest.fixture
def store(url, tmp_path):
    """Open a store of either kind with a few turfs in it."""
    opened = open_store(tmp_path, url)
    plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture
def small(tmp_path):
    """Open a store in a file with a few turfs in it, for what does not depend on the engine."""
    opened = open_store(tmp_path)
    plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def registered():
    """Count registered voters of the bureaux of those turfs, and of one nobody goes to."""
    return pd.Series({**dict.fromkeys(BUREAUX, 500), "99900_0099": 400})
