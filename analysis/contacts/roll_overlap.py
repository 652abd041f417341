"""Whether a new roll takes the place of one in use: nobody may be counted in two."""

from __future__ import annotations

from collections import Counter
from datetime import date

from analysis.errors import DataError, some

# How many rows a roll has of a commune, a bureau and a kind of list.
Cells = dict[tuple[str, ...], int]
# A newer list replaces one of which it lacks at most this share: bureaux come and go.
_STRAY_SHARE = 0.02


def replaces(ours: Cells, theirs: Cells, *, dated: date | None, before: date | None) -> bool | str:
    """Tell whether a list replaces another, which it meets or not.

    Parameters
    ----------
    ours, theirs
        Of the new list and of the one in use.
    dated, before
        Days of the two lists.

    Returns
    -------
    bool or str
        True to replace it, False where they have nothing in common; else what they have.
    """
    new, old = _comparable(ours, theirs)
    both = old.keys() & new.keys()
    if not both:
        return False
    left = sum(n for cell, n in old.items() if cell not in both)
    newer = (dated or date.min) > (before or date.max)
    if newer and left <= _STRAY_SHARE * sum(old.values()):
        return True
    return str(some(sorted({cell[1] or cell[0] for cell in both})))


def twice(file: str, roll: str, dated: date | None, both: str) -> DataError:
    """Return the error that a roll in use has people of a new list.

    Parameters
    ----------
    file, roll, dated
        Of the roll in use: file, id, day of the list.
    both
        Bureaux or communes of both.

    Returns
    -------
    DataError
        To raise; it says what takes in a newer list instead.
    """
    return DataError(
        "A roll in use has the same bureaux, and this list does not replace it: people would be "
        "counted twice.",
        where="{file}, {roll}, list of {day}: {bureaux}",
        mend="Take in a newer list of all its bureaux, which replaces it, or end that roll first.",
        file=file,
        roll=roll,
        day=str(dated),
        bureaux=both,
    )


def _comparable(*lists: Cells) -> list[Cells]:
    """Return what tells lists apart: bureaux, or communes where one of them names no bureau.

    Rows without a bureau are no sign: two parts of a town both have some.
    """
    placed = [{cell: n for cell, n in cells.items() if cell[1]} for cells in lists]
    if all(placed):
        return placed
    towns: list[Cells] = [Counter() for _cells in lists]
    for town, cells in zip(towns, lists, strict=True):
        for (commune, _bureau, kind), n in cells.items():
            town[commune, "", kind] += n
    return towns
