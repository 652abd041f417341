"""The Data page: places, files brought and read, the report, and the blocs of candidates."""

import json
import re
import shutil
import threading
import time

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.readers.blocs import read_blocs
from analysis.readers.reader_registry import ROLES
from analysis.readers.relabel import relabel
from analysis.tables.workspace import Workspace
from analysis.workflows import jobs, place_files
from pages._ui import state
from pages._ui.data.source_report import role_name
from tests import roll
from tests.browser import ROOT, open_page, settle
from tests.made import DATA, RESULTS, VALMONT

FORM = "bring.0"
ALL = "\n".join(str(VALMONT / name) for name in RESULTS)


@pytest.fixture
def places(valmont, tmp_path, monkeypatch):
    """Give the app a folder of places of its own, with Valmont in it."""
    folder = tmp_path / "workspaces"
    shutil.copytree(valmont.path, folder / "valmont")
    monkeypatch.setattr(state, "WORKSPACES", folder)
    return folder


@pytest.fixture
def page(places):
    """Open the page through the router, as a user does."""
    return open_data()


def open_data(**link):
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    for key, value in link.items():
        app.query_params[key] = value
    return app.switch_page("pages/data.py")


def view(page, name):
    page.segmented_control(key="data.view").set_value(name)
    return page.run()


def give(page, *paths, name="Mon Territoire", places=""):
    """Name files by their paths."""
    view(page.run(), "bring")
    page.text_area(key=f"{FORM}.paths").set_value("\n".join(map(str, paths)))
    page.text_input(key=f"{FORM}.name").set_value(name)
    page.text_input(key=f"{FORM}.places").set_value(places)
    return page.run()


def read(page):
    """Press the button, and wait for the end."""
    page.button(key=f"{FORM}.read").click().run()
    if "bring.job" in page.session_state:
        assert page.session_state["bring.job"].wait(60)
        page.run()
    return page


def texts(page):
    kinds = ("caption", "markdown", "info", "warning", "error", "success")
    return "\n".join(e.value for kind in kinds for e in getattr(page, kind)).replace("\xa0", " ")


def tables(page):
    return [frame.value for frame in page.dataframe]


def contents(folder):
    return {f.name: f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_it_opens_on_the_report_of_the_embedded_place(page):
    page.run()
    assert not page.exception
    assert page.title[0].value == "Données"
    assert "(fictif)" in page.selectbox(key="data.workspace").options[0]
    assert "Il n’y a encore ici que le territoire d’exemple" in texts(page)
    sources, elections = tables(page)
    assert sources["Lignes lues"].tolist() == sources["Lignes gardées"].tolist()
    assert all(re.fullmatch(r"\d{1,2}(er)? \w+ \d{4}", day) for day in sources["Fichier du"])
    manifest = Workspace(state.WORKSPACES / "valmont").manifest
    assert elections["Inscrits"].sum() == sum(
        e["registered"] for e in manifest["elections"].values()
    )
    joined = elections["% des inscrits"]
    assert all(re.fullmatch(r"\d+,\d\u202f%", share) for share in joined), "as French writes it"
    assert [e.label for e in page.get("download_button")] == ["Télécharger le manifeste (JSON)"]


@pytest.mark.usefixtures("places")
def test_whatever_is_read_has_a_name_in_the_report():
    roles = set(ROLES) - {"raw", "terrain"}  # these are read as results
    assert not [role for role in roles if role_name(role) == role]


def test_it_speaks_english():
    page = open_data(lang="en").run()
    assert page.title[0].value == "Data"
    assert "Rows kept" in tables(page)[0]


def test_nothing_can_be_read_before_the_results_are_given(page):
    give(page, VALMONT / "contours_2017.geojson", name="")
    assert page.button(key=f"{FORM}.read").disabled
    assert "les résultats (general_results)" in texts(page)
    assert "un nom pour le territoire" in texts(page)
    assert "2017" in page.code[0].value


@pytest.mark.parametrize(
    ("files", "places", "said"),
    [
        (["nothing.csv"], "", "Ce fichier n’existe pas"),
        (["x" * 300], "", "Ce chemin ne peut pas être lu"),
        ([*RESULTS, "carreaux_200m.csv"], "", "des contours, sans lesquels"),
        ([*RESULTS, "electeurs_par_adresse.csv"], "", "les adresses, auxquelles"),
        (RESULTS, "Lyon", "Ce ne sont pas des codes INSEE : LYON"),
        (RESULTS, "49179", "Le Longeron (49179) fait désormais partie de Sèvremoine (49301)"),
        (RESULTS, "97", "97 n’est pas un département"),
    ],
)
def test_what_is_lacking_is_said_before_anything_is_read(page, files, places, said):
    give(page, *(VALMONT / name for name in files), places=places)
    assert not page.exception
    assert said in texts(page)


def test_a_file_taken_for_another_can_be_put_right(page):
    give(page, *(VALMONT / name for name in RESULTS))
    page.selectbox(key=f"{FORM}.role.{VALMONT / RESULTS[1]}").set_value("general_results").run()
    assert "un seul fichier au lieu de plusieurs" in texts(page)
    assert page.button(key=f"{FORM}.read").disabled


def test_a_small_file_has_a_size_and_a_header_that_is_not_its_own_a_remedy(page, tmp_path):
    for size, name in ((1, "un.csv"), (16, "seize.csv"), (2500, "general_results.csv")):
        (tmp_path / name).write_text("a;b\n1;2\n".ljust(size)[:size], encoding="utf-8")
    give(page, tmp_path)
    told = texts(page)
    assert "`un.csv` 1 octet" in told.splitlines()
    assert "`seize.csv` 16 octets" in told
    assert "`general_results.csv` 2,5 ko" in told
    assert "Son en-tête ne le dit pas : a, b. Donnez le fichier tel qu’il a été publié" in told


def test_a_folder_is_read_and_opened(page, places):
    """The folder holds every file of Valmont: each is known for what it is."""
    give(page, VALMONT, name="Mon Territoire", places="99900")
    assert "Il manque encore" not in texts(page)
    command = page.code[0].value
    assert "--workspace workspaces/mon-territoire" in command
    assert "--vintage 2017" in command
    assert "--place 99900" in command
    read(page)
    assert not page.exception
    assert "« mon-territoire » a été lu" in texts(page)
    assert page.selectbox(key="data.workspace").value == "mon-territoire"
    assert page.segmented_control(key="data.view").value == "report"
    built = Workspace(places / "mon-territoire").manifest
    example = Workspace(places / "valmont").manifest
    assert built["elections"] == example["elections"]
    assert built["tables"]["crosswalk"]["rows"] == example["tables"]["crosswalk"]["rows"]
    assert tables(page)[0]["Lignes gardées"].sum() > 0
    # The message is of this reading only; the form is empty again.
    page.run()
    assert "a été lu" not in texts(page)
    assert view(page, "bring").text_area(key="bring.1.paths").value == ""


def test_the_electoral_roll_is_read_and_its_contours_are_marked_as_made(page, places, tmp_path):
    roll.addresses().to_csv(tmp_path / "table-adresses-reu.csv", index=False)
    roll.polling_places().to_csv(tmp_path / "table-bv-reu.csv", index=False)
    results = [VALMONT / name for name in RESULTS]
    give(page, *results, tmp_path / "table-bv-reu.csv", name="")
    assert "des contours, sans lesquels" in texts(page)
    give(page, *results, tmp_path / "table-adresses-reu.csv", tmp_path / "table-bv-reu.csv")
    assert "Il manque encore" not in texts(page)
    assert "--reu-bureaux" in page.code[0].value
    read(page)
    assert not page.exception
    assert "ces contours sont reconstitués, non officiels" in texts(page)
    assert "Contours 2022, reconstitués d’après les adresses" in set(tables(page)[0].iloc[:, 0])
    page.switch_page("pages/priorities.py").run()
    assert not page.exception
    assert "Contours reconstitués d’après les adresses des électeurs (2022)" in texts(page)


def test_uploads_are_read_and_leave_nothing_behind(page, places, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    view(page.run(), "bring")
    names = [*RESULTS, "contours_2024.geojson"]
    uploads = [(name, (VALMONT / name).read_bytes(), "text/plain") for name in names]
    page.file_uploader(key=f"{FORM}.uploads").set_value(uploads)
    page.text_input(key=f"{FORM}.name").set_value("envoi")
    page.run()
    read(page)
    assert not page.exception
    sources = [s["source"]["file"] for s in Workspace(places / "envoi").manifest["sources"]]
    assert sources == names
    assert not list(tmp_path.glob("palier-*"))


def test_what_is_there_is_replaced_only_when_agreed(page, places):
    shutil.copytree(places / "valmont", places / "mien")
    give(page, *ALL.splitlines(), name="mien")
    assert page.button(key=f"{FORM}.read").disabled
    page.checkbox(key=f"{FORM}.replace.mien").check().run()
    assert not page.button(key=f"{FORM}.read").disabled
    give(page, *ALL.splitlines(), name="Valmont")
    assert page.button(key=f"{FORM}.read").disabled
    assert "territoire d’exemple" in texts(page)


def broken_parquet(folder):
    (file := folder / "general_results.parquet").write_bytes(b"PAR1 and no more")
    return file


def wrong_columns(folder):
    (file := folder / "general_results.csv").write_text("id_election;inscrits\n2022_pres_t1;3\n")
    return file


def cut_csv(folder):
    whole = (VALMONT / RESULTS[0]).read_bytes()
    (file := folder / "general_results.csv").write_bytes(whole[: len(whole) // 2])
    return file


def elsewhere(folder):
    text = (VALMONT / "contours_2017.geojson").read_text(encoding="utf-8")
    (file := folder / "contours_2017.geojson").write_text(text.replace("99900_", "31555_"))
    return file


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (broken_parquet, "general_results.parquet"),
        (wrong_columns, "code_departement"),
        (cut_csv, "general_results.csv"),
        (elsewhere, "contours"),
    ],
)
def test_a_bad_file_is_explained_and_nothing_is_written(page, places, tmp_path, damage, said):
    bad = damage(tmp_path)
    role = "contours" if damage is elsewhere else "general_results"
    before = contents(places)
    good = [VALMONT / name for name in RESULTS]
    files = [bad, *(good[1:] if role != "contours" else good)]
    give(page, *files)
    page.selectbox(key=f"{FORM}.role.{bad}").set_value(role).run()
    read(page)
    assert not page.exception
    assert page.error
    assert said in texts(page)
    assert "Que faire" in texts(page)
    assert "Rien n’a été écrit" in texts(page)
    assert contents(places) == before
    # The form is as it was: one file to put right, and again.
    assert page.text_area(key=f"{FORM}.paths").value
    assert "Que faire" not in texts(view(page, "report"))


def test_an_uploaded_file_is_named_as_the_user_knows_it(page, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    view(page.run(), "bring")
    uploads = [(RESULTS[0], b"id_election;inscrits\n2022_pres_t1;3\n", "text/csv")]
    uploads.append((RESULTS[1], b"", "text/csv"))
    page.file_uploader(key=f"{FORM}.uploads").set_value(uploads)
    page.text_input(key=f"{FORM}.name").set_value("envoi")
    page.run()
    for select in page.selectbox:
        if "role." in (select.key or "") and select.value == "unused":
            select.set_value("candidats_results")
    read(page.run())
    assert page.error
    assert "Où : general_results.csv" in texts(page)
    assert str(tmp_path) not in texts(page)
    assert not list(tmp_path.glob("palier-*"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("contours.geojson", "l’année de chaque fichier de contours"),
        ("contours_de_2024.geojson", "des contours d’années différentes"),
    ],
)
def test_contours_need_a_year_each(page, tmp_path, name, said):
    other = shutil.copy(VALMONT / "contours_2017.geojson", tmp_path / name)
    give(page, *ALL.splitlines(), VALMONT / "contours_2024.geojson", other)
    assert said in texts(page)
    assert page.button(key=f"{FORM}.read").disabled
    page.number_input(key=f"{FORM}.year.{other}").set_value(2017).run()
    assert "Il manque encore" not in texts(page)
    assert not page.button(key=f"{FORM}.read").disabled


def test_a_fault_of_the_program_is_no_traceback(page, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr(place_files, "build", fail)
    read(give(page, *ALL.splitlines()))
    assert not page.exception
    assert "RuntimeError: boom" in texts(page)
    assert "boom" in caplog.text


def test_a_reading_is_watched_and_stopped(page, places, monkeypatch):
    build = place_files.build

    def slow(inputs, target, *, progress):
        def tell(step, share):
            progress(step, share)
            time.sleep(0.3)

        return build(inputs, target, progress=tell)

    monkeypatch.setattr(place_files, "build", slow)
    before = contents(places)
    give(page, VALMONT)
    page.button(key=f"{FORM}.read").click().run()
    assert "Lecture de « mon-territoire »" in texts(page)
    assert page.button(key=f"{FORM}.read").disabled
    page.button(key="bring.stop").click().run()
    assert page.session_state["bring.job"].wait(30)
    page.run()
    assert "Arrêté. Rien n’a été écrit." in texts(page)
    assert contents(places) == before


def test_two_windows_do_not_write_one_place(page, places):
    """Another window writes the place that this one is asked for."""
    gate = threading.Event()
    target = places / "mon-territoire"
    other = jobs.submit(("place", target), lambda _tell: gate.wait(60), alone=True)
    give(page, *ALL.splitlines())
    page.button(key=f"{FORM}.read").click().run()
    assert "Une autre fenêtre" in texts(page)
    assert "bring.job" not in page.session_state
    gate.set()
    assert other.wait(60)
    assert not target.exists()


def test_another_place_is_opened_and_a_broken_one_is_named(page, places):
    shutil.copytree(places / "valmont", places / "ville")
    (places / "ruine").mkdir()
    (places / "ruine" / "manifest.json").write_text("{")
    page.run()
    assert "apportez à nouveau leurs fichiers : ruine" in texts(page)
    page.selectbox(key="data.workspace").select("ville").run()
    assert not page.exception
    assert page.session_state["state.folder"] == "ville"


def edit_bloc(page, election, row, bloc):
    """Choose a bloc in the table, and save."""
    view(page.run(), "blocs")
    page.selectbox(key="blocs.election").select(election).run()
    (editor,) = page.data_editor
    page.session_state[editor.key] = {
        "edited_rows": {row: {"bloc": bloc}},
        "added_rows": [],
        "deleted_rows": [],
    }
    page.run()
    page.button(key="blocs.save").click().run()
    return editor.value.iloc[row]


def test_a_bloc_is_changed_and_changed_back(page, places):
    table = Workspace(places / "valmont").read("candidates")
    row = edit_bloc(page, "2022_pres", 0, "other")
    assert not page.exception
    assert "1 changement enregistré" in texts(page)
    place = Workspace(places / "valmont")
    after = place.read("candidates")
    moved = (after["bloc"] != table["bloc"]).to_numpy()
    assert set(after["name"][moved]) == {row["name"]}
    assert set(after["bloc"][moved]) == {"other"}
    blocs = read_blocs(place.path / "blocs.csv").set_index(["election", "key"])
    assert blocs.loc[("2022_pres", row["name"])].tolist() == ["other", "user"]
    assert not place.blocs_edited
    page.button(key="blocs.reset").click().run()
    assert Workspace(places / "valmont").read("candidates").equals(table)


def _of_2022(file):
    blocs = read_blocs(file)
    return blocs[blocs["election"] == "2022_pres"].set_index("key")["bloc"]


def test_whoever_saves_second_sees_what_the_first_changed_and_loses_nothing(page, places):
    view(page.run(), "blocs")
    page.selectbox(key="blocs.election").select("2022_pres").run()
    (editor,) = page.data_editor
    mine, theirs = editor.value["name"].iloc[0], editor.value["name"].iloc[1]
    page.session_state[editor.key] = {
        "edited_rows": {0: {"bloc": "other"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    page.run()
    file = places / "valmont" / "blocs.csv"
    blocs = read_blocs(file)
    row = {"election": "2022_pres", "key": theirs, "bloc": "far_left", "source": "user"}
    kept = blocs[(blocs["election"] != "2022_pres") | (blocs["key"] != theirs)]
    relabel(places / "valmont", pd.concat([kept, pd.DataFrame([row])], ignore_index=True))
    page.button(key="blocs.save").click().run()
    assert not page.exception
    assert f"a changé les blocs entre-temps : {theirs} : " in texts(page)
    assert "pas encore enregistré" in texts(page)
    assert "other" not in set(_of_2022(file)[[mine, theirs]])
    (editor,) = page.data_editor
    assert editor.value.set_index("name")["bloc"][[mine, theirs]].tolist() == ["other", "far_left"]
    page.button(key="blocs.save").click().run()
    assert _of_2022(file)[[mine, theirs]].tolist() == ["other", "far_left"]
    assert "entre-temps" not in texts(page)


def test_a_candidate_without_a_bloc_is_listed_and_placed(page, places):
    row = edit_bloc(page, "2022_pres", 1, "")
    votes = Workspace(places / "valmont").manifest["without_bloc"]
    assert {entry["candidate_id"] for entry in votes} == {row["name"]}
    view(page, "report")
    assert "de bloc : " in texts(page)
    assert row["name"] in tables(page)[-1]["Candidat ou liste"].tolist()
    edit_bloc(page, "2022_pres", 1, "left")
    assert Workspace(places / "valmont").manifest["without_bloc"] == []


def test_one_candidate_leaves_its_nuance_for_a_bloc_of_the_users_own(page, places):
    view(page.run(), "blocs")
    page.text_input(key="blocs.new").set_value("Éco-logistes").run()
    page.button(key="blocs.add").click().run()
    page.selectbox(key="blocs.election").select("2022_legi").run()
    page.segmented_control(key="blocs.grain").set_value("name").run()
    row = edit_bloc(page, "2022_legi", 0, "eco_logistes")
    after = Workspace(places / "valmont").read("candidates")
    moved = after[after["bloc"] == "eco_logistes"]
    assert set(moved["name"]) == {row["name"]}
    assert json.loads((places / "valmont" / "manifest.json").read_text())["without_bloc"] == []


RAW = DATA / "raw_layouts"


@pytest.mark.skipif(not RAW.is_dir(), reason="the shared data are not there")
def test_raw_files_of_the_ministry_are_read_one_for_each_election(page, places):
    files = [RAW / "pres2022_t2_burvot_paris.txt", RAW / "legi2024_t2_burvot_paris.csv"]
    give(page, *files, name="brut", places="75056")
    assert [page.selectbox(key=f"{FORM}.role.{file}").value for file in files] == ["raw", "raw"]
    first, second = (page.selectbox(key=f"{FORM}.election.{file}") for file in files)
    assert (first.value, second.value) == ("2022_pres_t2", "2024_legi_t2")
    assert "Présidentielle 2022, 2d tour" in first.options
    assert f"--raw 2022_pres_t2={files[0]}" in page.code[0].value
    assert "--results" not in page.code[0].value
    read(page)
    assert not page.exception
    built = Workspace(places / "brut").manifest
    # Added up with awk from the file itself.
    assert built["elections"]["2022_pres_t2"]["registered"] == 1_368_623
    assert set(built["elections"]) == {"2022_pres_t2", "2024_legi_t2"}
    assert 1_368_623 in tables(page)[-1]["Inscrits"].tolist()


@pytest.mark.skipif(not RAW.is_dir(), reason="the shared data are not there")
def test_a_raw_file_needs_its_election_and_no_national_file(page, tmp_path):
    nameless = shutil.copy(RAW / "pres2022_t2_burvot_paris.txt", tmp_path / "resultats.txt")
    give(page, nameless)
    assert "l’élection de chaque fichier brut" in texts(page)
    assert page.button(key=f"{FORM}.read").disabled
    page.selectbox(key=f"{FORM}.election.{nameless}").set_value("2022_pres_t2").run()
    assert not page.button(key=f"{FORM}.read").disabled
    give(page, nameless, *ALL.splitlines())
    assert "des résultats d’une seule sorte" in texts(page)
    assert page.button(key=f"{FORM}.read").disabled


def test_a_file_of_a_city_portal_is_read_once_its_commune_is_said(page, places, tmp_path):
    """One column for each candidate, and nowhere which commune: the place typed says it."""
    head = "Bureau;Inscrits;Votants;Blancs;Nuls;Exprimés;ARTHAUD Nathalie;MACRON Emmanuel\n"
    rows = "1 - École Ferry;900;500;12;8;480;80;400\n2 - Mairie;800;450;6;4;440;40;400\n"
    file = tmp_path / "resultats.csv"
    file.write_text(head + rows, encoding="utf-8")
    give(page, file, name="ville")
    assert page.selectbox(key=f"{FORM}.role.{file}").value == "raw"
    page.selectbox(key=f"{FORM}.election.{file}").set_value("2022_pres_t1").run()
    read(page)
    assert "ne dit pas de quelle commune" in texts(page)
    give(page, file, name="ville", places="44109")
    page.selectbox(key=f"{FORM}.election.{file}").set_value("2022_pres_t1").run()
    read(page)
    assert not page.exception
    built = Workspace(places / "ville")
    assert built.manifest["elections"]["2022_pres_t1"]["registered"] == 1700
    votes = built.read("candidates").set_index("name")["votes"]
    assert votes.to_dict() == {"ARTHAUD": 120, "MACRON": 800}
    assert built.read("candidates").set_index("name")["bloc"]["MACRON"] == "centre"


@pytest.fixture
def eupenau(tmp_path):
    """Write the files of the page on column maps into a folder of their own."""
    (folder := tmp_path / "eupenau").mkdir()
    text = (ROOT / "docs" / "any_terrain.md").read_text(encoding="utf-8")
    for name, content in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.M | re.S):
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_a_column_map_is_read_with_the_files_it_names(page, places, eupenau):
    give(page, eupenau, name="eupenau")
    roles = {e.key.rpartition("/")[2]: e.value for e in page.selectbox if "role." in (e.key or "")}
    assert roles == {
        "bezirke.geojson": "named",
        "eupenau.toml": "terrain",
        "wahl_2019.csv": "named",
        "wahl_2024.csv": "named",
    }
    assert f"--terrain {eupenau / 'eupenau.toml'}" in page.code[0].value
    check_eupenau(read(page), places)


def test_a_column_map_is_sent_with_some_of_its_files(page, places, eupenau):
    give(page, eupenau / "bezirke.geojson", name="eupenau")
    names = ["wahl_2024.csv", "eupenau.toml", "wahl_2019.csv"]
    uploads = [(name, (eupenau / name).read_bytes(), "text/plain") for name in names]
    page.file_uploader(key=f"{FORM}.uploads").set_value(uploads)
    check_eupenau(read(page.run()), places)


@pytest.mark.parametrize("away", ["{folder}/", "../theirs/", "..\\\\", "./"])
@pytest.mark.parametrize("at", ["wahl_2024.csv", "bezirke.geojson"])
def test_a_column_map_that_is_sent_reads_no_other_file(page, places, eupenau, at, away):
    before = contents(places)
    file = eupenau / "eupenau.toml"
    text = file.read_text(encoding="utf-8")
    assert text.count(f'"{at}"') == 1
    sent = text.replace(f'"{at}"', f'"{away.format(folder=eupenau)}{at}"').encode()
    give(page, eupenau / "wahl_2019.csv", name="eupenau")
    names = {"wahl_2024.csv", "bezirke.geojson"} - {at}
    uploads = [(name, (eupenau / name).read_bytes(), "text/plain") for name in names]
    page.file_uploader(key=f"{FORM}.uploads").set_value([*uploads, (file.name, sent, "text/plain")])
    read(page.run())
    assert contents(places) == before
    assert not page.exception
    assert "sans dossier" in texts(page)


def check_eupenau(page, places):
    assert not page.exception
    place = Workspace(places / "eupenau")
    # Added up by hand from the table of the page.
    assert place.manifest["elections"]["2019_muni_t1"]["registered"] == 5014
    assert len(place.read("bureaux")) == 5
    assert place.manifest["crs"] == "EPSG:32632"


def test_a_column_map_with_a_slip_is_explained(page, places, eupenau):
    file = eupenau / "eupenau.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("registered =", "registred ="))
    before = contents(places)
    read(give(page, eupenau, name="eupenau"))
    assert "registred" in texts(page)
    assert "Rien n’a été écrit" in texts(page)
    assert contents(places) == before


@pytest.mark.browser
def test_files_are_dropped_and_read_on_a_phone(browser, served):
    place = state.WORKSPACES / "deposes-navigateur"
    shutil.rmtree(place, ignore_errors=True)
    try:
        visit = open_page(browser, f"{served}/?lang=en", width=390, height=800)
        page = visit.page
        page.get_by_role("link", name="Open your own place").click()
        page.get_by_role("heading", name="Data", exact=True).wait_for()
        page.get_by_text("Bring files", exact=True).click()
        page.get_by_text("Drop the files here").wait_for()
        # What a box does not take is refused in words that stand there, without pointing at a mark.
        box = page.get_by_test_id("stFileUploader")
        told = "e => getComputedStyle(e, '::after').content"
        assert box.evaluate(told) == "none"
        page.locator("input[type=file]").set_input_files(
            {"name": "setup.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
        )
        page.get_by_test_id("stFileChipIconError").wait_for()
        assert "This file is not taken" in box.evaluate(told)
        page.get_by_test_id("stFileChipDeleteBtn").get_by_role("button").click()
        files = [VALMONT / name for name in (*RESULTS, "contours_2024.geojson")]
        page.locator("input[type=file]").set_input_files(files)
        page.get_by_text("What each file is").wait_for()
        page.get_by_role("textbox", name="Name of the place").fill("Déposés navigateur")
        page.keyboard.press("Enter")
        page.get_by_text(f"workspaces/{place.name}").first.wait_for()
        settle(page)
        page.get_by_role("button", name="Read these files").click()
        page.get_by_text(f"“{place.name}” was read in").wait_for(timeout=60_000)
        settle(page)
        assert page.get_by_text("What was left out, and why").is_visible()
        # Nothing hangs over the edge of the phone.
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not visit.outside
        assert not visit.errors
        visit.leave()
        assert Workspace(place).manifest["tables"]["bureaux"]["rows"] == 48
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.skipif(not (DATA / "paris").is_dir(), reason="the shared data are not there")
def test_files_of_paris_are_known_for_what_they_are(page):
    give(page, DATA / "paris", name="paris", places="75056")
    roles = {e.key.rpartition("/")[2]: e.value for e in page.selectbox if "role." in (e.key or "")}
    assert {name: role for name, role in roles.items() if role != "unused"} == {
        "adresses-75.csv.gz": "addresses",
        "bureaux-de-votes-2017.csv": "reu_bureaux",
        "bureaux_2012.geojson": "contours",
        "bureaux_2026.geojson": "contours",
        "candidats_results.csv": "candidats_results",
        "electeurs_par_adresse_2012.csv": "electors",
        "general_results.csv": "general_results",
        "iris_contours.geojson": "quarters",
        "secteurs-des-bureaux-de-vote-2017.geojson": "contours",
        "street_graph.txt": "streets",
    }
    years = {e.value for e in page.number_input if "year." in (e.key or "")}
    assert years == {2012, 2017, 2026}
    assert not page.button(key=f"{FORM}.read").disabled
