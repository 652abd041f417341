"""The slip of paper on which a person leaves their contact by their own hand."""

from __future__ import annotations

from analysis.contacts.asked import purposes, statements, themes
from analysis.exports.field_kit.pdf_canvas import (
    BOLD,
    LEFT,
    RIGHT,
    Paper,
    fit,
    wrap,
)
from analysis.exports.field_kit.sheet_content import Sheet
from analysis.exports.field_kit.sheet_table import page_head

_WIDE = RIGHT - LEFT
_BOX, _GAP = 11.0, 8.0
_COLUMNS = 4


def draw_slip(paper: Paper, sheet: Sheet) -> None:
    """Draw the slip of a turf, to be copied; nothing where no contact may be taken."""
    kit = sheet.kit
    if kit.door is None:
        return
    size, told = (11.5 if kit.large else 9.5), kit.door.said(kit.language)
    y = page_head(paper, kit.say("contact_slip"), sheet.turf_id) - 6
    y = paper.block(LEFT, y, wrap(kit.say("contact_slip_help"), _WIDE, size=size), size=size)
    y = _box(paper, y - 8, told["statement"]["adult"], size)
    y = _head(paper, y, kit.say("contact_boxes"), size)
    for name, one in kit.door.wordings[kit.language].items():
        if purposes()[name].door:
            y = _box(paper, y, f"{one.wording} [{one.text_id} {one.version}]", size)
    y -= 8
    for name in ("contact_first_name", "contact_last_name", "contact_email", "contact_phone"):
        y = _line(paper, y, kit.say(name), size)
    y = _head(paper, y, kit.say("contact_about"), size)
    for name in statements():
        y = _box(paper, y, told["statement"][name], size)
    y = _themes(paper, y, [told["theme"][name] for name in themes()], size)
    for name in ("contact_day", "contact_team", "contact_signed"):
        y = _line(paper, y - 6, kit.say(name), size)
    paper.block(LEFT, y - 10, wrap(told["notice"]["person"], _WIDE, size=size - 2), size=size - 2)
    paper.next_page()


def _head(paper: Paper, y: float, text: str, size: float) -> float:
    return paper.block(LEFT, y - 8, wrap(text, _WIDE, size=size, font=BOLD), size=size, font=BOLD)


def _box(paper: Paper, y: float, text: str, size: float) -> float:
    paper.box(LEFT, y - _BOX - 6, _BOX, _BOX)
    left = LEFT + _BOX + _GAP
    return paper.block(left, y - 4, wrap(text, RIGHT - left, size=size), size=size) - 3


def _line(paper: Paper, y: float, text: str, size: float) -> float:
    paper.text(LEFT, y - 20, text, size=size)
    paper.line(LEFT + 150, y - 22, RIGHT, y - 22)
    return y - 26


def _themes(paper: Paper, y: float, names: list[str], size: float) -> float:
    wide = _WIDE / _COLUMNS
    for at, name in enumerate(names):
        left, low = LEFT + wide * (at % _COLUMNS), y - 18 * (at // _COLUMNS) - _BOX - 6
        paper.box(left, low, _BOX, _BOX)
        paper.text(left + _BOX + 5, low + 2, fit(name, wide - _BOX - 9, size=size), size=size)
    return y - 18 * -(-len(names) // _COLUMNS) - 6
