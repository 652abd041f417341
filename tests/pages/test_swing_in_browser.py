"""Abstention, and Swing and transfers, as people use them in a browser."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pandas as pd
import pytest
from playwright.sync_api import expect

from analysis import i18n as languages
from analysis.electorate.abstention.forecast import forecast_abstention
from analysis.electorate.abstention.series import Series
from analysis.electorate.history import read_history
from analysis.electorate.swing_by_bureau import Share, measure_swing
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import target_of
from pages._ui import state
from tests.browser import open_page, settle, type_at_once

ROUNDS = ("2022_pres_t1", "2022_pres_t2")
LINK = "from=2022_pres_t1&to=2022_pres_t2&s_view=transfers"


@pytest.fixture(scope="module")
def app(browser, served):
    """Open the app."""
    open_page(browser, served).leave()  # builds the embedded place
    place = Workspace(state.WORKSPACES / state.SAMPLE_NAME)
    return SimpleNamespace(url=served, browser=browser, place=place)


@pytest.fixture(scope="module")
def forecast(app):
    """Forecast as the library does."""
    target = target_of(app.place, "2027_pres_t1")
    history = read_history(app.place, Choice("left"), before=target.date)
    return forecast_abstention(Series.of_history(history).surrounded(app.place, target), target)


def metrics(page):
    return page.get_by_test_id("stMetricValue")


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_click_on_the_map_brings_a_bureaus_forecast_into_view(visit, forecast, language):
    page = visit(f"abstention?lang={language}")
    level = languages.format_percent(forecast.level.value, 1, language=language)
    expect(metrics(page).first).to_have_text(level)
    canvas = page.locator(".map[data-paints] canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    # The card names the bureau; its number is the library's.
    title = page.get_by_role("heading", level=3)
    expect(
        page.get_by_text(re.compile("cliquez sur un bureau|click a bureau", re.I))
    ).to_have_count(0)
    number = int(re.search(r"Bureau (\d+)", title.inner_text())[1])
    row = forecast.table.set_index("bureau_id").loc[f"99900_{number:04d}"]
    rate = languages.format_percent(row["abstention"], 1, language=language)
    said = {"fr": f"{rate} attendus", "en": f"{rate} expected"}
    expect(page.get_by_text(said[language], exact=True)).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize(
    "path", ["abstention", "abstention?a_view=proof", f"swing?{LINK}&t_shown=one"]
)
def test_a_phone_shows_the_page_without_scrolling_sideways(visit, path):
    page = visit(path, width=390, height=844)
    expect(metrics(page).or_(page.get_by_test_id("stVegaLiteChart")).first).to_be_visible()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_the_swing_on_screen_is_the_librarys(app, visit):
    page = visit("swing?lang=en&s_what=bloc:left")
    swing = measure_swing(app.place, "2022_legi_t1", "2024_legi_t1", Share(Choice("left"), "valid"))
    after = languages.format_percent(swing.after, 1, language="en")
    expect(metrics(page).first).to_have_text(after)
    page.locator(".map[data-paints]").first.wait_for()
    page.get_by_role("radio", name="Apart from the whole").click()
    count = int(swing.table["unlike"].sum())
    expect(metrics(page).first).to_have_text(f"{count} of {len(swing.table)}")


@pytest.mark.browser
def test_the_table_and_the_figures_can_be_taken_away(app, visit):
    page = visit(f"swing?lang=en&{LINK}&t_shown=files")
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for suffix, first in begins.items():
        buttons = page.get_by_role("button", name=f"Figure ({suffix.upper()})")
        # The estimate is made beside the page: until both figures are offered, the last is the
        # matrix.
        expect(buttons).to_have_count(2)
        with page.expect_download() as coming:
            buttons.last.click()
        assert coming.value.path().read_bytes().startswith(first)
        assert coming.value.suggested_filename.endswith(f"_flows.{suffix}")
    with page.expect_download() as coming:
        page.get_by_role("button", name="CSV for a spreadsheet").click()
    read = pd.read_csv(coming.value.path())
    found = transfers_of(app.place, *ROUNDS)
    pd.testing.assert_frame_equal(
        read[list(found.table)], found.to_frame(), check_dtype=False, rtol=1e-9
    )


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_matrix_is_drawn_and_called_an_estimate(visit, language):
    page = visit(f"swing?lang={language}&{LINK}")
    said = {"fr": "Une estimation, jamais une preuve.", "en": "An estimate, never a proof."}
    expect(page.get_by_test_id("stAlert")).to_contain_text(said[language])
    picture = page.get_by_test_id("stImage").locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 500


@pytest.mark.browser
def test_a_share_above_a_hundred_is_told_and_not_made_another(visit):
    page = visit("swing?lang=fr&from=2022_pres_t1&to=2022_pres_t2&s_view=second")
    grid = page.get_by_test_id("stDataFrame").first
    expect(grid).to_be_visible()
    settle(page)
    grid.click(position={"x": 40, "y": 52})
    page.keyboard.press("ArrowRight")
    cell = grid.get_by_test_id("glide-cell-1-0")
    expect(cell).to_have_attribute("aria-selected", "true")
    cell.focus()
    # The first digit opens the box that takes the others.
    page.keyboard.press("9")
    expect(page.locator("input.gdg-input")).to_have_value("9")
    # Enter comes with the last digit, as on a busy page, and the table takes the number.
    type_at_once(page, "00")
    expect(cell).to_have_text("900")
    told = page.get_by_text("Plus de 100 en tout : MACRON.", exact=False)
    expect(told).to_be_visible()
    assert told.bounding_box()["y"] < grid.bounding_box()["y"]
