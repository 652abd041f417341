"""Labels for letters: 21 on a sheet of A4 (63.5 × 38.1 mm), as stationers sell them."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.exports.field_kit.pdf_canvas import Paper, width_of, wrap

_MM = 72 / 25.4
_WIDE, _HIGH, _COLUMNS, _ROWS = 63.5, 38.1, 3, 7
_LEFT, _TOP, _GUTTER, _INSIDE = 7.2, 15.1, 2.5, 4.0
_PAGE_MM, _MOST = 297.0, 7
# A name that is cut is a letter that does not arrive: it is written smaller, then on two lines.
_SIZES = (9.5, 8.5, 7.5)


def to_labels(addresses: Sequence[Sequence[str]], *, language: str) -> bytes:
    """Return a PDF of labels; the same addresses make the same bytes.

    Parameters
    ----------
    addresses
        Lines of each; empty ones are left out, and one that is too wide goes on below.
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
        lines = [line for line in address if line.strip()]
        fitting = (one for one in _SIZES if all(width_of(line, one) <= width for line in lines))
        size = next(fitting, _SIZES[-1])
        whole = [part for line in lines for part in wrap(line, width, size=size)][:_MOST]
        paper.block(x, top, whole, size=size)
    if not addresses:
        # A file of no page is one that nothing opens.
        paper.next_page()
    return paper.to_bytes()
