"""What trials say, in both languages."""

from __future__ import annotations

import pickle
import string

import pytest

from analysis.errors import DataError
from analysis.experiments import trial_words
from analysis.experiments.trial_words import Note, estimator_name, outcome_name, points, say


def table(language):
    return trial_words._WORDS[language]


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values():
    english, french = table("en"), table("fr")
    assert list(english) == list(french)
    for key in english:
        assert fields(english[key]) == fields(french[key]), key


def test_french_has_its_spaces_and_no_english():
    for key, text in table("fr").items():
        assert " :" not in text, key
        assert " ;" not in text, key
        assert " %" not in text, key
        assert "'" not in text, key


def test_points_are_written_as_their_readers_do():
    assert points(0.0063, language="fr") == "+0,63 point"
    assert points(0.0324, language="fr") == "+3,24 points"
    assert points(-0.0001) == "−0.01 points"


def test_a_note_is_english_text_that_knows_french():
    note = Note("blocks_of_one", count=1234, examples=tuple("abcde"))
    assert note == "1,234 block(s) of one unit are left out: a, b, c… (5 in all)"
    assert note.say("fr") == (
        "1\u202f234 lot(s) d’une seule unité sont écartés\u202f: a, b, c… (5 en tout)"
    )
    again = pickle.loads(pickle.dumps(note))  # noqa: S301 - our own bytes
    assert (again, again.say("fr")) == (note, note.say("fr"))
    assert say("note", "fr", note=note).endswith(note.say("fr"))


def test_names_of_estimators():
    assert estimator_name("ancova_weighted", "fr") == "effets de lot, covariables, pondéré"
    assert estimator_name("block_size_weighted", "fr") == "moyenne des lots selon leur taille"
    assert estimator_name("block_size_weighted") == "mean of blocks by size"
    assert estimator_name("of another package") == "of another package"


@pytest.mark.parametrize(
    ("column", "english", "french"),
    [
        ("left_registered", "Left, of the registered", "Gauche, part des inscrits"),
        ("far_left_valid", "Far left, of the valid ballots", "Extrême gauche, part des exprimés"),
        ("registered", "registered", "inscrits"),
        ("turnout", "turnout", "participation"),
        ("my_registered", "my_registered", "my_registered"),
        ("2022_pres_t1_registered", "2022_pres_t1_registered", "2022_pres_t1_registered"),
    ],
)
def test_a_measure_without_election_is_named_in_words(column, english, french):
    assert (outcome_name(column), outcome_name(column, "fr")) == (english, french)


def test_another_language():
    with pytest.raises(DataError, match="Trials are not told in “de”") as error:
        say("units", "de")
    assert error.value.mend
