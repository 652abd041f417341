"""Raw results by bureau as the Ministry of the Interior and city portals publish them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from analysis.errors import DataError, Listed, Text, some
from analysis.readers.beginnings import delimiter_of, encoding_within, two_headers
from analysis.readers.bureau_of_row import says_commune
from analysis.readers.glance import LIKELY, NO, SURE, TABLES, Glance
from analysis.readers.layouts import KNOWN, Layout, layout_of_header, layout_of_row
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.named_columns import columns_of_votes
from analysis.readers.packed import opened, plain_file
from analysis.readers.quotation import numbered_rows
from analysis.readers.raw_results import Raw
from analysis.readers.raw_rows import Rows
from analysis.readers.tabular import two_encodings
from analysis.readers.uneven_rows import UnevenRows, cut_or_damaged
from analysis.tables.sources import Source

LICENCE = Text("Licence Ouverte 2.0 (Ministère de l'Intérieur)")
# Files of 2012 and 2014 explain themselves in 16 to 17 lines before the first row.
_PREAMBLE_LINES = 30
# So many rows tell which columns hold votes.
_SAMPLE = 1000
_MISREAD = "Ã©"


def sniff(glance: Glance) -> float:
    """Tell a raw file by its header, which may stand below a preamble, or by its first row."""
    if glance.suffix not in TABLES or "id_election" in glance.columns:
        return NO
    first = glance.text.splitlines()[:_PREAMBLE_LINES]
    with suppress(csv.Error):
        for row in csv.reader(first, delimiter=delimiter_of(glance.text)):
            if layout := layout_of_header(row):
                return LIKELY if layout.others else SURE
            if layout_of_row(row):
                return LIKELY
    return NO


def read_raw(path: Path | str, *, election_id: str, places: tuple[str, ...] = ()) -> Raw:
    """Read the raw results of one election round, whatever the layout of the file.

    Parameters
    ----------
    path
        Text with semicolons, tabs or commas, in any encoding of `beginnings.encoding_of`, plain
        or gzipped; wide or long, with a header, a preamble or neither (see `layouts.KNOWN`).
    election_id
        The round the file is of: `2022_pres_t2`. Of a file with both rounds, that one is read.
    places
        Communes or départements to keep; empty for all.

    Returns
    -------
    Raw
        Counts, votes and a report; not yet checked.

    Raises
    ------
    DataError
        When the layout is unknown, the file is cut, empty or not text, or no bureau is of the
        place.
    """
    file = Path(path)
    try:
        rows, layout = _read(file, Rows(election_id, places, UnevenRows(file.name)))
    except csv.Error:
        # A quotation mark that nothing closes holds all that comes after it.
        again = Rows(election_id, places, UnevenRows(file.name), bare=True)
        rows, layout = _read(file, again)
    if not rows.counts:
        raise DataError(
            "There is no bureau of the place and round in this file.",
            where="{file}: {read} row(s); asked for: {election_id}, {places}{others}",
            mend="Check --place and the election; or give the file of the right département.",
            file=file.name,
            others=rows.told_of_others(),
            read=rows.read,
            election_id=election_id,
            places=some(places),
        )
    if len(rows.no_votes) > len(rows.counts):
        raise DataError(
            "The votes of {file} are no whole numbers.",
            where="{file}: {lines}",
            mend="Counts are ballots; look for rates, shifted columns or another delimiter.",
            file=file.name,
            lines=some(rows.no_votes),
        )
    return rows.to_raw(Source.of(file, role=f"results {election_id}", licence=LICENCE), layout)


def _read(file: Path, rows: Rows) -> tuple[Rows, Layout]:
    """Take in the rows of a file, and return its layout too.

    Raises
    ------
    csv.Error
        Where quotation marks count, and a cell holds whole rows or more than a cell can.
    DataError
        When it cannot be read.
    """
    try:
        with _lines(file, bare=rows.bare) as cells:
            layout, line, first, cells = _detect(cells, file, rows.places)
            if layout.headless:
                rows.add(first, layout, line)
            else:
                # Files put together repeat it.
                rows.name(first)
            number = line
            for number, row in enumerate(cells, start=line + 1):
                rows.add(row, layout, number)
            rows.refuse_uneven(file, number)
    except UnicodeDecodeError as error:
        raise two_encodings(file.name, str(error)) from error
    except (csv.Error, OSError, EOFError, pa.ArrowInvalid) as error:
        if not rows.bare and isinstance(error, csv.Error):
            raise
        raise cut_or_damaged(file.name, str(error)) from error
    return rows, layout


@contextmanager
def _lines(path: Path, *, bare: bool) -> Iterator[Iterator[list[str]]]:
    """Open a file as rows of cells, in the encoding that its beginning is in."""
    path = plain_file(path)
    if not path.is_file():
        raise DataError("There is no such file.", where="{path}", mend="Check the path.", path=path)
    if path.stat().st_size == 0:
        raise DataError(
            "{file} is empty.", where="{path}", mend="Download it again.", file=path.name, path=path
        )
    with opened(path) as stream:
        start = stream.read(1 << 16)
        encoding = encoding_within(stream.read, start)
    refuse_mistaken(path.name, start)
    if (b"\0" in start and not encoding.startswith("utf-16")) or start[:2] == b"PK":
        raise DataError(
            "{file} is not a text file.",
            where="{file}",
            mend="Save the spreadsheet as CSV with semicolons, in UTF-8.",
            file=path.name,
        )
    # The header may stand below lines of explanation: the delimiter is what most lines have.
    shown = start.decode(encoding, errors="replace")
    delimiter = delimiter_of(shown)
    with opened(path) as stream:
        text = io.TextIOWrapper(cast("Any", stream), encoding, newline="")
        rows = (row for _, row in numbered_rows(text, delimiter, bare=bare))
        yield (list(map(_read_right, row)) for row in rows) if _MISREAD in shown else rows


def _read_right(cell: str) -> str:
    """Return a cell that was read in a wrong encoding and saved so: « LibellÃ© » is « Libellé »."""
    try:
        return cell.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return cell


def _detect(
    cells: Iterator[list[str]], file: Path, places: tuple[str, ...]
) -> tuple[Layout, int, list[str], Iterator[list[str]]]:
    """Return the layout, its line, that line (a header, or already a row), and the rows below."""
    first, above = "", [""]
    for line, row in enumerate(cells, start=1):
        first = first or ";".join(row)
        for header in (row, two_headers(above, row)):
            if (layout := layout_of_header(header)) is not None:
                if not says_commune(layout, places):
                    raise _of_no_commune(file, header)
                sample = list(islice(cells, _SAMPLE)) if layout.others else []
                layout = columns_of_votes(layout, sample, file.name) if layout.others else layout
                return layout, line, header, chain(sample, cells)
        if (layout := layout_of_row(row)) is not None:
            return layout, line, row, cells
        above = row
        if line == _PREAMBLE_LINES:
            break
    raise DataError(
        "The layout of this file of results is unknown.",
        where="{file}: begins with “{first}”",
        mend="Known layouts: {known}. Keep the delimiter and the header, or "
        "describe the file in a column map (docs/any_terrain.md).",
        file=file.name,
        first=first[:120],
        known=Listed(KNOWN, "; "),
    )


def _of_no_commune(file: Path, header: list[str]) -> DataError:
    return DataError(
        "{file} does not say of which commune its bureaux are.",
        where="{file}: columns found: {columns}",
        mend="Say it: --place CODE, of one commune (on the page Data: its INSEE code).",
        file=file.name,
        columns=some(header, most=8),
    )
