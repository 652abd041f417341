"""Randomisation inference: what the declared draw alone says, without a model of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.assignment import Lottery
from analysis.experiments.estimators import Floats, Layout
from analysis.experiments.permutation_sums import (
    Masses,
    Moments,
    moments_of,
    observed_moments,
    redrawn_moments,
)

STATISTICS = ("difference", "studentised")
# So few possible draws are all looked at, however few were asked for.
FEW = 10_000
# Draws are held together: more of them would not fit into the memory of a machine.
MOST = 1_000_000
# Equal statistics that were summed in another order count as equal.
_TIE = 1e-9
_HALVINGS = 40
_DOUBLINGS = 60


@dataclass(frozen=True)
class Observed:
    """What was seen of the units of a lottery.

    Attributes
    ----------
    assigned
        0 or 1 per unit.
    outcomes
        Name → value per unit; missing values are left out of that outcome.
    block, weight
        Code of the block and weight of each unit.
    covariates
        Units × covariates, or None. Outcomes are replaced by their residuals on these
        before anything is drawn (Rosenbaum 2002).
    """

    assigned: Floats
    outcomes: Mapping[str, Floats]
    block: np.ndarray
    weight: Floats
    covariates: Floats | None = None


@dataclass(frozen=True)
class RandomisationTest:
    """Tests of no effect at all on any unit, and intervals for a constant effect.

    Attributes
    ----------
    table
        One row per outcome × statistic: `outcome`, `statistic`, `observed`, `p_value`,
        `holm`, `westfall_young`, and for the first statistic too `lower`, `upper` (95%).
    null
        Outcome → the coefficient in every draw: what chance alone gives.
    draws
        Number of draws.
    exact
        Whether these are all draws that were possible, each once.
    """

    table: pd.DataFrame
    null: Mapping[str, Floats]
    draws: int
    exact: bool = False

    def value(self, outcome: str, column: str = "p_value", statistic: str = "difference") -> float:
        """Return one number of the table.

        Parameters
        ----------
        outcome
            Name of the outcome.
        column
            Of the table.
        statistic
            Of the table: which statistic of the outcome.

        Returns
        -------
        float
            That of the first row, where outcome and statistic stand in several.

        Raises
        ------
        IndexError
            When the table has no such row.
        """
        chosen = (self.table["outcome"] == outcome) & (self.table["statistic"] == statistic)
        return float(self.table.loc[chosen, column].iloc[0])


def randomisation_test(
    lottery: Lottery,
    observed: Observed,
    *,
    rng: np.random.Generator,
    draws: int,
    level: float | None = 0.95,
) -> RandomisationTest:
    """Test no effect by drawing the arms again as the design did.

    Parameters
    ----------
    lottery
        The declared draw: its blocks, clusters and rule of acceptance.
    observed
        Arms and outcomes.
    rng
        Where the draws come from.
    draws
        Number of draws; p-values are (1 + how many are as large) / (1 + draws). Where no more
        draws than these (or `FEW`) are possible, all are looked at and p-values are exact.
    level
        Of the intervals by inversion; None for no intervals.

    Returns
    -------
    RandomisationTest
        One row per outcome and statistic.

    Raises
    ------
    DataError
        When there is no draw, or the arms are not a possible draw.

    References
    ----------
    Phipson, B., and Smyth, G. K. (2010), Permutation p-values should never be zero.
    Rosenbaum, P. R. (2002), Covariance adjustment in randomized experiments.
    Westfall, P. H., and Young, S. S. (1993), *Resampling-Based Multiple Testing*.
    """
    if not 1 <= draws <= MOST:
        raise DataError(
            "Randomisation inference needs draws, and not more than a machine holds.",
            where="draws = {draws}",
            mend="Ask for 1,000 to 1,000,000.",
            draws=draws,
        )
    _check_possible(lottery, observed.assigned == 1)
    # Every outcome meets the same draws, so that they can be judged together.
    seed = int(rng.integers(2**63))
    every = lottery.every() if lottery.possible <= max(draws, FEW) else None
    draws, extra = (draws, 1) if every is None else (len(every), 0)
    scaled: dict[str, Callable[[float, bool], tuple[float, Floats]]] = {}
    for names in _with_the_same_units(observed.outcomes):
        masses = _masses(lottery, observed, names, effects=level is not None)
        seen = observed_moments(lottery, masses, observed.assigned == 1)
        if every is None:
            drawn = redrawn_moments(lottery, masses, np.random.default_rng(seed), draws)
        else:
            drawn = moments_of(lottery, masses, every)
        for k, name in enumerate(names):
            scaled[name] = _statistic_of(seen, drawn, k)
    rows = []
    for statistic in STATISTICS:
        asked = {name: scaled[name] for name in observed.outcomes}
        rows += _table(statistic, asked, level, extra)
    null = {name: scaled[name](0.0, False)[1] for name in observed.outcomes}
    return RandomisationTest(pd.DataFrame(rows), null, draws, every is not None)


def adjust(p_values: Floats) -> Floats:
    """Return Holm's p-values (1979): the chance of any false alarm among all.

    One that is not known (nan) stays so, and counts as a test all the same.
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    # Unknown ones are sorted last: they spoil none before them.
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def step_down(observed: Floats, drawn: Floats, extra: int = 1) -> Floats:
    """Return Westfall and Young's step-down p-values from absolute statistics.

    Parameters
    ----------
    observed
        K statistics, on one scale.
    drawn
        draws × K.
    extra
        1 where draws were drawn: that of the trial is one more; 0 where they are all.

    Returns
    -------
    numpy.ndarray
        K p-values, in the order of `observed`.
    """
    order = np.argsort(-observed, kind="stable")
    # The largest of an outcome and all less extreme ones, in each draw.
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    count = (largest >= _just_below(observed[order])).sum(axis=0)
    p_values = np.maximum.accumulate((extra + count) / (extra + len(drawn)))
    adjusted = np.empty(len(observed))
    adjusted[order] = p_values
    return adjusted


def invert(p_of: Callable[[float], float], centre: float, step: float, level: float) -> list[float]:
    """Return the ends of the effects that a test does not reject.

    Parameters
    ----------
    p_of
        p-value of an effect; 1 at `centre`.
    centre, step
        Where to begin, and how far to go first.
    level
        Of the interval: effects with p > 1 − level belong to it.

    Returns
    -------
    list of float
        Lower and upper end; infinite where nothing is rejected.
    """
    return [_edge(p_of, centre, sign * step, 1 - level) for sign in (-1, 1)]


def _edge(p_of: Callable[[float], float], inside: float, step: float, alpha: float) -> float:
    outside = inside + step
    for _ in range(_DOUBLINGS):
        if p_of(outside) <= alpha:
            break
        inside, step = outside, 2 * step
        outside = inside + step
    else:
        # So few draws are possible that none is ever rejected.
        return float(np.copysign(np.inf, step))
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_of(middle) > alpha else (inside, middle)
    return (inside + outside) / 2


def _just_below(value: Floats) -> Floats:
    return np.asarray(value * (1 - _TIE))


def _statistic_of(
    seen: Moments, drawn: Moments, outcome: int
) -> Callable[[float, bool], tuple[float, Floats]]:
    def at(effect: float, studentised: bool) -> tuple[float, Floats]:
        now = seen.statistic(outcome, effect, studentised=studentised)[0]
        return float(now), drawn.statistic(outcome, effect, studentised=studentised)

    return at


def _table(
    statistic: str,
    scaled: Mapping[str, Callable[[float, bool], tuple[float, Floats]]],
    level: float | None,
    extra: int,
) -> list[dict[str, object]]:
    studentised = statistic == "studentised"
    now = {name: at(0.0, studentised) for name, at in scaled.items()}
    observed = np.abs([value for value, _ in now.values()])
    drawn = np.abs(np.column_stack([values for _, values in now.values()]))
    if not studentised:
        # Shares and points are not comparable; standard deviations of chance are.
        spread = np.maximum(drawn.std(axis=0), np.finfo(float).tiny)
        observed, drawn = observed / spread, drawn / spread
    single = (extra + (drawn >= _just_below(observed)).sum(axis=0)) / (extra + len(drawn))
    together = zip(single, adjust(single), step_down(observed, drawn, extra), strict=True)
    rows: list[dict[str, object]] = []
    for name, (p, holm, young) in zip(now, together, strict=True):
        low, high = np.nan, np.nan
        if level:
            low, high = _interval(scaled[name], level, studentised=studentised, extra=extra)
        rows.append(
            {
                "outcome": name,
                "statistic": statistic,
                "observed": now[name][0],
                "p_value": float(p),
                "holm": float(holm),
                "westfall_young": float(young),
                "lower": low,
                "upper": high,
            }
        )
    return rows


def _interval(
    at: Callable[[float, bool], tuple[float, Floats]],
    level: float,
    *,
    studentised: bool,
    extra: int,
) -> list[float]:
    def p_of(effect: float) -> float:
        value, drawn = at(effect, studentised)
        count = int((np.abs(drawn) >= _just_below(np.abs(np.asarray(value)))).sum())
        return (extra + count) / (extra + len(drawn))

    # The coefficient is linear in the effect: two points give where it is nought.
    zero, one = at(0.0, False)[0], at(1.0, False)[0]
    centre = zero / (zero - one)
    step = float(np.std(at(centre, False)[1])) or 1.0
    return invert(p_of, centre, step, level)


def _with_the_same_units(outcomes: Mapping[str, Floats]) -> list[list[str]]:
    groups: dict[bytes, list[str]] = {}
    for name, values in outcomes.items():
        groups.setdefault(np.isnan(values).tobytes(), []).append(name)
    return list(groups.values())


def _masses(lottery: Lottery, observed: Observed, names: list[str], *, effects: bool) -> Masses:
    """Sum the outcomes by cluster; without `effects` to take off, no arm stands beside them."""
    there = ~np.isnan(observed.outcomes[names[0]])
    block = np.unique(observed.block[there], return_inverse=True)[1]
    weight = observed.weight[there]
    layout = Layout(block, np.arange(len(block)), weight)
    values = [observed.outcomes[name][there] for name in names]
    values.append(observed.assigned[there] * effects)
    swept = np.column_stack([layout.demean(value) for value in values])
    if observed.covariates is not None:
        columns = observed.covariates[there].T
        by = np.column_stack([layout.demean(column) for column in columns])
        root = np.sqrt(weight)[:, None]
        slopes = np.linalg.lstsq(by * root, swept * root, rcond=None)[0]
        swept = swept - by @ slopes
    member = lottery.member[there]
    sums = [np.bincount(member, weight * column, lottery.clusters) for column in swept.T]
    mass = np.asarray(np.bincount(member, weight, lottery.clusters), dtype=float)
    return Masses(mass, np.column_stack(sums))


def _check_possible(lottery: Lottery, arms: np.ndarray) -> None:
    cluster = np.zeros(lottery.clusters)
    cluster[lottery.member] = arms
    count = np.bincount(lottery.block, cluster, len(lottery.share))
    wrong = (lottery.treated >= 0) & (count != lottery.treated)
    if wrong.any():
        raise DataError(
            "The arms are not a possible draw of the declared design.",
            where="{wrong} block(s) with another number of treated",
            mend="Give the arms as they were drawn, or the design they were drawn by.",
            wrong=int(wrong.sum()),
        )
