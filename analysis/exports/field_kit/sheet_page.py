"""The sheet of one turf: map, table, notice, code; long turfs go on overleaf."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.exports.field_kit.kit import Kit
from analysis.exports.field_kit.pdf_canvas import (
    BOLD,
    BOTTOM,
    LEFT,
    RIGHT,
    SOFT,
    TOP,
    Paper,
    fit,
    height_of,
    wrap,
)
from analysis.exports.field_kit.sheet_content import Sheet, seal_of, use_of
from analysis.exports.field_kit.sheet_map import Frame, draw_stops
from analysis.exports.field_kit.sheet_table import caption, labelled_line, stops_grid

_QR = 82.0
_FOOT = 14.0  # the last line of each page
_WIDE = RIGHT - LEFT


@dataclass(frozen=True, slots=True)
class Look:
    """Sizes of one print: small or large."""

    body: float
    small: float
    notice: float
    least_map: float
    most_map: float


_LOOKS = {False: Look(8.5, 6.5, 6.6, 165.0, 300.0), True: Look(12.0, 8.5, 9.5, 165.0, 260.0)}


def draw_sheet(paper: Paper, sheet: Sheet) -> None:
    """Draw all pages of a sheet."""
    kit, look = sheet.kit, _LOOKS[sheet.kit.large]
    grid = stops_grid(kit, sheet.stops)
    notice = wrap(kit.notice, _WIDE - 10, size=look.notice)
    ends = BOTTOM + _FOOT  # where the notice ends, and tables of the following pages
    floor = ends + height_of(len(notice) + 1, look.notice) + 15
    top = _goal_and_facts(paper, sheet, _head(paper, sheet, look), look)
    under = 14 + look.small
    # The map gives room to a table that would otherwise need a second page.
    room = top - floor - under - grid.high
    high = min(max(room, look.least_map), look.most_map)
    _map(paper, sheet, top - high, high, look)
    top -= high + under
    grid = grid.filling(top - floor)
    pages = grid.pages(top - floor, TOP - 28 - ends)
    for at, rows in enumerate(pages):
        if at:
            top = _head_again(paper, sheet)
        grid.draw(paper, rows, top)
        if not at:
            _notice(paper, kit, notice, ends, look)
        _foot(paper, sheet, at + 1, len(pages))
        paper.next_page()


def _head(paper: Paper, sheet: Sheet, look: Look) -> float:
    """Draw turf, place, numbers, code and the lines to fill in; return where they end."""
    kit = sheet.kit
    room = _WIDE - _QR - 10
    y = TOP - 24
    paper.text(LEFT, y, f"{kit.say('turf')} {sheet.turf_id}", size=26, font=BOLD)
    paper.qr(kit.code(sheet.turf_id), RIGHT - _QR, TOP - _QR + 6, _QR)
    paper.text(RIGHT - _QR / 2, TOP - _QR, kit.say("scan"), size=6, grey=SOFT, align="centre")
    y -= 14
    fictional = kit.say("fictional") if kit.fictional else ""
    above = " · ".join(filter(None, (kit.place, use_of(kit, sheet.facts), fictional)))
    paper.text(LEFT, y, fit(above, room, size=look.body), size=look.body, grey=SOFT)
    lines = wrap(sheet.line, room, size=look.body, font=BOLD)
    y = paper.block(LEFT, y - 4, lines, size=look.body, font=BOLD)
    y = min(y, TOP - 60) - look.body - 4
    _by_hand(paper, kit, y, look)
    return min(y, TOP - _QR) - 6


def _map(paper: Paper, sheet: Sheet, y: float, high: float, look: Look) -> None:
    """Draw the map above `y`, and under it how to read it and how to tally."""
    kit = sheet.kit
    around = Frame.around(kit.spots[sheet.turf_id], x=LEFT, y=y, wide=_WIDE, high=high)
    draw_stops(paper, kit, sheet.turf_id, around)
    if kit.surroundings is not None:
        key = "map_graph" if kit.surroundings.is_graph else "map_addresses"
        caption(paper, kit.say(key), y - 7, size=6)
    caption(paper, kit.say("tally"), y - 9 - look.small, size=look.small)


def _by_hand(paper: Paper, kit: Kit, y: float, look: Look) -> None:
    """Draw the lines to be filled in: team, date, hours."""
    wide = _WIDE - _QR - 10
    cells = (("team", 0.0, 0.33), ("day", 0.35, 0.60), ("from_hour", 0.62, 0.79),
             ("to_hour", 0.81, 1.0))  # fmt: skip
    for key, begin, end in cells:
        at = (LEFT + begin * wide, y)
        labelled_line(paper, at, kit.say(key), size=look.body, end=LEFT + end * wide)


def _goal_and_facts(paper: Paper, sheet: Sheet, top: float, look: Look) -> float:
    kit = sheet.kit
    y = paper.block(LEFT, top, [kit.say("goal_head")], size=look.body, font=BOLD)
    y = paper.block(LEFT, y, wrap(sheet.goal, _WIDE, size=look.body), size=look.body)
    facts = kit.facts.get(sheet.turf_id, ())
    if facts:
        y = paper.block(LEFT, y - 3, [kit.say("facts_head")], size=look.body, font=BOLD)
    for fact in facts:
        y = paper.block(LEFT, y, wrap(f"• {fact.text}", _WIDE, size=look.body), size=look.body)
        source = kit.say("source").format(fact.source)
        paper.text(LEFT + 8, y - 6, fit(source, _WIDE - 8, size=6), size=6, grey=SOFT)
        y -= 9
    return y - 4


def _head_again(paper: Paper, sheet: Sheet) -> float:
    """Draw the head of a following page; return where it ends."""
    y = TOP - 16
    paper.text(LEFT, y, f"{sheet.kit.say('turf')} {sheet.turf_id}", size=16, font=BOLD)
    paper.text(RIGHT, y, fit(sheet.kit.place, 250, size=8.5), size=8.5, grey=SOFT, align="right")
    return y - 12


def _notice(paper: Paper, kit: Kit, lines: list[str], floor: float, look: Look) -> None:
    high = height_of(len(lines) + 1, look.notice) + 8
    paper.box(LEFT, floor + 2, _WIDE, high, width=0.9)
    y = floor + 2 + high - 3
    y = paper.block(LEFT + 5, y, [kit.say("notice_head")], size=look.notice, font=BOLD)
    paper.block(LEFT + 5, y, lines, size=look.notice)


def _foot(paper: Paper, sheet: Sheet, page: int, pages: int) -> None:
    kit = sheet.kit
    paper.text(LEFT, BOTTOM, f"{sheet.turf_id} · {seal_of(kit)}", size=6.5, grey=SOFT)
    text = kit.say("page").format(page, pages)
    paper.text(RIGHT, BOTTOM, f"Palier · {text}", size=6.5, grey=SOFT, align="right")
