"""A ranking of units, and what each of them counts in the areas under its TOC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.experiments.estimators import Codes, Floats


@dataclass(frozen=True)
class Order:
    """A ranking of units, and what each score counts in the areas under its TOC.

    Attributes
    ----------
    value
        One number per unit, the largest first; equal numbers share their places.
    weight
        Positive weight per unit.
    """

    value: Floats
    weight: Floats

    @cached_property
    def _tie(self) -> Codes:
        """Code of each unit's place, 0 first."""
        return np.asarray(np.unique(-self.value, return_inverse=True)[1], dtype=np.int64)

    @cached_property
    def _sorted(self) -> Codes:
        return np.argsort(self._tie, kind="stable")

    def _shared(self, column: Floats) -> Floats:
        """Give units of one place the mean of the place."""
        count = np.bincount(self._tie)
        return np.asarray((np.bincount(self._tie, column) / count)[self._tie], dtype=float)

    @cached_property
    def _mass(self) -> Floats:
        return self._shared(self.weight)[self._sorted]

    def _to_units(self, ranked: Floats) -> Floats:
        """Bring a column in the order of ranks back to units, the mean of a place each."""
        back = np.empty(len(ranked))
        back[self._sorted] = ranked
        return self._shared(back)

    @cached_property
    def autoc_weights(self) -> Floats:
        """AUTOC is the sum of these times the scores; they sum to 0."""
        w = self._mass
        slope = (_from_here(w / np.cumsum(w)) - 1) / w.sum()
        return np.asarray(self.weight * self._to_units(slope))

    @cached_property
    def qini_weights(self) -> Floats:
        """Qini is the sum of these times the scores; they sum to 0."""
        w = self._mass
        whole = w.sum()
        slope = _from_here(w) / whole**2 - (w * np.cumsum(w)).sum() / whole**3
        return np.asarray(self.weight * self._to_units(slope))

    def toc_weights(self, share: float) -> Floats:
        """TOC at a share is the sum of these times the scores.

        A place that the share cuts through counts in part, all its units alike.
        """
        whole = self.weight.sum()
        mass = np.bincount(self._tie, self.weight)
        before = np.cumsum(mass) - mass
        part = np.clip((share * whole - before) / mass, 0, 1)
        return np.asarray(self.weight * (part[self._tie] / share - 1) / whole)


def _from_here(column: Floats) -> Floats:
    """Sum from each place to the last."""
    return np.asarray(np.cumsum(column[::-1])[::-1])
