"""One election of a column map: its file, read into counts and ballots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.beginnings import plain
from analysis.readers.codes import parts, put_together, without_zeros
from analysis.readers.mapped_file import (
    LINE,
    Candidate,
    ElectionMap,
    identified_rows,
    with_turnout,
)
from analysis.readers.raw_results import Raw, nothing_unreadable, of_election
from analysis.readers.set_aside import tolerated
from analysis.readers.total_rows import SUM
from analysis.readers.voting_modes import (
    Together,
    apart,
    mode_column,
    sums_of,
    together,
    unit_of,
)
from analysis.tables.sources import LeftOut, Report, Source
from analysis.tables.whole_numbers import is_count, plain_counts

_COUNTS = ("registered", "ballots", "blank", "null", "valid")
_IDS = {"bureau_id": "category"}
_NAMES = {"nuance": "category", "name": "category"}
_MOST_OVER = 0.5
_PARTIES = ("partydetailed", "party", "partyname", "ballotparty", "partysimplified")


def read_election(this: ElectionMap) -> Raw:
    """Read one election as its map says.

    Where no column of valid ballots is named, they are the sum of the votes.

    Raises
    ------
    DataError
        When the file or a column is missing, rows and header differ in length, or a
        count is not a whole number.
    """
    table, others, carried = identified_rows(this)
    nameless = table["bureau_id"] == ""
    rows = table[~nameless]
    rows, mapped, more = with_turnout(rows, this)
    mode = mode_column(list(map(str, rows.columns)), this.wanted)
    sums: tuple[LeftOut, ...] = ()
    if mode:
        rows = rows.assign(bureau_id=[*map(apart, rows["bureau_id"], rows[mode])])
        total = sums_of(rows["bureau_id"])
        sums = (LeftOut(SUM, int(total.sum()), some(rows.loc[total, mode].unique())),)
        rows = rows[~total]
    cells = _Counts(mapped, rows)
    ballots = _long(cells) if this.long else _wide(cells)
    counts = _counts(cells, ballots)
    joined = together(counts, ballots, mode) if mode else Together(counts, ballots)
    counts, ballots = joined.counts, joined.ballots
    nameless_rows = LeftOut(Text("no unit"), int(nameless.sum()))
    left_out = tuple(one for one in (*others, nameless_rows, *sums) if one.count)
    read = len(table) + sum(other.count for other in others)
    source = Source.of(this.file, role=f"results {this.election.election_id}", licence=this.licence)
    return Raw(
        counts=of_election(counts, this.election.election_id).astype(_IDS),
        ballots=of_election(ballots, this.election.election_id).astype(_IDS | _NAMES),
        places=_places(rows, this),
        reports=(
            Report(source, read, len(rows), left_out, (*carried, *cells.notes, *joined.notes)),
            *more,
        ),
        unreadable=pd.DataFrame(
            cells.unreadable, columns=nothing_unreadable().columns, dtype=object
        ),
    )


def alike(raw: Raw) -> Raw:
    """Return results in which a unit is one whatever zeros its number lost at one of the elections.

    Parameters
    ----------
    raw
        Of all elections of a terrain. Where one election has both spellings, they are two units.
    """
    ids = raw.counts[["election_id", "bureau_id"]].astype("str").drop_duplicates()
    bare = ids["bureau_id"].map(without_zeros)
    two = set(bare[ids.assign(bare=bare).duplicated(["election_id", "bare"])])
    longest = ids["bureau_id"].groupby(bare).agg(lambda same: max(same, key=len))
    told = {
        one: longest[short]
        for one, short in zip(ids["bureau_id"], bare, strict=True)
        if short not in two and one != longest[short]
    }
    if not told:
        return raw
    note = Text(
        "{n} unit(s) that differ by zeros, capitals or spaces from file to file are one: {units}",
        n=len(told),
        units=some(f"{one} = {whole}" for one, whole in told.items()),
    )
    communes = {one.rpartition("_")[0]: whole.rpartition("_")[0] for one, whole in told.items()}
    last = raw.reports[-1]
    return replace(
        raw,
        counts=_renamed(raw.counts, told, "category"),
        ballots=_renamed(raw.ballots, told, "category"),
        unreadable=_renamed(raw.unreadable, told, "object"),
        places=raw.places.assign(commune_id=raw.places["commune_id"].replace(communes)),
        reports=(*raw.reports[:-1], replace(last, notes=(*last.notes, note))),
    )


def _renamed(table: pd.DataFrame, told: Mapping[str, str], kind: str) -> pd.DataFrame:
    names = table["bureau_id"].astype("str").replace(dict(told))
    return table.assign(bureau_id=names.astype(kind))


@dataclass
class _Counts:
    """Reads cells as counts, and writes down those that are none."""

    this: ElectionMap
    rows: pd.DataFrame
    unreadable: list[tuple[str, str, Text]] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

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
        cells, lines = self.rows[column], self.rows[LINE]
        texts = cells.str.strip()
        if thousands := self.this.text.get("thousands"):
            texts = texts.str.replace(thousands, "")
        if decimal := self.this.text.get("decimal"):
            texts = texts.str.replace(decimal, ".")
        texts = plain_counts(texts)
        numbers = pd.to_numeric(texts, errors="coerce")
        bad = ~is_count(numbers) & (texts != "")
        if not bad.any():
            return numbers.astype("Int64")
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
            told = zip(map(unit_of, units), found, strict=True)
            self.unreadable += [(election, unit, what) for unit, what in told]
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
    return _of_several_parties(table, cells)


def _of_several_parties(table: pd.DataFrame, cells: _Counts) -> pd.DataFrame:
    """Add up the rows of who stands for several parties, each with a row (New York, Oregon)."""
    keys = ["bureau_id", "nuance", "name"]
    again = table.duplicated(keys, keep=False)
    named = {plain(str(name)): str(name) for name in cells.rows}
    column = next((named[name] for name in _PARTIES if name in named), "")
    if not again.any() or not column or column in cells.this.wanted:
        return table
    party = cells.rows[column].str.strip().to_numpy()
    if table.assign(party=party).duplicated([*keys, "party"]).any():
        return table
    told = Text(
        "{n} rows of candidates who stand for several parties were added up: {names}",
        n=int(again.sum()),
        names=some(table.loc[again, "name"].unique()),
    )
    cells.notes.append(told)
    return table.groupby(keys, sort=False, as_index=False, dropna=False).agg(
        votes=("votes", lambda votes: votes.sum(min_count=1))
    )


def _counts(cells: _Counts, ballots: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each unit once; a long file repeats them."""
    this, rows = cells.this, cells.rows
    table = pd.DataFrame({"bureau_id": rows["bureau_id"]})
    for name in _COUNTS:
        known = name in this.columns
        # Several columns are added up: ballots are those that count and those that do not.
        table[name] = sum(map(cells.read, parts(this.columns[name]))) if known else pd.NA
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
    known = "commune" in this.columns
    ids = put_together(rows, this.columns["commune"]) if known else this.commune
    table = pd.DataFrame({"commune_id": ids}, index=rows.index).astype("str")
    named = (
        put_together(rows, this.columns["commune_name"]) if "commune_name" in this.columns else None
    )
    table["name"] = table["commune_id"] if named is None else named
    table["department_id"] = ""
    return table.drop_duplicates("commune_id", ignore_index=True)
