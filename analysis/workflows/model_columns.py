"""What the columns of a finding are: unit and meaning, in French and in English."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from analysis.i18n import Words

_WORDS = Words.columns("finding", files("analysis.workflows") / "model_columns.csv")


def columns_of(table: str, columns: Iterable[str], language: str) -> tuple[dict[str, str], ...]:
    """Say unit and meaning of the columns of a finding, as far as they are its own.

    Parameters
    ----------
    table
        "abstention", "swing" or "transfers".
    columns
        Names.
    language
        "fr" or "en".

    Returns
    -------
    tuple of dict
        `column`, `unit`, `meaning`.
    """
    words = _WORDS[language]
    return tuple(
        {
            "column": name,
            "unit": words[f"unit.{table}/{name}"],
            "meaning": words[f"meaning.{table}/{name}"],
        }
        for name in columns
        if f"unit.{table}/{name}" in words
    )
