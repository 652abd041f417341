"""Outcomes that are missing: how many in each arm, and how far they could move the effect."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.experiments.analysis_spec import Trial
from analysis.experiments.estimation_sample import Sample, regression_of
from analysis.experiments.estimators import Floats
from analysis.experiments.trial_words import Note

# From this share missing in an arm on, the note speaks of the bounds.
MANY = 0.05
_COLUMNS = ["outcome", "arm", "units", "missing", "lower", "upper"]


@dataclass(frozen=True)
class Missing:
    """Missing outcomes by arm: a table as in `Impact.missing`, and notes on them."""

    table: pd.DataFrame
    notes: tuple[Note, ...]


def missing_outcomes(trial: Trial) -> Missing:
    """Count missing outcomes by arm and bound the effect of assignment.

    The bounds hold whatever the missing values are: all at one end of the range for the
    treated and at the other for the controls (Horowitz and Manski 2000). The range is 0 to
    1 for shares, and that of the values seen otherwise.
    """
    rows, notes = [], []
    for name, values in trial.outcomes.items():
        gone = np.isnan(values)
        if not gone.any():
            continue
        lower, upper = _bounds(trial, name, gone)
        shares = []
        for arm, code in (("control", 0), ("treated", 1)):
            units = trial.assigned == code
            lost = int((gone & units).sum())
            shares.append(lost / int(units.sum()))
            rows.append((name, arm, int(units.sum()), lost, lower, upper))
        arms = {"control": 100 * shares[0], "treated": 100 * shares[1]}
        bounds = {"lower": lower, "upper": upper} if max(shares) > MANY else {}
        key = "missing_many" if bounds else "missing"
        notes.append(Note(key, outcome=name, **arms, **bounds))
    return Missing(pd.DataFrame(rows, columns=_COLUMNS), tuple(notes))


def _bounds(trial: Trial, name: str, gone: np.ndarray) -> list[float]:
    seen = trial.outcomes[name][~gone]
    is_share = seen.min() >= 0 and seen.max() <= 1
    low, high = (0.0, 1.0) if is_share else (float(seen.min()), float(seen.max()))
    treated = trial.assigned == 1
    return [
        _effect(trial, name, np.where(gone, np.where(treated, one, other), trial.outcomes[name]))
        for one, other in ((low, high), (high, low))
    ]


def _effect(trial: Trial, name: str, filled: Floats) -> float:
    sample = Sample.of(replace(trial, outcomes={name: filled}), name)
    regression = regression_of(sample, "")
    return float(regression.coefficients(sample.outcome)[0])
