"""What the canvass changed: assignment, allocation and coverage, each by several estimators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec, Trial, read_trial
from analysis.experiments.assignment import Lottery
from analysis.experiments.attrition import missing_outcomes
from analysis.experiments.blocked_means import by_blocks
from analysis.experiments.estimates import Estimand, Estimate, Impact
from analysis.experiments.estimation_sample import Sample, regression_of
from analysis.experiments.estimators import Kind, Regression, interval, length, p_value
from analysis.experiments.iv import WEAK, Ratio, anderson_rubin, ratio
from analysis.experiments.randomisation import Observed, RandomisationTest, randomisation_test
from analysis.experiments.trial_words import Note

# Shares reached that a survey might have found instead, relative to the one given.
_OTHER_GAPS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def estimate_impact(
    units: pd.DataFrame,
    spec: Spec,
    *,
    lottery: Lottery | None = None,
    rng: np.random.Generator | None = None,
    draws: int = 0,
) -> Impact:
    """Estimate what being drawn, being canvassed and being reached changed.

    Parameters
    ----------
    units
        One row per unit, arms and outcomes in columns.
    spec
        Which columns hold what.
    lottery
        The declared draw, units in the order of `units`. None: as many treated in each
        block, cluster by cluster, as there were; a note says so.
    rng, draws
        For randomisation inference; none without draws.

    Returns
    -------
    Impact
        On the scale of the outcomes: for shares, multiply by 100 for points.

    Raises
    ------
    DataError
        When the table cannot answer what is asked of it.

    Examples
    --------
    Two blocks of two treated and two controls, who turn out 2 and 3 points less.

    >>> trial = pd.DataFrame(
    ...     {
    ...         "arm": [1, 1, 0, 0, 1, 1, 0, 0],
    ...         "block": list("aaaabbbb"),
    ...         "turnout": [0.62, 0.60, 0.58, 0.60, 0.55, 0.53, 0.50, 0.52],
    ...     }
    ... )
    >>> impact = estimate_impact(trial, Spec(("turnout",), assigned="arm", block="block"))
    >>> round(impact.pick("turnout").value, 4)
    0.025
    """
    trial = read_trial(units, spec)
    work = _Work(trial, spec)
    estimates = [e for name in spec.outcomes for e in work.estimates(name)]
    notes = list(trial.notes) + work.notes
    tests: list[RandomisationTest | None] = [None, None]
    if draws:
        if lottery is None:
            notes.append(Note("draw_supposed"))
        tests = _tests(trial, lottery or as_observed(trial), rng, draws)
        estimates = [_with_test(e, tests) for e in estimates]
    missing = missing_outcomes(trial)
    return Impact(
        tuple(estimates),
        missing.table,
        work.first_stage_f,
        _sensitivity(estimates, work.gaps),
        tests[0],
        tuple(dict.fromkeys([*notes, *missing.notes])),
    )


def as_observed(trial: Trial) -> Lottery:
    """Return the draw of as many treated in each block, cluster by cluster, as there were."""
    block = np.zeros(len(trial.assigned), np.int64) if trial.block is None else trial.block
    return Lottery.of_arms(trial.assigned, block, trial.cluster)


@dataclass
class _Work:
    """Estimates under way, and what is found on the way."""

    trial: Trial
    spec: Spec

    def __post_init__(self) -> None:
        self.first_stage_f: dict[str, dict[str, float]] = {}
        self.gaps: dict[str, float] = {}
        self.notes: list[Note] = []
        self._fits: dict[tuple[bytes, str, bool], Regression] = {}
        self.base = "difference_in_means" if self.trial.block is None else "block_fixed_effects"

    def estimates(self, outcome: str) -> Iterator[Estimate]:
        """Give all estimates of one outcome, the default estimator first."""
        plain = Sample.of(self.trial, outcome)
        variants = [(plain, self.base)]
        if self.trial.covariates.shape[1]:
            full = Sample.of(self.trial, outcome, complete=True)
            variants += [(full, "ancova"), (full, "lin")]
            if full.n < plain.n:
                self.notes.append(Note("lacking_covariate", count=plain.n - full.n))
        for sample, how in variants:
            yield from self._by_regression(sample, how, weighted=False)
        if self.trial.block is not None:
            yield self._by_blocks(plain)
        for sample, how in variants if self.spec.weight else ():
            yield from self._by_regression(sample, how, weighted=True)

    def _by_regression(self, sample: Sample, how: str, *, weighted: bool) -> Iterator[Estimate]:
        key = (sample.kept.tobytes(), how, weighted)
        if key not in self._fits:
            names = list(self.spec.covariates)
            self._fits[key] = regression_of(sample, how, names, weighted=weighted)
        regression = self._fits[key]
        name = f"{how}_weighted" if weighted else how
        make = self._maker(sample, regression, name)
        value = float(regression.coefficients(sample.outcome)[0])
        yield make("assignment", value, regression.std_errors(sample.outcome))
        # Interacted covariates would need an instrument each.
        if how == "lin":
            return
        if sample.received is not None:
            yield from self._allocation(sample, regression, name, make)
        if sample.reached is not None:
            found = ratio(regression, sample.outcome, sample.reached, self.spec.kind)
            self._note_stage(sample.name, "reached", found)
            self.gaps.setdefault(sample.name, found.first_stage)
            yield make("coverage", found.value, found.std_errors)
        elif self.spec.gap:
            gap = self.spec.gap
            self.gaps.setdefault(sample.name, gap)
            self.notes.append(Note("gap_known", gap=gap))
            errors = regression.std_errors(sample.outcome)
            yield make("coverage", value / gap, {k: e / abs(gap) for k, e in errors.items()})

    def _allocation(
        self,
        sample: Sample,
        regression: Regression,
        name: str,
        make: Callable[[Estimand, float, dict[str, float]], Estimate],
    ) -> Iterator[Estimate]:
        assert sample.received is not None
        kind = self.spec.kind
        found = ratio(regression, sample.outcome, sample.received, kind)
        yield make("first_stage", found.first_stage, regression.std_errors(sample.received))
        allocation = make("allocation", found.value, found.std_errors)
        yield allocation
        if name != self.base:
            return
        self._note_stage(sample.name, "received", found)
        ends, between = anderson_rubin(regression, sample.outcome, sample.received, kind)
        if not between:
            self.notes.append(Note("set_outside", outcome=sample.name, low=ends[0], high=ends[1]))
            ends = (-np.inf, np.inf)
        null = length(regression.scores(sample.outcome, kind))
        effect = found.value * found.first_stage
        yield replace(
            allocation,
            estimator="anderson_rubin",
            std_errors={},
            interval=ends,
            p_value=p_value(effect, null, regression.df(kind)),
        )

    def _note_stage(self, outcome: str, treatment: str, found: Ratio) -> None:
        self.first_stage_f.setdefault(outcome, {}).setdefault(treatment, found.f)
        if found.f < WEAK:
            self.notes.append(Note("weak", treatment=treatment, f=found.f))
        if found.first_stage < 0:
            self.notes.append(Note("swapped", treatment=treatment))

    def _maker(
        self, sample: Sample, regression: Regression, name: str
    ) -> Callable[[Estimand, float, dict[str, float]], Estimate]:
        kind: Kind = self.spec.kind
        df = regression.df(kind)

        def make(estimand: Estimand, value: float, errors: dict[str, float]) -> Estimate:
            return self._estimate(
                sample,
                estimand=estimand,
                estimator=name,
                value=value,
                std_errors=errors,
                kind=kind,
                interval=interval(value, errors[kind], df),
                p_value=p_value(value, errors[kind], df),
            )

        return make

    def _by_blocks(self, sample: Sample) -> Estimate:
        found = by_blocks(sample.outcome, sample.assigned, sample.block)
        df = float(max(found.blocks - 1, 1))
        return self._estimate(
            replace(sample, n=found.n, blocks=found.blocks),
            estimand="assignment",
            estimator="block_size_weighted",
            value=found.value,
            std_errors={"hybrid_p": found.hybrid_p, "hybrid_m": found.hybrid_m},
            kind="hybrid_p",
            interval=interval(found.value, found.hybrid_p, df),
            p_value=p_value(found.value, found.hybrid_p, df),
        )

    def _estimate(self, sample: Sample, **rest: Any) -> Estimate:  # noqa: ANN401
        return Estimate(
            outcome=sample.name,
            n=sample.n,
            blocks=sample.blocks,
            dropped=len(self.trial.assigned) - sample.n,
            in_points=bool((np.abs(sample.outcome) <= 1).all()),
            **rest,
        )


def _tests(
    trial: Trial, lottery: Lottery, rng: np.random.Generator | None, draws: int
) -> list[RandomisationTest | None]:
    """Test without and, where there are any, with covariates."""
    if rng is None:
        raise DataError("Draws need a seed.", mend="Give --seed, any whole number.")
    seen = Observed(
        trial.assigned,
        trial.outcomes,
        np.zeros(len(trial.assigned), np.int64) if trial.block is None else trial.block,
        np.ones(len(trial.assigned)),
    )
    tests: list[RandomisationTest | None] = [
        randomisation_test(lottery, seen, rng=rng, draws=draws),
        None,
    ]
    if trial.covariates.shape[1]:
        whole = ~np.isnan(trial.covariates).any(axis=1)
        outcomes = {name: np.where(whole, y, np.nan) for name, y in trial.outcomes.items()}
        adjusted = replace(seen, outcomes=outcomes, covariates=trial.covariates)
        tests[1] = randomisation_test(lottery, adjusted, rng=rng, draws=draws, level=None)
    return tests


def _with_test(estimate: Estimate, tests: list[RandomisationTest | None]) -> Estimate:
    """Give the estimates of assignment that were tested by drawing again their p-values."""
    which = {"block_fixed_effects": 0, "difference_in_means": 0, "ancova": 1}
    test = tests[which[estimate.estimator]] if estimate.estimator in which else None
    if test is None or estimate.estimand == "first_stage":
        return estimate
    # No effect of the draw at all is the same hypothesis for the ratios.
    return replace(estimate, p_randomisation=test.value(estimate.outcome))


def _sensitivity(estimates: list[Estimate], gaps: dict[str, float]) -> pd.DataFrame:
    rows = []
    for outcome, gap in gaps.items():
        assignment = next(
            e for e in estimates if (e.outcome, e.estimand) == (outcome, "assignment")
        )
        for other in (gap * factor for factor in _OTHER_GAPS if abs(gap * factor) <= 1):
            ends = sorted(end / other for end in assignment.interval)
            rows.append((outcome, other, assignment.value / other, *ends))
    return pd.DataFrame(rows, columns=["outcome", "gap", "estimate", "lower", "upper"])
