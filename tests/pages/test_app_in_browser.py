"""The app as people use it: in a browser, from the first link to the files they take away."""

from __future__ import annotations

import functools
import re
import string
from types import SimpleNamespace
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from PIL import Image
from playwright.sync_api import expect

from analysis import i18n as languages
from analysis.exports.provenance import read_provenance
from analysis.exports.registry import BESIDE, SUFFIXES
from analysis.tables.workspace import Workspace
from analysis.targeting.weights import Weights
from analysis.text_catalogue import catalogue_file, read_catalogue
from analysis.workflows.hold_back import hold_back_of, with_arms
from analysis.workflows.ranking import Scenario, answer, shapes_of, with_settings
from analysis.workflows.reproduce import reproduce
from pages._ui import state
from tests.browser import app_apart, open_page, serve, settle
from tests.made import numbered
from tests.pages.test_turfs import cut_two_bureaux, wait

LEFT = Scenario("left", "2027_pres_t1")


@pytest.fixture(scope="module")
def app(browser, valmont, tmp_path_factory):
    """Serve the app; the first thing it is ever asked for is a link to a page."""
    script = app_apart(tmp_path_factory.mktemp("app"), valmont.path)
    with serve(script) as url:
        first = open_page(browser, f"{url}/priorities?bloc=left&hours=300")
        place = Workspace(script.parent / "workspaces" / state.SAMPLE_NAME)
        yield SimpleNamespace(url=url, browser=browser, place=place, first=first)


@pytest.fixture(scope="module")
def left(app):
    """Rank for the left as the library does."""
    return answer(app.place, LEFT)[0]


# What is on screen


def metrics(page):
    return page.get_by_test_id("stMetricValue")


def figures(page):
    """Return the cells of the first table on screen, without the names of its rows."""
    return page.locator("table").first.locator("td:not(:first-child)")


def reach(ranking, language):
    """Return the four numbers above the map, as the app writes them."""
    first = ranking.table.head(ranking.k)
    votes = (first["gain_per_hour"] * first["hours"]).sum()
    hours = first["hours"].sum()
    told = (
        languages.format_number(x, 0, language=language)
        for x in (ranking.k, first["doors"].sum(), hours, hours / votes)
    )
    bureaux, doors, spent, one_vote = told
    return [bureaux, doors, spent, f"{one_vote} h"]


def codes(table):
    """Return what bureaux are called in a list beside the map, where all are of one town."""
    return table["label"].str.removeprefix("bureau ").str.removesuffix(", Valmont").tolist()


def column(page, number):
    """Return the cells of the list that are in sight, which its canvas tells screen readers."""
    return page.get_by_test_id("stDataFrame").last.locator(f"[id^='glide-cell-{number}-']")


def expect_ranking(page, ranking, language="en"):
    """Wait until the screen shows a ranking, then compare every row in sight."""
    expect(metrics(page)).to_have_text(reach(ranking, language), timeout=30_000)
    bureaux = column(page, 2)
    bureaux.first.wait_for(state="attached")
    rows = bureaux.count()
    assert rows > 5
    table = ranking.table.head(rows)
    expect(bureaux).to_have_text(codes(table))
    # Beside the map there is room for these; the ends of the interval are a scroll away.
    told = table.assign(gain=100 * table["gain_per_hour"])
    in_sight = ((1, "rank", 0), (3, "gain", 1))
    for number, name, digits in in_sight:
        shown = [float(text) for text in column(page, number).all_text_contents()]
        np.testing.assert_array_equal(shown, told[name].round(digits))


def expect_card(page, bureau_id):
    title = page.get_by_role("heading", level=3)
    expect(title).to_have_text(re.compile(f"^Bureau {numbered([bureau_id])[0]}, .*Valmont"))


def drawn(page):
    """Wait until the map is drawn; return its canvas."""
    page.locator(".map[data-paints]").first.wait_for()
    return page.locator(".map canvas").first


def on_canvas(app, ranking, canvas):
    """Return each bureau's polygon in pixels of the canvas, where the whole place is in view."""
    shapes = shapes_of(app.place, ranking.table).to_crs(3857).set_index("bureau_id").geometry
    west, south, east, north = shapes.total_bounds
    box = canvas.bounding_box()
    k = 0.94 * min(box["width"] / (east - west), box["height"] / (north - south))
    middle, centre = [(west + east) / 2, (south + north) / 2], [box["width"] / 2, box["height"] / 2]
    return shapes.map(lambda s: shapely.transform(s, lambda p: (p - middle) * [k, -k] + centre))


def click_on_map(canvas, shape):
    inside = shape.representative_point()
    canvas.click(position={"x": inside.x, "y": inside.y})


def outlined(canvas, shape):
    """Return the share of a bureau's border that is drawn in the colour of text."""
    border = shape.exterior if shape.geom_type == "Polygon" else shape.geoms[0].exterior
    points = [border.interpolate(i / 40, normalized=True) for i in range(40)]
    dark = canvas.evaluate(
        """(c, points) => points.filter(([x, y]) => {
            const scale = c.width / c.clientWidth;
            const [r, g, b] = c.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data;
            return Math.abs(r - 49) + Math.abs(g - 51) + Math.abs(b - 63) < 30;
        }).length""",
        [[point.x, point.y] for point in points],
    )
    return dark / len(points)


# Opening


@pytest.mark.browser
def test_a_link_opened_first_after_a_start_has_its_frame_and_its_answer(app):
    page = app.first.page
    frame = page.get_by_test_id("stSidebarNavLink")
    expect(frame).to_have_count(len(TITLES))
    expect(page.get_by_role("heading", level=1)).to_have_text("Priorités")
    expect(page.get_by_text("Territoire fictif.")).to_be_visible()
    expect_ranking(page, answer(app.place, with_settings(LEFT, hours=300.0))[0], "fr")
    frame.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Palier")
    app.first.leave()


TITLES = {
    "": ("Palier", "Palier"),
    "data": ("Données", "Data"),
    "abstention": ("Abstention", "Abstention"),
    "swing": ("Évolution et reports", "Swing and transfers"),
    "priorities": ("Priorités", "Priorities"),
    "trial_design": ("Plan d’expérience", "Trial design"),
    "turfs": ("Secteurs", "Walks"),
    "fieldwork": ("Terrain", "Field"),
    "contacts": ("Contacts", "Contacts"),
    "letters": ("Messages", "Messages"),
    "law": ("Loi", "Law"),
    "impact": ("Impact", "Impact"),
    "points": ("Les « 3,1 points »", "The 3.1 points"),
    "guides": ("Guides", "Guides"),
}

# How many views a page has in its row of buttons. A page of which the script has ended may not have
# drawn them yet, and none would be looked at.
VIEWS = {"data": 4, "abstention": 5, "swing": 5, "priorities": 4, "trial_design": 4, "turfs": 5}
VIEWS |= {"contacts": 5, "letters": 5, "law": 6, "guides": 6}


@pytest.fixture(scope="module")
def cut(app):
    """Cut two bureaux: without turfs the page Walks has nothing to tell."""
    wait(cut_two_bureaux(app.place))


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_page_speaks_one_language(visit, cut, language):
    page = visit(f"?lang={language}", height=2400)
    # A map of turfs has no words but the page's; without a graphics card each costs ten seconds.
    page.route("**/DeckGlJsonChart*", lambda _route: None)
    for number, (path, titles) in enumerate(TITLES.items()):
        page.get_by_test_id("stSidebarNavLink").nth(number).click()
        title = titles[language == "en"]
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        settle(page)
        views = page.get_by_test_id("stButtonGroup").first.get_by_role("radio")
        expect(views).to_have_count(VIEWS.get(path, 0))
        for view in range(max(views.count(), 1)):
            if views.count() and not views.nth(view).is_checked():
                views.nth(view).click()
                expect(views.nth(view)).to_be_checked()
                settle(page)
            assert page.get_by_test_id("stException").all_text_contents() == [], (title, view)
            assert foreign(words(page), language) == [], (title, view)


def words(page):
    """Return every line, label and hint of a page."""
    # Streamlit draws what came within 10 ms at once, and may have said before that it has ended.
    page.evaluate("() => new Promise((drawn) => setTimeout(drawn, 20))")
    hints = page.locator("[aria-label], [placeholder], [title]").evaluate_all(
        """found => found.flatMap(e => ["aria-label", "placeholder", "title"]
            .map(name => e.getAttribute(name))).filter(Boolean)"""
    )
    heads = page.locator("canvas [role='columnheader']").all_text_contents()
    return [*page.inner_text("body").splitlines(), *hints, *heads]


def foreign(lines, language):
    """Return the lines that are a text of the catalogue in the other language."""
    # A switch names every language in its own words; over an empty year stands that of the page.
    found = {" ".join(line.split()) for line in lines} - {*languages.LANGUAGES.values(), "yyyy"}
    return sorted(line for line in found if _is_foreign(line, language))


@functools.cache
def _is_foreign(line, language):
    """Tell whether a line is of the other language only; most stand on page after page."""
    native, other = _sides(language)
    return _tells(other, line) and not _tells(native, line)


def _tells(side, line):
    """Tell whether a line is a text of that side: one without gaps, or one filled in."""
    whole, filled = side
    return line in whole or bool(filled.fullmatch(line))


@functools.cache
def _sides(language):
    """Return the texts of a language, and those of the other: whole ones, and those with gaps."""
    french = read_catalogue(catalogue_file("fr"))
    pairs = [
        pair
        for message in french
        if message.id
        for pair in zip(_forms(message.id), _forms(message.string), strict=True)
    ]
    sides = []
    for side in (1, 0) if language == "fr" else (0, 1):
        patterns = {_pattern(pair[side]) for pair in pairs if _is_told(pair[side])}
        gaps = {one for one in patterns if ".+?" in one}
        # A pattern without gaps is the text itself, escaped.
        whole = {re.sub(r"\\(.)", r"\1", one) for one in patterns - gaps}
        sides.append((whole, re.compile("|".join(sorted(gaps)))))
    return sides


def _forms(text):
    return text if isinstance(text, tuple) else (text,)


def _is_told(text):
    letters = "".join(literal for literal, *_ in string.Formatter().parse(text))
    return len(re.findall(r"[^\W\d_]", letters)) >= 4


def _pattern(text):
    """Return what a text looks like on the page: filled in, its Markdown gone."""
    pieces = [literal for literal, *_ in string.Formatter().parse(text)]
    plain = [" ".join(re.sub(r"\*\*|`", "", piece).split(" ")) for piece in pieces]
    joined = ".+?".join(re.escape(re.sub(r"\s", " ", piece)) for piece in plain)
    # A marked noun stands with its ending or without.
    joined = re.sub(r"\\\[(s|es|x)\\\]", r"(?:\1)?", joined)
    return joined + (".+?" if text.endswith("}") else "")


def test_a_text_in_the_other_language_is_found():
    assert foreign(["Priorités", "Votes per hour", "Rang 3\u202f: score 120"], "en") == [
        "Priorités",
        "Rang 3 : score 120",
    ]
    assert foreign(["Priorities", "Rank 3: score 120", "Doors", "Valmont"], "fr") == [
        "Doors",
        "Priorities",
        "Rank 3: score 120",
    ]
    assert foreign(["±\u202f3,5 points", "±\u202f0,5 point"], "fr") == []


# Ranking, map, list


@pytest.mark.browser
def test_the_map_the_list_and_the_card_follow_each_other_and_a_weight(app, visit, left):
    page = visit("priorities?bloc=left&lang=en", height=1400)
    canvas = drawn(page)
    expect_ranking(page, left)
    page.get_by_test_id("stDataFrame").last.hover()
    expect(page.get_by_role("button", name="Search").last).to_be_visible()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    keyboard_reaches_the_map(page, canvas, on_canvas(app, left, canvas))
    each_follows_the_others(app, page, canvas, left)
    moved, ranking = weight_moves_the_ranking(app, page, canvas, left)
    two_scenarios_have_a_map_each(app, page, moved, ranking)


def keyboard_reaches_the_map(page, canvas, shapes):
    focused = page.locator(".map canvas:focus")
    for _ in range(80):
        page.keyboard.press("Tab")
        if focused.count():
            break
    expect(focused).to_have_accessible_name(re.compile("^Map of the score of 48 bureaux"))
    page.keyboard.press("Enter")
    box = canvas.bounding_box()
    middle = shapely.Point(box["width"] / 2, box["height"] / 2)
    expect_card(page, shapes.index[shapes.contains(middle)][0])
    page.keyboard.press("Escape")


def each_follows_the_others(app, page, canvas, left):
    shapes = on_canvas(app, left, canvas)
    ids = left.table["bureau_id"]
    expect_card(page, ids[0])
    click_on_map(canvas, shapes[ids[3]])
    expect_card(page, ids[3])
    listed = page.get_by_test_id("stDataFrame").last
    chosen = listed.locator("tr[aria-selected='true']")
    expect(chosen.locator("td").nth(1)).to_have_text(codes(left.table)[3])
    assert outlined(canvas, shapes[ids[3]]) > 0.6 > 0.3 > outlined(canvas, shapes[ids[4]])
    # The boxes for choosing stand in a first column; a row is 76 pixels high, the header 35.
    listed.locator(".dvn-scroller").click(position={"x": 15, "y": 35 + 76 * 4 + 17})
    expect_card(page, ids[4])
    settle(page)
    assert outlined(canvas, shapes[ids[4]]) > 0.6 > 0.3 > outlined(canvas, shapes[ids[3]])
    # Both still answer after the one has moved the other.
    click_on_map(canvas, shapes[ids[1]])
    expect_card(page, ids[1])
    canvas.press("Escape")
    expect_card(page, ids[0])
    expect(chosen).to_have_count(0)


def weight_moves_the_ranking(app, page, canvas, left):
    before = page.locator(".map").get_attribute("data-paints")
    page.get_by_text("More settings").click()
    slider = page.get_by_role("slider", name="Social need")
    # Until it stands at 12: a machine under load may lose a key.
    while int(slider.input_value()) < 12:
        slider.press("ArrowRight")
    weights = {name: round(share, 2) for name, share in left.weights.to_dict().items()}
    moved = with_settings(LEFT, preset="custom", weights=Weights(**weights | {"need": 0.12}))
    ranking = answer(app.place, moved)[0]
    assert codes(ranking.table)[:5] != codes(left.table)[:5]
    expect(page).to_have_url(re.compile("w_need=12"))
    expect_ranking(page, ranking)
    expect_card(page, ranking.table["bureau_id"].iloc[0])
    expect(page.locator(".map")).not_to_have_attribute("data-paints", before)
    first = on_canvas(app, ranking, canvas)[ranking.table["bureau_id"].iloc[0]]
    at = first.representative_point()
    canvas.hover(position={"x": at.x, "y": at.y})
    score = languages.format_number(ranking.table["score"].iloc[0], 0, language="en")
    expect(page.locator(".tip")).to_contain_text(f"Rank 1: score {score}")
    return moved, ranking


def two_scenarios_have_a_map_each(app, page, moved, ranking):
    page.get_by_role("radio", name="Compare").click()
    page.get_by_role("button", name="Keep the scenario on screen as A").click()
    expect(page.locator(".map[data-paints]")).to_have_count(2)
    hours = page.get_by_role("spinbutton", name="Volunteer-hours to spend")
    hours.fill("1000")
    hours.press("Enter")
    other = answer(app.place, with_settings(moved, hours=1000.0))[0]
    pairs = zip(reach(ranking, "en"), reach(other, "en"), strict=True)
    expect(figures(page)).to_have_text([text for pair in pairs for text in pair])


# Files


@pytest.fixture(scope="module")
def taken(app, tmp_path_factory):
    """Take every file away, and the scenario."""
    folder = tmp_path_factory.mktemp("taken")
    visit = open_page(app.browser, f"{app.url}/priorities?bloc=left&hours=300&view=files")
    page, files = visit.page, {}
    # What tells where a CSV comes from lies beside it.
    for suffix in (*SUFFIXES, BESIDE, ".toml"):
        key = "scenario" if suffix == ".toml" else suffix[1:].replace(".", "-")
        with page.expect_download() as coming:
            page.locator(f".st-key-download-{key} button").click()
        files[suffix] = folder / coming.value.suggested_filename
        coming.value.save_as(files[suffix])
    visit.leave()
    return files


def _geometry_ids(path):
    table = gpd.read_file(path)
    assert table.crs == "EPSG:4326"
    # All but the bureau without a contour.
    assert table.geometry.notna().sum() == len(table) - 1
    return table["bureau_id"]


def _sheet(path):
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Cibles", "Pour les équipes", "Unités", "Sources"]
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    return pd.DataFrame(rows[1:], columns=rows[0])["Code du bureau"]


def for_teams(app, scenario):
    """Return what the library gives to teams: the ranking without the bureaux held back."""
    table = answer(app.place, scenario)[0].table
    held = hold_back_of(app.place.path, table)
    return with_arms(table, held, folder=app.place.path, seed=scenario.settings.seed)


READ = {
    ".csv": lambda path: pd.read_csv(path, sep=";", decimal=",")["bureau_id"],
    ".xlsx": _sheet,
    ".geojson": _geometry_ids,
    ".parquet": lambda path: gpd.read_parquet(path)["bureau_id"],
}


@pytest.mark.browser
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_file_is_read_back_and_made_again(app, taken, suffix):
    file = taken[suffix]
    # A CSV has no place inside for what it is.
    invented = "_fictional" if suffix == ".csv" else ""
    assert file.name == f"palier_left_2027_pres_t1{invented}{suffix}"
    scenario = with_settings(LEFT, hours=300.0)
    if suffix in READ:
        assert READ[suffix](file).tolist() == for_teams(app, scenario)["bureau_id"].tolist()
    told = read_provenance(file)
    assert {name: told.parameters[name] for name in ("bloc", "election", "hours", "draws")} == {
        "bloc": "left",
        "election": "2027_pres_t1",
        "hours": 300.0,
        "draws": 1000,
    }
    assert dict(told.data) == app.place.digests
    assert told.written["language"] == "fr"
    assert reproduce(file, app.place.path).identical


@pytest.mark.browser
def test_the_kml_and_the_printed_maps_are_whole(app, taken):
    expected = for_teams(app, with_settings(LEFT, hours=300.0))
    assert len(gpd.read_file(taken[".kml"])) >= len(expected) - 1
    with Image.open(taken[".png"]) as image:
        image.load()
        assert min(image.size) > 1000
        assert len(image.convert("RGB").resize((300, 300)).getcolors(90_000)) > 50
    assert taken[".pdf"].read_bytes().startswith(b"%PDF-")


@pytest.mark.browser
def test_the_map_taken_away_opens_without_network(app, taken):
    context = app.browser.new_context(offline=True, locale="fr-FR")
    page = context.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(taken[".html"].as_uri())
    drawn = page.locator(".leaflet-container canvas:not(.palier-ground)")
    expect(drawn).to_be_visible()
    colours = drawn.evaluate(
        """c => new Set(new Uint32Array(c.getContext("2d")
            .getImageData(0, 0, c.width, c.height).data.buffer)).size"""
    )
    assert colours > 7
    assert "Valmont" in page.inner_text("body")
    assert [url for url in asked if urlsplit(url).scheme not in {"file", "data", "blob"}] == []
    assert errors == []
    context.close()


@pytest.mark.browser
def test_a_scenario_opens_again_from_its_file_and_from_its_link(app, visit, tmp_path):
    weights = Weights(mobilise=0.3, need=0.8)
    scenario = with_settings(LEFT, preset="custom", weights=weights, hours=350.0)
    ranking = answer(app.place, scenario)[0]
    page = visit("priorities?bloc=left&hours=350&preset=custom&w_mobilise=30&w_need=80&lang=en")
    expect_ranking(page, ranking)
    link = page.url
    page.get_by_role("radio", name="Files").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save the scenario (TOML)").click()
    coming.value.save_as(file := tmp_path / coming.value.suggested_filename)

    page.goto(link)
    expect_ranking(page, ranking)

    page.goto(f"{app.url}/priorities?bloc=right&lang=en&view=files")
    page.locator(".st-key-scenario-file input[type='file']").set_input_files(file)
    expect(page).to_have_url(re.compile("w_need=80"))
    page.get_by_role("radio", name="Map and list").click()
    expect_ranking(page, ranking)
    assert set(urlsplit(page.url).query.split("&")) == set(urlsplit(link).query.split("&"))


# Small screens, no network


@pytest.mark.browser
def test_a_phone_without_network_shows_every_page_and_asks_nobody(app, visit, left):
    page = visit("?lang=en", width=390, height=844, has_touch=True, is_mobile=True)
    for path in ("", "data", "priorities?bloc=left&lang=fr", "priorities?bloc=left&lang=en"):
        page.goto(f"{app.url}/{path}")
        settle(page)
        # Nothing scrolls sideways.
        widths = page.locator("html, [data-testid='stMain']").evaluate_all(
            "found => found.map(e => e.scrollWidth)"
        )
        assert max(widths) <= 390, path
        if "lang" in path:
            map_bureau_list_and_then_what_is_asked(page, path[-2:])
    canvas = drawn(page)
    target = left.table["bureau_id"].iloc[4]
    canvas.scroll_into_view_if_needed()
    at = on_canvas(app, left, canvas)[target].representative_point()
    canvas.tap(position={"x": at.x, "y": at.y})
    expect_card(page, target)
    # An invented town is on no map: its streets are its own, and no image is offered.
    page.locator(".map[data-ground]").wait_for()
    expect(page.get_by_role("checkbox", name="Base map")).to_be_hidden()
    canvas.press("+")
    expect(canvas).to_be_visible()


def map_bureau_list_and_then_what_is_asked(page, language):
    asked = {"fr": "Gagner des voix pour", "en": "Win votes for"}[language]
    drawn(page)
    parts = [
        page.locator(".map").first,
        page.get_by_role("heading", level=3).first,
        page.get_by_test_id("stDataFrame").first,
        page.get_by_text(asked, exact=True).first,
    ]
    tops = []
    for part in parts:
        part.wait_for()
        tops.append(part.evaluate("e => e.getBoundingClientRect().top"))
    assert tops == sorted(tops)
