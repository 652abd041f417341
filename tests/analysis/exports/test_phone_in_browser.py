"""The phone page in a phone's window without network: taps, reloads, files that are accepted."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports.field_kit.kit import words
from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork import field_plan, progress
from analysis.fieldwork.campaign import open_campaign
from analysis.fieldwork.inbox import receive
from analysis.fieldwork.phone_files import read_phone
from analysis.fieldwork.privacy import personal
from analysis.fieldwork.questionnaire import preset
from analysis.fieldwork.store import open_store
from tests.analysis.exports.walks_made import SCRIPT, walks_of, with_tower
from tests.browser import expect

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
TOWER = 24
SECOND_COPY = """(n) => new Promise((done) => {
  const asked = indexedDB.open("palier", 1);
  asked.onsuccess = () => {
    const all = asked.result.transaction("turfs").objectStore("turfs").getAll();
    all.onsuccess = () => {
      asked.result.close();
      done(all.result.some((text) => JSON.parse(text).records.length === n));
    };
  };
})"""
SHOWN = """(view) => new Promise((drawn) => {
  const here = location.hash.slice(1) === view;
  addEventListener("hashchange", drawn, { once: true });
  go(view);
  if (here) drawn();
})"""
BLOCKED = """for (const name of ["localStorage", "indexedDB"])
  Object.defineProperty(window, name, { get() { throw new DOMException("blocked"); } });"""
NO_LOCAL = """Object.defineProperty(window, "localStorage",
  { get() { throw new DOMException("blocked"); } });"""


@pytest.fixture(scope="module")
def tower(place):
    """Three turfs; the first stop of the first is a building of 24 doors."""
    return kit_of(with_tower(walks_of(place), doors=TOWER), place)


@pytest.fixture(scope="module")
def file(tower, tmp_path_factory):
    path = tmp_path_factory.mktemp("phone") / "T0001.html"
    path.write_bytes(phone_page(tower, "T0001"))
    return path


class Phone:
    """A phone without network, and what its page complained of."""

    def __init__(self, browser, file, **context):
        options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "offline": True}
        options |= {"locale": "fr-FR", "timezone_id": "Europe/Paris", "accept_downloads": True}
        script = context.pop("script", "")
        self.context = browser.new_context(**options | context)
        if script:
            self.context.add_init_script(script)
        self.file, self.asked, self.said = file, [], []
        self.page = self.open()

    def open(self):
        """Open the page in another window."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(self.file.as_uri())
        return page

    def tap(self, *keys):
        """Tap buttons by their keys."""
        for key in keys:
            self.page.locator(f'[data-key="{key}"]').tap()

    def shows(self, doors):
        """Wait until the bar says that so many doors are done; a tap may take a moment."""
        bar = self.page.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", str(doors))

    def export(self):
        """Save the file; return its bytes."""
        self.tap("tab:send")
        with self.page.expect_download() as waiting:
            self.tap("download")
        assert re.fullmatch(r"retours_T0001_\d{8}-\d{4}\.json", waiting.value.suggested_filename)
        return waiting.value.path().read_bytes()


@pytest.fixture
def phone(browser, file):
    opened = Phone(browser, file)
    yield opened
    opened.context.close()
    blobs = [url for url in opened.asked if not url.startswith(("blob:", file.as_uri()))]
    assert (blobs, opened.said) == ([], [])


def returned(content, place):
    now = pd.Timestamp.now("UTC") + pd.Timedelta(minutes=1)
    return read_phone(content, open_campaign(place.path), file="retours.json", now=now)


def test_an_outing_is_noted_reloaded_exported_and_counted_once(phone, place, tower, tmp_path):
    # One tap for nobody; at the next door of the same building, another.
    phone.tap("nobody:1", "nobody:1", "nobody:2")
    phone.shows(3)
    # Undo takes the last tap back.
    phone.tap("undo")
    phone.shows(2)
    # The building with its floors: another outcome, then a conversation with its details.
    phone.tap("open:1")
    page = phone.page
    expect(page.get_by_text("Étage 5")).to_be_visible()
    page.get_by_role("button", name="Refus").tap()
    phone.tap("door:6")
    page.get_by_role("button", name="Échange").tap()
    phone.tap("door:7", "Qualité de l’échange:4", "theme:housing", "theme:work", "opponent")
    phone.tap("Revenir:evening")
    page.locator("#note").fill("code en panne")
    # A dead battery in the middle: the page comes back to the same door, with everything.
    page.reload()
    expect(page.locator("#note")).to_have_value("code en panne")
    phone.shows(4)
    phone.tap("save")
    # A run of doors; those already done are left alone.
    page.get_by_label("De la porte").fill("1")
    page.get_by_label("à la porte").fill("9")
    phone.tap("range:apply")
    phone.shows(9)

    content = phone.export()
    table = returned(content, place).table
    assert table["doors"].sum() == 9
    by_outcome = table.groupby("outcome")["doors"].sum().to_dict()
    assert by_outcome == {"no_answer": 7, "refused": 1, "conversation": 1}
    assert sorted(table["door"]) == ["1", "2", "3-5", "6", "7", "8-9"]
    talk = table[table["outcome"] == "conversation"].iloc[0]
    told = ("quality", "opponent", "themes", "come_back_slot", "note", "floor")
    assert [talk[name] for name in told] == [
        4, True, "housing work", "evening", "code en panne", "1",
    ]  # fmt: skip
    assert set(table["address_id"]) == {tower.tables["T0001"]["address_id"][0]}

    store = open_store(own_folder(place, tmp_path))
    field_plan.register(
        store.engine, tower.walks.turfs[["turf_id", "address_id", "bureau_id", "dwellings"]]
    )
    now = pd.Timestamp.now("UTC") + pd.Timedelta(minutes=1)
    first = receive(store, content, name="retours.json", now=now)
    assert (first.new, progress.totals(store).doors) == (6, 9)
    again = receive(store, phone.export(), name="retours (1).json", now=now)
    assert (again.new, again.repeated, again.conflicts) == (0, 6, 0)
    assert progress.totals(store).doors == 9
    store.engine.dispose()


def own_folder(place, tmp_path):
    """Give a store its own folder with the key of the campaign."""
    shutil.copytree(place.path / "fieldwork", tmp_path / "ws" / "fieldwork")
    return tmp_path / "ws"


def test_after_an_export_changes_are_corrections(phone, place):
    phone.tap("open:1", "range:apply")
    phone.shows(TOWER)
    first = returned(phone.export(), place).table
    assert first["door"].tolist() == [f"1-{TOWER}"]
    # One door of the run was a refusal; then the whole outcome of another is taken back.
    phone.tap("tab:list", "open:1", "door:5")
    phone.page.get_by_role("button", name="Refus").tap()
    phone.tap("save", "door:9", "remove")
    phone.shows(TOWER - 1)
    phone.page.reload()
    second = returned(phone.export(), place).table
    assert set(first["attempt_id"]) < set(second["attempt_id"])
    unchanged = second[second["attempt_id"].isin(first["attempt_id"])]
    pd.testing.assert_frame_equal(unchanged.reset_index(drop=True), first)
    stands = standing(second)
    assert stands.groupby("outcome")["doors"].sum().to_dict() == {"no_answer": 22, "refused": 1}
    assert sorted(stands["door"]) == ["1-4", "10-24", "5", "6-8"]
    # A third export without changes is the same returns.
    third = returned(phone.export(), place).table
    assert set(third["attempt_id"]) == set(second["attempt_id"])


def standing(table):
    """Return what counts: each first attempt, or its latest correction; none that is undone."""
    corrected = (
        table[table["corrects"].ne("")].sort_values("at").drop_duplicates("corrects", keep="last")
    )
    first = table[table["corrects"].eq("") & ~table["attempt_id"].isin(corrected["corrects"])]
    both = pd.concat([first, corrected])
    return both[both["outcome"].ne("undone")]


def test_undo_after_an_export_takes_back_in_the_store_too(phone, place):
    phone.tap("nobody:2")
    phone.export()
    phone.tap("undo")
    phone.shows(0)
    table = returned(phone.export(), place).table
    assert table["outcome"].tolist() == ["no_answer", "undone"]
    assert table["corrects"][1] == table["attempt_id"][0]
    assert standing(table).empty
    phone.tap("undo")
    expect(phone.page.get_by_text("Rien à annuler")).to_be_visible()


def test_undo_of_a_run_takes_the_whole_run(phone):
    phone.tap("nobody:1", "open:1", "range:apply")
    phone.shows(TOWER)
    phone.tap("undo")
    phone.shows(1)
    assert "Portes 2 à 24".lower() in phone.page.locator("#toast").inner_text().lower()


@pytest.mark.parametrize("lost", ["localStorage.clear()", "indexedDB.deleteDatabase('palier')"])
def test_either_of_the_two_copies_is_enough(phone, lost):
    phone.tap("nobody:1", "nobody:2")
    phone.page.wait_for_function(SECOND_COPY, arg=2)
    phone.page.evaluate(lost)
    phone.page.close()
    phone.page = phone.open()
    phone.page.get_by_text("2 / ").wait_for()
    phone.shows(2)


def test_a_half_written_copy_does_not_hide_the_whole_one(phone):
    phone.tap("nobody:1")
    phone.page.wait_for_function(SECOND_COPY, arg=1)
    phone.page.evaluate("localStorage.setItem(keepKey, localStorage.getItem(keepKey).slice(0, 90))")
    phone.page.reload()
    phone.page.get_by_text("1 / ").wait_for()
    phone.tap("nobody:1")
    phone.page.reload()
    phone.shows(2)


def test_two_windows_of_the_page_keep_one_list(phone):
    other = phone.open()
    phone.tap("nobody:1")
    # It draws itself anew when it hears of that: a finger just then would miss the button.
    other.get_by_text("1 / ").wait_for()
    other.locator('[data-key="nobody:2"]').tap()
    phone.page.get_by_text("2 / ").wait_for()
    phone.page.reload()
    phone.shows(2)


@pytest.mark.parametrize(("script", "warned"), [(BLOCKED, True), (NO_LOCAL, False)])
def test_a_phone_that_keeps_nothing_says_so(browser, file, script, warned):
    phone = Phone(browser, file, script=script)
    phone.tap("nobody:1")
    if not warned:
        phone.page.wait_for_function(SECOND_COPY, arg=1)
    warning = phone.page.get_by_role("alert").filter(has_text="ne garde rien")
    expect(warning).to_have_count(int(warned))
    phone.shows(1)
    # It can still be exported.
    assert json.loads(phone.export())["attempts"]
    if not warned:
        phone.page.reload()
        phone.page.get_by_text("1 / ").wait_for()
    assert not phone.said
    phone.context.close()


EXAMPLES = (
    "rappeler au 06 12 34 56 78", "+33.6.12.34.56.78", "tel 0612345678", "a.b@exemple.fr",
    "écrire à zoé@exemple.fr", "nom arobase exemple.fr", "Mme Durand", "M. Le Goff",
    "０６１２３４５６７８", "code en panne", "étage 3, porte 12", "monsieur du 3e",
    "revenir à 18h30", "bâtiment B 2027", "", "٠٦١٢٣٤٥٦٧٨",
)  # fmt: skip


def test_the_page_refuses_what_the_import_would(phone):
    theirs = [bool(personal(text)) for text in EXAMPLES]
    ours = phone.page.evaluate("(texts) => texts.map(isPersonal)", list(EXAMPLES))
    assert ours == theirs
    assert 5 < sum(ours) < len(EXAMPLES)


def test_personal_notes_and_teams_are_not_kept(phone, place):
    phone.tap("open:2", "door:1", "door:1")
    note = phone.page.locator("#note")
    note.fill("rappeler au 06 12 34 56 78")
    expect(phone.page.get_by_role("alert").filter(has_text="ressemble")).to_be_visible()
    phone.page.reload()
    expect(note).to_have_value("")
    phone.tap("tab:send")
    team = phone.page.get_by_label("Équipe")
    team.fill("a.b@exemple.fr")
    expect(phone.page.get_by_role("alert").filter(has_text="pas un nom")).to_be_visible()
    team.fill("B2")
    content = phone.export()
    assert b"06 12" not in content
    assert returned(content, place).table["team_id"].tolist() == ["B2"]
    # What was sent under one team would contradict itself under another.
    expect(team).to_be_disabled()


def test_a_short_list_travels_as_a_code(phone, place, tower):
    phone.tap("nobody:1", "nobody:1", "tab:send", "qr")
    phone.page.locator("svg.qr").wait_for()
    text = phone.page.locator("textarea.code").input_value()
    assert text.startswith("PALIER1:")
    assert len(text) <= 1800
    assert returned(text.encode(), place).table["doors"].sum() == 2
    plain = phone.page.evaluate(
        "async () => { window.CompressionStream = undefined; return compact(makeFile()); }"
    )
    assert plain.startswith("PALIER0:")
    assert returned(plain.encode(), place).table["doors"].sum() == 2


def test_a_long_list_does_not_fit_a_code_and_says_so(phone):
    phone.page.evaluate(
        "for (const stop of turf.stops) for (let n = 0; n < 4; n++)"
        " records.push({ ...newRecord(stop, 1, 1, 'refused', uuid()), note: uuid() }); save();"
    )
    phone.tap("tab:send", "qr")
    expect(phone.page.get_by_role("alert").filter(has_text="Trop long")).to_be_visible()


def test_a_file_cut_or_edited_is_not_accepted(phone, place):
    phone.tap("nobody:1")
    content = phone.export()
    for broken in (content[: len(content) // 2], content.replace(b"no_answer", b"refused")):
        with pytest.raises(DataError):
            returned(broken, place)


def test_a_wrong_run_of_doors_is_refused(phone):
    phone.tap("open:1")
    for first, last in (("0", "4"), ("5", "2"), ("1", "99"), ("", "3"), ("1.5", "3")):
        phone.page.get_by_label("De la porte").fill(first)
        phone.page.get_by_label("à la porte").fill(last)
        phone.tap("range:apply")
        expect(phone.page.get_by_text("entre 1 et 24")).to_be_visible()
        phone.shows(0)


def test_the_building_may_differ_from_what_was_known(phone, place):
    phone.tap("open:1", "all+", "all+", "per-")
    expect(phone.page.get_by_text("0 sur 26")).to_be_visible()
    expect(phone.page.get_by_text("Étage 8")).to_be_visible()
    phone.tap("door:26")
    phone.page.reload()
    expect(phone.page.get_by_text("1 sur 26")).to_be_visible()
    table = returned(phone.export(), place).table
    assert table.loc[0, ["door", "floor"]].tolist() == ["26", "8"]


def test_a_missing_building_has_a_street_of_the_turf_and_comes_with_the_file(phone, place, tower):
    page = phone.page
    page.locator("details.missing summary").tap()
    page.get_by_label("Numéro").fill("0")
    phone.tap("missing:add")
    expect(page.get_by_role("status")).to_have_text(words("fr")["phone"]["missing_wrong"])
    page.get_by_label("Numéro").fill("9001")
    page.get_by_label("bis, ter…").select_option("bis")
    page.locator('[data-key="missing:doors"]').fill("6")
    phone.tap("missing:add")
    page.reload()
    # Who knocked nowhere tells it alone; told again, it is the same.
    first, again = (returned(phone.export(), place) for _turn in range(2))
    assert first.rows == []
    (one,), (same,) = first.missing, again.missing
    assert (one["number"], one["suffix"], one["doors"]) == (9001, "bis", 6)
    assert one["address_id"] in set(tower.tables["T0001"]["address_id"])
    assert one == same


def test_a_second_visit_is_another_attempt(phone, place):
    phone.tap("open:2", "door:1", "door:1", "again")
    phone.page.get_by_role("button", name="Refus").tap()
    phone.shows(1)
    table = returned(phone.export(), place).table
    assert table["outcome"].tolist() == ["no_answer", "refused"]
    assert table["corrects"].eq("").all()


def test_what_was_chosen_for_one_building_is_no_trap_in_the_next(phone):
    phone.tap("open:1")
    phone.page.get_by_role("button", name="Sans accès").tap()
    phone.tap("door:1", "back", "open:2")
    pressed = phone.page.locator('.choice button[aria-pressed="true"]')
    assert "Personne" in pressed.inner_text()


def test_the_map_shows_progress_by_shape_and_opens_stops(phone):
    done = phone.page.evaluate("turf.stops.find((stop) => stop.doors === 1).n")
    phone.tap("nobody:1", f"nobody:{done}")
    phone.shows(2)
    phone.tap("tab:map")
    expect(phone.page.locator("[class='mark half']")).to_have_count(1)
    expect(phone.page.locator("[class='mark full']")).to_have_count(1)
    before = phone.page.locator("svg.map").get_attribute("viewBox")
    phone.tap("zoom+")
    assert phone.page.locator("svg.map").get_attribute("viewBox") != before
    phone.tap("whole")
    assert phone.page.locator("svg.map").get_attribute("viewBox") == before
    label = phone.page.locator('[data-key="mark:1"]')
    assert "1 portes sur 24" in label.get_attribute("aria-label")
    label.focus()
    phone.page.keyboard.press("Enter")
    phone.page.get_by_role("heading", level=2).wait_for()
    assert phone.page.url.endswith("#s=1")


def test_both_languages_and_the_night(browser, file):
    phone = Phone(browser, file, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = phone.page.evaluate(ground)
    phone.tap("tab:send", "language")
    expect(phone.page.get_by_role("button", name="Save the file")).to_be_visible()
    assert phone.page.evaluate("document.documentElement.lang") == "en"
    phone.tap("theme")
    assert phone.page.evaluate(ground) == "rgb(255, 255, 255)" != dark
    phone.page.reload()
    expect(phone.page.get_by_role("button", name="Save the file")).to_be_visible()
    assert phone.page.evaluate(ground) == "rgb(255, 255, 255)"
    phone.context.close()


@pytest.mark.parametrize("view", ["list", "s=1", "map", "send", "d"])
def test_fingers_find_every_button_and_nothing_sticks_out(phone, view):
    phone.tap("nobody:1")
    if view == "d":
        phone.tap("open:1")
        phone.page.get_by_role("button", name="Échange").tap()
        phone.tap("door:2")
        phone.page.locator("#note").wait_for()
    else:
        phone.page.evaluate(SHOWN, view)
    small = phone.page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, summary, .mark .reach")]
        .map((e) => [e.dataset.key || e.tagName, e.getBoundingClientRect()])
        .filter(([, box]) => box.width && Math.min(box.width, box.height) < 47.9)
        .map(([key]) => key)"""
    )
    assert small == []
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    nameless = phone.page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, .mark")].filter((e) =>
        !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)).length"""
    )
    assert nameless == 0


def test_the_keyboard_is_enough_and_stays_where_it_was(phone):
    page = phone.page
    page.locator('[data-key="nobody:1"]').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    phone.shows(2)
    assert page.evaluate("document.activeElement.dataset.key") == "nobody:1"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=2).wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_names_from_files_are_shown_as_text(browser, place, tmp_path):
    kit = kit_of(with_tower(walks_of(place), street=SCRIPT, number=None, doors=2), place)
    path = tmp_path / "T0001.html"
    path.write_bytes(phone_page(kit, "T0001"))
    phone = Phone(browser, path)
    assert SCRIPT in phone.page.locator('[data-key="open:1"]').inner_text()
    phone.tap("open:1")
    assert SCRIPT in phone.page.get_by_role("heading", level=2).inner_text()
    assert phone.page.locator("main b").count() == 0
    assert not phone.said
    phone.context.close()


def test_a_tower_of_400_doors_is_noted_in_a_few_taps(browser, place, tmp_path):
    kit = kit_of(with_tower(walks_of(place), doors=400), place)
    path = tmp_path / "T0001.html"
    path.write_bytes(phone_page(kit, "T0001"))
    phone = Phone(browser, path)
    phone.tap("open:1", "range:apply")
    phone.shows(400)
    assert [a["doors"] for a in json.loads(phone.export())["attempts"]] == [400]
    assert not phone.said
    phone.context.close()


def test_sharing_falls_back_to_what_the_phone_can(browser, file):
    shares = """navigator.canShare = ({ files }) => files[0].name.endsWith(".txt");
      navigator.share = async ({ files }) => { window.shared = await files[0].text(); };"""
    phone = Phone(browser, file, script=shares)
    phone.tap("nobody:1", "tab:send", "share")
    phone.page.wait_for_function("window.shared")
    assert json.loads(phone.page.evaluate("window.shared"))["palier_returns"] == 1
    phone.context.close()


def test_questions_are_asked_by_keyboard_and_thumb_and_travel_without_a_door(
    browser, tower, tmp_path, place
):
    script = preset("valmont")
    file = tmp_path / "T0001.html"
    file.write_bytes(phone_page(replace(tower, script=script), "T0001"))
    phone = Phone(browser, file)
    phone.tap("open:1")
    expect(phone.page.locator("blockquote")).to_contain_text("bénévoles de Valmont")
    phone.page.locator('.choice [data-key$=":conversation"]').tap()
    phone.tap("door:1", "ask:priority:bus", "ask:evening:4", "ask:help:housing", "ask:help:schools")
    small = phone.page.evaluate(
        "[...document.querySelectorAll('main button')].map((b) => b.getBoundingClientRect())"
        ".filter((r) => r.height < 44 || r.width < 44).length"
    )
    assert small == 0
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # Another answer hides the question that hung on it, and takes its answer back.
    chosen = phone.page.locator('[data-key="ask:priority:rents"]')
    chosen.focus()
    phone.page.keyboard.press("Enter")
    expect(phone.page.locator('[data-key="ask:evening:4"]')).to_have_count(0)
    expect(chosen).to_be_focused()
    phone.tap("ask-in:es")
    expect(phone.page.locator(".ask")).to_contain_text("¿Sabe dónde")
    content = phone.export()
    (told,) = json.loads(content)["attempts"]
    assert told["answers"] == {"priority": "rents", "help": ["housing", "schools"]}
    assert told["script"] == script.version
    assert not {"door", "floor"} & set(told)
    # What is changed after it was sent is a correction with all answers, and no door either.
    phone.page.go_back()
    phone.tap("ask:vote:yes")
    first, later = json.loads(phone.export())["attempts"]
    assert later["corrects"] == first["attempt_id"]
    assert later["answers"]["vote"] == "yes"
    assert "door" not in later
    assert len(returned(content, place).table) == 1
    phone.context.close()
    assert phone.said == []
