"""Paragraphs of reports keep a number and its unit on one line."""

from __future__ import annotations

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from analysis.exports.reports.unbroken_text import unbroken


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    style = ParagraphStyle("plain", fontName="Helvetica", fontSize=10)
    paragraph = Paragraph(unbroken("aaaa bbbb 21\N{NARROW NO-BREAK SPACE}h"), style)
    paragraph.wrap(62, 100)
    lines = [" ".join(words) for _room, words in paragraph.blPara.lines]
    assert lines == ["aaaa bbbb", "21\N{NO-BREAK SPACE}h"]


def test_marks_of_xml_are_text() -> None:
    assert unbroken("a < b & c") == "a &lt; b &amp; c"
