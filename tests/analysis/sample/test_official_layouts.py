"""The files carry the official columns, and their counts agree with one another."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

SHARED = Path(__file__).parents[3].parent / "shared" / "data"

GENERAL = (
    "id_election;id_brut_miom;code_departement;libelle_departement;code_canton;libelle_canton;"
    "code_commune;libelle_commune;code_circonscription;libelle_circonscription;code_bv;inscrits;"
    "abstentions;votants;blancs;nuls;exprimes;ratio_abstentions_inscrits;ratio_votants_inscrits;"
    "ratio_blancs_inscrits;ratio_blancs_votants;ratio_nuls_inscrits;ratio_nuls_votants;"
    "ratio_exprimes_inscrits;ratio_exprimes_votants"
)
CANDIDATES = (
    "id_election;id_brut_miom;code_departement;code_commune;code_bv;no_panneau;voix;"
    "ratio_voix_inscrits;ratio_voix_exprimes;nuance;sexe;nom;prenom;liste;libelle_abrege_liste;"
    "libelle_etendu_liste;nom_tete_liste;binome"
)
SQUARES = (
    '"IdINSPIRE","Id_carr1km","I_est_cr","Id_carr_n","Groupe","Depcom","I_pauv","Id_car2010",'
    '"Ind","Men","Men_pauv","Men_1ind","Men_5ind","Men_prop","Men_fmp","Ind_snv","Men_surf",'
    '"Men_coll","Men_mais","Log_av45","Log_45_70","Log_70_90","Log_ap90","Log_inc","Log_soc",'
    '"Ind_0_3","Ind_4_5","Ind_6_10","Ind_11_17","Ind_18_24","Ind_25_39","Ind_40_54","Ind_55_64",'
    '"Ind_65_79","Ind_80p","Ind_inc","I_est_1km"'
)
BAN = (
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;"
    "code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;"
    "libelle_acheminement;nom_afnor;source_position;source_nom_voie;certification_commune;"
    "cad_parcelles"
)
ELECTORS = "arrondissement,bureau,numero,voie,nom,nb,ID"
ROUNDS = {
    "2017_pres_t1": 0.235,
    "2017_pres_t2": 0.265,
    "2017_legi_t1": 0.520,
    "2017_legi_t2": 0.580,
    "2019_euro_t1": 0.505,
    "2022_pres_t1": 0.265,
    "2022_pres_t2": 0.290,
    "2022_legi_t1": 0.530,
    "2022_legi_t2": 0.545,
    "2024_euro_t1": 0.490,
    "2024_legi_t1": 0.335,
    "2024_legi_t2": 0.340,
}


def first_line(path: Path) -> str:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return file.readline().rstrip("\r\n")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("general_results.csv", GENERAL),
        ("candidats_results.csv", CANDIDATES),
        ("carreaux_200m.csv", SQUARES),
        ("adresses-99.csv.gz", BAN),
        ("electeurs_par_adresse.csv", ELECTORS),
    ],
)
def test_headers_are_the_official_ones(folder, name, header):
    assert first_line(folder / name) == header


@pytest.mark.parametrize(
    ("official", "header"),
    [
        ("bordeaux/carreaux_200m_bordeaux_metropole.csv", SQUARES),
        ("paris/adresses-75.csv.gz", BAN),
        ("paris/electeurs_par_adresse_2012.csv", ELECTORS),
    ],
)
def test_the_official_headers_are_those_of_real_files(official, header):
    if not (SHARED / official).exists():
        pytest.skip(f"real data absent: {official}")
    assert first_line(SHARED / official) == header


def test_results_have_every_column_of_the_real_cut(general, candidates):
    for name, ours in (("general", general), ("candidats", candidates)):
        path = SHARED / "paris" / f"{name}_results.csv"
        if not path.exists():
            pytest.skip("real data absent: paris results")
        assert set(first_line(path).split(";")) <= set(ours.columns)


def test_the_rounds_of_2017_to_2024_are_there(general):
    assert list(general["id_election"].unique()) == list(ROUNDS)


def test_the_town_abstains_as_often_as_the_nation(general):
    totals = general.groupby("id_election")[["abstentions", "inscrits"]].sum()
    rates = totals["abstentions"] / totals["inscrits"]
    # Binomial error of a rate among 40,000 persons: 0.25 points; allow four of them.
    assert rates.to_dict() == pytest.approx(ROUNDS, abs=0.01)


def test_bureaux_differ_as_real_ones_do(general):
    rate = (general["abstentions"] / general["inscrits"])[general["code_bv"] != "JUS1"]
    spread = rate.groupby(general["id_election"]).std()
    assert spread.between(0.04, 0.11).all()


def test_ballots_are_blank_null_or_valid(general):
    assert (general["blancs"] + general["nuls"] + general["exprimes"] == general["votants"]).all()
    assert (general["votants"] + general["abstentions"] == general["inscrits"]).all()
    assert (general[["blancs", "nuls", "exprimes", "votants", "abstentions"]] >= 0).all(axis=None)


def test_votes_sum_to_valid(general, candidates):
    keys = ["id_election", "id_brut_miom"]
    votes = candidates.groupby(keys)["voix"].sum()
    assert votes.to_dict() == general.set_index(keys)["exprimes"].to_dict()


def test_ratios_are_percentages_of_the_counts(general, candidates):
    expected = 100 * general["blancs"] / general["votants"]
    pd.testing.assert_series_equal(
        general["ratio_blancs_votants"], expected.round(2), check_names=False
    )
    row = candidates.iloc[7]
    valid = general.set_index(["id_election", "id_brut_miom"])["exprimes"]
    whole = valid[row["id_election"], row["id_brut_miom"]]
    assert float(row["ratio_voix_exprimes"]) == pytest.approx(100 * row["voix"] / whole, abs=0.006)


def test_a_candidate_has_one_row_per_bureau(candidates):
    assert not candidates.duplicated(["id_election", "id_brut_miom", "no_panneau"]).any()


def test_every_option_has_the_bloc_of_the_table_of_blocs(valmont, candidates):
    table = pd.read_csv(Path(__file__).parents[3] / "analysis" / "readers" / "blocs.csv")
    known = table.set_index(["election", "key"])["bloc"]
    for row in candidates.drop_duplicates(["id_election", "no_panneau"]).itertuples():
        planted = valmont.truth["elections"][row.id_election]["blocs"]
        key = row.nuance or row.nom or row.libelle_abrege_liste
        assert planted[row.nom or row.libelle_abrege_liste] == known[row.id_election[:9], key]
