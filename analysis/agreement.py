"""Nouns that agree with the number before them: « 0,44 point », « 2,5 points », "1 hour".

A text marks them, ``{n} point[s]``; which it is shows once the number is filled in.
"""

from __future__ import annotations

import re
from typing import Any

_SEVERAL = 2
_ENDING = re.compile(r"(?<=\w)\[(s|es|x)\]")
# A number as `analysis.i18n` writes it, and the words that follow it, set in bold or not.
_COUNTED = re.compile(
    r"(?P<number>\d(?:[\d.,\u202f\u00a0]*\d)?)(?P<words>\**(?:[ \u202f\u00a0]\w+\[(?:s|es|x)\])+)"
)


def agreed(text: str, language: str) -> str:
    """Return a filled text whose marked nouns agree with the numbers before them.

    In French a quantity under two is singular, whole or not; in English one alone is. What has no
    number before it, as « – » or « ∞ », is plural.

    Parameters
    ----------
    text
        Its numbers as `language` writes them.
    language
        "fr" or "en".

    Returns
    -------
    str
        « 0,44 point » of « 0,44 point[s] ».
    """
    if "[" not in text:
        return text

    def agree(found: re.Match[str]) -> str:
        kept = "" if _singular(found["number"], language) else r"\1"
        return found["number"] + _ENDING.sub(kept, found["words"])

    return _ENDING.sub(r"\1", _COUNTED.sub(agree, text))


def _singular(number: str, language: str) -> bool:
    if language != "fr":
        return number == "1"
    written = re.sub("[\u202f\u00a0.]", "", number).replace(",", ".")
    return float(written) < _SEVERAL


class Agreeing(str):
    """A text to fill: its marked nouns agree with the numbers it is filled with.

    Attributes
    ----------
    language
        "fr" or "en".
    """

    language: str

    def format(self, *args: Any, **values: Any) -> str:  # noqa: ANN401 - as `str.format`
        """Fill the text."""
        return agreed(super().format(*args, **values), self.language)


def agreeing(text: str, language: str) -> str:
    """Return a translation whose `format` makes marked nouns agree; the same where none is."""
    if not _ENDING.search(text):
        return text
    marked = Agreeing(text)
    marked.language = language
    return marked
