"""A campaign with no people yet, in each of the two stores."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from analysis.database.engine import connect
from analysis.database.migrate import upgrade
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.store import SQLITE
from analysis.workflows.contacts_open import close, open_contacts


@pytest.fixture
def campaign(tmp_path, valmont):
    """Return the folder of a workspace that may be written into."""
    folder = tmp_path / "places" / "valmont"
    shutil.copytree(valmont.path, folder)
    return folder


@pytest.fixture
def store_made(campaign, empty_store):
    """Put an empty store into a campaign."""
    (campaign / FOLDER).mkdir(exist_ok=True)
    shutil.copy(empty_store, campaign / FOLDER / SQLITE)


@pytest.fixture
def contacts(campaign, store_made):
    """Open the people of a campaign: there is nobody yet."""
    opened = open_contacts(campaign)
    yield opened
    close(opened)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    """Make a store of each kind once; every test has tenants of its own in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('contacts') / 'store.sqlite'}"
    else:
        url = request.getfixturevalue("server").migrated()
    engine = connect(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def named(request):
    """Return a function that makes a name of this test alone, for a campaign or a controller."""
    mark = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    return lambda name: f"{name}-{mark}"
