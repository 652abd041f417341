"""A plan of a trial on paper: its Markdown set as a PDF."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib as mpl
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

from analysis.exports.provenance import only_made_once
from analysis.exports.reports.unbroken_text import unbroken

_FONTS = {"Palier": "DejaVuSans", "Palier-Bold": "DejaVuSans-Bold", "Palier-Mono": "DejaVuSansMono"}
_MARGIN = 20 * mm
_TEXT = ParagraphStyle("text", fontName="Palier", fontSize=9.5, leading=13.5, spaceAfter=4)
_POINT = ParagraphStyle("point", _TEXT, leftIndent=10, bulletIndent=0)
_HEADS = {
    "#": ParagraphStyle("h1", _TEXT, fontName="Palier-Bold", fontSize=15, leading=19),
    "##": ParagraphStyle("h2", _TEXT, fontName="Palier-Bold", fontSize=11.5, spaceBefore=8),
}


def plan_pdf(markdown: str, *, footer: str = "", language: str = "fr", kind: str = "plan") -> bytes:
    """Return a plan as PDF, A4.

    Parameters
    ----------
    markdown
        Headings, paragraphs and lists of points, as `write_plan` writes them.
    footer
        What stands below each page: the fingerprint of the seal.
    language
        Of the text, for readers aloud.
    kind
        What it is, a key of `provenance.ONCE`.

    Returns
    -------
    bytes
        The file; the same text gives the same bytes.
    """
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(fonts / f"{file}.ttf")))
    out = io.BytesIO()

    def below(canvas: Canvas, _page: object) -> None:
        canvas.setFont("Palier-Mono", 6.5)
        canvas.drawString(_MARGIN, 12 * mm, footer)

    paper = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        invariant=1,
        title=markdown.strip().partition("\n")[0].lstrip("# "),
        author="Palier",
        creator="Palier",
        lang=language,
        keywords=only_made_once(kind),
    )
    paper.build(_set(markdown), onFirstPage=below, onLaterPages=below)
    return out.getvalue()


def _set(markdown: str) -> list[Flowable]:
    flowables: list[Flowable] = []
    # Lines of one paragraph or point are joined; a blank line, a point or a heading begins anew.
    for block in re.split(r"\n\s*\n|\n(?=- |#)", markdown.strip()):
        text = " ".join(line.strip() for line in block.splitlines())
        mark, _space, rest = text.partition(" ")
        if mark in _HEADS:
            flowables.append(Paragraph(_inline(rest), _HEADS[mark]))
        elif mark == "-":
            flowables.append(Paragraph(_inline(rest), _POINT, bulletText="•"))
        else:
            flowables.append(Paragraph(_inline(text), _TEXT))
    return [*flowables, Spacer(1, 2)]


def _inline(text: str) -> str:
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", unbroken(text))
    return re.sub(r"`(.+?)`", r'<font name="Palier-Mono">\1</font>', text)
