"""Texts of reports, as the paragraphs of a PDF take them."""

from __future__ import annotations

from xml.sax.saxutils import escape


def unbroken(text: str) -> str:
    """Return a text whose no-break spaces break no line, its marks of XML escaped.

    ReportLab breaks a line at a narrow no-break space: « 26 » ended one and « %) » began the next.
    """
    return escape(text).replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")
