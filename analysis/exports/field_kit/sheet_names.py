"""The page of names: who is registered at each stop, under the notice of articles 13 and 14."""

from __future__ import annotations

from analysis.exports.field_kit.pdf_canvas import (
    BOLD,
    BOTTOM,
    LEFT,
    RIGHT,
    Paper,
    fit,
    wrap,
)
from analysis.exports.field_kit.sheet_content import Sheet
from analysis.exports.field_kit.sheet_table import page_head

_WIDE = RIGHT - LEFT
_FOOT = 16.0


def draw_names(paper: Paper, sheet: Sheet) -> None:
    """Draw the names of a turf, and the notice on each page; nothing where there are none."""
    people = sheet.kit.people
    if people is None or not any(str(one["address_id"]) in people.at for one in sheet.stops):
        return
    size = 11.0 if sheet.kit.large else 8.5
    y = _head(paper, sheet, people.notice, size)
    for stop in sheet.stops:
        names = people.at.get(str(stop["address_id"]), ())
        if not names:
            continue
        lines = wrap(" · ".join(names), _WIDE - 12, size=size)
        if y - (len(lines) + 1) * size * 1.35 < BOTTOM + _FOOT:
            paper.next_page()
            y = _head(paper, sheet, people.notice, size)
        where = fit(f"{stop['stop']}. {stop['label']}", _WIDE, size=size, font=BOLD)
        y = paper.block(LEFT, y - 3, [where], size=size, font=BOLD)
        y = paper.block(LEFT + 12, y, lines, size=size)
    paper.next_page()


def _head(paper: Paper, sheet: Sheet, notice: str, size: float) -> float:
    kit = sheet.kit
    title = f"{kit.say('turf')} {sheet.turf_id} · {kit.say('names_head')}"
    y = page_head(paper, title, f"{sheet.turf_id} · {kit.say('names_foot')}")
    told = wrap(kit.say("names_notice"), _WIDE, size=size, font=BOLD)
    y = paper.block(LEFT, y - 6, told, size=size, font=BOLD)
    return paper.block(LEFT, y, wrap(notice, _WIDE, size=size), size=size) - 4
