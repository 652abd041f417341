"""Stores with a few turfs in them."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.fieldwork import field_plan
from analysis.fieldwork.store import open_store
from tests.analysis.fieldwork.made_returns import BUREAUX, turfs


@pytest.fixture
def store(url, tmp_path):
    """Open a store of either kind with a few turfs in it."""
    opened = open_store(tmp_path, url)
    field_plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture
def small(tmp_path):
    """Open a store in a file with a few turfs in it, for what does not depend on the engine."""
    opened = open_store(tmp_path)
    field_plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def registered():
    """Count registered voters of the bureaux of those turfs, and of one nobody goes to."""
    return pd.Series({**dict.fromkeys(BUREAUX, 500), "99900_0099": 400})
