"""Tests of `analysis.geography.way_names`."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from analysis.geography import way_names
from analysis.geography.address_search import find, index_of
from analysis.geography.way_names import (
    split_house,
    split_numbers,
    street_key,
    street_keys,
    suffix_keys,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RUE DE L ABBAYE", "Rue de l'Abbaye"),
        ("R ABBAYE", "Rue de l'Abbaye"),
        ("BD ST MICHEL", "Boulevard Saint-Michel"),
        ("AV GAL LECLERC", "Avenue du Général Leclerc"),
        ("RUE DU SACRE COEUR", "Rue du Sacré-Cœur"),
        ("AVENUE PIERRE 1ER DE SERBIE", "Avenue Pierre Ier de Serbie"),
        ("PL DE L HOTEL DE VILLE", "Place de l’Hôtel-de-Ville"),
        ("R DE LA GARE", "Rue de la Gare"),
        ("GARE (RUE DE LA)", "Rue de la Gare"),
        ("GARE, R DE LA", "Rue de la Gare"),
        ("CHE DES PRES", "Chemin des Prés"),
        ("LOT LES PINS", "Lotissement Les Pins"),
        ("RES DU PARC", "Résidence du Parc"),
        ("VLA DURY", "Villa Dury"),
        ("HAM DE LA COTE", "Hameau de la Côte"),
        ("QU DE BERCY", "Quai de Bercy"),
        ("RPT DE L ETOILE", "Rond-Point de l’Étoile"),
        ("ACH DE LYON", "Ancien Chemin de Lyon"),
        ("ANC RTE DE LYON", "Ancienne Route de Lyon"),
        ("VX CHE DES PRES", "Vieux Chemin des Prés"),
        ("PTE R DU LAC", "Petite Rue du Lac"),
        ("PTE DE CLICHY", "Porte de Clichy"),
        ("GR", "Grande Rue"),
        ("GDE RUE", "Grand’Rue"),
        ("PL DU MAL FOCH", "Place du Maréchal-Foch"),
        (
            "R DU CDT LT COL MGR PDT X",
            "Rue du Commandant Lieutenant Colonel Monseigneur Président X",
        ),
        ("R N D DES CHAMPS", "Rue Notre-Dame-des-Champs"),
        ("ST JEAN", "Saint-Jean"),
        ("GAL LECLERC", "Général Leclerc"),
        ("R R POINCARE", "Rue R. Poincaré"),
        ("R DU 8 MAI 1945", "Rue du Huit Mai 1945"),
        ("R DU DIX HUIT JUIN", "Rue du 18-Juin"),
        ("R DU FBG ST DENIS", "Rue du Faubourg Saint-Denis"),
    ],
)
def test_one_street_has_one_key(one, other):
    assert street_key(one) == street_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rue Voltaire", "Boulevard Voltaire"),
        ("Voie D/12", "Voie A/12"),
        ("Rue Saint-Denis", "Rue du Faubourg Saint-Denis"),
        ("Villa Dury", "Villa Dury Vasselon"),
        ("Rue A", "Rue D"),
        ("Rue du Pas", "Rue du Passage"),
        ("Rue Che Guevara", "Rue du Chemin Guevara"),
        ("Rue R", "R"),
        ("Rue du Lot", "Rue du Lotissement"),
        ("Petit Clos", "Clos"),
    ],
)
def test_two_streets_have_two_keys(one, other):
    assert street_key(one) != street_key(other)


def test_keys_of_a_column_follow_its_rows():
    names = pd.Series(["Rue X", "Rue Y", "RUE X"], index=[5, 6, 7])
    assert street_keys(names).to_dict() == {5: "RUEX", 6: "RUEY", 7: "RUEX"}


def test_numbers_and_suffixes_are_split():
    texts = pd.Series(["4", "4bis", " 04 TER", "12-14", "", "lieu-dit", "7 p1", "１２"])
    number, suffix = split_numbers(texts)
    assert number.fillna(-1).tolist() == [4, 4, 4, 12, -1, -1, 7, -1]
    assert suffix.tolist() == ["", "bis", "TER", "", "", "", "p1", ""]
    assert suffix_keys(suffix).tolist() == ["", "B", "T", "", "", "", "P1", ""]


def test_each_row_keeps_its_number_where_many_bear_the_same():
    texts = pd.Series(["7", "12bis", None, "7", "x", "12bis"], index=[9, 3, 3, 5, 1, 0])
    number, suffix = split_numbers(texts)
    assert number.fillna(0).tolist() == [7, 12, 0, 7, 0, 12]
    assert suffix.tolist() == ["", "bis", "", "", "", "bis"]
    assert list(number.index) == list(suffix.index) == list(texts.index)


@pytest.mark.parametrize(
    ("text", "number", "street"),
    [
        ("12 R DE LA GARE", "12", "R DE LA GARE"),
        ("12 R RUE HAUTE", "12 R", "RUE HAUTE"),
        ("12B, rue Haute", "12 B", "rue Haute"),
        ("4-6 av Foch", "4-6", "av Foch"),
        ("12 L ABBAYE", "12", "L ABBAYE"),
        ("rue du 8 Mai", "", "rue du 8 Mai"),
        ("", "", ""),
    ],
)
def test_a_house_is_parted_from_its_street(text, number, street):
    assert split_house(text) == (number, street)


def test_every_official_abbreviation_stands_for_its_kind():
    file = Path(way_names.__file__).with_name("way_kinds.csv")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    rows = list(csv.DictReader(lines, delimiter=";"))
    assert len(rows) > 130
    assert len({row["short"] for row in rows}) == len(rows)
    wrong = [r for r in rows if street_key(f"{r['short']} DU X") != street_key(f"{r['long']} DU X")]
    assert not wrong


@pytest.mark.parametrize(
    "typed", ["12 r de la gare", "12 R. GARE", "12 rue de la gare", "12 rue gare"]
)
def test_a_typed_address_may_be_short(typed):
    table = gpd.GeoDataFrame(
        {"number": [12, 12, 40], "suffix": ["", "bis", ""], "street": "Rue de la Gare"},
        geometry=shapely.points([[2.0, 48.0], [2.1, 48.1], [2.4, 48.4]]),
        crs="OGC:CRS84",
    )
    index = index_of(table)
    assert find(index, typed) == pytest.approx((48.0, 2.0))
    assert find(index, typed.replace("12", "12 bis")) == pytest.approx((48.1, 2.1))
    # Of a street, the middle.
    assert find(index, typed.replace("12 ", "")) == pytest.approx((48.1, 2.1))
    assert find(index, "13 rue de la gare") is None
