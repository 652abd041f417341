"""The effect as a mean of the blocks' own differences, each weighing as many units as it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.experiments.estimators import Codes, Floats


@dataclass(frozen=True, slots=True)
class ByBlocks:
    """Mean of the blocks' differences.

    Attributes
    ----------
    value
        Mean of treated − control within blocks, weighted by the blocks' units.
    hybrid_p, hybrid_m
        Standard errors. Blocks with two or more in each arm give their own variance; the
        others are compared with one another: all together (p), or those of one size (m).
        Missing (nan) where such blocks are too few.
    n, blocks
        Units and blocks counted: those with both arms.
    """

    value: float
    hybrid_p: float
    hybrid_m: float
    n: int
    blocks: int


def by_blocks(outcome: Floats, assigned: Floats, block: Codes) -> ByBlocks:
    """Estimate the mean difference over blocks and its two hybrid standard errors.

    Parameters
    ----------
    outcome, assigned, block
        Value, arm (0 or 1) and code of the block, per unit.

    References
    ----------
    Pashley, N. E., and Miratrix, L. W. (2021), Insights on variance estimation for blocked
    and matched pairs designs, *Journal of Educational and Behavioral Statistics* 46, 271–296.
    """
    count = int(block.max()) + 1
    arms = [assigned == 0, assigned == 1]
    size = np.column_stack([np.bincount(block[arm], minlength=count) for arm in arms])
    both = (size > 0).all(axis=1)
    means = _per_arm(outcome, arms, block, size)
    squares = _per_arm((outcome - np.choose(assigned == 1, means[block].T)) ** 2, arms, block, size)
    difference, units = (means[:, 1] - means[:, 0])[both], size[both].sum(axis=1)
    size, squares = size[both], squares[both]
    single = (size < 2).any(axis=1)
    # Within an arm: mean square × n/(n − 1), over n.
    own = (squares[~single] / (size[~single] - 1)).sum(axis=1)
    whole = float(units.sum())
    large = float((units[~single] ** 2 * own).sum()) / whole**2
    small, effects = units[single].astype(float), difference[single]
    share = float(small.sum()) / whole
    return ByBlocks(
        value=float((units * difference).sum() / whole),
        hybrid_p=float(np.sqrt(large + share**2 * _pooled(small, effects))),
        hybrid_m=float(np.sqrt(large + share**2 * _by_size(small, effects))),
        n=int(whole),
        blocks=int(both.sum()),
    )


def _per_arm(values: Floats, arms: list[np.ndarray], block: Codes, size: Codes) -> Floats:
    count = len(size)
    sums = [np.bincount(block[arm], values[arm], count) for arm in arms]
    return np.asarray(np.column_stack(sums) / np.maximum(size, 1), dtype=float)


def _pooled(size: Floats, effect: Floats) -> float:
    """Variance of the mean of blocks of several sizes (Pashley and Miratrix 2021, eq. 8)."""
    if not len(size):
        return 0.0
    whole = size.sum()
    rest = whole - 2 * size
    if (rest <= 0).any():
        # One block holds half of the units: nothing to compare it with.
        return float("nan")
    centre = (size * effect).sum() / whole
    weight = size**2 / (rest * (whole + (size**2 / rest).sum()))
    return float((weight * (effect - centre) ** 2).sum())


def _by_size(size: Floats, effect: Floats) -> float:
    """Variance of the mean when blocks are compared with those of their own size."""
    total = 0.0
    for one in np.unique(size):
        alike = effect[size == one]
        if len(alike) < 2:  # noqa: PLR2004 - a spread needs two
            return float("nan")
        total += (one * len(alike)) ** 2 * float(alike.var(ddof=1)) / len(alike)
    return total / float(size.sum()) ** 2 if len(size) else 0.0
