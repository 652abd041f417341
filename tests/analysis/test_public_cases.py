"""Small files made after public complaints (`../shared/cases`), each built to its right value."""

from __future__ import annotations

import contextlib
import shutil
from datetime import date

import pandas as pd
import pytest

from analysis.cli import main
from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.unit_files import read_units
from analysis.turf.planning import Plan
from analysis.workflows.build import build
from analysis.workflows.build_inputs import Given, inputs_of
from analysis.workflows.impact import estimate
from analysis.workflows.turf_output import turfs_to_folder
from analysis.workflows.turfs import Ask
from tests.made import ROOT

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not there")


def built(folder, case, *, leave_out=False, **files):
    """Build a case: names of files stand for those of its folder."""
    at = CASES / case
    if "terrain" not in files and "raw" not in files and "results" not in files:
        files["results"] = ("general.csv", "cand.csv")
    given = {
        name: tuple(at / one for one in names) if isinstance(names, tuple) else at / names
        for name, names in files.items()
        if name in {"results", "terrain", "addresses", "electors"}
    }
    if "raw" in files:
        given["raw"] = tuple(f"{election}={at / file}" for election, file in files["raw"])
    if "contours" in files:
        given |= {"contours": (at / files["contours"],), "vintages": (files.get("vintage", 2024),)}
    given |= {"places": files.get("places", ()), "leave_out": leave_out}
    return build(inputs_of(Given(**given)), folder / "ws")


def counted(place, election):
    row = place.manifest["elections"][election]
    return row["bureaux"], row["registered"]


def told(place):
    return str(place.manifest["sources"])


RIGHT = {
    "total_row": ({"terrain": "map.toml"}, "2026_muni_t1", (2, 2200), "Total scrutin"),
    "total_row_raw": (
        {"raw": (("2022_pres_t1", "r.txt"),), "places": ("99900",)},
        "2022_pres_t1", (2, 1500), "99900_TOTAL",
    ),
    "terrain_postal": ({"terrain": "map.toml"}, "2021_btw_t1", (2, 2000), "820 ballots of 2 unit"),
    "terrain_over100": ({"terrain": "map.toml"}, "2018_gen_t1", (2, 2500), "nh-like_2"),
    "commune_nouvelle": ({}, "2017_pres_t1", (4, 4030), "2300 registered before, 4030"),
    "muni_plurinominal": ({}, "2020_muni_t1", (3, 1780), "ballots that name several candidates"),
    "degrees_as_metres": (
        {"contours": "contours.geojson", "vintage": 2012}, "2022_pres_t1", (3, 2400),
        "its coordinates are degrees",
    ),
    "toulouse_column": (
        {"contours": "contours.geojson", "places": ("31999",)}, "2022_pres_t1", (3, 2400), ""
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    RIGHT,
)
def test_a_case_is_read_to_its_right_value(tmp_path, case):
    files, election, right, says = RIGHT[case]
    place = built(tmp_path, case, **files)
    assert counted(place, election) == right
    assert says in told(place)
    if "contours" in files:
        assert place.read("bureaux")["bureau_id"].nunique() == right[0]
        (match,) = [m for m in place.manifest["vintages"] if m["chosen"]]
        assert match["matched"] == right[0]


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_raw_files_each_loses_its_own_rows_and_never_more_than_it_has(tmp_path, order):
    """Villages that choose names beside a town of lists; the other file lost nothing."""
    head = (
        "Code du département;Libellé du département;Code de la commune;Libellé de la commune;"
        "Code du b.vote;Inscrits;Abstentions;Votants;Blancs;Nuls;Exprimés;N°Panneau;Nuance;Sexe;"
        "Nom;Prénom;Liste;Voix"
    )
    names = ";".join(f"{n};;M;NOM{n};Jean;;{30 + n}" for n in range(1, 10))
    lists = "1;LDVD;M;DURAND;Louis;AVENIR;55;2;LDVG;F;PETIT;Anne;ENSEMBLE;45"
    town = f"48;Lozère;095;Mende;0001;200;90;110;5;5;100;{lists}"
    village = f"48;Lozère;098;Molezon;0001;89;27;62;1;2;59;{names}"
    raw = []
    for election, rows in (("2020_muni_t1", [head, town, village]), ("2020_muni_t2", [head, town])):
        (file := tmp_path / f"{election}.txt").write_text("\n".join(rows) + "\n", encoding="cp1252")
        raw.append(f"{election}={file}")
    place = build(inputs_of(Given(raw=tuple(raw[::order]))), tmp_path / "ws")
    accounts = {one["source"]["role"]: one for one in place.manifest["sources"]}
    first, second = accounts["results 2020_muni_t1"], accounts["results 2020_muni_t2"]
    assert (first["rows_read"], first["rows_kept"]) == (2, 1)
    assert [one["count"] for one in first["left_out"]] == [1]
    assert (second["rows_read"], second["rows_kept"], second["left_out"]) == (1, 1, [])


@pytest.mark.parametrize("file", ["pres2022.csv", "macroman.csv", "macline_utf8.csv", "utf16.csv"])
def test_any_encoding_of_a_raw_file_is_read(tmp_path, file):
    place = built(tmp_path, "raw_cp850", raw=(("2022_pres_t1", file),))
    assert counted(place, "2022_pres_t1") == (1, 1000)
    votes = place.read("candidates").set_index("name")["votes"]
    assert votes.filter(like="MÉLÈZE").tolist() == [300]
    assert votes.filter(like="CHÊNE").tolist() == [285]
    assert place.read("places")["name"].tolist() == ["Pré-Fleuri"]


@pytest.mark.parametrize("file", ["semicolon.txt", "tab.txt", "patched.txt"])
def test_a_header_spelt_otherwise_and_tabs_are_read(tmp_path, file):
    place = built(tmp_path, "raw_muni2020", raw=(("2020_muni_t1", file),))
    assert counted(place, "2020_muni_t1") == (1, 1000)
    votes = place.read("candidates").set_index("nuance")["votes"].to_dict()
    assert votes == {"LDVG": 300, "LDVD": 285}


def test_two_votes_of_one_day_are_told(tmp_path):
    with pytest.raises(DataError, match="two votes of one day"):
        built(tmp_path, "same_day_two_votes")


def test_several_offices_are_told_and_the_way_out_works(tmp_path):
    with pytest.raises(DataError, match=r"several offices[\s\S]*election.only"):
        built(tmp_path, "terrain_us_long", terrain="map.toml")
    at = CASES / "terrain_us_long"
    text = (at / "map.toml").read_text()
    only = 'votes = "votes"\nonly = {office = "Governor"}\nwithout = ["Over Votes", "Under Votes"]'
    (tmp_path / "map.toml").write_text(text.replace('votes = "votes"', only))
    (tmp_path / "r.csv").write_bytes((at / "r.csv").read_bytes())
    place = build(inputs_of(Given(terrain=tmp_path / "map.toml")), tmp_path / "ws")
    assert counted(place, "2018_gov_t1") == (2, 2900)
    assert place.manifest["elections"]["2018_gov_t1"]["valid"] == 880 + 690


def test_precincts_without_registered_are_named_and_can_be_left_out(tmp_path):
    with pytest.raises(DataError, match="comal-like_104, comal-like_107"):
        built(tmp_path, "terrain_missing_registered", terrain="map.toml")
    place = built(tmp_path, "terrain_missing_registered", terrain="map.toml", leave_out=True)
    assert counted(place, "2018_gen_t1") == (2, 3100)


def test_a_polygon_that_one_repair_leaves_invalid_keeps_its_area(tmp_path):
    place = built(tmp_path, "repair_leaves_invalid", contours="contours.geojson", places=("69999",))
    bureaux = place.read("bureaux").set_index("bureau_id")
    assert bureaux.geometry.is_valid.all()
    assert bureaux.area["69999_0001"] == pytest.approx(20_345, abs=1)
    assert "repaired" in told(place)


VALMONT = ROOT / "data_samples" / "valmont"
RESULTS = (VALMONT / "general_results.csv", VALMONT / "candidats_results.csv")


def valmont(folder, case, **files):
    """Build the embedded town's results with files of a case."""
    at = CASES / case
    more = {name: at / file for name, file in files.items() if name != "contours"}
    given = Given(
        results=RESULTS,
        contours=(at / files["contours"],) if "contours" in files else (),
        vintages=(2024,) if "contours" in files else (),
        **more,
    )
    return build(inputs_of(given), folder / "ws")


def test_toponyms_are_no_addresses(tmp_path):
    place = valmont(tmp_path, "bal_99999", contours="contours.geojson", addresses="bal.csv")
    assert 99999 not in set(place.read("addresses")["number"])
    assert "a place without a number (99999)" in told(place)


def test_registered_of_one_street_name_stay_in_their_bureau_or_are_listed(tmp_path):
    place = valmont(
        tmp_path, "same_address_twice",
        contours="contours.geojson", addresses="adresses.csv", electors="electors.csv",
    )  # fmt: skip
    given = place.read("addresses")
    by = given.groupby("bureau_id", observed=True)["registered"].apply(lambda n: sorted(n.dropna()))
    assert by.to_dict() == {"99900_0001": [4, 6], "99900_0002": [40, 60]}
    assert "110 of 110 registered" in told(place)


def test_a_table_of_the_roll_given_as_addresses_is_named(tmp_path):
    with pytest.raises(DataError, match="Addresses of the electoral roll"):
        valmont(
            tmp_path, "reu_table",
            contours="../bal_99999/contours.geojson", addresses="table-adresses-reu.csv",
        )  # fmt: skip


def test_metres_stand_in_for_degrees(tmp_path):
    contours = VALMONT / "contours_2024.geojson"
    place = valmont(tmp_path, "bal_xy", contours=contours, addresses="bal.csv")
    assert len(place.read("addresses")) == 3
    assert "without coordinates" not in told(place)


def test_an_island_has_turfs_of_its_own_or_is_listed(tmp_path):
    place = valmont(tmp_path, "island", contours="contours.geojson", addresses="adresses.csv")
    ask = Ask(Plan(), streets=str(CASES / "island" / "graph.txt"))
    walks, *_ = turfs_to_folder(
        place.path, CASES / "island" / "t.csv", ask, tmp_path / "o", sheets=None
    )
    at = place.read("addresses").set_index("address_id")
    north = at.geometry.y > at.geometry.y.mean()
    bank = walks.turfs["address_id"].map(north)
    assert bank.groupby(walks.turfs["turf_id"]).nunique().eq(1).all()
    assert set(walks.turfs["address_id"]) | set(walks.uncut["address_id"]) == set(at.index)
    assert set(bank) == {True, False} or walks.uncut["reason"].str.contains("unreachable").all()


@pytest.mark.parametrize(
    ("file", "assigned", "outcome", "itt"),
    [
        # 60 bureaux of a French spreadsheet; means .4991 of the treated, .5669 of the controls.
        ("excel_fr.csv", "traite", "part", -0.0679),
        ("percent.csv", "traite", "part", -0.0679),
        # 58 of 190 treated are lost; .3788 of the others, .2952 of the controls.
        ("attrition.csv", "t", "v", 0.0835),
    ],
)
def test_units_of_a_spreadsheet_give_the_difference_of_their_means(file, assigned, outcome, itt):
    units = read_units(CASES / "impact" / file)
    impact = estimate(units, Spec(assigned=assigned, outcomes=(outcome,)), None)
    (found,) = impact.estimates
    assert found.value == pytest.approx(itt, abs=5e-5)


def test_arms_that_are_words_are_named_with_the_way_out():
    units = read_units(CASES / "impact" / "ggl_like.csv")
    with pytest.raises(DataError, match=r"0 \(control\) or 1 \(treated\)[\s\S]*Neighbors"):
        estimate(units, Spec(assigned="treatment", outcomes=("voted",)), None)


@pytest.fixture
def returns(tmp_path, valmont, capsys):
    """Open a campaign that has the turf the sheets of a case are of; call `returns` in it."""
    place = tmp_path / "place"
    shutil.copytree(valmont.path, place)

    def run(action, *words):
        with contextlib.suppress(SystemExit):
            main.main(["returns", action, "--workspace", str(place), *map(str, words)])
        said = capsys.readouterr()
        return said.out + said.err

    run("campaign", "--starts", "2026-02-01", "--ends", "2026-03-14")
    sheet = CASES / "returns_past_clock" / "past_clock.csv"
    told = pd.read_csv(sheet, sep=";", dtype=str, encoding="utf-8-sig")
    turf = {
        "turf_id": told["secteur"], "stop": told["arret"], "address_id": told["adresse_id"],
        "bureau_id": told["adresse_id"].str[:10], "latitude": 48.68, "longitude": 4.23,
        "dwellings": told["logements"], "minutes": 13.75, "walk_m": 0, "street": told["rue"],
        "number": told["numero"], "suffix": "", "side": "odd", "door_from": 1, "door_to": 12,
        "dwellings_of_building": told["logements"], "dwellings_from": "registered", "label": "",
    }  # fmt: skip
    pd.DataFrame(turf).to_csv(tmp_path / "turfs.csv", index=False)
    assert run("turfs", tmp_path / "turfs.csv") == "1 turfs registered.\n"
    # The token is of the campaign that printed the sheet, which is not this one.
    token = told["jeton"].iloc[0]
    text = sheet.read_text(encoding="utf-8-sig").replace(token, "")
    (tmp_path / "sheet.csv").write_text(text, encoding="utf-8")
    return run


@pytest.mark.parametrize("day", ["12/02/2016", "31/01/2026"])
def test_a_clock_set_back_is_flagged_and_counts_in_nothing(returns, tmp_path, day):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("12/02/2016", day))
    assert "9 new, 0 already in" in returns("import", sheet)
    said = returns("progress", "--today", "2026-02-12")
    assert "0 doors, 0 conversations (no share yet), 36 doors planned" in said
    flag = returns("list").splitlines()[-1].split()
    assert flag[:4] == ["VTPP-001", pd.to_datetime(day, dayfirst=True).date().isoformat(),
                        "before_start", "9"]  # fmt: skip


def test_returns_of_days_to_come_are_refused_by_their_day(returns, tmp_path):
    ahead = date(date.today().year + 1, 2, 12)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("12/02/2016", f"{ahead:%d/%m/%Y}"))
    assert f"{ahead.isoformat()}" in returns("import", sheet)
    assert "0 doors, 0 conversations" in returns("progress", "--today", "2026-02-12")


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("dates_2digit.csv", "line 2: '12/02/26', line 3: '12/02/26', line 4: '12/02/26'"),
        ("outcome_layout.csv", "line 2: '12/02/26'"),
    ],
)
def test_a_day_of_two_digits_is_named_as_the_sheet_has_it(returns, file, where):
    said = returns("import", CASES / "returns_messages" / file)
    assert where in said
    assert "Dates as 22/11/2026" in said
    assert "dtype" not in said
