"""What the columns of a finding are: unit and meaning, in French and in English."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path


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
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = {row["column"]: row for row in csv.DictReader(file) if row["table"] == table}
    return tuple(
        {"column": name, "unit": one[f"unit_{language}"], "meaning": one[f"meaning_{language}"]}
        for name in columns
        if (one := rows.get(name))
    )
