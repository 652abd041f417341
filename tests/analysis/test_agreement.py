"""Nouns agree with the numbers before them, as each language counts."""

from __future__ import annotations

import re

import pytest

from analysis.agreement import agreed, agreeing
from analysis.errors import Text
from analysis.experiments.trial_words import points
from analysis.i18n import told
from analysis.text_catalogue import catalogue_file, read_catalogue


@pytest.mark.parametrize(
    ("text", "french"),
    [
        ("0,44 point[s]", "0,44 point"),
        ("−1,99 point[s]", "−1,99 point"),
        ("2,00 point[s]", "2,00 points"),
        ("**1,5 point[s]** contre **3,2 point[s]**", "**1,5 point** contre **3,2 points**"),
        ("0 heure[s]", "0 heure"),
        ("1\u202f234 porte[s] notée[s]", "1\u202f234 portes notées"),
        ("1 porte[s] notée[s]", "1 porte notée"),
        ("– point[s], ∞ heure[s]", "– points, ∞ heures"),
        ("**0,4** point[s]", "**0,4** point"),
        ("0,4 point [0,1 à 0,9]", "0,4 point [0,1 à 0,9]"),
    ],
)
def test_french_is_singular_below_two(text: str, french: str) -> None:
    assert agreed(text, "fr") == french


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("0.44 point[s]", "0.44 points"),
        ("1 point[s]", "1 point"),
        ("1.0 point[s]", "1.0 points"),
        ("1,234 door[s]", "1,234 doors"),
        ("0 hour[s]", "0 hours"),
    ],
)
def test_english_is_singular_at_one_alone(text: str, english: str) -> None:
    assert agreed(text, "en") == english


def test_a_text_without_a_marked_noun_is_the_text_itself() -> None:
    text = "Rang {rank} [au moins]"
    assert agreeing(text, "fr") is text


def test_an_effect_of_a_trial_that_rounds_to_two_points_is_plural() -> None:
    assert points(0.0044, language="fr") == "+0,44 point"
    assert points(0.01996, language="fr") == "+2,00 points"
    assert points(0.0044, language="en") == "+0.44 points"


@pytest.mark.parametrize(("hours", "said"), [("1", "1 heure"), ("16", "16 heures")])
def test_texts_of_the_library_agree(hours: str, said: str) -> None:
    text = Text("One vote for {n} hours ({least} to {most}).", n=hours, least="1", most="55")
    assert told(text, "fr") == f"Une voix pour {said} (1 à 55)."


def test_no_french_text_writes_points_whatever_the_number() -> None:
    bare = re.compile(r"\{[^}]*\}\**[\s\u00a0]points\b")
    french = (message.string for message in read_catalogue(catalogue_file("fr")))
    assert [text for text in french if isinstance(text, str) and bare.search(text)] == []
