"""Stores with a few turfs in them."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from analysis.fieldwork import field_plan
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.store import SQLITE, open_store
from tests.analysis.fieldwork.made_returns import BUREAUX, turfs


@pytest.fixture
def folder(tmp_path, empty_store):
    """Return the folder of a workspace with a store in it."""
    (tmp_path / FOLDER).mkdir(exist_ok=True)
    shutil.copy(empty_store, tmp_path / FOLDER / SQLITE)
    return tmp_path


@pytest.fixture
def store(url, folder):
    """Open a store of either kind with a few turfs in it."""
    opened = open_store(folder, url)
    field_plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture
def small(folder):
    """Open a store in a file with a few turfs in it, for what does not depend on the engine."""
    opened = open_store(folder)
    field_plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def registered():
    """Count registered voters of the bureaux of those turfs, and of one nobody goes to."""
    return pd.Series({**dict.fromkeys(BUREAUX, 500), "99900_0099": 400})
