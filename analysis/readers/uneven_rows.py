"""Rows with more or fewer cells than their header: notes below a table, slips, or a file cut off.

One such row is no reason to refuse a place; what is not read is told. A file whose last row ends
within a line was cut, and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from analysis.errors import DataError, Text, some
from analysis.readers.mistaken import GZIPPED
from analysis.readers.set_aside import tolerated
from analysis.tables.sources import LeftOut

NOTE = Text("a note, no row of the table")
UNEVEN = Text("a row with more or fewer cells than the header")
# « Source : Insee »: two words; what is left of a cut row begins with a code.
_WORDS = re.compile(r"[^\W\d_]{2,}[\s:]")
_SHOWN, _TAIL = 60, 1 << 12


@dataclass
class UnevenRows:
    """Those of one file.

    Attributes
    ----------
    file
        Its name.
    notes, rows
        What stands in them: those of one cell, and the others.
    at
        Line and cells of the others, where the line is known.
    """

    file: str
    notes: list[Text] = field(default_factory=list)
    rows: list[Text] = field(default_factory=list)
    at: list[tuple[int, int]] = field(default_factory=list)

    def add(self, text: str, *, cells: int, filled: int = 0, line: int = 0) -> None:
        """Take one in.

        Parameters
        ----------
        text
            The row as it stands.
        cells, filled
            How many it has; how many of them say something, where that is known.
        line
            Where it stands; 0 where that is not known.
        """
        shown = text.strip()[:_SHOWN]
        told = Text("{n} cell(s): “{text}”", n=cells, text=shown)
        if line:
            told = Text("line {line} has {n} cells: “{text}”", line=line, n=cells, text=shown)
        is_note = (filled or cells) == 1 and _WORDS.search(f"{text} ")
        (self.notes if is_note else self.rows).append(told)
        if line and not is_note:
            self.at.append((line, cells))

    def _broken(self, width: int) -> int:
        """Return how many rows stand in two lines: together they have the cells of one."""
        pairs = zip(self.at, self.at[1:], strict=False)
        return sum(
            line + 1 == below and cells + rest in (width, width + 1)
            for (line, cells), (below, rest) in pairs
        )

    def refuse_many(self, good: int, width: int = 0) -> None:
        """Raise where more than slips of a hand are uneven: the file is another than it seems.

        Parameters
        ----------
        good
            Rows that were read.
        width
            Cells of the header, where it is known: one row broken in two is one slip.

        Raises
        ------
        DataError
            When there are.
        """
        slips = good and tolerated(len(self.rows) - self._broken(width), good, leave_out=False)
        if (told := [*self.rows, *self.notes]) and not slips:
            raise DataError(
                "{n} row(s) of {file} have more or fewer cells than its header: it is cut or "
                "damaged.",
                where="{file}: {rows}",
                mend="Download it again; or look for a text that holds the delimiter, and put it "
                "in quotes.",
                n=len(told),
                file=self.file,
                rows=some(told),
            )

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return what to tell of them."""
        told = ((NOTE, self.notes), (UNEVEN, self.rows))
        return tuple(LeftOut(reason, len(rows), some(rows)) for reason, rows in told if rows)


def merged_cells(rows: int) -> Text:
    """Say that rows were completed by what merged cells of a spreadsheet say above them."""
    return Text(
        "{n} row(s) leave empty what the row above says (merged cells): taken from it", n=rows
    )


def cut_or_damaged(file: str, told: str) -> DataError:
    """Say that a file cannot be read to its end, and what told."""
    return DataError(
        "{file} cannot be read to its end: it is cut or damaged.",
        where="{file}: {told}",
        mend="Download it again; compare its size with the publisher's.",
        file=file,
        told=told,
    )


def unfinished(path: Path) -> str:
    """Return the last line of a text that ends within it, unless it is a note; else "".

    Of a gzipped file nothing is told: one that is cut cannot be unpacked.
    """
    with path.open("rb") as file:
        if file.read(2) == GZIPPED:
            return ""
        file.seek(max(0, path.stat().st_size - _TAIL))
        end = file.read().replace(b"\0", b"")
    last = re.split(rb"[\r\n]", end)[-1].decode("utf-8", errors="replace").strip()
    return "" if _WORDS.match(f"{last} ") else last
