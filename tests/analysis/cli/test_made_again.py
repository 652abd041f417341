"""Every kind of file the command line writes is made again byte for byte, or is said not to be."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from functools import cache

import pandas as pd
import pypdfium2
import pytest

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.power import Ask as Power
from analysis.exports.csv_account import of_no_real_place, put_account
from analysis.exports.embedded_provenance import has_column, in_xlsx
from analysis.exports.model_export import Written
from analysis.exports.registry import SUFFIXES
from analysis.exports.reports.register_pdf import register_pdf
from analysis.exports.workbook import sheets_to_xlsx
from analysis.tables.elections import Choice
from analysis.turf.planning import Plan
from analysis.workflows import impact_tables
from analysis.workflows.bare_files import refuse_bare
from analysis.workflows.impact import Question
from analysis.workflows.impact_files import impact_to_file, place_told, report_to_file
from analysis.workflows.impact_votes import Votes
from analysis.workflows.published_results import page_to_file
from analysis.workflows.ranking import rank_to_file
from analysis.workflows.reproduce import reproduce
from analysis.workflows.transfers import Asked, table_to_file, transfers_to_file
from analysis.workflows.trial_design import Promise, design_to_file, plan_to_pdf
from analysis.workflows.trial_power import past_of, power_to_file
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


@cache
def ranked(town, suffix, **written):
    """Write a ranking once in each way; files made from it lie elsewhere."""
    out = town / f"{written.get('dialect', 'cibles')}{suffix}"
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
    plan = out.with_suffix(".plan.md").read_text(encoding="utf-8")
    assert "Lieu\u00a0: Valmont (territoire fictif)." in plan
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


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".pdf"])
def test_a_place_built_from_other_copies_of_the_same_files_makes_it_again(town, tmp_path, suffix):
    file, other = ranked(town, suffix), tmp_path / "valmont"
    shutil.copytree(town / "valmont", other)
    manifest = json.loads((other / "manifest.json").read_text())
    for number, report in enumerate(manifest["sources"]):
        report["source"] |= {"date": "2026-02-03", "file": f"copy ({number}).csv"}
    (other / "manifest.json").write_text(json.dumps(manifest))
    assert reproduce(file, other).identical
    # Bytes of another file are another source, whatever its tables came to.
    manifest["sources"][0]["source"]["sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(manifest))
    assert not reproduce(file, other).same


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


def text_of(file):
    """Return what people and programs read in a file, packed or not."""
    content = file.read_bytes()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    text = content.decode("utf-8", "replace")
    if content.startswith(b"%PDF-"):
        pages = pypdfium2.PdfDocument(content)
        text += "".join(page.get_textpage().get_text_range() for page in pages)
    return text


def says_invented(file):
    """Tell whether a file says it, in it or in what stands beside it."""
    plain = re.search(r'[Ff]icti(f|onal) |"fictional": true|fictif\)|place\)', text_of(file))
    return bool(plain) or of_no_real_place(file)


def credited(file):
    """Return who is named in a file as the source of real data."""
    # An assumption of the ranking has a source of its own, which is real.
    text = re.sub(r"main homes \\?\(INSEE", "", text_of(file))
    return set(re.findall(r"INSEE|Licence Ouverte|Etalab|OpenStreetMap|ODbL", text))


@pytest.fixture(scope="module")
def all_written(town):
    """Write every kind of file of the command line that is of the embedded town."""
    place, out = town / "valmont", town / "all"
    out.mkdir()
    files = [ranked(town, suffix) for suffix in SUFFIXES]
    files += [*town.glob("*-metadata.json"), ranked(town, ".csv", dialect="plain+provenance")]
    for file in files:
        shutil.copy(file, out)
    units = out / "cibles.csv"
    rule, promise = Rule("gain_per_hour", unit="bureau_id"), Promise(language="en")
    design_to_file(units, rule, promise, seed=3, out=out / "essai.csv")
    plan_to_pdf(out / "essai.csv", "en")
    asked = Asked(place, ("2022_pres_t1", "2022_pres_t2"))
    found = transfers_to_file(asked, out / "reports.csv").found
    for suffix in (".md", ".tex", ".xlsx", ".parquet"):
        table_to_file(asked, found, out / f"reports_table{suffix}", Written())
    votes = Votes(place, ("2024_legi_t1",), {"left": Choice("left")})
    question = Question(out / "essai.csv", Spec(()), seal=out / "essai.seal.json", votes=votes)
    answer = impact_to_file(question, out / "effet.json")
    for suffix in (".html", ".pdf"):
        told = place_told(question, "fr")
        report_to_file(answer, out / f"effet{suffix}", "fr", **told)
        assert "Valmont" in told["title"]
    for suffix in (".md", ".xlsx", ".csv"):
        table = out / f"effet_table{suffix}"
        impact_tables.table_to_file(answer.impact, question, table, "estimates", Written())
    page_to_file(place, "2024_legi_t1", out / "resultats.html")
    curve = Power((), draws=20, sizes=(20,))
    for suffix in (".csv", ".json"):
        past = past_of(place, "2024_legi_t1", ["left"])
        power_to_file(units, rule, curve, seed=1, out=out / f"vue{suffix}", past=past)
    turfs_to_folder(place, units, Ask(Plan(teams=2)), out / "secteurs", sheets={"language": "en"})
    return out


def test_every_file_of_an_invented_town_says_so(all_written):
    files = [file for file in all_written.rglob("*") if file.is_file()]
    assert len({file.suffix for file in files}) == 12
    # What was asked of a cut is a wish, not data.
    silent = [f.name for f in files if f.name != "order.json" and not says_invented(f)]
    assert silent == []


def test_nobody_is_credited_with_what_is_invented(all_written):
    files = [file for file in all_written.rglob("*") if file.is_file()]
    assert {file.name: found for file in files if (found := credited(file))} == {}


def test_no_file_tells_how_a_disk_is_arranged(all_written, town):
    files = [file for file in all_written.rglob("*") if file.is_file()]
    assert [file.name for file in files if str(town).encode() in file.read_bytes()] == []


def test_a_file_of_a_real_place_is_not_called_invented(tmp_path):
    (tmp_path / "units.csv").write_text("bureau_id,gain\n75056_0101,1\n")
    assert not of_no_real_place(tmp_path / "units.csv")
    told = put_account(tmp_path / "units.csv", "result", language="fr")
    assert not of_no_real_place(tmp_path / "units.csv")
    assert "fictif" not in told.read_text(encoding="utf-8")
    assert "Run the command again" in refused(tmp_path / "units.csv")
