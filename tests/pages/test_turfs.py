"""The page Walks: what is asked is cut in the background, kept on disk, and handed out."""

import datetime
import io
import json
import shutil
import zipfile
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.fieldwork import progress
from analysis.fieldwork.store import open_store
from analysis.fieldwork.turf_links import page_of
from analysis.tables.workspace import Workspace
from analysis.workflows import turf_cuts
from analysis.workflows.hold_back import trial_units
from analysis.workflows.jobs import Job, StoppedError
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import SCENARIO, keep, open_trial, sealed_with
from analysis.workflows.turf_folder import TARGETS, cuts
from pages._ui.fieldwork import load_fieldwork as field_loaders
from pages._ui.i18n import _, number
from pages._ui.messages import translate
from pages._ui.turfs import load_turfs as turf_loaders
from pages._ui.turfs import turf_choices, turf_downloads
from tests.pages.answered import answered

LEFT = Scenario("left", "2027_pres_t1")
TOP = 2
ORDER = {
    "top": TOP,
    "teams": None,
    "spares": 2,
    "low_mobility": 0,
    "start": None,
    "returning": False,
    "work": {"hours": 2.0, "team": 2},
    "design": None,
    "opening": None,
    "scenario": "",
    "data": "",
}


def wait(job):
    """Wait for a cut; the machine may be slow."""
    assert job.wait(180)
    assert not job.running
    return job


def ranked(place):
    return answered(place, LEFT)[0].table


def cut_two_bureaux(place):
    """Begin to cut the first bureaux, as the page does."""
    targets = ranked(place)[["bureau_id", "rank", "hours", "registered"]].to_csv(index=False)
    return turf_cuts.cut(place.path, targets.encode(), ORDER)


@pytest.fixture(scope="module")
def own(places):
    """Copy Valmont under a name of its own: turfs are written into it."""
    folder = places.folder / "secteurs"
    return Workspace(shutil.copytree(places.valmont.path, folder, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def made(own):
    """Cut the first bureaux once."""
    job = wait(cut_two_bureaux(own))
    assert job.error is None
    return turf_cuts.folder_of(job)


@pytest.fixture
def page(open_app):
    def page(**query):
        app = open_app("turfs", workspace="secteurs", bloc="left", **query)
        assert not app.exception
        return app

    return page


def values(elements):
    return [each.value for each in elements]


def test_without_a_cut_the_page_says_what_to_do(open_app, places):
    folder = places.folder / "vide"
    shutil.copytree(places.valmont.path, folder, dirs_exist_ok=True)
    app = open_app("turfs", workspace="vide", bloc="left")
    assert not app.exception
    assert any(_("Cut the turfs") in text for text in values(app.info))
    assert not app.metric


def test_who_waits_for_the_first_cut_is_not_told_to_press(open_app, places, monkeypatch):
    folder = shutil.copytree(places.valmont.path, places.folder / "en_cours")
    monkeypatch.setattr(turf_cuts, "cut", lambda *_asked: Job(("turfs", folder)))
    app = open_app("turfs", workspace="en_cours", bloc="left")
    app.button(key="turfs.make").click().run()
    assert not app.exception
    assert any(_("Cutting the turfs") in text for text in values(app.markdown))
    assert not any(_("Cut the turfs") in text for text in values(app.info))
    assert "turfs.make" not in {button.key for button in app.button}


def test_a_place_without_addresses_says_what_to_get_instead_of_a_button(open_app, places):
    folder = shutil.copytree(places.valmont.path, places.folder / "sans_adresses")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in ("addresses", "bureaux"):
        del manifest["tables"][name]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    app = open_app("turfs", workspace="sans_adresses", bloc="left")
    assert not app.exception
    assert any("n’a pas d’adresses" in text for text in values(app.error))
    assert any("Trouver un territoire" in text for text in values(app.info))
    assert "turfs.make" not in {button.key for button in app.button}


def test_a_cut_is_kept_and_made_once(own, made):
    targets = (made / TARGETS).read_bytes()
    assert turf_cuts.cut(own.path, targets, ORDER) == made
    assert cuts(own.path)[0] == made
    assert turf_cuts.under_way(own.path) is None
    assert not list(made.parent.glob("*.part"))


def test_the_walks_on_disk_are_those_of_the_file(made):
    walks = turf_loaders.walks(str(made))
    written = pd.read_csv(made / "turfs.csv")
    assert walks.turfs["dwellings"].sum() == written["dwellings"].sum()
    assert walks.summary == json.loads((made / "summary.json").read_text(encoding="utf-8"))
    assert len(walks.by_turf()) == written["turf_id"].nunique()


def test_the_page_shows_the_cut(page, made):
    told = json.loads((made / "summary.json").read_text(encoding="utf-8"))
    app = page()
    assert values(app.metric)[:2] == [number(told["count"]), number(told["doors"])]
    app.segmented_control(key="turf_view").set_value("turfs").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == told["count"]
    # Every walk of this cut is a street long: what costs more on foot than a talk would be listed.
    assert any(_("No address lies out of the way of its turf.") in one.value for one in app.caption)
    app.segmented_control(key="turf_view").set_value("uncut").run()
    assert not app.exception
    app.segmented_control(key="turf_view").set_value("map").run()
    walks = turf_loaders.walks(str(made))
    first = walks.turf_ids[0]
    app.selectbox(key="turfs.turf").set_value(first).run()
    assert not app.exception
    assert len(app.dataframe[0].value) == len(walks.of(first))


def test_turfs_of_other_bureaux_than_those_chosen_say_so(page, own, made):
    bureaux = list(ranked(own)["bureau_id"].astype("str")[3:5])
    app = page(turf_bureaux=bureaux)
    assert any(text.startswith("Ces secteurs couvrent d’autres") for text in values(app.warning))
    # To cut them is offered under these words: below the settings it is under the fold.
    order = [str(getattr(one, "key", "") or getattr(one, "value", "")) for one in app.main]
    assert order.count("turfs.make") == 1
    said = next(n for n, one in enumerate(order) if one.startswith("Ces secteurs couvrent"))
    assert said < order.index("turfs.make")
    gone = page(turf_bureaux=[bureaux[0], "nowhere"])
    assert gone.query_params["turf_bureaux"] == bureaux[0]
    assert any(text.startswith("1 bureau choisi avant") for text in values(gone.warning))
    assert not [text for text in values(page().warning) if "d’autres bureaux" in text]


@pytest.mark.parametrize(("bloc", "told"), [("centre", 1), ("left", 0)])
def test_turfs_cut_for_another_question_say_so(page, made, monkeypatch, bloc, told):
    cut_for_it = Scenario(bloc, "2027_pres_t1")
    monkeypatch.setattr("pages._ui.turfs.turfs_view.cut_for", lambda _folder: cut_for_it)
    warnings = [one.value for one in page().warning]
    said = [text for text in warnings if text.startswith("Ces secteurs ont été")]
    assert len(said) == told
    assert all("Centre, Présidentielle 2027, 1er tour" in text for text in said)


def test_the_question_of_a_cut_is_read_from_its_order(tmp_path):
    order = {"scenario": Scenario("left", "2027_pres_t1").to_toml()}
    (tmp_path / "order.json").write_text(json.dumps(order), encoding="utf-8")
    assert turf_cuts.cut_for(tmp_path) == Scenario("left", "2027_pres_t1")
    for order in ({"scenario": ""}, {}, {"scenario": "bloc ="}):
        (tmp_path / "order.json").write_text(json.dumps(order), encoding="utf-8")
        assert turf_cuts.cut_for(tmp_path) is None


def test_a_slot_of_the_link_is_asked_for_and_nonsense_is_not(page):
    assert page(turf_slot="weekend").selectbox(key="turf_slot").value == "weekend"
    assert page(turf_slot="night").selectbox(key="turf_slot").value == ""


def test_files_wait_until_the_field_knows_the_turfs(page, own, made):
    app = page(turf_view="files")
    assert not app.exception
    kits = [b for b in app.get("download_button") if "turfs.kit" in b.proto.id]
    assert [b.proto.disabled for b in kits] == [True]
    # A server holds what it counted for a minute, but not from who puts turfs into the field.
    asked = (str(own.path), "", field_loaders._stamp(own.path))
    before = field_loaders._held(*asked)
    app.button(key="turfs.register").click().run()
    assert not app.exception
    assert field_loaders._held(*asked) != before
    assert _("These turfs are in the field: returns are counted against them.") in values(
        app.success
    )
    kits = [b for b in app.get("download_button") if "turfs.kit" in b.proto.id]
    assert [b.proto.disabled for b in kits] == [False]
    store = open_store(own.path)
    walks = turf_loaders.walks(str(made))
    assert progress.totals(store).planned == walks.turfs["dwellings"].sum()
    store.engine.dispose()


@pytest.mark.slow
def test_the_kit_holds_sheets_pages_and_tables(own, made):
    options = {"language": "fr", "large": "", "controller": "", "contact": "", "address": ""}
    kit = partial(
        turf_loaders.kit, str(made), str(own.path), own.digest, tuple(sorted(options.items()))
    )
    with zipfile.ZipFile(io.BytesIO(turf_downloads._zip(kit, made, None))) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert archive.read("sheets.pdf").startswith(b"%PDF-")
        assert archive.read("turfs.csv") == (made / "turfs.csv").read_bytes()
    walks = turf_loaders.walks(str(made))
    assert {f"phone/{turf}.html" for turf in walks.turf_ids} <= set(names)
    first = walks.turf_ids[0]
    assert turf_downloads.sheet(kit, first, own.path).startswith(b"%PDF-")
    assert first.encode() in turf_downloads.phone(kit, first)


def test_the_code_on_a_sheet_opens_its_turf_without_the_whole_kit_being_taken(own, made):
    """Only the ZIP kept the pages behind the links: a sheet taken alone led nowhere."""
    options = {"language": "fr", "large": "", "controller": "", "contact": ""}
    asked = sorted((options | {"address": "http://127.0.0.1:8501"}).items())
    kit = partial(turf_loaders.kit, str(made), str(own.path), own.digest, tuple(asked))
    first, second = turf_loaders.walks(str(made)).turf_ids[:2]
    assert turf_downloads.sheet(kit, first, own.path).startswith(b"%PDF-")
    tokens, today = kit().tokens, datetime.date.today()
    assert first.encode() in (page_of(own.path, first, tokens[first], today) or b"")
    assert page_of(own.path, second, tokens[second], today) is None


def test_doors_left_alone_since_the_cut_make_one_kit_and_not_one_for_each_file(
    own, made, monkeypatch
):
    options = {"language": "fr", "large": "", "controller": "", "contact": "", "address": ""}
    asked = (str(made), str(own.path), own.digest, tuple(sorted(options.items())))
    before = turf_loaders.kit(*asked)
    alone = [{"address_id": "99900_x", "street": "Rue Haute", "doors": [1], "floors": []}]

    def since(walks, _workspace):
        return replace(walks, summary={**walks.summary, "left_alone": alone})

    monkeypatch.setattr(turf_loaders, "alone_now", since)
    after = turf_loaders.kit(*asked)
    assert after is not before
    assert turf_loaders.kit(*asked) is after


@pytest.mark.slow
def test_a_sealed_design_keeps_its_controls_out(places):
    folder = places.folder / "scelle"
    own = Workspace(shutil.copytree(places.valmont.path, folder, dirs_exist_ok=True))
    table = ranked(own)
    design = declare(trial_units(table), Rule(rank_by="priority", unit="unit_id"))
    sealed = sealed_with(design, seed=5, texts={SCENARIO: LEFT.to_toml()})
    keep(own.path, sealed, {SCENARIO: LEFT.to_toml()})
    ranking = answered(own, LEFT)[0]
    held = turf_choices.hold_back(own, ranking, {"top": 5}, 5)
    outing = {"hours": 2.0, "team": 2, "top": 5, "slot": "weekday_day"}
    asked = {n: ORDER[n] for n in ("teams", "spares", "low_mobility", "start", "returning")}
    order = turf_choices.order(own, LEFT, asked | outing, held)
    assert order["design"]
    assert order["opening"]["source"] == "assumed"
    targets = table[["bureau_id", "rank", "hours", "registered"]].to_csv(index=False)
    job = wait(turf_cuts.cut(own.path, targets.encode(), order))
    assert job.error is None
    walks = turf_loaders.walks(str(turf_cuts.folder_of(job)))
    arms = open_trial(own.path, held.seals[0]).sealed.assignment.set_index("unit_id")["arm"]
    assert walks.seal == held.seals[0]
    assert set(arms.reindex(walks.turfs["bureau_id"].unique())) == {"treated"}
    assert (arms.reindex(table["bureau_id"].head(5)) == "control").any()


def test_a_fault_of_the_cut_is_told_in_its_words(own):
    job = wait(turf_cuts.cut(own.path, b"bureau_id,rank\n99900_9999,1\n", ORDER))
    assert isinstance(job.error, DataError)
    assert "another place" in job.error.what
    assert translate(job.error.what) != job.error.what
    assert not turf_cuts.folder_of(job).exists()


def test_a_cut_can_be_stopped_and_leaves_nothing(own):
    targets = ranked(own)[["bureau_id", "rank", "hours", "registered"]].to_csv(index=False)
    job = turf_cuts.cut(own.path, targets.encode(), {**ORDER, "top": 20})
    assert turf_cuts.under_way(own.path) is job
    job.stop()
    assert isinstance(job.error, StoppedError)
    assert not job.running
    assert not turf_cuts.folder_of(job).exists()
    assert not list(turf_cuts.folder_of(job).parent.glob("*.part"))


def test_a_starting_point_is_an_address_or_degrees(page, own, made):
    addresses = own.read("addresses")
    one = addresses[addresses["suffix"].fillna("").eq("") & addresses["number"].notna()].iloc[0]
    app = page(turf_start=f"{one['number']} {one['street'].upper()}")
    assert not app.exception
    assert any(", " in text and text[-2:-1].isdigit() for text in values(app.caption))
    app.text_input(key="turf_start").set_value("nulle part").run()
    assert any(_("No such address here: each walk will begin where it is shortest.") in w
               for w in values(app.warning))  # fmt: skip
    app.text_input(key="turf_start").set_value("45.1, 2.5").run()
    assert not app.warning or "nulle" not in str(values(app.warning))
