"""How sure coefficients are: when near bureaux move together, and when covariates say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from analysis.electorate.explain.formula_terms import Design
from analysis.errors import DataError

Floats = npt.NDArray[np.float64]


def conley(results: Any, places: Floats, reach_m: float) -> Floats:  # noqa: ANN401 - of statsmodels
    """Return the covariance of coefficients when bureaux near one another move together.

    Parameters
    ----------
    results
        Of a model of statsmodels: least squares, or binomial with a logit.
    places
        Metres east and north (bureaux × 2).
    reach_m
        Beyond it along either axis, two bureaux are independent; nearer ones weigh by
        (1 − |Δx|/reach)(1 − |Δy|/reach), which keeps every variance positive.

    Returns
    -------
    numpy.ndarray
        Columns × columns, without correction for few bureaux.

    References
    ----------
    Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of
    Econometrics 92, 1-45.
    """
    scores, bread = _scores(results)
    pairs = cKDTree(places).query_pairs(reach_m * np.sqrt(2), output_type="ndarray")
    apart = np.abs(places[pairs[:, 0]] - places[pairs[:, 1]])
    kernel = np.prod(np.maximum(1 - apart / reach_m, 0), axis=1)
    cross = (scores[pairs[:, 0]] * kernel[:, None]).T @ scores[pairs[:, 1]]
    meat = scores.T @ scores + cross + cross.T
    return np.asarray(bread @ meat @ bread)


def _scores(results: Any) -> tuple[Floats, Floats]:  # noqa: ANN401 - of statsmodels
    """Return what each bureau adds to the equations (bureaux × columns), and their inverse."""
    model = results.model
    exog = np.asarray(model.exog, dtype=float)
    fitted = np.asarray(results.fittedvalues, dtype=float)
    if hasattr(model, "family"):
        weights = np.asarray(model.var_weights, dtype=float)
        curvature = weights * fitted * (1 - fitted)
    else:
        weights = curvature = np.asarray(model.weights, dtype=float)
    left = np.asarray(model.endog, dtype=float) - fitted
    bread = np.linalg.inv((exog * curvature[:, None]).T @ exog)
    return exog * (weights * left)[:, None], bread


def inflation(design: Design) -> dict[str, float]:
    """Return how far each term's variance is inflated by the others.

    For a term of one column it is the variance inflation factor; for several, the generalised one
    raised to 1/columns, which compares with it (Fox and Monette 1992).
    """
    matrix = design.matrix.to_numpy(dtype=float)
    terms = np.array(design.terms, dtype=object)
    inside = terms != ""
    if inside.sum() < 2:
        return dict.fromkeys(terms[inside], 1.0)
    related = np.atleast_2d(np.corrcoef(matrix[:, inside], rowvar=False))
    found: dict[str, float] = {}
    whole = np.linalg.slogdet(related)[1]
    for term in dict.fromkeys(terms[inside]):
        own = terms[inside] == term
        parts = sum(np.linalg.slogdet(related[np.ix_(k, k)])[1] for k in (own, ~own) if k.any())
        found[str(term)] = float(np.exp((parts - whole) / own.sum()))
    return found


def width_m(data: pd.DataFrame) -> float:
    """Return the longer side of the place in metres, from `x_m` and `y_m` of its bureaux."""
    return float(np.ptp(data[["x_m", "y_m"]].to_numpy(dtype=float), axis=0).max())


def check_reach(data: pd.DataFrame, reach_m: float) -> None:
    """Refuse errors by distance that reach over more than half the place.

    Where nearly all bureaux are alike to all, what is left over adds up to nought, and so would
    the error: an interval of width nought.

    Raises
    ------
    DataError
        When the reach is not above nought, or more than half the longer side of the place.
    """
    wide = width_m(data)
    if not 0 < reach_m <= wide / 2:
        raise DataError(
            "Errors by distance need metres above nought, and less than half the place.",
            where="reach {reach:g} m; the place is {wide:.0f} m wide",
            mend="Name fewer metres, or take hc.",
            reach=reach_m,
            wide=wide,
        )
