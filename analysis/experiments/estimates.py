"""What a trial showed: estimates that know their identities, their table and their sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.errors import Text
from analysis.experiments.balance import Balance
from analysis.experiments.estimators import KINDS
from analysis.experiments.promised import Announced
from analysis.experiments.randomisation import RandomisationTest
from analysis.experiments.trial_words import (
    Note,
    estimator_name,
    name,
    outcome_name,
    points,
    say,
)
from analysis.i18n import format_number
from analysis.tables.table_texts import TableTexts

Estimand = Literal["assignment", "first_stage", "allocation", "coverage"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of a trial.

    Attributes
    ----------
    outcome, estimand, estimator
        What of, which quantity, how estimated.
    value
        The estimate, on the scale of the outcome.
    std_errors
        By kind; nan where the kind has no meaning for this estimator.
    kind
        The one that the interval and the p-value come from.
    interval
        At 95%; infinite ends when nothing is excluded, nan where chance cannot be judged.
    p_value
        Of no mean effect, two-sided; nan where chance cannot be judged.
    n, blocks, dropped
        Units and blocks counted, units left out.
    p_randomisation
        Of no effect on any unit, by drawing again; None when not asked.
    in_points
        Whether the outcome is a share, and is told in points.
    p_holm, p_westfall_young
        Among the outcomes of one standing, where a plan promised it: Holm's of `p_value`,
        Westfall and Young's of `p_randomisation`; None where nothing was promised.
    """

    outcome: str
    estimand: Estimand
    estimator: str
    value: float
    std_errors: Mapping[str, float]
    kind: str
    interval: tuple[float, float]
    p_value: float
    n: int
    blocks: int
    dropped: int
    p_randomisation: float | None = None
    in_points: bool = True
    p_holm: float | None = None
    p_westfall_young: float | None = None

    @property
    def std_error(self) -> float:
        """The standard error that the interval comes from."""
        return float(self.std_errors.get(self.kind, math.nan))

    def to_json(self) -> dict[str, Any]:
        """Return the estimate under the keys that scripts read; null is not defined."""
        return {
            "outcome": self.outcome,
            "estimand": self.estimand,
            "estimator": self.estimator,
            "estimate": _number(self.value),
            "std_errors": {k: _number(self.std_errors.get(k)) for k in self._kinds()},
            "interval_95": [_number(end) for end in self.interval],
            "p_value": _number(self.p_value),
            "p_randomisation": _number(self.p_randomisation),
            "n": self.n,
            "blocks": self.blocks,
            "dropped": self.dropped,
            "p_holm": _number(self.p_holm),
            "p_westfall_young": _number(self.p_westfall_young),
        }

    @property
    def detected(self) -> bool:
        """Whether the interval excludes no effect."""
        return self.interval[0] > 0 or self.interval[1] < 0

    @property
    def judged(self) -> bool:
        """Whether it is known how far chance could have moved the estimate."""
        return not math.isnan(self.interval[0])

    def sentence(self, language: str = "en") -> str:
        """Say the estimate as one reads it aloud; a null result is said to be one."""
        key = "effect" if self.detected else "no_effect"
        return say(
            key if self.judged else "not_judged",
            language,
            outcome=outcome_name(self.outcome, language),
            quantity=name("quantity", self.estimand, language),
            value=self.told(self.value, language),
            low=self.told(self.interval[0], language),
            high=self.told(self.interval[1], language),
        )

    def told(self, value: float, language: str = "en") -> str:
        """Write a number on the scale of the outcome, shares as points."""
        if self.in_points:
            return points(value, language=language)
        return format_number(value, 4, language=language, sign=True)

    def _kinds(self) -> tuple[str, ...]:
        return (*KINDS, *(kind for kind in self.std_errors if kind.startswith("hybrid")))


@dataclass(frozen=True)
class Impact(TableTexts):
    """What a canvass did, by outcome, quantity and estimator.

    Attributes
    ----------
    estimates
        The default estimator comes first for every outcome and quantity.
    missing
        One row per outcome and arm with missing outcomes: `outcome`, `arm`, `units`,
        `missing`, and `lower`, `upper`: the effect of assignment were the missing the
        worst and the best that can be.
    first_stage_f
        F of the first stage, by outcome and treatment.
    sensitivity
        Coverage estimates were the difference in the share reached another: `outcome`,
        `gap`, `estimate`, `lower`, `upper`.
    randomisation
        Tests by drawing again, or None.
    notes
        What to know before reading: contamination, blocks left out, covariates.
    headline
        What the first estimates come from, one of `promised.ESTIMATORS`.
    announced
        What the plan announced; None without a plan.
    balance
        The arms compared by the covariates; None without any.
    """

    estimates: tuple[Estimate, ...]
    missing: pd.DataFrame
    first_stage_f: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    randomisation: RandomisationTest | None = None
    notes: tuple[Note, ...] = ()
    headline: str = "difference"
    announced: Announced | None = None
    balance: Balance | None = None

    def __post_init__(self) -> None:
        found = {(e.outcome, e.estimator, e.estimand): e for e in self.estimates}
        for (outcome, estimator, estimand), allocation in found.items():
            stage = found.get((outcome, estimator, "first_stage"))
            if estimand != "allocation" or stage is None:
                continue
            assignment = found[outcome, estimator, "assignment"]
            product = allocation.value * stage.value
            # Wald's identity; a result that breaks it was put together wrongly.
            if not np.isclose(product, assignment.value, rtol=1e-8, atol=1e-12):
                raise ValueError(Text("allocation × first_stage must equal assignment"))

    def pick(
        self, outcome: str, estimand: Estimand = "assignment", estimator: str = ""
    ) -> Estimate:
        """Return one estimate; without `estimator`, the default one.

        Parameters
        ----------
        outcome
            Name of its column.
        estimand
            What is estimated.
        estimator
            Name of the one wanted; empty: the default.

        Returns
        -------
        Estimate
            In the unit of the outcome.

        Raises
        ------
        LookupError
            When there is none.
        """
        for e in self.estimates:
            if (e.outcome, e.estimand) == (outcome, estimand) and estimator in ("", e.estimator):
                return e
        raise LookupError(
            Text(
                "no {estimand} of {outcome} by {estimator}",
                estimand=estimand,
                outcome=outcome,
                estimator=estimator,
            )
            if estimator
            else Text(
                "no {estimand} of {outcome} by any estimator", estimand=estimand, outcome=outcome
            )
        )

    def to_frame(self) -> pd.DataFrame:
        """Tabulate one row per estimate, with every standard error."""
        rows = []
        for e in self.estimates:
            row = e.to_json()
            errors, ends = row.pop("std_errors"), e.interval
            row.pop("interval_95")
            rows.append({**row, **errors, "lower": ends[0], "upper": ends[1], "kind": e.kind})
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON knows it: no nan, no infinity."""
        test = self.randomisation
        tested = None
        if test is not None:
            tested = {"draws": test.draws, "exact": test.exact, "tests": _records(test.table)}
        outcomes = dict.fromkeys(e.outcome for e in self.estimates)
        standing = {name: self.standing(name) for name in outcomes}
        return {
            "headline": {"estimator": self.headline, "announced": standing},
            "estimates": [estimate.to_json() for estimate in self.estimates],
            "intervals_from": {e.estimator: e.kind for e in self.estimates},
            "first_stage_f": {
                outcome: {name: _number(f) for name, f in found.items()}
                for outcome, found in self.first_stage_f.items()
            },
            "coverage_sensitivity": _records(self.sensitivity),
            "missing": _records(self.missing),
            "randomisation": tested,
            "balance": None if self.balance is None else self.balance.to_json(),
            "notes": [str(note) for note in self.notes],
        }

    def standing(self, outcome: str) -> bool | None:
        """Return whether the plan announced an outcome or covariate; None without a plan."""
        if self.announced is None:
            return None
        if any(e.outcome == outcome for e in self.estimates):
            return outcome in self.announced.outcomes
        # A category has a column for each of its values but the first.
        column = outcome.partition(" = ")[0]
        return any(map(self.announced.adjusts_for, (outcome, column, f"C({column})")))

    def marked(self, outcome: str, language: str = "en") -> str:
        """Name an outcome or covariate, with a mark where the plan did not announce it."""
        told = outcome_name(outcome, language)
        if self.standing(outcome) is not False:
            return told
        return say("marked", language, name=told, mark=say("not_announced", language))

    def beside(self, estimate: Estimate) -> Estimate | None:
        """Return the adjusted estimate to show beside a plain one, or the plain one beside it."""
        plain = ("difference_in_means", "block_fixed_effects")
        others = plain if estimate.estimator in ("ancova", "lin") else ("ancova",)
        return next(
            (
                e
                for e in self.estimates
                if (e.outcome, e.estimand) == (estimate.outcome, estimate.estimand)
                and e.estimator in others
                and e.judged
            ),
            None,
        )

    def sentence(self, estimate: Estimate, language: str = "en") -> str:
        """Say an estimate, which estimator it comes from, and what another says beside it."""
        said = estimate.sentence(language)
        name_ = outcome_name(estimate.outcome, language)
        said = said.replace(name_, self.marked(estimate.outcome, language), 1)
        how = estimator_name(estimate.estimator, language)
        other = self.beside(estimate)
        if other is None:
            return f"{said} {say('by_estimator', language, estimator=how)}"
        told = {
            "other": estimator_name(other.estimator, language),
            "value": other.told(other.value, language),
            "low": other.told(other.interval[0], language),
            "high": other.told(other.interval[1], language),
        }
        return f"{said} {say('by_estimator_beside', language, estimator=how, **told)}"

    @property
    def defaults(self) -> tuple[Estimate, ...]:
        """The estimates of the default estimator: one per outcome and quantity."""
        first: dict[tuple[str, str], Estimate] = {}
        for e in self.estimates:
            first.setdefault((e.outcome, e.estimand), e)
        return tuple(first.values())

    def summary(self, language: str = "en") -> str:
        """Say the default estimates, one line each, and what to know before reading them."""
        shown = [e for e in self.defaults if e.estimand != "first_stage"]
        lines = [self.sentence(e, language) for e in shown]
        notes = [say("note", language, note=note) for note in self.notes]
        return "\n".join([*lines, *notes])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            name: _number(float(value)) if isinstance(value, float | np.floating) else value
            for name, value in row.items()
        }
        for row in table.to_dict("records")
    ]


def _number(value: float | None) -> float | None:
    """Return a plain float, None where it is missing or infinite."""
    return None if value is None or not math.isfinite(value) else float(value)
