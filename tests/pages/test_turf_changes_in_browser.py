"""Turfs changed in a browser by keyboard and by clicks on the map, on the width of a phone too."""

from __future__ import annotations

import io
import json
import math
import shutil

import geopandas as gpd
import pytest
from PIL import Image
from playwright.sync_api import expect

from analysis.charts.turf_deck import WGS84, outlines_of, turf_deck
from analysis.tables.sources import sha256
from analysis.tables.workspace import MANIFEST, Workspace
from analysis.workflows import turf_cuts
from analysis.workflows.turf_output import read_walks
from pages._ui import state
from pages._ui.turfs import load_turfs
from tests.browser import open_page, settle
from tests.pages.conftest import HARMLESS
from tests.pages.test_turfs import cut_two_bureaux, wait

pytestmark = pytest.mark.browser
NAME = "retouches-navigateur"
# As long as a phone without a graphics card takes to look under a finger for the first time.
SLOW_FIRST_LOOK = """addEventListener("pointerdown", () => {
    const end = performance.now() + 400;
    while (performance.now() < end);
}, {once: true})"""


@pytest.fixture(scope="module")
def cut(valmont):
    """Cut two bureaux in a place of its own, where the app looks."""
    at = state.WORKSPACES / NAME
    own = _with_few_names(shutil.copytree(valmont.path, at, dirs_exist_ok=True))
    yield turf_cuts.folder_of(wait(cut_two_bureaux(own)))
    shutil.rmtree(at)


def _with_few_names(folder):
    """Leave names to great streets: without a graphics card all of them take seconds to draw.

    Nothing is clicked on a name; all of them are drawn where a morning's turfs are printed.
    """
    file, manifest = folder / "streets.parquet", folder / MANIFEST
    streets = gpd.read_parquet(file)
    streets["name"] = streets["name"].where(streets["kind"] == "main", "")
    streets.to_parquet(file, index=False)
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["tables"]["streets"]["sha256"] = sha256(file)
    manifest.write_text(json.dumps(told), encoding="utf-8")
    return Workspace(folder)


@pytest.fixture(scope="module")
def largest(cut):
    """Return the largest turf on the map, and how far from its middle, in pixels."""
    place = Workspace(cut.parents[1])
    picture = load_turfs.picture(str(place.path), place.digest, read_walks(cut), None)
    view = turf_deck(picture, style=None, titles={"stop": "", "doors": ""}).initial_view_state
    grounds = outlines_of(picture.stops)
    row = grounds.loc[[grounds.area.idxmax()]]
    point = row.representative_point().to_crs(WGS84).iloc[0]
    scale = 512 * 2**view.zoom / 360
    across = (point.x - view.longitude) * scale
    up = (point.y - view.latitude) * scale / math.cos(math.radians(view.latitude))
    return str(row["turf_id"].iloc[0]), (across, -up)


def click(page, shift):
    """Click the map this far from its middle, once it answers there."""
    chart = page.get_by_test_id("stDeckGlJsonChart")
    chart.evaluate("each => each.scrollIntoView({block: 'center'})")
    box = chart.bounding_box()
    at = [box["x"] + box["width"] / 2 + shift[0], box["y"] + box["height"] / 2 + shift[1]]
    expect(tip := page.locator(".deck-tooltip")).to_have_count(1)
    # What it says of another point is no answer.
    page.mouse.move(at[0], box["y"] - 8)
    expect(tip).to_be_hidden()
    for nudge in (2, 1, 0):
        page.mouse.move(at[0] + nudge, at[1])
    expect(tip).to_be_visible()
    page.mouse.click(*at)


def test_a_turf_is_split_by_keyboard_and_the_change_taken_back(browser, served, cut, largest):
    before = (cut / "turfs.csv").read_bytes()
    turf = next(one for one in read_walks(cut).turf_ids if one != largest[0])
    link = f"{served}/turfs?workspace={NAME}&bloc=left&turf_view=edit"
    visit = open_page(browser, link, width=1400, height=900)
    # One window becomes as narrow as a phone: without a graphics card each map takes ten seconds.
    for width in (1400, 390):
        visit.page.set_viewport_size({"width": width, "height": 900})
        settle(visit.page)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        _split_by_keyboard(visit.page, cut, turf)
        assert (cut / "turfs.csv").read_bytes() == before
        _cut_by_clicks(visit.page, *largest)
        assert largest[0] not in read_walks(cut).turf_ids
        settle(visit.page)
        visit.page.get_by_role("button", name="Annuler", exact=True).click()
        expect(visit.page.get_by_text(f"{largest[0]} est nouveau")).to_be_visible(timeout=60_000)
        assert (cut / "turfs.csv").read_bytes() == before
        settle(visit.page)
        visit.page.get_by_text("un secteur", exact=True).click()
        _let_go(visit.page)
    assert not [one for one in visit.errors if HARMLESS not in one]
    visit.leave()


def _split_by_keyboard(page, cut, turf):
    """Choose a turf, split it and take that back, without a click."""
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


def _let_go(page):
    """Choose nothing any more; return the field of what is chosen."""
    settle(page)
    chosen = page.get_by_test_id("stMultiSelect").first
    chosen.get_by_role("button", name="Clear all").click()
    settle(page)
    return chosen


def _cut_by_clicks(page, turf, shift):
    """Choose a turf by a click on the map, and cut it by two."""
    # In this order: beside a turf that is chosen already, the map would come near and stay there.
    chosen = _let_go(page)
    page.get_by_text("les deux bouts d’une coupe", exact=True).click()
    expect(page.get_by_text("Cliquez sur le secteur à couper.")).to_be_visible()
    settle(page)
    click(page, shift)
    expect(chosen.get_by_text(turf)).to_be_visible()
    expect(page.get_by_text("Cliquez là où commence la ligne.")).to_be_visible()
    settle(page)
    # Nothing is chosen on the map itself: it would fade all else, numbers and streets too.
    expect(page.get_by_role("button", name="Clear selection")).to_have_count(0)
    click(page, (0, -120))
    expect(page.get_by_text("Cliquez là où finit la ligne.")).to_be_visible()
    settle(page)
    click(page, (0, 120))
    page.get_by_role("button", name=f"Couper {turf} ").click()
    expect(page.get_by_text(f"{turf} n’existe plus.")).to_be_visible(timeout=60_000)


def test_one_tap_chooses_a_turf_where_the_first_look_under_the_finger_is_slow(
    browser, served, cut, largest
):
    link = f"{served}/turfs?workspace={NAME}&bloc=left&turf_view=edit"
    visit = open_page(browser, link, width=390, height=900, has_touch=True, is_mobile=True)
    page = visit.page
    settle(page)
    page.evaluate(SLOW_FIRST_LOOK)
    _tap(page, largest[1])
    chosen = page.get_by_test_id("stMultiSelect").first
    expect(chosen.get_by_text(largest[0])).to_be_visible()
    settle(page)
    # One tap was one choice: a second one lets go of the turf.
    expect(chosen.get_by_text(largest[0])).to_be_visible()
    assert not [one for one in visit.errors if HARMLESS not in one]
    visit.leave()


def _tap(page, shift):
    """Tap the map this far from its middle as soon as it is drawn there."""
    chart = page.get_by_test_id("stDeckGlJsonChart")
    chart.evaluate("each => each.scrollIntoView({block: 'center'})")
    box = chart.bounding_box()
    at = [box["x"] + box["width"] / 2 + shift[0], box["y"] + box["height"] / 2 + shift[1]]
    spot = {"x": at[0] - 1, "y": at[1] - 1, "width": 3, "height": 3}
    drawn = set()
    while not drawn - {(255, 255, 255)}:
        picture = Image.open(io.BytesIO(page.screenshot(clip=spot))).convert("RGB")
        drawn = {colour for _n, colour in picture.getcolors()}
    page.touchscreen.tap(*at)
