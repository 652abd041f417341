"""Tests of `analysis.readers.streets`."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.readers.streets import split_numbers, street_key, street_keys, suffix_keys


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
