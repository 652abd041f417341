"""The estimate itself: constrained regression, then odds ratios shared by all units.

All tables of transfers here are joint (origins × destinations, persons), so that swapping
the two elections swaps rows and columns and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Floats = npt.NDArray[np.float64]

# Round numbers in a flat valley: benchmarks/calibrate_transfers.py --tune shows the others.
BAGS, SOFTEN, STEPS = 20, 0.08, 15
# Options under this share of votes enter the regression together.
SMALL = 0.03
_SWEEPS = 6
# How much dearer a row that does not sum to 1 is than a misfit (Haskell and Hanson 1981).
_PENALTY = 30.0


def bounds(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return what each transfer is at least and at most, whatever people did.

    Parameters
    ----------
    before, after
        Counts (units × options), equal totals.

    References
    ----------
    Duncan, O. D. and Davis, B. (1953). An alternative to ecological correlation.
    American Sociological Review 18, 665-666.
    """
    total = before.sum(axis=1)
    low, high = np.zeros((2, before.shape[1], after.shape[1]))
    for option in range(after.shape[1]):
        other = (total - after[:, option])[:, None]
        low[:, option] = np.maximum(before - other, 0).sum(axis=0)
        high[:, option] = np.minimum(before, after[:, [option]]).sum(axis=0)
    return low, high


def fit_margins(
    seed: Floats, before: Floats, after: Floats, *, sweeps: int = _SWEEPS, tolerance: float = 0.0
) -> Floats:
    """Fit `seed` to the totals of every unit, keeping its odds ratios.

    Parameters
    ----------
    seed
        Positive table (origins × destinations).
    before, after
        Counts (units × options).
    sweeps
        Most rounds of proportional fitting.
    tolerance
        Stop when no total is further off, in persons.

    Returns
    -------
    numpy.ndarray
        Units × origins × destinations; totals of origins are exact.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled
    frequency table. Annals of Mathematical Statistics 11, 427-444.
    """
    rows = np.ones_like(before)
    columns = np.ones_like(after)
    # Only the two factors of each unit are kept between sweeps: seed × row × column.
    for _ in range(sweeps):
        columns = _ratio(after, rows @ seed)
        reached = columns @ seed.T
        if tolerance and np.abs(rows * reached - before).max() <= tolerance:
            break
        rows = _ratio(before, reached)
    return np.asarray(rows[:, :, None] * seed * columns[:, None, :])


def _ratio(wanted: Floats, reached: Floats) -> Floats:
    return np.divide(wanted, reached, out=np.zeros_like(wanted), where=wanted > 0)


def estimate(
    before: Floats,
    after: Floats,
    rng: np.random.Generator,
    progress: Callable[[float], None] | None = None,
) -> Floats:
    """Estimate the joint table of transfers, whole-town totals met up to rounding errors.

    Parameters
    ----------
    before, after
        Counts (units × options), equal totals.
    rng
        For the weights of the bootstrap.
    progress
        Told the share done; the regressions count for most of it.

    Returns
    -------
    numpy.ndarray
        Persons, origins × destinations.
    """
    regressed = _split(_start(before, after, rng, progress), before, after)
    chance = np.outer(before.sum(axis=0), after.sum(axis=0)) / before.sum()
    table = (1 - SOFTEN) * regressed + SOFTEN * chance
    for _ in range(STEPS):
        table = town_fit(table, before, after)
    met = fit_margins(table, before, after, sweeps=200, tolerance=1e-6).sum(axis=0)
    return fit_margins(met, before.sum(axis=0)[None], after.sum(axis=0)[None], sweeps=200)[0]


def town_fit(seed: Floats, before: Floats, after: Floats) -> Floats:
    """Sum over units of `fit_margins`, without holding the units' tables.

    Parameters
    ----------
    seed
        Positive table (origins × destinations).
    before, after
        Counts (units × options).

    Returns
    -------
    numpy.ndarray
        Persons, origins × destinations.
    """
    rows = np.ones_like(before)
    columns = np.ones_like(after)
    for _ in range(_SWEEPS):
        columns = _ratio(after, rows @ seed)
        rows = _ratio(before, columns @ seed.T)
    return np.asarray(seed * (rows.T @ columns))


def _start(
    before: Floats,
    after: Floats,
    rng: np.random.Generator,
    progress: Callable[[float], None] | None,
) -> Floats:
    """Average regressions both ways over reweighted units, small options grouped."""
    x, y = _grouped(before), _grouped(after)
    total = np.zeros((x.shape[1], y.shape[1]))
    for bag in range(BAGS):
        if progress:
            progress(bag / BAGS)
        weight = rng.exponential(size=len(x))
        total += regress(x, y, weight) + regress(y, x, weight).T
    return total / (2 * BAGS)


def regress(before: Floats, after: Floats, weight: Floats) -> Floats:
    """Regress shares after on shares before, each row of coefficients a distribution.

    Parameters
    ----------
    before, after
        Counts (units × options).
    weight
        One per unit; multiplied by the root of its size, between counting noise alone
        (size) and differences between units alone (none).

    Returns
    -------
    numpy.ndarray
        Joint table in persons, whose rows sum to the origins' totals.

    References
    ----------
    Goodman, L. A. (1953). Ecological regressions and behavior of individuals. American
    Sociological Review 18, 663-664.
    Haskell, K. H. and Hanson, R. J. (1981). An algorithm for linear least squares problems
    with equality and nonnegativity constraints. Mathematical Programming 21, 98-118.
    """
    size = before.sum(axis=1)
    x, y = before / size[:, None], after / size[:, None]
    scale = weight * np.sqrt(size)
    scale = scale / scale.mean()
    rows, columns = x.shape[1], y.shape[1]
    squares = x.T @ (scale[:, None] * x)
    trace = np.trace(squares)
    root = np.linalg.cholesky(squares + 1e-9 * trace * np.eye(rows))
    target = np.linalg.solve(root, x.T @ (scale[:, None] * y))
    sums = _PENALTY * np.sqrt(trace)
    # One block for each column of the table, and below them the sums of its rows.
    design = np.zeros((columns + 1, rows, columns, rows))
    every = np.arange(columns)
    design[every, :, every] = root.T
    design[-1] = (sums * np.eye(rows))[:, None]
    design = design.reshape((columns + 1) * rows, columns * rows)
    fitted, _ = nnls(design, np.concatenate([target.T.ravel(), np.full(rows, sums)]))
    shares = fitted.reshape(columns, rows).T
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(before.sum(axis=0)[:, None] * shares)


def _group(counts: Floats) -> Floats:
    """Return the 0/1 matrix (options × groups) that puts small options together."""
    small = counts.sum(axis=0) < SMALL * counts.sum()
    if small.sum() < 2:
        return np.eye(counts.shape[1])
    groups = np.eye(counts.shape[1])[:, ~small]
    return np.column_stack([groups, small])


def _grouped(counts: Floats) -> Floats:
    return np.asarray(counts @ _group(counts))


def _split(table: Floats, before: Floats, after: Floats) -> Floats:
    """Hand the cells of grouped options on to each option by its votes."""
    parts = []
    for counts in (before, after):
        group = _group(counts)
        votes = counts.sum(axis=0)
        parts.append(votes[:, None] * group / (votes @ group))
    return np.asarray(parts[0] @ table @ parts[1].T)
