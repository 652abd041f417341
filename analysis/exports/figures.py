"""Figures as files that say where they come from: PNG, PDF and SVG, the same bytes each time."""

from __future__ import annotations

import io

from matplotlib import rc_context
from matplotlib.figure import Figure

from analysis.exports.embedded_provenance import KEY
from analysis.exports.provenance import Provenance

SUFFIXES = (".png", ".svg", ".pdf")


def saved(
    figure: Figure, suffix: str, *, heading: str, provenance: Provenance, dpi: int = 200
) -> bytes:
    """Write a figure; the same figure makes the same bytes.

    Parameters
    ----------
    figure
        Drawn and complete.
    suffix
        One of `SUFFIXES`.
    heading
        Title of the document, in PDF and SVG.
    provenance
        In the PNG its text chunk `palier`, in the PDF its Keywords, in the SVG its
        description.
    dpi
        Dots per inch of the PNG.
    """
    text = provenance.to_json()
    # No dates and no library versions: the same bytes tomorrow.
    metadata: dict[str, dict[str, str | None]] = {
        ".png": {KEY: text, "Software": "Palier"},
        ".pdf": {
            "Title": heading,
            "Keywords": text,
            "Creator": "Palier",
            "Producer": "Palier",
            "CreationDate": None,
        },
        ".svg": {"Title": heading, "Description": text, "Creator": "Palier", "Date": None},
    }
    out = io.BytesIO()
    # Names of parts of an SVG are drawn at random where no salt is given.
    with rc_context({"svg.hashsalt": KEY}):
        figure.savefig(out, format=suffix.lstrip("."), dpi=dpi, metadata=metadata[suffix])
    return out.getvalue()
