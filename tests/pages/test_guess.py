"""What a file is taken for, until the user says otherwise."""

import gzip
from io import BytesIO

import pandas as pd
import pytest

from pages._ui.data import guess_role
from tests.made import OLDER, VALMONT

BUREAU = b'{"type": "FeatureCollection", "features": [{"properties": {"code_bv": "0101"}}]}'


def geojson(**properties):
    return BUREAU.replace(b'"code_bv": "0101"', str(properties)[1:-1].replace("'", '"').encode())


def parquet(*columns):
    pd.DataFrame({name: ["1"] for name in columns}).to_parquet(file := BytesIO())
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("general_results.csv", "general"),
        ("candidats_results.csv", "candidates"),
        ("contours_2017.geojson", "contours"),
        ("carreaux_200m.csv", "squares"),
        ("adresses-99.csv.gz", "addresses"),
        ("electeurs_par_adresse.csv", "electors"),
        ("truth.json", "unused"),
        ("SOURCE.md", "unused"),
    ],
)
def test_files_of_the_embedded_place(name, role):
    with (VALMONT / name).open("rb") as file:
        assert guess_role.role_of(name, file) == role
        # Whoever reads it next finds it at its beginning.
        assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "content", "role"),
    [
        ("a.parquet", parquet("id_election", "inscrits"), "general"),
        ("a.parquet", parquet("id_election", "voix"), "candidates"),
        ("a.parquet", parquet("bureau_id", "geometry"), "contours"),
        ("a.parquet", b"PAR1 cut", "unused"),
        ("a.csv", ";".join(OLDER).encode("cp1252"), "unused"),  # both in one: a raw file
        ("a.csv", "Code du b.vote;Inscrits".encode("cp1252"), "general"),
        ("a.csv", b"\xef\xbb\xbfid_election,voix\n", "candidates"),
        ("a.csv", b"", "unused"),
        ("a.csv.gz", gzip.compress(b"numero;nom_voie;lon;lat\n", mtime=0), "addresses"),
        ("a.csv.gz", b"not gzip", "unused"),
        ("a.csv", b"Idcar_200m,Ind\n", "squares"),
        ("a.geojson", BUREAU, "contours"),
        ("a.geojson", geojson(IRIS="5620"), "unused"),
        ("iris_contours.geojson", BUREAU, "unused"),
        ("bureaux_2012.geojson", geojson(ID="750060019"), "contours"),
        ("a.gpkg", b"SQLite format 3\0", "contours"),
        ("a.zip", b"PK", "contours"),
        ("Filosofi2019_carreaux_200m_csv.zip", b"PK", "squares"),
    ],
)
def test_what_names_and_columns_say(name, content, role):
    assert guess_role.role_of(name, BytesIO(content)) == role


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("secteurs-des-bureaux-de-vote-2017.geojson", 2017),
        ("bureaux_2012.geojson", 2012),
        ("2014_extrait_2022.shp", 2022),
        ("contours.geojson", None),
        ("750562017001.geojson", None),
    ],
)
def test_the_year_of_contours(name, year):
    assert guess_role.year_of(name) == year


@pytest.mark.parametrize(
    ("text", "codes", "others"),
    [
        ("75056, 69", ("75056", "69"), ()),
        ("2a004;2B\n971 ZA101", ("2A004", "2B", "971", "ZA101"), ()),
        ("Paris 75056 75056", ("75056",), ("PARIS",)),
        ("", (), ()),
    ],
)
def test_codes_of_places(text, codes, others):
    assert guess_role.places_of(text) == (codes, others)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Saint-Étienne (42)", "saint-etienne-42"),
        ("../../etc/passwd", "etc-passwd"),
        ("  ", ""),
        ("x" * 99, "x" * 60),
    ],
)
def test_names_of_folders(text, slug):
    assert guess_role.slug_of(text) == slug
