"""A campaign with no people yet, in each of the two stores."""

from __future__ import annotations

import shutil

import pytest

from analysis.workflows.contacts_open import open_contacts


@pytest.fixture
def campaign(tmp_path, valmont):
    """Return the folder of a workspace that may be written into."""
    folder = tmp_path / "places" / "valmont"
    shutil.copytree(valmont.path, folder)
    return folder


@pytest.fixture
def contacts(campaign):
    """Open the people of a campaign: there is nobody yet."""
    opened = open_contacts(campaign)
    yield opened
    opened.engine.dispose()
