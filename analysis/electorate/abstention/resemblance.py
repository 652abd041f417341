"""How much elections resemble one another, and so what past ones tell of the next.

The effects of a bureau, a commune, a département at two elections correlate by what is
lasting, by how near the levels of abstention are, by kind, by vote (both rounds of one
election), and by what second rounds have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.tables.elections import Election

# Prior shares of the parts and standard deviation of their logarithms; the parts are, in
# order: lasting, near levels, same kind, same vote, second rounds of a kind, second
# rounds, each second round's own.
PRIOR = np.array([0.60, 0.15, 0.05, 0.04, 0.02, 0.01, 0.01])
PRIOR_SD = 1.0
# What lasts is halved in 55 years, give or take a third.
MEMORY_YEARS, MEMORY_SD = 80.0, 0.3
# Levels one unit of log-odds apart (27% and 50% of abstention) are this far from alike.
LEVEL_WIDTH = 1.0
# Units that the prior yields to; more would call a misfit of the parts certain.
MOST_UNITS = 60
# A scale learned from few units is drawn towards this one (square-root-of-rate units).
PRIOR_SCALE, PRIOR_UNITS = 0.05, 4.0
# Rounds of one vote are never further apart.
_ONE_VOTE_YEARS = 0.5
_JITTER = 1e-6
# The fit ends when no logarithm moves by more than this, or after so many steps; losses closer
# than the last digits, which differ between processors, are alike.
_NO_STEP, _MOST_STEPS, _ALIKE = 1e-10, 200, 1e-13


@dataclass(frozen=True)
class Calendar:
    """What is known of elections before any bureau is looked at.

    Attributes
    ----------
    years
        Days of the vote, in years since the first of them.
    kinds, rounds
        `pres`, `legi`…; 1 or 2.
    log_odds
        Log-odds of abstention in the whole place, known or expected.
    """

    years: np.ndarray
    kinds: np.ndarray
    rounds: np.ndarray
    log_odds: np.ndarray

    @classmethod
    def of(cls, elections: tuple[Election, ...], levels: np.ndarray) -> Calendar:
        """Lay out elections and their levels (rates)."""
        first = elections[0].date
        return cls(
            np.array([(e.date - first).days / 365.25 for e in elections]),
            np.array([e.kind for e in elections]),
            np.array([e.round for e in elections]),
            log_odds(levels),
        )

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the parts (parts × elections × elections) and years between elections."""
        apart = np.abs(self.years[:, None] - self.years)
        kind = (self.kinds[:, None] == self.kinds).astype(float)
        second = np.outer(self.rounds == 2, self.rounds == 2).astype(float)
        steps = (self.log_odds[:, None] - self.log_odds) / LEVEL_WIDTH
        one = np.ones_like(apart)
        parts = [one, np.exp(-(steps**2) / 2), kind, kind * (apart < _ONE_VOTE_YEARS)]
        parts += [second * kind, second, second * np.eye(len(one))]
        return np.stack(parts), apart


# Parts that wear off with time; a vote's own and a second round's own do not.
_WEAR = np.array([True, True, True, False, True, True, False])


@dataclass(frozen=True)
class Link:
    """What a level's effects at past elections tell of the same effects at the target.

    Attributes
    ----------
    covariance
        Of the effects at past elections (elections × elections).
    weights
        Of past effects in the expected one.
    left
        Variance that past effects leave.
    shares, memory_years
        Fitted shares of the parts; years after which what lasts has fallen to 1/e.
    """

    covariance: np.ndarray
    weights: np.ndarray
    left: float
    shares: np.ndarray
    memory_years: float


def log_odds(rates: np.ndarray) -> np.ndarray:
    """Return log-odds of rates, which are kept off 0 and 1."""
    kept = np.clip(rates, 0.001, 0.999)
    return np.asarray(np.log(kept / (1 - kept)))


def link(covariance: np.ndarray, calendar: Calendar, units: int) -> Link:
    """Fit the parts to a learned covariance, and extend it to the target.

    The likelihood of the learned correlations is the sum of the log scores of forecasting
    each past election from those before it: nothing of the target is used but its
    date, kind, round and expected level.

    Parameters
    ----------
    covariance
        Of effects at past elections.
    calendar
        Of the past elections, the target last.
    units
        How many members of the level it was learned from.

    Returns
    -------
    Link
        Covariance of past effects, their weights in the expected one, the variance they leave.
    """
    parts, apart = calendar.parts()
    past = len(covariance)
    scale = np.sqrt((units * np.diag(covariance) + PRIOR_UNITS * PRIOR_SCALE**2)
                    / (units + PRIOR_UNITS))  # fmt: skip
    fitted = _fit(covariance, parts[:, :past, :past], apart[:past, :past], units)
    whole = _correlation(fitted, parts, apart)
    target_scale = np.exp(_kriging(whole) @ np.log(scale))
    scales = np.append(scale, target_scale)
    wide = whole * np.outer(scales, scales)
    known = wide[:past, :past] + _JITTER * np.diag(scale**2)
    weights = np.linalg.solve(known, wide[:past, past])
    left = float(max(wide[past, past] - wide[:past, past] @ weights, 0.0))
    shares = np.exp(fitted[:-1]) / np.exp(fitted[:-1]).sum()
    return Link(known, weights, left, shares, float(np.exp(fitted[-1])))


def no_link(covariance: np.ndarray) -> Link:
    """Return the link of a level that adds nothing: one commune, one département."""
    none = np.zeros(len(covariance))
    return Link(covariance, none, 0.0, PRIOR / PRIOR.sum(), MEMORY_YEARS)


def _correlation(theta: np.ndarray, parts: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return correlations of elections; `theta` are log shares, then log years."""
    return _slopes(theta, parts, apart)[0]


def _slopes(
    theta: np.ndarray, parts: np.ndarray, apart: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return correlations of elections, and their derivatives by each element of `theta`."""
    shares = np.exp(theta[:-1] - theta[:-1].max())
    years = apart / np.exp(theta[-1])
    each = shares[:, None, None] * parts * np.where(_WEAR[:, None, None], np.exp(-years), 1.0)
    total = each.sum(axis=0)
    moves = np.concatenate([each, [each[_WEAR].sum(axis=0) * years]])
    size = np.sqrt(np.diag(total))
    outer = np.outer(size, size)
    correlation = total / outer
    # A part adds to the diagonal too, which is then divided by.
    grown = np.einsum("kii->ki", moves) / size**2
    return correlation, moves / outer - correlation * (grown[:, :, None] + grown[:, None, :]) / 2


def _fit(covariance: np.ndarray, parts: np.ndarray, apart: np.ndarray, units: int) -> np.ndarray:
    """Maximise the penalised likelihood by Fisher scoring."""
    # A few lines, because a page must open before a library's optimiser has loaded.
    size = np.sqrt(np.diag(covariance))
    eye = np.eye(len(size))
    seen = covariance / np.outer(size, size) + _JITTER * eye
    prior = np.append(np.log(PRIOR), np.log(MEMORY_YEARS))
    firmness = np.append(np.full(len(PRIOR), PRIOR_SD), MEMORY_SD) ** -2.0
    weight = min(units, MOST_UNITS)

    def loss(theta: np.ndarray) -> float:
        fitted = _correlation(theta, parts, apart) + _JITTER * eye
        misfit = np.linalg.slogdet(fitted)[1] + np.trace(np.linalg.solve(fitted, seen))
        return float(weight * misfit + np.sum(firmness * (theta - prior) ** 2)) / 2

    theta, best = prior, loss(prior)
    for _ in range(_MOST_STEPS):
        correlation, slopes = _slopes(theta, parts, apart)
        inverse = np.linalg.inv(correlation + _JITTER * eye)
        turned = inverse @ slopes
        gradient = weight * np.einsum("kij,ji->k", turned, eye - inverse @ seen) / 2
        gradient += firmness * (theta - prior)
        information = weight * np.einsum("kij,lji->kl", turned, turned) / 2 + np.diag(firmness)
        step = -np.linalg.solve(information, gradient)
        worse = best + _ALIKE * abs(best)
        while (found := loss(theta + step)) > worse and np.abs(step).max() > _NO_STEP:
            step /= 2
        theta, best = theta + step, found
        if np.abs(step).max() <= _NO_STEP:
            break
    return theta


def _kriging(whole: np.ndarray) -> np.ndarray:
    """Return weights that sum to 1, for what a target's scale takes from past scales."""
    past = len(whole) - 1
    known = whole[:past, :past] + 0.01 * np.eye(past)
    answers = np.linalg.solve(known, np.column_stack([whole[:past, past], np.ones(past)]))
    gap = (1 - answers[:, 0].sum()) / answers[:, 1].sum()
    return np.asarray(answers[:, 0] + gap * answers[:, 1])
