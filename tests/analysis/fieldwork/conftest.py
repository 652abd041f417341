"""Stores with a few turfs in them."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from analysis.database.engine import connect
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


@pytest.fixture(scope="session")
def planned_store(empty_store, tmp_path_factory):
    """Make the file of a store with a few turfs in it once, to be copied."""
    file = shutil.copy(empty_store, tmp_path_factory.mktemp("planned") / SQLITE)
    engine = connect(f"sqlite:///{file}")
    field_plan.register(engine, turfs())
    engine.dispose()
    return file


@pytest.fixture
def store(url, request):
    """Open a store of either kind with a few turfs in it."""
    if not url:
        yield request.getfixturevalue("small")
        return
    opened = open_store(request.getfixturevalue("folder"), url)
    field_plan.register(opened.engine, turfs())
    yield opened
    opened.engine.dispose()


@pytest.fixture
def small(folder, planned_store):
    """Open a store in a file with a few turfs in it, for what does not depend on the engine."""
    shutil.copy(planned_store, folder / FOLDER / SQLITE)
    opened = open_store(folder)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def registered():
    """Count registered voters of the bureaux of those turfs, and of one nobody goes to."""
    return pd.Series({**dict.fromkeys(BUREAUX, 500), "99900_0099": 400})
