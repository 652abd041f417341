"""Files of people, CSV or XLSX: their headings and rows as texts, and the rows that are none."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import openpyxl

from analysis.errors import DataError, Text
from analysis.readers.beginnings import delimiter_of, encoding_of
from analysis.readers.codes import bare_text
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.packed import DAMAGED, cell_text
from analysis.tables.spreadsheet_text import plain_text
from analysis.tables.workbook_marks import is_laborious

# A cell may hold ends of lines; a quotation mark that nobody closes must not eat the file.
_MOST_LINES = 12
_MOST_ROWS, _MOST_COLUMNS, _MOST_BYTES = 500_000, 300, 400_000_000
_BAD, _DIGITS, _BEGINNING = "\ufffd", 9, 8192


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A file as it is read; people's data are in it and never in what it says of itself.

    Attributes
    ----------
    name, sha256
        Of the file.
    headings
        As they stand in it.
    rows
        Line and cells, as many as headings.
    refused
        Line and why, of rows that cannot be read.
    """

    name: str
    sha256: str
    headings: tuple[str, ...]
    rows: list[tuple[int, list[str]]] = field(repr=False)
    refused: list[tuple[int, Text]] = field(repr=False)


def read_people_file(content: bytes, name: str) -> PeopleFile:
    """Read a file of people; a bad row is refused alone, never the file.

    Parameters
    ----------
    content
        CSV in any encoding with any delimiter, or the first sheet of an XLSX workbook.
    name
        Of the file.

    Raises
    ------
    DataError
        When it is empty, no table (a picture, a page), or far too large.
    """
    refuse_mistaken(name, content[:_BEGINNING])
    # A workbook that was cut is no table of text either, whatever is left of its beginning.
    book = content[:2] == b"PK" or (name.lower().endswith(".xlsx") and b"\0" in content)
    lines = _sheet(content, name) if book else _delimited(content, name)
    headings, rows, refused = _told(lines)
    if not headings or not (rows or refused):
        raise DataError(
            "There are no people in this file.",
            where="{file}",
            mend="Give a table with one line of headings and one row a person, as CSV or XLSX.",
            file=name,
        )
    if any(_is_somebodys(heading) for heading in headings):
        raise DataError(
            "The first line of this file is a person, not headings.",
            where="{file}",
            mend="Add a line above that says what each column is: Nom;Prénom;E-mail.",
            file=name,
        )
    digest = hashlib.sha256(content).hexdigest()
    return PeopleFile(name, digest, tuple(headings), rows, refused)


def _is_somebodys(heading: str) -> bool:
    """Tell whether a heading is an address of mail or a telephone number: it would be kept."""
    return "@" in heading or sum(map(str.isdigit, heading)) >= _DIGITS


# Line, and cells or why there are none.
_Line = tuple[int, list[str] | Text]


def _told(
    lines: Iterator[_Line],
) -> tuple[list[str], list[tuple[int, list[str]]], list[tuple[int, Text]]]:
    headings: list[str] = []
    rows, refused = [], []
    for line, cells in lines:
        if isinstance(cells, Text):
            refused.append((line, cells))
        elif not headings:
            # Lines above the headings are titles: one cell, or none.
            if sum(cell.strip() != "" for cell in cells) > 1 or _alone(cells):
                headings = [cell.strip() or f"({at})" for at, cell in enumerate(cells, 1)]
        elif not any(cell.strip() for cell in cells):
            refused.append((line, Text("nothing in the row")))
        elif any(cell.strip() for cell in cells[len(headings) :]):
            refused.append((line, Text("more cells than headings")))
        elif any(_BAD in cell or "\x00" in cell for cell in cells):
            refused.append((line, Text("letters that cannot be read")))
        else:
            # Spreadsheets leave out empty cells at the end.
            full = [*cells, *[""] * (len(headings) - len(cells))][: len(headings)]
            rows.append((line, [bare_text(cell) for cell in full]))
    return headings, rows, refused


def _alone(cells: Sequence[str]) -> bool:
    """Tell whether a line of one cell is the heading of a file of one column."""
    return len(cells) == 1 and any(
        w in cells[0].lower() for w in ("mail", "courriel", "tel", "nom")
    )


def _delimited(content: bytes, name: str) -> Iterator[_Line]:
    if len(content) > _MOST_BYTES:
        raise _too_large(name)
    text = _decoded(content).lstrip("\ufeff")
    texts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(texts) > 2 * _MOST_ROWS:
        raise _too_large(name)
    heads = [line for line in texts[:20] if line.strip()]
    delimiter = delimiter_of(max(heads, key=lambda line: max(map(line.count, ";,\t|")), default=""))
    width = 0
    at = 0
    while at < len(texts):
        if not texts[at].strip() and delimiter not in texts[at]:
            at += 1
            continue
        cells, used = _cells(texts, at, delimiter, width)
        if not isinstance(cells, Text) and len(cells) > _MOST_COLUMNS:
            raise _too_large(name)
        # Codes held whole for Excel, and texts it would run: our own lists come back so.
        yield at + 1, cells if isinstance(cells, Text) else [plain_text(one) for one in cells]
        if not width and not isinstance(cells, Text) and len(cells) > 1:
            width = len(cells)
        at += used


def _decoded(content: bytes) -> str:
    """Return the text of a file; where two were put together, each line in its own letters."""
    encoding = encoding_of(content)
    if not encoding.startswith("utf"):
        text = content.decode("utf-8", errors="replace")
        above = len(text) - len(text.encode("ascii", errors="ignore"))
        if above >= 2 * text.count(_BAD):
            return "\n".join(map(_decoded, content.split(b"\n")))
    return content.decode(encoding, errors="replace")


def _cells(
    texts: Sequence[str], at: int, delimiter: str, width: int
) -> tuple[list[str] | Text, int]:
    """Return the cells of the row that begins there, or why there are none; and its lines."""
    joined = texts[at]
    for used in range(1, _MOST_LINES + 1):
        if joined.count('"') % 2 == 0:
            try:
                cells = next(csv.reader(io.StringIO(joined, newline=""), delimiter=delimiter), [])
            except csv.Error:
                return Text("a cell far too long"), used
            if used == 1 or not width or len(cells) <= width:
                return cells, used
        if at + used >= len(texts):
            break
        joined += "\n" + texts[at + used]
    return Text("a quotation mark that nobody closes"), 1


def _sheet(content: bytes, name: str) -> Iterator[_Line]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Two cells in opposite corners are 5 kB on disk and milliards of cells in memory.
            swollen = sum(one.file_size for one in archive.infolist()) > _MOST_BYTES
            if swollen or is_laborious(archive):
                raise _too_large(name)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            yield from _sheet_lines(book.worksheets[0], name)
        finally:
            book.close()
    except DAMAGED as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "This workbook cannot be opened.",
            where="{file}",
            mend="Save it again as XLSX or CSV, without a password.",
            file=name,
        ) from error


def _sheet_lines(sheet: Any, name: str) -> Iterator[_Line]:  # noqa: ANN401 - openpyxl has no types
    sheet.reset_dimensions()
    for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if line > _MOST_ROWS or len(row) > _MOST_COLUMNS:
            raise _too_large(name)
        if row and any(value is not None for value in row):
            yield line, [cell_text(value) for value in row]


def _too_large(name: str) -> DataError:
    return DataError(
        "This file is too large to be one of people.",
        where="{file}",
        mend="Cut it into files of at most {most} rows.",
        file=name,
        most=_MOST_ROWS,
    )
