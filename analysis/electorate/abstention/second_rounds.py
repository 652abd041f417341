"""What second rounds need of their own: rules of thumb beside the model, and wider intervals."""

from __future__ import annotations

import numpy as np

from analysis.electorate.abstention.baselines import rule_rates
from analysis.electorate.abstention.series import Series
from analysis.tables.elections import Election

# A presidential second round is between two candidates, and which two is new each time: what
# earlier second rounds had of their own is believed by a third, the round just held and the mean
# of kinds by another third each.
RULES = {"pres": ("last", "mean_of_kinds")}
# Errors of second rounds were this much larger than stated, on the mean of those of France and
# of Paris from 2017 to 2024 (docs/methods/abstention.md).
WIDEN = {"pres": 1.35}
WIDEN_OTHERS = 1.1


def with_rules(
    series: Series, target: Election, effect: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and variances of a target; those of a first round as they are.

    Parameters
    ----------
    series
        Past elections.
    target
        The election to come.
    effect, variance
        What the model expects of every bureau, on the scale of asin √rate.

    Returns
    -------
    tuple of numpy.ndarray
        Effects and variances, one per bureau, on the same scale.
    """
    if target.round != 2:
        return effect, variance
    rules = rule_rates(series, target) if _follows(series, target) else {}
    weights = series.units["registered"].to_numpy(dtype=float) + 1.0
    expected = [effect]
    for name in RULES.get(target.kind, ()):
        if name in rules:
            expected.append(_beside(effect, rules[name], weights))
    return np.mean(expected, axis=0), variance * WIDEN.get(target.kind, WIDEN_OTHERS) ** 2


def _follows(series: Series, target: Election) -> bool:
    """Tell whether the last election known is the first round of the same vote."""
    last = series.elections[-1]
    return last.kind == target.kind and last.round == 1 and (target.date - last.date).days < 60


def _beside(effect: np.ndarray, rates: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the effects that a rule expects; where it has none, the model's."""
    known = np.isfinite(rates)
    if not known.any():
        return effect
    angle = np.arcsin(np.sqrt(np.where(known, rates, 0.0)))
    level = np.average((effect - angle)[known], weights=weights[known])
    return np.asarray(np.where(known, angle + level, effect))
