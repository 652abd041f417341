"""What estimates are adjusted for: columns for every outcome, and each outcome's own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.errors import DataError, some
from analysis.experiments.estimators import Floats


@dataclass(frozen=True)
class Adjusting:
    """Covariates of a trial, one value per unit, nan where missing.

    Attributes
    ----------
    columns
        Name → values: for every outcome; a category has a column of 0 and 1 for each of its
        values but the first.
    lagged
        Outcome → name and values of the same measure at an earlier election.
    """

    columns: Mapping[str, Floats] = field(default_factory=dict)
    lagged: Mapping[str, tuple[str, Floats]] = field(default_factory=dict)

    def names(self, outcome: str) -> list[str]:
        """Return the names of an outcome's covariates, its own past first."""
        own = [self.lagged[outcome][0]] if outcome in self.lagged else []
        return [*own, *(name for name in self.columns if name not in own)]

    def values(self, outcome: str, units: int) -> Floats:
        """Return an outcome's covariates: units × names."""
        known = dict(self.columns)
        if outcome in self.lagged:
            known |= [self.lagged[outcome]]
        return np.column_stack([np.empty((units, 0)), *(known[n] for n in self.names(outcome))])

    @property
    def varies(self) -> bool:
        """Whether any covariate tells units apart."""
        return any(len(np.unique(one[np.isfinite(one)])) > 1 for one in self.everything.values())

    @property
    def everything(self) -> dict[str, Floats]:
        """Name → values of all covariates, of whatever outcome."""
        return dict(self.columns) | dict(self.lagged.values())


def nothing_to_adjust(estimator: str, names: Sequence[str] = ()) -> DataError:
    """Return the error of a headline that nothing adjusts: no covariate, or the same everywhere."""
    return DataError(
        "There is nothing to adjust the headline for: {names} is the same everywhere."
        if names
        else "There is nothing to adjust the headline for.",
        where="estimator {estimator}",
        mend="Name covariates known before the draw, or an earlier election with --lag.",
        names=some(names),
        estimator=estimator,
    )
