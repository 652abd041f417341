"""Parts of a place by name."""

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.geography.zones import (
    arrondissement,
    bureaux_in,
    in_words,
    place_named,
    zones_of,
)
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.workflows.build import Inputs, build
from tests.made import candidates, general, write_results


@pytest.mark.parametrize(
    ("bureau", "code"),
    [
        ("75056_1850", "75118"),
        ("13055_0801", "13208"),
        ("69123_0312", "69383"),
        ("75056_9901", ""),
        ("35238_0101", ""),
        ("75056_JUS1", ""),
    ],
)
def test_arrondissements_are_known_by_the_number(bureau, code):
    assert arrondissement(bureau) == code


def test_quarters_of_the_embedded_place_are_found_by_name(valmont):
    zones = zones_of(valmont)
    assert set(zones["kind"]) == {"quartier"}
    assert len(zones) == 10
    place = place_named(valmont, "les tilleuls")
    assert place == "quartier:99900-Les Tilleuls"
    ids = list(valmont.read("turnout")["bureau_id"].cat.categories)
    named = valmont.read("zones")
    wanted = named.loc[named["zone_id"] == "99900-Les Tilleuls", "bureau_id"]
    assert sorted(bureaux_in(valmont, ids, [place])) == sorted(wanted)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("3e", "13203"),
        ("3e arrondissement", "13203"),
        ("3ème Arrondissement", "13203"),
        ("Marseille 3ème", "13203"),
        ("marseille 1er arrondissement", "13201"),
        ("1ère circonscription", "circonscription:13-01"),
        ("2ème circonscription", "circonscription:13-02"),
    ],
)
def test_ordinals_are_known_as_people_write_them(tmp_path, written, place):
    rows = [("2022_legi_t1", "13055", b, 300, 200, 0, 0) for b in ("0101", "0301", "0302")]
    counts = general(*rows, place="Marseille").assign(code_circonscription=["01", "02", "02"])
    votes = candidates(*((e, c, b, "DVG", "ADAM", 200) for e, c, b, *_ in rows))
    built = build(Inputs(*write_results(tmp_path, counts, votes)), tmp_path / "w")
    assert place_named(built, written) == place


def test_an_unknown_name_says_what_is_near(valmont):
    with pytest.raises(DataError, match="no part called") as caught:
        place_named(valmont, "Tilleul")
    assert "Les Tilleuls" in str(caught.value)


def test_a_quarter_has_the_same_past_as_in_the_whole_place(valmont):
    """Votes of an earlier vintage are handed on before bureaux are left out."""
    before = election_of("2027_pres_t1").date
    whole = read_history(valmont, Choice("left"), before=before)
    place = place_named(valmont, "Quartier de la Gare")
    part = read_history(valmont, Choice("left"), before=before, places=(place,))
    rows = whole.units["bureau_id"].isin(part.units["bureau_id"]).to_numpy()
    assert 0 < rows.sum() < len(rows)
    np.testing.assert_array_equal(part.votes, whole.votes[rows])
    np.testing.assert_array_equal(part.ballots, whole.ballots[rows])


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("1re circonscription", "Constituency 1"),
        ("18e circonscription (Paris)", "Constituency 18 (Paris)"),
        ("2ème Circonscription", "Constituency 2"),
        ("Français établis hors de France", "Français établis hors de France"),
        ("Rue de la 1re Armée", "Rue de la 1re Armée"),
    ],
)
def test_the_number_of_a_constituency_is_said_in_the_language_of_the_page(name, english):
    assert in_words(pd.Series([name]), "en").tolist() == [english]
    assert in_words(pd.Series([name]), "fr").tolist() == [name]
