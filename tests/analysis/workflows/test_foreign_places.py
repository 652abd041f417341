"""Germany and a US county, from column map to ranked export, as docs/any_terrain.md has it."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.charts.chart_words import short_name
from analysis.charts.map_ground import OPENSTREETMAP
from analysis.cli.main import main
from analysis.errors import DataError
from analysis.sample.abroad import write_abroad
from analysis.vocabulary import speak, speaking
from analysis.workflows.base_maps import tiles_of
from analysis.workflows.build import Inputs, build
from analysis.workflows.director import brief_of
from analysis.workflows.director_words import heading, last_time
from analysis.workflows.ranking import target_of

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "any_terrain.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 28)
COMMANDS = re.search(r"^```sh run\n(.*?)^```$", PAGE, re.M | re.S)[1].splitlines()


@pytest.fixture(autouse=True)
def _french_words_afterwards():
    yield
    speak(None)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the commands of the page in an empty folder."""
    folder = tmp_path_factory.mktemp("abroad")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in COMMANDS:
            with pytest.raises(SystemExit) as end:
                main(shlex.split(line)[3:])
            assert end.value.code == 0, line
    speak(None)
    return folder


def made(folder, place, seed=2027):
    return write_abroad(place, folder, seed=seed)


def edit(file, old, new, count=-1):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, count), encoding="utf-8")


@pytest.mark.parametrize("place", ["waldau", "cedar"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, place):
    def digests(name, seed):
        made(tmp_path / name, place, seed)
        return {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted((tmp_path / name).iterdir())
        }

    assert digests("a", 1) == digests("b", 1)
    other = digests("c", 2)
    assert {n for n, d in digests("a", 1).items() if d == other[n]} == {
        f"{place}.toml",
        "wahlbezirke.geojson" if place == "waldau" else "precincts.geojson",
    }


@pytest.mark.parametrize("place", ["waldau", "cedar"])
def test_pieces_of_maps_on_the_page_are_those_of_the_maps(place):
    text = (ROOT / "analysis" / "sample" / "data" / f"{place}.toml").read_text(encoding="utf-8")
    pieces = re.findall(rf"^```toml {place}\n(.*?)^```$", PAGE, re.M | re.S)
    assert pieces
    for line in "".join(pieces).splitlines():
        assert line in text


def counted(file, start):
    """Read a file of the Bundeswahlleiterin by its columns, without the reader."""
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.reader(lines, delimiter=";"))
    at = next(n for n, row in enumerate(rows) if row[:1] == [start])
    return pd.DataFrame(rows[at + 1 :], columns=rows[at])


def test_the_german_town_has_every_district_and_tells_its_postal_ballots(ran):
    raw = counted(ran / "waldau" / "btw25_wbz_ergebnisse.csv", "Wahlkreis")
    urn = raw[raw["Bezirksart"] == "0"]
    manifest = json.loads((ran / "ws/waldau/manifest.json").read_text())
    told = manifest["elections"]
    assert set(told) == {"2021_zweit_t1", "2025_erst_t1", "2025_zweit_t1"}
    for kind, vote in (("erst", "Erststimmen"), ("zweit", "Zweitstimmen")):
        row = told[f"2025_{kind}_t1"]
        assert row["bureaux"] == 24
        assert row["registered"] == urn["Wahlberechtigte ohne Sperrvermerk (A1)"].astype(int).sum()
        assert row["ballots"] == urn["Wählende (B)"].astype(int).sum()
        assert row["valid"] == urn[f"Gültige - {vote}"].astype(int).sum()
        assert row["left_out"] == {"votes without registered (postal ballots)": 3}
    post = raw[raw["Bezirksart"] == "5"]["Wählende (B)"].astype(int).sum()
    assert f"{post} ballots of 3 unit(s) without registered" in str(manifest["sources"])
    votes = pd.read_parquet(ran / "ws/waldau/votes.parquet")
    green = votes[(votes["election_id"] == "2025_zweit_t1") & (votes["candidate_id"] == "GRÜNE")]
    assert green["votes"].sum() == urn["GRÜNE - Zweitstimmen"].astype(int).sum()
    assert set(votes["bureau_id"].astype(str).str.split("_").str[0]) == {"09162001", "09162002"}
    assert manifest["crs"] == "EPSG:32632"
    assert all(m["matched"] == 24 for m in manifest["vintages"])


def test_the_county_has_one_office_and_registered_of_another_file(ran):
    manifest = json.loads((ran / "ws/cedar/manifest.json").read_text())
    raw = pd.read_csv(ran / "cedar" / "2024__general__cedar__precinct.csv")
    turnout = pd.read_csv(ran / "cedar" / "2024_turnout_precinct.csv", thousands=",")
    mine = raw[(raw["office"] == "President") & ~raw["candidate"].str.contains("Votes")]
    row = manifest["elections"]["2024_pres_t1"]
    assert row["bureaux"] == len(turnout) == 18
    assert row["registered"] == turnout["Registered Voters"].sum()
    assert row["ballots"] == turnout["Ballots Cast"].sum()
    assert row["valid"] == mine["votes"].sum()
    assert row["left_out"] == {}
    assert manifest["crs"] == "EPSG:32615"
    assert manifest["terrain"]["currency"] == "US$"


@pytest.mark.parametrize(
    ("name", "word"),
    [("waldau_fr", "Wahlbezirk"), ("waldau_en", "Wahlbezirk")]
    + [("cedar_fr", "precinct"), ("cedar_en", "precinct")],
)
def test_exports_speak_of_the_districts_of_the_country(ran, name, word):
    if name.endswith("_fr"):
        with zipfile.ZipFile(ran / f"{name}.xlsx") as book:
            text = " ".join(book.read(n).decode() for n in book.namelist() if n.endswith(".xml"))
    else:
        text = (ran / f"{name}.html").read_text(encoding="utf-8")
    # The account of where the file comes from quotes the planner's sources word for word.
    text = re.sub(r"\{[^{}]*\"source\"[^{}]*\}", "", text)
    text = re.sub(r"&quot;source&quot;.*?&quot;unit&quot;|\"source\": ?\"[^\"]*\"", "", text)
    shown = re.findall(r">([^<>{}]+)<", text)
    assert any(word in piece for piece in shown) or word in text
    french = [p for p in shown if re.search(r"\b(bureaux?( de vote)?|INSEE)\b", p) and len(p) < 300]
    assert [p for p in french if p.strip() != "bureaux"] == []


@pytest.mark.parametrize(
    ("place", "asked", "days", "headings"),
    [
        (
            "cedar",
            ("right", "2028_pres_t1"),
            (date(2028, 11, 7) - DAY).days,
            {
                "en": "Cedar · Republicans · President of the United States 2028",
                "fr": "Cedar · Républicains · Présidentielle des États-Unis 2028",
            },
        ),
        (
            "waldau",
            ("left", "2029_zweit_t1"),
            (date(2029, 2, 25) - DAY).days,
            {
                "en": "Waldau · Left (SPD, Greens, Linke) · Bundestag, second vote 2029",
                "fr": "Waldau · Gauche (SPD, Grüne, Linke) · Bundestag, seconde voix 2029",
            },
        ),
    ],
)
def test_the_first_page_names_election_bloc_and_day_as_the_country_does(
    ran, place, asked, days, headings
):
    folder = ran / "ws" / place
    found = brief_of(folder, {"bloc": asked[0], "election": asked[1], "hours": 100}, day=DAY)
    assert found.days_left == days
    told = json.loads((folder / "manifest.json").read_text())["terrain"]
    with speaking(told):
        assert {language: heading(found, language) for language in headings} == headings
        last = last_time(found, "en")
        assert not re.search(r"\b(ahead of|to pass) (left|right|centre)\b|round 1", last)
        kind = asked[1].split("_")[1]
        assert "_" not in short_name(kind, "fr")
        assert max(map(len, short_name(kind, "fr").splitlines())) <= 14
    assert short_name("pres", "fr") == "prés."


def test_the_election_to_come_is_of_the_calendar_of_the_country(tmp_path):
    place = build(Inputs(terrain=made(tmp_path / "in", "cedar")), tmp_path / "ws")
    coming = target_of(place, "2028_pres_t1")
    assert (coming.date.isoformat()[:10], coming.round) == ("2028-11-07", 1)
    with pytest.raises(DataError, match="does not name an election"):
        target_of(place, "2028_gov_t1")


def test_an_empty_cell_of_registered_is_no_fault_of_a_postal_district(tmp_path):
    column_map = made(tmp_path, "waldau")
    for year in ("21", "25"):
        edit(tmp_path / f"btw{year}_wbz_ergebnisse.csv", ";5;0;0;0;0;", ";5;;;;;")
    place = build(Inputs(terrain=column_map), tmp_path / "ws")
    assert place.manifest["elections"]["2025_zweit_t1"]["bureaux"] == 24
    # Its commune, 09162001, has the digits of one in the Ariège.
    assert tiles_of(place) == OPENSTREETMAP
    edit(column_map, 'postal = {Bezirksart = "5"}', "")
    with pytest.raises(DataError, match="missing or no whole number"):
        build(Inputs(terrain=column_map), tmp_path / "ws2")


def test_a_precinct_twice_or_lacking_in_the_file_of_registered_is_named(tmp_path):
    column_map = made(tmp_path, "cedar")
    file = tmp_path / "2024_turnout_precinct.csv"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole + "Cedar,01-A,99,9\r\n", encoding="utf-8")
    with pytest.raises(DataError, match="has units twice: Cedar_01-A"):
        build(Inputs(terrain=column_map), tmp_path / "ws")
    lines = whole.splitlines(keepends=True)
    file.write_text("".join(lines[:1] + lines[3:]), encoding="utf-8")
    with pytest.raises(DataError, match="2 of 18 units .*: Cedar_01-A, Cedar_01-B"):
        build(Inputs(terrain=column_map), tmp_path / "ws")
    # One is a slip: it is left out by name. A precinct without results is counted.
    file.write_text("".join(lines[:1] + lines[2:]) + 'Cedar,99-Z,"1,000",9\r\n', encoding="utf-8")
    place = build(Inputs(terrain=column_map), tmp_path / "ws")
    assert place.manifest["elections"]["2024_pres_t1"]["bureaux"] == 17
    assert "Cedar_01-A" in str(place.manifest["sources"])
    assert "Cedar_99-Z" in str(place.manifest["sources"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('unit = "precinct"\nunits', 'units = 3\nunit = "precinct"\nx', "wrong|unknown"),
        ('id = "2028_pres_t1"', 'id = "2028"', "does not say year, kind and round"),
        ('left = {fr = "Démocrates", en', 'left = {de = "x", en', "unknown key"),
        ('ballots = "Ballots Cast"\n', "", "lacks ballots"),
        ('registered = "Registered Voters"', 'registered = "Voters"', "lacks column"),
    ],
)
def test_slips_of_the_map_are_named(tmp_path, old, new, says):
    column_map = made(tmp_path, "cedar")
    edit(column_map, old, new, 1)
    with pytest.raises(DataError, match=says):
        build(Inputs(terrain=column_map), tmp_path / "ws")


def test_there_is_no_other_sample_place(tmp_path):
    with pytest.raises(DataError, match="no sample place"):
        made(tmp_path, "atlantis")


def test_registered_per_address_without_addresses_are_refused_beside_contours(tmp_path):
    column_map = made(tmp_path, "cedar")
    inputs = Inputs(
        terrain=column_map,
        contours={2024: tmp_path / "precincts.geojson"},
        electors=tmp_path / "electors.csv",
    )
    with pytest.raises(DataError, match=r"need the addresses[\s\S]*electors.csv[\s\S]*--addresses"):
        build(inputs, tmp_path / "ws")
