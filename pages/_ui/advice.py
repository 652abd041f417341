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
from pages._ui.library_texts import CONTEXT, PUNCTUATION

_SEPARATORS = ("; ", ", ")


def translate_error(error: DataError) -> tuple[str, str, str]:
    """Return what is wrong, where, and how to mend it, in the language of the session."""
    language = i18n.language()
    what, mend = (_sentence(text, language) for text in (error.what, error.mend))
    return what, _value(error.where, language), mend


def translate(text: str) -> str:
    """Translate a text of a report: why rows were left out, examples, a note, a licence."""
    return _value(text, i18n.language())


@dataclass(frozen=True, slots=True)
class Template:
    """A text of the library with gaps, and its translation."""

    pattern: re.Pattern[str]
    translation: str

    def fill(self, text: str, language: str) -> str | None:
        """Translate `text` and the values in it; None if it is not of this template."""
        if (match := self.pattern.fullmatch(text)) is None:
            return None
        return self.translation.format(*(_value(value, language) for value in match.groups()))


@cache
def templates(language: str) -> tuple[Template, ...]:
    """Return the templates that are translated, those with most words first."""
    known = _catalogue(language)
    ordered = sorted(known.keys() - set(PUNCTUATION), key=lambda t: (-_length(t), t))
    return tuple(Template(_pattern(text), known[text]) for text in ordered)


@cache
def _catalogue(language: str) -> dict[str, str]:
    file = languages.catalogue_file(language)
    if not file.exists():
        return {}
    messages = [m for m in languages.read_catalogue(file) if m.context == CONTEXT]
    return {message.id: message.string for message in messages if message.string}


def _length(template: str) -> int:
    return sum(len(literal) for literal, *_ in string.Formatter().parse(template))


def _pattern(template: str) -> re.Pattern[str]:
    """Compile a template; a gap ends where the next words first appear, whatever comes later."""
    first, *rest = _literals(template)
    if not rest:
        return re.compile(re.escape(first))
    *inner, last = map(re.escape, rest)
    # Atomic groups never go back, so a long text of many commas costs no more than its length.
    gaps = "".join(f"(?>(.*?){literal})" for literal in inner)
    return re.compile(f"{re.escape(first)}{gaps}(.*?){last}", re.DOTALL)


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
    found = _whole(text, language)
    return _value(text, language) if found is None else found


@lru_cache(maxsize=4096)
def _value(text: str, language: str) -> str:
    """Translate what stands in a gap: a list, a text of the library, or what the user wrote."""
    if not text or not templates(language):
        return text
    listed = (_listed(text, separator, language) for separator in _SEPARATORS)
    found = next((one for one in listed if one is not None), None)
    found = _whole(text, language) if found is None else found
    return _pieces(text, language) if found is None else found


def _whole(text: str, language: str) -> str | None:
    filled = (template.fill(text, language) for template in templates(language))
    return next((one for one in filled if one is not None), None)


def _listed(text: str, separator: str, language: str) -> str | None:
    """Translate a list of which every item is a text of the library."""
    items = text.split(separator)
    if len(items) == 1:
        return None
    filled = [_whole(item, language) for item in items]
    if not all(filled):
        return None
    return _between(separator, language).join(filter(None, filled))


def _pieces(text: str, language: str) -> str:
    """Translate what is known of "file: reason; reason"; with nothing known, change nothing."""
    for separator, most in (("; ", -1), (": ", 1), (", ", -1)):
        items = text.split(separator, most)
        if len(items) == 1:
            continue
        filled = [_value(item, language) for item in items]
        if filled != items:
            return _between(separator, language).join(filled)
    return text


def _between(separator: str, language: str) -> str:
    template = f"{{0}}{separator}{{1}}"
    return _catalogue(language).get(template, template).format("", "")
