"""What a model says in points: for a typical difference of each covariate, and along curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from scipy.stats import t as student

from analysis.electorate.explain.regression import Fitted

Floats = npt.NDArray[np.float64]
Typical = Literal["quartiles", "deviation"]
# Ends of a curve: beyond them lie few bureaux.
_ENDS, _POINTS = (0.02, 0.98), 30


def typical_effects(fitted: Fitted, typical: Typical = "quartiles") -> pd.DataFrame:
    """Return what a typical difference of each covariate goes with, the others as they are.

    Every bureau is given the lower, then the upper value of one covariate; the mean change of
    what the model says, weighted by size, is the effect (average marginal effect).

    Parameters
    ----------
    fitted
        A model.
    typical
        `quartiles`, from the lower to the upper quartile of the registered; `deviation`, one
        standard deviation around the mean.

    Returns
    -------
    pandas.DataFrame
        `name`, `start`, `end` (values of the covariate as text would show them, or levels of a
        category, `start` the reference), `points`, `std_error`, `lower`, `upper` (points of the
        share, 0 to 100), `p_value`. A covariate whose columns were all dropped is left out.
    """
    rows = []
    categories = {name for term in fitted.spec.terms for name in term.categories}
    for name in fitted.spec.names:
        if not _counts(fitted, name):
            continue
        values = fitted.data[name]
        if name in categories or not pd.api.types.is_numeric_dtype(values):
            first, *others = sorted(values.astype("object").unique(), key=str)
            steps: Iterable[tuple[object, object]] = ((first, level) for level in others)
        else:
            steps = (_typical(values.to_numpy(dtype=float), _size(fitted), typical),)
        for start, end in steps:
            rows.append((name, start, end, *_told(fitted, *_levels(fitted, name, [start, end]))))
    columns = ["name", "start", "end", "points", "std_error", "lower", "upper", "p_value"]
    return pd.DataFrame(rows, columns=columns)


def curves(fitted: Fitted) -> pd.DataFrame:
    """Return the shape of each covariate that bends.

    Parameters
    ----------
    fitted
        A model.

    Returns
    -------
    pandas.DataFrame
        `name`, `value` (of the covariate), `points` (of the share, next to where the covariate is
        at its middle), `lower`, `upper`; thirty rows per covariate that stands in `bs`, `cr` or
        `I`, from its 2nd to its 98th percentile.
    """
    bent = dict.fromkeys(name for term in fitted.spec.terms for name in term.bent)
    tables = []
    for name in bent:
        values = fitted.data[name].to_numpy(dtype=float)
        middle = float(np.median(values))
        low, high = np.quantile(values, _ENDS)
        along = np.linspace(float(low), float(high), _POINTS)
        start, *ends = _levels(fitted, name, [middle, *along.tolist()])
        told = [_told(fitted, start, end) for end in ends]
        points, _error, lower, upper, _p = np.array(told).T
        tables.append(
            pd.DataFrame(
                {"name": name, "value": along, "points": points, "lower": lower, "upper": upper}
            )
        )
    empty = pd.DataFrame(columns=["name", "value", "points", "lower", "upper"])
    return pd.concat(tables, ignore_index=True) if tables else empty


def _counts(fitted: Fitted, name: str) -> bool:
    """Tell whether a covariate has a column left."""
    left = set(fitted.design.terms)
    return any(term.text in left for term in fitted.spec.terms if name in term.names)


def _size(fitted: Fitted) -> Floats:
    return fitted.data["size"].to_numpy(dtype=float)


def _typical(values: Floats, size: Floats, typical: Typical) -> tuple[float, float]:
    if typical == "deviation":
        mean = float(np.average(values, weights=size))
        half = float(np.sqrt(np.average((values - mean) ** 2, weights=size))) / 2
        return mean - half, mean + half
    order = np.argsort(values, kind="stable")
    share = (np.cumsum(size[order]) - size[order] / 2) / size.sum()
    low, high = np.interp([0.25, 0.75], share, values[order])
    return float(low), float(high)


def _levels(fitted: Fitted, name: str, values: Sequence[object]) -> list[tuple[float, Floats]]:
    """Return the mean share were a covariate so, and how it turns with each coefficient."""
    size = _size(fitted) / _size(fitted).sum()
    found = []
    for matrix in fitted.design.along(fitted.data, name, values):
        given, turned = _mean(fitted, matrix @ fitted.params)
        found.append((float(size @ given), (size * turned) @ matrix))
    return found


def _mean(fitted: Fitted, linear: Floats) -> tuple[Floats, Floats]:
    """Return the share at a linear predictor, and its slope there."""
    if fitted.spec.family == "least_squares":
        return linear, np.ones(len(linear))
    share = expit(linear)
    return share, share * (1 - share)


def _told(
    fitted: Fitted, start: tuple[float, Floats], end: tuple[float, Floats]
) -> tuple[float, ...]:
    """Return points, their standard error, both ends of the interval, and the p-value."""
    value, slope = end[0] - start[0], end[1] - start[1]
    # The covariance of a curve at its middle is nought but for rounding.
    error = max(float(slope @ fitted.covariance @ slope), 0.0) ** 0.5
    half = student.ppf((1 + fitted.spec.level) / 2, fitted.degrees) * error
    p_value = 2 * student.sf(abs(value / error), fitted.degrees) if error else 1.0
    ends = (value - half, value + half)
    return (100 * value, 100 * error, 100 * ends[0], 100 * ends[1], float(p_value))
