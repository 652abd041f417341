"""Models side by side: what each set of covariates adds, also on ground that was held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from analysis.electorate.explain.covariates import parts_of_a_place
from analysis.electorate.explain.formula_terms import Design, Term, independent, make_design
from analysis.electorate.explain.quick_fit import fast_fit, fit_quickly
from analysis.electorate.explain.regression import (
    Fitted,
    ModelSpec,
    estimator_of,
    share_explained,
    with_terms,
)
from analysis.tables.table_texts import TableTexts

Floats = npt.NDArray[np.float64]
Progress = Callable[[float], None]
# Beyond this many groups, they are held out ten at a time.
_MOST_FOLDS, _FOLDS = 30, 10
_FEWEST_GROUPS = 5
_SEED = 0


@dataclass(frozen=True)
class Comparison(TableTexts):
    """Models of the same bureaux, from nothing to the whole.

    Attributes
    ----------
    table
        `model` (what it holds), `columns`, `bureaux`, `explained` (share of the variance or of
        the deviance), `criterion` (AIC under least squares; QAIC under a logit), `held_out`
        (mean absolute error in points where each group is foretold from the others).
    criterion
        "AIC" or "QAIC"; the latter by the dispersion of the largest model (Burnham and Anderson
        2002), as a quasi-likelihood has no AIC. A fractional logit has neither.
    held_out_by
        Column whose groups were held out; "" where bureaux were, ten at a time by lot.
    folds
        How many parts were held out.
    """

    table: pd.DataFrame
    criterion: str
    held_out_by: str
    folds: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def compare_models(
    fitted: Fitted,
    groups: Mapping[str, Sequence[Term]],
    *,
    progress: Progress | None = None,
) -> Comparison:
    """Set a model beside those that hold less, on the same bureaux.

    Parameters
    ----------
    fitted
        The whole model.
    groups
        Its terms by where they come from, in the order in which they are added.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Comparison
        One row per model, the whole one among them.
    """
    spec, data = fitted.spec, fitted.data
    nested: list[tuple[str, ModelSpec]] = [("mean", with_terms(spec, ()))]
    single = _best_single(fitted)
    if single is not None:
        nested.append((f"one: {single.text}", with_terms(spec, (single,))))
    terms: list[Term] = []
    for name, more in groups.items():
        terms += more
        nested.append((f"+ {name}", with_terms(spec, terms)))
    if spec.fixed:
        nested.append((f"+ C({spec.fixed})", spec))
    held_out_by, folds = make_folds(data)
    rows = []
    for done, (name, one) in enumerate(nested):
        design = make_design(one.all_terms, data)
        results = fit_quickly(estimator_of(data, design.matrix, one.family))
        told = partial(_part, progress, done, len(nested))
        rows.append(
            {
                "model": name,
                "columns": design.matrix.shape[1],
                "bureaux": len(data),
                "explained": share_explained(results, data, one.family) if one.all_terms else 0.0,
                "criterion": criterion(results, fitted),
                "held_out": held_out_error(fitted, design, folds, told),
            }
        )
    kind = {"least_squares": "AIC", "quasi_binomial": "QAIC"}.get(spec.family, "")
    return Comparison(pd.DataFrame(rows), kind, held_out_by, int(folds.max()) + 1)


def _part(progress: Progress | None, done: int, models: int, share: float) -> None:
    if progress is not None:
        progress((done + share) / models)


def _best_single(fitted: Fitted) -> Term | None:
    """Return the straight term that goes with the share most, as the simplest rival."""
    straight = [t for t in fitted.spec.terms if not t.curved and not t.category]
    straight = [t for t in straight if t.text in t.names and np.ptp(fitted.data[t.text]) > 0]
    if not straight:
        return None
    value = fitted.data["value"].to_numpy(dtype=float)
    size = fitted.data["size"].to_numpy(dtype=float)

    def likeness(term: Term) -> float:
        both = np.cov(fitted.data[term.text].to_numpy(dtype=float), value, aweights=size)
        return float(both[0, 1] ** 2 / (both[0, 0] * both[1, 1]))

    return max(straight, key=likeness)


def criterion(results: Any, whole: Fitted) -> float:  # noqa: ANN401 - of statsmodels
    """Return AIC under least squares, QAIC under a quasi-binomial logit, else NaN.

    QAIC = −2 log L / ĉ + 2 (k + 1), ĉ the dispersion of the whole model: only differences between
    models of one table mean something (Burnham and Anderson 2002, p. 70).
    """
    if whole.spec.family == "least_squares":
        return float(results.aic)
    if whole.spec.family == "fractional":
        return float("nan")
    likelihood = float(results.model.loglike(results.params, scale=1.0))
    return -2 * likelihood / float(whole.results.scale) + 2 * (len(results.params) + 1)


def make_folds(data: pd.DataFrame) -> tuple[str, npt.NDArray[np.int64]]:
    """Part bureaux into what is held out together: the widest ground that has five parts.

    Returns
    -------
    tuple
        The column whose groups are held out ("" for ten parts by lot), and the number of the part
        of each bureau.
    """
    for name in ("department_id", "commune_id", "arrondissement"):
        codes, groups = pd.factorize(data[name])
        if len(groups) >= _FEWEST_GROUPS:
            if len(groups) <= _MOST_FOLDS:
                return name, codes.astype("int64")
            lot = np.random.default_rng(_SEED).permutation(len(groups)) % _FOLDS
            return name, lot[codes].astype("int64")
    lot = np.random.default_rng(_SEED).permutation(len(data)) % min(_FOLDS, len(data))
    return "", lot.astype("int64")


def held_out_error(
    whole: Fitted, design: Design, folds: npt.NDArray[np.int64], progress: Progress
) -> float:
    """Return the mean absolute error where each part is foretold from the others, in points.

    Effects of communes or départements, asked for by name or not, are unknown where these are held
    out: they are taken at their mean.

    Parameters
    ----------
    whole
        Gives the bureaux and the family.
    design
        Columns of the model to try.
    folds
        Number of the part of each bureau.
    progress
        Told the share done.

    Returns
    -------
    float
        Percentage points, weighted by the size of bureaux.
    """
    matrix = design.matrix.to_numpy(dtype=float)
    unknown = [f"C({whole.spec.fixed})", *(f"C({part})" for part in parts_of_a_place())]
    nuisance = np.isin(np.array(design.terms, dtype=object), unknown)
    value, size = (whole.data[name].to_numpy(dtype=float) for name in ("value", "size"))
    weights = np.ones(len(size)) if whole.spec.family == "fractional" else size / size.mean()
    foretold = np.empty(len(matrix))
    parts = int(folds.max()) + 1
    for fold in range(parts):
        out = folds == fold
        # A level that stands in the held-out part alone has no column of its own left.
        usable = independent(matrix[~out])
        known = matrix[np.ix_(~out, usable)]
        straight = whole.spec.family == "least_squares"
        slopes = fast_fit(known, value[~out], weights[~out], straight=straight)
        there = matrix[out].copy()
        there[:, nuisance] = np.average(matrix[~out][:, nuisance], weights=size[~out], axis=0)
        linear = there[:, usable] @ slopes
        foretold[out] = linear if straight else expit(linear)
        progress((fold + 1) / parts)
    return float(100 * np.average(np.abs(value - foretold), weights=size))
