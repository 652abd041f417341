"""How probable it was that each unit was drawn, and the weights that make up for differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.experiments.analysis_spec import Trial
from analysis.experiments.assignment import Lottery
from analysis.experiments.estimation_sample import Sample
from analysis.experiments.estimators import Floats

# Known probabilities this far apart differ: block effects would weigh blocks otherwise than
# their units do.
APART = 0.02
# Shares that a draw with one probability for all would make this seldom come of several.
_SELDOM = 0.001
# Shares seldom enough to be told of, not to choose an estimator by.
_ODD = 0.05
_EQUAL = 1e-9


@dataclass(frozen=True)
class Chances:
    """Probabilities of being drawn.

    Attributes
    ----------
    values
        Per unit of the trial.
    known
        Whether a seal or a column says them; else they are the shares of the blocks.
    differ
        Whether they differ between units more than one draw for all would make them.
    doubtful
        Whether they are shares that one draw for all would seldom make, though it might.
    """

    values: Floats
    known: bool
    differ: bool
    doubtful: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest of blocks that have both arms."""
        inside = self.values[(self.values > 0) & (self.values < 1)]
        return float(inside.min()), float(inside.max())

    def inverse(self, sample: Sample) -> Floats:
        """Return the inverse-probability weights of the units of a sample.

        Notes
        -----
        Where units of a block were drawn with one probability, 1 / p(1 − p) for both arms:
        the coefficient is that of 1 / p and 1 / (1 − p), each block weighing as many units
        as it has, and the error is right with one control too. Otherwise 1 / p for the
        treated and 1 / (1 − p) for the controls (Hájek 1971).
        """
        p = self.values[sample.kept]
        inside = (p > 0) & (p < 1)
        # A block with one arm says nothing whatever its weight.
        p = np.where(inside, p, 0.5)
        order = np.lexsort((p, sample.block))
        same = np.diff(sample.block[order]) == 0
        if (np.diff(p[order])[same] < _EQUAL).all():
            return np.asarray(1 / (p * (1 - p)))
        return np.where(sample.assigned == 1, 1 / p, 1 / (1 - p))


def chances_of(trial: Trial, lottery: Lottery | None) -> Chances:
    """Return the probabilities of a trial: of its column, its seal, or its blocks' shares.

    Parameters
    ----------
    trial
        The trial.
    lottery
        The declared draw, units in the order of the trial; None where nothing is declared.
    """
    if trial.probability is not None or lottery is not None:
        p = trial.probability
        if p is None:
            assert lottery is not None
            p = lottery.share[lottery.block[lottery.member]]
        return Chances(p, known=True, differ=float(np.ptp(p)) > APART)
    block = np.zeros(len(trial.assigned), np.int64) if trial.block is None else trial.block
    drawn = np.arange(len(block)) if trial.cluster is None else trial.cluster
    pairs = np.unique(np.column_stack([block, drawn, trial.assigned.astype(np.int64)]), axis=0)
    size = np.bincount(pairs[:, 0])
    treated = np.bincount(pairs[:, 0], pairs[:, 2])
    share, all_in_all = treated / size, treated.sum() / size.sum()
    spread = size * all_in_all * (1 - all_in_all)
    far = float(((treated - size * all_in_all) ** 2 / spread).sum())
    seldom = float(stats.chi2.sf(far, max(len(size) - 1, 1)))
    differ = len(size) > 1 and seldom < _SELDOM
    return Chances(share[block], known=False, differ=differ, doubtful=not differ and seldom < _ODD)
