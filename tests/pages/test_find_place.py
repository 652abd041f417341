"""A place by its name on the page Data: what exists, what comes, and the map."""

from __future__ import annotations

import shutil
import time

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from analysis.fetch import download as downloading
from analysis.tables.workspace import Workspace
from pages._ui import state
from tests.browser import ROOT, app_apart, open_page, serve, settle
from tests.official_nation import LARGE, MERGED, SMALL, UNDRAWN, publish
from tests.publisher import serving


@pytest.fixture
def publisher():
    with serving() as server:
        yield server


@pytest.fixture
def environment(publisher, tmp_path, monkeypatch):
    told = {
        "PALIER_CATALOGUE": str(publish(publisher, tmp_path)),
        "PALIER_FILES": str(tmp_path / "store"),
        "PALIER_TILES": "off",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(downloading, "WAITS_S", (0.0, 0.0, 0.0))
    return told


@pytest.fixture
def page(valmont, tmp_path, environment, monkeypatch):
    folder = tmp_path / "workspaces"
    shutil.copytree(valmont.path, folder / "valmont")
    monkeypatch.setattr(state, "WORKSPACES", folder)
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.switch_page("pages/data.py").run()
    app.segmented_control(key="data.view").set_value("find")
    return app.run()


def typed(page, text):
    page.text_input(key="find.text").set_value(text)
    return page.run()


def texts(page):
    kinds = ("caption", "markdown", "info", "warning", "error", "success")
    found = [e.value for kind in kinds for e in getattr(page, kind)]
    found += [box.label for box in page.checkbox]
    return "\n".join(found).replace("\xa0", " ").replace("\u202f", " ")


def go(page):
    page.button(key="find.go").click().run()
    if "bring.job" in page.session_state:
        assert page.session_state["bring.job"].wait(120)
        page.run()
    return page


def test_before_anything_is_typed_it_says_what_it_knows_and_of_which_day(page):
    assert not page.exception
    assert "codes of 2026-01-01" in texts(page)
    assert not page.button


def test_a_name_that_is_none_is_said(page):
    typed(page, "xyzzy plugh")
    assert "Aucun territoire ne ressemble à « xyzzy plugh »" in texts(page)


def test_homonyms_are_offered_with_their_departement_and_size(page):
    typed(page, "st denis")
    options = [o.replace("\u202f", " ").replace("\xa0", " ") for o in page.selectbox[1].options]
    assert options[:2] == [
        "Saint-Denis (974) : 155 634 habitants",
        "Saint-Denis (93) : 149 077 habitants",
    ]


def test_one_press_leads_from_a_name_to_the_place(page, publisher):
    typed(page, "amberieu")
    said = texts(page)
    size = len(publisher.files["/contours.geojson"]) / 1e6
    assert f"{size:.1f} Mo, une fois pour tous".replace(".", ",") in said
    assert "À télécharger" in said
    assert publisher.sent == 0
    go(page)
    assert not page.exception
    assert "a été lu en" in texts(page)
    place = Workspace(state.WORKSPACES / "amberieu-en-bugey-01004")
    assert place.manifest["elections"]["2022_pres_t1"]["bureaux"] == SMALL.bureaux
    assert page.get("page_link")
    page.segmented_control(key="data.view").set_value("find")
    typed(page.run(), "bordeaux")
    assert texts(page).count("déjà sur cette machine") == 3


class Address(dict):
    """What Streamlit keeps the address in."""

    def get_all(self, key):
        """Return every text of a key."""
        return [self[key]] if key in self else []


def test_a_link_decides_in_a_session_that_began_anew_behind_an_open_page(tmp_path, monkeypatch):
    for name in ("a", "b", "valmont"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    address = Address()
    monkeypatch.setattr(state.st, "session_state", {})
    monkeypatch.setattr(state.st, "query_params", address)
    monkeypatch.setattr(state, "workspaces", lambda: tmp_path)
    monkeypatch.setattr(state, "_usual", lambda: "valmont")
    state.write_link()
    assert state.folder().name == "valmont"
    address["workspace"] = "a"
    assert state.folder().name == "a"
    state.write_link()
    state.choose_folder("b")
    assert state.folder().name == "b"
    state.write_link()
    assert address == {"workspace": "b"}
    address["workspace"] = "gone"
    assert state.folder().name == "b"


def test_consulates_have_a_name_and_no_doors(page):
    typed(page, "consulats")
    assert page.selectbox[1].options == ["Français établis hors de France (consulats)"]
    said = texts(page)
    assert "addresses" not in said
    assert "Fichier general_results" in said
    go(page)
    assert not page.exception
    assert [link.proto.label for link in page.get("page_link")][:1] == ["Voir qui s’abstient"]
    page.switch_page("pages/priorities.py").run()
    assert "Aucun de ces bureaux n’a de portes" in texts(page)


def test_without_network_it_says_what_to_fetch_by_hand(page, publisher):
    publisher.statuses = [503] * 1000
    typed(page, "Sèvremoine")
    said = texts(page)
    assert "Aucun site officiel ne répond" in said
    assert "[Fichier contours](https://publisher.example/contours) · `contours.geojson`" in said
    assert "avec le code 49301" in said
    go(page)
    said = texts(page)
    assert "Ce qui est arrivé est gardé : le même bouton continue." in said
    assert not (state.WORKSPACES / "sevremoine-49301" / "manifest.json").exists()
    publisher.statuses = []
    go(page)
    assert "a été lu en" in texts(page)


def test_the_store_is_told_and_can_be_cleared(page):
    typed(page, "amberieu")
    go(page)
    page.segmented_control(key="data.view").set_value("find")
    typed(page.run(), "amberieu")
    assert any("gardés sur cette machine" in e.label for e in page.expander)
    page.button(key="find.clear").click().run()
    assert "déjà sur cette machine" not in texts(page)


@pytest.mark.browser
def test_from_a_name_to_the_map_in_a_browser(valmont, environment, browser, tmp_path):
    with serve(app_apart(tmp_path, valmont.path), env=environment) as url:
        for width, towns in ((390, [SMALL]), (1400, [LARGE, MERGED, UNDRAWN])):
            visit = open_page(browser, url + "/data", width=width, height=1000)
            for number, town in enumerate(towns):
                if number:
                    visit.page.goto(url + "/data")
                find(visit.page, town.name)
                overflow = visit.page.evaluate("document.documentElement.scrollWidth")
                assert overflow <= width
            assert not visit.outside
            visit.leave()


def find(page, name):
    """Go from a name on the page Data to the map of the place."""
    started = time.monotonic()
    page.get_by_text("Trouver un territoire", exact=True).click()
    settle(page)
    page.get_by_label("Nom d’une commune", exact=False).fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Télécharger et ouvrir la carte").click(timeout=120_000)
    expect(page.get_by_text("a été lu en", exact=False)).to_be_visible(timeout=240_000)
    page.get_by_role("link", name="Trouver les bureaux prioritaires").first.click()
    page.locator("canvas").first.wait_for(timeout=120_000)
    print(f"{name}: {time.monotonic() - started:.1f} s")
