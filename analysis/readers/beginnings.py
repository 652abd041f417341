"""What the first bytes of a text tell: its encoding, its delimiter, and names in one spelling."""

from __future__ import annotations

import codecs
import re
import unicodedata

DELIMITERS = ";,\t|"
# What accented French is made of; other signs above ASCII speak against an encoding.
_FRENCH = frozenset("àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸñÑáíóúãõÁÍÓÚß°«»’‘“”–—…€\u00a0\u202f")
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


def _french(text: bytes, encoding: str) -> float:
    """Return the share of the letters above ASCII that French knows, 0 where one is none."""
    letters = bytes(byte for byte in text if byte > 0x7F)
    try:
        read = letters.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    return sum(letter in _FRENCH for letter in read) / max(len(read), 1)


def delimiter_of(line: str) -> str:
    """Return what parts the cells of a header: the most frequent of `;`, `,`, tab and `|`."""
    return max(DELIMITERS, key=line.count)


def plain(cell: str) -> str:
    """Return a name in small letters and digits only: « Code B.Vote » is `codebvote`."""
    text = unicodedata.normalize("NFKD", cell.strip().lower())
    return re.sub(r"[^a-z0-9%]", "", "".join(c for c in text if not unicodedata.combining(c)))
