"""Two tables of counts brought onto the same units, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.transfers.rounding import share_out
from analysis.errors import DataError, Text, some
from analysis.tables.sources import LeftOut

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# Totals that differ more than this in all are two electorates, not slips of counting.
MOST_SCALED = 0.25

# Persons in one cell of a unit; nobody counts as many.
_MOST = 1e9


@dataclass(frozen=True)
class Problem:
    """Counts of two elections on the same units.

    Attributes
    ----------
    origins, destinations
        Names of the options.
    before, after
        Whole numbers (units × options); the totals of a unit are equal in both. Units of
        one composition are one row, rows sorted: neither the order of bureaux nor how a
        place is cut into equal ones can matter.
    units
        Units that were used, before equal ones became one.
    scaled
        `unit`, `origin_total`, `destination_total` of units whose totals differed: their
        origin was scaled.
    left_out
        Units that could not be used, by reason.
    """

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    before: Floats
    after: Floats
    units: int
    scaled: pd.DataFrame
    left_out: tuple[LeftOut, ...]


def set_problem(origin: pd.DataFrame, destination: pd.DataFrame) -> Problem:
    """Check two tables of counts and bring them onto their common units.

    Parameters
    ----------
    origin, destination
        Whole numbers, one row per unit (the index), one column per option.

    Raises
    ------
    DataError
        When a table is empty, a count negative or not whole, a unit twice, an option
        without a vote, no unit common, only one, or totals far apart.
    """
    before, after = _whole(origin, "origin"), _whole(destination, "destination")
    common = before.index.intersection(after.index).sort_values()
    if common.empty:
        raise DataError(
            "The two tables have no unit in common.",
            where="origin: {before}; destination: {after}",
            mend="Give both tables the same names of units, in the first column.",
            before=some(before.index),
            after=some(after.index),
        )
    left_out = [
        LeftOut(Text("units of the origin that the destination lacks"), *_lost(before, common)),
        LeftOut(Text("units of the destination that the origin lacks"), *_lost(after, common)),
    ]
    old, new = before.loc[common], after.loc[common]
    empty = (old.sum(axis=1) == 0) | (new.sum(axis=1) == 0)
    names = common[empty]
    left_out.append(
        LeftOut(Text("units without a vote in one of the two"), len(names), some(names))
    )
    old, new = old[~empty], new[~empty]
    if len(old) < 2:
        raise DataError(
            "One unit alone tells nothing of transfers: every table with its totals fits.",
            where="units in common with votes in both: {old}",
            mend="Give the counts of several units, such as bureaux, not their total.",
            old=some(old.index) or "0",
        )
    _check_options(old, "origin")
    _check_options(new, "destination")
    matched, scaled = _scale(old, new)
    x, y = _merge_equal(matched, new.to_numpy())
    return Problem(
        origins=tuple(map(str, origin.columns)),
        destinations=tuple(map(str, destination.columns)),
        before=x,
        after=y,
        units=len(new),
        scaled=scaled,
        left_out=tuple(reason for reason in left_out if reason.count),
    )


def _lost(table: pd.DataFrame, common: pd.Index) -> tuple[int, str]:
    names = table.index.difference(common)
    return len(names), some(names)


def _whole(table: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return `table` as whole numbers ≥ 0, units unique."""
    if table.empty:
        raise DataError(
            "The table of the origin holds no counts."
            if side == "origin"
            else "The table of the destination holds no counts.",
            mend="Give one row per unit and one column per option.",
        )
    for twice in (table.index[table.index.duplicated()], table.columns[table.columns.duplicated()]):
        if len(twice):
            raise DataError(
                "The origin holds a unit or an option more than once."
                if side == "origin"
                else "The destination holds a unit or an option more than once.",
                where="{twice}",
                mend="Sum its counts first.",
                twice=some(twice.unique()),
            )
    numbers = table.apply(pd.to_numeric, errors="coerce")
    counts = numbers.to_numpy("float64", na_value=np.nan)
    # What is no number lies between nothing.
    wrong = ~((counts >= 0) & (counts <= _MOST) & (counts == np.round(counts)))
    if wrong.any():
        rows, columns = np.nonzero(wrong)
        cells = [
            f"{table.index[r]}/{table.columns[c]} = {table.iloc[r, c]}"
            for r, c in zip(rows[:4], columns[:4], strict=True)
        ]
        raise DataError(
            "{n} count(s) of the origin are negative, no whole numbers, or beyond any electorate."
            if side == "origin"
            else "{n} count(s) of the destination are negative, no whole numbers, or beyond any "
            "electorate.",
            where="{cells}",
            mend="Correct them at the source; counts are whole numbers from 0.",
            n=len(rows),
            cells=some(cells),
        )
    return numbers.astype("int64").set_axis(table.index.astype("str"))


def _check_options(table: pd.DataFrame, side: str) -> None:
    if (none := table.columns[table.sum() == 0]).size:
        raise DataError(
            "Nobody chose some option of the origin in any unit: its transfers mean nothing."
            if side == "origin"
            else "Nobody chose some option of the destination in any unit: "
            "its transfers mean nothing.",
            where="{none}",
            mend="Leave these columns out.",
            none=some(none),
        )


def _scale(old: pd.DataFrame, new: pd.DataFrame) -> tuple[Whole, pd.DataFrame]:
    """Scale each unit of the origin to its total at the destination, in whole persons."""
    had, has = old.sum(axis=1).to_numpy(), new.sum(axis=1).to_numpy()
    if (gap := np.abs(had - has).sum() / has.sum()) > MOST_SCALED:
        raise DataError(
            "The totals of the two tables differ by {gap:.0f}% of all: "
            "they are not the same people.",
            where="origin {had:,}, destination {has:,}",
            mend="Add abstention, newcomers and leavers as columns, so that totals agree.",
            gap=100 * gap,
            had=had.sum(),
            has=has.sum(),
        )
    differ = had != has
    scaled = pd.DataFrame(
        {
            "unit": old.index[differ],
            "origin_total": had[differ],
            "destination_total": has[differ],
        }
    )
    return share_out(old.to_numpy() * (has / had)[:, None], has), scaled


def _merge_equal(before: Whole, after: Whole) -> tuple[Floats, Floats]:
    """Add up units of the same composition; sort the rows by their content."""
    both = np.hstack([before, after])
    shape = both // np.gcd.reduce(both, axis=1)[:, None]
    _, group = np.unique(shape, axis=0, return_inverse=True)
    summed = np.zeros((group.max() + 1, both.shape[1]))
    np.add.at(summed, group.ravel(), both)
    return summed[:, : before.shape[1]], summed[:, before.shape[1] :]
