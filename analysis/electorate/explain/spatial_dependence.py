"""Whether what a model leaves over is alike next door, and models that say so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.sparse.linalg import splu
from scipy.stats import chi2, norm

from analysis.electorate.explain.regression import Fitted
from analysis.electorate.spatial import FEWEST, touching
from analysis.tables.table_texts import TableTexts

if TYPE_CHECKING:
    import geopandas as gpd

Floats = npt.NDArray[np.float64]
Kind = Literal["lag", "error"]
_PERMUTATIONS, _AT_ONCE = 999, 50
# Below this p-value neighbours are taken to be alike.
ALIKE = 0.05
_BOUNDS = (-0.99, 0.999)


@dataclass(frozen=True)
class SpatialModel(TableTexts):
    """A linear model in which neighbours depend on one another.

    Attributes
    ----------
    kind
        `lag`: the share depends on that of the neighbours; `error`: what is not explained does.
    strength, std_error
        The coefficient of the neighbours' mean (ρ or λ), and its error.
    coefficients
        `column`, `estimate`, `std_error`, `statistic`, `p_value`, and under `lag` also `total`:
        the coefficient with what comes back from the neighbours, estimate / (1 − ρ).
    columns
        How many the model has, those of fixed effects too, which `coefficients` leaves out.
    log_likelihood
        At its maximum.
    """

    kind: Kind
    strength: float
    std_error: float
    coefficients: pd.DataFrame
    columns: int
    log_likelihood: float

    @property
    def aic(self) -> float:
        """Akaike's criterion, comparable with least squares on the same unweighted shares."""
        return -2 * self.log_likelihood + 2 * (self.columns + 2)

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients."""
        return self.coefficients.copy()


@dataclass(frozen=True)
class Dependence:
    """How alike neighbours are once a model has said its part.

    Attributes
    ----------
    moran, p_value
        Moran's I of the residuals, and its p-value under random places (one-sided, 999
        permutations): approximate, as residuals are not free of one another.
    bureaux
        With a contour and a neighbour.
    tests
        `test` (lag, error, robust_lag, robust_error), `statistic`, `p_value`: Lagrange
        multipliers of the unweighted linear model (Anselin et al. 1996).
    model
        The lag or error model that the tests point at; None where neighbours are not alike.
    """

    moran: float
    p_value: float
    bureaux: int
    tests: pd.DataFrame
    model: SpatialModel | None


def neighbour_weights(bureaux: gpd.GeoDataFrame, ids: pd.Series) -> tuple[sparse.csr_array, Floats]:
    """Return who touches whom, each row summing to one, and the rows of `ids` that have neighbours.

    Parameters
    ----------
    bureaux
        Contours of one vintage, metric CRS, with `bureau_id`.
    ids
        The bureaux wanted.
    """
    rows = pd.Series(np.arange(len(ids)), index=ids)
    here = bureaux[bureaux["bureau_id"].isin(rows.index)].sort_values("bureau_id")
    one, other = touching(here.geometry.to_numpy())
    place = rows.loc[here["bureau_id"]].to_numpy()
    one, other = place[one], place[other]
    kept = np.unique(one)
    number = np.full(len(ids), -1)
    number[kept] = np.arange(len(kept))
    shape = (len(kept), len(kept))
    links = sparse.csr_array((np.ones(len(one)), (number[one], number[other])), shape=shape)
    count = np.asarray(links.sum(axis=1)).ravel()
    return sparse.csr_array(sparse.diags_array(1 / count) @ links), kept


def look_at_neighbours(fitted: Fitted, bureaux: gpd.GeoDataFrame) -> Dependence | None:
    """Say whether what a model leaves over is alike next door, and fit what then is due.

    Parameters
    ----------
    fitted
        A model.
    bureaux
        Contours of the vintage of its bureaux, metric CRS.

    Returns
    -------
    Dependence or None
        None where fewer than ten bureaux have a contour and a neighbour.
    """
    weights, kept = neighbour_weights(bureaux, fitted.data["bureau_id"])
    if len(kept) < max(FEWEST, fitted.design.matrix.shape[1] + 3):
        return None
    left = fitted.spread_residuals[kept]
    moran, p_value = moran_test(left, weights, np.random.default_rng(0))
    share = 100 * fitted.data["value"].to_numpy(dtype=float)[kept]
    matrix = fitted.design.matrix.iloc[kept]
    matrix = matrix.loc[
        :, (np.ptp(matrix.to_numpy(), axis=0) > 0) | (matrix.columns == "Intercept")
    ]
    tests = multipliers(share, matrix.to_numpy(dtype=float), weights)
    model = None
    if p_value < ALIKE and moran > 0:
        robust = tests.set_index("test")["statistic"]
        kind: Kind = "lag" if robust["robust_lag"] > robust["robust_error"] else "error"
        model = fit_spatial(share, matrix, weights, kind)
        effects = f"C({fitted.spec.fixed})["
        own = ~model.coefficients["column"].str.startswith(effects)
        model = replace(model, coefficients=model.coefficients[own].reset_index(drop=True))
    return Dependence(moran, p_value, len(kept), tests, model)


def moran_test(
    values: Floats, weights: sparse.csr_array, rng: np.random.Generator
) -> tuple[float, float]:
    """Return Moran's I, and how often values put down anywhere are as alike or more.

    Parameters
    ----------
    values
        One per bureau, any unit.
    weights
        Of the neighbours: bureaux × bureaux, rows summing to one.
    rng
        For the permutations.

    Returns
    -------
    tuple of float
        I, about −1 to 1, and the one-sided p-value.
    """
    z = values - values.mean()
    scale = len(z) / weights.sum() / (z @ z)
    seen = float(scale * (z @ (weights @ z)))
    larger = 0
    for begun in range(0, _PERMUTATIONS, _AT_ONCE):
        count = min(_AT_ONCE, _PERMUTATIONS - begun)
        drawn = rng.permuted(np.tile(z, (count, 1)), axis=1).T
        larger += int((scale * (drawn * (weights @ drawn)).sum(axis=0) >= seen).sum())
    return seen, (larger + 1) / (_PERMUTATIONS + 1)


def multipliers(share: Floats, matrix: Floats, weights: sparse.csr_array) -> pd.DataFrame:
    """Return the Lagrange multiplier tests for a lag and for an error model.

    Parameters
    ----------
    share
        What is explained.
    matrix
        Columns, the constant among them.
    weights
        Of the neighbours, rows summing to one.

    Returns
    -------
    pandas.DataFrame
        `test` (lag, error, robust_lag, robust_error), `statistic` (χ², one degree), `p_value`.

    References
    ----------
    Anselin, L., Bera, A. K., Florax, R. and Yoon, M. J. (1996). Simple diagnostic tests for
    spatial dependence. Regional Science and Urban Economics 26, 77-104.
    """
    slopes, *_rest = np.linalg.lstsq(matrix, share, rcond=None)
    fitted = matrix @ slopes
    left = share - fitted
    variance = left @ left / len(left)
    trace = float((weights * weights).sum() + (weights * weights.T).sum())
    around = weights @ fitted
    apart = around - matrix @ np.linalg.lstsq(matrix, around, rcond=None)[0]
    whole = trace + apart @ apart / variance
    error, lag = left @ (weights @ left) / variance, left @ (weights @ share) / variance
    found = {
        "lag": lag**2 / whole,
        "error": error**2 / trace,
        "robust_lag": (lag - error) ** 2 / (whole - trace),
        "robust_error": (error - trace / whole * lag) ** 2 / (trace * (1 - trace / whole)),
    }
    table = pd.DataFrame({"test": list(found), "statistic": list(found.values())})
    return table.assign(p_value=chi2.sf(table["statistic"], 1))


def fit_spatial(
    share: Floats, matrix: pd.DataFrame, weights: sparse.csr_array, kind: Kind
) -> SpatialModel:
    """Fit a spatial lag or error model by maximum likelihood.

    Parameters
    ----------
    share
        What is explained, unweighted.
    matrix
        Columns by name.
    weights
        Of the neighbours, rows summing to one.
    kind
        Of model.

    Returns
    -------
    SpatialModel
        Strength of the dependence, its error, and the slopes per unit of each column.

    References
    ----------
    Ord, K. (1975). Estimation methods for models of spatial interaction. Journal of the American
    Statistical Association 70, 120-126.
    """
    columns = matrix.to_numpy(dtype=float)

    def at(strength: float) -> tuple[float, Floats, float, Floats]:
        return _profile(share, columns, weights, kind, strength)

    best = minimize_scalar(lambda s: -at(s)[0], bounds=_BOUNDS, method="bounded",
                           options={"xatol": 1e-9})  # fmt: skip
    strength, step = float(best.x), 1e-4
    likelihood, slopes, variance, inverse = at(strength)
    below, above = at(strength - step), at(strength + step)
    curvature = (above[0] - 2 * likelihood + below[0]) / step**2
    doubt = 1 / -curvature if curvature < 0 else float("nan")
    # The likelihood's own curvature. Under a lag the slopes move along with the strength; under an
    # error model the two are independent (Ord 1975).
    along = (above[1] - below[1]) / (2 * step) * (kind == "lag")
    error = np.sqrt(np.diag(variance * inverse + np.outer(along, along) * doubt))
    table = pd.DataFrame(
        {
            "column": list(matrix),
            "estimate": slopes,
            "std_error": error,
            "statistic": slopes / error,
            "p_value": 2 * norm.sf(np.abs(slopes / error)),
        }
    )
    if kind == "lag":
        table["total"] = slopes / (1 - strength)
    return SpatialModel(kind, strength, float(np.sqrt(doubt)), table, len(table), likelihood)


def _profile(
    share: Floats, columns: Floats, weights: sparse.csr_array, kind: Kind, strength: float
) -> tuple[float, Floats, float, Floats]:
    """Return the largest log-likelihood at a strength, with slopes, variance and (X'X)⁻¹."""
    apart = sparse.csc_array(sparse.eye_array(len(share)) - strength * weights)
    outcome = apart @ share
    design = apart @ columns if kind == "error" else columns
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ (design.T @ outcome)
    left = outcome - design @ slopes
    variance = float(left @ left / len(left))
    size = float(np.log(np.abs(splu(apart).U.diagonal())).sum())
    likelihood = -len(left) / 2 * (np.log(2 * np.pi * variance) + 1) + size
    return likelihood, slopes, variance, inverse
