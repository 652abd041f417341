"""The page of results on a phone: what is searched, what a row shows, the way back to the whole."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from analysis.exports.provenance import Provenance
from analysis.exports.registry import file_of
from analysis.exports.results_page import ResultsPage
from tests.browser import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    ids = [f"1_{n:04d}" for n in range(60)]
    labels = [f"{1 + n // 3}e, bureau {1 + n % 3}, École du Bac" for n in range(len(ids))]
    counts = pd.DataFrame({"bureau_id": ids, "label": labels, "registered": 500})
    counts = counts.assign(ballots=400, valid=390)
    votes = pd.DataFrame({"A": 190.0, "B": 200.0, "C": float("nan")}, index=ids)
    shapes = [
        box(n % 8 * 100, n // 8 * 100, n % 8 * 100 + 90, n // 8 * 100 + 90) for n in range(60)
    ]
    shapes = gpd.GeoDataFrame({"bureau_id": ids}, geometry=shapes, crs="EPSG:2154")
    source = Provenance("1", "publish", {}, None, {}, ())
    out = tmp_path_factory.mktemp("published") / "page.html"
    page = ResultsPage(counts, votes, shapes, "Ici · 2024", source, "fr")
    out.write_bytes(file_of(page, ".html"))
    return out.as_uri()


def test_on_a_phone_a_row_shows_its_bureau_and_the_same_again_the_whole(browser, address):
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_role("searchbox").fill("5e bureau 1")
    expect(page.locator("#found")).to_have_text("Bureaux affichés\N{NO-BREAK SPACE}: 1 sur 60")
    row = page.locator("#rows tr:visible")
    row.click()
    title = page.locator("#one h2")
    expect(title).to_have_text("5e, bureau 1, École du Bac")
    expect(title).to_be_in_viewport()
    expect(page.locator("#one dd").last).to_have_text("—")
    row.press("Enter")
    expect(title).to_have_text("L’ensemble")
    # Grey is explained where something is grey.
    expect(page.locator("#grey")).to_be_hidden()
    page.locator("#who").select_option("2")
    expect(page.locator("#grey")).to_be_visible()
    # The name of a bureau stays beside counts that lie far to the right.
    page.get_by_role("searchbox").fill("")
    page.locator(".scroll").evaluate("(box) => { box.scrollLeft = 400; }")
    expect(page.locator("#rows td").first).to_be_in_viewport()
    assert not errors
