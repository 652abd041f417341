"""What the columns of a ranking are: unit, meaning, and how a spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files

import pandas as pd

from analysis.i18n import Words

_WORDS = Words.columns("column", files("analysis.exports") / "column_units.csv")

_FORMATS = {
    "score": "0.0",
    "gain_per_hour": "0.000",
    "gain_lower": "0.000",
    "gain_upper": "0.000",
    "top_k_probability": "0%",
    "expected_abstention": "0.0%",
    "support": "0.0%",
    "doors": "#,##0",
    "hours": "0.0",
    "mobilisable": "0.0%",
    "persuadable": "0.0%",
    "poverty_rate": "0.0%",
    "covered": "0%",
}


def units_of(
    columns: Iterable[str], *, stated: Iterable[Mapping[str, str]], language: str
) -> list[dict[str, str]]:
    """Say unit and meaning of each column.

    Parameters
    ----------
    columns
        Names, in the order wanted.
    stated
        The provenance's own units, for columns that have no text here.
    language
        "fr" or "en".

    Returns
    -------
    list of dict
        `column`, `unit`, `meaning`; empty texts for a column nobody described.
    """
    others = {entry.get("column", ""): entry for entry in stated}
    words = _WORDS["fr" if language == "fr" else "en"]
    rows = []
    for column in columns:
        other = others.get(column, {})
        unit = words.get(f"unit.{column}") or other.get("unit", "")
        meaning = words.get(f"meaning.{column}") or other.get("meaning", "")
        rows.append({"column": column, "unit": unit, "meaning": meaning})
    return rows


def format_of(column: str, values: pd.Series) -> str:
    """Return the number format Excel shows a column in."""
    if not pd.api.types.is_numeric_dtype(values):
        return "@"
    default = "#,##0" if pd.api.types.is_integer_dtype(values) else "0.000"
    return _FORMATS.get(column, default)
