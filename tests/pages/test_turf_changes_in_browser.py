"""Turfs changed in a browser with the keyboard alone, and on the width of a phone."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from analysis.tables.workspace import Workspace
from analysis.workflows import turf_cuts
from analysis.workflows.turf_output import read_walks
from pages._ui import state
from tests.browser import open_page, settle
from tests.pages.conftest import HARMLESS
from tests.pages.test_turfs import ORDER, ranked, wait

pytestmark = pytest.mark.browser
NAME = "retouches-navigateur"


@pytest.fixture(scope="module")
def cut(valmont):
    """Cut two bureaux in a place of its own, where the app looks."""
    at = state.WORKSPACES / NAME
    own = Workspace(shutil.copytree(valmont.path, at, dirs_exist_ok=True))
    targets = ranked(own)[["bureau_id", "rank", "hours", "registered"]].to_csv(index=False)
    yield turf_cuts.folder_of(wait(turf_cuts.cut(own.path, targets.encode(), ORDER)))
    shutil.rmtree(at)


@pytest.mark.parametrize("width", [1400, 390])
def test_a_turf_is_split_by_keyboard_and_the_change_taken_back(browser, served, cut, width):
    before = (cut / "turfs.csv").read_bytes()
    turf = read_walks(cut).turf_ids[0]
    link = f"{served}/turfs?workspace={NAME}&bloc=left&turf_view=edit"
    visit = open_page(browser, link, width=width, height=900)
    page = visit.page
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("combobox", name="Secteurs choisis").focus()
    page.keyboard.type(turf)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    settle(page)
    split = page.get_by_role("button", name="Couper", exact=True)
    expect(split).to_be_enabled(timeout=60_000)
    split.focus()
    page.keyboard.press("Enter")
    half = page.get_by_role("button", name="En deux parts de travail égales")
    half.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{turf} n’existe plus.")).to_be_visible(timeout=60_000)
    assert turf not in read_walks(cut).turf_ids
    settle(page)
    page.get_by_role("button", name="Annuler", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{turf} est nouveau")).to_be_visible(timeout=60_000)
    assert (cut / "turfs.csv").read_bytes() == before
    assert not [one for one in visit.errors if HARMLESS not in one]
    page.context.close()
