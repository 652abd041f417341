"""What the first bytes of a text tell: its encoding, its delimiter, and names in one spelling."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

DELIMITERS = ";,\t|"
# What accented French is made of; other signs above ASCII speak against an encoding.
_FRENCH = frozenset("àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸñÑáíóúãõÁÍÓÚß°«»’‘“”–—…€\u00a0\u202f")
# Of these nearly all accents of French are: one row alone tells a Macintosh by « é ».
_COMMON = frozenset("àâçéèêëîïôœùûÀÂÇÉÈÊËÎÔŒ’«»°\u00a0")  # noqa: RUF001
# A line of so few cells is a title; below so many lines there is no header.
_NO_HEADER, _MOST_ABOVE = 2, 20
_ABOVE = re.compile(r"[^\x00-\x7f]")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Windows, then the DOS and the Macintosh that some town halls still export from.
_OLD = ("cp1252", "cp850", "mac_roman")


def encoding_of(start: bytes) -> str:
    """Return the Python name of the encoding a text is probably in.

    UTF-8 and UTF-16, with or without their mark, are certain. Else it is the one of
    Windows (cp1252), DOS (cp850) and Macintosh whose letters above ASCII are those of French.

    Parameters
    ----------
    start
        The beginning of the file, which may end inside a character.
    """
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    # Without its mark, every other byte of a text in Latin letters is nought.
    zeros = [start[side:200:2].count(0) for side in (0, 1)]
    if max(zeros) > len(start[:200]) / 3 and not min(zeros):
        return "utf-16-le" if zeros[1] else "utf-16-be"
    whole = start[: start.rfind(b"\n") + 1 or None]
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        return max(_OLD, key=lambda name: _french(whole, name))
    return "utf-8"


def encoding_within(more: Callable[[int], bytes], start: bytes) -> str:
    """Return the encoding of a text whose first accent may stand far below its beginning.

    Parameters
    ----------
    more
        Gives so many of the bytes behind `start`, b"" at the end.
    start
        Its beginning.
    """
    telling = start
    # A part of ASCII alone ends with a whole letter.
    while telling.isascii() and (part := more(1 << 20)):
        telling = part
    # Without a mark, UTF-16 of plain letters is ASCII too, every other byte nought.
    found = encoding_of(start)
    return found if found.startswith("utf-16") else encoding_of(telling)


def _french(text: bytes, encoding: str) -> float:
    """Return how well the signs above ASCII stand where French has them, 0 where one is none."""
    try:
        read = text.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    at = [one.start() for one in _ABOVE.finditer(read)]
    found = [_fits(read[n - 1 : n] if n else "", read[n], read[n + 1 : n + 2]) for n in at]
    return sum(found) / max(len(found), 1)


def _fits(before: str, sign: str, after: str) -> float:
    """Tell whether a sign may stand there: « ZoÄ », « No‘l » and « CAFê » are another's letters."""
    if sign not in _FRENCH:
        return 0.0
    within = before.islower() or (before.isalpha() and after.islower())
    if (sign.isupper() and within) or (sign.islower() and after.isupper()):
        return 0.0
    if not sign.isalpha() and sign != "’" and before.isalpha() and after.isalpha():  # noqa: RUF001
        return 0.0
    return 1.0 if sign in _COMMON else 0.5


def delimiter_of(line: str) -> str:
    """Return what parts the cells of a header: the most frequent of `;`, `,`, tab and `|`."""
    return max(DELIMITERS, key=line.count)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of a header, without the quotes and spaces around them.

    Examples
    --------
    >>> cells_of('id,"place, street" , n', ",")
    ['id', 'place, street', 'n']
    """
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [name.strip().strip('"') for name in row]


def lines_above(text: str) -> int:
    r"""Return how many lines stand above the header of a table: a title, a source, `sep=;`.

    Parameters
    ----------
    text
        Its beginning. A first line of three names or more is the header, and one of two where its
        own sign parts every line in two: an address has commas besides.

    Examples
    --------
    >>> lines_above("Source: the Ministry\n\ncode;name;registered;ballots\n1;X;2;1\n")
    2
    """
    lines = text.splitlines()[:_MOST_ABOVE]
    widths = [_cells(line) for line in lines]
    if not widths or widths[0] > _NO_HEADER or _of_two_columns(lines):
        return 0
    wide = [n for n, width in enumerate(widths[:-1]) if width > _NO_HEADER]
    # What stands below a header is a row, after empty lines or not.
    return next((n for n in wide if max(widths[n + 1 : n + 3]) > 1), 0)


def _of_two_columns(lines: list[str]) -> bool:
    """Tell whether lines, but perhaps for a last one that is cut, are two cells each."""
    sign = delimiter_of(lines[0])
    rows = [line for line in lines[:-1] or lines if line.strip()]
    return _cells(lines[0]) == _NO_HEADER and all(row.count(sign) == 1 for row in rows)


def two_headers(upper: list[str], lower: list[str]) -> list[str]:
    """Return the names of a header of two rows, whose cells above stand for several below.

    Examples
    --------
    >>> two_headers(["Bureau", "ALPHA", "", "BETA", ""], ["", "Voix", "%", "Voix", "%"])
    ['Bureau', 'ALPHA Voix', 'ALPHA %', 'BETA Voix', 'BETA %']
    """
    names, over = [], ""
    for at, cell in enumerate(lower):
        above = upper[at].strip() if at < len(upper) else ""
        over = above or (over if cell.strip() else "")
        names.append(f"{over} {cell.strip()}".strip())
    return names


def _cells(line: str) -> int:
    """Return how many cells of a line are not empty."""
    return sum(bool(cell.strip(' "\ufeff')) for cell in line.split(delimiter_of(line)))


@lru_cache(1 << 12)
def plain(cell: str) -> str:
    """Return a name in small letters and digits only: « Code B.Vote » is `codebvote`."""
    text = unicodedata.normalize("NFKD", cell.strip().lower())
    return re.sub(r"[^a-z0-9%]", "", "".join(c for c in text if not unicodedata.combining(c)))
