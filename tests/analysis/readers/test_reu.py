"""The electoral roll's addresses and polling places (INSEE, REU): kept, set aside, named."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.addresses import read_addresses
from analysis.readers.glance import look
from analysis.readers.reader_registry import role_of
from analysis.readers.reu import read_polling_places, read_roll
from tests import roll
from tests.made import ROOT

CRS = "EPSG:2154"
CASE = ROOT.parent / "shared" / "cases" / "reu_table" / "table-adresses-reu.csv"


def written(folder, table, name="table-adresses-reu.csv"):
    file = folder / name
    table.to_parquet(file) if file.suffix == ".parquet" else table.to_csv(file, index=False)
    return file


def read(folder, table, **options):
    return read_roll(written(folder, table), crs_metric=CRS, **options)


def reasons(found):
    return {item.reason: item.count for item in found.report.left_out}


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_every_address_has_the_bureau_its_row_names(tmp_path, name):
    table = roll.addresses()
    file = written(tmp_path, table, name)
    with file.open("rb") as stream:
        assert role_of(look(file.name, stream)) == "reu"
    found = read_roll(file, crs_metric=CRS)
    assert found.report.rows_read == found.report.rows_kept == len(table)
    kept = found.addresses.set_index("address_id")
    assert kept["bureau_id"].to_dict() == dict(
        zip(table["id"], table["id_brut_bv_reu"], strict=True)
    )
    first = kept.loc["99900_0001_00001"]
    assert (first["number"], first["street"]) == (1, "Allée de l'Abreuvoir")
    assert first.geometry.distance(point_of(table.iloc[0])) < 0.01
    assert found.vintage == 2022


def point_of(row):
    points = gpd.GeoSeries(gpd.points_from_xy([row["longitude"]], [row["latitude"]]), crs=4326)
    return points.to_crs(CRS).iloc[0]


def test_lines_of_the_roll_are_not_taken_for_persons(tmp_path):
    found = read(tmp_path, roll.addresses())
    assert found.addresses["registered"].isna().all()
    assert any("registered per address are unknown" in note for note in found.report.notes)


def test_a_column_of_registered_is_read_and_its_bad_cells_named(tmp_path):
    table = roll.addresses().assign(nb_electeurs="3")
    table.loc[5, "nb_electeurs"] = "-1"
    found = read(tmp_path, table)
    assert found.addresses["registered"].sum() == 3 * (len(table) - 1)
    assert any("line 7" in note for note in found.report.notes)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"longitude": "", "latitude": ""}, "without coordinates"),
        ({"longitude": "0", "latitude": "0"}, "without coordinates"),
        ({"longitude": "east"}, "without coordinates"),
        ({"geo_score": "0.69"}, "score under 0.7"),
        ({"geo_score": ""}, "without a score"),
        ({"geo_type": "municipality"}, "placed at its commune only"),
        ({"id_brut_bv_reu": ""}, "no id of a bureau"),
        ({"latitude": "48.9"}, "far from the rest of its bureau"),
    ],
)
def test_one_bad_row_is_set_aside_and_counted(tmp_path, cells, reason):
    table = roll.addresses().astype(str)
    for name, cell in cells.items():
        table.loc[9, name] = cell
    found = read(tmp_path, table)
    assert reasons(found) == {reason: 1}
    assert found.report.rows_kept == len(found.addresses) == len(table) - 1
    assert table.loc[9, "id"] not in set(found.addresses["address_id"])
    assert table.loc[9, "geo_adresse"] in found.report.left_out[0].examples


def test_a_point_among_those_of_another_bureau_is_far(tmp_path):
    table = roll.addresses()
    there = table.groupby("id_brut_bv_reu")[["longitude", "latitude"]].median()
    here = there.loc[table.loc[0, "id_brut_bv_reu"]]
    other = ((there - here) ** 2).sum(axis=1).idxmax()
    table.loc[0, ["longitude", "latitude"]] = there.loc[other].to_numpy()
    assert reasons(read(tmp_path, table)) == {"far from the rest of its bureau": 1}


def test_a_repeated_row_counts_once_and_of_two_bureaux_the_heavier_has_the_address(tmp_path):
    table = roll.addresses()
    mine, other = table.loc[0, "id_brut_bv_reu"], table["id_brut_bv_reu"].iloc[-1]
    assert mine != other
    more = table.iloc[[0]].assign(id_brut_bv_reu=other, nb_adresses=9)
    found = read(tmp_path, pd.concat([table, table.iloc[[3]], more], ignore_index=True))
    told = reasons(found)
    assert told["repeated row"] == 1
    assert told["more of this address votes in another bureau"] == 1


@pytest.mark.parametrize("spelling", ["99900_{:d}", "99900_{:03d}", "{:04d}", "{:d}"])
def test_numbers_are_padded(tmp_path, spelling):
    table = roll.addresses()
    numbers = table["id_brut_bv_reu"].str[-4:].astype(int)
    spelt = table.assign(id_brut_bv_reu=[spelling.format(n) for n in numbers])
    found = read(tmp_path, spelt).addresses
    assert found["bureau_id"].tolist() == table["id_brut_bv_reu"].tolist()


@pytest.mark.parametrize(
    ("commune", "bureau", "told"),
    [
        ("1004", "1004_1", "01004_0001"),
        ("75120", "75120_5", "75056_2005"),
        ("75056", "75056_2005", "75056_2005"),
        ("13208", "13208_17", "13055_0817"),
    ],
)
def test_codes_of_communes_and_arrondissements(tmp_path, commune, bureau, told):
    table = roll.addresses().head(30)
    found = read(tmp_path, table.assign(code_commune_ref=commune, id_brut_bv_reu=bureau))
    assert set(found.addresses["bureau_id"]) == {told}
    assert set(found.addresses["commune_id"]) == {told[:5]}


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("12bis Rue de l'Église 31000 Toulouse", "housenumber", (12, "bis", "Rue de l'Église")),
        ("12 b Rue Basse 31000 Toulouse", "housenumber", (12, "b", "Rue Basse")),
        ("4 Rue du 8 Mai 1945 75015 Paris", "housenumber", (4, "", "Rue du 8 Mai 1945")),
        ("8 Mai 1945 31000 Toulouse", "street", (None, "", "8 Mai 1945")),
        ("1 Allée Basse", "housenumber", (1, "", "Allée Basse")),
        ("6 Avenue Foch 31000 Toulouse", "housenumber", (6, "", "Avenue Foch")),
    ],
)
def test_addresses_are_taken_apart(tmp_path, text, kind, told):
    table = roll.addresses().head(1).assign(geo_adresse=text, geo_type=kind)
    row = read(tmp_path, table).addresses.iloc[0]
    number = None if pd.isna(row["number"]) else int(row["number"])
    assert (number, row["suffix"], row["street"]) == told


def test_places_are_kept_apart(tmp_path):
    table = roll.addresses().head(60)
    other = table.assign(code_commune_ref="31555", id_brut_bv_reu="31555_1", id="x" + table["id"])
    both = pd.concat([table, other], ignore_index=True)
    assert set(read(tmp_path, both).addresses["commune_id"]) == {"99900", "31555"}
    assert set(read(tmp_path, both, places=("31",)).addresses["commune_id"]) == {"31555"}
    with pytest.raises(DataError, match="no address of the place"):
        read(tmp_path, both, places=("29",))


def test_the_ministry_s_ids_of_the_other_table_are_taken(tmp_path):
    places = roll.polling_places()
    places["id_brut_miom"] = ["99900_" + str(int(code) + 100) for code in places["code"]]
    table, _ = read_polling_places(written(tmp_path, places, "b.csv"))
    codes = table.set_index("said")["bureau_id"]
    found = read(tmp_path, roll.addresses(), codes=codes).addresses
    numbers = roll.addresses()["id_brut_bv_reu"].str[-4:].astype(int) + 100
    assert found["bureau_id"].tolist() == [f"99900_{n:04d}" for n in numbers]


@pytest.mark.parametrize("name", ["b.csv", "b.parquet"])
def test_polling_places_have_their_address(tmp_path, name):
    table, report = read_polling_places(written(tmp_path, roll.polling_places(), name))
    assert table.loc[0, ["bureau_id", "name"]].tolist() == [
        "99900_0001",
        "École 0001, 3 rue des Cyprès",
    ]
    assert report.rows_kept == len(table) == 48


def test_a_polling_place_twice_or_without_a_bureau_is_left_out(tmp_path):
    table = roll.polling_places().astype(str)
    table.loc[1, ["id_brut_reu", "id_brut_miom"]] = "?"
    table = pd.concat([table, table.iloc[[0]]], ignore_index=True)
    found, report = read_polling_places(written(tmp_path, table, "b.csv"))
    assert len(found) == 47
    assert {o.reason: o.count for o in report.left_out} == {
        "no id of a bureau": 1,
        "a bureau named before": 1,
    }


@pytest.mark.parametrize("column", ["code_commune_ref", "longitude", "geo_adresse"])
def test_a_header_that_is_not_this_table_is_refused(tmp_path, column):
    with pytest.raises(DataError, match=column):
        read(tmp_path, roll.addresses().drop(columns=column))


def test_without_scores_the_report_says_so(tmp_path):
    found = read(tmp_path, roll.addresses().drop(columns=["geo_score", "geo_type"]))
    assert len(found.addresses) == len(roll.addresses())
    assert any("no column geo_score" in note for note in found.report.notes)


def test_a_file_of_which_nothing_can_be_placed_says_why(tmp_path):
    table = roll.addresses().assign(longitude=np.nan)
    with pytest.raises(DataError, match="placed on the map") as caught:
        read(tmp_path, table)
    assert f"without coordinates: {len(table)}" in str(caught.value)


def test_given_as_another_file_it_is_named(tmp_path):
    file = written(tmp_path, roll.addresses())
    with pytest.raises(DataError) as caught:
        read_addresses(file, crs_metric=CRS, bureaux=gpd.GeoDataFrame())
    assert "Addresses of the electoral roll, with their bureau (INSEE, REU)" in str(caught.value)


def test_the_case_of_the_blog():
    if not CASE.is_file():
        pytest.skip("the shared cases are not there")
    found = read_roll(CASE, crs_metric=CRS)
    assert found.addresses["bureau_id"].tolist() == ["99900_0001"]
    assert reasons(found) == {"score under 0.7": 1}
