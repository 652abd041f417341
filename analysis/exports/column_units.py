"""What the columns of a ranking are: unit, meaning, and how a spreadsheet shows them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd


def _columns() -> dict[str, tuple[str, str, str, str]]:
    """Return column → unit and meaning in French and English, from the table beside this module."""
    with Path(__file__).with_name("column_units.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {
            row["column"]: (row["unit_fr"], row["unit_en"], row["meaning_fr"], row["meaning_en"])
            for row in rows
        }


COLUMNS = _columns()
_UNKNOWN = ("", "", "", "")

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
        The provenance's own units, for columns that are not in `COLUMNS`.
    language
        "fr" or "en".

    Returns
    -------
    list of dict
        `column`, `unit`, `meaning`; empty texts for a column nobody described.
    """
    others = {entry.get("column", ""): entry for entry in stated}
    at = 0 if language == "fr" else 1
    rows = []
    for column in columns:
        known = COLUMNS.get(column, _UNKNOWN)
        other = others.get(column, {})
        unit = known[at] or other.get("unit", "")
        meaning = known[2 + at] or other.get("meaning", "")
        rows.append({"column": column, "unit": unit, "meaning": meaning})
    return rows


def format_of(column: str, values: pd.Series) -> str:
    """Return the number format Excel shows a column in."""
    if not pd.api.types.is_numeric_dtype(values):
        return "@"
    default = "#,##0" if pd.api.types.is_integer_dtype(values) else "0.000"
    return _FORMATS.get(column, default)
