"""One election of a column map: its file, read into counts and ballots."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.codes import own_ids
from analysis.readers.results import Raw
from analysis.tables.elections import Election
from analysis.tables.sources import LeftOut, Report, Source

_COUNTS = ("registered", "ballots", "blank", "null", "valid")
_IDS = {"election_id": "category", "bureau_id": "category"}
_NAMES = {"nuance": "category", "name": "category"}
_LINE = "\0line"


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
        `delimiter`, `encoding`, `decimal`, `thousands`, where they are not ; utf-8 and none.
    commune
        The commune where no column says it.
    """

    election: Election
    file: Path
    columns: Mapping[str, str]
    long: Mapping[str, str]
    candidates: Mapping[str, Candidate]
    text: Mapping[str, str]
    commune: str
    licence: str


def read_election(this: ElectionMap) -> Raw:
    """Read one election as its map says.

    Where no column of valid ballots is named, they are the sum of the votes.

    Raises
    ------
    DataError
        When the file or a column is missing, rows and header differ in length, or a
        count is not a whole number.
    """
    table = _read(this)
    units = table[this.columns["unit"]]
    commune = table[this.columns["commune"]] if "commune" in this.columns else this.commune
    table = table.assign(bureau_id=own_ids(commune, units))
    nameless = table["bureau_id"] == ""
    rows = table[~nameless]
    ballots = _long(rows, this) if this.long else _wide(rows, this)
    counts = _counts(rows, ballots, this)
    left_out = (LeftOut(Text("no unit"), int(nameless.sum())),) if nameless.any() else ()
    source = Source.of(this.file, role=f"results {this.election.election_id}", licence=this.licence)
    return Raw(
        counts=counts.assign(election_id=this.election.election_id).astype(_IDS),
        ballots=ballots.assign(election_id=this.election.election_id).astype(_IDS | _NAMES),
        places=_places(rows, this),
        reports=(Report(source, len(table), len(rows), left_out),),
    )


def _read(this: ElectionMap) -> pd.DataFrame:
    """Return the file as text, with the line each row stands in."""
    file, encoding = this.file, this.text.get("encoding", "utf-8-sig")
    try:
        with file.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=this.text.get("delimiter", ";"))
            names = [name.strip() for name in next(reader, [])]
            rows = [[*row, reader.line_num] for row in reader if any(map(str.strip, row))]
    except (OSError, UnicodeError, LookupError, TypeError, csv.Error) as error:
        raise DataError(
            "{file} cannot be read as the column map says.",
            where="{file}: {error}",
            mend="Check file, encoding and delimiter of this [[election]].",
            file=file.name,
            error=error,
        ) from error
    wanted = [*this.columns.values(), *this.long.values()]
    wanted += [] if this.long else list(this.candidates)
    if missing := [name for name in wanted if names.count(name) != 1]:
        raise DataError(
            "{file} lacks column(s), or has them twice: {missing}.",
            where="{file}: columns found: {columns}",
            mend="Write the names in the column map exactly as they stand in the file; "
            "check the delimiter.",
            file=file.name,
            missing=", ".join(missing),
            columns=some(names, most=12),
        )
    if other := [row for row in rows if len(row) != len(names) + 1]:
        raise DataError(
            "{file} has rows that are shorter or longer than its header.",
            where="{other}",
            mend="The file is cut, or a text holds the delimiter: export it again.",
            file=file.name,
            other=some(
                Text(
                    "line {line}: {n} of {needed} cells",
                    line=row[-1],
                    n=len(row) - 1,
                    needed=len(names),
                )
                for row in other
            ),
        )
    return pd.DataFrame(rows, columns=[*names, _LINE]).astype({_LINE: "int64"})


def _whole(cells: pd.Series, lines: pd.Series, this: ElectionMap) -> pd.Series:
    """Return counts; missing where the cell is empty."""
    texts = cells.str.strip()
    if thousands := this.text.get("thousands"):
        texts = texts.str.replace(thousands, "")
    if decimal := this.text.get("decimal"):
        texts = texts.str.replace(decimal, ".")
    numbers = pd.to_numeric(texts, errors="coerce")
    bad = (numbers.isna() & (texts != "")) | (numbers < 0) | (numbers % 1 > 0)
    if bad.any():
        found = zip(lines[bad], cells[bad], strict=True)
        raise DataError(
            "Column {name} holds values that are not whole numbers.",
            where="{file}: {found}",
            mend="Counts are persons or ballots; name thousands or decimal in the column map.",
            name=cells.name,
            file=this.file.name,
            found=some(Text("line {line}: {cell!r}", line=line, cell=cell) for line, cell in found),
        )
    return numbers.astype("Int64")


def _wide(rows: pd.DataFrame, this: ElectionMap) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "bureau_id": rows["bureau_id"],
                "nuance": label.nuance,
                "name": label.name or ("" if label.nuance else column),
                "votes": _whole(rows[column], rows[_LINE], this),
            }
        )
        for column, label in this.candidates.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    # An empty cell is a list that does not stand there.
    return table[table["votes"].notna()].reset_index(drop=True)


def _long(rows: pd.DataFrame, this: ElectionMap) -> pd.DataFrame:
    said = rows[this.long["candidate"]].str.strip()
    labels = [this.candidates.get(text, Candidate()) for text in said]
    nuance = rows[this.long["nuance"]].str.strip() if "nuance" in this.long else [""] * len(rows)
    pairs = zip(labels, nuance, said, strict=True)
    named = [(c.nuance or n, c.name or ("" if c.nuance else text)) for c, n, text in pairs]
    table = pd.DataFrame(named, columns=["nuance", "name"])
    table["bureau_id"] = rows["bureau_id"].to_numpy()
    table["votes"] = _whole(rows[this.long["votes"]], rows[_LINE], this).array
    return table


def _counts(rows: pd.DataFrame, ballots: pd.DataFrame, this: ElectionMap) -> pd.DataFrame:
    """Return the counts of each unit once; a long file repeats them."""
    table = pd.DataFrame({"bureau_id": rows["bureau_id"]})
    for name in _COUNTS:
        if name in this.columns:
            table[name] = _whole(rows[this.columns[name]], rows[_LINE], this)
            continue
        table[name] = pd.array([pd.NA] * len(rows), dtype="Int64")
    if "valid" not in this.columns:
        table["valid"] = table["bureau_id"].map(ballots.groupby("bureau_id")["votes"].sum())
    needed = table[["registered", "ballots", "valid"]]
    if (holes := needed.isna().any(axis=1)).any():
        raise DataError(
            "A unit has no count of registered, ballots or valid votes.",
            where="{file}: {rows}",
            mend="Fill the cells, or remove the rows on purpose.",
            file=this.file.name,
            rows=some(Text("line {line}", line=k) for k in rows[_LINE][holes]),
        )
    table = table.drop_duplicates() if this.long else table
    return table.astype(dict.fromkeys(needed, "int64")).reset_index(drop=True)


def _places(rows: pd.DataFrame, this: ElectionMap) -> pd.DataFrame:
    ids = rows[this.columns["commune"]].str.strip() if "commune" in this.columns else this.commune
    table = pd.DataFrame({"commune_id": ids}, index=rows.index).astype("str")
    named = rows[this.columns["commune_name"]] if "commune_name" in this.columns else None
    table["name"] = table["commune_id"] if named is None else named.str.strip()
    table["department_id"] = ""
    return table.drop_duplicates("commune_id", ignore_index=True)
