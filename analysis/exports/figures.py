"""Figures as files that say where they come from: PNG, PDF and SVG, the same bytes each time."""

from __future__ import annotations

import io
import re

from matplotlib import rc_context
from matplotlib.figure import Figure

from analysis.exports.embedded_provenance import KEY
from analysis.exports.model_export import Finding
from analysis.exports.provenance import Provenance


def to_png(finding: Finding) -> bytes:
    """Write the picture of a finding as PNG."""
    return _picture(finding, ".png")


def to_svg(finding: Finding) -> bytes:
    """Write the picture of a finding as SVG."""
    return _picture(finding, ".svg")


def to_pdf(finding: Finding) -> bytes:
    """Write the picture of a finding as PDF."""
    return _picture(finding, ".pdf")


def _picture(finding: Finding, suffix: str) -> bytes:
    if finding.draw is None:
        raise TypeError("this finding is a table")
    figure = finding.draw()
    return saved(figure, suffix, heading=finding.heading, provenance=finding.provenance)


def saved(
    figure: Figure, suffix: str, *, heading: str, provenance: Provenance, dpi: int = 200
) -> bytes:
    """Write a figure; the same figure makes the same bytes.

    Parameters
    ----------
    figure
        Drawn and complete.
    suffix
        ".png", ".svg" or ".pdf".
    heading
        Title of the document, in PDF and SVG.
    provenance
        In the PNG its text chunk `palier`, in the PDF its Keywords, in the SVG its
        description.
    dpi
        Dots per inch of the PNG.

    Returns
    -------
    bytes
        The whole file.
    """
    text = provenance.to_json()
    # No dates and no library versions: the same bytes tomorrow.
    metadata: dict[str, dict[str, str | None]] = {
        ".png": {KEY: text, "Software": "Palier"},
        ".pdf": {
            "Title": " ".join(heading.split()),
            "Author": "Palier",
            "Keywords": text,
            "Creator": "Palier",
            "Producer": "Palier",
            "CreationDate": None,
        },
        ".svg": {"Title": heading, "Description": text, "Creator": "Palier", "Date": None},
    }
    out = io.BytesIO()
    # Names of parts of an SVG are drawn at random where no salt is given.
    # Letters as TrueType: those of matplotlib's own kind cannot be searched or read aloud.
    with rc_context({"svg.hashsalt": KEY, "pdf.fonttype": 42}):
        figure.savefig(out, format=suffix.lstrip("."), dpi=dpi, metadata=metadata[suffix])
    content = out.getvalue()
    language = provenance.written.get("language", "fr")
    return _in_language(content, language) if suffix == ".pdf" else content


def _in_language(content: bytes, language: str) -> bytes:
    """Say in which language a PDF of matplotlib is: its catalogue has no room for that.

    What stands after the words that come in has moved: its places in the table move too.
    """
    mark, words = b"/Type /Catalog", f" /Lang ({language})".encode()
    at = content.index(mark) + len(mark)
    body, table, places = content.rpartition(b"xref\n0 ")
    body = body[:at] + words + body[at:]

    def moved(found: re.Match[bytes]) -> bytes:
        place = int(found[0])
        return b"%0*d" % (len(found[0]), place + len(words) if place >= at else place)

    return body + table + re.sub(rb"\d{10}(?= \d{5} n)|(?<=startxref\n)\d+", moved, places)
