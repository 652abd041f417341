"""A score per unit whose mean over the draws of a trial is the unit's own effect.

Sums of such scores tell the effect on any set of units, without a model of who answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from analysis.experiments.estimators import Codes, Floats

_PAIR = 2


@dataclass(frozen=True)
class Draw:
    """How arms were drawn among the units that are judged.

    Attributes
    ----------
    block
        Code of the block per unit, from 0 without gaps; all 0 when there are none.
    drawn
        Code per unit of what was drawn as one: a cluster, or the unit itself. Never in two
        blocks.
    """

    block: Codes
    drawn: Codes

    @classmethod
    def of(cls, block: Codes, cluster: Codes | None = None) -> Draw:
        """Lay out a draw; without clusters every unit is drawn by itself."""
        if cluster is None:
            return cls(_recode(block), np.arange(len(block)))
        pairs = block.astype(np.int64) * (int(cluster.max()) + 1) + cluster
        return cls(_recode(block), _recode(pairs))

    @cached_property
    def _block_of_drawn(self) -> Codes:
        found = np.zeros(int(self.drawn.max()) + 1, dtype=np.int64)
        found[self.drawn] = self.block
        return found

    @cached_property
    def size(self) -> Floats:
        """Number of draws of each block."""
        return np.bincount(self._block_of_drawn).astype(float)

    @cached_property
    def _alone(self) -> bool:
        """Whether every unit was drawn by itself: then sums over what was drawn are the units."""
        return np.array_equal(self.drawn, np.arange(len(self.drawn)))

    def _per_drawn(self, values: Floats) -> Floats:
        return values if self._alone else np.asarray(values @ self._to_drawn)

    def _per_unit(self, values: Floats) -> Floats:
        return values if self._alone else values[:, self.drawn]

    @cached_property
    def _to_drawn(self) -> sparse.csr_array:
        return _indicator(self.drawn)

    @cached_property
    def _to_block(self) -> sparse.csr_array:
        return _indicator(self._block_of_drawn)

    @cached_property
    def _units_to_block(self) -> sparse.csr_array:
        return _indicator(self.block)

    def effect(self, arms: Floats, outcome: Floats) -> Floats:
        """Return the effect of the arm within blocks by least squares, one per draw.

        Parameters
        ----------
        arms
            Draws × units, 0 or 1.
        outcome
            Units, or draws × units.
        """
        count = np.bincount(self.block)
        swept = arms - (arms @ self._units_to_block / count)[:, self.block]
        return np.asarray((swept * outcome).sum(axis=1) / (swept**2).sum(axis=1))

    def scores(self, arms: Floats, outcome: Floats, weight: Floats) -> Floats:
        """Return a score per unit whose mean over draws is the unit's own effect.

        Parameters
        ----------
        arms
            Draws × units, 0 or 1; arms of one draw as a row.
        outcome
            Value per unit (or draws × units).
        weight
            Positive weight per unit.

        Returns
        -------
        numpy.ndarray
            Draws × units, on the scale of the outcome.

        Notes
        -----
        The inverse-probability score with a constant effect taken off and the mean of the
        block as what is expected of a unit: τ + (z − p)(e − ē)/(p(1 − p)), e = y − zτ, and
        p the share of the block's draws that are treated. As the number of treated in a
        block of n is fixed, who else is treated depends on z, and differences within the
        block shrink by (n − 2)/(n − 1): they are stretched back. In a block of two they are
        not identified: both have the block's difference.
        """
        tau = self.effect(arms, outcome)[:, None]
        rest = outcome - tau * arms
        mass = np.bincount(self.drawn, weight)
        mean = self._per_drawn(rest * weight) / mass
        arm = self._per_drawn(arms) / np.bincount(self.drawn)
        share = (arm @ self._to_block / self.size)[:, self._block_of_drawn]
        spread = share * (1 - share)
        # A block with one arm says nothing of the effect.
        pull = np.where(spread > 0, (arm - share) / np.where(spread > 0, spread, 1), 0.0)
        swept = mean - (mean @ self._to_block / self.size)[:, self._block_of_drawn]
        own = pull * swept
        of_block = (own @ self._to_block / self.size)[:, self._block_of_drawn]
        stretch = np.where(
            self.size > _PAIR, (self.size - 1) / np.maximum(self.size - _PAIR, 1), 0.0
        )
        own = of_block + stretch[self._block_of_drawn] * (own - of_block)
        inside = self._per_unit(pull) * (rest - self._per_unit(mean))
        return np.asarray(tau + self._per_unit(own) + inside)


def together(block: Codes | None, cluster: Codes | None, units: int) -> Codes:
    """Return the groups of units that are independent of one another.

    Blocks, when there are any: with one control the arms of a block hang together. Clusters
    that reach across blocks join them.

    Parameters
    ----------
    block, cluster
        Codes per unit; None where there are none.
    units
        Their number.

    Returns
    -------
    numpy.ndarray of int
        One code per unit, from 0 without gaps.
    """
    if block is None:
        return np.arange(units) if cluster is None else _recode(cluster)
    if cluster is None:
        return _recode(block)
    blocks = int(block.max()) + 1
    ends = (np.ones(units), (block, blocks + cluster))
    size = blocks + int(cluster.max()) + 1
    found = connected_components(sparse.coo_array(ends, shape=(size, size)), directed=False)[1]
    return _recode(found[block])


def _recode(codes: Codes) -> Codes:
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def _indicator(codes: Codes) -> sparse.csr_array:
    rows = np.arange(len(codes))
    return sparse.csr_array((np.ones(len(codes)), (rows, codes)))
