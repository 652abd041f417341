"""Tests of `analysis.readers.column_map`, on the example of docs/any_terrain.md itself."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.column_map import read_terrain
from analysis.readers.contours import expect_known, read_contours
from analysis.readers.results import assemble

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "any_terrain.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+\.\w+)\n(.*?)^```$", PAGE, re.M | re.S))
MAP, WIDE, LONG = "eupenau.toml", "wahl_2019.csv", "wahl_2024.csv"


@pytest.fixture
def folder(tmp_path):
    """Write the files of the page beside one another."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def results(terrain):
    return assemble(terrain.raw, terrain.blocs, terrain.dated)


def test_the_page_holds_every_file_it_speaks_of():
    assert set(FILES) == {MAP, WIDE, LONG, "bezirke.geojson"}


def test_the_example_of_the_page_becomes_canonical_tables(folder):
    terrain = read_terrain(folder / MAP)
    tables = results(terrain)
    assert terrain.name == "Eupenau"
    assert terrain.dated("2019_muni_t1").date == datetime(2019, 5, 26)
    assert tables.elections["election_id"].tolist() == ["2019_muni_t1", "2024_muni_t1"]
    sums = tables.turnout.groupby("election_id", observed=True)[["registered", "ballots", "valid"]]
    # The file's own row of totals; those of 2024 by hand.
    assert sums.sum().to_numpy().tolist() == [[5014, 2771, 2730], [5062, 2743, 2710]]
    votes = tables.votes.groupby(["election_id", "candidate_id"], observed=True)["votes"].sum()
    assert votes.to_dict() == {
        ("2019_muni_t1", "SP Sozialdemokraten"): 976,
        ("2019_muni_t1", "GRÜNE"): 555,
        ("2019_muni_t1", "Liste der Mitte"): 1199,
        ("2024_muni_t1", "SP Sozialdemokraten"): 990,
        ("2024_muni_t1", "Mitte"): 1720,
    }
    assert tables.candidates.set_index("candidate_id")["bloc"].to_dict() == {
        "SP Sozialdemokraten": "left",
        "GRÜNE": "left",
        "Liste der Mitte": "",
        "Mitte": "",
    }
    assert tables.places["name"].tolist() == ["Eupenau", "Lontz"]
    assert tables.turnout["blank"].isna().all()
    assert tables.turnout["null"].notna().sum() == 5
    first = tables.reports[0]
    assert (first.rows_read, first.rows_kept) == (6, 5)
    assert [(o.reason, o.count) for o in first.left_out] == [("no unit", 1)]


def test_its_polygons_join_every_district(folder):
    terrain = read_terrain(folder / MAP)
    where = terrain.contours
    bureaux, report = read_contours(
        where.file, vintage=where.vintage, crs_metric=terrain.crs, layout=where.layout
    )
    ids = set(results(terrain).turnout["bureau_id"])
    assert set(bureaux["bureau_id"]) == ids
    expect_known(bureaux, ids, file=where.file.name)
    assert bureaux["vintage"].unique().tolist() == [2024]
    assert bureaux.area.mean() == pytest.approx(708 * 1112, rel=0.01)
    assert report.source.licence.startswith("CC BY 4.0")


def test_a_map_that_lists_no_columns_of_votes_does_not_say_where_they_are(folder):
    text = (folder / MAP).read_text(encoding="utf-8")
    begins = text.index("[election.candidates]")
    ends = text.index("[[election]]", begins)
    (folder / MAP).write_text(
        text[:begins] + "[election.candidates]\n" + text[ends:], encoding="utf-8"
    )
    with pytest.raises(DataError, match="does not say where the votes are"):
        read_terrain(folder / MAP)


def test_without_polygons_communes_or_blocs(folder):
    text = FILES[MAP].split("[geometry]")[0].replace('commune = "Gemeindeschlüssel"\n', "")
    text = text.replace('commune_name = "Gemeinde"\n', "").replace(', bloc = "left"', "")
    (folder / MAP).write_text(text, encoding="utf-8")
    # Without the commune, districts 01 and 02 come twice: said, not merged.
    with pytest.raises(DataError, match=r"more than one row[\s\S]*eupenau_01"):
        results(read_terrain(folder / MAP))
    for name in (WIDE, LONG):
        kept = [row for row in FILES[name].splitlines() if not row.startswith("63067")]
        (folder / name).write_text("\n".join(kept), encoding="utf-8")
    terrain = read_terrain(folder / MAP)
    assert terrain.contours is None
    assert terrain.blocs.empty
    assert sorted(results(terrain).turnout["bureau_id"].unique()) == [
        "eupenau_01",
        "eupenau_02",
        "eupenau_03",
    ]


def test_an_underscore_in_a_district_does_not_move_it_to_another_commune(folder):
    change(folder, WIDE, "63067;Lontz;02", "63067;Lontz;02_b")
    tables = results(read_terrain(folder / MAP))
    assert "63067_02-b" in tables.turnout["bureau_id"].tolist()


def test_an_encoding_and_decimals_that_the_map_names(folder):
    text = FILES[WIDE].replace(";1180;", ";1.180,0;")
    (folder / WIDE).write_bytes(text.encode("latin-1"))
    extra = 'file = "wahl_2019.csv"\nencoding = "latin-1"\ndecimal = ","\nthousands = "."'
    change(folder, MAP, 'file = "wahl_2019.csv"', extra)
    assert results(read_terrain(folder / MAP)).turnout["registered"].max() == 1204


def test_a_list_that_does_not_stand_in_a_district_has_no_row(folder):
    change(folder, WIDE, "433;3;430;95;85;250", "433;3;430;95;;335")
    votes = results(read_terrain(folder / MAP)).votes
    green = votes[votes["candidate_id"] == "GRÜNE"]
    assert len(green) == 4
    assert pd.Series(green["votes"]).sum() == 555 - 85


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('crs = "EPSG:32632"', 'crs = "EPSG:4326"', "does not measure in metres"),
        ('crs = "EPSG:32632"', 'crs = "EPSG:1"', "no known coordinate system"),
        ('licence = "CC', 'license = "CC', r"unknown key\(s\): license"),
        ('name = "Eupenau"\n', "", r"lacks name"),
        ('unit = "Wahlbezirk"\n', "", r"lacks unit[\s\S]*2019_muni_t1"),
        ("vintage = 2024\n", "", r"lacks vintage[\s\S]*\[geometry\]"),
        ("vintage = 2024", 'vintage = "2024"', r"wrong type[\s\S]*vintage[\s\S]*a whole number"),
        ("date = 2019-05-26", 'date = "26.5.2019"', r"wrong type[\s\S]*date = '26\.5\.2019'"),
        ("round = 1", "round = true", "wrong type"),
        ('"Grüne" = {nuance = "GRÜNE", bloc = "left"}', '"Grüne" = -1', "wrong type"),
        ('"Grüne" = {nuance = "GRÜNE", bloc = "left"}', '"Grüne" = ""', "wrong type"),
        ('unit = "Wahlbezirk"', "unit = []", "wrong type"),
        ('unit = "Wahlbezirk"', "unit = [[1]]", "wrong type"),
        ('file = "wahl_2019.csv"', f'file = "{"é" * 3000}"', "no such file"),
        ('file = "wahl_2019.csv"', 'file = "a\\u0000.csv"', "no such file"),
        ('id = "2019_muni_t1"', 'id = "Gemeinderat"', "does not say year, kind and round"),
        ('kind = "muni"', 'kind = "regi"', "does not say year, kind and round"),
        ('id = "2024_muni_t1"', 'id = "2019_muni_t1"', "the same id"),
        ('votes = "Stimmen"\n', 'blank = "Stimmen"\n', "lacks column|votes are"),
        ('registered = "Wahlberechtigte"', 'registered = "Inscrits"', r"lacks column.*Inscrits"),
        ('"Mitte" =', '"Mitten" =', r"lacks column.*Mitten"),
        ('"Grüne" = {nuance', '"Grüne" = {parti', r"unknown key\(s\): parti[\s\S]*candidate Grüne"),
        ('delimiter = ","', 'delimiter = "|"', r"lacks column[\s\S]*check the delimiter"),
        ('file = "wahl_2019.csv"', 'file = "absent.csv"', "cannot be read as the column map says"),
        ('unit = "Wahlbezirk"', 'unit = "Wahlbezirk"\nencoding = "klingon"', "cannot be read as"),
        ("[terrain]", "[terrain", "column map cannot be read"),
        (', bloc = "left"}\n"Grüne"', ', bloc = "right"}\n"Grüne"', None),
    ],
)
def test_a_slip_in_the_map_is_named(folder, old, new, says):
    change(folder, MAP, old, new)
    if says is None:
        # Two elections may well disagree on a bloc.
        assert len(results(read_terrain(folder / MAP)).candidates) == 5
        return
    with pytest.raises(DataError, match=says) as caught:
        read_terrain(folder / MAP)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Gemeinde;", "SP;", r"twice: .*SP"),
        (
            "0;433;3;430;95;85;250",
            "0;433;3\n63067;03;5",
            r"cut or damaged[\s\S]*line 6 has 6 cells",
        ),
    ],
)
def test_a_slip_in_a_file_is_named(folder, old, new, says):
    change(folder, WIDE, old, new)
    with pytest.raises(DataError, match=says) as caught:
        read_terrain(folder / MAP)
    assert caught.value.where
    assert caught.value.mend


@pytest.mark.parametrize(
    ("more", "reason", "says"),
    [
        ("63067;03;5\n", "more or fewer cells", "line 8 has 3 cells: “63067 03 5”"),
        (
            "Quelle: Statistik Eupenau\n",
            "a note",
            "line 8 has 1 cells: “Quelle: Statistik Eupenau”",
        ),
    ],
)
def test_a_note_or_one_uneven_row_is_told_and_the_others_are_read(folder, more, reason, says):
    path = folder / WIDE
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    read = results(read_terrain(folder / MAP))
    (item,) = [o for r in read.reports for o in r.left_out if reason in o.reason]
    assert (item.count, item.examples) == (1, says)
    assert (read.turnout["election_id"] == "2019_muni_t1").sum() == 5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encoding_and_delimiter_are_told_by_the_file_where_the_map_does_not(
    folder, encoding, delimiter
):
    path = folder / WIDE
    text = "Gemeinderat\n© Statistik\n\n" + path.read_text(encoding="utf-8")
    path.write_text(text.replace(";", delimiter), encoding=encoding)
    read = results(read_terrain(folder / MAP))
    assert read.turnout.groupby("election_id", observed=True)["registered"].sum().iloc[0] == 5014


def test_names_of_a_header_are_met_in_another_case_accents_and_lines(folder):
    path = folder / WIDE
    text = unicodedata.normalize("NFD", path.read_text(encoding="utf-8"))
    head, rows = text.split("\n", 1)
    head = head.upper().replace("GEMEINDE;", '"Gemeinde\n";')
    path.write_text(f"{head}\n{rows}", encoding="utf-8")
    read = results(read_terrain(folder / MAP))
    assert read.turnout.groupby("election_id", observed=True)["registered"].sum().iloc[0] == 5014


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("1180;702", "1180;hundert", "line 2: Wähler 'hundert'"),
        ("1180;702", "1180;70,2", "line 2: Wähler '70,2'"),
        ("1180;702", "-1;702", "line 2: Wahlberechtigte '-1'"),
        ("1180;702", ";702", "63023_01"),
    ],
)
def test_a_count_that_is_none_leaves_its_district_out_and_says_so(folder, old, new, says):
    change(folder, WIDE, old, new)
    read = results(read_terrain(folder / MAP))
    (item,) = [o for r in read.reports for o in r.left_out if "whole number" in o.reason]
    assert (item.count, item.examples, item.election_id) == (1, says, "2019_muni_t1")
    assert (read.turnout["election_id"] == "2019_muni_t1").sum() == 4


def test_a_column_of_something_else_is_named(folder):
    text = FILES[WIDE].replace("1180;702", "1180;70,2").replace("0;433;", "0;43,3;")
    (folder / WIDE).write_text(text, encoding="utf-8")
    change(folder, MAP, 'ballots = "Wähler"', 'ballots = "Gemeinde"')
    with pytest.raises(
        DataError, match="Column Gemeinde holds values that are not whole"
    ) as caught:
        read_terrain(folder / MAP)
    assert "line 2: Gemeinde" in caught.value.where


OFFICES = """[terrain]
name = "Sample County"
crs = "EPSG:32614"
licence = "invented"
[[election]]
id = "2018_gov_t1"
date = 2018-11-06
kind = "gov"
round = 1
file = "r.csv"
delimiter = ","
unit = "precinct"
registered = "registered"
ballots = "ballots"
candidate = "candidate"
votes = "votes"
"""


def offices(folder, more=""):
    rows = ["precinct,office,candidate,votes,registered,ballots"]
    for unit, votes in (("1", (400, 480)), ("2", (380, 420))):
        for office in ("Governor", "Senator"):
            named = zip(("Ana Oak", "Bo Pine", "Over Votes"), (*votes, 20), strict=True)
            rows += [f"{unit},{office},{name},{n},1500,900" for name, n in named]
    (folder / "r.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "us.toml").write_text(OFFICES + more, encoding="utf-8")
    return folder / "us.toml"


def test_a_file_of_several_offices_is_told_and_one_can_be_kept(tmp_path):
    with pytest.raises(DataError, match="2 units are more than their ballots") as caught:
        read_terrain(offices(tmp_path))
    assert "several offices" in caught.value.mend
    more = 'without = ["Over Votes"]\n[election.only]\noffice = "Governor"\n'
    read = results(read_terrain(offices(tmp_path, more)))
    assert read.turnout["valid"].tolist() == [880, 800]
    assert read.candidates["votes"].tolist() == [780, 900]
    left = [(o.reason, o.count) for o in read.reports[0].left_out]
    assert left == [("another office", 6), ("rows that are no candidate", 2)]
    with pytest.raises(DataError, match="No row of the file has the value") as caught:
        read_terrain(offices(tmp_path, more.replace("Governor", "Sheriff")))
    assert "Governor, Senator" in caught.value.where


def test_votes_that_do_not_sum_to_valid_are_caught_by_the_tables(folder):
    change(folder, WIDE, "690;301;140;249", "690;302;140;249")
    read = results(read_terrain(folder / MAP))
    # In the account of the file that is wrong, not of the last one.
    *_, item = read.reports[0].left_out  # the row of totals is another
    assert item.examples == "63023_01 (691 for 690 valid)"
    text = FILES[WIDE].replace("690;301;140;249", "690;302;140;249")
    text = text.replace("433;3;430;95;85;250", "433;3;430;95;85;251")
    (folder / WIDE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"do not sum to their valid ballots[\s\S]*63023_01"):
        results(read_terrain(folder / MAP))


def test_one_candidate_with_two_blocs_in_two_rounds_is_refused(folder):
    text = FILES[MAP].replace('id = "2024_muni_t1"', 'id = "2019_muni_t2"')
    head, tail = text.split('id = "2019_muni_t2"')
    tail = tail.replace("round = 1", "round = 2").replace('bloc = "left"', 'bloc = "centre"')
    (folder / MAP).write_text(f'{head}id = "2019_muni_t2"{tail}', encoding="utf-8")
    with pytest.raises(DataError, match=r"two blocs[\s\S]*Sozialdemokraten"):
        read_terrain(folder / MAP)
