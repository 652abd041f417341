"""Two subjects compared day by day, as often as one likes, at the error that was promised.

Half of the recipients drawn by lot get subject A, half B. At each day that somebody acts the number
from A among the day's acts is hypergeometric if the subject changes nothing, given who may still
act; if B is done more often by a factor, it is Fisher's noncentral hypergeometric. The likelihood
ratio of a mixture of factors to "nothing" has mean 1 each day when the subject changes nothing, so
that by Ville's inequality it reaches 1/α in no more than α of all messages, whenever and however
often it is looked at.

References
----------
ter Schure, Pérez-Ortiz, Ly, Grünwald 2024, The Anytime-Valid Logrank Test, New England Journal of
Statistics in Data Science 2(2). Johari, Koomen, Pekelis, Walsh 2022, Always Valid Inference,
Operations Research 70(3), for the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln, logsumexp

ALPHA = 0.05
# Logarithms of the factor by which B is done more often than A, and how likely each is beforehand.
_FACTORS = np.linspace(-3, 3, 61)
_SPREAD = 0.7
_PRIOR = -0.5 * (_FACTORS / _SPREAD) ** 2
_PRIOR = _PRIOR - logsumexp(_PRIOR)
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Looked:
    """What the days so far tell of two subjects.

    Attributes
    ----------
    evidence
        Likelihood ratio against "the subject changes nothing"; decided at 1/α, for good.
    factor, low, high
        By how much B is done more often than A, and its 95% interval, which holds on all days.
    acts
        Of A and of B.
    decided
        "A" or "B" where one is done more often, "" where nobody can tell yet.
    """

    evidence: float
    factor: float
    low: float
    high: float
    acts: tuple[int, int]
    decided: str


def day_evidence(at_risk: Counts, acts: Counts) -> Floats:
    """Return the log likelihood ratio of each factor against 1, of days.

    Parameters
    ----------
    at_risk, acts
        Of A and B; shape (..., 2).

    Returns
    -------
    numpy.ndarray
        Shape (..., number of factors).
    """
    a, b = at_risk[..., 0, None], at_risk[..., 1, None]
    day = acts.sum(axis=-1)[..., None]
    of_b = np.arange(int(acts.sum(axis=-1).max(initial=0)) + 1)
    possible = (of_b <= day) & (of_b <= b) & (day - of_b <= a)
    chance = _log_choose(b, of_b) + _log_choose(a, day - of_b) - _log_choose(a + b, day)
    chance = np.where(possible, chance, -np.inf)
    total = logsumexp(chance[..., None, :] + _FACTORS[:, None] * of_b, axis=-1)
    ratio: Floats = acts[..., 1, None] * _FACTORS - total
    return ratio


def _log_choose(n: npt.NDArray[Any], k: npt.NDArray[Any]) -> Floats:
    inside = np.clip(k, 0, n)
    found: Floats = gammaln(n + 1) - gammaln(inside + 1) - gammaln(n - inside + 1)
    return found


def evidence(ratios: Floats) -> Floats:
    """Return the log of the mixture's likelihood ratio, of sums over days; shape (...,)."""
    found: Floats = logsumexp(_PRIOR + ratios, axis=-1)
    return found


def look(days: pd.DataFrame) -> Looked:
    """Return what the days so far tell; looking again costs nothing.

    Parameters
    ----------
    days
        In order: `risk_a`, `risk_b` (may still act at the day's beginning or on it), `acts_a`,
        `acts_b`.
    """
    at_risk = days[["risk_a", "risk_b"]].to_numpy(np.int64)
    acts = days[["acts_a", "acts_b"]].to_numpy(np.int64)
    total = np.cumsum(day_evidence(at_risk, acts), axis=0)
    if not len(days):
        total = np.zeros((1, len(_FACTORS)))
    each = evidence(total)
    bar = -np.log(ALPHA)
    # What one of the days ruled out stays ruled out.
    held = (each[:, None] - total < bar).all(axis=0)
    # What nobody did speaks for no factor.
    best = int(np.argmax(total[-1])) if acts.any() else len(_FACTORS) // 2
    kept = _FACTORS[held] if held.any() else _FACTORS[[best]]
    crossed = np.flatnonzero(each >= bar)
    decided = ""
    if len(crossed):
        decided = "B" if _FACTORS[int(np.argmax(total[crossed[0]]))] > 0 else "A"
    counts = acts.sum(axis=0)
    return Looked(
        float(np.exp(each.max())),
        float(np.exp(_FACTORS[best])),
        float(np.exp(kept[0])),
        float(np.exp(kept[-1])),
        (int(counts[0]), int(counts[1])),
        decided,
    )
