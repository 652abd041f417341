"""The web page: nothing fetched, names as text, numbers and language on screen."""

from __future__ import annotations

import base64
import json
import re
import zlib

import geopandas as gpd
import pytest
import shapely

from analysis.charts.map_ground import Backdrop, TileSource, ground_of
from analysis.exports import to_bytes, write
from tests.analysis.exports.conftest import SCRIPT


@pytest.fixture
def page(ranking, bureaux, provenance):
    return to_bytes(
        ranking, ".html", bureaux=bureaux, provenance=provenance, language="en"
    ).decode()


def test_the_page_names_no_server_to_load_from(page):
    tags = re.sub(r"<script.*?</script>|<!--.*?-->", "", page, flags=re.DOTALL)
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page)
    assert "url(" not in tags.replace("url(#default#VML)", "")
    assert "@import" not in tags


def test_leaflet_comes_with_its_licence(page):
    assert "BSD 2-Clause License" in page
    assert "Leaflet 1.9.4" in page


def test_no_name_can_become_markup(page):
    assert SCRIPT not in page
    assert page.count("</script>") == page.count("<script")


def test_folium_s_random_ids_are_gone(page):
    body = page[page.index("<body>") :].replace("ef" * 32, "")
    assert not re.search(r"_[0-9a-f]{32}\b", body)
    assert '<html lang="en">' in page


@pytest.mark.browser
def test_the_page_works_without_network(ranking, bureaux, provenance, browser, tmp_path):
    path = write(
        ranking, tmp_path / "m.html", bureaux=bureaux, provenance=provenance, language="en"
    )
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 800})
    view = context.new_page()
    asked, said = [], []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.goto(path.as_uri())
    assert "Valmont-l’Éclair: where to knock first" in view.inner_text("h1")
    rows = view.locator(".palier-list button")
    assert rows.count() == 11, "the bureau without polygon cannot be shown on a map"
    assert SCRIPT in rows.nth(2).inner_text(), "as text, not as markup"
    rows.nth(0).click()
    shown = view.inner_text(".leaflet-popup-content")
    gain = ranking.iloc[0]
    assert f"{gain['gain_per_hour']:.2f} votes per volunteer-hour" in shown
    assert f"({gain['gain_lower']:.2f} to {gain['gain_upper']:.2f})" in shown
    assert "99001_JUS1" in view.inner_text(".leaflet-bottom.leaflet-left")
    stored = view.locator("#palier-provenance").text_content()
    assert json.loads(stored)["seed"] == 7
    assert (asked, said) == ([path.as_uri()], [])
    # Asking for the background is the only way to call a server; without one, no error.
    with view.expect_event("requestfailed", lambda request: "openstreetmap" in request.url):
        view.locator("input[type=checkbox]").check()
    assert all("openstreetmap" in url for url in asked[1:])
    context.close()


INKED = """(() => { const c = document.querySelector("canvas.palier-ground");
    const d = c?.getContext("2d").getImageData(0, 0, c.width, c.height).data ?? [];
    return d.filter((value, n) => n % 4 === 3 && value > 0).length; })"""


@pytest.fixture
def backdrop(bureaux):
    west, south, _east, north = bureaux.total_bounds
    lines = [shapely.LineString([(west + 90, south), (west + 90, north)])]
    table = {"street_id": ["s"], "name": ["Rue Haute"], "kind": ["street"], "length_m": [900.0]}
    streets = gpd.GeoDataFrame(table, geometry=lines, crs=bureaux.crs)
    ground = ground_of(bureaux.assign(commune_id="99001"), streets, {})
    return Backdrop(ground, TileSource("https://tiles.example/{z}/{x}/{y}", "Ours"))


def test_streets_and_names_are_inside_the_page(ranking, bureaux, provenance, backdrop):
    args = {"bureaux": bureaux, "provenance": provenance, "language": "en"}
    page = to_bytes(ranking, ".html", backdrop=backdrop, **args).decode()
    packed = re.search(r'"ground": "([^"]+)"', page)[1]
    content = zlib.decompress(base64.b64decode(packed))
    header = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    assert header["names"] == ["", "Rue Haute"]
    assert "https://tiles.example/{z}/{x}/{y}" in page
    assert "openstreetmap" not in page
    plain = to_bytes(ranking, ".html", **args).decode()
    assert '"ground": ""' in plain


@pytest.mark.browser
def test_the_page_draws_its_streets_without_network(
    ranking, provenance, browser, tmp_path, request
):
    args = {"bureaux": request.getfixturevalue("bureaux"), "provenance": provenance}
    path = write(ranking, tmp_path / "m.html", backdrop=request.getfixturevalue("backdrop"), **args)
    view = browser.new_context(offline=True, viewport={"width": 1200, "height": 800}).new_page()
    said = []
    view.on("pageerror", lambda error: said.append(str(error)))
    view.goto(path.as_uri())
    view.locator("canvas.palier-ground").wait_for(state="attached")
    assert view.evaluate(INKED) > 500
    assert not said
    view.context.close()


@pytest.mark.browser
def test_images_are_grey_and_one_that_stays_away_leaves_the_streets(
    ranking, provenance, browser, tmp_path, request
):
    args = {"bureaux": request.getfixturevalue("bureaux"), "provenance": provenance}
    path = write(ranking, tmp_path / "m.html", backdrop=request.getfixturevalue("backdrop"), **args)
    view = browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
    held = []
    view.route("https://tiles.example/**", lambda route: held.append(route))
    view.goto(path.as_uri())
    view.wait_for_function(f"{INKED}() > 500")
    drawn = view.evaluate(INKED)
    with view.expect_request("https://tiles.example/**"):
        view.locator("input[type=checkbox]").check()
    # Without streets; the outline of the commune and its name are over images too.
    view.wait_for_function(f"{INKED}() < {drawn}")
    pane = view.locator(".leaflet-tile-pane")
    assert pane.evaluate("pane => getComputedStyle(pane).filter") == "grayscale(1)"
    held[0].fulfill(status=404)
    view.wait_for_function(f"{INKED}() >= {drawn}")
    view.context.close()
