"""The scale of the forecast, asin √rate, and the shape of its errors."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

# The next count varies more than coins: neighbours and families stay home together.
OVERDISPERSION = 1.15
# Tails of the forecast: Student's t with these degrees of freedom, scaled to the variance.
TAILS = 8.0
# Errors were this share of their stated size over ten elections looked back at, from 2017 to 2024
# (docs/methods/abstention.md): what resembles past elections is believed a little too little.
MEASURED_SPREAD = 0.91


def rate_of(angle: np.ndarray) -> np.ndarray:
    """Return rates from values of asin √rate, cut at 0 and 1."""
    return np.asarray(np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2)


def slope_at(rate: np.ndarray) -> np.ndarray:
    """Return how much a rate moves for a step of asin √rate; never quite nought at 0 and 1."""
    return np.asarray(np.maximum(2 * np.sqrt(rate * (1 - rate)), 0.02))


def half_width(share: float) -> float:
    """Return half of a central interval in standard deviations of the forecast.

    References
    ----------
    Abramowitz, M., and Stegun, I. A. (1964). Handbook of Mathematical Functions, 26.7.5:
    quantiles of Student's t from those of the normal, here to a thousandth. A page must
    open before a library of statistics has loaded.
    """
    z = NormalDist().inv_cdf(0.5 + share / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    quantile = z + first / TAILS + second / TAILS**2 + third / TAILS**3
    return quantile * float(np.sqrt((TAILS - 2) / TAILS))


def shift_to(effect: np.ndarray, size: np.ndarray, level: float) -> float:
    """Return what to add so that the whole place abstains at its level.

    Parameters
    ----------
    effect
        Arcsine of the square root of each bureau's rate, (bureaux,).
    size
        Registered voters, (bureaux,).
    level
        Rate of the whole place, 0 to 1.

    Returns
    -------
    float
        In the units of `effect`.
    """
    weights = size / size.sum() if size.sum() > 0 else np.full(len(size), 1 / len(size))
    shift = float(np.arcsin(np.sqrt(level)) - effect @ weights)
    for _ in range(8):
        angle = np.clip(effect + shift, 0.0, np.pi / 2)
        slope = float(np.sin(2 * angle) @ weights)
        shift += (level - float(np.sin(angle) ** 2 @ weights)) / max(slope, 0.05)
    return shift
