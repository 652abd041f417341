"""Whether the objective will be reached by the date, and what it would take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln

from analysis.errors import DataError

Floats = npt.NDArray[np.float64]
_INTERVAL = (0.05, 0.95)
# Grids of the posterior: shape of the days, level of weekdays, of weekends over weekdays.
_SHAPES = np.exp(np.linspace(np.log(0.05), np.log(200), 30))
_STEP, _REACH = 0.1, 4.0
# Weak beliefs, for campaigns of a few days: how uneven days are, how weekends differ.
_LOG_SHAPE, _LOG_WEEKEND = (np.log(2.0), 1.5), (0.0, 1.5)
_MOST_OUTINGS = 1_000_000
# No campaign pauses for so long.
_LONG_GAP_DAYS = 180


@dataclass(frozen=True, slots=True)
class Window:
    """The days of a forecast: from the first outing, as of a day, to the last one."""

    starts: date
    as_of: date
    ends: date

    def __post_init__(self) -> None:
        if not self.starts <= self.as_of:
            raise DataError(
                "The forecast is asked for before the campaign starts.",
                where="{as_of} before {starts}",
                mend="Give a day of the campaign, or change its first day.",
                as_of=self.as_of,
                starts=self.starts,
            )

    @property
    def past(self) -> pd.DatetimeIndex:
        """Days that are over."""
        return pd.date_range(self.starts, self.as_of)

    @property
    def coming(self) -> pd.DatetimeIndex:
        """Days that are left; none once the campaign is over."""
        return pd.date_range(self.as_of, self.ends)[1:]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the days so far let expect of those that are left.

    Attributes
    ----------
    objective, done
        What is wanted by the last day, and what there is.
    window
        The days.
    sums
        Draws of what the coming days will bring.
    days
        One row per coming day: `day`, and the running total expected by its end with its 90%
        interval: `mean`, `low`, `high`.
    """

    objective: int
    done: int
    window: Window
    sums: Floats
    days: pd.DataFrame

    @property
    def probability(self) -> float:
        """Probability of reaching the objective by the last day."""
        return float((self.done + self.sums >= self.objective).mean())

    @property
    def expected(self) -> float:
        """Total expected on the last day."""
        return float(self.done + self.sums.mean())

    def interval(self) -> tuple[float, float]:
        """Return the 90% interval of the total on the last day."""
        low, high = self.done + np.quantile(self.sums, _INTERVAL)
        return float(low), float(high)

    def summary(self) -> str:
        """Say in a sentence whether the objective will be reached."""
        low, high = self.interval()
        return (
            f"{self.done:,} of {self.objective:,} so far; {self.expected:,.0f} expected by "
            f"{self.window.ends} (90% interval {low:,.0f} to {high:,.0f}): "
            f"{100 * self.probability:.0f}% to reach the objective."
        )


@dataclass(frozen=True, slots=True)
class Aim:
    """What a correction is to bring about.

    Attributes
    ----------
    measure
        `doors` or `conversations`.
    likely
        Probability wanted.
    hours
        Volunteer-hours of an outing: two volunteers, two hours.
    """

    measure: str = "doors"
    likely: float = 0.8
    hours: float = 4.0


@dataclass(frozen=True, slots=True)
class Correction:
    """The least that must be added for the objective to be likely enough.

    Attributes
    ----------
    outings, volunteer_hours
        More than the usual ones, over the days that are left.
    per_week
        The same per week left.
    teams
        New teams that go out as often as the others did.
    """

    outings: int
    volunteer_hours: float
    per_week: float
    teams: int


def first_outing(daily: pd.Series) -> date:
    """Return the first day of a campaign that says none: of the outings after the last long gap.

    Parameters
    ----------
    daily
        Doors or conversations by day (dates), in their order; a day of 2010 before those of
        2026 is a wrong clock's.
    """
    days = pd.DatetimeIndex(pd.to_datetime(daily.index))
    long = np.flatnonzero(np.diff(days).astype("timedelta64[D]").astype(int) > _LONG_GAP_DAYS)
    return days[long[-1] + 1 if len(long) else 0].date()


def forecast(
    daily: pd.Series, window: Window, objective: int, *, rng: np.random.Generator, draws: int = 4000
) -> Forecast:
    """Forecast the total on the last day from the days so far.

    Days are negative binomial around a level of weekdays and one of weekends, days without
    returns included; what is not known of the three numbers is drawn from their posterior.
    The days that are left are taken to be like those so far: no tide, no planned effort.

    Parameters
    ----------
    daily
        Doors or conversations by day (dates); days that are not there are 0.
    window
        The days; returns outside it count as done, and teach nothing.
    objective
        What is wanted.
    rng
        Of the draws.
    draws
        Number of draws.

    Returns
    -------
    Forecast
        Draws of what is still to come, and the running total day by day.

    References
    ----------
    Gelman, A. et al. (2013). Bayesian Data Analysis, 3rd edition, chapters 3 and 10 (posterior
    on a grid).

    Examples
    --------
    Forty doors a day for two weeks, two weeks to go, and a thousand doors wanted.

    >>> from datetime import date
    >>> daily = pd.Series(40, index=pd.date_range("2027-03-01", periods=14).date)
    >>> days = Window(date(2027, 3, 1), as_of=date(2027, 3, 14), ends=date(2027, 3, 28))
    >>> found = forecast(daily, days, 1000, rng=np.random.default_rng(0))
    >>> found.done, 1050 < found.expected < 1200, found.probability > 0.95
    (560, True, True)
    """
    told = daily.set_axis(pd.DatetimeIndex(pd.to_datetime(daily.index)))
    past = told.reindex(window.past, fill_value=0)
    done = int(told[told.index <= pd.Timestamp(window.as_of)].sum())
    shape, level = _posterior(past, rng, draws)
    coming = window.coming
    mean = np.where(_is_weekend(coming)[None, :], level[:, 1:], level[:, :1])
    # 0.999999: numpy wants a probability below 1, which an empty campaign's level would give.
    odds = np.minimum(shape[:, None] / (shape[:, None] + mean), 0.999999)
    running = rng.negative_binomial(shape[:, None], odds, size=(draws, len(coming))).cumsum(axis=1)
    totals = done + running
    low, high = np.quantile(totals, _INTERVAL, axis=0) if len(coming) else (totals[0], totals[0])
    days = pd.DataFrame({"day": coming.date, "mean": totals.mean(axis=0), "low": low, "high": high})
    sums = running[:, -1] if len(coming) else np.zeros(draws)
    return Forecast(objective, done, window, sums.astype(float), days)


def _is_weekend(days: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    return np.asarray(days.day_of_week >= 5)


def _posterior(past: pd.Series, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
    """Draw shape, and levels of weekdays and weekends, from their posterior on a grid."""
    weekend = _is_weekend(pd.DatetimeIndex(past.index))
    values = past.to_numpy(dtype=float)
    centre = np.log(max(values.mean(), 0.1))
    levels = centre + np.arange(-_REACH, _REACH + _STEP, _STEP)
    week = _log_likelihood(values[~weekend], levels)
    ends = _log_likelihood(values[weekend], levels)
    apart = levels[None, :] - levels[:, None]
    joint = (
        week[:, :, None]
        + ends[:, None, :]
        + _log_normal(apart, *_LOG_WEEKEND)[None]
        + _log_normal(np.log(_SHAPES), *_LOG_SHAPE)[:, None, None]
    )
    weight = np.exp(joint - joint.max()).ravel().cumsum()
    drawn = np.searchsorted(weight, rng.random(draws) * weight[-1])
    k, i, j = np.unravel_index(np.minimum(drawn, joint.size - 1), joint.shape)
    # Within its cell of the grid a level may lie anywhere.
    jitter = rng.uniform(-_STEP / 2, _STEP / 2, (draws, 2))
    return _SHAPES[k], np.exp(np.column_stack([levels[i], levels[j]]) + jitter)


def _log_likelihood(values: Floats, levels: Floats) -> Floats:
    """Return the log-likelihood of days (shapes × levels), up to a constant."""
    shape, mean = _SHAPES[:, None], np.exp(levels)[None, :]
    n, total = len(values), values.sum()
    alone = gammaln(values[None, :] + shape).sum(axis=1) - n * gammaln(_SHAPES)
    return np.asarray(
        alone[:, None]
        + n * shape * np.log(shape)
        - (n * shape + total) * np.log(shape + mean)
        + total * np.log(mean)
    )


def _log_normal(value: Floats, mean: float, spread: float) -> Floats:
    return np.asarray(-0.5 * ((value - mean) / spread) ** 2)


def correct(
    found: Forecast, outings: pd.DataFrame, aim: Aim, *, rng: np.random.Generator
) -> Correction | None:
    """Return the fewest additional outings that make the objective likely.

    Parameters
    ----------
    found
        The forecast.
    outings
        As `progress.outings` returns them: what an outing brought so far.
    aim
        What is wanted of them.
    rng
        Of the draws of what the additional outings bring.

    Returns
    -------
    Correction or None
        None where no number of outings will do: no days are left, or none brought anything.
    """
    number, total, squares = (
        float(outings[name].sum()) for name in ("outings", aim.measure, f"{aim.measure}_squared")
    )
    left = len(found.window.coming)
    if found.probability >= aim.likely:
        return Correction(0, 0.0, 0.0, 0)
    if not left or not total:
        return None
    mean = total / number
    variance = max(squares / number - mean**2, mean) * number / max(number - 1, 1)
    shape = mean**2 / max(variance - mean, 1e-3 * mean**2)
    level = mean * np.exp(rng.normal(0, np.sqrt(variance / number) / mean, len(found.sums)))
    uniform = int(rng.integers(2**32))

    def enough(extra: int) -> bool:
        again = np.random.default_rng(uniform)  # the same luck for every number of outings
        brought = again.negative_binomial(extra * shape, shape / (shape + level))
        reached = found.done + found.sums + brought >= found.objective
        return bool(reached.mean() >= aim.likely)

    if (least := _least(enough)) is None:
        return None
    weeks, gone = left / 7, len(found.window.past) / 7
    usual = number / max(len(outings), 1) / gone  # outings of a team per week
    teams = int(np.ceil(least / (usual * weeks)))
    return Correction(least, least * aim.hours, least / weeks, teams)


def _least(enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number that is enough, by doubling and halving."""
    high = 1
    while not enough(high):
        high *= 2
        if high > _MOST_OUTINGS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
