"""The library's texts in the language of the session.

The library raises in English, with the values already in the text. The template a text was made
from is found again among those of the catalogue (see `library_texts`), and the values are put
into its translation. A text of no template is shown as it is.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache, lru_cache

from analysis.errors import DataError
from pages._ui import i18n, languages
from pages._ui.library_texts import CONTEXT, PUNCTUATION, TABLE

# A value such as 1217515 or 99.3% that the translation writes in its language's way.
NUMBER = "n"
_NUMBER = re.compile(r"(-?\d+(?:\.(\d+))?)(%?)")
_SEPARATORS = ("; ", ", ")
# What lies deeper or is longer is a foreign program's text, not a list of ours.
_DEEPEST, _LONGEST = 8, 2000
_MORE = re.compile(r"… \(\d+ in all\)$")  # as `analysis.errors.some` ends a list


def translate_error(error: DataError, language: str = "") -> tuple[str, str, str]:
    """Return what is wrong, where, and how to mend it; in the language of the session if none."""
    language = language or i18n.language()
    what, mend = (_sentence(text, language) for text in (error.what, error.mend))
    return what, _value(error.where, language), mend


def translate(text: str) -> str:
    """Translate a text of a report: why rows were left out, examples, a note, a licence."""
    return _value(text, i18n.language())


@dataclass(frozen=True, slots=True)
class Template:
    """A text of the library with gaps, how many letters stand outside them, its translation."""

    pattern: re.Pattern[str]
    length: int
    translation: str

    def fill(self, text: str, language: str, depth: int = 0) -> str:
        """Translate `text`, which is of this template, and the values in it."""
        match = self.pattern.fullmatch(text)
        values = match.groups() if match else ()
        return self.translation.format(
            *(_Value(_value(v, language, depth + 1), language) for v in values)
        )


class _Value(str):
    """A value; a translation may ask for a table's name, ``{0:table}``, or a number, ``{0:n}``."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str = languages.DEFAULT) -> _Value:
        value = super().__new__(cls, text)
        value.language = language
        return value

    def __format__(self, spec: str) -> str:
        if spec == TABLE:
            return i18n.pgettext(TABLE, self)
        number = _NUMBER.fullmatch(self) if spec == NUMBER else None
        if not number:
            return str(self)
        digits, share = len(number[2] or ""), number[3]
        if share:
            return languages.format_percent(float(number[1]) / 100, digits, language=self.language)
        return languages.format_number(float(number[1]), digits, language=self.language)


@cache
def templates(language: str) -> tuple[Template, ...]:
    """Return the templates that are translated, those with most words first."""
    known = _catalogue(language)
    found = [
        Template(_pattern(literals), sum(map(len, literals)), known[text])
        for text in sorted(known.keys() - set(PUNCTUATION))
        for literals in [_literals(text)]
    ]
    return tuple(sorted(found, key=lambda template: -template.length))


@cache
def _catalogue(language: str) -> dict[str, str]:
    file = languages.catalogue_file(language)
    if not file.exists():
        return {}
    return {
        message.id: message.string
        for message in languages.read_catalogue(file)
        if message.context == CONTEXT
        and isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.string
    }


def _pattern(literals: list[str]) -> re.Pattern[str]:
    """Compile a template; a gap ends where the next words first appear, whatever comes later."""
    first, *rest = map(re.escape, literals)
    if not rest:
        return re.compile(first)
    # Atomic groups never go back, so a long text of many commas costs no more than its length.
    gaps = "".join(f"(?>(.*?){literal})" for literal in rest[:-1])
    return re.compile(f"{first}{gaps}(.*?){rest[-1]}", re.DOTALL)


def _literals(template: str) -> list[str]:
    """Return the words before, between and after the gaps."""
    found = [""]
    for literal, field, _spec, _conversion in string.Formatter().parse(template):
        found[-1] += literal
        if field is not None:
            found.append("")
    return found


@lru_cache(maxsize=2048)
def _sentence(text: str, language: str) -> str:
    """Translate a sentence as a whole: its commas separate no values."""
    template = _template(text, language)
    return template.fill(text, language) if template else _value(text, language)


@lru_cache(maxsize=4096)
def _value(text: str, language: str, depth: int = 0) -> str:
    """Translate what stands in a gap: a list, a text of the library, or what the user wrote."""
    if not text or not templates(language) or depth > _DEEPEST or len(text) > _LONGEST:
        return text
    for separator in _SEPARATORS:
        if listed := _listed(text, separator, language, depth):
            return listed
    template = _template(text, language)
    head, colon, tail = text.partition(": ")
    behind = _template(tail, language) if colon else None
    if behind and behind.length + len(colon) > (template.length if template else 0):
        sides = (_value(side, language, depth + 1) for side in (head, tail))
        return _between(colon, language).join(sides)
    return template.fill(text, language, depth) if template else _pieces(text, language, depth)


@lru_cache(maxsize=4096)
def _template(text: str, language: str) -> Template | None:
    """Return the template with most words that `text` is of."""
    return next((t for t in templates(language) if t.pattern.fullmatch(text)), None)


def _listed(text: str, separator: str, language: str, depth: int) -> str | None:
    """Translate a list whose items are all of one template; its last may count them all."""
    *items, last = text.split(separator)
    of_last = _template(_MORE.sub("", last), language)
    if not items or not of_last or {_template(item, language) for item in items} != {of_last}:
        return None
    return _between(separator, language).join(
        [*(of_last.fill(i, language, depth) for i in items), _value(last, language, depth + 1)]
    )


def _pieces(text: str, language: str, depth: int) -> str:
    """Translate what is known of "file: reason; reason"; with nothing known, change nothing."""
    for separator, most in (("; ", -1), (": ", 1), (", ", -1)):
        items = text.split(separator, most)
        if len(items) == 1:
            continue
        filled = [_value(item, language, depth + 1) for item in items]
        if filled != items:
            return _between(separator, language).join(filled)
    return text


def _between(separator: str, language: str) -> str:
    template = f"{{0}}{separator}{{1}}"
    return _catalogue(language).get(template, template).format("", "")
