"""Tables of sheets: one row per building, boxes to tally in, broken over pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.exports.field_kit.kit import Kit
from analysis.exports.field_kit.pdf_canvas import (
    BOLD,
    BOTTOM,
    LEFT,
    PLAIN,
    RIGHT,
    SOFT,
    TOP,
    Paper,
    fit,
    width_of,
    wrap,
)
from analysis.i18n import format_number
from analysis.tables.schema import OUTCOMES

_HAIR = 0.01  # points: sums of heights are not exact
_TALL = 20  # doors beyond which a row is made higher: the strokes need room


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, its width in points, how its cells are written."""

    head: str
    wide: float
    align: str = "left"
    font: str = PLAIN


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its texts, its height in points; `bold` for totals."""

    cells: tuple[str, ...]
    high: float
    bold: bool = False


@dataclass(frozen=True)
class Grid:
    """A table that knows how high it is before it is drawn.

    Attributes
    ----------
    columns
        From left to right; together as wide as the paper inside its margins.
    rows
        From the top.
    size
        Of the letters, in points.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    size: float

    @property
    def head_high(self) -> float:
        """Height of the row of heads."""
        return self.size * 2.4

    @property
    def high(self) -> float:
        """Height of the whole table, on one page."""
        return self.head_high + sum(row.high for row in self.rows)

    def filling(self, high: float) -> Grid:
        """Return the table with higher rows, up to twice, if it has `high` points to fill."""
        by = (high - self.head_high) / max(self.high - self.head_high, 1.0)
        rows = [replace(row, high=row.high * min(max(by, 1.0), 2.0)) for row in self.rows]
        return Grid(self.columns, rows, self.size)

    def pages(self, first: float, others: float) -> list[list[Row]]:
        """Share the rows out: on the first page `first` points high, on the others `others`."""
        pages: list[list[Row]] = [[]]
        left = first - self.head_high
        for row in self.rows:
            if row.high > left + _HAIR and (pages[-1] or len(pages) == 1):
                pages.append([])
                left = others - self.head_high
            pages[-1].append(row)
            left -= row.high
        if len(pages) > 1 and len(pages[-1]) == 1 and len(pages[-2]) > 1:
            # The row of totals does not stand on a page of its own.
            pages[-1].insert(0, pages[-2].pop())
        return pages

    def draw(self, paper: Paper, rows: Sequence[Row], top: float) -> float:
        """Draw the heads and `rows` from `top` down; return where they end.

        Parameters
        ----------
        paper
            The page.
        rows
            Those that fit below `top`.
        top
            Upper edge, points.

        Returns
        -------
        float
            Height of the lower edge, points; `top` where there is no row.
        """
        if not rows:
            return top
        ys = [self._draw_heads(paper, top)]
        for row in rows:
            ys.append(self._draw_row(paper, row, ys[-1]))
        xs = np.cumsum([LEFT, *(column.wide for column in self.columns)])
        across = [(LEFT, y, xs[-1], y) for y in ys]
        paper.lines(np.array([*across, *((x, top, x, ys[-1]) for x in xs)]), width=0.4)
        return ys[-1]

    def _draw_heads(self, paper: Paper, top: float) -> float:
        bottom, size = top - self.head_high, self.size * 0.8
        wide = sum(column.wide for column in self.columns)
        paper.box(LEFT, bottom, wide, self.head_high, width=0.4, fill=0.9)
        heads = [Column(c.head, c.wide, c.align, BOLD) for c in self.columns]
        self._cells(paper, heads, [c.head for c in heads], (top, bottom), size)
        return bottom

    def _draw_row(self, paper: Paper, row: Row, top: float) -> float:
        bottom = top - row.high
        columns = [Column(c.head, c.wide, c.align, BOLD) for c in self.columns]
        used = columns if row.bold else self.columns
        self._cells(paper, used, row.cells, (top, bottom), self.size)
        return bottom

    @staticmethod
    def _cells(
        paper: Paper,
        columns: Sequence[Column],
        texts: Sequence[str],
        between: tuple[float, float],
        size: float,
    ) -> None:
        """Write a text into each column, on several lines where one is too narrow."""
        top, bottom = between
        x = LEFT
        for column, text in zip(columns, texts, strict=True):
            room = column.wide - 5
            spot = {"left": 2.5, "right": column.wide - 2.5, "centre": column.wide / 2}
            lines = _lines(text, room, top - bottom, size=size, font=column.font)
            y = (top + bottom) / 2 + size * (0.55 * len(lines) - 0.91)
            for line in lines:
                # A long word shrinks a little before it is cut.
                small = size * min(1.0, max(0.7, 0.99 * room / width_of(line, size, column.font)))
                paper.text(x + spot[column.align], y, fit(line, room, size=small, font=column.font),
                           size=small, font=column.font, align=column.align)  # fmt: skip
                y -= size * 1.1
            x += column.wide


def _lines(text: str, wide: float, high: float, *, size: float, font: str) -> list[str]:
    """Break a text over as many lines as the row has room for; the last takes what is left."""
    room = int(high / (1.1 * size))
    lines = wrap(text, wide, size=size, font=font, whole=True)
    if len(lines) <= room:
        return lines
    return [*lines[: room - 1], " ".join(lines[room - 1 :])]


def stops_grid(kit: Kit, stops: Sequence[Mapping[str, Any]]) -> Grid:
    """Lay out the buildings of one turf, in walking order, with boxes for the outcomes."""
    size, high = (11.5, 27.0) if kit.large else (8.5, 17.5)
    fixed = (28.0, 46.0, 38.0) if kit.large else (24.0, 38.0, 34.0)
    box = 40.0 if kit.large else 37.0
    remark = 74.0 if kit.large else 84.0
    street = RIGHT - LEFT - sum(fixed) - box * len(OUTCOMES) - remark
    columns = [
        Column(kit.say("stop"), fixed[0], "centre", BOLD),
        Column(kit.say("number"), fixed[1], "right", BOLD),
        Column(kit.say("street"), street),
        Column(kit.say("doors_head"), fixed[2], "right"),
        *(Column(kit.say(name), box, "centre") for name in OUTCOMES),
        Column(kit.say("come_back"), remark),
    ]
    blank = ("",) * (len(OUTCOMES) + 1)
    rows = [
        Row(
            (*(str(stop[name]) for name in ("stop", "house")), _place(kit, stop),
             str(stop["dwellings"]), *blank),
            high * (2 if _is_tall(kit, stop) else 1),
        )
        for stop in stops
    ]  # fmt: skip
    rows.append(Row(("", "", kit.say("missing"), *("",) * (len(OUTCOMES) + 2)), high * 1.2))
    doors = sum(int(stop["dwellings"]) for stop in stops)
    rows.append(Row(("", "", kit.say("total"), str(doors), *blank), high * 1.2, bold=True))
    return Grid(columns, rows, size)


def turfs_grid(kit: Kit, turfs: Sequence[Mapping[str, Any]]) -> Grid:
    """Lay out the list of all turfs, with a blank line for who takes each."""
    size, high = (10.5, 22.0) if kit.large else (8.0, 15.0)
    shares = (0.10, 0.29, 0.08, 0.09, 0.10, 0.12, 0.22)
    heads = ("turf", "cover_head_bureau", "cover_head_addresses", "doors_head",
             "cover_head_minutes", "cover_head_walk", "team")  # fmt: skip
    columns = [
        Column(
            kit.say(head),
            share * (RIGHT - LEFT),
            "left" if head in {"turf", "cover_head_bureau", "team"} else "right",
            BOLD if head == "turf" else PLAIN,
        )
        for head, share in zip(heads, shares, strict=True)
    ]
    rows = [Row(tuple(turf["cells"]), high) for turf in turfs]
    return Grid(columns, rows, size)


def _is_tall(kit: Kit, stop: Mapping[str, Any]) -> bool:
    """Tell whether a row needs room: for many strokes, or for more than the street."""
    alone = str(stop["address_id"]) in kit.left_alone
    return bool(stop["dwellings"] > _TALL or stop["split"] or alone or _away(kit, stop))


def _away(kit: Kit, stop: Mapping[str, Any]) -> float:
    """Return the minutes on foot for a door of an isolated stop; 0 of others."""
    return kit.out_of_the_way.get((str(stop["turf_id"]), int(stop["stop"])), 0.0)


def _place(kit: Kit, stop: Mapping[str, Any]) -> str:
    """Return the street, which doors of a building that teams share, and how far out it lies."""
    told = str(stop["street"] or "").strip() or kit.say("no_name_street")
    if stop["split"]:
        told += f" ({kit.say('doors_range').format(stop['door_from'], stop['door_to'])})"
    if alone := kit.alone_at(str(stop["address_id"])):
        told += f" · {alone}"
    if minutes := _away(kit, stop):
        far = format_number(minutes, language=kit.language)
        told += f" · {kit.say('out_of_the_way').format(far)}"
    return told


def page_head(paper: Paper, title: str, foot: str) -> float:
    """Write the title of a page and its foot; return where the page goes on.

    Parameters
    ----------
    paper
        The page.
    title
        Cut to the width of the page.
    foot
        What the page is of, small.

    Returns
    -------
    float
        In points from the lower edge of the sheet.
    """
    y = TOP - 16
    paper.text(LEFT, y, fit(title, RIGHT - LEFT, size=14, font=BOLD), size=14, font=BOLD)
    paper.text(LEFT, BOTTOM, foot, size=6.5, grey=SOFT)
    paper.text(RIGHT, BOTTOM, "Palier", size=6.5, grey=SOFT, align="right")
    return y


def caption(paper: Paper, text: str, y: float, *, size: float) -> None:
    """Write a small grey line under a map or a table.

    Parameters
    ----------
    paper
        The page.
    text
        Cut to the width of the page.
    y
        Foot of the letters, points.
    size
        Of the letters, points.
    """
    paper.text(LEFT, y, fit(text, RIGHT - LEFT, size=size), size=size, grey=SOFT)


def labelled_line(
    paper: Paper, at: tuple[float, float], label: str, *, size: float, end: float
) -> None:
    """Write a label, and a line up to `end` to be filled in by hand.

    Parameters
    ----------
    paper
        The page.
    at
        Where the label begins, points.
    label
        What is to be filled in.
    size
        Of the letters, points.
    end
        Where the line ends, points.
    """
    x, y = at
    paper.text(x, y, label, size=size)
    paper.line(x + width_of(label, size) + 3, y - 1.5, end, y - 1.5, width=0.5)
