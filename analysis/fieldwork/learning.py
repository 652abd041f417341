"""What the doors teach: who opens when and where, and how fast teams are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, expit

from analysis.electorate.rates import shrink
from analysis.errors import DataError

Floats = npt.NDArray[np.float64]
# Doors that open, to talk or to refuse; doors behind which somebody talked.
Of = Literal["opened", "conversations"]
_SAID = {"opened": "opened", "conversations": "led to a conversation"}
_SQUARES = {"opened": "opened_squares", "conversations": "squares"}
_INTERVAL = (0.05, 0.95)
_STEPS = 30
# Ridge of the additive fit, in conversations: enough for a cell nobody visited to have a value.
_RIDGE = 1.0
# From "cells share nothing" to "cells are all as the prior says".
_STRENGTHS = (np.log(0.5), np.log(1e5))


@dataclass(frozen=True, slots=True)
class Learned:
    """Rates of cells, each drawn to what the others say.

    Attributes
    ----------
    table
        The cells with `doors`, `conversations`, `rate` (posterior mean), `low`, `high` (90%
        interval) and `prior` (what the other cells say of it).
    level
        The rate over all doors.
    dispersion
        How many times more turfs of a cell differ than coins would; 1 or more.
    strength
        Doors (after dispersion) that the prior weighs.
    of
        Whose rate per door it is: doors that `opened`, or `conversations`.
    """

    table: pd.DataFrame
    level: float
    dispersion: float
    strength: float
    of: Of = "conversations"

    def talk_interval(self) -> tuple[float, float, float] | None:
        """Return the share of open doors where one talks between its 90% ends; None if none."""
        if "opened" not in self.table or not (opened := self.table["opened"].sum()):
            return None
        talks = self.table["conversations"].sum()
        low, high = _jeffreys(opened / self.dispersion, talks / self.dispersion)
        return low, float(talks / opened), high

    def level_interval(self) -> tuple[float, float]:
        """Return the 90% interval of the rate over all, dispersion counted."""
        doors = self.table["doors"].sum() / self.dispersion
        return _jeffreys(doors, self.level * doors)

    def summary(self) -> str:
        """Say in a sentence what was learned."""
        low, high = self.level_interval()
        return (
            f"{self.table['doors'].sum():,} doors: {100 * self.level:.1f}% {_SAID[self.of]} "
            f"(90% interval {100 * low:.1f} to {100 * high:.1f})."
        )


def learn_rates(
    cells: pd.DataFrame, *, factors: tuple[str, ...], of: Of = "conversations"
) -> Learned:
    """Learn the conversation rate, or the open rate, of every cell by empirical Bayes.

    Conversations (or doors opened) of a cell are beta-binomial around what its factors say
    together (an additive model on the logit scale); how far cells may lie from it is estimated
    from all of them, and doors count less where turfs of a same cell differ more than chance.

    Parameters
    ----------
    cells
        As `progress.cells` returns them.
    factors
        Columns that say what a cell is, such as `weekend`, `hour`, `kind`; or `bureau_id`
        alone, whose cells are drawn to the mean of all.
    of
        What is counted per door: `opened` or `conversations`.

    Returns
    -------
    Learned
        The place's rate, and one per cell with its 90% interval.

    Raises
    ------
    DataError
        When nothing was returned yet.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55.
    Williams, D. A. (1982). Extra-binomial variation in logistic linear models. Applied
    Statistics 31, 144-148.
    """
    doors, talks, squares = (
        cells[name].to_numpy(dtype=float) for name in ("doors", of, _SQUARES[of])
    )
    if not doors.sum():
        raise DataError(
            "No doors were returned yet: there is nothing to learn from.",
            mend="Import returns first; until then the planner's numbers are assumptions.",
        )
    dispersion = _dispersion(doors, talks, squares, cells["clusters"].to_numpy())
    n, y = doors / dispersion, talks / dispersion
    level = float(talks.sum() / doors.sum())
    told = cells.drop(columns=["clusters", *_SQUARES.values()], errors="ignore")
    if level in {0.0, 1.0}:
        # Nothing tells cells apart, and a fit would be sure of a rate that three doors gave.
        rate = (y.sum() + 0.5) / (n.sum() + 1)
        low, high = _jeffreys(n.sum(), y.sum())
        told = told.assign(rate=rate, low=low, high=high, prior=rate)
        return Learned(told, level, dispersion, float(n.sum() + 1), of)
    design = _design(cells, factors)
    prior = _additive(design, n, y)
    strength = _strength(n, y, prior)
    rate = (strength * prior + y) / (strength + n)
    # What is not known of the cell, and what is not known of the prior it is drawn to.
    own = rate * (1 - rate) / (strength + n + 1)
    drawn = (strength / (strength + n)) ** 2 * _prior_variance(design, n, prior, strength)
    size = np.maximum(rate * (1 - rate) / (own + drawn) - 1, 1e-3)
    low, high = (_quantile(end, rate * size, (1 - rate) * size) for end in _INTERVAL)
    table = told.assign(rate=rate, low=low, high=high, prior=prior)
    return Learned(table, level, dispersion, strength, of)


def _jeffreys(n: float, y: float) -> tuple[float, float]:
    """Return the 90% interval of a share; it holds the share itself where none or all count.

    Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion.
    Statistical Science 16, 101-133.
    """
    low, high = (_quantile(end, 0.5 + y, 0.5 + n - y) for end in _INTERVAL)
    return (0.0 if y <= 0 else float(low)), (1.0 if y >= n else float(high))


def _dispersion(doors: Floats, talks: Floats, squares: Floats, clusters: Floats) -> float:
    """Return Pearson's chi² over its degrees of freedom, between clusters of a cell (≥ 1)."""
    rate = talks / np.maximum(doors, 1)
    inner = (rate > 0) & (rate < 1) & (clusters > 1)
    if not inner.any():
        return 1.0
    spread = squares - talks * rate
    chi2 = (spread[inner] / (rate * (1 - rate))[inner]).sum()
    return float(max(chi2 / (clusters[inner] - 1).sum(), 1.0))


def _design(cells: pd.DataFrame, factors: tuple[str, ...]) -> Floats:
    """Return a column of ones, and one per value of each factor where there are several."""
    several = factors if len(factors) > 1 else ()
    values = [pd.get_dummies(cells[name]).to_numpy(dtype=float) for name in several]
    return np.column_stack([np.ones(len(cells)), *values])


def _ridge(design: Floats) -> Floats:
    return np.diag([0.0] + [_RIDGE] * (design.shape[1] - 1))


def _additive(design: Floats, n: Floats, y: Floats) -> Floats:
    """Fit logit(rate) = level + an effect per value of each factor, by Newton steps with ridge."""
    level = np.clip(y.sum() / n.sum(), 1e-4, 1 - 1e-4)
    effects = np.zeros(design.shape[1])
    effects[0] = np.log(level / (1 - level))
    ridge = _ridge(design)
    for _ in range(_STEPS):
        p = expit(design @ effects)
        slope = design.T @ (y - n * p) - ridge @ effects
        curve = design.T @ ((n * p * (1 - p))[:, None] * design) + ridge
        step = np.clip(np.linalg.solve(curve, slope), -2, 2)
        effects += step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(np.clip(expit(design @ effects), 1e-6, 1 - 1e-6))


def _prior_variance(design: Floats, n: Floats, prior: Floats, strength: float) -> Floats:
    """Return the variance of what the other cells say, cells differing by the strength."""
    weight = prior * (1 - prior) * n / (1 + np.maximum(n - 1, 0) / (strength + 1))
    inverse = np.linalg.inv(design.T @ (weight[:, None] * design) + _ridge(design))
    logit = np.einsum("ij,jk,ik->i", design, inverse, design)
    return np.asarray((prior * (1 - prior)) ** 2 * logit)


def _quantile(share: float, a: Any, b: Any) -> Any:  # noqa: ANN401 - a number or one per cell
    """Return a quantile of beta distributions."""
    # Half a second to load, and a cut by usual numbers needs none.
    from scipy.stats import beta

    return beta.ppf(share, a, b)


def _strength(n: Floats, y: Floats, prior: Floats) -> float:
    """Return the weight of the prior under which the counts are most likely."""
    # Where there is nothing to learn from yet, nobody waits for it.
    from scipy.optimize import minimize_scalar

    def misfit(log_weight: float) -> float:
        a, b = np.exp(log_weight) * prior, np.exp(log_weight) * (1 - prior)
        return float(-(betaln(a + y, b + n - y) - betaln(a, b)).sum())

    return float(np.exp(minimize_scalar(misfit, bounds=_STRENGTHS, method="bounded").x))


def learn_paces(outings: pd.DataFrame) -> pd.DataFrame:
    """Learn doors per hour of every team, slow and fast ones drawn to the mean of all.

    Parameters
    ----------
    outings
        As `progress.outings` returns them.

    Returns
    -------
    pandas.DataFrame
        `team_id`, `timed` (outings it rests on), `doors_per_hour`, `low`, `high` (90%
        interval). A team without timed outings takes the mean, with the spread of teams.

    Raises
    ------
    DataError
        When no outing has known hours.
    """
    number = outings["timed"].to_numpy(dtype=float)
    if not number.sum():
        raise DataError(
            "No outing has known hours yet: the pace cannot be learned.",
            mend="Import returns of the phone page, or write the hours into the sheets.",
        )
    mean = outings["pace"].to_numpy() / np.maximum(number, 1)
    squares = (outings["pace_squared"].to_numpy() - number * mean**2).sum()
    freedom = number.sum() - (number > 0).sum()
    level = mean[number > 0].mean()
    # Outings of one team differ by this; a quarter of the pace where none went out twice.
    within = max(squares / freedom, 1e-4) if freedom > 0 else (0.25 * level) ** 2
    noise = np.where(number > 0, within / np.maximum(number, 1), np.inf)
    one = np.zeros(len(number), dtype="int64")
    value, variance = shrink(np.where(number > 0, mean, np.nan), noise, one)
    half = 1.645 * np.sqrt(variance)
    return outings[["team_id", "timed"]].assign(
        doors_per_hour=value, low=np.maximum(value - half, 0), high=value + half
    )
