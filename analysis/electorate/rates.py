"""Rates of small bureaux, drawn towards their commune and their town."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.errors import Text
from analysis.tables.elections import Election

# A bureau is not a coin: counts vary more than binomially, by neighbours and families.
OVERDISPERSION = 2.0
# An election of the same kind and round tells twice as much as another; one held two and a half
# years earlier half as much as a recent one; a second round, between two who are left, a tenth.
# Chosen by the error of forecast support at the look backs (`validate`), not by votes met.
SAME_KIND, HALF_LIFE_YEARS, SECOND_ROUND = 2.0, 2.5, 0.1
# Variance of a step between two elections where there is one.
UNKNOWN_STEP = 2 * 0.03**2
# Rounds that the place's restlessness counts for beside a bureau's own: where a candidate of the
# place stood now and then, what comes is less sure than the place's mean says.
USUAL_ROUNDS = 5.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of every bureau and how far it may be off.

    Attributes
    ----------
    value, std_error
        Proportions, one per bureau.
    level
        The same rate of all bureaux together.
    elections
        Ids of the elections that it rests on.
    """

    value: np.ndarray
    std_error: np.ndarray
    level: float
    elections: tuple[str, ...]


def expect_rate(
    numerator: np.ndarray,
    denominator: np.ndarray,
    history: History,
    target: Election,
    *,
    as_last_time: bool = False,
) -> Rate:
    """Expect a rate at a coming election: recent level, and each bureau's own distance to it.

    Each bureau's distance from the whole, averaged over past elections, is shrunk
    towards its commune's, and the commune's towards nought, by how much is noise
    (empirical Bayes, method of moments).

    Parameters
    ----------
    numerator, denominator
        Counts (bureaux × elections of `history`); NaN where unknown.
    history
        Gives elections and communes.
    target
        The election to come; elections of its kind weigh more.
    as_last_time
        Whether the distance is that of the latest first round alone.

    Returns
    -------
    Rate
        Expected rate and standard error of every bureau, 0 to 1.

    Raises
    ------
    ValueError
        When no election has both counts.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55.
    """
    seen = _Seen.of(numerator, denominator, history)
    weights = _last_alone(seen.elections) if as_last_time else _weights(seen.elections, target)
    num, den, levels = seen.numerator, seen.denominator, seen.levels
    rates = num / den
    distance, noise = _mean_distance(rates, den, levels, weights)
    commune = pd.factorize(history.units["commune_id"])[0]
    distance = distance + _missed(rates - levels, den, weights, commune)
    shrunk, spread = shrink(distance, noise, commune)
    usual = _drift(rates - levels, den, levels)
    drift = _own_drift(rates - levels, den, levels, weights, usual)
    level = _level(levels, seen.elections, target, weights)
    # The mean of several elections stands still in between: it bears half of a step.
    moved = drift if as_last_time else drift / 2
    return Rate(
        value=np.clip(level + shrunk, 0.001, 0.999),
        std_error=np.sqrt(spread + moved),
        level=level,
        elections=tuple(e.election_id for e in seen.elections),
    )


def expect_level(
    numerator: np.ndarray, denominator: np.ndarray, history: History, target: Election
) -> float:
    """Expect a rate of all bureaux together; parameters and errors are those of `expect_rate`.

    Parameters
    ----------
    numerator, denominator, history, target
        As in `expect_rate`.

    Returns
    -------
    float
        What `expect_rate` names its level, 0 to 1.

    Raises
    ------
    ValueError
        When no election has both counts.
    """
    seen = _Seen.of(numerator, denominator, history)
    return _level(seen.levels, seen.elections, target, _weights(seen.elections, target))


@dataclass(frozen=True)
class _Seen:
    """Counts of the elections that have both (bureaux × elections), and the rate of each."""

    numerator: np.ndarray
    denominator: np.ndarray
    levels: np.ndarray
    elections: list[Election]

    @classmethod
    def of(cls, numerator: np.ndarray, denominator: np.ndarray, history: History) -> _Seen:
        """Keep the elections that have both counts, and missing where a bureau lacks one.

        Parameters
        ----------
        numerator, denominator
            Counts (bureaux × elections), nan where unknown.
        history
            Whose elections they are of, in order.

        Returns
        -------
        _Seen
            Counts of the elections kept, with the level of each, 0 to 1.

        Raises
        ------
        ValueError
            When no election has both counts.
        """
        usable = np.nansum(denominator, axis=0) * np.isfinite(numerator).any(axis=0) > 0
        if not usable.any():
            raise ValueError(Text("no election has both counts"))
        num, den = numerator[:, usable], denominator[:, usable]
        known = np.isfinite(num) & (den > 0)
        num, den = np.where(known, num, np.nan), np.where(den > 0, den, np.nan)
        levels = np.nansum(num, axis=0) / np.nansum(np.where(known, den, 0), axis=0)
        elections = [e for e, use in zip(history.elections, usable, strict=True) if use]
        return cls(num, den, levels, elections)


def _weights(elections: list[Election], target: Election) -> np.ndarray:
    years = np.array([(target.date - e.date).days / 365.25 for e in elections])
    same = np.array([e.kind == target.kind for e in elections])
    second = np.array([e.round == 2 for e in elections])
    return (
        0.5 ** (years / HALF_LIFE_YEARS)
        * np.where(same, SAME_KIND, 1.0)
        * np.where(second, SECOND_ROUND, 1.0)
    )


def _last_alone(elections: list[Election]) -> np.ndarray:
    first = [n for n, e in enumerate(elections) if e.round == 1] or [len(elections) - 1]
    return (np.arange(len(elections)) == first[-1]).astype(float)


def _level(
    levels: np.ndarray, elections: list[Election], target: Election, weights: np.ndarray
) -> float:
    """Return the latest level at the same kind and round, else the weighted mean."""
    alike = [n for n, e in enumerate(elections) if (e.kind, e.round) == (target.kind, target.round)]
    return float(levels[alike[-1]] if alike else np.average(levels, weights=weights))


def _mean_distance(
    rates: np.ndarray, counts: np.ndarray, levels: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each bureau's mean distance to the level and its counting variance."""
    there = np.isfinite(rates)
    weight = there * weights
    total = weight.sum(axis=1)
    variance = OVERDISPERSION * levels * (1 - levels) / np.where(there, counts, np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.where(there, rates - levels, 0) * weight
        mean = distance.sum(axis=1) / total
        noise = (variance * weight**2).sum(axis=1) / total**2
    return np.where(total > 0, mean, np.nan), np.where(total > 0, noise, np.inf)


def _missed(
    distances: np.ndarray, counts: np.ndarray, weights: np.ndarray, commune: np.ndarray
) -> np.ndarray:
    """Return what a bureau's mean distance lacks for the elections that it was not there at.

    A bureau that is new, or was renumbered, knows its commune at its own elections alone, and a
    local list may have led that one: what the commune was at all elections is told by the others.
    """
    there = np.isfinite(distances)
    size = (commune.max() + 1, distances.shape[1])
    cell = np.ravel_multi_index((commune[:, None], np.arange(size[1])[None, :]), size)[there]
    of, n = counts[there], size[0] * size[1]
    total = np.bincount(cell, of, n).reshape(size)
    mean = np.bincount(cell, distances[there] * of, n).reshape(size) / np.maximum(total, 1e-9)
    known = total > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = (known * mean) @ weights / (known @ weights)
        own = (there * mean[commune]) @ weights / (there @ weights)
    return np.asarray(np.nan_to_num(whole[commune] - own, posinf=0.0, neginf=0.0))


def shrink(
    values: np.ndarray, noise: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shrink values towards their group's mean, and those towards the mean of all.

    Parameters
    ----------
    values
        One per unit, NaN where unknown.
    noise
        Sampling variance of each; infinite where unknown.
    groups
        Whole numbers from 0.

    Returns
    -------
    tuple of numpy.ndarray
        The shrunk values and the variance that remains; an unknown unit takes
        its group's value with the spread of units.
    """
    known = np.isfinite(values) & np.isfinite(noise)
    filled, precise = (
        np.where(known, values, 0.0),
        np.where(known, 1 / np.maximum(noise, 1e-12), 0.0),
    )
    count = np.bincount(groups, weights=known.astype(float))
    within = _spread(filled, noise, known & (count[groups] > 1), groups)
    unit_weight = np.where(known, 1 / (np.where(known, noise, 0) + within + 1e-12), 0.0)
    total = np.bincount(groups, weights=unit_weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.bincount(groups, weights=unit_weight * filled) / total
        mean_noise = 1 / total
    has = total > 0
    centre = float(np.average(means[has], weights=total[has]))
    one = np.zeros(has.sum(), dtype="int64")
    between = _spread(means[has] - centre, mean_noise[has], np.ones(has.sum(), dtype=bool), one)
    pull = np.where(has, between / (between + np.where(has, mean_noise, np.inf) + 1e-15), 0.0)
    centres = centre + pull * np.where(has, means - centre, 0.0)
    left = np.where(has, (1 - pull) * between, between)
    share = within * precise / (1 + within * precise)
    shrunk = centres[groups] + share * (filled - centres[groups]) * known
    return shrunk, (1 - share) * within + (1 - share) ** 2 * left[groups]


def _spread(values: np.ndarray, noise: np.ndarray, use: np.ndarray, groups: np.ndarray) -> float:
    """Return the variance of true values within groups: observed less noise (moments)."""
    if use.sum() < 2:
        return float(np.mean(np.where(np.isfinite(noise), noise, 0))) if len(noise) else 0.0
    weight = np.where(use, 1 / (np.where(use, noise, 1) + 1e-9), 0.0)
    total = np.bincount(groups, weights=weight)
    mean = np.bincount(groups, weights=weight * values) / np.where(total > 0, total, 1)
    residual = (values - mean[groups])[use]
    units, clusters = use.sum(), len(np.unique(groups[use]))
    observed = np.average(residual**2, weights=weight[use]) * units / max(units - clusters, 1)
    return float(max(observed - np.average(noise[use], weights=weight[use]), 1e-8))


def _drift(distance: np.ndarray, counts: np.ndarray, levels: np.ndarray) -> float:
    """Return how much a bureau's distance moves between elections: variance of a step, no noise."""
    if distance.shape[1] < 2:
        return UNKNOWN_STEP
    steps = np.diff(distance, axis=1)
    variance = OVERDISPERSION * levels * (1 - levels) / counts
    noise = variance[:, 1:] + variance[:, :-1]
    # A bloc of which nobody voted at either election: no noise, and nothing to learn from.
    there = np.isfinite(steps) & (noise > 0)
    if not there.any():
        return UNKNOWN_STEP
    weight = 1 / noise[there]
    return float(max(np.average(steps[there] ** 2 - noise[there], weights=weight), 2e-6))


def _own_drift(
    distance: np.ndarray, counts: np.ndarray, levels: np.ndarray, weights: np.ndarray, usual: float
) -> np.ndarray:
    """Return the variance of a step bureau by bureau: its own, drawn to the place's.

    Twice the weighted variance of a bureau's distances about their mean, counting noise taken off.
    """
    there = np.isfinite(distance)
    weight = there * weights
    total = np.maximum(weight.sum(axis=1), 1e-12)
    filled = np.where(there, distance, 0.0)
    mean = (weight * filled).sum(axis=1) / total
    noise = OVERDISPERSION * levels * (1 - levels) / np.where(there, counts, np.inf)
    apart = (weight * ((filled - mean[:, None]) ** 2 - noise)).sum(axis=1) / total
    # So many rounds of equal weight would tell as much; one of them went into the mean.
    rounds = total**2 / np.maximum((weight**2).sum(axis=1), 1e-12)
    left = np.maximum(rounds - 1, 0.0)
    own = np.maximum(apart * rounds, 0.0)
    return np.asarray((2 * own + USUAL_ROUNDS * usual) / (left + USUAL_ROUNDS))
