"""From a phone without network to the page Field, as a team and an organiser live it."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
from playwright.sync_api import expect

from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork import field_plan, progress
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.workflows.turf_folder import cuts
from analysis.workflows.turf_output import read_walks
from pages._ui import state
from tests.analysis.exports.walks_made import walks_of, with_tower
from tests.browser import settle, type_at_once
from tests.pages.field_made import outing

pytestmark = pytest.mark.browser

NAME = "terrain_de_test"
TOWER = 24
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def app(valmont, browser, served):
    """Open the app with a place of its own, whose field knows three turfs."""
    folder = state.WORKSPACES / NAME
    shutil.rmtree(folder, ignore_errors=True)
    place = Workspace(shutil.copytree(valmont.path, folder))
    try:
        kit = kit_of(with_tower(walks_of(place, seal=""), doors=TOWER), place)
        store = open_store(folder)
        field_plan.register(store.engine, kit.walks.turfs)
        yield SimpleNamespace(
            url=served, browser=browser, place=place, store=store, kit=kit, walks=kit.walks
        )
        store.engine.dispose()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def returns(app, tmp_path_factory):
    """Note an outing on the phone page with the network off; return its file."""
    page_file = tmp_path_factory.mktemp("phone") / "T0001.html"
    page_file.write_bytes(phone_page(app.kit, "T0001"))
    context = app.browser.new_context(
        **PHONE, offline=True, locale="fr-FR", timezone_id="Europe/Paris", accept_downloads=True
    )
    page = context.new_page()
    page.goto(page_file.as_uri())

    def tap(*keys):
        for key in keys:
            page.locator(f'[data-key="{key}"]').tap()

    # Two doors with nobody, one tap too many taken back.
    tap("nobody:2", "nobody:3", "undo")
    # The tower: a refusal on the second floor, a talk, and a run of shut doors.
    tap("open:1")
    page.get_by_role("button", name="Refus").tap()
    tap("door:6")
    page.get_by_role("button", name="Échange").tap()
    tap("door:7", "Qualité de l’échange:4", "theme:housing", "save")
    page.reload()
    page.get_by_label("De la porte").fill("1")
    page.get_by_label("à la porte").fill("9")
    page.get_by_role("button", name="Personne").first.tap()
    tap("range:apply", "tab:send")
    with page.expect_download() as waiting:
        tap("download")
    content = waiting.value.path().read_bytes()
    context.close()
    return content


def metrics(page):
    return page.get_by_test_id("stMetricValue")


def bring(page, name, content):
    # After an import the form is a new one; the one before leaves with the end of the run.
    uploader = page.locator("[class*='st-key-field-files'] input[type='file']")
    settle(page)
    expect(uploader).to_have_count(1)
    uploader.set_input_files([{"name": name, "mimeType": "application/json", "buffer": content}])
    button = page.locator(".st-key-field-import button").first
    expect(button).to_be_enabled()
    button.click()


def post(app, content):
    request = urllib.request.Request(f"{app.url}/api/returns", data=content, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_an_outing_on_a_phone_moves_the_numbers_once(app, visit, returns):
    page = visit(f"fieldwork?workspace={NAME}&lang=fr")
    expect(metrics(page).first).to_have_text("0")
    bring(page, "retours_T0001.json", returns)
    expect(page.get_by_text("déjà connus", exact=False)).to_contain_text("retours_T0001.json")
    now = progress.totals(app.store)
    assert (now.doors, now.conversations) == (10, 1)
    expect(metrics(page).first).to_have_text("10")
    expect(metrics(page).nth(1)).to_have_text("1")
    # The same file again: nothing changes, and the page says so.
    bring(page, "retours_T0001 (1).json", returns)
    expect(page.get_by_text(": 0 nouveaux", exact=False)).to_be_visible()
    expect(metrics(page).first).to_have_text("10")
    assert progress.totals(app.store) == now
    # The server takes it too, and knows it already.
    status, told = post(app, returns)
    assert (status, told["new"]) == (200, 0)
    assert post(app, returns.replace(b'"team_id"', b'"team_od"'))[0] == 422


def test_the_page_follows_what_others_import(app, visit, returns):
    page = visit(f"fieldwork?workspace={NAME}&lang=fr")
    post(app, returns)
    before = progress.totals(app.store).doors

    assert post(app, outing(app, "T0002", day=0, knocks=7))[0] == 200
    # Nobody touches the page: it asks for itself.
    expect(metrics(page).first).to_have_text(str(before + 7))


def test_a_morning_from_home_to_printed_sheets(app, visit):
    page = visit(f"?workspace={NAME}&lang=fr")
    page.get_by_role("link", name="Changer la question").click()
    settle(page)
    page.locator(".st-key-bloc").get_by_role("combobox").click()
    page.get_by_role("option", name="Gauche", exact=True).click()
    page.get_by_role("link", name="Secteurs", exact=True).click()
    # What was chosen on one page is cut on the next.
    expect(page.locator(".st-key-bloc input")).to_have_value("Gauche")
    settle(page)
    few = page.locator(".st-key-turf_top input")
    few.fill("2")
    few.press("Enter")
    settle(page)
    page.get_by_role("button", name="Découper les secteurs").click()
    expect(page.get_by_text("Plus long / moyenne")).to_be_visible(timeout=120_000)
    page.get_by_role("radio", name="Distribuer").click()
    register = page.get_by_role("button", name="Mettre ces secteurs sur le terrain")
    register.click()
    expect(page.get_by_text("Ces secteurs sont sur le terrain", exact=False)).to_be_visible()
    settle(page)
    with page.expect_download(timeout=120_000) as coming:
        page.get_by_role("button", name="Feuilles à imprimer (PDF)").click()
    printed = pypdfium2.PdfDocument(coming.value.path())
    told = [one.get_textpage().get_text_bounded() for one in printed]
    turfs = read_walks(max(cuts(app.place.path), key=lambda one: one.stat().st_mtime)).turf_ids
    # A cover, and a sheet for each turf: each counts its own pages.
    assert sum("page 1 sur" in text for text in told) == 1 + len(turfs)
    assert all(any(turf in text for text in told[1:]) for turf in turfs)
    # Leave the app and come back: the cut is there.
    page.goto(f"{app.url}/turfs?workspace={NAME}&lang=fr&bloc=left")
    expect(page.get_by_text("Plus long / moyenne")).to_be_visible()


def test_the_best_zone_is_printed_in_four_clicks(app, visit):
    page = visit(f"?workspace={NAME}&lang=fr&bloc=left")
    # The morning above has the map of its turfs; without a graphics card each costs six seconds.
    page.route("**/DeckGlJsonChart*", lambda _route: None)
    page.get_by_role("button", name="Découper cette zone").first.click()
    expect(page.get_by_text("Seulement ces bureaux")).to_be_visible()
    # The page begins again once it has begun to cut; its address holds what it cuts thereafter.
    expect(page).to_have_url(re.compile("turf_bureaux="))
    wanted = parse_qs(urlsplit(page.url).query)["turf_bureaux"]
    expect(page.get_by_text("Plus long / moyenne")).to_be_visible(timeout=120_000)
    settle(page)
    page.get_by_role("radio", name="Distribuer").click()
    page.get_by_role("button", name="Mettre ces secteurs sur le terrain").click()
    expect(page.get_by_text("Ces secteurs sont sur le terrain", exact=False)).to_be_visible()
    settle(page)
    with page.expect_download(timeout=120_000) as coming:
        page.get_by_role("button", name="Feuilles à imprimer (PDF)").click()
    assert len(pypdfium2.PdfDocument(coming.value.path())) > 1
    walks = read_walks(max(cuts(app.place.path), key=lambda one: one.stat().st_mtime))
    assert set(walks.turfs["bureau_id"]) <= set(wanted)


def test_a_phone_shows_the_pages_without_scrolling_sideways(app, visit):
    first, *others = (f"fieldwork?workspace={NAME}", f"turfs?workspace={NAME}", "guides")
    page = visit(first, width=390, height=844)
    for path in (None, *others):
        if path:
            page.goto(f"{app.url}/{path}")
            settle(page)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_sheet_seen_on_a_phone_takes_no_more_room_than_it_needs(app, visit):
    page = visit(f"fieldwork?workspace={NAME}&field_view=say", width=390, height=844)
    sheet = page.locator("[lang=fr]", has=page.locator("table"))
    undo = page.get_by_role("button", name="Annuler")
    sheet.scroll_into_view_if_needed()
    below = undo.bounding_box()["y"] - sum(sheet.bounding_box()[one] for one in ("y", "height"))
    assert 0 < below < 60
    # Its letters are of one size, and a box to tick is called in one line.
    assert (
        len(
            {
                *sheet.locator("p, b").evaluate_all(
                    "(all) => all.map((one) => getComputedStyle(one).fontSize)"
                )
            }
        )
        == 1
    )
    assert sheet.locator("th").last.evaluate("(one) => one.clientHeight") < 30


def test_a_phone_that_knows_the_server_sends_by_itself(app, tmp_path):
    turf = "T0003"
    file = tmp_path / f"{turf}.html"
    file.write_bytes(phone_page(replace(app.kit, address=app.url), turf))
    before = progress.totals(app.store).attempts
    context = app.browser.new_context(**PHONE, locale="fr-FR", timezone_id="Europe/Paris")
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())

    def tap(*keys):
        for key in keys:
            page.locator(f'[data-key="{key}"]').tap()

    tap("nobody:1", "nobody:2", "tab:send", "post")
    expect(page.get_by_text("Nouvelles notes : 2 ; déjà connues : 0", exact=False)).to_be_visible()
    assert progress.totals(app.store).attempts == before + 2
    # No network in the staircase: nothing is lost, and what was tapped is sent the next time.
    context.set_offline(True)
    tap("tab:list", "nobody:3", "tab:send", "post")
    expect(page.get_by_text("Pas de réponse du local", exact=False)).to_be_visible()
    expect(page.get_by_text("Le dernier envoi n’a pas été confirmé", exact=False)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Pas de réponse du local", exact=False)).to_be_visible()
    context.set_offline(False)
    tap("post")
    expect(page.get_by_text("Nouvelles notes : 1 ; déjà connues : 2", exact=False)).to_be_visible()
    assert progress.totals(app.store).attempts == before + 3
    assert {url for url in asked if url.startswith("http")} == {f"{app.url}/api/returns"}
    context.close()


def test_a_phone_page_of_another_campaign_is_told_so_in_french(app, tmp_path):
    file = tmp_path / "T0002.html"
    file.write_bytes(phone_page(replace(app.kit, address=app.url, campaign_id="autre"), "T0002"))
    context = app.browser.new_context(**PHONE, locale="fr-FR", timezone_id="Europe/Paris")
    page = context.new_page()
    page.goto(file.as_uri())
    for key in ("nobody:1", "tab:send", "post"):
        page.locator(f'[data-key="{key}"]').tap()
    told = page.get_by_text("Aucune campagne de ce nom n’est ouverte sur ce serveur", exact=False)
    expect(told).to_be_visible()
    context.close()


def test_paper_counts_are_typed_into_the_grid(app, visit):
    page = visit(f"fieldwork?workspace={NAME}&lang=fr", width=1200, height=1000)
    page.get_by_role("button", name="Comptes sur papier").click()
    grid = page.get_by_role("dialog").get_by_test_id("stDataFrame")
    expect(grid).to_be_visible()
    settle(page)
    # The first row: three doors with nobody in its third column, two talks in its fifth.
    _type_counts(page, grid, {2: "3", 4: "2"})
    button = page.get_by_role("button", name="Ajouter ces comptes")
    expect(button).to_be_enabled()
    # Last, since each change of it runs the page again, while the grid takes what is typed.
    team = page.get_by_label("Équipe")
    team.fill("P")
    team.press("Enter")
    settle(page)
    # Another team's file comes in meanwhile: the page runs again, and what was typed stays.
    assert post(app, outing(app, "T0002", day=1, knocks=3, seed=1))[0] == 200
    before = progress.totals(app.store)
    expect(metrics(page).first).to_have_text(str(before.doors))
    settle(page)
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("2 nouveaux", exact=False)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    after = progress.totals(app.store)
    assert after.doors == before.doors + 5
    assert after.conversations == before.conversations + 2


def test_a_count_on_paper_that_no_building_has_is_told_and_not_made_another(app, visit):
    page = visit(f"fieldwork?workspace={NAME}&lang=fr", width=1200, height=1000)
    page.get_by_role("button", name="Comptes sur papier").click()
    grid = page.get_by_role("dialog").get_by_test_id("stDataFrame")
    expect(grid).to_be_visible()
    settle(page)
    _type_counts(page, grid, {2: "900"})
    page.get_by_role("button", name="Ajouter ces comptes").click()
    expect(page.get_by_text("plus de 500", exact=False)).to_be_visible()


def _type_counts(page, grid, counts):
    """Type counts into the first row, by column."""
    for column, doors in counts.items():
        # From the address, whose column is the first however wide the others are.
        grid.click(position={"x": 40, "y": 52})
        expect(grid.get_by_test_id("glide-cell-0-0")).to_have_attribute("aria-selected", "true")
        for _step in range(column):
            page.keyboard.press("ArrowRight")
        # The grid is a picture; behind it stands a table for screen readers.
        cell = grid.get_by_test_id(f"glide-cell-{column}-0")
        expect(cell).to_have_attribute("aria-selected", "true")
        cell.focus()
        # The first digit opens the box that takes the others.
        page.keyboard.press(doors[0])
        expect(page.locator("input.gdg-input")).to_have_value(doors[0])
        type_at_once(page, doors[1:])
        expect(cell).to_have_text(doors)
