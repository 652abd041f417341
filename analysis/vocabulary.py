"""What another country calls things: units, blocs, kinds of election, money.

A column map says it (docs/any_terrain.md), a workspace keeps it in its manifest, and every text
takes it on while a place of that country is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from typing import Any

# One text for every language, or a text for each.
Named = str | Mapping[str, str]

# Not in gaps such as {bureau}, nor in names of options, columns and files.
_UNIT = re.compile(
    r"(?<![{\w/-])(?:bureau(x|\(x\))?(?: de vote)?|polling station(s)?)(?![\w}-]|\.\w)", re.I
)
_OFFICE = re.compile(r"[\s\u00a0]\(INSEE[^)]*\)|,[\s\u00a0]INSEE(?=\))")


class Vocabulary:
    """The words of one country.

    Parameters
    ----------
    told
        As the manifest of a workspace keeps it under `terrain`: `name`, `unit`, `units`,
        `currency`, `blocs`, `kinds`, `elections` (coming ones: `id`, `date`, `kind`, `round`).
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told

    def of(self, section: str, key: str, language: str) -> str:
        """Return what a bloc or a kind of election is called; "" where the map does not say.

        Parameters
        ----------
        section
            Of the map: what sort of thing is named.
        key
            Code of the bloc or of the kind.
        language
            "fr" or "en".

        Returns
        -------
        str
            As the map of blocs has it.
        """
        return _said(self.told.get(section, {}).get(key, ""), language)

    def name(self) -> str:
        """Return the name of the terrain."""
        return str(self.told.get("name", ""))

    def elections(self) -> list[Mapping[str, Any]]:
        """Return the coming elections of the terrain's calendar."""
        return list(self.told.get("elections", []))

    def rewrite(self, text: str, language: str) -> str:
        """Return a text of the program in the words of this country."""
        one = _said(self.told.get("unit", ""), language)
        several = _said(self.told.get("units", ""), language) or one

        def unit(found: re.Match[str]) -> str:
            word = several if found[1] or found[2] else one
            return word[:1].upper() + word[1:] if found[0][0].isupper() else word

        if one:
            text = _UNIT.sub(unit, text)
        if currency := self.told.get("currency"):
            text = text.replace("€", currency)
        return _OFFICE.sub("", text)


_spoken: ContextVar[Vocabulary | None] = ContextVar("vocabulary", default=None)


def spoken() -> Vocabulary | None:
    """Return the words in force; None for those of France."""
    return _spoken.get()


def speak(told: Mapping[str, Any] | None) -> None:
    """Use the words of a workspace's terrain from now on; None is France."""
    _spoken.set(Vocabulary(told) if told else None)


@contextmanager
def speaking(told: Mapping[str, Any] | None) -> Iterator[None]:
    """Use the words of a workspace's terrain for a while."""
    token = _spoken.set(Vocabulary(told) if told else None)
    try:
        yield
    finally:
        _spoken.reset(token)


def in_words(text: str, language: str) -> str:
    """Return a text in the words in force."""
    words = _spoken.get()
    return words.rewrite(text, language) if words else text


class Spoken(NullTranslations):
    """Texts in the words of the country whose place is open."""

    def __init__(self, texts: NullTranslations, language: str) -> None:
        super().__init__()
        self._texts, self._language = texts, language

    def gettext(self, message: str) -> str:
        """Translate a text."""
        return in_words(self._texts.gettext(message), self._language)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Translate a text that counts.

        Parameters
        ----------
        msgid1, msgid2
            One, and several.
        n
            How many.

        Returns
        -------
        str
            In the words of the place.
        """
        return in_words(self._texts.ngettext(msgid1, msgid2, n), self._language)

    def pgettext(self, context: str, message: str) -> str:
        """Translate a text with a mark."""
        return in_words(self._texts.pgettext(context, message), self._language)


def flat(table: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    """Give the texts of a TOML table, sections in their keys."""
    for key, item in table.items():
        if isinstance(item, str):
            yield start + key, item
        else:
            yield from flat(item, f"{start}{key}.")


def _said(named: Named, language: str) -> str:
    return named if isinstance(named, str) else named.get(language) or next(iter(named.values()))
