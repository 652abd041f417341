"""What a file is taken for, until the user says otherwise."""

import gzip
from io import BytesIO

import pandas as pd
import pytest

from analysis.readers.calendar import election_in, election_of, known_elections
from analysis.readers.glance import look, year_in
from analysis.readers.reader_registry import PUBLISHED, READERS, ROLES, reader_of, role_of
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
        ("general_results.csv", "general_results"),
        ("candidats_results.csv", "candidats_results"),
        ("contours_2017.geojson", "contours"),
        ("carreaux_200m.csv", "squares"),
        ("adresses-99.csv.gz", "addresses"),
        ("electeurs_par_adresse.csv", "electors"),
        ("lieux_de_vote.csv", "reu_bureaux"),
        ("truth.json", "unused"),
        ("SOURCE.md", "unused"),
    ],
)
def test_files_of_the_embedded_place(name, role):
    with (VALMONT / name).open("rb") as file:
        assert role_of(look(name, file)) == role
        # Whoever reads it next finds it at its beginning.
        assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "content", "role"),
    [
        ("a.parquet", parquet("id_election", "inscrits"), "general_results"),
        ("a.parquet", parquet("id_election", "voix"), "candidats_results"),
        ("a.parquet", parquet("bureau_id", "geometry"), "contours"),
        ("a.parquet", b"PAR1 cut", "unused"),
        ("a.csv", ";".join(OLDER).encode("cp1252"), "raw"),  # both in one
        ("a.csv", "Code du b.vote;Inscrits".encode("cp1252"), "general_results"),
        ("a.csv", b"\xef\xbb\xbfid_election,voix\n", "candidats_results"),
        ("a.csv", b"", "unused"),
        ("a.csv.gz", gzip.compress(b"numero;nom_voie;lon;lat\n", mtime=0), "addresses"),
        ("a.csv.gz", b"not gzip", "unused"),
        ("a.csv", b"voie;numero_voie;nb;lon;lat\n", "electors"),
        ("a.csv", b"numero;voie;code_insee;nb_electeurs;longitude;latitude\n", "electors"),
        ("a.csv", b"no;nom;prenom;rue;lon;lat\n", "unused"),
        ("a.csv", b"Idcar_200m,Ind\n", "squares"),
        ("a.csv", b"code_commune_ref,id_brut_bv_reu,geo_adresse,longitude,latitude\n", "reu"),
        ("a.parquet", parquet("id_brut_reu", "libelle_reu"), "reu_bureaux"),
        ("a.geojson", BUREAU, "contours"),
        ("a.geojson", geojson(IRIS="5620"), "unused"),
        ("iris_contours.geojson", BUREAU, "unused"),
        ("a.geojson", geojson(NOM_IRIS="PLAISANCE 20"), "quarters"),
        ("quartiers.gpkg", b"SQLite format 3\0", "quarters"),
        ("bureaux_2012.geojson", geojson(ID="750060019"), "contours"),
        ("a.gpkg", b"SQLite format 3\0", "contours"),
        ("a.zip", b"PK", "contours"),
        ("a.csv", b"Exported on Monday\n\n" + ";".join(OLDER.values()).encode(), "raw"),
        ("a.txt", b"2;75;056;Paris;0101;1052;595;587;1;DURAND;Anne;LDIV;60\n", "raw"),
        ("a.toml", b'[terrain]\nname = "x"\n[[election]]\n', "terrain"),
        ("scenario.toml", b'bloc = "left"\n', "unused"),
        ("Filosofi2019_carreaux_200m_csv.zip", b"PK", "squares"),
    ],
)
def test_what_names_and_columns_say(name, content, role):
    assert role_of(look(name, BytesIO(content))) == role


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
    assert year_in(name) == year


@pytest.mark.parametrize(
    ("name", "election"),
    [
        ("pres2022_t2_burvot_paris.txt", "2022_pres_t2"),
        ("legi2024_t1_finistere_circos_2_3.csv", "2024_legi_t1"),
        ("euro2014_paris_opendata.csv", "2014_euro_t1"),
        ("municipales-2020-resultats-bureaux-de-vote-tour-2.csv", "2020_muni_t2"),
        ("Départementales 2021 1er tour.csv", "2021_dpmt_t1"),
        ("resultats-par-niveau-burvot-t1-france-entiere.txt", ""),
        ("legislatives.csv", ""),
    ],
)
def test_the_election_of_a_raw_file(name, election):
    assert election_in(name) == election


def test_known_elections_begin_with_the_latest():
    known = known_elections()
    rounds = ("2026_muni_t2", "2026_arrd_t2", "2026_muni_t1", "2026_arrd_t1")
    assert known[:4] == rounds
    assert len({election_of(one).date for one in known}) > 40


def test_every_reader_can_be_loaded_and_every_role_found():
    assert len(ROLES) == 12
    official = ("general_results", "candidats_results", "addresses", "contours", "squares")
    assert (*official, "reu", "reu_bureaux") == PUBLISHED
    for reader in READERS:
        assert reader_of(reader.role) is next(one for one in READERS if one.role == reader.role)
        assert reader.sniff(look("nothing.csv", BytesIO(b""))) == 0


def test_of_two_readers_of_a_role_the_surer_one_reads(monkeypatch, tmp_path):
    from dataclasses import replace

    from analysis.readers import reader_registry

    usual = reader_of("squares")
    other = replace(usual, sniffs="addresses:sniff", reads="addresses:read_addresses")
    monkeypatch.setattr(reader_registry, "READERS", (*READERS, other))
    (file := tmp_path / "a.csv").write_text("numero,voie,lon,lat\n")
    assert reader_of("squares", file) is other
    file.write_text("Idcar_200m,Ind\n")
    assert reader_of("squares", file) is usual
    assert reader_of("squares") is usual
