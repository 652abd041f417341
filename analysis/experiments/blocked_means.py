"""The effect as a mean of the blocks' own differences, each weighing as many units as it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.experiments.estimators import Codes, Floats

# As many treated as expected, but for rounding.
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class ByBlocks:
    """Mean of the blocks' differences.

    Attributes
    ----------
    value
        Mean of treated − control within blocks, weighted by the blocks' units.
    hybrid_p, hybrid_m
        Standard errors. Blocks in which each arm was drawn twice or more give their own
        variance; the others are compared with one another: all together (p), or those of
        one size (m). Missing (nan) where such blocks are too few.
    df_p, df_m
        Degrees of freedom of both; nan where the error is.
    n, blocks
        Units and blocks counted: those with both arms.
    """

    value: float
    hybrid_p: float
    hybrid_m: float
    df_p: float
    df_m: float
    n: int
    blocks: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Variance of some blocks' share of the mean, and its degrees of freedom."""

    variance: float = 0.0
    df: float = 1.0


def by_blocks(
    outcome: Floats, assigned: Floats, block: Codes, cluster: Codes | None = None
) -> ByBlocks:
    """Estimate the mean difference over blocks and its two hybrid standard errors.

    Parameters
    ----------
    outcome, assigned, block
        Value, arm (0 or 1) and code of the block, per unit.
    cluster
        Code of what was drawn as one, within one block each; None: every unit by itself.

    Returns
    -------
    ByBlocks
        In the unit of `outcome`.

    Notes
    -----
    The variance of an arm's mean is that of the means without one of its draws (jackknife):
    s²/n for units, and unbiased for clusters of any size where units of one are alike.
    Degrees of freedom are those of the design: draws − 2 · blocks where each arm was drawn
    twice or more, blocks − 1 where not, Satterthwaite's mixture of both otherwise.

    References
    ----------
    Pashley, N. E., and Miratrix, L. W. (2021), Insights on variance estimation for blocked
    and matched pairs designs, *Journal of Educational and Behavioral Statistics* 46, 271–296.
    Satterthwaite, F. E. (1946), An approximate distribution of estimates of variance
    components, *Biometrics Bulletin* 2, 110–114.
    """
    drawn = np.arange(len(block)) if cluster is None else cluster
    count = int(block.max()) + 1
    treated = assigned == 1
    cell = 2 * block + treated
    units = np.bincount(cell, minlength=2 * count).astype(float)
    means = np.bincount(cell, outcome, 2 * count) / np.maximum(units, 1)
    sums = np.bincount(drawn, outcome - means[cell])
    cell_of = np.zeros(len(sums), dtype=np.int64)
    cell_of[drawn] = cell
    draws = np.bincount(cell_of, minlength=2 * count).astype(float)
    others = np.maximum(units[cell_of] - np.bincount(drawn), 1)
    spread = np.bincount(cell_of, (sums / others) ** 2, 2 * count)
    own = (draws - 1) / np.maximum(draws, 1) * spread
    size, draws, means, own = (one.reshape(-1, 2) for one in (units, draws, means, own))
    both = (size > 0).all(axis=1)
    weight, effects = size[both].sum(axis=1), (means[:, 1] - means[:, 0])[both]
    draws, own = draws[both], own[both]
    whole = float(weight.sum())
    large = (draws > 1).all(axis=1)
    within = _Part(
        float((weight[large] ** 2 * own[large].sum(axis=1)).sum()) / whole**2,
        float((draws[large].sum(axis=1) - 2).sum()),
    )
    across = [
        part(weight[~large], effects[~large], float(weight[~large].sum()) / whole)
        for part in (_pooled, _by_size)
    ]
    (p, df_p), (m, df_m) = (_joined(within, part) for part in across)
    value = float((weight * effects).sum() / whole)
    return ByBlocks(value, p, m, df_p, df_m, int(whole), int(both.sum()))


def _joined(within: _Part, across: _Part) -> tuple[float, float]:
    """Return the standard error of both parts together, and its degrees of freedom."""
    variance = within.variance + across.variance
    if np.isnan(variance):
        return float("nan"), float("nan")
    if variance == 0:
        return float(np.sqrt(variance)), within.df if within.df > 0 else across.df
    lost = sum(part.variance**2 / part.df for part in (within, across) if part.variance > 0)
    return float(np.sqrt(variance)), float(variance**2 / lost)


def _pooled(size: Floats, effect: Floats, share: float) -> _Part:
    """Compare blocks of several sizes with one another (Pashley and Miratrix 2021, eq. 8)."""
    if not len(size):
        return _Part()
    whole = size.sum()
    rest = whole - 2 * size
    if (rest <= 0).any():
        # One block holds half of the units: nothing to compare it with.
        return _Part(float("nan"), float("nan"))
    centre = (size * effect).sum() / whole
    weight = size**2 / (rest * (whole + (size**2 / rest).sum()))
    variance = float((weight * (effect - centre) ** 2).sum())
    return _Part(share**2 * variance, float(len(size) - 1))


def _by_size(size: Floats, effect: Floats, share: float) -> _Part:
    """Compare blocks with those of their own size."""
    if not len(size):
        return _Part()
    total, df = 0.0, 0.0
    for one in np.unique(size):
        alike = effect[size == one]
        if len(alike) < 2:  # noqa: PLR2004 - a spread needs two
            return _Part(float("nan"), float("nan"))
        total += (one * len(alike)) ** 2 * float(alike.var(ddof=1)) / len(alike)
        df += len(alike) - 1
    return _Part(share**2 * total / float(size.sum()) ** 2, df)


def horvitz_thompson(
    outcome: Floats,
    assigned: Floats,
    probability: Floats,
    block: Codes,
    cluster: Codes | None = None,
) -> ByBlocks:
    """Estimate the mean effect by inverse probabilities, without dividing by their sum.

    Parameters
    ----------
    outcome, assigned, probability, block, cluster
        Per unit, as for `by_blocks`; probability of being drawn, between 0 and 1.

    Returns
    -------
    ByBlocks
        `hybrid_p` and `hybrid_m` are its standard errors. In blocks that hold exactly the
        expected number of treated it is the mean of blocks, with its errors; other blocks are
        taken as drawn unit by unit (or cluster by cluster), whose variance is bounded by
        Σ z(y/p)² + (1 − z)(y/(1 − p))².

    References
    ----------
    Horvitz, D. G., and Thompson, D. J. (1952), A generalization of sampling without
    replacement from a finite universe, *Journal of the American Statistical Association* 47.
    Aronow, P. M., and Middleton, J. A. (2013), A class of unbiased estimators of the average
    treatment effect in randomized experiments, *Journal of Causal Inference* 1, 135–154.
    """
    drawn = np.arange(len(block)) if cluster is None else cluster
    expected, found = np.bincount(block, probability), np.bincount(block, assigned)
    fixed = (np.abs(expected - found) < _EXACT)[block]
    alone = ~fixed
    parts = outcome * np.where(assigned == 1, 1 / probability, -1 / (1 - probability))
    sums = np.bincount(drawn[alone], parts[alone]) if alone.any() else np.zeros(1)
    n = len(outcome)
    own = _Part(float((sums**2).sum()) / n**2, float(max(int(np.count_nonzero(sums)), 1)))
    total = float(parts[alone].sum())
    if not fixed.any():
        error = float(np.sqrt(own.variance))
        return ByBlocks(total / n, error, error, own.df, own.df, n, int(block.max()) + 1)
    codes = (np.unique(one[fixed], return_inverse=True)[1] for one in (block, drawn))
    rest = by_blocks(outcome[fixed], assigned[fixed], *codes)
    share = rest.n / n
    (p, df_p), (m, df_m) = (
        _joined(_Part((share * error) ** 2, df), own)
        for error, df in ((rest.hybrid_p, rest.df_p), (rest.hybrid_m, rest.df_m))
    )
    value = share * rest.value + total / n
    return ByBlocks(value, p, m, df_p, df_m, n, int(block.max()) + 1)
