"""The estimates of a trial under way: every estimator of every quantity, the headline first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.errors import DataError
from analysis.experiments.adjusting import nothing_to_adjust
from analysis.experiments.analysis_spec import Spec, Trial
from analysis.experiments.blocked_means import ByBlocks, by_blocks, horvitz_thompson
from analysis.experiments.chances import Chances
from analysis.experiments.estimates import Estimand, Estimate
from analysis.experiments.estimation_sample import Sample, regression_of
from analysis.experiments.estimators import (
    Floats,
    Layout,
    Regression,
    interval,
    length,
    p_value,
)
from analysis.experiments.iv import WEAK, Ratio, anderson_rubin, ratio
from analysis.experiments.trial_words import Note

# What varies less than this, beside its size, does not vary.
_FLAT = 1e-12
_Maker = Callable[[Estimand, float, dict[str, float]], Estimate]


@dataclass
class Work:
    """Estimates under way, and what is found on the way.

    Attributes
    ----------
    trial, spec, chances
        The columns, what is asked of them, and how probable each unit's draw was.
    first_stage_f, gaps, notes
        What is found: F of first stages, differences in the share reached, remarks.
    """

    trial: Trial
    spec: Spec
    chances: Chances
    first_stage_f: dict[str, dict[str, float]] = field(default_factory=dict)
    gaps: dict[str, float] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._fits: dict[tuple[object, ...], Regression] = {}
        self.base = "difference_in_means" if self.trial.block is None else "block_fixed_effects"
        self.trial = replace(self.trial, outcomes=self._flattened())
        self.headline = self._headline()

    @property
    def weighs(self) -> bool:
        """Whether inverse probabilities are asked for, or needed."""
        told = self.chances.differ or self.chances.doubtful
        return told or bool(self.spec.probability) or self.headline == "ipw"

    def estimates(self, outcome: str) -> list[Estimate]:
        """Return all estimates of one outcome, the headline's estimator first."""
        found = list(self._all(outcome))
        by = {"difference": self.base, "allocation": self.base}.get(self.headline, self.headline)
        # Anderson and Rubin's interval is one of the plain allocation.
        own = (by, "anderson_rubin") if by == self.base else (by,)
        quantity = "allocation" if self.headline == "allocation" else ""
        return sorted(
            found, key=lambda e: (e.estimator not in own, quantity not in ("", e.estimand))
        )

    def _headline(self) -> str:
        plan = self.spec.announced.estimator if self.spec.announced else ""
        asked = self.spec.estimator or plan
        if self.chances.differ or self.chances.doubtful:
            low, high = self.chances.ends
            key = "unequal" if asked in ("", "ipw") else "unequal_ignored"
            key = key if self.chances.known else f"{key}_supposed"
            key = "unequal_doubtful" if self.chances.doubtful else key
            self.notes.append(Note(key, low=low, high=high))
        if asked in ("ancova", "lin") and not self.trial.adjusting.varies:
            raise nothing_to_adjust(asked, self.spec.covariates)
        if asked == "allocation" and self.trial.received is None:
            raise DataError(
                "The effect of allocation needs what was carried out.",
                where="estimator {estimator}",
                mend="Name its column with --received, or take another estimator.",
                estimator=asked,
            )
        return asked or ("ipw" if self.chances.differ else "difference")

    def _flattened(self) -> dict[str, Floats]:
        """Return the outcomes; one that does not vary within blocks is 0, so no rounding is."""
        told = {}
        for name, values in self.trial.outcomes.items():
            there = ~np.isnan(values)
            block = np.zeros(len(values), np.int64)
            if self.trial.block is not None:
                block = self.trial.block
            if not there.any():
                told[name] = values
                continue
            codes = np.unique(block[there], return_inverse=True)[1]
            left = Layout.of(int(there.sum()), block=codes).demean(values[there])
            flat = np.abs(left).max() <= _FLAT * max(np.abs(values[there]).max(), _FLAT)
            told[name] = np.where(there, 0.0, np.nan) if flat else values
            if flat:
                self.notes.append(Note("constant", outcome=name))
        return told

    def _all(self, outcome: str) -> Iterator[Estimate]:
        plain = Sample.of(self.trial, outcome)
        variants = [(plain, self.base)]
        if plain.names:
            full, lost = Sample.of(self.trial, outcome, complete=True).without_repeats()
            variants += [(full, "ancova"), (full, "lin")]
            if full.n < plain.n:
                self.notes.append(Note("lacking_covariate", count=plain.n - full.n))
            if lost:
                self.notes.append(Note("collinear", names=lost))
        for sample, how in variants:
            yield from self._by_regression(sample, how)
        if self.weighs:
            yield from self._by_regression(plain, "ipw", inverse=self.chances.inverse(plain))
            yield from self._by_totals(plain)
        if self.trial.block is not None:
            yield from self._by_means("block_size_weighted", plain, by_blocks)
        for sample, how in variants if self.spec.weight else ():
            yield from self._by_regression(sample, how, weighted=True)

    def _by_regression(
        self, sample: Sample, how: str, *, weighted: bool = False, inverse: Floats | None = None
    ) -> Iterator[Estimate]:
        key = (sample.kept.tobytes(), sample.names, how, weighted)
        if key not in self._fits:
            self._fits[key] = regression_of(sample, how, weighted=weighted, inverse=inverse)
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
            found = ratio(regression, sample.outcome, sample.reached, sample.kind(self.spec))
            self._note_stage(sample.name, "reached", found)
            self.gaps.setdefault(sample.name, found.first_stage)
            yield make("coverage", found.value, found.std_errors)
        elif self.spec.gap:
            gap = self.spec.gap
            self.gaps.setdefault(sample.name, gap)
            self.notes.append(Note("gap_known", gap=gap))
            errors = regression.std_errors(sample.outcome)
            yield make("coverage", value / gap, {k: e / gap for k, e in errors.items()})

    def _allocation(
        self, sample: Sample, regression: Regression, name: str, make: _Maker
    ) -> Iterator[Estimate]:
        assert sample.received is not None
        kind = sample.kind(self.spec)
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

    def _maker(self, sample: Sample, regression: Regression, name: str) -> _Maker:
        kind = sample.kind(self.spec)
        df = regression.df(kind)
        if kind == "HC2":
            defined = np.isfinite(df) and np.isfinite(regression.scores(sample.outcome, kind)).all()
            if not defined:
                self.notes.append(Note("unit_alone"))
            elif not self.spec.std_error:
                self.notes.append(Note("alone_in_blocks"))
        if kind == "CR2":
            groups = int(sample.cluster.max()) + 1
            if not np.isfinite(df):
                few = {"count": groups, "df": regression.least_df}
                self.notes.append(Note("few_clusters", **few))
            elif not np.isfinite(regression.scores(sample.outcome, kind)).all():
                self.notes.append(Note("cluster_alone", count=groups))

        def make(estimand: Estimand, value: float, errors: dict[str, float]) -> Estimate:
            """Return the estimate of one estimand.

            Parameters
            ----------
            estimand
                What is estimated.
            value
                In the unit of the outcome.
            errors
                Standard errors by kind; that of the estimate's own gives interval and p-value.

            Returns
            -------
            Estimate
                Interval and p-value use the degrees of freedom of the regression.
            """
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

    def _by_totals(self, sample: Sample) -> Iterator[Estimate]:
        p = self.chances.values[sample.kept]
        inside = (p > 0) & (p < 1)
        if not inside.all():
            # Only shares of blocks can be 0 or 1: those blocks have one arm.
            self.notes.append(Note("certain", count=int((~inside).sum())))
        kept = np.flatnonzero(sample.kept)[inside]
        values = self.chances.values[kept]

        def totals(outcome: Floats, assigned: Floats, *codes: Any) -> ByBlocks:  # noqa: ANN401
            return horvitz_thompson(outcome, assigned, values, *codes)

        yield from self._by_means("horvitz_thompson", sample, totals, inside)

    def _by_means(
        self,
        name: str,
        sample: Sample,
        estimator: Callable[..., ByBlocks],
        rows: np.ndarray | None = None,
    ) -> Iterator[Estimate]:
        """Give an estimate made of means of blocks, clusters drawn as one counted as one."""
        at = np.ones(sample.n, dtype=np.bool_) if rows is None else rows
        block, drawn = (
            np.unique(c[at], return_inverse=True)[1] for c in (sample.block, sample.drawn)
        )
        found = estimator(sample.outcome[at], sample.assigned[at], block, drawn)
        if not sample.nested:
            self.notes.append(Note("clusters_cross"))
            nan = float("nan")
            found = replace(found, hybrid_p=nan, hybrid_m=nan, df_p=nan, df_m=nan)
        elif np.isnan(found.hybrid_p):
            self.notes.append(Note("blocks_alone", estimator=name))
        # Compared all together where they can be, else those of one size with one another.
        by_p = not (np.isnan(found.hybrid_p) and np.isfinite(found.hybrid_m))
        error, df = (found.hybrid_p, found.df_p) if by_p else (found.hybrid_m, found.df_m)
        yield self._estimate(
            replace(sample, n=found.n, blocks=found.blocks if self.trial.block is not None else 0),
            estimand="assignment",
            estimator=name,
            value=found.value,
            std_errors={"hybrid_p": found.hybrid_p, "hybrid_m": found.hybrid_m},
            kind="hybrid_p" if by_p else "hybrid_m",
            interval=interval(found.value, error, df),
            p_value=p_value(found.value, error, df),
        )

    def _estimate(self, sample: Sample, **rest: Any) -> Estimate:  # noqa: ANN401
        if rest["estimand"] != "first_stage" and self._is_exact(sample, rest):
            # What never varied says nothing of what could have.
            rest |= {"interval": (float("nan"), float("nan")), "p_value": float("nan")}
        return Estimate(
            outcome=sample.name,
            n=sample.n,
            blocks=sample.blocks,
            dropped=len(self.trial.assigned) - sample.n,
            in_points=bool((np.abs(sample.outcome) <= 1).all()),
            **rest,
        )

    def _is_exact(self, sample: Sample, estimate: Mapping[str, Any]) -> bool:
        """Tell whether an estimate leaves nothing over that an error could come from."""
        size = float(np.abs(sample.outcome).max())
        error = estimate["std_errors"].get(estimate["kind"], float("nan"))
        if size > 0 and error <= _FLAT * size:
            self.notes.append(Note("exact", outcome=sample.name))
            return True
        return size == 0
