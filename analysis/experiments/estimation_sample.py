"""The units that one estimate rests on, and the regression on their arms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec, Trial
from analysis.experiments.assignment import Flags
from analysis.experiments.estimators import Codes, Floats, Kind, Layout, Regression

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
        As in the trial, of the units kept; covariates are those of the outcome.
    names
        Of the covariates.
    block, cluster
        Codes from 0 without gaps; errors go together within a cluster.
    drawn
        Codes from 0 of what was drawn as one, or the unit itself.
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
    names: tuple[str, ...]
    block: Codes
    cluster: Codes
    drawn: Codes
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

        Returns
        -------
        Sample
            The units kept, in their order.

        Raises
        ------
        DataError
            When an arm is empty among them.
        """
        kept = ~np.isnan(trial.outcomes[outcome])
        covariates = trial.adjusting.values(outcome, len(kept))
        if complete:
            kept &= ~np.isnan(covariates).any(axis=1)
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
            covariates=covariates[kept],
            names=tuple(trial.adjusting.names(outcome)),
            block=block,
            cluster=np.arange(len(block)) if together is None else _recode(together[kept]),
            drawn=np.arange(len(block)) if trial.cluster is None else _recode(trial.cluster[kept]),
            n=len(block),
            blocks=0 if trial.block is None else int(block.max()) + 1,
        )

    def layout(self, *, weighted: bool = False, inverse: Floats | None = None) -> Layout:
        """Return where each unit stands, with its weight or without.

        Parameters
        ----------
        weighted
            By the units' weights.
        inverse
            By these weights too, one per unit.
        """
        weight = self.weight if weighted else np.ones(self.n)
        return Layout(self.block, self.cluster, weight if inverse is None else weight * inverse)

    @property
    def alone(self) -> bool:
        """Whether a unit is alone in its arm of a block that has both."""
        cell = np.bincount(2 * self.block + (self.assigned == 1), minlength=2 * max(self.blocks, 1))
        arms = cell.reshape(-1, 2)
        return bool((arms.min(axis=1) == 1).any())

    def kind(self, spec: Spec) -> Kind:
        """Return the standard error that intervals and p-values come from.

        The one asked for. By default CR2 with clusters and HC1 without, except where a unit is
        alone in its arm of a block: the estimate then rests on few units, for which HC1 is too
        small and its degrees of freedom too many (MacKinnon and White 1985).
        """
        if not spec.std_error and not spec.cluster and self.alone:
            return "HC2"
        return spec.kind

    @property
    def nested(self) -> bool:
        """Whether what was drawn as one never lies in two blocks."""
        blocks = np.zeros(int(self.drawn.max()) + 1, dtype=np.int64)
        blocks[self.drawn] = self.block
        return bool((blocks[self.drawn] == self.block).all())

    def without_repeats(self) -> tuple[Sample, tuple[str, ...]]:
        """Leave out covariates that blocks, the arm and those before them say already.

        Returns
        -------
        tuple
            The sample without them, and their names.
        """
        bad = _repeated(self.layout(), np.column_stack([self.assigned, self.covariates]))[1:]
        kept = tuple(name for name, gone in zip(self.names, bad, strict=True) if not gone)
        lost = tuple(name for name in self.names if name not in kept)
        return replace(self, covariates=self.covariates[:, ~bad], names=kept), lost


def regression_of(
    sample: Sample, how: str, *, weighted: bool = False, inverse: Floats | None = None
) -> Regression:
    """Return the regression on the arm: alone, with covariates, or with interactions.

    Parameters
    ----------
    sample
        The units, without covariates that repeat others.
    how
        `ancova`: covariates; `lin`: covariates and their products with the arm, centred so
        that the arm's coefficient is its effect at their mean; anything else: neither.
    weighted, inverse
        By the units' weights; by the inverse of their probabilities.

    Returns
    -------
    Regression
        Its first coefficient is the arm's.

    Raises
    ------
    DataError
        When blocks say the arm already, or too few units are left.

    References
    ----------
    Lin, W. (2013), Agnostic notes on regression adjustments to experimental data, *Annals
    of Applied Statistics* 7, 295–318.
    """
    layout = sample.layout(weighted=weighted, inverse=inverse)
    columns = [sample.assigned]
    if how in ("ancova", "lin"):
        mean = np.average(sample.covariates, axis=0, weights=layout.weight)
        centred = sample.covariates - mean
        columns += list(centred.T)
        if how == "lin":
            columns += list((centred * sample.assigned[:, None]).T)
    regressors = np.column_stack(columns)
    if layout.blocks + regressors.shape[1] >= sample.n:
        raise DataError(
            "There are too few units for so many blocks and covariates.",
            where="{n} units, {blocks} blocks, {regressors} regressors",
            mend="Leave out covariates, or use larger blocks.",
            n=sample.n,
            blocks=layout.blocks,
            regressors=regressors.shape[1],
        )
    # A category seen in one arm only has no product with the arm.
    regressors = regressors[:, ~_repeated(layout, regressors)]
    return Regression(layout, regressors)


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
            where="{kept} of {n} units have it and all that it is adjusted for",
            mend="Look for missing outcomes and covariates, and for the blocks of the draw.",
            outcome=outcome,
            kept=int(kept.sum()),
            n=len(kept),
        )


def _repeated(layout: Layout, regressors: Floats) -> Flags:
    """Tell the columns of which nothing is left once blocks and those before are taken off."""
    swept = np.column_stack([layout.demean(column) for column in regressors.T])
    length = np.linalg.norm(swept, axis=0)
    size = np.maximum(np.linalg.norm(regressors, axis=0), 1e-300)
    scaled = swept / np.maximum(length, 1e-300)
    bad = length < _COLLINEAR * size
    kept: list[int] = []
    for place in np.flatnonzero(~bad):
        basis = np.linalg.qr(scaled[:, kept])[0] if kept else scaled[:, :0]
        left = scaled[:, place] - basis @ (basis.T @ scaled[:, place])
        if np.linalg.norm(left) < _COLLINEAR:
            bad[place] = True
        else:
            kept.append(int(place))
    return np.asarray(bad)
