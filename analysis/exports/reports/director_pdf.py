"""The director's page on one sheet of paper."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Image, KeepInFrame, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from analysis.exports.provenance import only_made_once
from analysis.exports.reports.unbroken_text import unbroken

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARGIN = 14 * mm
_WIDTH, _HEIGHT = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN
_INK, _FAINT, _LINE, _ACCENT = "#1c2733", "#5b6875", "#d5dbe1", "#0072b2"
_MAP = 50 * mm
_SIZES = {
    # size, bold, ink, space before
    "title": (15, True, _INK, 0),
    "under": (8.5, False, _FAINT, 0),
    "warning": (9, True, "#b35806", 4),
    "head": (10.5, True, _INK, 9),
    "figure": (15, True, _ACCENT, 0),
    "unit": (8, False, _FAINT, 0),
    "text": (8.5, False, _INK, 1),
    "zone": (9, True, _INK, 0),
    "small": (6.5, False, _FAINT, 6),
}


@dataclass(frozen=True, slots=True)
class DirectorSheet:
    """What stands on the sheet, in its reader's language.

    Attributes
    ----------
    language, title, under
        Language, heading, and the line below it.
    warning
        That the place is invented; "" for a real one.
    heads
        Headings of the four blocks: hours, zones, week, decisions.
    chain
        Hours, doors, conversations, votes: number and what it is.
    hours, week, decisions
        Sentences of these blocks.
    zones
        Name, map (PNG; empty for none), and heads with their sentences.
    course
        Chart of the days (PNG); empty for none.
    foot
        Sources and version.
    """

    language: str
    title: str
    under: str
    warning: str
    heads: tuple[str, str, str, str]
    chain: tuple[tuple[str, str], ...]
    hours: tuple[str, ...]
    zones: tuple[tuple[str, bytes, tuple[tuple[str, str], ...]], ...]
    week: tuple[str, ...]
    course: bytes
    decisions: tuple[str, ...]
    foot: str


def director_pdf(sheet: DirectorSheet) -> bytes:
    """Write the sheet as PDF, A4: one page whatever it holds, the same bytes each time."""
    _fonts()
    hours, zones, week, decisions = sheet.heads
    story: list[Flowable] = [_text(sheet.title, "title"), _text(sheet.under, "under")]
    story += [_text(sheet.warning, "warning")] if sheet.warning else []
    story += [_text(hours, "head"), _chain(sheet), *(_text(one, "text") for one in sheet.hours)]
    story += [_text(zones, "head"), *(_zone(*zone) for zone in sheet.zones)]
    story += [_text(week, "head"), *(_text(one, "text") for one in sheet.week)]
    story += [_picture(sheet.course, _WIDTH * 0.5)] if sheet.course else []
    story += [_text(decisions, "head"), *(_text(one, "text", "•") for one in sheet.decisions)]
    story.append(_text(sheet.foot, "small"))
    # Two points less: a frame has a border of its own.
    page = KeepInFrame(_WIDTH - 2, _HEIGHT - 2, story, mode="shrink")
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, title=sheet.title, author="Palier", creator="Palier", invariant=1,
        lang=sheet.language, keywords=only_made_once("brief"),
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip
    document.build([page])
    return out.getvalue()


def _fonts() -> None:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in {_FONT, _BOLD} - set(pdfmetrics.getRegisteredFontNames()):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(_FONT, normal=_FONT, bold=_BOLD, italic=_FONT, boldItalic=_BOLD)


def _style(kind: str, *, hanging: bool = False) -> ParagraphStyle:
    size, bold, ink, before = _SIZES[kind]
    return ParagraphStyle(
        kind, fontName=_BOLD if bold else _FONT, fontSize=size, leading=1.32 * size,
        textColor=colors.HexColor(ink), spaceBefore=before, spaceAfter=2,
        leftIndent=9 if hanging else 0,
    )  # fmt: skip


def _text(text: str, kind: str, bullet: str | None = None) -> Paragraph:
    return Paragraph(unbroken(text), _style(kind, hanging=bullet is not None), bulletText=bullet)


def _chain(sheet: DirectorSheet) -> Grid:
    numbers = [_text(number, "figure") for number, _unit in sheet.chain]
    units = [_text(unit, "unit") for _number, unit in sheet.chain]
    return Grid(
        [numbers, units],
        colWidths=[f"{100 / len(sheet.chain)}%"] * len(sheet.chain),
        style=_BARE,
        hAlign="LEFT",
    )


def _zone(name: str, png: bytes, lines: tuple[tuple[str, str], ...]) -> Grid:
    told: list[Flowable] = [_text(name, "zone")]
    told += [
        Paragraph(f"<b>{unbroken(head)}</b> — {unbroken(text)}", _style("text"))
        for head, text in lines
    ]
    drawn: Flowable = _picture(png, _MAP) if png else Spacer(_MAP, 1)
    return Grid(
        [[drawn, told]],
        colWidths=[_MAP + 4 * mm, "*"],
        style=_BARE,
        hAlign="LEFT",
    )


def _picture(png: bytes, width: float) -> Image:
    wide, high = ImageReader(io.BytesIO(png)).getSize()
    return Image(io.BytesIO(png), width=width, height=width * high / wide, hAlign="LEFT")


_BARE = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]
