"""The words of every surface, and numbers and dates as each language writes them.

Texts are English in the code; ``locales/fr/LC_MESSAGES/palier.po`` holds the French ones, for the
app, the command line, files and phones. `told` fills the translation of a library's text.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, lru_cache
from gettext import NullTranslations
from importlib.resources.abc import Traversable
from typing import Any

from babel.core import Locale
from babel.dates import format_date

from analysis.agreement import agreed, agreeing
from analysis.errors import Listed, Reread, Text
from analysis.text_catalogue import library_texts, texts_of
from analysis.vocabulary import Spoken, flat, in_words, spoken

DEFAULT = "fr"
LANGUAGES = {"fr": "Français", "en": "English"}
# Texts are written in English, with the day before the month as in the French ones.
_LOCALE = {"fr": Locale("fr"), "en": Locale("en", "GB")}
MISSING = "–"
# A file may say a number of hundreds of digits.
_LONG = Context(prec=10_000, rounding=ROUND_HALF_UP)
# Marks in the catalogue: texts of the library, names of its tables.
ERROR, TABLE, THEME = "error", "table", "theme"
# Under which mark the words are kept that a translation may ask for.
_NAMED = {TABLE: TABLE, THEME: "asked.theme"}
# How lists and places are strung together, each language with its own spaces.
_JOINTS = {": ": "{0}: {1}", "; ": "{0}; {1}"}
_NUMBER = re.compile(r"(-?[\d,]+(?:\.(\d+))?)(%?)")
_WHOLE = re.compile(r"\d{1,15}")
_PLURAL = re.compile(r"(?<=\w)\((s|es|x)\)")
_SPEC = re.compile(r"(\+?),?(?:\.(\d+))?([f%]?)")


def choose(*wishes: str | None) -> str:
    """Return the first wish that is a language of the app, or the default."""
    return next((wish for wish in wishes if wish in LANGUAGES), DEFAULT)


def translations(language: str) -> NullTranslations:
    """Return the texts of `language`; English is what the code says."""
    texts = texts_of(language)
    return Spoken(texts, language) if spoken() else texts


class Words(Mapping[str, Mapping[str, str]]):
    """Texts that the code knows by a key, in each language: ``WORDS["fr"]["title"]``.

    Parameters
    ----------
    context
        Mark of these texts in the catalogue; a section adds its name.
    texts
        The English texts by key.
    """

    def __init__(self, context: str, texts: Mapping[str, str]) -> None:
        self.context, self._texts = context, texts
        self._known: dict[str, dict[str, str]] = {}

    @classmethod
    def read(cls, context: str, file: Traversable) -> Words:
        """Read the English texts of a TOML file; those of a section have keys "section.key"."""
        return cls(context, dict(flat(tomllib.loads(file.read_text(encoding="utf-8")))))

    @classmethod
    def columns(cls, context: str, file: Traversable) -> Words:
        """Read what columns are from a CSV: keys are "unit.NAME", or "unit.TABLE/NAME"."""
        texts: dict[str, str] = {}
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            name = f"{row['table']}/{row['column']}" if "table" in row else row["column"]
            parts = sorted(row.keys() & {"unit", "meaning", "heading"})
            texts |= {f"{part}.{name}": row[part] for part in parts}
        return cls(context, texts)

    def __getitem__(self, language: str) -> Mapping[str, str]:
        """Return the texts in a language, in the order of the English ones."""
        if language not in LANGUAGES:
            raise KeyError(language)
        if language not in self._known:
            say = texts_of(language).pgettext
            self._known[language] = {
                key: agreeing(say(self.mark(key), text), language) if text else ""
                for key, text in self._texts.items()
            }
        known = self._known[language]
        if not spoken():
            return known
        return {key: agreeing(in_words(text, language), language) for key, text in known.items()}

    def mark(self, key: str) -> str:
        """Return the mark of a text in the catalogue: sections have their own."""
        return ".".join([self.context, *key.split(".")[:-1]])

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)


def format_number(x: float | None, digits: int = 0, *, language: str, sign: bool = False) -> str:
    """Write `x` with exactly `digits` decimals; a missing value is a dash.

    Parameters
    ----------
    x
        The number; None and NaN are missing.
    digits
        Decimals kept, zeros included.
    language
        Key of `LANGUAGES`.
    sign
        Write the plus of a positive number too; what rounds to zero has no sign.

    Returns
    -------
    str
        « 1 234,6 », "1,234.6".
    """
    # Whole numbers may be larger than any float.
    if x is None or (not isinstance(x, int) and math.isnan(x)):
        return MISSING
    if not isinstance(x, int) and math.isinf(x):
        return "∞" if x > 0 else "−∞"
    # Of the text of the number, not of its binary value: 0.125 is 0.13, and so is 1.125.
    rounded = Decimal(str(x)).quantize(Decimal(1).scaleb(-digits), context=_LONG)
    return localised(f"{rounded:{'+' if sign else ''},.{digits}f}", language)


def localised(text: str, language: str) -> str:
    """Write a number that Python wrote, such as -1,234.5, as readers of `language` do."""
    if not float(text.replace(",", "") or 0):
        text = text.lstrip("-+")  # -0.0 is 0.0
    if language == "fr":
        # A narrow no-break space between thousands, as the Imprimerie nationale has it.
        text = text.replace(",", "\u202f").replace(".", ",")
    return text.replace("-", "−")


def format_percent(
    share: float | None, digits: int = 0, *, language: str, sign: bool = False
) -> str:
    """Write a share as a percentage; French sets a narrow no-break space before the sign.

    Parameters
    ----------
    share
        Of 1; None, NaN and infinity are missing.
    digits, language, sign
        As for `format_number`, of the percentage.

    Returns
    -------
    str
        « 12,3 % », "12.3%".
    """
    if share is None or not math.isfinite(share):
        return MISSING
    text = format_number(float(Decimal(str(share)) * 100), digits, language=language, sign=sign)
    return f"{text}\u202f%" if language == "fr" else f"{text}%"


def format_day(day: dt.date, *, language: str) -> str:
    """Write a day in full: « 9 juin 2024 », « 1er novembre 2026 », "9 June 2024"."""
    text = format_date(day, "long", locale=_LOCALE[language])
    # French counts the first alone; the data of Unicode write « 1 ».
    return f"1er{text[1:]}" if language == "fr" and day.day == 1 else text


def told(text: str, language: str) -> str:
    """Return a text of the library in `language`; one that is of no template is data."""
    return in_words(_told(text, language), language)


def _told(text: str, language: str) -> str:
    if not text:
        return text
    if isinstance(text, Listed):
        return _joint(text.template, language).join(
            told(item, language) if isinstance(item, Text) else item
            for item in text.values.values()
        )
    if isinstance(text, Text) and not isinstance(text, Reread):
        template = _several(_translated(text.template, language), text.values)
        return agreed(_Filler(language).vformat(template, (), text.values), language)
    return (_sentence if isinstance(text, Reread) else _value)(str.__str__(text), language)


class _Filler(string.Formatter):
    """Fill a translation: texts are translated, numbers written as the language does.

    A translation may ask for a table's name, ``{name:table}``, for a subject's, ``{name:theme}``,
    or for a whole number with its thousands set apart, ``{n:n}``.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - any value
        """Write one value."""
        if isinstance(value, Text):
            value = told(value, self.language)
        if format_spec in _NAMED:
            return texts_of(self.language).pgettext(_NAMED[format_spec], value)
        if isinstance(value, str):
            return _number_text(value, self.language) if format_spec else value
        # A whole number under ten thousand may be a year, or part of a code.
        if not format_spec and type(value) in {int, float} and (value % 1 or value > 9999):  # noqa: PLR2004
            return _number_text(str(value), self.language)
        spec = _SPEC.fullmatch("," if format_spec == "n" else format_spec) if format_spec else None
        if spec is None or isinstance(value, dt.date):
            return str(format(value, format_spec))
        write = format_percent if spec[3] == "%" else format_number
        return write(float(value), int(spec[2] or 0), language=self.language, sign=bool(spec[1]))


def _several(template: str, values: Mapping[str, Any]) -> str:
    """Write « ligne(s) » as « lignes » where every count is two or more."""
    counts = [int(n) for n in values.values() if type(n) is int or _WHOLE.fullmatch(str(n))]
    return _PLURAL.sub(r"\1", template) if counts and min(counts) > 1 else template


def _number_text(text: str, language: str) -> str:
    """Write a number found in a text, such as 1217515 or 99.3%, as `language` does."""
    number = _NUMBER.fullmatch(text)
    if not number:
        return text
    value, digits = float(number[1].replace(",", "")), len(number[2] or "")
    if number[3]:
        return format_percent(value / 100, digits, language=language)
    return format_number(value, digits, language=language)


def quoted(text: str, language: str) -> str:
    """Return what somebody says, in the quotation marks of `language`."""
    return f"“{text}”" if language == "en" else f"«\N{NO-BREAK SPACE}{text}\N{NO-BREAK SPACE}»"


def _translated(template: str, language: str) -> str:
    if language == "en":
        return library_texts(language, ERROR).get(template, template)
    found = texts_of(language).pgettext(ERROR, template)
    if found != template:
        return found
    for mark in _JOINTS:
        template = template.replace(mark, _joint(mark, language))
    return template


def _joint(separator: str, language: str) -> str:
    template = _JOINTS.get(separator, "{0}" + separator + "{1}")
    return texts_of(language).pgettext(ERROR, template).format("", "")


# What lies deeper or is longer is a foreign program's text, not a list of ours.
_DEEPEST, _LONGEST = 8, 2000
_MORE = re.compile(r"… \(\d+ in all\)$")  # as `analysis.errors.some` ends a list


@dataclass(frozen=True, slots=True)
class _Template:
    """A template: the words around its gaps, how many letters they have, its translation."""

    literals: tuple[str, ...]
    names: tuple[str, ...]
    length: int
    translation: str

    def match(self, text: str) -> re.Match[str] | None:
        """Return where the gaps are in a text of this template; None for any other text."""
        near = text.startswith(self.literals[0]) and text.endswith(self.literals[-1])
        return _pattern(self.literals).fullmatch(text) if near else None

    def fill(self, text: str, language: str, depth: int = 0) -> str:
        """Translate `text`, which is of this template, and the values in it.

        Parameters
        ----------
        text, language
            A text that this template matches; "fr" or "en".
        depth
            How many texts it stands in already.

        Returns
        -------
        str
            With its values translated too.
        """
        values = match.groups() if (match := self.match(text)) else ()
        told_values = (_value(value, language, depth + 1) for value in values)
        gaps = dict(zip(self.names, told_values, strict=True))
        template = _several(self.translation, gaps)
        return agreed(_Refiller(language).vformat(template, (), gaps), language)


class _Refiller(_Filler):
    """Fill a translation with values as they stood in a text: a quoted one is quoted already."""

    def convert_field(self, value: Any, conversion: Any) -> Any:  # noqa: ANN401, ARG002
        """Return the value as it is."""
        return value


@cache
def _templates(language: str) -> tuple[_Template, ...]:
    """Return the templates of the catalogue, those with most words first."""
    found = []
    for template, translation in library_texts(language, ERROR).items():
        if template in _JOINTS.values():
            continue
        literals, names = [""], []
        for literal, name, _spec, _conversion in string.Formatter().parse(template):
            literals[-1] += literal
            if name is not None:
                literals.append("")
                names.append(name)
        length = sum(map(len, literals))
        if len(set(names)) == len(names):
            found.append(_Template(tuple(literals), tuple(names), length, translation))
    return tuple(sorted(found, key=lambda template: -template.length))


@cache
def _pattern(literals: tuple[str, ...]) -> re.Pattern[str]:
    """Compile what a text asks for; a gap ends where the next words first appear, come what may."""
    first, *rest = map(re.escape, literals)
    if not rest:
        return re.compile(first)
    # Atomic groups never go back, so a long text of many commas costs no more than its length.
    gaps = "".join(f"(?>(.*?){literal})" for literal in rest[:-1])
    return re.compile(f"{first}{gaps}(.*?){rest[-1]}", re.DOTALL)


@lru_cache(maxsize=2048)
def _sentence(text: str, language: str) -> str:
    """Translate a sentence as a whole if it is one: its commas separate no values."""
    template = _template(text, language)
    return template.fill(text, language) if template else _value(text, language)


@lru_cache(maxsize=4096)
def _value(text: str, language: str, depth: int = 0) -> str:
    """Translate what stands in a gap: a list, a text of the library, or what the user wrote."""
    if not text or depth > _DEEPEST or len(text) > _LONGEST:
        return text
    for separator in ("; ", ", "):
        if listed := _listed(text, separator, language, depth):
            return listed
    template = _template(text, language)
    head, colon, tail = text.partition(": ")
    behind = _template(tail, language) if colon else None
    if behind and behind.length + len(colon) > (template.length if template else 0):
        sides = (_value(side, language, depth + 1) for side in (head, tail))
        return _joint(colon, language).join(sides)
    return template.fill(text, language, depth) if template else _pieces(text, language, depth)


@lru_cache(maxsize=4096)
def _template(text: str, language: str) -> _Template | None:
    """Return the template with most words that `text` is of."""
    return next((t for t in _templates(language) if t.match(text)), None)


def _listed(text: str, separator: str, language: str, depth: int) -> str | None:
    """Translate a list whose items are all of one template; its last may count them all."""
    *items, last = text.split(separator)
    of_last = _template(_MORE.sub("", last), language)
    if not items or not of_last or {_template(item, language) for item in items} != {of_last}:
        return None
    return _joint(separator, language).join(
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
            return _joint(separator, language).join(filled)
    return text
