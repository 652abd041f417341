"""The page of what is said at the door: opening, argument, questions, and counts by building."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

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
from analysis.exports.field_kit.sheet_content import Sheet
from analysis.exports.field_kit.sheet_table import Column, Grid, Row, caption, page_head
from analysis.fieldwork.questionnaire import Question, Script
from analysis.i18n import quoted

_WIDE = RIGHT - LEFT
_MOST_BOXES = 24  # across the page: strokes need 16 points
_BUILDING = 132.0
_STOP = 24.0
_FOOT = 18.0


def draw_door_page(paper: Paper, sheet: Sheet) -> None:
    """Draw what to say in a turf, and the boxes for the answers; nothing where there is neither."""
    kit = sheet.kit
    if kit.script is None and not kit.argument(sheet.turf_id):
        return
    size, y = (11.0 if kit.large else 8.5), _head(paper, sheet)
    y = _said(paper, sheet, y, size)
    if kit.script is not None:
        y = _questions(paper, kit, kit.script, y, size)
        for grid in _grids(kit, kit.script, sheet):
            y = _fill(paper, sheet, grid, y)
    paper.next_page()


def boxes(script: Script) -> list[tuple[str, str, str]]:
    """Return the answers that are counted by building: question, code, and how a box is called."""
    return [
        (question.id, code, f"{n}{letter}")
        for n, question in enumerate(script.questions, 1)
        for code, letter in zip(question.codes, _letters(question), strict=False)
    ]


def _letters(question: Question) -> Sequence[str]:
    return [f"={n}" for n in question.codes] if question.kind == "scale" else ascii_uppercase


def _head(paper: Paper, sheet: Sheet) -> float:
    kit = sheet.kit
    version = "" if kit.script is None else kit.script.version
    fictional = kit.say("fictional") if kit.fictional else ""
    foot = " · ".join(filter(None, (sheet.turf_id, version, fictional)))
    return page_head(paper, f"{kit.say('turf')} {sheet.turf_id} · {kit.say('say_head')}", foot) - 8


def _said(paper: Paper, sheet: Sheet, y: float, size: float) -> float:
    kit = sheet.kit
    if kit.script is not None:
        opening = quoted(kit.script.say(kit.script.opening, kit.language), kit.language)
        y = paper.block(LEFT, y, wrap(opening, _WIDE, size=size + 1), size=size + 1) - 4
    told = kit.argument(sheet.turf_id)
    if told:
        y = paper.block(LEFT, y, [kit.say("argument_head")], size=size, font=BOLD)
    for fact in told:
        y = paper.block(LEFT, y, wrap(f"• {fact.text}", _WIDE, size=size), size=size)
        source = kit.say("source").format(fact.source)
        paper.text(LEFT + 8, y - 6, fit(source, _WIDE - 8, size=6), size=6, grey=SOFT)
        y -= 9
    return y - 4


def _questions(paper: Paper, kit: Kit, script: Script, y: float, size: float) -> float:
    y = paper.block(LEFT, y, [kit.say("questions_head")], size=size, font=BOLD)
    for n, question in enumerate(script.questions, 1):
        text = f"{n}. {script.say(question.text, kit.language)}{_condition(kit, script, question)}"
        y = paper.block(LEFT, y, wrap(text, _WIDE, size=size, font=BOLD), size=size, font=BOLD)
        if told := "   ".join(_answers(kit, script, question)):
            y = paper.block(LEFT + 10, y, wrap(told, _WIDE - 10, size=size), size=size)
    caption(paper, kit.say("answers_help"), y - 9, size=6.5)
    return y - 15


def _condition(kit: Kit, script: Script, question: Question) -> str:
    if question.only_if is None:
        return ""
    named = {(one, code): box for one, code, box in boxes(script)}
    return f" ({kit.say('only_if').format(named[question.only_if])})"


def _answers(kit: Kit, script: Script, question: Question) -> Iterator[str]:
    # The circles of a scale say all by themselves.
    if question.kind == "scale":
        return
    for code, letter in zip(question.codes, ascii_uppercase, strict=False):
        text = (
            script.say(question.options[code], kit.language) if question.options else kit.say(code)
        )
        yield f"{letter}\u00a0{text}".replace(" ", "\u00a0")


def _grids(kit: Kit, script: Script, sheet: Sheet) -> Iterator[Grid]:
    """Give one table of boxes, or several where the answers are too many for the width."""
    every = [box for _question, _code, box in boxes(script)]
    parts = -(-len(every) // _MOST_BOXES)
    size, high = (9.5, 24.0) if kit.large else (7.5, 15.5)
    for at in range(parts):
        heads = every[at * len(every) // parts : (at + 1) * len(every) // parts]
        wide = (_WIDE - _STOP - _BUILDING) / len(heads)
        columns = [
            Column(kit.say("stop"), _STOP, "centre", BOLD),
            Column(kit.say("street"), _BUILDING),
            *(Column(head, wide, "centre") for head in heads),
        ]
        blank = ("",) * len(heads)
        rows = [Row((str(s["stop"]), str(s["label"]), *blank), high) for s in sheet.stops]
        total = Row(("", kit.say("total"), *blank), high, bold=True)
        yield Grid(columns, [*rows, total], size)


def _fill(paper: Paper, sheet: Sheet, grid: Grid, top: float) -> float:
    """Draw a table below `top`, on further pages if need be; return where it ends."""
    floor = BOTTOM + _FOOT
    if top - floor < grid.head_high + 3 * grid.rows[0].high:
        paper.next_page()
        top = _head(paper, sheet)
    for at, rows in enumerate(grid.pages(top - floor, TOP - 24 - floor)):
        if at:
            paper.next_page()
            top = _head(paper, sheet)
        top = grid.draw(paper, rows, top)
    return top - 12
