"""A trial's report as one page of PDF."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Image, KeepInFrame, Paragraph, SimpleDocTemplate
from reportlab.platypus import Table as Grid

from analysis.experiments.trial_words import say
from analysis.exports.provenance import only_made_once
from analysis.exports.reports.trial_report import Content, Table
from analysis.exports.reports.unbroken_text import unbroken

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARGIN = 14 * mm
_WIDTH, _HEIGHT = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN
_INK, _FAINT, _LINE = "#1c2733", "#5b6875", "#d5dbe1"


def write(content: Content) -> bytes:
    """Write a report as PDF: whatever it holds, it is one page."""
    _fonts()
    language, story = content.language, [_text(content.heading, "title")]
    story += [_text(one, "warning") for one in content.warnings]
    story += [_text(content.lead, "lead"), *_items(content.sentences)]
    for table in content.tables:
        story += [_text(table.heading, "head"), _grid(table)]
    story += _pictures(content.figures)
    for key, lines in (
        ("report_notes", content.notes),
        ("report_assumptions", content.assumptions),
        ("report_provenance", content.provenance),
    ):
        if lines:
            story += [_text(say(key, language), "head"), *_items(lines, "small")]
    # Two points less: a frame has a border of its own.
    page = KeepInFrame(_WIDTH - 2, _HEIGHT - 2, story, mode="shrink")
    return _built([page], content.heading, language)


def _built(story: list[Flowable], title: str, language: str) -> bytes:
    out = io.BytesIO()
    # Invariant: no date and no chance in the file, the same bytes tomorrow.
    document = SimpleDocTemplate(
        out, pagesize=A4, title=title, author="Palier", creator="Palier", invariant=1,
        lang=language, keywords=only_made_once("impact"),
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip
    document.build(story)
    return out.getvalue()


def _fonts() -> None:
    if _FONT in pdfmetrics.getRegisteredFontNames():
        return
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(_FONT, normal=_FONT, bold=_BOLD, italic=_FONT, boldItalic=_BOLD)


def _style(kind: str) -> ParagraphStyle:
    size, bold, ink, before = {
        "title": (15, True, _INK, 0),
        "warning": (9, True, "#b35806", 3),
        "lead": (10, True, _INK, 4),
        "head": (9.5, True, _INK, 7),
        "item": (8.5, False, _INK, 1.5),
        "small": (7, False, _FAINT, 1),
        "caption": (7, False, _FAINT, 0),
        "cell": (6.8, False, _INK, 0),
    }[kind]
    return ParagraphStyle(
        kind, fontName=_BOLD if bold else _FONT, fontSize=size, leading=1.3 * size,
        textColor=colors.HexColor(ink), spaceBefore=before, spaceAfter=2,
        leftIndent=9 if kind in ("item", "small") else 0, splitLongWords=1,
    )  # fmt: skip


def _text(text: str, kind: str) -> Paragraph:
    bullet = "•" if kind in ("item", "small") else None
    return Paragraph(unbroken(text), _style(kind), bulletText=bullet)


def _items(lines: Iterable[str], kind: str = "item") -> list[Flowable]:
    return [_text(line, kind) for line in lines]


def _grid(table: Table) -> Grid:
    cells = [[_text(cell, "cell") for cell in row] for row in (table.columns, *table.rows)]
    # A column is as wide as its words, within reason.
    longest = [
        max(len(row[i]) for row in (table.columns, *table.rows)) for i in range(len(cells[0]))
    ]
    room = [min(max(one + 3, 10), 32) for one in longest]
    widths = [_WIDTH * one / sum(room) for one in room]
    line = colors.HexColor(_LINE)
    look = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, line),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
    return Grid(cells, colWidths=widths, style=look, hAlign="LEFT")


def _pictures(figures: Sequence[tuple[str, bytes]]) -> list[Flowable]:
    """Set pictures two by two, each with its caption."""
    if not figures:
        return []
    half = _WIDTH / 2 - 4
    cells = [[_picture(png, half), _text(caption, "caption")] for caption, png in figures]
    pairs = [cells[i : i + 2] for i in range(0, len(cells), 2)]
    rows = [[*pair, *[""] * (2 - len(pair))] for pair in pairs]
    look = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    return [Grid(rows, colWidths=[_WIDTH / 2] * 2, style=look, hAlign="LEFT")]


def _picture(png: bytes, width: float) -> Image:
    wide, high = ImageReader(io.BytesIO(png)).getSize()
    return Image(io.BytesIO(png), width=width, height=width * high / wide)
