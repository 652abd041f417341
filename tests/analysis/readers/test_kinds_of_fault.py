"""Kinds of fault met in public files, ten variants of each, with their right values."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from analysis.errors import DataError
from analysis.readers.addresses import read_addresses
from analysis.readers.column_map import read_terrain
from analysis.readers.contours import read_contours
from analysis.readers.electors import read_electors
from analysis.readers.merged_communes import changed_communes
from analysis.readers.results import assemble
from analysis.tables.schema import ADDRESSES

MAP = """
[terrain]
name = "Somewhere"
licence = "invented"
[[election]]
id = "2024_muni_t1"
date = 2024-06-09
kind = "muni"
round = 1
file = "r.csv"
commune = "place"
unit = "unit"
registered = "registered"
ballots = "ballots"
null = "null"
valid = "valid"
[election.candidates]
"A" = {bloc = "left"}
"B" = {bloc = "right"}
"""
HEADER = "place;unit;registered;ballots;null;valid;A;B"


def unit(place, name, n):
    """Return a row of n registered: cells as a file has them."""
    ballots = n // 2 + 3
    return [
        place,
        name,
        n,
        ballots,
        5,
        ballots - 5,
        (ballots - 5) // 3,
        ballots - 5 - (ballots - 5) // 3,
    ]


def summed(place, name, rows, slip=0):
    sums = [sum(row[k] for row in rows) for k in range(2, 8)]
    return [place, name, sums[0] + slip, *sums[1:]]


def results(folder, rows, **more):
    lines = [HEADER, *(";".join(map(str, row)) for row in rows)]
    (folder / "r.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "map.toml").write_text(MAP, encoding="utf-8")
    terrain = read_terrain(folder / "map.toml")
    return assemble(terrain.raw, terrain.blocs, terrain.dated, **more)


# A. A row that is the sum of others.

WEST = [unit("w", f"{n:02d}", 700 + 37 * n) for n in range(1, 6)]
EAST = [unit("e", f"{n:02d}", 900 + 53 * n) for n in range(1, 5)]
BOTH = [*WEST, *EAST]
SUMS = {
    "the whole file, its place empty": [*BOTH, summed("", "Total", BOTH)],
    "the whole file, a place of its own": [*BOTH, summed("all", "9999", BOTH)],
    "each place below its units": [*WEST, summed("w", "T", WEST), *EAST, summed("e", "T", EAST)],
    "each place above its units": [summed("w", "0", WEST), *WEST, summed("e", "0", EAST), *EAST],
    "places, then the whole": [
        *WEST, summed("w", "99", WEST), *EAST, summed("e", "99", EAST), summed("x", "0", BOTH)
    ],
    "places at the end": [*BOTH, summed("w", "Summe", WEST), summed("e", "Summe", EAST)],
    "the first three carried over": [*WEST[:3], summed("w", "report", WEST[:3]), *WEST[3:], *EAST],
    "called a total and off by one": [*WEST, summed("w", "TOTAL", WEST, 1), *EAST],
    "in Dutch": [*WEST, summed("w", "Totaal", WEST), *EAST],
    "in capitals with an accent": [*WEST, summed("w", "TOTAL GÉNÉRAL", WEST), *EAST],
    "cantons at the end": [
        *BOTH, *(summed("x", f"BC0{n}", [*WEST[n::2], *EAST[2 * n : 2 * n + 2]]) for n in (0, 1))
    ],
    "cantons of a place, first": [
        summed("w", "C1", WEST[:3]), summed("w", "C2", WEST[3:]), *WEST, *EAST
    ],
    "twice": [*BOTH, summed("x", "Total", BOTH), summed("x", "Total", BOTH)],
}  # fmt: skip


@pytest.mark.parametrize("rows", SUMS.values(), ids=SUMS)
def test_a_sum_is_no_unit(tmp_path, rows):
    read = results(tmp_path, rows)
    assert len(read.turnout) == len(BOTH) == 9
    assert read.turnout["registered"].sum() == sum(row[2] for row in BOTH)
    assert read.votes["votes"].sum() == sum(row[5] for row in BOTH)
    (report,) = read.reports
    assert report.rows_read == len(rows)
    assert sum(item.count for item in report.left_out) == len(rows) - 9


CALLED = [
    "Suma", "Razem", "Łącznie", "Celkem", "Összesen", "Итого", "Yhteensä", "I alt", "Totalt",
    "Toplam", "Σύνολο", "合計", "Subtotal", "Récapitulatif", "Ensemble de la commune",
    "County Total", "All precincts", "* Total *",
]  # fmt: skip


@pytest.mark.parametrize("name", CALLED)
def test_a_sum_that_slipped_by_two_is_known_by_its_name(tmp_path, name):
    read = results(tmp_path, [*WEST, summed("w", name, WEST, 2), *EAST])
    assert len(read.turnout) == 9
    assert read.turnout["registered"].sum() == sum(row[2] for row in BOTH)


@pytest.mark.parametrize("name", ["Moyenne", "MOYENNE GÉNÉRALE", "Average", "Durchschnitt"])
def test_a_mean_is_no_unit(tmp_path, name):
    read = results(tmp_path, [*WEST, unit("w", name, 811), *EAST])
    assert len(read.turnout) == 9
    assert "called a mean" in str(read.reports)


@pytest.mark.parametrize(
    "name",
    [
        *("Totalgasse 4", "Moyenne-Corniche", "Meanwood", "Sommerau", "Ensemblestraße", "12"),
        *(
            "Ensemble de la Paix",
            "Ensemble des associations",
            "Salle Total",
            "Groupe scolaire Total",
        ),
    ],
)
def test_a_unit_that_is_only_called_so_stays(tmp_path, name):
    rows = [*WEST, unit("w", name, 650), *EAST]
    assert len(results(tmp_path, rows).turnout) == 10


# B. A join on a key that is not unique.

LAMBERT = "EPSG:2154"


def addresses(*rows):
    """Rows of id, commune, street, number, suffix, bureau, x."""
    names = ["address_id", "commune_id", "street", "number", "suffix", "bureau_id", "x"]
    table = pd.DataFrame(rows, columns=names)
    table["number"] = table["number"].astype("Int64")
    points = [Point(650_000 + x, 6_860_000) for x in table.pop("x")]
    return gpd.GeoDataFrame(table, geometry=points, crs=LAMBERT)


W, E = "80001_0001", "80001_0002"
TWO = [
    ("w1", "80001", "Rue de la Gare", 1, "", W, 0),
    ("e1", "80001", "Rue de la Gare", 1, "", E, 2000),
    ("w2", "80001", "Rue du Pré", 2, "", W, 10),
]
B2 = "bureau_id;numero;voie;nb"
JOINS = {
    "the bureau's id": (TWO, B2, [f"{W};1;Rue de la Gare;4", f"{E};1;Rue de la Gare;40"], (4, 40)),
    "its number alone": (TWO, B2, ["0001;1;Rue de la Gare;4", "0002;1;Rue de la Gare;40"], (4, 40)),
    "a number without zeros": (TWO, B2, ["1;1;Rue de la Gare;4", "2;1;Rue de la Gare;40"], (4, 40)),
    "in words": (
        TWO, B2, ["Bureau n° 1;1;Rue de la Gare;4", "BV 2;1;Rue de la Gare;40"], (4, 40)
    ),
    "as a spreadsheet counts": (
        TWO, B2, ["1.0;1;Rue de la Gare;4", "2,0;1;Rue de la Gare;40"], (4, 40)
    ),
    "two rows of one": (TWO, B2, ["1;1;Rue de la Gare;4", "1;1;Rue de la Gare;3"], (7, 0)),
    "only one of the two is told": (TWO, B2, ["2;1;Rue de la Gare;40"], (0, 40)),
    "one told, one not": (TWO, B2, ["1;1;Rue de la Gare;4", ";1;Rue de la Gare;40"], (4, 0)),
    "nothing tells": (TWO, "numero;voie;nb", ["1;Rue de la Gare;4", "1;Rue de la Gare;40"], (0, 0)),
    "a bureau of neither": (TWO, B2, ["0009;1;Rue de la Gare;4"], (0, 0)),
    "other spelling of the street": (
        TWO, B2, ["1;1;r. de la gare;4", "2;1;RUE DE LA GARE;40"], (4, 40)
    ),
    "a suffix that only one has": (
        [*TWO[:1], ("e1", "80001", "Rue de la Gare", 1, "bis", E, 2000)],
        "numero;rep;voie;nb", ["1;;Rue de la Gare;4", "1;bis;Rue de la Gare;40"], (4, 40)
    ),
    "two communes": (
        [TWO[0], ("e1", "80002", "Rue de la Gare", 1, "", "80002_0001", 2000)],
        "code_insee;numero;voie;nb",
        ["80001;1;Rue de la Gare;4", "80002;1;Rue de la Gare;40"], (4, 40)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("known", "header", "rows", "right"), JOINS.values(), ids=JOINS)
def test_registered_of_two_addresses_of_one_name_are_not_added_up(
    tmp_path, known, header, rows, right
):
    file = tmp_path / "e.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    table, report = read_electors(file, addresses(*known))
    given = table.set_index("address_id")["registered"].fillna(0)
    assert (given["w1"], given["e1"]) == right
    persons = sum(int(row.rsplit(";", 1)[1]) for row in rows)
    lost = persons - sum(right)
    assert report.notes[0].startswith(f"{persons - lost} of {persons} registered")
    assert bool(report.left_out) == (lost > 0)
    if lost:
        assert f"({lost} registered)" in report.left_out[0].examples


# What else can tell them apart, or cannot; the third is what was noted.


def _degrees(x):
    point = gpd.GeoSeries([Point(650_000 + x, 6_860_000)], crs=LAMBERT).to_crs(4326)[0]
    return f"{point.x:.7f};{point.y:.7f}"


def _both(bureau):
    return [(*row[:5], bureau, row[6]) for row in TWO]


POSITIONS = [f"1;Rue de la Gare;4;{_degrees(0)}", f"1;Rue de la Gare;40;{_degrees(2000)}"]
PLAIN = ["1;Rue de la Gare;4", "1;Rue de la Gare;40"]
ON = "numero;voie;nb;lon;lat"
APART = {
    "one bureau, two places": (_both(W), ON, POSITIONS, (4, 40), ""),
    "no bureau, two places": (_both(""), ON, POSITIONS, (4, 40), ""),
    "one bureau, and nothing tells": (_both(W), "numero;voie;nb", PLAIN, (0, 44), "2 row(s) meet"),
    "one of no bureau": (
        [TWO[0], (*TWO[1][:5], "", 2000)], B2, ["1;1;Rue de la Gare;4", "2;1;Rue de la Gare;40"],
        (4, 0), "4 of 44",
    ),
    "an id of the address": (
        TWO, "cle_interop;numero;voie;nb", ["w1;1;Rue de la Gare;4", "e1;1;Rue de la Gare;40"],
        (4, 40), "",
    ),
    "an id of another register": (
        TWO, "cle_interop;bureau;numero;voie;nb", ["7;1;1;Rue de la Gare;4"], (4, 0), "",
    ),
    "metres": (
        TWO, "numero;voie;nb;x;y",
        ["1;Rue de la Gare;4;650000;6860000", "1;Rue de la Gare;40;652000;6860000"], (4, 40), "",
    ),
    "decimal commas": (TWO, ON, [row.replace(".", ",") for row in POSITIONS], (4, 40), ""),
    "half-way": (TWO, ON, [f"1;Rue de la Gare;4;{_degrees(1000)}"], (0, 0), "0 of 4"),
    "bureau and position disagree": (
        TWO, f"bureau;{ON}", [f"1;1;Rue de la Gare;4;{_degrees(2000)}"], (4, 0), "",
    ),
    "rows twice, without an id": (
        TWO, B2, ["1;1;Rue de la Gare;4", "1;1;Rue de la Gare;4"], (8, 0), "1 row(s) stand twice",
    ),
    "rows twice, with an id": (
        TWO, f"cle_interop;{B2}", ["w1;1;1;Rue de la Gare;4"] * 2, (4, 0), "4 of 4 registered",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", APART.values(), ids=APART)
def test_what_tells_two_places_of_one_name_apart(tmp_path, case):
    known, header, rows, right, note = case
    file = tmp_path / "e.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    table, report = read_electors(file, addresses(*known))
    given = table.set_index("address_id")["registered"].fillna(0)
    first, second = right
    # In one bureau the first of the ids has what nothing tells apart.
    assert (given["w1"], given["e1"]) == (first, second)
    assert note in " ".join(map(str, report.notes))
    assert report.rows_read == len(rows)


NUMBERED = [
    ("1", "80001", "Rue de la Gare", 1, "", W, 0),
    ("2", "80001", "Rue du Pré", 2, "", W, 10),
    ("3", "80001", "Rue du Lac", 3, "", E, 900),
]


@pytest.mark.parametrize("column", ["id", "id_adresse", "cle_interop"])
def test_ids_that_number_the_rows_of_two_lists_meet_nothing(tmp_path, column):
    rows = ["1;3;Rue du Lac;9", "2;1;Rue de la Gare;4", "3;2;Rue du Pré;5"]
    file = tmp_path / "e.csv"
    file.write_text("\n".join([f"{column};numero;voie;nb", *rows]) + "\n", encoding="utf-8")
    table, report = read_electors(file, addresses(*NUMBERED))
    assert table.set_index("address_id")["registered"].to_dict() == {"1": 4, "2": 5, "3": 9}
    assert "not those of the addresses" in str(report.notes)
    # Where they are of the same addresses, a street that was renamed since keeps its own.
    rows = ["1;1;Rue de la Gare;4", "2;2;Rue du Pré;5", "3;3;Rue du Marais;9"]
    file.write_text("\n".join([f"{column};numero;voie;nb", *rows]) + "\n", encoding="utf-8")
    table, report = read_electors(file, addresses(*NUMBERED))
    assert table.set_index("address_id")["registered"].to_dict() == {"1": 4, "2": 5, "3": 9}
    assert "not those of the addresses" not in str(report.notes)


@pytest.mark.parametrize("ids", [("", "", ""), ("1", "1", "2"), ("80001_0012",) * 3, ("7", "", "")])
def test_what_is_no_id_of_an_address_loses_none(tmp_path, ids):
    rows = [
        f"{key};{number};{street};80001;2.3{n};49.9"
        for n, (key, number, street) in enumerate(
            zip(ids, (1, 2, 2), ("Rue Haute", "Rue Haute", "Rue Basse"), strict=True)
        )
    ]
    head = "id;numero;nom_voie;code_insee;lon;lat"
    (tmp_path / "ban.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    nothing = gpd.GeoDataFrame({"bureau_id": []}, geometry=[], crs=LAMBERT)
    table, report = read_addresses(tmp_path / "ban.csv", crs_metric=LAMBERT, bureaux=nothing)
    assert table["address_id"].is_unique
    assert sorted(zip(table["street"], table["number"], strict=True)) == [
        ("Rue Basse", 2), ("Rue Haute", 1), ("Rue Haute", 2)
    ]  # fmt: skip
    assert not report.left_out
    # Two positions of one address are one.
    rows[1] = rows[0].replace("2.30", "2.3001")
    rows = [row.replace(row.split(";")[0], "x", 1) if row.split(";")[0] else row for row in rows]
    (tmp_path / "ban.csv").write_text("\n".join([head, *rows[:2]]) + "\n", encoding="utf-8")
    table, report = read_addresses(tmp_path / "ban.csv", crs_metric=LAMBERT, bureaux=nothing)
    assert len(table) == 1
    assert report.left_out[0].reason == "another position"


# How lists of town halls are laid out.

FOCH = [TWO[0], ("f2", "80001", "Avenue Foch", 2, "bis", E, 500)]
LISTS = {
    "number and street in one": ("adresse;nb", ["1 R DE LA GARE;4", "2bis, AV FOCH;9"]),
    "the number in a column, the street called an address": (
        "numero;adresse;nb", ["1;R DE LA GARE;4", "2bis;AV FOCH;9"]
    ),
    "the kind in a column": (
        "numero;type_voie;nom_voie;nb", ["1;R;DE LA GARE;4", "2BIS;AV;AV FOCH;9"]
    ),
    "the street once for its numbers": (
        "voie;numero;nb", ["R DE LA GARE;1;4", "AV FOCH;2;0", ";2bis;9"]
    ),
    "names of columns in words": (
        "Numéro;Voie;Nombre d'électeurs", ["1;R DE LA GARE;4", "2 B;AV FOCH;9"]
    ),
    "the commune by its name": (
        "commune;numero;voie;nb", ["ABBEVILLE;1;R DE LA GARE;4", "Abbeville;2bis;AV FOCH;9"]
    ),
    "the commune by its postal code": (
        "commune;numero;voie;nb", ["80100;1;R DE LA GARE;4", ";2bis;AV FOCH;9"]
    ),
    "a total of number 0": (
        "numero;voie;nb", ["1;R DE LA GARE;4", "2bis;AV FOCH;9", "0;TOTAL;13"]
    ),
    "a total for each street": (
        "numero;voie;nb", ["1;R DE LA GARE;4", ";Total R DE LA GARE;4", "2bis;AV FOCH;9"]
    ),
    "below a title": ("Électeurs\n\nnumero;voie;nb", ["1;R DE LA GARE;4", "2B;AV FOCH;9"]),
}  # fmt: skip


@pytest.mark.parametrize(("header", "rows"), LISTS.values(), ids=LISTS)
def test_lists_of_town_halls_are_read_in_every_dress(tmp_path, header, rows):
    file = tmp_path / "e.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    table, report = read_electors(file, addresses(*FOCH))
    assert table.set_index("address_id")["registered"].to_dict() == {"w1": 4, "f2": 9}
    assert report.notes[0].startswith("13 of 13 registered")


def test_registered_of_another_commune_are_named(tmp_path):
    file = tmp_path / "e.csv"
    file.write_text("commune;numero;voie;nb\n33000;1;R DE LA GARE;4\n", encoding="utf-8")
    with pytest.raises(DataError) as told:
        read_electors(file, addresses(*FOCH))
    assert "other communes than the addresses" in str(told.value)
    assert "33000; addresses: Abbeville (80001)" in str(told.value)


# Former communes: Le Longeron (49179) and Torfou (49350) are parts of Sèvremoine (49301).

HEAD = "id,numero,rep,nom_voie,code_insee,lon,lat"
LONGERON, TORFOU = (-1.0752, 47.0106), (-1.1147, 47.0368)
PARTS = {
    "codes": ("code_insee_ancienne_commune", ("49179", "49350"), ("49179", "49350")),
    "names": ("nom_ancienne_commune", ("49179", "49350"), ("LE LONGERON", "Torfou")),
    "as lists call them": ("code_commune_associee", ("49179", "49350"), ("49179", "49350")),
    "articles behind": ("ancienne_commune", ("49179", "49350"), ("Longeron (Le)", "Torfou")),
    "the code of that day": ("code_insee", ("49179", "49350"), ("49179", "49350")),
    "one is of the seat": ("commune_deleguee", ("49179", "49301"), ("Le Longeron", "49301")),
}  # fmt: skip


def sevremoine(folder, former):
    lines = [
        f"{key},{number},,Rue de la Gare,49301,{lon},{lat},{code}"
        for (key, number), (lon, lat), code in zip(
            [("w1", 1), ("e1", 1), ("w9", 9)],
            [LONGERON, TORFOU, LONGERON],
            [*former, former[0]],
            strict=True,
        )
    ]
    head = f"{HEAD},code_insee_ancienne_commune"
    (folder / "ban.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    nothing = gpd.GeoDataFrame({"bureau_id": []}, geometry=[], crs=LAMBERT)
    return read_addresses(folder / "ban.csv", crs_metric=LAMBERT, bureaux=nothing)[0]


@pytest.mark.parametrize(("column", "former", "told"), PARTS.values(), ids=PARTS)
def test_the_former_commune_tells_two_streets_of_one_name_apart(tmp_path, column, former, told):
    known = sevremoine(tmp_path, former)
    commune = "" if column == "code_insee" else "code_insee;"
    of = "" if column == "code_insee" else "49301;"
    rows = [
        f"{of}{told[0]};1;R DE LA GARE;4",
        f"{of}{told[1]};1;R DE LA GARE;40",
        # Torfou's street has no 9: that of Le Longeron is another.
        f"{of}{told[1]};9;R DE LA GARE;3",
    ]
    file = tmp_path / "e.csv"
    file.write_text(
        "\n".join([f"{commune}{column};numero;voie;nb", *rows]) + "\n", encoding="utf-8"
    )
    table, report = read_electors(file, known)
    given = table.set_index("address_id")["registered"].fillna(0)
    assert given.to_dict() == {"w1": 4, "e1": 40, "w9": 0}
    assert report.notes[0].startswith("44 of 47 registered")
    assert list(table.columns) == list(ADDRESSES.columns)


def test_addresses_without_an_id_are_two_in_two_former_communes(tmp_path):
    file = tmp_path / "bal.csv"
    rows = [
        f"1;Rue de la Gare;49301;{former};{lon};{lat}"
        for former, (lon, lat) in (("49179", LONGERON), ("49350", TORFOU))
    ]
    head = "numero;voie_nom;commune_insee;commune_deleguee_insee;long;lat"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    nothing = gpd.GeoDataFrame({"bureau_id": []}, geometry=[], crs=LAMBERT)
    table, report = read_addresses(file, crs_metric=LAMBERT, bureaux=nothing)
    assert len(table) == 2
    assert not report.left_out


# F. Territories that change behind a stable code.

DAYS = ["2014_euro_t1", "2017_pres_t1", "2022_pres_t1"]
CHANGES = {
    "a merger": ([[1200, 1100], [1200, 1100, 900, 830], [1200, 1100, 900, 840]], ["2300→4030"]),
    "a split": ([[1000, 900, 800], [1000, 900, 800], [1000, 900]], ["2700→1900"]),
    "a merger undone": ([[1000], [1000, 700], [1000]], ["1000→1700", "1700→1000"]),
    "merged twice": ([[800], [800, 500], [800, 500, 600]], ["800→1300", "1300→1900"]),
    "into one bureau": ([[900], [2400], [2400]], ["900→2400"]),
    "merged between the last two": ([[900], [910], [900, 850]], ["910→1750"]),
    "a gap of years": ([[900], [], [900, 800]], ["900→1700"]),
    "a code that ends": ([[900], [900], []], []),
    "a code that begins": ([[], [900], [905]], []),
    "growth of a third in five years, in a village": ([[200], [290], [290]], []),
    "new bureaux, the same people": ([[2000], [1000, 1010], [700, 700, 640]], []),
}


@pytest.mark.parametrize(("counts", "right"), CHANGES.values(), ids=CHANGES)
def test_a_territory_that_changes_is_told_with_its_numbers(counts, right):
    rows = [
        (day, f"99901_{k:04d}", n)
        for day, units in zip(DAYS, counts, strict=True)
        for k, n in enumerate(units)
    ]
    rows += [(day, "99902_0001", 3000) for day in DAYS]
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    ids = {"election_id": "category", "bureau_id": "category"}
    notes = changed_communes(table.astype(ids), pd.DataFrame({"election_id": DAYS, "round": 1}))
    assert len(notes) == bool(right)
    said = str(notes)
    assert said.count("registered before") == len(right)
    for change in right:
        before, after = change.split("→")
        assert f"99901: {before} registered before, {after} in" in said
    assert "99902" not in said


# G. One bad row does not refuse a place.

MANY = [unit("w", f"{n:03d}", 600 + n) for n in range(1, 121)]


def bad(**cells):
    """Change cells of the fifth row."""
    names = HEADER.split(";")
    row = list(MANY[4])
    for name, value in cells.items():
        row[names.index(name)] = value
    return [*MANY[:4], row, *MANY[5:]]


SLIPS = {
    "no registered": (bad(registered=""), 119),
    "words for a count": (bad(registered="n/a"), 119),
    "below nothing": (bad(registered=-5), 119),
    "a half person": (bad(ballots="305.5"), 119),
    "more ballots than registered": (bad(registered=100), 119),
    "more valid than ballots": (bad(valid=5000), 119),
    "by post": (bad(registered=0), 119),
    "the same row twice": ([*MANY, MANY[4]], 120),
    "the same unit with other counts": ([*MANY, unit("w", "005", 900)], 119),
    "no name": ([*MANY, unit("", "", 900)], 120),
}


@pytest.mark.parametrize(("rows", "right"), SLIPS.values(), ids=SLIPS)
def test_one_bad_row_is_left_out_by_name_and_the_place_is_read(tmp_path, rows, right):
    read = results(tmp_path, rows)
    assert len(read.turnout) == right
    whole = sum(row[2] for row in MANY)
    assert read.turnout["registered"].sum() == whole - (MANY[4][2] if right == 119 else 0)
    left = [item for report in read.reports for item in report.left_out]
    assert sum(item.count for item in left) >= 1
    assert all(item.reason for item in left)
    if right == 119:
        assert "005" in str(left) or "line 6" in str(left)


def test_of_votes_that_do_not_sum_the_turnout_stays(tmp_path):
    read = results(tmp_path, bad(A=1))
    assert len(read.turnout) == 120
    assert read.votes["bureau_id"].nunique() == 119
    assert "w_005 (201 for 300 valid)" in str(read.reports)


@pytest.mark.parametrize("cells", [{"registered": ""}, {"registered": 100}, {"A": 1}])
def test_many_bad_rows_are_a_fault_of_the_file_unless_asked_for(tmp_path, cells):
    row = bad(**cells)[4]
    names = HEADER.split(";")
    rows = [
        [row[names.index(n)] if n in cells else cell for n, cell in zip(names, whole, strict=True)]
        if k < 12
        else whole
        for k, whole in enumerate(MANY)
    ]
    with pytest.raises(DataError, match=r"--leave-out-contradictions|leave them out|--leave"):
        results(tmp_path, rows)
    # The way out that the text names exists.
    read = results(tmp_path, rows, leave_out=True)
    assert read.votes["bureau_id"].nunique() == 108
    assert len(read.turnout) == (120 if "A" in cells else 108)


SQUARE = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
SHAPES = {
    "a bow tie": ("Polygon", [[[0, 0], [0.01, 0.01], [0.01, 0], [0, 0.01], [0, 0]]], True),
    "a spike": ("Polygon", [[[0, 0], [0.01, 0], [0.03, 0], [0.01, 0], [0.01, 0.01], [0, 0]]], True),
    "a ring twice": ("Polygon", [SQUARE, SQUARE], False),
    "a line": ("LineString", [[0, 0], [0.01, 0.01]], False),
    "a point": ("Point", [0, 0], False),
    "no area": ("Polygon", [[[0, 0], [0.01, 0.01], [0, 0]]], False),
    "nothing": ("Polygon", [], False),
    "a ring that is not closed": ("Polygon", [SQUARE[:-1]], True),
    "two corners": ("Polygon", [SQUARE[:2]], False),
    "a corner beyond the earth": ("Polygon", [[*SQUARE[:2], [1e30, 1], SQUARE[0]]], False),
    "a corner without a number": ("Polygon", [[*SQUARE[:2], [None, 1], SQUARE[0]]], False),
    "a hole outside": ("Polygon", [SQUARE, [[x + 0.05, y] for x, y in SQUARE]], True),
    "round twice": ("Polygon", [[*SQUARE, *SQUARE[1:]]], True),
    "parts that overlap": ("MultiPolygon", [[SQUARE], [SQUARE]], True),
}


@pytest.mark.parametrize(("kind", "ring", "kept"), SHAPES.values(), ids=SHAPES)
def test_one_bad_polygon_is_repaired_or_set_aside(tmp_path, kind, ring, kept):
    def feature(number, kind, coordinates):
        at = {"type": kind, "coordinates": coordinates}
        return {"type": "Feature", "properties": {"id_bv": f"29019_{number}"}, "geometry": at}

    good = [[[x + 0.1, y] for x, y in SQUARE]]
    features = [feature(1, "Polygon", good), feature(2, kind, ring)]
    file = tmp_path / "c.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    table, report = read_contours(file, vintage=2024, crs_metric="EPSG:32631")
    assert table.geometry.is_valid.all()
    assert ("29019_0002" in set(table["bureau_id"])) is kept
    assert "29019_0001" in set(table["bureau_id"])
    assert report.rows_read == report.rows_kept + sum(o.count for o in report.left_out)


def test_a_corner_at_nought_sets_one_polygon_aside_and_does_not_move_the_map(tmp_path):
    def feature(number, x, corner):
        ring = [[2.3 + x, 48.8], corner, [2.31 + x, 48.81], [2.3 + x, 48.81], [2.3 + x, 48.8]]
        at = {"type": "Polygon", "coordinates": [ring]}
        return {"type": "Feature", "properties": {"id_bv": f"75056_{number:04d}"}, "geometry": at}

    features = [feature(n, n / 100, [2.31 + n / 100, 48.8]) for n in range(1, 5)]
    features.append(feature(5, 0.05, [0, 0]))
    file = tmp_path / "c.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    table, report = read_contours(file, vintage=2024, crs_metric=LAMBERT)
    assert len(table) == 4
    assert np.ptp(table.total_bounds[[1, 3]]) < 2000
    assert report.left_out[0].reason == "lies in another part of the world"


def bare_numbers(folder, *rows):
    """Contours of bureaux that have a number alone, with what stands beside it."""
    features = [
        {
            "type": "Feature",
            "properties": told,
            "geometry": {"type": "Polygon", "coordinates": [[[x + k / 9, y] for x, y in SQUARE]]},
        }
        for k, told in enumerate(rows)
    ]
    file = folder / "c.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


BESIDE = {
    "the name of the commune": (
        ("33063", "33039"),
        [{"commune": "BORDEAUX", "bureau": "1"}, {"commune": "Bègles", "bureau": "1"}],
        ["33039_0001", "33063_0001"],
    ),
    "the arrondissement": (
        ("75056",),
        [{"arrondissement": 18, "num_bv": 1}, {"arrondissement": "5e", "num_bv": 1}],
        ["75056_0501", "75056_1801"],
    ),
    "the arrondissement of Lyon": (
        ("69123",),
        [{"insee": "69123", "arr": 2, "num_bv": 7}, {"insee": "69123", "arr": 3, "num_bv": 7}],
        ["69123_0207", "69123_0307"],
    ),
}


@pytest.mark.parametrize(("places", "rows", "right"), BESIDE.values(), ids=BESIDE)
def test_a_number_alone_is_of_what_stands_beside_it(tmp_path, places, rows, right):
    file = bare_numbers(tmp_path, *rows)
    table, report = read_contours(file, vintage=2024, crs_metric="EPSG:32631", communes=places)
    assert sorted(table["bureau_id"]) == right
    assert report.rows_kept == len(rows)


# A quotation mark that nothing closes takes no row with it, whoever reads the table.


@pytest.mark.parametrize("marked", [{5}, {5, 9}, {29}, {5, 9, 11}])
def test_a_quotation_mark_left_open_loses_no_elector(tmp_path, marked):
    known = [(f"a{n}", "80001", "Rue Haute", n, "", W, n * 20) for n in range(1, 30)]
    marks = dict.fromkeys(marked, '"')
    rows = [f"{n};{marks.get(n, '')}Rue Haute;3" for n in range(1, 30)]
    file = tmp_path / "e.csv"
    file.write_text("\n".join(["numero;voie;nb", *rows]) + "\n", encoding="utf-8")
    table, report = read_electors(file, addresses(*known))
    assert table["registered"].tolist() == [3] * 29
    assert report.rows_read == 29
    assert not report.left_out


@pytest.mark.parametrize("marked", [{5}, {5, 9}, {118}])
def test_a_quotation_mark_left_open_loses_no_unit_of_a_terrain(tmp_path, marked):
    rows = [[p, f'"{n}' if k in marked else n, *more] for k, (p, n, *more) in enumerate(MANY)]
    read = results(tmp_path, rows)
    assert read.turnout["registered"].tolist() == [row[2] for row in MANY]
    assert "w_006" in set(read.turnout["bureau_id"])
