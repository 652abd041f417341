"""Tests of lists of addresses of one's own: headings in French, two things in a cell."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import box

from analysis.errors import DataError
from analysis.readers.addresses import read_addresses
from analysis.readers.electors import read_electors, sniff
from analysis.readers.glance import NO, SURE, look

AT = ["8.737;41.920", "8.738;41.920"]


@pytest.fixture
def bureaux():
    table = {"bureau_id": ["2A004_0001"], "vintage": 2024, "commune_id": "2A004", "name": ""}
    shape = box(8.73, 41.91, 8.75, 41.93)
    return gpd.GeoDataFrame(table, geometry=[shape], crs="EPSG:4326").to_crs("EPSG:2154")


def read(folder, header, rows, bureaux, places=("2A004",)):
    file = folder / "liste.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_addresses(file, crs_metric="EPSG:2154", bureaux=bureaux, places=places)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("N°;Bis/Ter;Voie;Commune;Longitude;Latitude", "12;bis;Rue Haute;Ajaccio;{at}"),
        ("Adresse;Code INSEE;Longitude (WGS84);Latitude (WGS84)", "12 bis Rue Haute;2A004;{at}"),
        ("Adresse complète;Lng;Lat", "12bis Rue Haute, 20000 Ajaccio;{at}"),
        ("Adresse;Ville;Longitude;Latitude", "Rue Haute, 12 bis;AJACCIO;{at}"),
        (
            "Numéro de voie;Indice de répétition;Type de voie;Libellé de voie;Code postal;Long;Lat",
            "12;bis;Rue;Haute;20000;{at}",
        ),
        ("Numéro;Nom de la voie;result_longitude;result_latitude", "12bis;Rue Haute;{at}"),
        ("N° de voie;Nom de rue;LONG_WGS84;LAT_WGS84", "12 BIS;Rue Haute;{at}"),
    ],
)
def test_headings_of_many_kinds_say_number_suffix_street_commune(tmp_path, bureaux, header, row):
    rows = [
        row.format(at=at).replace("12", number) for at, number in zip(AT, ("12", "14"), strict=True)
    ]
    table, report = read(tmp_path, header, rows, bureaux)
    assert table["number"].tolist() == [12, 14]
    assert table["suffix"].tolist() == ["bis", "bis"]
    assert table["street"].tolist() == ["Rue Haute"] * 2
    assert table["bureau_id"].tolist() == ["2A004_0001"] * 2
    assert table["commune_id"].tolist() == ["2A004"] * 2
    assert report.left_out == ()


@pytest.mark.parametrize(
    "names", ["X_L93;Y_L93", "Coordonnée X;Coordonnée Y", "Lambert X;Lambert Y", "X CC42;Y CC42"]
)
def test_headings_of_metres(tmp_path, bureaux, names):
    at = gpd.GeoSeries.from_xy([8.74], [41.92], crs=4326)
    metres = at.to_crs(3942 if "CC42" in names else 2154)
    row = f"12;Rue Haute;2A004;{metres.x[0]:.2f};{metres.y[0]:.2f}".replace(".", ",")
    table, _ = read(tmp_path, f"Numéro;Voie;Insee;{names}", [row], bureaux)
    assert table.distance(at.to_crs(2154)).tolist() == pytest.approx([0], abs=0.1)


@pytest.mark.parametrize("name", ["Coordonnées GPS", "latlon", "coord_gps"])
def test_both_coordinates_in_a_cell(tmp_path, bureaux, name):
    table, _ = read(tmp_path, f"N°;Rue;Insee;{name}", ["3;Rue Haute;2A004;41.92, 8.74"], bureaux)
    assert table["bureau_id"].tolist() == ["2A004_0001"]


def test_a_town_that_is_not_of_the_place_is_listed(tmp_path, bureaux):
    rows = [f"1;Rue Haute;Ajaccio;{AT[0]}", f"2;Rue Haute;Bastia;{AT[1]}"]
    table, report = read(tmp_path, "N°;Voie;Commune;Lon;Lat", rows, bureaux)
    assert table["number"].tolist() == [1]
    assert [(str(o.reason), o.count, str(o.examples)) for o in report.left_out] == [
        ("outside the place", 1, "Bastia")
    ]


def test_without_a_commune_the_only_one_is_meant_and_that_is_said(tmp_path, bureaux):
    table, report = read(tmp_path, "N°;Voie;Lon;Lat", [f"1;Rue Haute;{AT[0]}"], bureaux, ())
    assert table["commune_id"].tolist() == ["2A004"]
    assert any("no column says the commune" in note for note in report.notes)


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("Voie;Insee;Lon;Lat", f"Rue Haute;2A004;{AT[0]}", "numero / number"),
        ("N°;Voie;Insee", "1;Rue Haute;2A004", "longitude"),
        ("N°;Insee;Lon;Lat", f"1;2A004;{AT[0]}", "nom_voie"),
    ],
)
def test_what_lacks_is_named_and_how_to_head_it(tmp_path, bureaux, header, row, says):
    with pytest.raises(DataError, match=says) as caught:
        read(tmp_path, header, [row], bureaux)
    assert "your own list" in caught.value.mend


def test_registered_by_address_know_the_same_headings(tmp_path, bureaux):
    rows = [f"{n};Rue Haute;2A004;{at}" for n, at in zip(("12", "14"), AT, strict=True)]
    addresses, _ = read(tmp_path, "Numéro;Voie;Insee;Lon;Lat", rows, bureaux)
    file = tmp_path / "e.csv"
    file.write_text('Adresse;Inscrits\n"Rue Haute, 12";3\n"14 rue Haute, 20000 Ajaccio";4\n')
    assert read_electors(file, addresses)[0]["registered"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("header", "surety"),
    [
        ("Adresse;Nombre d'électeurs", SURE),
        ("Nom de la voie;N°;Nb électeurs", SURE),
        ("Lieu de vote;Adresse;Bureau;Nombre d'électeurs", NO),
    ],
)
def test_registered_by_address_are_told_by_their_headings(tmp_path, header, surety):
    file = tmp_path / "e.csv"
    file.write_text(f"{header}\n12 Rue Haute;3;1;2\n")
    with file.open("rb") as stream:
        assert sniff(look(file.name, stream)) == surety
