"""The rows of a raw file of results, taken in one by one: counts and votes of bureaux."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.errors import Text, some
from analysis.readers.beginnings import plain
from analysis.readers.bureau_of_row import NO_BUREAU, UNKNOWN, bureau_of
from analysis.readers.codes import arrondissement_of, bare_code, in_place
from analysis.readers.election_of_row import is_of_another, round_of
from analysis.readers.layouts import COUNTS, KNOWN, Layout
from analysis.readers.namesakes import told_apart
from analysis.readers.packed import plain_file
from analysis.readers.raw_results import Raw, nothing_unreadable, of_election
from analysis.readers.total_rows import SUM, is_called_total
from analysis.readers.uneven_rows import UnevenRows, cut_or_damaged, merged_cells, unfinished
from analysis.readers.voting_modes import Together, apart, mode_column, sums_of, together, unit_of
from analysis.tables.sources import LeftOut, Report, Source
from analysis.tables.whole_numbers import SPACES

_ZEROS = re.compile(r"(?<=\d)[.,]0{1,2}$")
# The last sign of a text of DOS.
_BLANK = " \t\x1a"
_TWICE = Text("a copy of another row")
_OTHER_ROUND, _OTHER_VOTE = Text("other round"), Text("another election")
_NOBODY = Text("rows that are no candidate")
# Rows among candidates that are counts of the bureau; a list may be called « Le vote blanc ».
_NO_CANDIDATE = frozenset(
    {
        *("abstention", "abstentions", "abstentionnistes", "blancs", "nuls", "blancsetnuls"),
        *("nulsetblancs", "votesblancs", "votesnuls", "bulletinsblancs", "bulletinsnuls"),
        *("exprimes", "suffragesexprimes", "votants", "emargements", "inscrits", "procurations"),
    }
)
_MAY_BE_SPOILT, _MOST = frozenset({"blanc", "nul", "voteblanc", "votenul", "blancounul"}), 0.9
_UNPUBLISHED = ("blank", "null")
_WHERE = ("department", "commune", "place")
_IDS = {"bureau_id": "category"}
_BALLOT_TYPES = _IDS | {"nuance": "category", "name": "category", "votes": "Int64"}


@dataclass
class Rows:
    """Collects the bureaux and candidates of the rows of one file."""

    election_id: str
    places: tuple[str, ...]
    uneven: UnevenRows
    read: int = 0
    rows: int = 0
    most: int = 0
    above: list[str] = field(default_factory=list)
    carried: int = 0
    gone: Counter[Text] = field(default_factory=Counter)
    said: dict[Text, dict[str, None]] = field(default_factory=dict)
    counts: dict[tuple[str | int | None, ...], tuple[str, str]] = field(default_factory=dict)
    ballots: list[tuple[str, str, str, str, int | None]] = field(default_factory=list)
    unreadable: list[tuple[str, str, Text]] = field(default_factory=list)
    no_votes: list[Text] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    mode: str = ""
    mode_at: int = sys.maxsize
    seen: set[int] = field(default_factory=set)
    last_uneven: tuple[int, int] = (0, 0)
    bare: bool = False

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
        filled = [cell for cell in row if cell.strip(_BLANK)]
        if not filled or row == self.header:
            return
        # A workbook has its notes in one cell of a row as wide as the others.
        if len(filled) == 1 or not _is_whole(row, layout):
            self.uneven.add(";".join(row), cells=len(row), filled=len(filled), line=line)
            self.last_uneven = line, len(row)
            return
        self.rows += 1
        row = self._carried(row, layout)
        code, commune, bureau = bureau_of(row, layout, self.places)
        arrondissement = arrondissement_of(code, bureau.rpartition("_")[2])
        if code and not in_place(commune, self.places, arrondissement):
            return
        self.read += 1
        if why := self._why_not(row, layout, bureau):
            self._lose(*why)
            return
        bureau = self._apart(bureau, row)
        counts = tuple(self._count(row, layout, name, bureau, line) for name in COUNTS)
        place = row[layout.fixed["place"]].strip() if "place" in layout.fixed else commune
        # A long file repeats the counts of a bureau with each of its candidates.
        self.counts.setdefault((bureau, *counts), (commune, place))
        self._add_votes(row, layout, bureau, line)

    def _carried(self, row: list[str], layout: Layout) -> list[str]:
        """Return a row with what a merged cell of a spreadsheet says once for all rows below."""

        def told(*names: str) -> bool:
            return any(row[fixed[name]].strip() for name in names if name in fixed)

        fixed, empty = layout.fixed, list[str]()
        if self.above and not told(*_WHERE) and told("number"):
            empty = [] if is_called_total(row[fixed["number"]]) else [*_WHERE]
        elif self.above and not told("number", *COUNTS) and self._of_one(row, layout):
            empty = [*([] if told(*_WHERE) else _WHERE), "number", *COUNTS]
        if at := {fixed[name] for name in empty if name in fixed}:
            carried = [self.above[k] if k in at else cell for k, cell in enumerate(row)]
            self.carried += carried != row
            row = carried
        if told("number", *COUNTS):
            self.above = row
        return row

    @staticmethod
    def _of_one(row: list[str], layout: Layout) -> bool:
        """Tell whether a row has the votes of one candidate in one bureau."""
        voted = "votes" in layout.block and row[layout.block["votes"][0]].strip()
        return bool(voted) and not any(map(is_called_total, row))

    def _add_votes(self, row: list[str], layout: Layout, bureau: str, line: int) -> None:
        told = list(_candidates(row, layout))
        self.most = max(self.most, len(told))
        for nuance, name, given, cell in told:
            if not nuance and _is_count(name):
                # In a wide file it is a cell of a row that is read.
                if len(told) == 1:
                    self._lose(_NOBODY, name)
                continue
            votes = _whole(cell)
            self.ballots.append((bureau, nuance, name, given, votes))
            if votes is None and cell.strip():
                found = Text("line {line}: {cell!r}", line=line, cell=cell)
                self.no_votes.append(found)

    def _lose(self, reason: Text, what: str) -> None:
        self.gone[reason] += 1
        if what:
            self.said.setdefault(reason, {})[what] = None

    def told_of_others(self) -> Text | str:
        """Return what rows of another election say they are of, for an error; "" for none."""
        said = self.said.get(_OTHER_VOTE, ())
        return Text("; its rows say: {said}", said=some(said)) if said else ""

    def _why_not(self, row: list[str], layout: Layout, bureau: str) -> tuple[Text, str] | None:
        """Return why a row of the place is not read, and what to call it; None where it is."""
        told = bare_code(row[layout.fixed["number"]])
        if not told:
            return (SUM if any(map(is_called_total, row)) else NO_BUREAU), ""
        if not bureau:
            return UNKNOWN, row[layout.fixed.get("place", layout.fixed["number"])].strip()
        if other := is_of_another(row, layout, self.election_id):
            return _OTHER_VOTE, other
        turn = layout.fixed.get("round")
        if turn is not None and round_of(row[turn]) != self.election_id[-1]:
            return _OTHER_ROUND, ""
        if (same := hash(tuple(row))) in self.seen:
            return _TWICE, ""
        self.seen.add(same)
        return None

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
        if last and last == line and unfinished(plain_file(file)):
            told = Text("line {line} has {n} cells, and the file ends there", line=line, n=cells)
            raise cut_or_damaged(file.name, told)
        self.uneven.refuse_many(self.rows, len(self.header))

    def _count(
        self, row: list[str], layout: Layout, name: str, bureau: str, line: int
    ) -> int | None:
        """Return a count; what is none is written down, but for what is not published."""
        at = layout.fixed.get(name)
        cell = "" if at is None else row[at]
        count = _whole(cell)
        if name == "valid" and at is None:
            all_, *spoilt = (_whole(row[layout.fixed[one]]) for one in ("ballots", "blank", "null"))
            known = [one for one in spoilt if one is not None]
            count = None if all_ is None or len(known) < len(spoilt) else all_ - sum(known)
        if count is None and (name not in _UNPUBLISHED or cell.strip()):
            found = Text("line {line}: {name} {cell!r}", line=line, name=name, cell=cell)
            self.unreadable.append((self.election_id, unit_of(bureau), found))
        return count

    def _notes(self, layout: Layout) -> list[Text]:
        """Name the layout (a header of one candidate may stand above a row for each), and more."""
        each = layout.width and self.most == 1 and len(self.ballots) > len(self.counts)
        notes = [Text("layout: {layout}", layout=KNOWN[2] if each else layout.name)]
        if self.carried:
            notes.append(merged_cells(self.carried))
        if self.bare:
            notes.append(Text("a quotation mark that nothing closes: they were read as letters"))
        return notes

    def to_raw(self, source: Source, layout: Layout) -> Raw:
        """Return what was collected, and its account."""
        counts = pd.DataFrame(list(self.counts), columns=["bureau_id", *COUNTS])
        whole = dict.fromkeys(COUNTS, "Int64")
        columns = ["bureau_id", "nuance", "name", "given", "votes"]
        told = pd.DataFrame(self.ballots, columns=columns).assign(election_id=self.election_id)
        told, nobody = _without_spoilt(told, counts)
        for name in nobody:
            self._lose(_NOBODY, name)
        ballots = told_apart(told).drop(columns="election_id")
        joined, sums = Together(counts, ballots), 0
        if self.mode:
            kept = [table[~sums_of(table["bureau_id"])] for table in (counts, ballots)]
            each = 0 if layout.width or layout.named else 1
            sums = len((counts, ballots)[each]) - len(kept[each])
            votes = kept[1].astype({"votes": "Int64"})
            joined = together(kept[0].astype(whole), votes, self.mode)
        counts = of_election(joined.counts, self.election_id).astype(_IDS | whole)
        ballots = of_election(joined.ballots, self.election_id).astype(_BALLOT_TYPES)
        places = pd.DataFrame(list(self.counts.values()), columns=["commune_id", "name"])
        gone = self.gone + Counter({SUM: sums})
        uneven = self.uneven.left_out()
        out = (
            *(LeftOut(why, n, some(self.said.get(why, ()))) for why, n in gone.items()),
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
                    (*self._notes(layout), *joined.notes),
                ),
            ),
            unreadable=pd.DataFrame(
                self.unreadable, columns=nothing_unreadable().columns, dtype=object
            ),
        )


@cache
def _is_count(name: str) -> bool:
    """Tell whether a name among the candidates is a count of the bureau."""
    return plain(name) in _NO_CANDIDATE


def _named(ballots: pd.DataFrame) -> list[str]:
    """Return the names of those who have votes: a list « Ensemble » that has none stays."""
    return list(ballots.loc[ballots["votes"] != 0, "name"].unique())


def _without_spoilt(ballots: pd.DataFrame, counts: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out « BLANC », « NUL », « TOTAL » where all others sum to the valid votes."""
    names = {one: plain(one) in _MAY_BE_SPOILT or is_called_total(one) for one in _named(ballots)}
    called = ballots["name"].map(names).fillna(value=False).astype(bool) & (ballots["nuance"] == "")
    if not called.any():
        return ballots, []
    sums = ballots[~called].groupby("bureau_id")["votes"].sum()
    valid = counts.drop_duplicates("bureau_id").set_index("bureau_id")["valid"]
    agree = (sums == valid.reindex(sums.index)).mean() > _MOST
    if not agree:
        return ballots, []
    return ballots[~called].reset_index(drop=True), list(ballots.loc[called, "name"])


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


def _candidates(row: list[str], layout: Layout) -> Iterator[tuple[str, str, str, str]]:
    """Give nuance, name, given name and votes of each candidate; blocks of nobody are none."""
    for at, (nuance, name) in layout.named.items():
        if row[at].strip():
            yield nuance, name, "", row[at]
    if layout.named:
        return
    blocks = (len(row) - layout.first) // layout.width if layout.width else 1
    for shift in (layout.width * block for block in range(blocks)):
        said = {
            ours: next(filter(None, (row[at + shift].strip() for at in places)), "")
            for ours, places in layout.block.items()
        }
        if any(said.values()) and set(said.values()) != {"", "0"}:
            nuance, name, given = (said.get(ours, "") for ours in ("nuance", "name", "given"))
            yield nuance, name, given, said.get("votes", "")


def _whole(cell: str) -> int | None:
    """Return a count, « 631,0 » too; None where the cell holds none."""
    text = _ZEROS.sub("", re.sub(SPACES, "", cell.strip()))
    return int(text) if text.isdecimal() else None
