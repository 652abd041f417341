"""The file of one election of a column map: its rows, each with the unit it is of."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.beginnings import delimiter_of, encoding_of, two_headers
from analysis.readers.codes import Named, own_ids, parts, put_together
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.packed import WORKBOOKS, opened, plain_file, suffix_in
from analysis.readers.quotation import numbered_rows
from analysis.readers.set_aside import tolerated
from analysis.readers.total_rows import is_called_total
from analysis.readers.uneven_rows import UnevenRows, merged_cells, unfinished
from analysis.tables.elections import Election
from analysis.tables.sources import LeftOut, Report, Source

LINE = "\0line"
# Titles and copyright stand above the header in so many rows at most.
_MOST_PREAMBLE = 20
_POSTAL = re.compile(r"(?i)\b(?:briefwahl|postal|absentee|by mail|correspondance|anticipation)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What to call a candidate or list, where the file's own name is not the one wanted."""

    name: str = ""
    nuance: str = ""
    bloc: str = ""

    def key(self, column: str) -> str:
        """Return what the table of blocs knows the candidate by."""
        return self.name or self.nuance or column


@dataclass(frozen=True)
class ElectionMap:
    """Where an election's figures stand in its file.

    Attributes
    ----------
    election, file, licence
        What was voted on, and where it is written.
    columns
        Ours (unit, commune, registered…) → theirs.
    long
        `candidate`, `votes` and perhaps `nuance`, where each has its own row; else empty.
    candidates
        Column of votes, or value of the candidate column, → what to call it.
    text
        `delimiter`, `encoding`, `decimal`, `thousands`, where the file does not tell them.
    commune
        The commune where no column says it.
    only
        Column → the value of the rows to read, where the file holds several offices.
    without
        Values of the candidate column that are no candidate: over votes, totals.
    postal
        Column → value of the rows that vote by post, and have no registered.
    turnout
        Where registered and ballots stand, if in a file of their own; `columns` are its.
    of_rows
        Registered or ballots → column and value of the rows whose votes they are.
    """

    election: Election
    file: Path
    columns: Mapping[str, Named]
    long: Mapping[str, str]
    candidates: Mapping[str, Candidate]
    text: Mapping[str, str]
    commune: str
    licence: str
    only: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    postal: Mapping[str, str] = field(default_factory=dict)
    turnout: ElectionMap | None = None
    of_rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def wanted(self) -> list[str]:
        """The names of all columns that are read."""
        single = chain.from_iterable(map(parts, self.columns.values()))
        wide = () if self.long else self.candidates
        rows = chain.from_iterable(self.of_rows.values())
        named = [*single, *self.long.values(), *self.only, *self.postal, *rows, *wide]
        return list(dict.fromkeys(named))


def identified_rows(this: ElectionMap) -> tuple[pd.DataFrame, list[LeftOut], list[Text]]:
    """Return the rows to read with the `bureau_id` of each ("" for none), what others are, notes.

    Raises
    ------
    DataError
        When the file or a column is missing, or rows and header differ in length.
    """
    read, uneven = read_rows(this)
    read, notes = _carried(read, this)
    table, others = _chosen(read, this)
    return _identified(table, this), [*uneven, *others], notes


def _carried(table: pd.DataFrame, this: ElectionMap) -> tuple[pd.DataFrame, list[Text]]:
    """Return rows with what a merged cell of a spreadsheet says once for the rows below it."""

    def columns(*names: str) -> list[str]:
        return [one for n in names if n in this.columns for one in parts(this.columns[n])]

    blank = cache(lambda name: (table[name].str.strip() == "").to_numpy())

    def empty(names: list[str]) -> np.ndarray:
        return np.logical_and.reduce([np.ones(len(table), dtype=bool), *map(blank, names)])

    where, unit = columns("commune", "commune_name"), columns("unit")
    each = columns("unit", "registered", "ballots", "blank", "null", "valid")
    # Of one candidate: unit and counts stand in the row of the first.
    mine = [this.long[n] for n in ("candidate", "votes") if n in this.long]
    below = empty(each) & ~empty(mine) & (len(mine) > 1)
    beneath = empty(where) & (below | ~empty(unit)) & bool(where)
    if not (below | beneath).any():
        return table, []
    below &= ~_has_total(table[mine], below)
    beneath &= ~_has_total(table[unit], beneath)
    told = table.copy()
    for rows, names in ((below, [*each, *this.only]), (beneath, where)):
        for name in names:
            gap = rows & blank(name)
            told[name] = table[name].mask(gap).ffill().fillna("").where(gap, table[name])
    if not (filled := int((told != table).any(axis=1).sum())):
        return table, []
    return told, [merged_cells(filled)]


def _has_total(table: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Tell which of some rows have a cell called a total."""
    called = table[rows].map(is_called_total).any(axis=1)
    return called.reindex(table.index, fill_value=False).to_numpy()


def _identified(table: pd.DataFrame, this: ElectionMap) -> pd.DataFrame:
    known = "commune" in this.columns
    commune = put_together(table, this.columns["commune"]) if known else this.commune
    ids = own_ids(commune, put_together(table, this.columns["unit"]))
    table = table.assign(bureau_id=ids)
    named = [table[column].str.strip() == value for column, value in this.postal.items()]
    for name in parts(this.columns.get("registered", ())):
        # Empty, a dash or a cross: no number is told.
        untold = ~table[name].str.contains(r"\d")
        for postal in (*named, *([_called_postal(table)] if untold.any() else [])):
            table.loc[postal & untold, name] = "0"
    return table


def _called_postal(table: pd.DataFrame) -> pd.Series:
    """Tell rows with a cell that says that they are of postal ballots: « Briefwahl 2 »."""
    called = pd.Series(data=False, index=table.index)
    for name in table.columns.drop([LINE, "bureau_id"], errors="ignore"):
        called |= table[name].str.contains(_POSTAL)
    return called


def with_turnout(
    rows: pd.DataFrame, this: ElectionMap
) -> tuple[pd.DataFrame, ElectionMap, tuple[Report, ...]]:
    """Add registered and ballots from a file of their own, unit by unit.

    Parameters
    ----------
    rows, this
        The rows of results with their `bureau_id`, and the map of their election.

    Returns
    -------
    tuple
        The rows with the columns of that file, the map that names them, the file's account.

    Raises
    ------
    DataError
        When a unit stands there twice with other counts, or too many are lacking.
    """
    if this.turnout is None:
        return rows, this, ()
    there = this.turnout
    read, uneven = read_rows(there)
    table = _identified(read, there)
    if there.of_rows:
        table, there = _from_rows(table, there)
    counts = [n for n in ("registered", "ballots") if n in there.columns]
    wanted = chain.from_iterable(parts(there.columns[n]) for n in counts)
    named = {str(name): f"{name} ({there.file.name})" for name in wanted}
    table = table[["bureau_id", *named]].rename(columns=named)
    known = table[table["bureau_id"] != ""].drop_duplicates()
    twice = known["bureau_id"][known["bureau_id"].duplicated()]
    ids = pd.Index(rows["bureau_id"].unique())
    lacking = ids.difference(pd.Index(known["bureau_id"]))
    if len(twice) or not tolerated(len(lacking), len(ids), leave_out=False):
        raise DataError(
            "{file} has units twice: {twice}."
            if len(twice)
            else "{n} of {units} units of the results are not in {file}: {lacking}.",
            where="{file}: units {found}; {results}",
            mend="Registered are joined by commune and unit: name both under [election.turnout], "
            "so that every unit stands there once, spelt as in the results.",
            file=there.file.name,
            twice=some(twice.unique()),
            n=len(lacking),
            units=len(ids),
            lacking=some(lacking),
            found=some(known["bureau_id"]),
            results=this.file.name,
        )
    gone = known[~known["bureau_id"].isin(ids)]
    reason = Text("no unit of the results")
    out = (*uneven, *((LeftOut(reason, len(gone), some(gone["bureau_id"])),) if len(gone) else ()))
    source = Source.of(
        there.file, role=f"registered ({this.election.election_id})", licence=this.licence
    )
    read_of = len(known) + sum(rows.count for rows in uneven)
    report = Report(source, read_of, len(known) - len(gone), out)
    joined = rows.merge(known, on="bureau_id", how="left", validate="many_to_one")
    joined[[*named.values()]] = joined[[*named.values()]].fillna("")
    columns = {n: tuple(named[name] for name in parts(there.columns[n])) for n in counts}
    return joined, replace(this, columns={**this.columns, **columns}), (report,)


def _from_rows(table: pd.DataFrame, there: ElectionMap) -> tuple[pd.DataFrame, ElectionMap]:
    """Return units with registered and ballots in columns, where each has a row of its own."""
    units = table[["bureau_id"]].drop_duplicates()
    for ours, told in there.of_rows.items():
        rows = table
        for column, value in told.items():
            rows = rows[_has(rows, column, value, there)]
        counts = rows[["bureau_id", there.long["votes"]]].drop_duplicates()
        units = units.merge(
            counts.set_axis(["bureau_id", ours], axis=1), on="bureau_id", how="left"
        )
    columns = {**there.columns, **{ours: ours for ours in there.of_rows}}
    return units.fillna(""), replace(there, columns=columns)


def _has(table: pd.DataFrame, column: str, value: str, this: ElectionMap) -> pd.Series:
    """Tell which rows have a value; raise where none has."""
    kept = table[column].str.strip() == value
    if not kept.any():
        raise DataError(
            "No row of the file has the value that the column map asks for.",
            where="{file}: {column}: {value!r}; found: {found}",
            mend="Write the value as it stands in the file.",
            file=this.file.name,
            column=column,
            value=value,
            found=some(table[column].unique(), most=8),
        )
    return kept


def read_rows(this: ElectionMap) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Return the file as text, with the line each row stands in; and what no row of it is."""
    file = plain_file(this.file, this.wanted)
    try:
        with opened(file) as beginning:
            start = beginning.read(1 << 16)
        refuse_mistaken(file.name, start)
        encoding, delimiter = _written(this, start)
        try:
            read = _cells(file, encoding, delimiter)
        except csv.Error:
            read = _cells(file, encoding, delimiter, bare=True)
        names, rows = _below_header(read, this.wanted)
    except (OSError, EOFError, UnicodeError, LookupError, TypeError, csv.Error) as error:
        raise DataError(
            "{file} cannot be read as the column map says.",
            where="{file}: {error}",
            mend="Check file, encoding and delimiter of this [[election]].",
            file=file.name,
            error=error,
        ) from error
    if missing := [name for name in this.wanted if names.count(name) != 1]:
        raise DataError(
            "{file} lacks column(s), or has them twice: {missing}.",
            where="{file}: columns found: {columns}",
            mend="Write the names in the column map exactly as they stand in the file; "
            "check the delimiter.",
            file=file.name,
            missing=", ".join(missing),
            columns=some(names, most=12),
        )
    whole, uneven = _even(rows, len(names), this.file)
    table = pd.DataFrame(whole, columns=[*names, LINE]).astype({LINE: "int64"})
    return table, list(uneven.left_out())


def _cells(file: Path, encoding: str, delimiter: str, *, bare: bool = False) -> list[list[Any]]:
    """Return the rows that say something, each with its line behind."""
    with opened(file) as packed:
        stream = io.TextIOWrapper(cast("Any", packed), encoding, newline="")
        rows = numbered_rows(stream, delimiter, bare=bare)
        return [[*row, line] for line, row in rows if any(map(str.strip, row))]


def _written(this: ElectionMap, start: bytes) -> tuple[str, str]:
    """Return encoding and delimiter of a file: those that the map names, else what it begins with.

    Parameters
    ----------
    this
        Its map.
    start
        Its beginning.
    """
    if suffix_in(this.file) in WORKBOOKS:
        return "utf-8", ";"
    encoding = this.text.get("encoding") or encoding_of(start)
    if start.startswith(codecs.BOM_UTF8) and encoding == "utf-8":
        encoding = "utf-8-sig"
    # Titles may stand above the header: the delimiter is what most lines have.
    shown = start.decode(encoding, errors="replace")
    return encoding, this.text.get("delimiter") or delimiter_of(shown)


def _even(rows: list[list[Any]], width: int, file: Path) -> tuple[list[list[Any]], UnevenRows]:
    """Return the rows as wide as the header, and the others; what is empty at an end is none."""
    whole, uneven = [], UnevenRows(file.name)
    for row in rows:
        *cells, line = row
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) == width:
            whole.append([*cells, line])
        else:
            filled = sum(cell.strip() != "" for cell in cells)
            uneven.add(" ".join(cells), cells=len(cells), filled=filled, line=line)
    if rows and len(rows[-1]) <= width and unfinished(file):
        uneven.refuse_many(0)
    uneven.refuse_many(len(whole))
    return whole, uneven


def _below_header(
    rows: list[list[Any]], wanted: Collection[str]
) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns, and the rows below them.

    Titles may stand above: the header is the first row that has every column of the map. Where
    none has, it is the widest of the first rows, for the error to compare the map with.
    """
    first = [[str(cell).strip() for cell in row[:-1]] for row in rows[:_MOST_PREAMBLE]]
    for at, names in enumerate(first):
        for header in (names, two_headers(first[at - 1], names) if at else names):
            spelt = _spelt_as(header, wanted)
            if set(wanted) <= set(spelt):
                return spelt, rows[at + 1 :]
    return max(first, key=len, default=[]), []


def _spelt_as(names: list[str], wanted: Collection[str]) -> list[str]:
    """Return the names of a header, those of the map in its spelling: case, accents and spaces."""
    told = {_folded(name): name for name in wanted if name not in names}
    return [told.pop(_folded(name), name) for name in names]


def _folded(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def _chosen(table: pd.DataFrame, this: ElectionMap) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Return the rows of one office and of candidates, and an account of the others."""
    others = []
    for column, value in this.only.items():
        kept = _has(table, column, value, this)
        others.append(LeftOut(Text("another {column}", column=column), int((~kept).sum())))
        table = table[kept]
    if this.long and (again := table.drop(columns=LINE).duplicated()).any():
        lines = some(Text("line {line}", line=line) for line in table.loc[again, LINE])
        others.append(LeftOut(Text("a copy of another row"), int(again.sum()), lines))
        table = table[~again]
    if this.long and this.without:
        none = table[this.long["candidate"]].str.strip().isin(this.without)
        reason = Text("rows that are no candidate")
        others.append(LeftOut(reason, int(none.sum()), some(this.without)))
        table = table[~none]
    return table, [other for other in others if other.count]
