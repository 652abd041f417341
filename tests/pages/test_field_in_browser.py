"""From a phone without network to the page Field, as a team and an organiser live it."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from analysis.exports.phone import phone_page
from analysis.exports.sheets import kit_of
from analysis.fieldwork import plan, progress
from analysis.fieldwork.store import open_store
from analysis.workspace import Workspace
from pages._ui import state
from tests.analysis.exports.walks_made import walks_of, with_tower
from tests.browser import chromium, chromium_path, open_page, serve, settle
from tests.pages.field_made import outing

pytestmark = pytest.mark.browser

NAME = "terrain_de_test"
TOWER = 24
HARMLESS = "status of 404 (Not Found)"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def app(valmont):
    """Serve the app with a place of its own, whose field knows three turfs."""
    if chromium_path() is None:
        pytest.skip("there is no Chromium on this machine")
    folder = state.WORKSPACES / NAME
    shutil.rmtree(folder, ignore_errors=True)
    place = Workspace(shutil.copytree(valmont.path, folder))
    try:
        kit = kit_of(with_tower(walks_of(place, seal=""), doors=TOWER), place)
        store = open_store(folder)
        plan.register(store.engine, kit.walks.turfs)
        with serve("serve.py", env={"PALIER_STORE": ""}) as url, chromium() as browser:
            yield SimpleNamespace(url=url, browser=browser, place=place, store=store, kit=kit)
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


@pytest.fixture
def visit(app):
    """Open a page; nothing fails there and nobody outside is asked."""
    opened = []

    def visit(path, **window):
        opened.append(open_page(app.browser, f"{app.url}/{path}", **window))
        return opened[-1].page

    yield visit
    for each in opened:
        faults = [error for error in each.errors if HARMLESS not in error]
        shown = each.page.locator("[data-testid='stException']").count()
        each.page.context.close()
        assert not faults
        assert not shown
        assert not each.outside


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
    field = SimpleNamespace(walks=app.kit.walks, store=app.store)
    assert post(app, outing(field, "T0002", day=0, knocks=7))[0] == 200
    # Nobody touches the page: it asks for itself.
    expect(metrics(page).first).to_have_text(str(before + 7))


def test_a_cut_from_the_page_and_its_files(app, visit):
    page = visit(f"turfs?workspace={NAME}&lang=fr&bloc=left&turf_top=2")
    button = page.get_by_role("button", name="Découper les secteurs")
    button.click()
    expect(page.get_by_text("Plus long / moyenne")).to_be_visible(timeout=120_000)
    page.get_by_role("radio", name="Distribuer").click()
    register = page.get_by_role("button", name="Mettre ces secteurs sur le terrain")
    register.click()
    expect(page.get_by_text("Ces secteurs sont sur le terrain", exact=False)).to_be_visible()
    settle(page)
    page.locator(".st-key-turfs-turf input").click()
    page.get_by_role("option", name="T0001").click()
    with page.expect_download(timeout=120_000) as coming:
        page.get_by_role("button", name="Feuille du secteur T0001 (PDF)").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-")
    # Leave the app and come back: the cut is there.
    page.goto(f"{app.url}/turfs?workspace={NAME}&lang=fr&bloc=left")
    expect(page.get_by_text("Plus long / moyenne")).to_be_visible()


def test_a_phone_shows_the_pages_without_scrolling_sideways(app, visit):
    page = visit(f"fieldwork?workspace={NAME}", width=390, height=844)
    for path in (f"fieldwork?workspace={NAME}", f"turfs?workspace={NAME}", "guides"):
        page.goto(f"{app.url}/{path}")
        settle(page)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
