"""Effects on those whose treatment the draw changed: ratios of two effects of the draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError
from analysis.experiments.estimators import Floats, Kind, Regression, length, student_quantile

# Stock and Yogo's rule of thumb (2005): below it, only Anderson and Rubin's interval holds.
WEAK = 10.0
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Ratio:
    """An effect of the draw on an outcome, divided by its effect on a treatment.

    Attributes
    ----------
    value, std_errors
        Two-stage least squares with one instrument, and its standard errors by kind.
    first_stage
        Effect of the draw on the treatment.
    f
        Square of the first stage over its standard error.
    """

    value: float
    std_errors: dict[str, float]
    first_stage: float
    f: float


def ratio(regression: Regression, outcome: Floats, treatment: Floats, kind: Kind) -> Ratio:
    """Estimate the ratio and its standard errors.

    Parameters
    ----------
    regression
        Regression on the arm; its coefficient is asked for.
    outcome, treatment
        Per unit; the treatment between 0 and 1.
    kind
        Standard error that the first stage's F is made with.

    Returns
    -------
    Ratio
        In the unit of `outcome` per unit of `treatment`.

    Raises
    ------
    DataError
        When the draw did not change the treatment at all.

    Notes
    -----
    The standard error is that of the effect of the draw on outcome − value · treatment,
    divided by the first stage: exactly that of two-stage least squares, since with one
    instrument the fitted treatment is a multiple of the arm (Imbens and Angrist 1994).
    """
    stage = float(regression.coefficients(treatment)[0])
    if abs(stage) < _NOTHING:
        raise DataError(
            "The draw changed nothing in who was treated: the ratio is not defined.",
            where="first stage {stage:.3g}",
            mend="Check the column of what was received or reached, or leave it out.",
            stage=stage,
        )
    value = float(regression.coefficients(outcome)[0]) / stage
    errors = regression.std_errors(outcome - value * treatment)
    noise = length(regression.scores(treatment, kind))
    f = (stage / noise) ** 2 if noise > 0 else float("inf")
    return Ratio(value, {name: e / abs(stage) for name, e in errors.items()}, stage, f)


def anderson_rubin(
    regression: Regression, outcome: Floats, treatment: Floats, kind: Kind, level: float = 0.95
) -> tuple[tuple[float, float], bool]:
    """Return the ratios that a test of the draw does not reject, however weak the draw.

    Parameters
    ----------
    regression
        Regression on the arm.
    outcome, treatment
        Per unit; the treatment between 0 and 1.
    kind
        Standard error that the test is made with.
    level
        Of the interval, 0 to 1.

    Returns
    -------
    tuple
        The two ends, and whether the interval lies between them (True) or outside them
        (False: two rays). Both ends infinite: nothing is rejected.

    References
    ----------
    Anderson, T. W., and Rubin, H. (1949), *Annals of Mathematical Statistics* 20, 46–63.
    """
    effect, stage = (float(regression.coefficients(v)[0]) for v in (outcome, treatment))
    own, its = regression.scores(outcome, kind), regression.scores(treatment, kind)
    bar = student_quantile((1 + level) / 2, regression.df(kind)) ** 2
    if not np.isfinite(bar * float(own @ own)):
        return (np.nan, np.nan), True
    # (effect − β·stage)² ≤ bar · |own − β·its|²: a parabola in β.
    a = stage**2 - bar * float(its @ its)
    b = effect * stage - bar * float(own @ its)
    c = effect**2 - bar * float(own @ own)
    below = b**2 - a * c
    if a > 0:
        # The estimate itself always belongs to the set, so there are two roots.
        root = np.sqrt(max(below, 0.0))
        return (float((b - root) / a), float((b + root) / a)), True
    if below <= 0 or a == 0:
        return (-np.inf, np.inf), True
    root = np.sqrt(below)
    return (float((b + root) / a), float((b - root) / a)), False
