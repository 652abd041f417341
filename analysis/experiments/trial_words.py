"""What trials say, in English and in French: sentences, notes, names of estimates.

The English lies here, by key, in `trial_words.toml`; the French is in the catalogue.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from analysis.agreement import agreed
from analysis.errors import DataError
from analysis.i18n import Words, format_number, localised

LANGUAGES = ("fr", "en")
_WORDS = Words.read("trial", files("analysis.experiments") / "trial_words.toml")
_ELECTION = re.compile(r"(?P<year>\d{4})_(?P<kind>[a-z]+)_t(?P<round>[12])")
_OUTCOME = re.compile(
    r"(?:(?P<election>\d{4}_[a-z]+_t[12])_)?(?:(?P<whose>.+)_)?(?P<what>turnout|registered|valid)"
)
_EXAMPLES = 3


def say(key: str, language: str = "en", **values: object) -> str:
    """Write a text in a language, its numbers as readers of that language do.

    Parameters
    ----------
    key
        Name of the text in `trial_words.toml`.
    language
        `fr` or `en`.
    **values
        What its placeholders stand for. Notes among them are told in the language too, and
        tuples by their first few and their number.

    Returns
    -------
    str
        The text, filled in.

    Raises
    ------
    DataError
        When there is no such language.
    """
    return agreed(_Writer(language).vformat(_words(language)[key], (), values), language)


def names(kind: str, language: str = "en") -> dict[str, str]:
    """Return the texts whose keys begin with `kind` and a point, by the rest of the key."""
    start = f"{kind}."
    words = _words(language)
    return {key.removeprefix(start): text for key, text in words.items() if key.startswith(start)}


def name(kind: str, identifier: str, language: str = "en") -> str:
    """Return the name of an id of some kind; the id itself when it has none.

    Parameters
    ----------
    kind
        Section of `trial_words.toml`: estimand, estimator, assumption.
    identifier
        Its key there.
    language
        `fr` or `en`.

    Returns
    -------
    str
        In words.
    """
    return _words(language).get(f"{kind}.{identifier}", identifier)


def estimand_name(estimand: str, language: str = "en") -> str:
    """Name a quantity: assignment, first stage, allocation, coverage."""
    return name("estimand", estimand, language)


def estimator_name(estimator: str, language: str = "en") -> str:
    """Name an estimator in words."""
    # “block_size_weighted” is an estimator's own name, “ancova_weighted” one with weights.
    if (whole := name("estimator", estimator, language)) != estimator:
        return whole
    base = estimator.removesuffix("_weighted")
    told = name("estimator", base, language)
    return say("weighted", language, estimator=told) if base != estimator else told


def points(value: float, *, language: str = "en", digits: int = 2) -> str:
    """Write a share as points with its sign: 0.0063 is “+0.63 points”.

    Parameters
    ----------
    value
        A share, or a difference of shares.
    language
        `fr` or `en`.
    digits
        Decimals of the points.

    Returns
    -------
    str
        With its sign and its unit.
    """
    told = format_number(100 * value, digits, language=language, sign=True)
    return agreed(f"{told} point[s]", language)


def told_p(value: float, language: str = "en", digits: int = 3) -> str:
    """Write a p-value with its sign: “= 0.123”, “< 0.001”; a dash where there is none.

    Parameters
    ----------
    value
        0 to 1, or nan.
    language
        Of the text, "fr" or "en".
    digits
        Decimals; what is less than the last of them is said to be.

    Returns
    -------
    str
        In the decimal sign of the language.
    """
    if not math.isfinite(value):
        return format_number(value, language=language)
    least = 10.0**-digits
    if value < least:
        return f"< {format_number(least, digits, language=language)}"
    return f"= {format_number(value, digits, language=language)}"


def election_name(election: str, language: str = "en") -> str:
    """Name an election round: `2022_pres_t1` is “Presidential election 2022, round 1”.

    An id of another pattern (another country's) is its own name.
    """
    parts = _ELECTION.fullmatch(election)
    if parts is None or (kind := name("election", parts["kind"], language)) == parts["kind"]:
        return election
    return say(f"round_{parts['round']}", language, kind=kind, year=parts["year"])


def outcome_name(column: str, language: str = "en") -> str:
    """Name the result of an election, or a measure, in words; others are their own names.

    `2022_pres_t1_left_registered` is “Left, of the registered, Presidential election 2022,
    round 1”, `left_registered` “Left, of the registered”; in French `registered` is “inscrits”.
    """
    parts = _OUTCOME.fullmatch(column)
    if parts is None:
        return column
    what, whose = parts["what"], parts["whose"] or ""
    told = name("bloc", whose, language)
    if parts["election"] is None:
        known = told != whose and what != "turnout"
        return (
            say(f"measure_{what}", language, whose=told)
            if known
            else name("column", column, language)
        )
    if (election := election_name(parts["election"], language)) == parts["election"]:
        return column
    if (what == "turnout") == bool(whose):
        return column
    return say(f"result_{what}", language, whose=told, election=election)


class Note(str):
    """A remark on a result: a text in English that knows itself in other languages."""

    key: str
    values: dict[str, object]

    def __new__(cls, key: str, **values: object) -> Note:
        """Write the remark `key` with its values."""
        note = super().__new__(cls, say(key, "en", **values))
        note.key, note.values = key, values
        return note

    def __reduce__(self) -> tuple[Any, ...]:
        return _note, (self.key, self.values)

    def say(self, language: str = "en") -> str:
        """Write the remark in a language."""
        return say(self.key, language, **self.values)


def _note(key: str, values: dict[str, object]) -> Note:
    return Note(key, **values)


class _Writer(string.Formatter):
    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: object, format_spec: str) -> str:
        """Write one value in the language; "p" as its format writes a p-value."""
        if format_spec == "p":
            return told_p(float(str(value)), self.language)
        if isinstance(value, Note):
            return value.say(self.language)
        if isinstance(value, tuple):
            return self._some(tuple(self._named(item) for item in value))
        if isinstance(value, str):
            value = self._named(value)
        text = format(value, format_spec)
        is_number = isinstance(value, int | float) and math.isfinite(value)
        return localised(text, self.language) if is_number else text

    def _named(self, item: object) -> object:
        """Name elections and their results in words; English keeps the ids that scripts know."""
        if self.language == "en" or type(item) is not str:
            return item
        return election_name(outcome_name(item, self.language), self.language)

    def _some(self, items: tuple[object, ...]) -> str:
        shown = ", ".join(str(item) for item in items[:_EXAMPLES])
        if len(items) <= _EXAMPLES:
            return shown
        return say("in_all", self.language, shown=shown, count=len(items))


def _words(language: str) -> Mapping[str, str]:
    if language not in LANGUAGES:
        raise DataError(
            "Trials are not told in “{language}”.",
            mend="Ask for one of: {known}.",
            language=language,
            known=", ".join(LANGUAGES),
        )
    return _WORDS[language]
