"""What a model holds is told by name: covariates, parts of the place, models."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.electorate.explain.term_words import (
    column_label,
    labelled,
    level_names,
    model_label,
    named_levels,
)

NAMES = {"arrondissement": {"75056_01": "1er", "75056_18": "18e"}}


class Place:
    """Two towns of one name, and the capital."""

    def __init__(self, *rows):
        self.rows = rows

    def read(self, _name):
        """Return the communes."""
        return pd.DataFrame(self.rows, columns=["commune_id", "name", "department_id"])


def bureaux(**columns):
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("C(arrondissement)[T.75056_18]", "Arrondissement\u00a0: 18e"),
        ("C(kind)[T.a: b]", "kind\u00a0: a: b"),
        ("log(density_km2)", "log(Habitants au km²)"),
        ("past_left:C(arrondissement)[T.75056_18]",
         "Gauche à un scrutin passé × Arrondissement\u00a0: 18e"),
        ("Intercept", "Constante"),
    ],
)  # fmt: skip
def test_a_column_is_told_by_name(column, said):
    assert column_label(column, NAMES, "fr") == said


def test_models_are_told_by_what_they_hold():
    assert "Gauche" in model_label("one: past_left", {}, "fr")
    assert "Arrondissement" in model_label("+ C(arrondissement)", {}, "fr")
    # Parts of the place are no table of the user's.
    assert model_label("+ place", {}, "en") != model_label("+ file", {}, "en")


def test_paris_alone_says_18e_and_with_others_paris_18e():
    paris, other = ("75056", "Paris", "75"), ("35238", "Rennes", "35")
    one = bureaux(commune_id=["75056"] * 2, arrondissement=["75056_01", "75056_18"],
                  department_id=["75"] * 2)  # fmt: skip
    assert level_names(Place(paris, other), one)["arrondissement"] == NAMES["arrondissement"]
    two = bureaux(commune_id=["75056", "35238"], arrondissement=["75056_18", "35238"],
                  department_id=["75", "35"])  # fmt: skip
    names = level_names(Place(paris, other), two)
    assert names["arrondissement"] == {"75056_18": "Paris 18e", "35238": "Rennes"}
    assert names["department_id"] == {"75": "Paris", "35": "Ille-et-Vilaine"}


def test_communes_of_one_name_say_their_departement():
    place = Place(("93066", "Saint-Denis", "93"), ("11339", "Saint-Denis", "11"),
                  ("35238", "Rennes", "35"))  # fmt: skip
    ids = ["93066", "11339", "35238"]
    names = level_names(place, bureaux(commune_id=ids, arrondissement=ids, department_id=["1"] * 3))
    assert sorted(names["commune_id"].values()) == [
        "Rennes",
        "Saint-Denis (11)",
        "Saint-Denis (93)",
    ]


def test_levels_are_named_and_numbers_stay():
    effects = pd.DataFrame(
        {"name": ["past_left", "arrondissement"], "start": [0.2, "75056_01"],
         "end": [0.4, "75056_18"], "points": [5.0, -3.0]}
    )  # fmt: skip
    named = named_levels(effects, NAMES)
    assert named["start"].tolist() == [0.2, "1er"]
    assert named["end"].tolist() == [0.4, "18e"]
    assert effects["end"].tolist() == [0.4, "75056_18"]
    rows = labelled(named, NAMES, "fr")
    assert rows["in_words"].tolist() == ["Gauche à un scrutin passé", "Arrondissement"]
    assert rows["name"].tolist() == effects["name"].tolist()
    other = pd.DataFrame({"bureau_id": ["75056_1801"]})
    assert labelled(other, NAMES, "fr") is other
