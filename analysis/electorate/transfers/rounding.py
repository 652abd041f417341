"""Rounding to whole persons that keeps every total."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from analysis.errors import Text

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def share_out(shares: Floats, totals: Whole) -> Whole:
    """Round each row to whole numbers that sum to its total (largest remainder, Hamilton).

    Parameters
    ----------
    shares
        Rows that sum to `totals` up to rounding errors.
    totals
        Whole numbers, one per row.
    """
    floor = np.floor(shares + 1e-9).astype(np.int64)
    rank = np.argsort(np.argsort(floor - shares, axis=1, kind="stable"), axis=1, kind="stable")
    return floor + (rank < (totals - floor.sum(axis=1))[:, None])


def round_table(table: Floats, low: Floats, high: Floats) -> Whole:
    """Round a table to whole numbers with the same margins, within whole bounds.

    A transportation problem: which cells to round up. Its matrix is totally unimodular,
    so that the simplex method ends in whole numbers.

    Parameters
    ----------
    table
        Rows and columns sum to whole numbers, up to rounding errors.
    low, high
        Whole numbers around each cell.

    Returns
    -------
    numpy.ndarray
        Of the shape of `table`, whole numbers.
    """
    rows, columns = table.shape
    floor = np.clip(np.floor(table + 1e-6), low, high)
    rest = table - floor
    cells = np.arange(rows * columns).reshape(rows, columns)
    sums = np.zeros((rows + columns, rows * columns))
    for row in range(rows):
        sums[row, cells[row]] = 1
    for column in range(columns):
        sums[rows + column, cells[:, column]] = 1
    needed = np.rint(np.concatenate([table.sum(axis=1), table.sum(axis=0)]))
    needed -= np.concatenate([floor.sum(axis=1), floor.sum(axis=0)])
    room = np.column_stack([np.zeros(rows * columns), np.minimum(high - floor, 1).ravel()])
    solved = linprog(-rest.ravel(), A_eq=sums, b_eq=needed, bounds=room, method="highs-ds")
    if solved.x is None:
        # An estimate may stray over a bound by more than a person: others give or take as many.
        ends = [(0, most) for most in np.concatenate([high - floor, floor - low]).ravel()]
        costs = np.concatenate([1 - rest, 1 + rest]).ravel()
        both = np.hstack([sums, -sums])
        solved = linprog(costs, A_eq=both, b_eq=needed, bounds=ends, method="highs-ds")
    if solved.x is None:
        raise ValueError(Text("no whole table has these margins and bounds"))
    steps = np.rint(solved.x).reshape(-1, rows, columns)
    moved = steps[0] - steps[1] if len(steps) > 1 else steps[0]
    return np.asarray(floor + moved, dtype=np.int64)
