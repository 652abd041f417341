"""Every kind of file the command line writes is made again byte for byte, or is said not to be."""

from __future__ import annotations

import shutil
import zipfile

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.drawing_rule import Rule
from analysis.exports.embedded_provenance import has_column, in_xlsx
from analysis.exports.model_export import Written
from analysis.exports.registry import SUFFIXES
from analysis.exports.reports.register_pdf import register_pdf
from analysis.exports.workbook import sheets_to_xlsx
from analysis.tables.workspace import Workspace
from analysis.turf.planning import Plan
from analysis.workflows.bare_files import refuse_bare
from analysis.workflows.ranking import rank_to_file
from analysis.workflows.reproduce import reproduce
from analysis.workflows.transfers import Asked, table_to_file, transfers_to_file
from analysis.workflows.trial_design import Promise, design_to_file, plan_to_pdf
from analysis.workflows.turf_output import TABLES, turfs_to_folder
from analysis.workflows.turfs import Ask
from tests.made import ROOT

ASKED = {"election": "2027_pres_t1", "bloc": "left", "hours": 60.0, "draws": 50}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Return a copy of the embedded town, in a folder beside which files are written."""
    folder = tmp_path_factory.mktemp("again")
    bare = shutil.ignore_patterns("fieldwork", "turfs", "trials")
    shutil.copytree(ROOT / "workspaces" / "valmont", folder / "valmont", ignore=bare)
    return folder


def ranked(town, suffix, **written):
    out = town / f"cibles{suffix}"
    asked = {name: value for name, value in ASKED.items() if name != "draws"}
    rank_to_file(town / "valmont", out, asked, **written)
    return out


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_ranking_is_made_again(town, suffix):
    file = ranked(town, suffix)
    assert reproduce(file).identical
    # Nothing in it tells how the disk of its maker is arranged.
    assert str(town).encode() not in file.read_bytes()


@pytest.mark.parametrize("dialect", ["plain+provenance", "excel_fr+provenance"])
def test_a_csv_that_is_one_file_is_made_again(town, dialect):
    assert reproduce(ranked(town, ".csv", dialect=dialect)).identical


def test_what_stands_beside_a_csv_is_made_again(town):
    file = ranked(town, ".csv")
    assert reproduce(file.with_name("cibles.csv-metadata.json")).identical


def refused(file):
    with pytest.raises(DataError, match="not made again from themselves") as caught:
        reproduce(file)
    return str(caught.value)


def test_tables_of_turfs_are_cut_again_and_sheets_are_said_not_to_be(town):
    out, place = town / "secteurs", town / "valmont"
    turfs_to_folder(place, ranked(town, ".csv"), Ask(Plan(teams=2)), out, sheets={})
    written = [file for file in out.rglob("*") if file.is_file()]
    assert len({file.suffix for file in written}) == 8
    tables = [file for file in written if file.name in TABLES]
    assert [reproduce(file, place).identical for file in tables] == [True] * 3
    assert all("Cut the turfs again" in refused(file) for file in written if file not in tables)
    # Where the place lies now nobody wrote down.
    with pytest.raises(DataError, match="where its workspace lies"):
        reproduce(out / "turfs.csv")
    rows = (out / "turfs.csv").read_text(encoding="utf-8")
    (out / "turfs.csv").write_text(rows.replace(",1,", ",2,", 1), encoding="utf-8")
    assert not reproduce(out / "turfs.csv", place).same
    (out / "edits.jsonl").touch()
    with pytest.raises(DataError, match="changed by hand"):
        reproduce(out / "uncut.csv", place)


def test_a_trial_is_said_to_be_verified(town):
    # A column that says where a ranking came from is not copied into what it does not describe.
    units = ranked(town, ".csv", dialect="plain+provenance")
    out = town / "essai.csv"
    design_to_file(units, Rule("gain_per_hour", unit="bureau_id"), Promise(), seed=3, out=out)
    assert "provenance" not in out.read_text(encoding="utf-8").splitlines()[0]
    assert "Lieu\u00a0: Valmont." in out.with_suffix(".plan.md").read_text(encoding="utf-8")
    files = [out, plan_to_pdf(out), out.with_suffix(".seal.json")]
    assert all("verify" in refused(file) for file in files)


def test_bare_results_are_said_to_be_run_again(town):
    (town / "power.json").write_text("{}")
    assert "Run the command again" in refused(town / "power.json")
    (town / "shares.csv").write_text("origin,share\na,1\n")
    with pytest.raises(DataError, match="running the command again"):
        reproduce(town / "shares.csv")


HEADS = {
    "answers.csv": ("question,version,level,key", "page Field"),
    "returns.csv": ("attempt_id,import_id,turf_id", "page Field"),
    "contact.csv": ("bureau_id,received,reached", "page Field"),
    "rank.moved.csv": ("bureau_id,label,rank_before", "--since"),
    "power.csv": ("outcome,units,drawn", "Run the command again"),
    "transfers.csv": ("origin,destination,votes", "Run the command again"),
    "transfers_surveys.csv": ("origin,destination,share", "Run the command again"),
    "register.md": ("# Registre des traitements (RGPD art. 30)", "duties register"),
    "reglages.toml": ("hours = 100", "somebody chose"),
    "copie.zip": ("", "restore"),
}


@pytest.mark.parametrize("name", HEADS)
def test_files_that_say_nothing_of_themselves_are_known_by_their_heading(tmp_path, name):
    head, instead = HEADS[name]
    (tmp_path / name).write_text(f"{head}\n")
    assert instead in refused(tmp_path / name)


def test_one_endless_line_is_no_heading(tmp_path):
    file = tmp_path / "endless.csv"
    file.write_text("x" * 200_000, encoding="utf-8")
    refuse_bare(file)
    assert not has_column(file)


def test_a_workbook_without_properties_tells_where_it_comes_from(tmp_path):
    file = tmp_path / "bare.xlsx"
    texts = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(file, "w") as book:
        told = f"<sst {texts}><si><t>palier:{{}}</t></si></sst>"
        book.writestr("xl/sharedStrings.xml", told)
    assert in_xlsx(file) == "{}"


def test_registers_and_tables_of_answers_say_what_they_are(tmp_path):
    (tmp_path / "registre.pdf").write_bytes(register_pdf("# Registre", language="fr"))
    assert "duties register" in refused(tmp_path / "registre.pdf")
    book = sheets_to_xlsx({"all": pd.DataFrame({"question": ["q"], "n": [12]})})
    (tmp_path / "reponses.xlsx").write_bytes(book)
    assert "page Field" in refused(tmp_path / "reponses.xlsx")


def test_doors_visited_since_keep_no_other_file_from_being_made_again(town):
    asked = Asked(town / "valmont", ("2022_pres_t1", "2022_pres_t2"))
    out = town / "reports.md"
    table_to_file(asked, transfers_to_file(asked, town / "reports.csv").found, out, Written())
    rank = ranked(town, ".parquet")
    (town / "valmont" / "covered.csv").write_text("bureau_id,share\n99900_0001,0.5\n")
    try:
        assert reproduce(out, town / "valmont").identical
        with pytest.raises(DataError, match=r"covered\.csv"):
            reproduce(rank, town / "valmont")
    finally:
        (town / "valmont" / "covered.csv").unlink()


def test_every_file_of_an_invented_town_says_so(town):
    for suffix in (".html", ".kml", ".geojson", ".csv"):
        file = ranked(town, suffix)
        if suffix == ".csv":
            file = file.with_name("cibles.csv-metadata.json")
        text = file.read_text(encoding="utf-8")
        assert "Lieu fictif" in text, suffix
    assert Workspace(town / "valmont").fictional
