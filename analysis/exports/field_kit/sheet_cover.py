"""The cover: all turfs on one map and in one list, for who hands them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.exports.field_kit.cover_map import draw_turfs
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
    wrap,
)
from analysis.exports.field_kit.sheet_content import Sheet, seal_of, slot_of, use_of
from analysis.exports.field_kit.sheet_map import (
    Frame,
    places,
)
from analysis.exports.field_kit.sheet_table import turfs_grid
from analysis.i18n import format_number

_WIDE = RIGHT - LEFT
_FOOT = 14.0
_STREETS = 8  # named on the cover
_MAP = 0.52  # of the first page's height, at most


def draw_cover(paper: Paper, kit: Kit, sheets: Sequence[Sheet]) -> None:
    """Draw the cover and as many pages of the list as it takes.

    Parameters
    ----------
    paper
        Its pages are added to.
    kit
        The turfs and their words.
    sheets
        One per turf, in the order of the list.
    """
    top = _head(paper, kit, sheets)
    grid = turfs_grid(kit, [{"cells": _cells(sheet)} for sheet in sheets])
    floor = BOTTOM + _FOOT
    # A short list leaves its room to the map; a long one goes on overleaf.
    high = max(_MAP * (top - floor), top - floor - grid.high - 12)
    frame = Frame.around(places(kit), x=LEFT, y=top - high, wide=_WIDE, high=high)
    draw_turfs(paper, kit, frame, kit.outlines)
    top -= high + 8
    pages = grid.pages(top - floor, TOP - 34 - floor)
    for at, rows in enumerate(pages):
        if at:
            paper.text(LEFT, TOP - 16, kit.say("cover"), size=16, font=BOLD)
            top = TOP - 28
        grid.draw(paper, rows, top)
        paper.text(LEFT, BOTTOM, seal_of(kit), size=6.5, grey=SOFT)
        page = kit.say("page").format(at + 1, len(pages))
        paper.text(RIGHT, BOTTOM, f"Palier · {page}", size=6.5, grey=SOFT, align="right")
        paper.next_page()


def _head(paper: Paper, kit: Kit, sheets: Sequence[Sheet]) -> float:
    """Write title, totals and notes; return where they end."""
    y = TOP - 22
    paper.text(LEFT, y, fit(f"{kit.say('cover')} · {kit.place}", _WIDE, size=20, font=BOLD),
               size=20, font=BOLD)  # fmt: skip
    y = paper.block(LEFT, y - 6, wrap(_totals(kit, sheets), _WIDE, size=9), size=9)
    return paper.block(LEFT, y, wrap(_notes(kit), _WIDE, size=7.5), size=7.5) - 8


def _totals(kit: Kit, sheets: Sequence[Sheet]) -> str:
    minutes = sum(float(sheet.facts["minutes"]) for sheet in sheets)
    walk = sum(float(sheet.facts["walk_m"]) for sheet in sheets)
    parts = [
        kit.say("turfs").format(format_number(len(sheets), language=kit.language)),
        kit.count("addresses", "address_one", sum(len(sheet.stops) for sheet in sheets)),
        kit.count("doors", "door_one", sum(sheet.doors for sheet in sheets)),
        kit.say("minutes").format(format_number(minutes, language=kit.language)),
        kit.say("walk").format(format_number(walk, language=kit.language)),
        seal_of(kit),
    ]
    return " · ".join(parts)


def _notes(kit: Kit) -> str:
    summary = kit.walks.summary
    notes = [kit.say("fictional") + "."] if kit.fictional else []
    notes.append(kit.say("cover_note").format(summary.get("team", 2)))
    if cut := summary.get("cut"):
        notes.append(kit.say("cut").format(cut))
    notes += slot_of(kit)
    if distance := str(summary.get("distance", "")):
        known = "straight" if distance.startswith("straight") else "graph"
        notes.append(kit.say("cover_distance").format(kit.say(known)))
    if alone := kit.walks.summary.get("left_alone"):
        notes.append(_alone(kit, alone))
    if left_out := len(kit.walks.uncut):
        notes.append(kit.count("uncut", "uncut_one", left_out))
    return " ".join(notes)


def _alone(kit: Kit, told: Sequence[Mapping[str, Any]]) -> str:
    """Return how many doors are to be left alone, street by street."""
    streets: Counter[str] = Counter()
    for one in told:
        streets[str(one["street"]) or kit.say("no_name_street")] += int(one["doors"])
    named = ", ".join(f"{street} ({n})" for street, n in streets.most_common(_STREETS))
    more = "…" if len(streets) > _STREETS else ""
    return kit.say("cover_alone").format(streets.total(), named + more)


def _cells(sheet: Sheet) -> tuple[str, ...]:
    facts, language = sheet.facts, sheet.kit.language
    special = use_of(sheet.kit, facts)
    return (
        sheet.turf_id,
        sheet.bureaux if sheet.kit.names else ", ".join(facts["bureaux"]),
        str(len(sheet.stops)),
        format_number(sheet.doors, language=language),
        format_number(float(facts["minutes"]), language=language),
        format_number(float(facts["walk_m"]), language=language),
        special,
    )
