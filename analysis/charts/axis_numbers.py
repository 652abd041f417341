"""Numbers along an axis, as the reader's language writes them."""

from __future__ import annotations

from matplotlib.ticker import FuncFormatter

from analysis.i18n import format_number

# What a locator leaves of rounding.
_SAME = 1e-9


def axis_numbers(digits: int, *, language: str) -> FuncFormatter:
    """Return what writes the numbers of an axis with `digits` decimals.

    A number between two such, as 2.5 among whole ones, has the one or two more that it needs:
    rounded, it would stand at another place than it says.
    """

    def written(value: float, _position: int | None) -> str:
        exact = (d for d in (digits, digits + 1) if abs(round(value, d) - value) < _SAME)
        return format_number(value, next(exact, digits + 2), language=language)

    return FuncFormatter(written)
