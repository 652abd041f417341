"""Least squares and medians that one bad count does not lead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# A normal's standard deviation over its median absolute deviation.
MAD = 1.4826
# Rows further off than so many robust spreads do not teach; fewer than LEAST_ROWS teach nothing.
BAD, LEAST_ROWS = 4.0, 8
# Spread of a fit that could not be made, and least spread of one that was.
UNKNOWN_SPREAD, LEAST_SPREAD = 3.0, 1e-4


@dataclass(frozen=True)
class Line:
    """A fit of several columns on several others.

    Attributes
    ----------
    start
        One per column that is told, at nought of what tells; NaN where it could not be fitted.
    slopes
        Columns that tell × columns told.
    spreads
        Robust standard deviation of what is left, by column told.
    """

    start: np.ndarray
    slopes: np.ndarray
    spreads: np.ndarray


def fit_line(y: np.ndarray, x: np.ndarray, weight: np.ndarray, same: list[tuple[int, int]]) -> Line:
    """Fit every column of `y` on all of `x`; a few bad rows do not teach.

    Parameters
    ----------
    y, x
        Rows × columns told, and rows × columns that tell; NaN where unknown.
    weight
        One per row; 0 leaves it out.
    same
        Pairs of a column of `y` and one of `x` that are one quantity: its slope is drawn to 1,
        the others to 0.

    Returns
    -------
    Line
        Start, slopes and what is left, by column of `y`.
    """
    good = np.isfinite(x).all(axis=1) & (weight > 0)
    mean = np.average(x[good], axis=0, weights=weight[good]) if good.any() else np.zeros(x.shape[1])
    centred = x - mean
    start, spreads = np.full(y.shape[1], np.nan), np.full(y.shape[1], UNKNOWN_SPREAD)
    slopes = np.zeros((x.shape[1], y.shape[1]))
    for k, own in dict(same).items():
        slopes[own, k] = 1.0
    # Most columns are known where the others are: the same rows are laid out once.
    laid: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
    allowed = 0.5 / np.sqrt(np.maximum(weight, 1))
    for k, target in enumerate((y - centred @ slopes).T):
        known, more = good & np.isfinite(target), np.zeros(x.shape[1])
        use = known
        # The second time without rows that the first fit finds far off.
        for _ in range(2):
            if np.count_nonzero(use) < LEAST_ROWS:
                break
            if (rows := use.tobytes()) not in laid:
                laid[rows] = _laid_out(centred[use], weight[use])
            weighted, gram = laid[rows]
            found = np.linalg.solve(gram, weighted.T @ target[use])
            start[k], more = found[0], found[1:]
            rest = np.abs(target - start[k] - centred @ more)
            spreads[k] = MAD * np.median(rest[use]) + LEAST_SPREAD
            before, use = use, known & (rest < BAD * spreads[k] + allowed)
            # The same rows teach the same again.
            if np.array_equal(before, use):
                break
        slopes[:, k] += more
    return Line(start - mean @ slopes, slopes, spreads)


def _laid_out(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted rows of a ridge regression on `x`, and the matrix to be solved."""
    design = np.column_stack([np.ones(len(x)), x])
    weighted = design * (weight / weight.mean())[:, None]
    pull = 10 * np.mean(x**2) * np.r_[0.0, np.ones(x.shape[1])] + 1e-9
    return weighted, weighted.T @ design + np.diag(pull)


def spread_of(values: np.ndarray) -> np.ndarray:
    """Return the robust standard deviation about nought of each row; NaN where all is unknown."""
    known = (row[np.isfinite(row)] for row in values)
    return np.array([MAD * np.median(np.abs(k)) if len(k) else np.nan for k in known])


def known_median(values: np.ndarray) -> np.ndarray:
    """Return medians over the last axis of what is known; NaN where nothing is."""
    ordered = np.sort(values, axis=-1)  # NaN last
    known = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(known - 1, 0) // 2, -1)
    high = np.take_along_axis(ordered, np.minimum(known // 2, values.shape[-1] - 1), -1)
    return np.where(known > 0, (low + high) / 2, np.nan)[..., 0]


def latest_before(values: np.ndarray) -> np.ndarray:
    """Return the latest known value before each column of a row."""
    out = np.full_like(values, np.nan)
    out[:, 1:] = pd.DataFrame(values).ffill(axis=1).to_numpy()[:, :-1]
    return out
