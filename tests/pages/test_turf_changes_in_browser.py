"""Turfs changed in a browser: a click on the map chooses, the keyboard does the rest."""

from __future__ import annotations

import shutil

import pytest

from analysis.tables.workspace import Workspace
from analysis.workflows import turf_cuts
from analysis.workflows.turf_output import read_walks
from tests.pages.test_turfs import ORDER, ranked, wait

pytestmark = pytest.mark.browser
