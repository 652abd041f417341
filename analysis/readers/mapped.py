"""One election of a column map: its file, read into counts and ballots."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.codes import own_ids
from analysis.readers.raw_results import Raw, nothing_unreadable
from analysis.readers.set_aside import tolerated
from analysis.tables.elections import Election
from analysis.tables.sources import LeftOut, Report, Source
from analysis.tables.whole_numbers import is_count

_COUNTS = ("registered", "ballots", "blank", "null", "valid")
_IDS = {"election_id": "category", "bureau_id": "category"}
_NAMES = {"nuance": "category", "name": "category"}
_LINE = "\0line"
_MOST_OVER = 0.5


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
    only
        Column → the value of the rows to read, where the file holds several offices.
    without
        Values of the candidate column that are no candidate: over votes, totals.
    """

    election: Election
    file: Path
    columns: Mapping[str, str]
    long: Mapping[str, str]
    candidates: Mapping[str, Candidate]
    text: Mapping[str, str]
    commune: str
    licence: str
    only: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


def read_election(this: ElectionMap) -> Raw:
    """Read one election as its map says.

    Where no column of valid ballots is named, they are the sum of the votes.

    Raises
    ------
    DataError
        When the file or a column is missing, rows and header differ in length, or a
        count is not a whole number.
    """
    table, others = _chosen(_read(this), this)
    units = table[this.columns["unit"]]
    commune = table[this.columns["commune"]] if "commune" in this.columns else this.commune
    table = table.assign(bureau_id=own_ids(commune, units))
    nameless = table["bureau_id"] == ""
    rows = table[~nameless]
    cells = _Counts(this, rows)
    ballots = _long(cells) if this.long else _wide(cells)
    counts = _counts(cells, ballots)
    nameless_rows = LeftOut(Text("no unit"), int(nameless.sum()))
    left_out = (*others, *((nameless_rows,) if nameless_rows.count else ()))
    read = len(table) + sum(other.count for other in others)
    source = Source.of(this.file, role=f"results {this.election.election_id}", licence=this.licence)
    return Raw(
        counts=counts.assign(election_id=this.election.election_id).astype(_IDS),
        ballots=ballots.assign(election_id=this.election.election_id).astype(_IDS | _NAMES),
        places=_places(rows, this),
        reports=(Report(source, read, len(rows), left_out),),
        unreadable=pd.DataFrame(
            cells.unreadable, columns=nothing_unreadable().columns, dtype=object
        ),
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
    wanted = [*this.columns.values(), *this.long.values(), *this.only]
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


def _chosen(table: pd.DataFrame, this: ElectionMap) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Return the rows of one office and of candidates, and an account of the others."""
    others = []
    for column, value in this.only.items():
        kept = table[column].str.strip() == value
        if not kept.any():
            raise DataError(
                "No row of the file has the value that the column map asks for.",
                where="{file}: {column}: {value!r}; found: {found}",
                mend="Write the value under [election.only] as it stands in the file.",
                file=this.file.name,
                column=column,
                value=value,
                found=some(table[column].unique(), most=8),
            )
        others.append(LeftOut(Text("another {column}", column=column), int((~kept).sum())))
        table = table[kept]
    if this.long and this.without:
        none = table[this.long["candidate"]].str.strip().isin(this.without)
        reason = Text("rows that are no candidate")
        others.append(LeftOut(reason, int(none.sum()), some(this.without)))
        table = table[~none]
    return table, [other for other in others if other.count]


@dataclass
class _Counts:
    """Reads cells as counts, and writes down those that are none."""

    this: ElectionMap
    rows: pd.DataFrame
    unreadable: list[tuple[str, str, Text]] = field(default_factory=list)

    def read(self, column: str, *, spare: bool = False) -> pd.Series:
        """Return the counts of a column; missing where the cell is empty or holds none.

        Parameters
        ----------
        column
            The file's name of it.
        spare
            Whether the count can be told from others, so that its unit need not be left out.

        Raises
        ------
        DataError
            When more cells than slips of a hand hold no count: it is another column.
        """
        cells, lines = self.rows[column], self.rows[_LINE]
        texts = cells.str.strip()
        if thousands := self.this.text.get("thousands"):
            texts = texts.str.replace(thousands, "")
        if decimal := self.this.text.get("decimal"):
            texts = texts.str.replace(decimal, ".")
        numbers = pd.to_numeric(texts, errors="coerce")
        bad = ~is_count(numbers) & (texts != "")
        found = [
            Text("line {line}: {name} {cell!r}", line=line, name=column, cell=cell)
            for line, cell in zip(lines[bad], cells[bad], strict=True)
        ]
        if not tolerated(len(found), len(cells), leave_out=False):
            raise DataError(
                "Column {name} holds values that are not whole numbers.",
                where="{file}: {found}",
                mend="Counts are persons or ballots; name thousands or decimal in the column map.",
                name=column,
                file=self.this.file.name,
                found=some(found),
            )
        units = self.rows["bureau_id"][bad]
        if not spare:
            election = self.this.election.election_id
            self.unreadable += [(election, u, f) for u, f in zip(units, found, strict=True)]
        return numbers.mask(bad).astype("Int64")


def _wide(cells: _Counts) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "bureau_id": cells.rows["bureau_id"],
                "nuance": label.nuance,
                "name": label.name or ("" if label.nuance else column),
                "votes": cells.read(column, spare="valid" in cells.this.columns),
                "empty": cells.rows[column].str.strip() == "",
            }
        )
        for column, label in cells.this.candidates.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    # An empty cell is a list that does not stand there.
    return table[~table["empty"]].drop(columns="empty").reset_index(drop=True)


def _long(cells: _Counts) -> pd.DataFrame:
    this, rows = cells.this, cells.rows
    said = rows[this.long["candidate"]].str.strip()
    labels = [this.candidates.get(text, Candidate()) for text in said]
    nuance = rows[this.long["nuance"]].str.strip() if "nuance" in this.long else [""] * len(rows)
    pairs = zip(labels, nuance, said, strict=True)
    named = [(c.nuance or n, c.name or ("" if c.nuance else text)) for c, n, text in pairs]
    table = pd.DataFrame(named, columns=["nuance", "name"])
    table["bureau_id"] = rows["bureau_id"].to_numpy()
    table["votes"] = cells.read(this.long["votes"], spare="valid" in this.columns).array
    return table


def _counts(cells: _Counts, ballots: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each unit once; a long file repeats them."""
    this, rows = cells.this, cells.rows
    table = pd.DataFrame({"bureau_id": rows["bureau_id"]})
    for name in _COUNTS:
        known = name in this.columns
        table[name] = cells.read(this.columns[name]) if known else pd.NA
    if "valid" not in this.columns:
        sums = ballots.groupby("bureau_id")["votes"].sum()
        table["valid"] = table["bureau_id"].map(sums)
        _expect_one_office(table, this)
    table = table.drop_duplicates() if this.long else table
    return table.astype(dict.fromkeys(_COUNTS, "Int64")).reset_index(drop=True)


def _expect_one_office(table: pd.DataFrame, this: ElectionMap) -> None:
    """Raise where most units have more votes than ballots: those of several offices."""
    over = (table["valid"] > table["ballots"]).fillna(value=False)
    turnout = table.drop_duplicates(["bureau_id", "registered", "ballots"])
    if over.mean() > _MOST_OVER and turnout["bureau_id"].is_unique:
        raise DataError(
            "The votes of {n} of {units} units are more than their ballots.",
            where="{file}: {examples}",
            mend="The file probably holds several offices, or rows that are no candidate "
            "(over votes, totals). Keep one office with [election.only] and name such rows in "
            "without = […] (docs/any_terrain.md); or name the column of valid votes.",
            n=table.loc[over, "bureau_id"].nunique(),
            units=table["bureau_id"].nunique(),
            file=this.file.name,
            examples=some(
                Text("{unit} ({votes} for {ballots} ballots)", unit=u, votes=v, ballots=b)
                for u, v, b in table.loc[over, ["bureau_id", "valid", "ballots"]]
                .drop_duplicates()
                .itertuples(index=False)
            ),
        )


def _places(rows: pd.DataFrame, this: ElectionMap) -> pd.DataFrame:
    ids = rows[this.columns["commune"]].str.strip() if "commune" in this.columns else this.commune
    table = pd.DataFrame({"commune_id": ids}, index=rows.index).astype("str")
    named = rows[this.columns["commune_name"]] if "commune_name" in this.columns else None
    table["name"] = table["commune_id"] if named is None else named.str.strip()
    table["department_id"] = ""
    return table.drop_duplicates("commune_id", ignore_index=True)
