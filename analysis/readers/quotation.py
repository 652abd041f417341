"""Rows of a delimited text where a quotation mark may be left open: it would hold all that follows.

Labels cut at so many letters end so. Quotation marks are then letters, each row is a line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator


def numbered_rows(
    text: Iterable[str], delimiter: str, *, bare: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a text, each after the number of its last line.

    Parameters
    ----------
    text
        Its lines, with their ends.
    delimiter
        Of its cells.
    bare
        Whether quotation marks are letters; those round a cell are left out.

    Returns
    -------
    iterator
        Number and cells.

    Raises
    ------
    csv.Error
        Where they count and a cell holds other rows, or more than a cell can.
    """
    if bare:
        reader = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        for row in reader:
            yield reader.line_num, [unquoted(cell) for cell in row]
        return
    reader, last, row = csv.reader(text, delimiter=delimiter), 0, list[str]()
    for row in reader:
        if reader.line_num > last + 1 and any(holds_rows(cell, delimiter) for cell in row):
            raise csv.Error(row[0])
        last = reader.line_num
        yield last, row
    # Of the last row the end of the file is within a cell.
    if any(cell.endswith("\n") or holds_rows(cell, delimiter) for cell in row):
        raise csv.Error(row[0])


def holds_rows(cell: str, delimiter: str) -> bool:
    """Tell whether a cell holds whole rows: ends of lines, and delimiters."""
    return "\n" in cell and cell.count(delimiter) > 1


def unquoted(cell: str) -> str:
    """Return a cell without the quotation marks round it."""
    return cell.strip('"').replace('""', '"') if '"' in cell else cell
