"""Cells of an electoral roll, row by row of the file; rows that cannot be read, by reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pv

from analysis.readers.roll_layout import BAD, RollLayout, RollSource, text_blocks

LINE = "line"
# Why a row is refused before its values are looked at.
ENCODING, CELLS = "encoding", "cells"
# A value may hold ends of lines; a quotation mark that nobody closes must not eat the file.
_MOST_LINES = 6
Lines = npt.NDArray[np.int64]


@dataclass(slots=True)
class Refusals:
    """Lines of the file whose rows were not kept, by reason."""

    lines: dict[str, list[Lines]] = field(default_factory=dict)

    def add(self, reason: str, lines: Lines | list[int]) -> None:
        """Refuse rows that begin on these lines."""
        if len(lines):
            self.lines.setdefault(reason, []).append(np.asarray(lines, dtype=np.int64))

    @property
    def count(self) -> int:
        """Number of rows refused."""
        return sum(len(part) for parts in self.lines.values() for part in parts)

    def told(self) -> dict[str, dict[str, int | str]]:
        """Return, by reason, how many rows and on which lines, as `12-14,40`."""
        joined = {reason: np.sort(np.concatenate(parts)) for reason, parts in self.lines.items()}
        return {
            reason: {"rows": len(lines), "lines": _ranges(lines)}
            for reason, lines in joined.items()
        }


def _ranges(lines: Lines) -> str:
    runs = np.split(lines, np.flatnonzero(np.diff(lines) != 1) + 1)
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def read_cells(source: RollSource, layout: RollLayout, refused: Refusals) -> Iterator[pa.Table]:
    """Yield the columns of a roll that may be read, as texts under our names, and `line`.

    Parameters
    ----------
    source, layout
        The file and what it looks like.
    refused
        Told of rows that have other cells than the header, or letters that cannot be read.

    Returns
    -------
    Iterator of pyarrow.Table
        One a block of the file; `line` counts from 1, the header included.
    """
    line = 1
    for block in text_blocks(source, layout.encoding):
        lines = block.count(b"\n")
        skipped = layout.header_line if line == 1 else 0
        body = block.split(b"\n", skipped)[-1] if skipped else block
        if body:
            yield _block(body, line + skipped, layout, refused)
        line += lines


def _block(block: bytes, line: int, layout: RollLayout, refused: Refusals) -> pa.Table:
    """Return the rows of a block; `line` is that of its first."""
    lines = block.count(b"\n")
    table = None if BAD.encode() in block else _fast(block, layout)
    # A quotation mark that nobody closes eats the ends of lines: fewer rows than lines.
    if table is None or table.num_rows != lines:
        return _one_by_one(block, line, layout, refused)
    return table.append_column(LINE, pa.array(np.arange(line, line + lines, dtype=np.int64)))


def _fast(block: bytes, layout: RollLayout) -> pa.Table | None:
    """Return the rows as Arrow reads them; None where one has other cells than the header."""
    names = [str(at) for at in range(layout.width)]
    kept = {str(at): ours for ours, at in layout.columns.items()}
    try:
        table = pv.read_csv(
            pa.BufferReader(block),
            read_options=pv.ReadOptions(column_names=names),
            parse_options=pv.ParseOptions(delimiter=layout.delimiter, ignore_empty_lines=False),
            convert_options=pv.ConvertOptions(
                include_columns=list(kept),
                column_types=dict.fromkeys(kept, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.rename_columns([kept[name] for name in table.column_names])


def _one_by_one(block: bytes, line: int, layout: RollLayout, refused: Refusals) -> pa.Table:
    """Return the rows of a block that has something strange in it, and refuse what is."""
    texts = block.decode("utf-8").split("\n")[:-1]
    kept: list[list[str]] = []
    numbers: list[int] = []
    bad: dict[str, list[int]] = {ENCODING: [], CELLS: []}
    at = 0
    while at < len(texts):
        number, text = line + at, texts[at]
        at += 1
        if not text.strip():
            continue
        if BAD in text:
            bad[ENCODING].append(number)
            continue
        cells, used = _cells(texts, at - 1, layout)
        at += used - 1
        if cells:
            kept.append(cells)
            numbers.append(number)
        else:
            bad[CELLS].append(number)
    for reason, lines in bad.items():
        refused.add(reason, lines)
    columns = [
        pa.array([cells[where] for cells in kept], pa.string()) for where in layout.columns.values()
    ]
    table = pa.table(columns, names=list(layout.columns))
    return table.append_column(LINE, pa.array(numbers, pa.int64()))


def _cells(texts: list[str], at: int, layout: RollLayout) -> tuple[list[str], int]:
    """Return the cells of the row that begins there and how many lines it has; none if unsound."""
    joined = texts[at]
    for used in range(1, _MOST_LINES + 1):
        if cells := _fitting(joined, layout):
            return cells, used
        if joined.count('"') % 2 == 0 or at + used >= len(texts):
            break
        joined += "\n" + texts[at + used]
    return [], 1


def _fitting(text: str, layout: RollLayout) -> list[str]:
    try:
        lines = [f"{line}\n" for line in text.split("\n")]
        rows = list(csv.reader(lines, delimiter=layout.delimiter))
    except csv.Error:
        return []
    cells = rows[0] if len(rows) == 1 else []
    # Some programs end each row with one more delimiter.
    while len(cells) > layout.width and not cells[-1]:
        cells = cells[:-1]
    return cells if len(cells) == layout.width else []
