"""Variants of the official layouts met in the wild: read to their right value, or told."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from analysis.errors import DataError
from analysis.readers.addresses import read_addresses
from analysis.readers.aggregated import read_aggregated
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.codes import bureau_code, code_of_its_day, contour_code
from analysis.readers.contours import read_contours
from analysis.readers.electors import read_electors
from analysis.readers.glance import look
from analysis.readers.known_places import officially_spelt
from analysis.readers.openstreetmap import read_extract, read_overpass
from analysis.readers.raw_layouts import read_raw
from analysis.readers.reader_registry import reader_of, role_of
from analysis.readers.results import assemble
from analysis.readers.reu import read_roll

LAMBERT = "EPSG:2154"
PLACE = ("01004",)


def write(path, rows, *, delimiter=";", encoding="utf-8", end="\n"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_bytes((text.getvalue().removesuffix("\n") + end).encode(encoding))
    return path


def told(report):
    return {str(one.reason): (one.count, one.examples) for one in report.left_out}


# Codes

FORMULA = '="{}"'.format


@pytest.mark.parametrize(
    ("code", "right"),
    [(FORMULA("01004"), "01004"), ("2a004", "2A004"), ("za105", "97105"), (" 1004 ", "01004")],
)
def test_a_code_of_a_commune_is_read_as_spreadsheets_and_hands_write_it(code, right):
    assert code_of_its_day(code) == right
    assert bureau_code(code, FORMULA("0001")) == f"{right}_0001"


@pytest.mark.parametrize("said", ["1004_1", "1004_0001", "01004-1", FORMULA("01004_0001")])
def test_an_id_of_contours_that_lost_its_first_zero_is_read(said):
    assert contour_code(said, "01004") == "01004_0001"


# « Données des élections agrégées »

GENERAL = ["id_election", "code_departement", "code_commune", "code_bv", "inscrits", "votants"]
GENERAL += ["blancs", "nuls", "exprimes"]
VOTES = [*GENERAL[:4], "nom", "voix"]


def counted(number):
    return ["2022_pres_t1", "01", "01004", number, 900, 500, 6, 4, 490]


def voted(number, name, votes):
    return ["2022_pres_t1", "01", "01004", number, name, votes]


def aggregated(folder, change=lambda _header, rows: rows, end="\n"):
    numbers = ("0001", "0002", "0003")
    counts = [counted(n) for n in numbers]
    votes = [voted(n, *v) for n in numbers for v in (("MACRON", 300), ("LE PEN", 190))]
    general = write(folder / "general_results.csv", [GENERAL, *change(GENERAL, counts)], end=end)
    votes = write(folder / "candidats_results.csv", [VOTES, *change(VOTES, votes)], end=end)
    return assemble(read_aggregated(general, votes, places=PLACE), read_blocs(), election_of)


RIGHT = {
    "a note below": lambda _h, rows: [*rows, ["Source : ministère"]],
    "a semicolon at each end": lambda _h, rows: [[*row, ""] for row in rows],
    "codes held for Excel": lambda _h, rows: [
        [row[0], row[1], FORMULA("01004"), FORMULA(row[3]), *row[4:]] for row in rows
    ],
}


@pytest.mark.parametrize("change", RIGHT.values(), ids=RIGHT)
def test_national_files_are_read_with_notes_and_empty_ends(tmp_path, change):
    read = aggregated(tmp_path, change)
    assert read.turnout[["registered", "valid"]].sum().tolist() == [2700, 1470]
    votes = read.votes.groupby("candidate_id", observed=True)["votes"].sum()
    assert votes.to_dict() == {"MACRON": 900, "LE PEN": 570}


def test_a_note_and_a_row_that_is_too_short_are_told(tmp_path):
    read = aggregated(tmp_path, lambda _h, rows: [*rows, ["2022_pres_t1", "01"], ["Source : M."]])
    assert told(read.reports[0]) == {
        "a note, no row of the table": (1, "1 cell(s): “Source : M.”"),
        "a row with more or fewer cells than the header": (1, "2 cell(s): “2022_pres_t1;01”"),
    }
    assert read.turnout["registered"].sum() == 2700


def test_a_file_that_ends_within_a_row_is_cut(tmp_path):
    with pytest.raises(DataError, match="cut or damaged"):
        aggregated(tmp_path, lambda _h, rows: [*rows, ["2022_pres_t1", "01"]], end="")


ABOVE = {
    "as Excel says its delimiter": "sep=;\n",
    "a title": "Résultats définitifs\n",
    "a title, its source and an empty line": "Résultats, 1er tour\nSource : ministère\n\n",
    "a title among empty cells": "Résultats définitifs;;;;;;;;\n;;;;;;;;\n",
    "an empty line": "\n",
}


@pytest.mark.parametrize("above", ABOVE.values(), ids=ABOVE)
def test_lines_above_the_header_are_no_table(tmp_path, above):
    aggregated(tmp_path)
    files = [tmp_path / name for name in ("general_results.csv", "candidats_results.csv")]
    for file in files:
        rows = file.read_text(encoding="utf-8")
        file.write_text(above + rows.replace("0002;900", "0002;n/a"), encoding="utf-8")
        with file.open("rb") as opened:
            assert "id_election" in look(file.name, opened).columns
    raw = read_aggregated(*files, places=PLACE)
    assert raw.counts["registered"].sum() == 1800
    (cell,) = raw.unreadable["found"]
    assert str(cell).startswith(f"line {3 + len(above.splitlines())}:")


def test_an_election_of_a_new_kind_is_left_out_and_named(tmp_path):
    def change(_header, rows):
        return [*rows, *(["2026_metr_t1", *row[1:]] for row in rows)]

    read = aggregated(tmp_path, change)
    assert read.turnout["registered"].sum() == 2700
    assert told(read.reports[0]) == {"an election of a kind that is not known": (3, "2026_metr_t1")}
    with pytest.raises(DataError, match="2026_metr_t1” does not name an election"):
        aggregated(tmp_path, lambda _h, rows: [["2026_metr_t1", *row[1:]] for row in rows])


def test_an_election_that_the_file_of_votes_lacks_is_left_out(tmp_path):
    def change(header, rows):
        return rows if "voix" in header else [*rows, *(["2022_legi_t1", *r[1:]] for r in rows)]

    read = aggregated(tmp_path, change)
    assert set(read.turnout["election_id"]) == {"2022_pres_t1"}
    assert told(read.reports[-1]) == {"the file of votes does not hold this election": (3, "")}


def test_one_count_of_votes_below_nought_does_not_refuse_the_place(tmp_path):
    def change(header, rows):
        return [[*rows[0][:-1], -3], *rows[1:]] if "voix" in header else rows

    read = aggregated(tmp_path, change)
    votes = read.votes.groupby("candidate_id", observed=True)["votes"].sum()
    assert votes.to_dict() == {"MACRON": 900, "LE PEN": 570}
    assert any("restored" in str(note) for report in read.reports for note in report.notes)


# Raw files of the Ministry

HEAD = "Code du département;Code de la commune;Libellé de la commune;Code du b.vote;Inscrits;"
HEAD += "Votants;Blancs;Nuls;Exprimés;N°Panneau;Nom;Voix"
RAW = HEAD.split(";")


def raw(number, first):
    row = ["01", "004", "Ambérieu", number, 900, 500, 6, 4, 490]
    return [*row, 1, "MACRON", first, 2, "LE PEN", 490 - first]


@pytest.mark.parametrize(
    ("more", "count"),
    [
        (["Source : ministère de l'Intérieur"], "a note, no row of the table"),
        (["", "", "TOTAL", "", 1800, 1000, 12, 8, 980], "a row with more or fewer cells"),
        (["01", "004", "Ambérieu", "0003"], "a row with more or fewer cells"),
    ],
)
def test_one_short_row_of_a_raw_file_is_told_and_the_others_are_read(tmp_path, more, count):
    path = write(tmp_path / "t1.txt", [RAW, raw("1", 300), more, raw("2", 280)], encoding="cp1252")
    read = read_raw(path, election_id="2022_pres_t1", places=PLACE)
    assert read.counts["registered"].tolist() == [900, 900]
    (item,) = read.reports[0].left_out
    assert count in item.reason
    assert item.count == 1
    assert item.examples.startswith("line 3 has")


def test_a_readme_beside_the_table_of_a_zip_is_no_table(tmp_path):
    table = write(tmp_path / "t1.txt", [RAW, raw("1", 300)])
    with zipfile.ZipFile(tmp_path / "t1.zip", "w") as archive:
        archive.write(table, "resultats.txt")
        archive.writestr("LisezMoi.txt", "Bonjour")
    read = read_raw(tmp_path / "t1.zip", election_id="2022_pres_t1", places=PLACE)
    assert read.counts["registered"].tolist() == [900]


# Contours and what stands in them

SQUARES = [box(5.35 + 0.01 * k, 45.95, 5.36 + 0.01 * k, 45.96) for k in range(3)]
IDS = ["01004_0001", "01004_0002", "01004_0003"]


def frame(ids=IDS, shapes=SQUARES, column="codeBureauVote"):
    return gpd.GeoDataFrame({column: ids}, geometry=shapes, crs="EPSG:4326")


def contours(path):
    return read_contours(path, vintage=2022, crs_metric=LAMBERT, communes=PLACE)


def test_the_outline_of_the_commune_is_no_bureau(tmp_path):
    whole = box(5.35, 45.95, 5.38, 45.96)
    frame([*IDS, "01004_0000"], [*SQUARES, whole]).to_file(tmp_path / "c.geojson")
    bureaux, report = contours(tmp_path / "c.geojson")
    assert bureaux["bureau_id"].tolist() == IDS
    assert told(report) == {"the outline of others put together": (1, "01004_0000")}


def test_a_bureau_round_one_other_stays(tmp_path):
    ring = box(5.30, 45.90, 5.40, 46.0).difference(SQUARES[0])
    frame(IDS[:2], [SQUARES[0], ring]).to_file(tmp_path / "c.geojson")
    assert contours(tmp_path / "c.geojson")[0]["bureau_id"].tolist() == IDS[:2]


def test_a_polygon_in_the_ocean_is_told_and_does_not_move_the_map(tmp_path):
    frame(shapes=[*SQUARES[:2], box(0, 0, 0.01, 0.01)]).to_file(tmp_path / "c.geojson")
    bureaux, report = contours(tmp_path / "c.geojson")
    assert bureaux["bureau_id"].tolist() == IDS[:2]
    assert told(report) == {"lies in another part of the world": (1, "01004_0003")}


@pytest.mark.parametrize("first", ["iris", "points"])
def test_of_several_layers_that_of_the_bureaux_is_read(tmp_path, first):
    path = tmp_path / "c.gpkg"
    other = frame(["a", "b", "c"], column="iris") if first == "iris" else frame()
    if first == "points":
        other = other.set_geometry(other.to_crs(LAMBERT).centroid.to_crs("EPSG:4326"))
    other.to_file(path, layer=first)
    frame().to_file(path, layer="decoupage")
    bureaux, report = contours(path)
    assert bureaux["bureau_id"].tolist() == IDS
    assert report.notes == (f"read the layer decoupage, not {first}",)


def test_contours_are_read_gzipped_and_beside_others_in_a_zip(tmp_path):
    frame().to_file(tmp_path / "c.geojson")
    (tmp_path / "c.geojson.gz").write_bytes(gzip.compress((tmp_path / "c.geojson").read_bytes()))
    frame(column="id_bv").to_file(tmp_path / "bureaux.shp")
    frame(["a", "b", "c"], column="iris").to_file(tmp_path / "iris.shp")
    for name, inside in (("one.zip", ["c.geojson"]), ("two.zip", ["bureaux", "iris"])):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for stem in inside:
                for file in sorted(tmp_path.glob(f"{stem}*")):
                    if file.suffix != ".gz":
                        archive.write(file, f"donnees/{file.name}")
    for name in ("c.geojson.gz", "one.zip", "two.zip"):
        with (tmp_path / name).open("rb") as file:
            assert role_of(look(name, file)) == "contours"
        assert contours(tmp_path / name)[0]["bureau_id"].tolist() == IDS
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("c.geojson", "d.geojson"):
            archive.write(tmp_path / "c.geojson", name)
    with pytest.raises(DataError, match="several files of shapes") as caught:
        contours(tmp_path / "both.zip")
    assert str(tmp_path) not in str(caught.value)


# Addresses, and registered at them

BAN = ["id", "numero", "rep", "nom_voie", "code_insee", "lon", "lat"]


def placed(number, street="Rue de l'Église"):
    return [f"01004_{number}", number, "", street, "01004", 5.352 + 0.01 * (number % 3), 45.955]


@pytest.fixture
def bureaux(tmp_path):
    frame().to_file(tmp_path / "c.geojson")
    return contours(tmp_path / "c.geojson")[0]


def read_ban(folder, bureaux, rows):
    path = write(folder / "adresses.csv", [BAN, *rows])
    return read_addresses(path, crs_metric=LAMBERT, bureaux=bureaux, places=PLACE)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [*rows, ["Source : BAN"]],
        lambda rows: [[*row, ""] for row in rows],
        lambda rows: [[*row[:4], FORMULA("01004"), *row[5:]] for row in rows],
        lambda rows: [[*row[:5], *(str(x).replace(".", ",") for x in row[5:])] for row in rows],
    ],
)
def test_addresses_are_read_with_notes_formulas_and_decimal_commas(tmp_path, bureaux, change):
    addresses, report = read_ban(tmp_path, bureaux, change([placed(n) for n in range(1, 7)]))
    assert addresses["bureau_id"].value_counts().to_dict() == dict.fromkeys(IDS, 2)
    assert report.rows_read == 6 + sum(one.count for one in report.left_out)


def test_a_map_given_as_addresses_is_called_what_it_is(tmp_path, bureaux):
    with pytest.raises(DataError, match="is JSON, where a table is wanted"):
        read_addresses(tmp_path / "c.geojson", crs_metric=LAMBERT, bureaux=bureaux, places=PLACE)


REGISTERED = ["numero", "voie", "code_insee", "nb"]
HOMES = [[n, "RUE DE L'EGLISE", "01004", 10 + n] for n in range(1, 7)]


@pytest.mark.parametrize(
    ("rows", "persons", "reason"),
    [
        (HOMES, 81, None),
        ([[*row[:3], f"{row[3]},0"] for row in HOMES], 81, None),
        ([[*row[:3], f"1\u202f0{row[3]}"] for row in HOMES], 6081, None),
        ([*HOMES, ["", "", "", ""]], 81, None),
        ([*HOMES, ["", "TOTAL", "", 81]], 81, "the sum of other rows"),
        ([*HOMES, ["", "", "01004", 81]], 81, "the sum of other rows"),
        ([*HOMES, ["", "Total général", "", 80]], 81, "the sum of other rows"),
        ([*HOMES[:5], [6, "RUE DE L'EGLISE", "01004", -5]], 65, "no whole number of registered"),
        ([*HOMES[:5], [6, "RUE DE L'EGLISE", "01004", "n.d."]], 65, "no whole number"),
        ([*HOMES, ["Source : mairie"]], 81, "a note, no row of the table"),
    ],
)
def test_registered_are_counted_once_and_a_slip_refuses_nothing(
    tmp_path, bureaux, rows, persons, reason
):
    addresses, _ = read_ban(tmp_path, bureaux, [placed(n) for n in range(1, 7)])
    path = write(tmp_path / "electeurs.csv", [REGISTERED, *rows])
    table, report = read_electors(path, addresses)
    assert table["registered"].sum() == persons
    assert f"{persons} of {persons} registered (100.0%) have an address" in map(str, report.notes)
    assert [str(one.reason)[: len(reason or "")] for one in report.left_out] == [reason] * bool(
        reason
    )
    assert report.rows_read == report.rows_kept + sum(one.count for one in report.left_out)


# The roll's own table

REU = ["code_commune_ref", "id_brut_bv_reu", "geo_adresse", "geo_type", "geo_score", "longitude"]
REU += ["latitude", "nb_adresses"]


def roll(number):
    bureau = number % 3 + 1
    where = [round(5.35 + 0.0001 * number, 6), round(45.95 + 0.0001 * (number * 7 % 50), 6)]
    said = f"{number} Rue de l'Église 01500 Ambérieu"
    return ["01004", f"01004_000{bureau}", said, "housenumber", 0.9, *where, 2]


ROLL = [roll(n) for n in range(1, 61)]


def as_text(rows, *columns):
    return [
        [str(cell).replace(".", ",") if at in columns else cell for at, cell in enumerate(row)]
        for row in rows
    ]


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (as_text(ROLL, 4, 5, 6), ""),
        ([[FORMULA(row[0]), FORMULA(row[1]), *row[2:]] for row in ROLL], ""),
        ([["1004", row[1][1:], *row[2:]] for row in ROLL], ""),
        ([[*row[:5], row[6], row[5], row[7]] for row in ROLL], "read the other way round"),
        ([[*row[:4], 100 * row[4], *row[5:]] for row in ROLL], "read as hundredths"),
    ],
)
def test_the_roll_is_read_whatever_a_spreadsheet_made_of_it(tmp_path, rows, note):
    read = read_roll(write(tmp_path / "reu.csv", [REU, *rows]), crs_metric=LAMBERT, places=PLACE)
    right = read_roll(write(tmp_path / "r.csv", [REU, *ROLL]), crs_metric=LAMBERT, places=PLACE)
    assert len(read.addresses) == 60
    assert read.addresses["bureau_id"].tolist() == right.addresses["bureau_id"].tolist()
    assert read.addresses.geometry.geom_equals_exact(right.addresses.geometry, 0.01).all()
    assert note in " ".join(map(str, read.report.notes))


def test_a_score_of_hundredths_still_sets_bad_positions_aside(tmp_path):
    rows = [[*row[:4], 90 if n else 12, *row[5:]] for n, row in enumerate(ROLL)]
    read = read_roll(write(tmp_path / "reu.csv", [REU, *rows]), crs_metric=LAMBERT, places=PLACE)
    assert told(read.report) == {"score under 0.7": (1, "1 Rue de l'Église 01500 Ambérieu")}


def test_without_ids_an_address_that_stands_twice_is_one(tmp_path):
    other = [*ROLL[0][:1], "01004_0003", *ROLL[0][2:7], 1]
    rows = [*ROLL, ROLL[5], other, ["Source : Insee"]]
    read = read_roll(write(tmp_path / "reu.csv", [REU, *rows]), crs_metric=LAMBERT, places=PLACE)
    assert len(read.addresses) == 60
    assert {reason: count for reason, (count, _) in told(read.report).items()} == {
        "a note, no row of the table": 1,
        "repeated row": 1,
        "more of this address votes in another bureau": 1,
    }


# OpenStreetMap


def way(number, points, **tags):
    shape = [{"lat": lat, "lon": lon} for lon, lat in points]
    return {"type": "way", "id": number, "tags": tags, "geometry": shape}


MAIN = way(1, [(5.351, 45.951), (5.355, 45.955)], highway="primary", name="Grande Rue")
SIDE = way(2, [(5.355, 45.955), (5.37, 45.955)], highway="residential", name="Rue Basse")
TURBO = {"@id": "way/1", "highway": "primary", "name": "Grande Rue"}
LINE = {"type": "LineString", "coordinates": [[5.351, 45.951], [5.355, 45.955]]}


def answer(folder, content, name="rues.json"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    within = gpd.GeoSeries([box(5.35, 45.95, 5.38, 45.96)], crs="EPSG:4326").to_crs(LAMBERT)[0]
    return reader_of("streets", path).read(path, crs_metric=LAMBERT, within=within)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"elements": [MAIN]}, "rues.txt"),
        (b"\xef\xbb\xbf" + json.dumps({"elements": [MAIN]}).encode(), "rues.json"),
        (json.dumps({"elements": [MAIN]}).encode("utf-16"), "rues.json"),
        (gzip.compress(json.dumps({"elements": [MAIN]}).encode()), "rues.json.gz"),
        (
            {"type": "FeatureCollection", "features": [{"properties": TURBO, "geometry": LINE}]},
            "export.geojson",
        ),
        (
            b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="45.951" lon="5.351"/>'
            b'<node id="2" lat="45.955" lon="5.355"/><way id="1"><nd ref="1"/><nd ref="2"/>'
            b'<tag k="highway" v="primary"/><tag k="name" v="Grande Rue"/></way></osm>',
            "rues.osm",
        ),
    ],
)
def test_streets_are_read_in_every_dress_in_which_overpass_gives_them(tmp_path, content, name):
    streets, report = answer(tmp_path, content, name)
    assert streets[["street_id", "name", "kind"]].to_numpy().tolist() == [
        ["way/1", "Grande Rue", "main"]
    ]
    assert streets["length_m"].iloc[0] == pytest.approx(542, abs=1)
    assert not report.left_out


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({**MAIN, "geometry": None}, "a way without its points"),
        ({**MAIN, "geometry": [{"lat": 95, "lon": 5.35}, None]}, "a way without its points"),
        ({**MAIN, "tags": None}, None),
        ({"type": "node", "id": 7}, None),
        ({"id": 7}, None),
        ("not an element", None),
        (SIDE, "a copy of another row"),
    ],
)
def test_one_broken_element_does_not_refuse_the_streets(tmp_path, broken, reason):
    streets, report = answer(tmp_path, {"elements": [broken, SIDE]})
    assert streets["name"].tolist() == ["Rue Basse"]
    assert [str(one.reason) for one in report.left_out] == [reason] * bool(reason)


PAGE = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "x"><html>rate_limited'
GAVE_UP = {"elements": [MAIN], "remark": "runtime error: Query run out of memory using 2048 MB"}
MADE_BY = "Overpass API 0.7.62"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"generator": MADE_BY, "elements": []}, "holds no way"),
        ({"elements": [{"type": "way", "id": 1, "tags": {"highway": "path"}}]}, "with its points"),
        (GAVE_UP, r"is not whole[\s\S]*out of memory"),
        ({**GAVE_UP, "generator": MADE_BY, "elements": []}, "is not whole"),
        (PAGE, "is a web page"),
        (b"The server is probably too busy to handle your request.", "was too busy"),
        (b"@id;name\n1;Grande Rue\n", r"no file of streets[\s\S]*begins with “@id;name"),
    ],
)
def test_what_overpass_answers_instead_of_streets_is_named(tmp_path, content, says):
    with pytest.raises(DataError, match=says) as caught:
        answer(tmp_path, content)
    assert caught.value.mend
    assert str(tmp_path) not in str(caught.value)


def test_the_readers_refuse_each_others_files_by_name(tmp_path):
    (tmp_path / "rues.json").write_text(json.dumps([MAIN]))
    for read in (read_extract, read_overpass):
        with pytest.raises(DataError, match=r"rues\.json"):
            read(tmp_path / "rues.json", crs_metric=LAMBERT)


def test_numbers_of_a_parquet_need_no_text(tmp_path):
    table = pd.DataFrame(ROLL, columns=REU).astype({"geo_score": "float32"})
    table.assign(code_commune_ref=1004).to_parquet(tmp_path / "reu.parquet")
    read = read_roll(tmp_path / "reu.parquet", crs_metric=LAMBERT, places=PLACE)
    assert len(read.addresses) == 60


@pytest.mark.parametrize("said", ["AMBERIEU-EN-BUGEY", "Ambérieu-En-Bugey", "Amberieu en Bugey"])
def test_a_commune_has_its_official_spelling_and_another_name_stays(tmp_path, said):
    row = raw("1", 300)
    path = write(tmp_path / "t1.txt", [RAW, [*row[:2], said, *row[3:]]])
    read = assemble(read_raw(path, election_id="2022_pres_t1"), read_blocs(), election_of)
    assert read.places["name"].tolist() == ["Ambérieu-en-Bugey"]
    assert officially_spelt("01004", "Ville inventée") == "Ville inventée"


@pytest.mark.parametrize(
    ("code", "said", "right"),
    [
        ("75056", "Paris 18e Arrondissement", "Paris"),
        ("13055", "Marseille secteur 4", "Marseille"),
        ("44109", "44109", "Nantes"),
        ("01004", "Ambérieu-Village", "Ambérieu-Village"),
    ],
)
def test_a_part_of_a_city_or_a_code_is_not_the_name_of_the_commune(code, said, right):
    assert officially_spelt(code, said) == right
