"""What the columns of a ranking are: unit, meaning, and how a spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files

import pandas as pd

from analysis.i18n import Words

_WORDS = Words.columns("column", files("analysis.exports") / "column_units.csv")
# Of tables of models, trials and the field, whose units and meanings stand with what makes them.
_HEADINGS = Words.columns("column", files("analysis.exports") / "column_headings.csv")

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
    "votes_expected": "0.0",
    "hours_per_vote": "0.0",
    **dict.fromkeys(("doors_share", "hours_share", "votes_share"), "0.0%"),
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


def heading_of(column: str, language: str) -> str:
    """Return what people call a column; its name in words where nobody said.

    Examples
    --------
    >>> heading_of("gain_per_hour", "en")
    'Votes per hour'
    """
    key, tongue = f"heading.{column}", "fr" if language == "fr" else "en"
    known = _WORDS[tongue].get(key, "") or _HEADINGS[tongue].get(key, "")
    words = column.replace("_", " ").strip()
    return known or words[:1].upper() + words[1:]


def headings_of(columns: Iterable[str], language: str) -> list[str]:
    """Return headings, one per column and none twice: a reader tells columns by them."""
    found: list[str] = []
    for column in columns:
        head = heading_of(column, language)
        found.append(head if head not in found else f"{head} ({column})")
    return found


def kind_of(values: pd.Series) -> str:
    """Return the kind of a column: "boolean", "integer", "number" or "string"."""
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    return "number" if pd.api.types.is_numeric_dtype(values) else "string"


def format_of(column: str, values: pd.Series) -> str:
    """Return the number format Excel shows a column in."""
    kind = kind_of(values)
    if kind == "string":
        return "@"
    # A year is a name, not a number of things: 2024, never 2 024.
    if kind == "boolean" or column == "vintage" or "year" in column.split("_"):
        return "0"
    known = values.dropna()
    # Counts that miss somewhere are floats to pandas, and counts to everyone else.
    whole = kind == "integer" or (len(known) and bool((known % 1 == 0).all()))
    return _FORMATS.get(column, "#,##0" if whole else "0.000")
