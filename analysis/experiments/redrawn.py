"""The tests of a trial by drawing again: plain, adjusted, weighted; outcomes judged in families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Trial
from analysis.experiments.assignment import Lottery
from analysis.experiments.chances import Chances
from analysis.experiments.estimates import Estimate
from analysis.experiments.estimation_sample import Sample
from analysis.experiments.estimators import Floats, Layout
from analysis.experiments.randomisation import Observed, RandomisationTest, randomisation_test


@dataclass(frozen=True)
class Tests:
    """Tests of no effect, by how the outcomes were made comparable.

    Attributes
    ----------
    plain
        Differences within blocks.
    adjusted
        Of what covariates leave of the outcomes; None without covariates.
    inverse
        Weighted by inverse probability; None where nobody asked.
    """

    plain: RandomisationTest
    adjusted: RandomisationTest | None = None
    inverse: RandomisationTest | None = None

    def given_to(self, estimate: Estimate, *, corrected: bool) -> Estimate:
        """Give an estimate of assignment, or a ratio of it, its p-values by drawing again.

        Parameters
        ----------
        estimate
            Any.
        corrected
            Whether the p-value among several outcomes is promised.
        """
        test = {
            "block_fixed_effects": self.plain,
            "difference_in_means": self.plain,
            "ancova": self.adjusted,
            "ipw": self.inverse,
        }.get(estimate.estimator)
        if test is None or estimate.estimand == "first_stage":
            return estimate
        # No effect of the draw at all is the same hypothesis for the ratios.
        young = test.value(estimate.outcome, "westfall_young") if corrected else None
        p = test.value(estimate.outcome)
        return replace(estimate, p_randomisation=p, p_westfall_young=young)


def redrawn(  # noqa: PLR0913 - what was seen, chance, what is asked
    trial: Trial,
    lottery: Lottery,
    rng: np.random.Generator | None,
    draws: int,
    *,
    families: Sequence[Sequence[str]],
    chances: Chances | None,
) -> Tests:
    """Test every outcome by drawing the arms again.

    Parameters
    ----------
    trial, lottery
        What was seen, and how it was drawn; units in one order.
    rng, draws
        For the draws.
    families
        Outcomes that are judged together: those of the plan, and the others.
    chances
        Probabilities to weigh by inversely; None for no such test.

    Returns
    -------
    Tests
        What the draws say of each outcome.

    Raises
    ------
    DataError
        Without a generator, or when the arms are not a possible draw.
    """
    if rng is None:
        raise DataError("Draws need a seed.", mend="Give --seed, any whole number.")
    units = len(trial.assigned)
    block = np.zeros(units, np.int64) if trial.block is None else trial.block
    seen = Observed(trial.assigned, trial.outcomes, block, np.ones(units))

    def tested(observed: Observed, level: float | None) -> RandomisationTest:
        found = [
            randomisation_test(lottery, _of(observed, names), rng=rng, draws=draws, level=level)
            for names in families
            if names
        ]
        null = {name: values for one in found for name, values in one.null.items()}
        table = pd.concat([one.table for one in found], ignore_index=True)
        return RandomisationTest(table, null, found[0].draws, found[0].exact)

    plain, adjusted, inverse = tested(seen, 0.95), None, None
    if trial.adjusting.everything:
        adjusted = tested(replace(seen, outcomes=left_of(trial)), None)
    if chances is not None:
        weight = np.ones(units)
        for name in trial.outcomes:
            sample = Sample.of(trial, name)
            weight[sample.kept] = chances.inverse(sample)
        inverse = tested(replace(seen, weight=weight), 0.95)
    return Tests(plain, adjusted, inverse)


def _of(observed: Observed, names: Sequence[str]) -> Observed:
    return replace(observed, outcomes={name: observed.outcomes[name] for name in names})


def left_of(trial: Trial) -> dict[str, Floats]:
    """Return what covariates leave of every outcome within blocks; all of it without any."""
    if not trial.adjusting.everything:
        return dict(trial.outcomes)
    block = np.zeros(len(trial.assigned), np.int64) if trial.block is None else trial.block
    return {name: _left(trial, name, block) for name in trial.outcomes}


def _left(trial: Trial, name: str, block: np.ndarray) -> Floats:
    """Return what an outcome's covariates leave of it within blocks (Rosenbaum 2002)."""
    outcome, units = trial.outcomes[name], len(block)
    by = trial.adjusting.values(name, units)
    whole = ~np.isnan(outcome) & ~np.isnan(by).any(axis=1)
    codes = np.unique(block[whole], return_inverse=True)[1]
    layout = Layout.of(int(whole.sum()), block=codes)
    swept = layout.demean(outcome[whole])
    columns = np.column_stack([swept[:, None][:, :0], *map(layout.demean, by[whole].T)])
    slopes = np.linalg.lstsq(columns, swept, rcond=None)[0]
    left = np.full(units, np.nan)
    left[whole] = swept - columns @ slopes
    return left
