"""The units that one estimate rests on, and the regression on their arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Trial
from analysis.experiments.assignment import Flags
from analysis.experiments.estimators import Codes, Floats, Layout, Regression

_COLLINEAR = 1e-9


@dataclass(frozen=True)
class Sample:
    """Units of a trial without those that say nothing on an outcome.

    Attributes
    ----------
    name
        The outcome.
    kept
        Of all units of the trial, which are here.
    outcome, assigned, weight, received, reached, covariates
        As in the trial, of the units kept.
    block, cluster
        Codes from 0 without gaps; errors go together within a cluster.
    n, blocks
        Units, and blocks (0 when there are none).
    """

    name: str
    kept: Flags
    outcome: Floats
    assigned: Floats
    weight: Floats
    received: Floats | None
    reached: Floats | None
    covariates: Floats
    block: Codes
    cluster: Codes
    n: int
    blocks: int

    @classmethod
    def of(cls, trial: Trial, outcome: str, *, complete: bool = False) -> Sample:
        """Keep the units with the outcome, in blocks of two or more.

        Parameters
        ----------
        trial, outcome
            The trial, and the name of the outcome.
        complete
            Keep only units with every covariate.

        Raises
        ------
        DataError
            When an arm is empty among them.
        """
        kept = ~np.isnan(trial.outcomes[outcome])
        if complete:
            kept &= ~np.isnan(trial.covariates).any(axis=1)
        if trial.block is not None:
            kept &= np.bincount(trial.block, kept)[trial.block] > 1
        _check_arms(trial, kept, outcome)
        block = np.zeros(int(kept.sum()), dtype=np.int64)
        if trial.block is not None:
            block = _recode(trial.block[kept])
        # Without declared clusters errors go together in a block; without blocks, in a unit.
        together = next((c for c in (trial.cluster, trial.block) if c is not None), None)
        return cls(
            name=outcome,
            kept=kept,
            outcome=trial.outcomes[outcome][kept],
            assigned=trial.assigned[kept],
            weight=trial.weight[kept],
            received=None if trial.received is None else trial.received[kept],
            reached=None if trial.reached is None else trial.reached[kept],
            covariates=trial.covariates[kept],
            block=block,
            cluster=np.arange(len(block)) if together is None else _recode(together[kept]),
            n=len(block),
            blocks=0 if trial.block is None else int(block.max()) + 1,
        )

    def layout(self, *, weighted: bool = False) -> Layout:
        """Return where each unit stands, with its weight or without."""
        return Layout(self.block, self.cluster, self.weight if weighted else np.ones(self.n))


def regression_of(sample: Sample, how: str, names: list[str], *, weighted: bool) -> Regression:
    """Return the regression on the arm: alone, with covariates, or with interactions.

    Parameters
    ----------
    sample
        The units.
    how
        `ancova`: covariates; `lin`: covariates and their products with the arm, centred so
        that the arm's coefficient is its effect at their mean; anything else: neither.
    names
        Of the covariates.
    weighted
        By the units' weights.

    Raises
    ------
    DataError
        When a covariate repeats others, or too few units are left.

    References
    ----------
    Lin, W. (2013), Agnostic notes on regression adjustments to experimental data, *Annals
    of Applied Statistics* 7, 295–318.
    """
    layout = sample.layout(weighted=weighted)
    columns = [sample.assigned]
    if how in ("ancova", "lin"):
        mean = np.average(sample.covariates, axis=0, weights=layout.weight)
        centred = sample.covariates - mean
        columns += list(centred.T)
        if how == "lin":
            columns += list((centred * sample.assigned[:, None]).T)
    regressors = np.column_stack(columns)
    regression = Regression(layout, regressors)
    _check_rank(layout, regressors, names)
    if regression.residual_df < 1:
        raise DataError(
            "There are too few units for so many blocks and covariates.",
            where="{n} units, {blocks} blocks, {regressors} regressors",
            mend="Leave out covariates, or use larger blocks.",
            n=sample.n,
            blocks=layout.blocks,
            regressors=regressors.shape[1],
        )
    return regression


def _recode(codes: Codes) -> Codes:
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def _check_arms(trial: Trial, kept: Flags, outcome: str) -> None:
    arms = trial.assigned[kept]
    lacking = not len(arms) or arms.min() == arms.max()
    if not lacking and trial.block is not None:
        treated = np.bincount(trial.block[kept], arms)
        size = np.bincount(trial.block[kept], minlength=len(treated))
        lacking = not ((treated > 0) & (treated < size)).any()
    if lacking:
        raise DataError(
            "Nothing is left to compare for {outcome}: no block has both arms.",
            where="{kept} of {n} units have it",
            mend="Look for missing outcomes and covariates, and for the blocks of the draw.",
            outcome=outcome,
            kept=int(kept.sum()),
            n=len(kept),
        )


def _check_rank(layout: Layout, regressors: Floats, names: list[str]) -> None:
    swept = np.column_stack([layout.demean(column) for column in regressors.T])
    length = np.linalg.norm(swept, axis=0)
    size = np.maximum(np.linalg.norm(regressors, axis=0), 1e-300)
    scaled = swept / np.maximum(length, 1e-300)
    # What is left of a column once those before it are taken off.
    left = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    bad = (left < _COLLINEAR) | (length < _COLLINEAR * size)
    if bad.any():
        told = ["the arm", *names, *(f"{name} × arm" for name in names)]
        raise DataError(
            "A covariate says nothing that the blocks, the arm and the others do not say.",
            where="{bad}",
            mend="Leave it out.",
            bad=", ".join(told[i] for i in np.flatnonzero(bad)),
        )
