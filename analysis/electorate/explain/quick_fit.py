"""Coefficients in a few steps: where statsmodels may begin, and for many small refits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]
# Newton's steps, and the change of a logit below which they end.
_STEPS, _STILL = 25, 1e-10


def fast_fit(matrix: Floats, value: Floats, weights: Floats, *, straight: bool) -> Floats:
    """Return the coefficients that statsmodels would, without its tests: for many small refits.

    Parameters
    ----------
    matrix
        Columns, none a combination of others.
    value, weights
        Shares, and what each counts.
    straight
        Least squares; else a logit, by Newton's steps.

    Returns
    -------
    numpy.ndarray
        One coefficient per column, in the unit of `value` or in logits.
    """
    slopes = np.zeros(matrix.shape[1])
    for _step in range(1 if straight else _STEPS):
        share = matrix @ slopes if straight else expit(matrix @ slopes)
        curvature = weights if straight else weights * share * (1 - share)
        moved = np.linalg.solve(
            (matrix * curvature[:, None]).T @ matrix, matrix.T @ (weights * (value - share))
        )
        slopes = slopes + moved
        if np.abs(matrix @ moved).max() < _STILL:
            break
    return slopes


def fit_quickly(estimator: Any, **how: Any) -> Any:  # noqa: ANN401 - of statsmodels
    """Return the fit of a model of statsmodels, which begins where the coefficients are.

    Its own steps take the singular values of the whole matrix each: of all France, seconds.
    """
    if not hasattr(estimator, "family"):
        return estimator.fit(**how)
    parts = (estimator.exog, estimator.endog, estimator.var_weights)
    matrix, value, weights = (np.asarray(part, dtype=float) for part in parts)
    start = fast_fit(matrix, value, weights, straight=False)
    return estimator.fit(start_params=start, **how)
