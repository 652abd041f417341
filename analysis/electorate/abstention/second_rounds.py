"""What second rounds need of their own: whose candidate is out, and wider intervals."""

from __future__ import annotations

import numpy as np

from analysis.electorate.abstention.baselines import rule_rates
from analysis.electorate.abstention.eliminated import first_round_of
from analysis.electorate.abstention.series import Series, is_far
from analysis.tables.elections import Election

# Where it is not known who stands: a presidential second round is between two candidates, and
# which two is new each time, so the round just held and the mean of kinds count for a third each.
RULES = {"pres": ("last", "mean_of_kinds")}
# Errors of second rounds were this much larger than stated, on the mean of those of France and
# of Paris from 2017 to 2024 (docs/methods/abstention.md): of a presidential one whose candidates
# are not known, and of all others.
WIDEN_UNKNOWN = {"pres": 1.35}
WIDEN = 1.1
# Share of the first round moved by who is out, beside the model's: half and half, as nothing better
# is chosen when each vote is left out in turn (benchmarks/abstention.py --leave-out).
MOVED = 0.5
# With fewer bureaux, what the eliminated did at earlier second rounds is not learned.
FEWEST = 30


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
    place = first_round_of(series.elections, target)
    if place is not None and target.election_id in series.eliminated:
        moved = _moved(series, target, place, effect)
        expected = effect if moved is None else (1 - MOVED) * effect + MOVED * moved
        return expected, variance * WIDEN**2
    parts = [effect]
    if place == len(series.elections) - 1:
        rules = rule_rates(series, target)
        parts += [
            _beside(effect, rules[n], series) for n in RULES.get(target.kind, ()) if n in rules
        ]
    return np.mean(parts, axis=0), variance * WIDEN_UNKNOWN.get(target.kind, WIDEN) ** 2


def _moved(series: Series, target: Election, first: int, effect: np.ndarray) -> np.ndarray | None:
    """Return the first round just held, moved by those whose choice stands no more.

    None where no earlier second round tells how much they stay home.
    """
    slope = slope_of_eliminated(series)
    if slope is None:
        return None
    share = series.eliminated[target.election_id]
    weights = _sizes(series)
    known = np.isfinite(share)
    more = np.where(known, share - np.average(share[known], weights=weights[known]), 0.0)
    return _beside(effect, series.rates[:, first], series) + slope * more


def slope_of_eliminated(series: Series) -> float | None:
    """Return how far abstention rose per share of the registered whose choice stood no more.

    On the scale of asin √rate, over all second rounds of the series together, each weighing
    alike; drawn to nought by its own error. None where no second round tells.
    """
    near = ~is_far(series.units["commune_id"])
    near = near if near.any() else ~near
    with np.errstate(invalid="ignore"):
        angles = np.arcsin(np.sqrt(series.rates))
    top = bottom = noise = 0.0
    for place, election in enumerate(series.elections):
        first = first_round_of(series.elections, election)
        share = series.eliminated.get(election.election_id)
        if election.round != 2 or first is None or share is None:
            continue
        rise = angles[:, place] - angles[:, first]
        used = near & np.isfinite(rise) & np.isfinite(share)
        if used.sum() < FEWEST:
            continue
        weights = series.registered[used, place] / series.registered[used, place].sum()
        x, y = (one[used] - weights @ one[used] for one in (share, rise))
        own = (weights * x) @ y / ((weights * x) @ x) if np.any(x) else 0.0
        top, bottom = top + (weights * x) @ y, bottom + (weights * x) @ x
        noise += float(((weights * x * (y - own * x)) ** 2).sum())
    if bottom <= 0:
        return None
    slope = top / bottom
    # James and Stein's factor, for one number: nothing is left where the error is as large.
    return float(slope * max(0.0, 1 - noise / bottom**2 / slope**2)) if slope else 0.0


def _sizes(series: Series) -> np.ndarray:
    return np.asarray(series.units["registered"].to_numpy(dtype=float) + 1.0)


def _beside(effect: np.ndarray, rates: np.ndarray, series: Series) -> np.ndarray:
    """Return the effects that a rule expects; where it has none, the model's."""
    known = np.isfinite(rates)
    if not known.any():
        return effect
    angle = np.arcsin(np.sqrt(np.where(known, rates, 0.0)))
    level = np.average((effect - angle)[known], weights=_sizes(series)[known])
    return np.asarray(np.where(known, angle + level, effect))
