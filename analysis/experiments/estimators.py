"""Least squares with block effects swept out, and the standard errors of one coefficient.

The coefficient asked for is always that of the first regressor: the arm. Every standard
error is the length of a vector of scores, and scores are linear in the residuals; so one
formula serves the regression, the instrumented ratio and Anderson and Rubin's interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Kind = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR2"]

KINDS: tuple[Kind, ...] = ("HC0", "HC1", "HC2", "HC3", "CR2")
# Below this a direction of the residuals is one that block effects have swept out.
_ZERO = 1e-9
# With fewer degrees of freedom Satterthwaite's t is no guide (Tipton 2015 warns below 4).
LEAST_DF = 1.5
# With more clusters than these, degrees of freedom are many, or few of one arm are alone.
_COMPARED = 1000
# Share of the coefficient's variance that CR2 must see; it is 1 unless a cluster is fitted exactly.
_SEEN = 0.99


@dataclass(frozen=True)
class Layout:
    """Where each row stands.

    Attributes
    ----------
    block
        Code of its block, 0 … number of blocks − 1; all 0 when there are none.
    cluster
        Code of the group whose errors may go together; a row by itself: its own code.
    weight
        Positive weight; 1 each when none are asked for.
    """

    block: Codes
    cluster: Codes
    weight: Floats

    @classmethod
    def of(cls, size: int, *, block: Codes | None = None, cluster: Codes | None = None) -> Layout:
        """Lay out `size` rows without weights; without `cluster` each row is its own.

        Parameters
        ----------
        size
            Rows.
        block, cluster
            Codes per row, from 0 without gaps; without `block` all rows are one.

        Returns
        -------
        Layout
            All weights 1.
        """
        return cls(
            np.zeros(size, dtype=np.int64) if block is None else block,
            np.arange(size, dtype=np.int64) if cluster is None else cluster,
            np.ones(size),
        )

    @cached_property
    def blocks(self) -> int:
        """Number of blocks, one for no blocks at all: the absorbed effects."""
        return int(self.block.max()) + 1

    @cached_property
    def mass(self) -> Floats:
        """Sum of the weights of each block."""
        return np.asarray(np.bincount(self.block, self.weight, self.blocks), dtype=float)

    @cached_property
    def block_of_cluster(self) -> Codes | None:
        """Block of each cluster; None where one lies in several."""
        found = np.zeros(int(self.cluster.max()) + 1, dtype=np.int64)
        found[self.cluster] = self.block
        return found if np.array_equal(found[self.cluster], self.block) else None

    @cached_property
    def alike(self) -> list[tuple[Codes, Codes]]:
        """Clusters with as many rows and as many blocks, in batches.

        Returns
        -------
        list of (rows, local)
            Both clusters × rows of one: where they are, and which of its blocks each is of.
        """
        order = np.lexsort((self.block, self.cluster))
        cluster, block = self.cluster[order], self.block[order]
        first = np.r_[True, cluster[1:] != cluster[:-1]]
        fresh = first | np.r_[True, block[1:] != block[:-1]]
        starts = np.flatnonzero(first)
        sizes = np.diff(np.r_[starts, len(order)])
        running = np.cumsum(fresh) - 1
        local = running - np.repeat(running[starts], sizes)
        # No cluster touches more blocks than it has rows: one number tells both.
        kinds = sizes * (len(order) + 1) + np.maximum.reduceat(local, starts)
        batches = []
        for kind in np.unique(kinds):
            chosen = starts[kinds == kind]
            at = chosen[:, None] + np.arange(kind // (len(order) + 1))
            batches.append((order[at], local[at]))
        return batches

    @cached_property
    def by_unit(self) -> Layout:
        """The same rows, each its own cluster."""
        return replace(self, cluster=np.arange(len(self.block)))

    def demean(self, column: Floats) -> Floats:
        """Take the weighted mean of its block from every value."""
        means = np.bincount(self.block, self.weight * column, self.blocks) / self.mass
        return np.asarray(column - means[self.block])


@dataclass(frozen=True)
class Regression:
    """Regression of any outcome on regressors and block effects.

    Attributes
    ----------
    layout
        Blocks, clusters and weights of the rows.
    regressors
        n × k; the first column is the one whose coefficient is asked for.
    """

    layout: Layout
    regressors: Floats

    @cached_property
    def _root(self) -> Floats:
        return np.sqrt(self.layout.weight)

    @cached_property
    def _swept(self) -> Floats:
        columns = [self.layout.demean(column) for column in self.regressors.T]
        return np.column_stack(columns) * self._root[:, None]

    @cached_property
    def _inverse(self) -> Floats:
        return np.asarray(np.linalg.inv(self._swept.T @ self._swept), dtype=float)

    @cached_property
    def _direction(self) -> Floats:
        """What each residual contributes to the error of the first coefficient."""
        return np.asarray(self._swept @ self._inverse[:, 0])

    @cached_property
    def leverage(self) -> Floats:
        """Diagonal of the hat matrix, block effects included."""
        own = np.einsum("ij,jk,ik->i", self._swept, self._inverse, self._swept)
        return np.asarray(own + self.layout.weight / self.layout.mass[self.layout.block])

    @property
    def residual_df(self) -> int:
        """Rows less regressors less absorbed block effects."""
        return self._swept.shape[0] - self._swept.shape[1] - self.layout.blocks

    def coefficients(self, outcome: Floats) -> Floats:
        """Return the k coefficients for one outcome."""
        return np.asarray(self._inverse @ (self._swept.T @ self._scaled(outcome)))

    def residuals(self, outcome: Floats) -> Floats:
        """Return the residuals, times the square root of the weights."""
        scaled = self._scaled(outcome)
        return np.asarray(scaled - self._swept @ (self._inverse @ (self._swept.T @ scaled)))

    def scores(self, outcome: Floats, kind: Kind) -> Floats:
        """Return the vector whose length is the standard error of the first coefficient.

        Linear in `outcome`: scores(y − b·d) = scores(y) − b·scores(d).
        """
        return self._scores(self.residuals(outcome), kind)

    def _scores(self, residuals: Floats, kind: Kind) -> Floats:
        if kind in ("CR0", "CR2"):
            pull = self._adjusted if kind == "CR2" else self._direction
            if kind == "CR2" and not self._cr2[0] > _SEEN * self._inverse[0, 0]:
                # Clusters that are fitted exactly have no residuals: their part is not seen.
                return np.full(int(self.layout.cluster.max()) + 1, np.nan)
            return np.asarray(np.bincount(self.layout.cluster, pull * residuals), dtype=float)
        return self._pull(kind) * residuals

    def std_errors(self, outcome: Floats) -> dict[str, float]:
        """Return every standard error of the first coefficient.

        Notes
        -----
        HC1 counts the absorbed effects: n / (n − k − blocks). HC2 and HC3 use the full
        leverage (MacKinnon and White 1985). CR2 is Bell and McCaffrey's (2002), with
        absorbed effects in the hat matrix (Pustejovsky and Tipton 2018).
        """
        kinds: tuple[Kind, ...] = ("classical", *KINDS[:4], "CR0", "CR2")
        residuals = self.residuals(outcome)
        return {kind: length(self._scores(residuals, kind)) for kind in kinds}

    def _scaled(self, outcome: Floats) -> Floats:
        return self.layout.demean(outcome) * self._root

    def _pull(self, kind: Kind) -> Floats:
        if kind == "classical":
            return np.full(len(self._root), np.sqrt(self._inverse[0, 0] / self.residual_df))
        if kind == "HC1":
            return self._direction * np.sqrt(len(self._root) / self.residual_df)
        power: Mapping[str, float] = {"HC0": 0.0, "HC2": 0.5, "HC3": 1.0}
        rest = 1 - self.leverage
        # A row that is fitted exactly has no residual to be scaled: undefined, unless it is by
        # its own dummy, and tells nothing of the arm.
        told = np.abs(self._direction) > _ZERO * np.sqrt(self._inverse[0, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            pull = np.where(rest > _ZERO, self._direction / rest ** power[kind], np.nan)
        return np.where(told, pull, 0.0)

    @cached_property
    def _adjusted(self) -> Floats:
        """The direction, each cluster's part times (I − H)^(−1/2) of that cluster.

        H of a cluster is Q Qᵀ with few columns (its blocks and the regressors), so the
        root follows from the singular values of Q; where one is 1 the block effect has
        swept the direction out, and the pseudo-inverse leaves it out.
        """
        layout = self.layout
        adjusted = self._direction.copy()
        half = self._swept @ np.linalg.cholesky(self._inverse)
        share = self._root / np.sqrt(layout.mass[layout.block])
        for rows, local in layout.alike:
            inside = share[rows][..., None] * (local[..., None] == np.arange(local.max() + 1))
            hat = np.concatenate([inside, half[rows]], axis=2)
            left, singular, _ = np.linalg.svd(hat, full_matrices=False)
            rest = 1 - singular**2
            factor = np.where(rest > _ZERO, 1 / np.sqrt(np.where(rest > _ZERO, rest, 1)), 0.0) - 1
            part = np.einsum("gnr,gn->gr", left, adjusted[rows]) * factor
            adjusted[rows] += np.einsum("gnr,gr->gn", left, part)
        return adjusted

    @property
    def satterthwaite_df(self) -> float:
        """Degrees of freedom of the CR2 error under a working model of equal variances."""
        seen, squares = self._cr2
        return seen**2 / squares if seen > _ZERO * self._inverse[0, 0] else 0.0

    @cached_property
    def _cr2(self) -> tuple[float, float]:
        """Mean of the CR2 variance under equal variances of 1, and half its variance."""
        layout, pull = self.layout, self._adjusted
        own = np.bincount(layout.cluster, pull**2)
        groups = len(own)
        share = pull * self._root / np.sqrt(layout.mass[layout.block])
        half = np.linalg.cholesky(self._inverse)
        sums = [np.bincount(layout.cluster, pull * c, groups) for c in (self._swept @ half).T]
        slopes = np.asarray(np.column_stack(sums), dtype=float)
        of_blocks, between, along = self._by_block(share, slopes)
        # Row sums of squares, not the groups × groups matrix: there may be thousands.
        lost = of_blocks + (slopes**2).sum(axis=1)
        squares = (
            (own**2).sum()
            - 2 * (own * lost).sum()
            + between
            + 2 * (along**2).sum()
            + ((slopes.T @ slopes) ** 2).sum()
        )
        return float((own - lost).sum()), float(squares)

    def _by_block(self, share: Floats, slopes: Floats) -> tuple[Floats, float, Floats]:
        """Return what B, the sums of `share` by cluster and block (clusters × blocks), stands for.

        Returns
        -------
        tuple
            Row sums of the squares of B, the sum of the squares of BᵀB, and Bᵀ · slopes.
        """
        layout, groups = self.layout, len(slopes)
        if (block := layout.block_of_cluster) is not None:
            # One number a row: thousands of fits would mostly set up matrices.
            one = np.asarray(np.bincount(layout.cluster, share, groups), dtype=float)
            apart = np.bincount(block, one * one, layout.blocks)
            along = [np.bincount(block, one * column, layout.blocks) for column in slopes.T]
            return one * one, float((apart**2).sum()), np.column_stack(along)
        places, shape = (layout.cluster, layout.block), (groups, layout.blocks)
        blocks = sparse.csr_array((share, places), shape=shape)
        squares = np.asarray(blocks.multiply(blocks).sum(axis=1)).ravel()
        return squares, float(((blocks.T @ blocks).power(2)).sum()), blocks.T @ slopes

    @cached_property
    def together_df(self) -> float:
        """Degrees of freedom of the CR2 error were all units of a cluster to err as one.

        Imbens and Kolesár (2016) estimate how alike units of a cluster are; with few clusters
        that is a guess, and this is the end of its range where unequal clusters count.
        """
        layout, pull = self.layout, self._adjusted
        groups = int(layout.cluster.max()) + 1
        if groups == len(pull) or groups > _COMPARED:
            return self.satterthwaite_df
        share = self._root / np.sqrt(layout.mass[layout.block])
        half = self._swept @ np.linalg.cholesky(self._inverse)

        def sums(factor: Floats) -> Floats:
            cells = layout.cluster * layout.blocks + layout.block
            inside = np.bincount(cells, share * factor, groups * layout.blocks)
            slopes = [np.bincount(layout.cluster, factor * c, groups) for c in half.T]
            return np.column_stack([inside.reshape(groups, layout.blocks), *slopes])

        own = np.diag(np.bincount(layout.cluster, pull))
        felt = own - sums(np.ones(len(pull))) @ sums(pull).T
        variance = felt.T @ felt
        seen, squares = float(np.trace(variance)), float((variance**2).sum())
        # Where clusters are the blocks, block effects have swept out all that is common.
        if seen <= _ZERO * float((pull**2).sum()):
            return self.satterthwaite_df
        return seen**2 / squares

    @property
    def least_df(self) -> float:
        """Degrees of freedom that a CR2 error has, however alike units of a cluster are."""
        return min(self.satterthwaite_df, self.together_df)

    def df(self, kind: Kind) -> float:
        """Return the degrees of freedom to read a standard error of this kind with.

        Missing (nan) for HC2 and CR2 where they are fewer than `LEAST_DF`: then there is no
        interval. HC2 is CR2 of units that err each on its own (Bell and McCaffrey 2002).
        """
        if kind not in ("HC2", "CR2"):
            return float(self.residual_df)
        found = self.least_df if kind == "CR2" else self.by_unit.satterthwaite_df
        return found if found >= LEAST_DF else float("nan")

    @cached_property
    def by_unit(self) -> Regression:
        """The same regression, each unit its own cluster."""
        return Regression(self.layout.by_unit, self.regressors)


def length(scores: Floats) -> float:
    """Return the standard error that a vector of scores stands for."""
    return float(np.sqrt((scores**2).sum()))


@lru_cache(256)
def student_quantile(chance: float, df: float) -> float:
    """Return a quantile of Student's t; of thousands of trials of one design it is the same."""
    return float(stats.t.ppf(chance, df))


def interval(value: float, error: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Return value ± t · error.

    Parameters
    ----------
    value, error
        Of one unit.
    df
        Degrees of freedom of Student's t.
    level
        Chance of holding the truth, 0 to 1.

    Returns
    -------
    tuple of float
        Lower and upper end, in the unit of `value`.
    """
    half = student_quantile((1 + level) / 2, df) * error
    return value - half, value + half


def p_value(value: float, error: float, df: float) -> float:
    """Return the two-sided p-value of no effect; nan where the error or its df is not known.

    Parameters
    ----------
    value, error
        Of one unit.
    df
        Degrees of freedom of Student's t.

    Returns
    -------
    float
        0 to 1.
    """
    if np.isnan(df):
        return float("nan")
    if not error > 0:
        # Nothing varies: either exactly no effect, or one without any doubt.
        return float(value == 0) if error == 0 else float("nan")
    return float(2 * stats.t.sf(abs(value) / error, df))
