"""Pictures of the real screens, on the fictional town: make screenshots."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
from playwright.sync_api import Browser, expect

from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheets import sheet_pdf
from analysis.fieldwork import field_plan, inbox
from analysis.fieldwork.campaign import change_campaign
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.workflows import turf_cuts
from analysis.workflows.fieldwork import today
from analysis.workflows.hold_back import hold_back_of, with_arms
from analysis.workflows.ranking import Scenario, answer
from analysis.workflows.turf_output import kit_for
from pages._ui.turfs import load_turfs as turf_loaders
from tests.browser import chromium, open_page, serve, settle
from tests.pages.field_made import outing

ROOT = Path(__file__).parents[1]
# French ones, which the README shows; guides in English show those of `en`.
IMAGES = ROOT / "docs" / "images"
FOLDERS = {"fr": IMAGES, "en": IMAGES / "en"}
# WebGL paints after its canvas is there.
DRAWN_MS = 3000
# file: address, width, height
SHOTS = {
    "priorites.png": ("/priorities?bloc=left", 1400, 1150),
    "donnees.png": ("/data?workspace=valmont", 1400, 1000),
}


FIELD = "captures"
FIELD_SHOTS = {
    "secteurs.png": (f"/turfs?workspace={FIELD}&bloc=left", 1400, 1220),
    "terrain.png": (f"/fieldwork?workspace={FIELD}", 1400, 1050),
}
ORDER = {
    "top": 8, "teams": None, "spares": 2, "low_mobility": 0, "start": None, "returning": False,
    "work": {"hours": 2.0, "team": 2}, "opening": None, "design": None, "scenario": "", "data": "",
}  # fmt: skip
DAYS, TEAMS = 4, "ABCD"


def campaign() -> SimpleNamespace:
    """Put an invented campaign into the field of a copy of the fictional town."""
    folder = ROOT / "workspaces" / FIELD
    shutil.rmtree(folder, ignore_errors=True)
    kept = shutil.ignore_patterns("fieldwork", "turfs", "trials", "covered.csv")
    place = Workspace(shutil.copytree(ROOT / "workspaces" / "valmont", folder, ignore=kept))
    scenario = Scenario("left", "2027_pres_t1")
    table = answer(place, scenario)[0].table
    held = hold_back_of(place.path, table, teams=False)
    armed = with_arms(table, held, folder=place.path, seed=scenario.settings.seed)
    columns = ["bureau_id", "rank", "hours", "registered", "arm"]
    targets = armed[columns].to_csv(index=False).encode()
    made = turf_cuts.cut(folder, targets, ORDER)
    walks = turf_loaders.walks(str(made if isinstance(made, Path) else made.result()))
    store = open_store(folder)
    field_plan.register(store.engine, walks.turfs)
    field = SimpleNamespace(place=place, store=store, walks=walks)
    for n, turf in enumerate(walks.turf_ids[: DAYS * len(TEAMS)]):
        day, team = divmod(n, len(TEAMS))
        content = outing(field, turf, day=day, knocks=36, seed=n, team=TEAMS[team])
        inbox.receive(store, content, name=f"retours_{turf}.json")
    day_one = today(store)
    days = {"starts": day_one - timedelta(days=DAYS), "ends": day_one + timedelta(days=21)}
    change_campaign(folder, {"objective": 5000, "name": "Valmont", **days})
    return field


def field_pictures(browser: Browser, url: str, field: SimpleNamespace) -> None:
    """Keep the pages of the field, a sheet, and a phone page with a few doors noted."""
    for language, folder in FOLDERS.items():
        field_pages(browser, url, language)
        phone_picture(browser, field, language, folder / "telephone.png")
    kit = kit_for(field.walks, field.place)
    longest = max(kit.tables, key=lambda one: len(kit.tables[one]))
    paper = pypdfium2.PdfDocument(sheet_pdf(kit, longest))[0]
    paper.render(scale=1.6).to_pil().convert("L").save(IMAGES / "feuille.png", optimize=True)
    print(IMAGES / "feuille.png")
    field.store.engine.dispose()
    shutil.rmtree(ROOT / "workspaces" / FIELD)


def field_pages(browser: Browser, url: str, language: str) -> None:
    """Keep the pages of the field in a language."""
    for name, (address, width, height) in FIELD_SHOTS.items():
        page = open_page(
            browser, f"{url}{address}&lang={language}", width=width, height=height
        ).page
        drawn = ":is([data-testid='stVegaLiteChart'], [data-testid='stDeckGlJsonChart'])"
        # Turfs are drawn by WebGL, the days of the field as a picture.
        page.locator(f"{drawn} :is(canvas, svg), [data-testid='stMain'] img").first.wait_for()
        page.wait_for_timeout(DRAWN_MS)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        page.screenshot(path=FOLDERS[language] / name)
        print(FOLDERS[language] / name)


def phone_picture(browser: Browser, field: SimpleNamespace, language: str, to: Path) -> None:
    """Keep a phone page of a language, with a few doors noted."""
    turf, kit = field.walks.turf_ids[0], kit_for(field.walks, field.place, language=language)
    file = ROOT / "workspaces" / FIELD / f"{turf}.html"
    file.write_bytes(phone_page(kit, turf))
    page = browser.new_page(viewport={"width": 390, "height": 844}, locale=language)
    page.goto(file.as_uri())
    for stop in (1, 1, 2):
        page.locator(f'[data-key="nobody:{stop}"]').click()
    page.screenshot(path=to)
    print(to)


def main() -> None:
    """Open each page in headless Chromium and keep what it shows."""
    FOLDERS["en"].mkdir(parents=True, exist_ok=True)
    with serve("app.py") as url, chromium() as browser:
        field_pictures(browser, url, campaign())
        if "--field" in sys.argv:
            return
        for language, folder in FOLDERS.items():
            shots(browser, url, language, folder)


def shots(browser: Browser, url: str, language: str, folder: Path) -> None:
    """Keep the pages of the place in a language."""
    for name, (address, width, height) in SHOTS.items():
        page = open_page(
            browser, f"{url}{address}&lang={language}", width=width, height=height
        ).page
        settle(page)
        # The tables come after the last message of the page, each in its own time.
        page.get_by_test_id("stDataFrame").locator("canvas").first.wait_for()
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        if "priorities" in address:
            page.locator(".map[data-paints]").wait_for()
        page.evaluate("document.fonts.ready.then(() => undefined)")
        page.screenshot(path=folder / name)
        print(folder / name)


if __name__ == "__main__":
    main()
