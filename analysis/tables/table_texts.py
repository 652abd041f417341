"""Results as tables of a paper or a report: LaTeX and Markdown, beside `to_frame`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.i18n import localised

# Below it, noughts after the point would hide the digits.
_SMALL = 1e-4
_LATEX = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "\u00a0": "~",
    "\u202f": r"\,",
    "^": r"\textasciicircum{}",
}


class TableTexts(ABC):
    """What has a table can write it for a paper and for a report."""

    __slots__ = ()

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the table."""

    def to_latex(self, digits: int = 3) -> str:
        """Return the table as LaTeX (`booktabs`), numbers with so many significant digits."""
        return latex(self.to_frame(), digits)

    def to_markdown(self, digits: int = 3) -> str:
        """Return the table as Markdown, numbers with so many significant digits."""
        return markdown(self.to_frame(), digits)


def markdown(table: pd.DataFrame, digits: int = 3, *, language: str = "") -> str:
    """Return a table as Markdown.

    Parameters
    ----------
    table
        Any; its index is left out.
    digits
        Significant ones of what is no whole number.
    language
        Numbers as its readers write them; "" as programs do.

    Returns
    -------
    str
        Numbers to the right; what Markdown would read otherwise inside a text is escaped.
    """
    aligned = ["---:" if _numeric(table[name]) else "---" for name in table]
    rows = [[_plain(str(name)) for name in table], aligned]
    rows += [[_plain(cell) for cell in row] for row in _cells(table, digits, language)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def latex(table: pd.DataFrame, digits: int = 3) -> str:
    """Return a table as LaTeX, for the package `booktabs`.

    Parameters
    ----------
    table
        Any; its index is left out.
    digits
        Significant ones of what is no whole number.

    Returns
    -------
    str
        One `tabular`, signs that LaTeX reads otherwise escaped.
    """
    aligned = "".join("r" if _numeric(table[name]) else "l" for name in table)
    lines = [rf"\begin{{tabular}}{{{aligned}}}", r"\toprule"]
    lines += [_row(str(name) for name in table), r"\midrule"]
    lines += [_row(row) for row in _cells(table, digits)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def escaped_for_latex(text: str) -> str:
    """Return a text with the signs that LaTeX reads otherwise escaped."""
    return "".join(_LATEX.get(sign, sign) for sign in text)


def _plain(text: str) -> str:
    return text.replace("|", r"\|").replace("<", r"\<").replace("\n", " ")


def _row(cells: Iterable[str]) -> str:
    return " & ".join(map(escaped_for_latex, cells)) + r" \\"


def _numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _cells(table: pd.DataFrame, digits: int, language: str = "") -> list[list[str]]:
    columns = [[_cell(value, digits, language) for value in table[name]] for name in table]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: object, digits: int, language: str) -> str:
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if language and 0 < abs(number) < _SMALL:
            return f"{'> −' if number < 0 else '< '}{localised(str(_SMALL), language)}"
        text = _number(number, digits)
        return localised(text, language) if text and language else text
    return "" if value is None or value is pd.NA else " ".join(str(value).split("\n"))


def _number(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return ""
    if value and abs(value) < _SMALL:
        return f"{value:.{digits - 1}e}"
    # What is whole, or has more digits before the point than asked for, keeps them all.
    if value.is_integer() or abs(value) >= 10**digits:
        return f"{value:.0f}"
    return np.format_float_positional(value, digits, unique=False, fractional=False, trim="k")
