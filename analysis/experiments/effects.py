"""What the canvass changed: assignment, allocation and coverage, each by several estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec, Trial, read_trial
from analysis.experiments.assignment import Lottery
from analysis.experiments.attrition import missing_outcomes
from analysis.experiments.balance import Balance, check_balance, differing
from analysis.experiments.chances import chances_of
from analysis.experiments.estimates import Estimate, Impact
from analysis.experiments.estimating import Work
from analysis.experiments.promised import Announced
from analysis.experiments.randomisation import RandomisationTest, adjust
from analysis.experiments.redrawn import Tests, redrawn
from analysis.experiments.trial_words import Note

# Shares reached that a survey might have found instead, relative to the one given.
_OTHER_GAPS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_BALANCE_DRAWS = 2000


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
    work = Work(trial, spec, chances_of(trial, lottery))
    trial = work.trial
    outcomes = spec.announced.first(spec.outcomes) if spec.announced else spec.outcomes
    estimates = [e for name in outcomes for e in work.estimates(name)]
    families = _families(outcomes, spec.announced)
    notes = [*trial.notes, *work.notes, *_unannounced(spec)]
    tests: Tests | None = None
    if draws:
        if lottery is None:
            notes.append(Note("draw_supposed"))
        inverse = work.chances if work.weighs else None
        drawn = lottery or as_observed(trial)
        tests = redrawn(trial, drawn, rng, draws, families=families, chances=inverse)
        if tests.plain.exact:
            notes.append(Note("every_draw", draws=tests.plain.draws))
        corrected = spec.announced is not None
        estimates = [tests.given_to(e, corrected=corrected) for e in estimates]
    if spec.announced is not None:
        estimates = _corrected(estimates, families)
    missing, balance = missing_outcomes(trial), _balance(trial, lottery, rng)
    told = [*differing(trial), *notes, *missing.notes]
    return Impact(
        tuple(estimates),
        missing.table,
        work.first_stage_f,
        _sensitivity(estimates, work.gaps),
        _shown(tests, work.headline),
        tuple(dict.fromkeys(told)),
        headline=work.headline,
        announced=spec.announced,
        balance=balance,
    )


def as_observed(trial: Trial) -> Lottery:
    """Return the draw of as many treated in each block, cluster by cluster, as there were."""
    block = np.zeros(len(trial.assigned), np.int64) if trial.block is None else trial.block
    return Lottery.of_arms(trial.assigned, block, trial.cluster)


def _families(outcomes: Sequence[str], announced: Announced | None) -> list[list[str]]:
    """Return the outcomes that are judged together: those of the plan, and the others."""
    if announced is None:
        return [list(outcomes)]
    return [
        [name for name in outcomes if (name in announced.outcomes) == standing]
        for standing in (True, False)
    ]


def _corrected(estimates: list[Estimate], families: list[list[str]]) -> list[Estimate]:
    """Give the estimates of each quantity and estimator Holm's p-values among a family."""
    found = list(estimates)
    groups: dict[tuple[str, str, int], list[int]] = {}
    for place, e in enumerate(found):
        family = next(i for i, names in enumerate(families) if e.outcome in names)
        groups.setdefault((e.estimand, e.estimator, family), []).append(place)
    for places in groups.values():
        holm = adjust(np.array([found[place].p_value for place in places]))
        for place, p in zip(places, holm, strict=True):
            found[place] = replace(found[place], p_holm=float(p))
    return found


def _unannounced(spec: Spec) -> list[Note]:
    """Say what of the estimates the plan did not announce, and what it did that is lacking."""
    plan = spec.announced
    if plan is None:
        return []
    used = [*spec.covariates, *(name for _, name in spec.lagged)]
    parts = {
        "outcomes_not_announced": [n for n in spec.outcomes if n not in plan.outcomes],
        "covariates_not_announced": [n for n in used if not plan.adjusts_for(n)],
        "outcomes_lacking": [n for n in plan.outcomes if n not in spec.outcomes],
        "covariates_lacking": [n for n in plan.covariates if n not in used],
    }
    notes = [Note(key, names=tuple(names)) for key, names in parts.items() if names]
    if plan.estimator and spec.estimator not in ("", plan.estimator):
        notes.append(Note("other_estimator", planned=plan.estimator, used=spec.estimator))
    return notes


def _balance(
    trial: Trial, lottery: Lottery | None, rng: np.random.Generator | None
) -> Balance | None:
    """Compare the arms by the covariates that every unit has; None where there are none."""
    known = {n: v for n, v in trial.adjusting.everything.items() if not np.isnan(v).any()}
    if not known or rng is None:
        return None
    try:
        drawn = lottery or as_observed(trial)
    except DataError:
        # Clusters that lie in several blocks: nobody says how they were drawn.
        return None
    return check_balance(pd.DataFrame(known), trial.assigned, drawn, rng=rng, draws=_BALANCE_DRAWS)


def _shown(tests: Tests | None, headline: str) -> RandomisationTest | None:
    if tests is None:
        return None
    # The picture of chance is of the test that the headline's p-value comes from.
    return {"ipw": tests.inverse, "ancova": tests.adjusted}.get(headline) or tests.plain


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
