"""Labels for letters: 21 on a sheet of A4 (63.5 × 38.1 mm), as stationers sell them."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.exports.field_kit.pdf_canvas import Paper, fit

_MM = 72 / 25.4
_WIDE, _HIGH, _COLUMNS, _ROWS = 63.5, 38.1, 3, 7
_LEFT, _TOP, _GUTTER, _INSIDE = 7.2, 15.1, 2.5, 4.0
_PAGE_MM, _SIZE, _MOST = 297.0, 9.5, 5


def to_labels(addresses: Sequence[Sequence[str]], *, language: str) -> bytes:
    """Return a PDF of labels; the same addresses make the same bytes.

    Parameters
    ----------
    addresses
        Lines of each; empty ones are left out, and what is too wide is shortened.
    language
        "fr" or "en", for readers aloud.
    """
    paper = Paper("Étiquettes" if language == "fr" else "Labels", language=language)
    width = (_WIDE - 2 * _INSIDE) * _MM
    for n, address in enumerate(addresses):
        at = n % (_COLUMNS * _ROWS)
        if n and not at:
            paper.next_page()
        row, column = divmod(at, _COLUMNS)
        x = (_LEFT + column * (_WIDE + _GUTTER) + _INSIDE) * _MM
        top = (_PAGE_MM - _TOP - row * _HIGH - _INSIDE) * _MM
        lines = [fit(line, width, size=_SIZE) for line in address if line.strip()][:_MOST]
        paper.block(x, top, lines, size=_SIZE)
    return paper.to_bytes()
