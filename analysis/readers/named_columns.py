"""Columns of votes that bear the names of candidates: found by their sums, not by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.errors import DataError, some
from analysis.readers.beginnings import plain
from analysis.readers.layouts import Layout
from analysis.tables.whole_numbers import SPACES

# Of the rows, so many must agree: a total of another kind or a slip of the publisher may not.
_MOST = 0.9
_RATE = re.compile(r"%|\b(pct|pourcentages?|taux|part|ratio|score)\b|_(pct|pc|taux|ratio)$", re.I)
# « Voix de ALPHA », « voix_alpha », « ALPHA Voix », « Mme ALPHA ».
_AROUND = re.compile(
    r"^(nb|nbre|nombre)?[ _]*(de[ _])?(voix|suffrages?)[ _:]*(de[ _:]|pour[ _:])?"
    r"|[ _(:-]*\b(nb[ _])?voix\)?$|^(M|Mme|Mlle|MM)\.? ",
    re.I,
)
_NUANCE = re.compile(r"(.*?)\s*\(([A-ZÉ][\w-]{0,7})\)")
# « LE PEN Marine », « Marine LE PEN »: the surname is in capitals.
_CAPITALS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’ -]*[A-ZÀ-ÖØ-Þ]"  # noqa: RUF001
_GIVEN = r"[A-ZÀ-ÖØ-Þ][^\W\d_]*[a-zß-ÿ][\w'’ -]*"  # noqa: RUF001
_PERSON = re.compile(rf"(?:({_CAPITALS}) {_GIVEN}|{_GIVEN} ({_CAPITALS}))")


def columns_of_votes(layout: Layout, rows: Sequence[Sequence[str]], file: str) -> Layout:
    """Return a layout that knows which columns hold the votes of whom.

    They are the longest run of columns of whole numbers whose sums are the valid votes; rates
    between them do not count.

    Parameters
    ----------
    layout
        With `others`, the columns whose meaning is not known.
    rows
        The first rows of the file.
    file
        Its name, for the error.

    Returns
    -------
    Layout
        With `named`.

    Raises
    ------
    DataError
        When no columns sum to the valid votes.
    """
    width = max([*layout.fixed.values(), *layout.others]) + 1
    table = [[*row, *[""] * (width - len(row))] for row in rows if any(map(str.strip, row))]
    wanted = _valid(table, layout.fixed)
    known = np.isfinite(wanted)
    columns = {
        at: numbers
        for at, name in layout.others.items()
        if not _RATE.search(name)
        for numbers in [_numbers(table, at, empty=0)]
        if np.isfinite(numbers[known]).mean() >= _MOST
    }
    if not (found := _run(columns, wanted)):
        raise DataError(
            "No columns of {file} sum to its valid votes: whose votes stand where is not known.",
            where="{file}: columns found: {columns}",
            mend="Give each candidate a column of votes, or name them in a column map "
            "(docs/any_terrain.md).",
            file=file,
            columns=some(layout.others.values(), most=12),
        )
    return replace(layout, named=_called({at: layout.others[at] for at in found}))


def _valid(table: Sequence[Sequence[str]], fixed: Mapping[str, int]) -> np.ndarray:
    if "valid" in fixed:
        return _numbers(table, fixed["valid"])
    ballots, blank, null = (_numbers(table, fixed[name]) for name in ("ballots", "blank", "null"))
    return ballots - blank - null


def _numbers(table: Sequence[Sequence[str]], at: int, empty: float = np.nan) -> np.ndarray:
    texts = [re.sub(SPACES, "", row[at]).strip() for row in table]
    return np.array([float(t) if t.isdecimal() else np.nan if t else empty for t in texts])


def _run(columns: Mapping[int, np.ndarray], wanted: np.ndarray) -> list[int]:
    """Return the positions of the longest run of columns whose sums are those wanted."""
    places = sorted(columns)
    rows = np.isfinite(wanted)
    if not places or not rows.any():
        return []
    values = np.nan_to_num(np.stack([columns[at][rows] for at in places]))
    before = np.vstack([np.zeros(rows.sum()), values.cumsum(axis=0)])
    best: tuple[int, int] = (0, 0)
    for first in range(len(places)):
        agree = (before[first + 1 :] - before[first] == wanted[rows]).mean(axis=1)
        ends = np.flatnonzero(agree >= _MOST)
        # One column alone is the valid votes once more.
        if len(ends) and (end := int(ends[-1])) >= 1 and end + 1 > best[1] - best[0]:
            best = first, first + end + 1
    return places[slice(*best)]


def _called(headings: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """Return nuance and name that each heading tells."""
    bare = {at: " ".join(_AROUND.sub("", text.strip()).split()) for at, text in headings.items()}
    nuanced = {at: _NUANCE.fullmatch(text) for at, text in bare.items()}
    told = {at: (m[2], m[1]) if m else ("", bare[at] or headings[at]) for at, m in nuanced.items()}
    people = {at: _PERSON.fullmatch(name) for at, (_, name) in told.items()}
    surnames = {at: m[1] or m[2] for at, m in people.items() if m}
    if len(surnames) == len(told) and len({plain(n) for n in surnames.values()}) == len(told):
        return {at: (nuance, surnames[at]) for at, (nuance, _) in told.items()}
    return told
