"""Both languages say the same things; numbers as their readers write them."""

from __future__ import annotations

import string

import pytest

from analysis.charts import chart_words
from analysis.errors import DataError
from analysis.vocabulary import speaking


def holes(text):
    return [field for _, field, *_ in string.Formatter().parse(text) if field is not None]


@pytest.mark.parametrize("table", [chart_words.WORDS, chart_words.NAMES])
def test_both_languages_say_the_same_things(table):
    assert set(table) == set(chart_words.LANGUAGES)
    assert table["fr"].keys() == table["en"].keys()
    for key, french in table["fr"].items():
        assert french
        assert table["en"][key]
        assert holes(french) == holes(table["en"][key])


def test_another_language_is_refused_with_the_ones_there_are():
    with pytest.raises(DataError, match="fr, en"):
        chart_words.say("title", "de")


@pytest.mark.parametrize(
    ("election_id", "french", "english"),
    [
        ("2027_pres_t1", "présidentielle 2027, 1er tour", "2027 presidential, round 1"),
        ("2024_euro", "européennes 2024", "2024 European"),
        ("council", "council", "council"),
    ],
)
def test_elections_are_named(election_id, french, english):
    assert chart_words.election(election_id, "fr") == french
    assert chart_words.election(election_id, "en") == english


def test_a_second_round_abroad_is_not_called_as_the_first():
    with speaking({"kinds": {"bund": {"fr": "Présidence", "en": "President"}}}):
        assert chart_words.election("2026_bund_t1", "fr") == "Présidence 2026"
        assert chart_words.election("2026_bund_t2", "fr") == "Présidence 2026, 2d tour"
