"""Numbers along an axis, as the reader's language writes them."""

from __future__ import annotations

from matplotlib.ticker import FuncFormatter

from analysis.i18n import format_number


def axis_numbers(digits: int, *, language: str) -> FuncFormatter:
    """Return what writes the numbers of an axis with exactly `digits` decimals."""
    return FuncFormatter(lambda value, _position: format_number(value, digits, language=language))
