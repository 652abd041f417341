"""Raw results by bureau as the Ministry of the Interior and city portals publish them."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pyarrow as pa

from analysis.errors import DataError, Text, some
from analysis.readers.beginnings import delimiter_of, encoding_of
from analysis.readers.codes import (
    arrondissement_of,
    bare_code,
    bureau_code,
    code_of_its_day,
    commune_code,
    in_place,
)
from analysis.readers.glance import LIKELY, NO, SURE, TABLES, Glance
from analysis.readers.layouts import COUNTS, KNOWN, Layout, layout_of_header, layout_of_row
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.packed import opened, plain_file
from analysis.readers.raw_results import Raw, nothing_unreadable
from analysis.readers.tabular import two_encodings
from analysis.readers.total_rows import SUM
from analysis.readers.uneven_rows import UnevenRows, unfinished
from analysis.readers.voting_modes import Together, apart, mode_column, sums_of, together, unit_of
from analysis.tables.sources import LeftOut, Report, Source
from analysis.tables.whole_numbers import SPACES

LICENCE = Text("Licence Ouverte 2.0 (Ministère de l'Intérieur)")
# Files of 2012 and 2014 explain themselves in 16 to 17 lines before the first row.
_PREAMBLE_LINES = 30
_ZEROS = re.compile(r"(?<=\d)[.,]0{1,2}$")
# The last sign of a text of DOS.
_BLANK = " \t\x1a"
_MISREAD = "Ã©"
_TWICE = Text("a copy of another row")
_UNPUBLISHED = ("blank", "null")
_IDS = {"election_id": "category", "bureau_id": "category"}
_BALLOT_TYPES = _IDS | {"nuance": "category", "name": "category", "votes": "Int64"}


def sniff(glance: Glance) -> float:
    """Tell a raw file by its header, which may stand below a preamble, or by its first row."""
    if glance.suffix not in TABLES or "id_election" in glance.columns:
        return NO
    first = glance.text.splitlines()[:_PREAMBLE_LINES]
    with suppress(csv.Error):
        for row in csv.reader(first, delimiter=delimiter_of(glance.text)):
            if layout_of_header(row):
                return SURE
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
    rows = _Rows(election_id, places, UnevenRows(file.name))
    try:
        with _lines(file) as cells:
            layout, line, first = _detect(cells, file)
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
        raise _broken(file.name, str(error)) from error
    if not rows.counts:
        raise DataError(
            "There is no bureau of the place and round in this file.",
            where="{file}: {read} row(s); asked for: {election_id}, {places}",
            mend="Check --place and the election; or give the file of the right département.",
            file=file.name,
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


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[list[str]]]:
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
    encoding = encoding_of(start)
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
        rows = csv.reader(text, delimiter=delimiter)
        yield (list(map(_read_right, row)) for row in rows) if _MISREAD in shown else rows


def _read_right(cell: str) -> str:
    """Return a cell that was read in a wrong encoding and saved so: « LibellÃ© » is « Libellé »."""
    try:
        return cell.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return cell


def _detect(cells: Iterator[list[str]], file: Path) -> tuple[Layout, int, list[str]]:
    """Return the layout, its line, and that line: a header, or already a row of results."""
    first = ""
    for line, row in enumerate(cells, start=1):
        first = first or ";".join(row)
        if (layout := layout_of_header(row)) is not None:
            return layout, line, row
        if (layout := layout_of_row(row)) is not None:
            return layout, line, row
        if line == _PREAMBLE_LINES:
            break
    raise DataError(
        "The layout of this file of results is unknown.",
        where="{file}: begins with “{first}”",
        mend="Known layouts: {known}. Keep the delimiter and the header, or "
        "describe the file in a column map (docs/any_terrain.md).",
        file=file.name,
        first=first[:120],
        known="; ".join(KNOWN),
    )


def _broken(file: str, error: str) -> DataError:
    return DataError(
        "{file} cannot be read to its end: it is cut or damaged.",
        where="{file}: {error}",
        mend="Download it again; compare its size with the publisher's.",
        file=file,
        error=error,
    )


@dataclass
class _Rows:
    """Collects the bureaux and candidates of the rows of one file."""

    election_id: str
    places: tuple[str, ...]
    uneven: UnevenRows
    read: int = 0
    rows: int = 0
    other_round: int = 0
    counts: dict[tuple[str | int | None, ...], tuple[str, str]] = field(default_factory=dict)
    ballots: list[tuple[str, str, str, int | None]] = field(default_factory=list)
    unreadable: list[tuple[str, str, Text]] = field(default_factory=list)
    no_votes: list[Text] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    mode: str = ""
    mode_at: int = sys.maxsize
    seen: set[int] = field(default_factory=set)
    again: int = 0
    last_uneven: tuple[int, int] = (0, 0)

    def name(self, header: list[str]) -> None:
        """Take in the header, with the column that says how a row voted, if there is one."""
        self.header, self.mode = header, mode_column(header)
        if self.mode:
            self.mode_at = header.index(self.mode)

    def add(self, row: list[str], layout: Layout, line: int) -> None:
        """Take in one row, if it is of the place and the round.

        Parameters
        ----------
        row
            Its cells.
        layout
            Where each value stands.
        line
            Where it stands, which notes name.
        """
        if not any(cell.strip(_BLANK) for cell in row) or row == self.header:
            return
        if not _is_whole(row, layout):
            filled = [cell for cell in row if cell.strip(_BLANK)]
            self.uneven.add(";".join(row), cells=len(row), filled=len(filled), line=line)
            self.last_uneven = line, len(row)
            return
        self.rows += 1
        code, commune = _commune(row, layout)
        number = bare_code(row[layout.fixed["number"]]).removeprefix(f"{code}_")
        if not in_place(commune, self.places, arrondissement_of(code, number)):
            return
        self.read += 1
        turn = layout.fixed.get("round")
        if turn is not None and row[turn].strip() != self.election_id[-1]:
            self.other_round += 1
            return
        if (told := hash(tuple(row))) in self.seen:
            self.again += 1
            return
        self.seen.add(told)
        bureau = self._apart(bureau_code(code, number), row)
        counts = tuple(self._count(row, layout, name, bureau, line) for name in COUNTS)
        place = row[layout.fixed["place"]].strip() if "place" in layout.fixed else commune
        # A long file repeats the counts of a bureau with each of its candidates.
        self.counts.setdefault((bureau, *counts), (commune, place))
        for nuance, name, cell in _candidates(row, layout):
            votes = _whole(cell)
            self.ballots.append((bureau, nuance, name, votes))
            if votes is None and cell.strip():
                found = Text("line {line}: {cell!r}", line=line, cell=cell)
                self.no_votes.append(found)

    def _apart(self, bureau: str, row: list[str]) -> str:
        """Return the bureau, its ways of voting apart where the file tells them."""
        return apart(bureau, row[self.mode_at]) if self.mode_at < len(row) else bureau

    def refuse_uneven(self, file: Path, last: int) -> None:
        """Raise where rows do not end where their layout says, more than slips, or the file is cut.

        Parameters
        ----------
        file
            What was read.
        last
            Its last line.

        Raises
        ------
        DataError
            When it is cut or damaged.
        """
        line, cells = self.last_uneven
        if last and last == line and unfinished(file):
            told = Text("line {line} has {n} cells, and the file ends there", line=line, n=cells)
            raise _broken(file.name, told)
        self.uneven.refuse_many(self.rows)

    def _count(
        self, row: list[str], layout: Layout, name: str, bureau: str, line: int
    ) -> int | None:
        """Return a count; what is none is written down, but for what is not published."""
        at = layout.fixed.get(name)
        cell = "" if at is None else row[at]
        count = _whole(cell)
        if count is None and (name not in _UNPUBLISHED or cell.strip()):
            found = Text("line {line}: {name} {cell!r}", line=line, name=name, cell=cell)
            self.unreadable.append((self.election_id, unit_of(bureau), found))
        return count

    def to_raw(self, source: Source, layout: Layout) -> Raw:
        """Return what was collected, and its account."""
        counts = pd.DataFrame(list(self.counts), columns=["bureau_id", *COUNTS])
        whole = dict.fromkeys(COUNTS, "Int64")
        columns = ["bureau_id", "nuance", "name", "votes"]
        ballots = pd.DataFrame(self.ballots, columns=columns)
        joined, sums = Together(counts, ballots), 0
        if self.mode:
            told = [table[~sums_of(table["bureau_id"])] for table in (counts, ballots)]
            sums = len(counts) - len(told[0]) if layout.width else len(ballots) - len(told[1])
            votes = told[1].astype({"votes": "Int64"})
            joined = together(told[0].astype(whole), votes, self.mode)
        counts = joined.counts.assign(election_id=self.election_id).astype(_IDS | whole)
        ballots = joined.ballots.assign(election_id=self.election_id).astype(_BALLOT_TYPES)
        places = pd.DataFrame(list(self.counts.values()), columns=["commune_id", "name"])
        gone = {Text("other round"): self.other_round, _TWICE: self.again, SUM: sums}
        uneven = self.uneven.left_out()
        out = (
            *(LeftOut(reason, count) for reason, count in gone.items() if count),
            *uneven,
        )
        read = self.read + sum(rows.count for rows in uneven)
        return Raw(
            counts=counts,
            ballots=ballots,
            places=places_table(places),
            reports=(
                Report(
                    source,
                    read,
                    self.read - sum(gone.values()),
                    out,
                    (Text("layout: {layout}", layout=layout.name), *joined.notes),
                ),
            ),
            unreadable=pd.DataFrame(
                self.unreadable, columns=nothing_unreadable().columns, dtype=object
            ),
        )


def places_table(places: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each commune, with its département, from `commune_id` and `name`."""
    table = places.astype("str").drop_duplicates("commune_id", ignore_index=True)
    overseas = table["commune_id"].str.match(r"9[78]\d{3}$")
    department = table["commune_id"].str[:2].mask(overseas, table["commune_id"].str[:3])
    return table.assign(department_id=department)


def _is_whole(row: list[str], layout: Layout) -> bool:
    """Tell whether the row reaches its end; trailing semicolons do no harm."""
    if len(row) < layout.needs:
        return False
    if not layout.width:
        return True
    rest = (len(row) - layout.first) % layout.width
    return not any(cell.strip() for cell in row[len(row) - rest :])


def _commune(row: list[str], layout: Layout) -> tuple[str, str]:
    """Return the code as `bureau_code` wants it (an arrondissement stays one), and the commune."""
    code = bare_code(row[layout.fixed["commune"]])
    department = bare_code(row[layout.fixed["department"]]) if "department" in layout.fixed else ""
    code = code if len(code) == 5 else code_of_its_day(code, department)
    return code, commune_code(code)


def _candidates(row: list[str], layout: Layout) -> Iterator[tuple[str, str, str]]:
    """Give nuance, name and votes of each candidate of a row; blocks of nobody are none."""
    blocks = (len(row) - layout.first) // layout.width if layout.width else 1
    for shift in (layout.width * block for block in range(blocks)):
        said = {
            ours: next(filter(None, (row[at + shift].strip() for at in places)), "")
            for ours, places in layout.block.items()
        }
        if any(said.values()) and set(said.values()) != {"", "0"}:
            yield said.get("nuance", ""), said.get("name", ""), said.get("votes", "")


def _whole(cell: str) -> int | None:
    """Return a count, « 631,0 » too; None where the cell holds none."""
    text = _ZEROS.sub("", re.sub(SPACES, "", cell.strip()))
    return int(text) if text.isdecimal() else None
