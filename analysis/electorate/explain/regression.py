"""Fit what goes with a share or with its change: statsmodels, and errors that fit the ground."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student
from statsmodels.genmod.generalized_linear_model import GLM, families  # its api loads all of it
from statsmodels.regression.linear_model import WLS
from statsmodels.tools.sm_exceptions import SpecificationWarning

from analysis.electorate.explain.coefficient_errors import check_reach, conley, inflation, width_m
from analysis.electorate.explain.formula_terms import Design, Term, make_design
from analysis.electorate.explain.quick_fit import fit_quickly
from analysis.electorate.explain.term_words import FAMILIES
from analysis.errors import DataError, Text, some
from analysis.tables.sources import LeftOut
from analysis.tables.table_texts import TableTexts

Floats = npt.NDArray[np.float64]
Family = Literal["quasi_binomial", "fractional", "least_squares"]
Errors = Literal["classical", "hc", "cluster", "conley"]
# What every result says, wherever it goes.
ROBINSON = Text(
    "Bureaux are not persons: what goes together from bureau to bureau need not go together in "
    "anybody (Robinson 1950), and nothing here says what would follow if it were changed."
)
# With fewer clusters, their errors are told too small (Cameron and Miller 2015).
LEAST_CLUSTERS, MANY_CLUSTERS = 10, 30
# Dummies beyond this are a matrix nobody waits for.
MOST_EFFECTS = 400


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """How a share is explained.

    Attributes
    ----------
    terms
        Of the formula.
    fixed
        Column whose levels each have their own effect (`commune_id`); empty for none.
    family
        `quasi_binomial` (logit, bureaux weigh by registered), `fractional` (logit, each bureau
        weighs alike; Papke and Wooldridge 1996), `least_squares` (weighted by size).
    errors
        `classical`, `hc` (HC1; HC0 under a logit, as statsmodels has it), `cluster` (by
        `cluster`), `conley` (bureaux nearer than `reach_m` move together; Conley 1999).
    cluster
        Column of the clusters.
    reach_m
        Metres beyond which two bureaux are independent.
    level
        Of the intervals.
    """

    terms: tuple[Term, ...]
    fixed: str = ""
    family: Family = "quasi_binomial"
    errors: Errors = "hc"
    cluster: str = "commune_id"
    reach_m: float = 2000.0
    level: float = 0.95

    @property
    def all_terms(self) -> tuple[Term, ...]:
        """The terms, with the fixed effects."""
        if not self.fixed:
            return self.terms
        return (*self.terms, Term(f"C({self.fixed})", (self.fixed,), curved=False, category=True))

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the terms, each once, without the fixed effects."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.names))


@dataclass(frozen=True)
class Fitted(TableTexts):
    """A model that was fitted.

    Attributes
    ----------
    spec
        How.
    data
        The bureaux it rests on, numbered from 0: what `fit_model` was given, without those that
        lack something.
    design
        Its columns; `design.dropped` names those that say nothing new.
    results
        Of statsmodels: `results.summary()` prints it whole.
    covariances
        By kind of error, as far as each is known: matrices (columns × columns).
    left_out
        Bureaux without some covariate, by covariate.
    """

    spec: ModelSpec
    data: pd.DataFrame
    design: Design
    results: Any
    covariances: dict[str, Floats]
    left_out: tuple[LeftOut, ...]

    @property
    def params(self) -> Floats:
        """One coefficient per column."""
        return np.asarray(self.results.params, dtype=float)

    @property
    def covariance(self) -> Floats:
        """Of the coefficients, with the errors asked for (columns × columns)."""
        return self.covariances[self.spec.errors]

    @property
    def degrees(self) -> float:
        """Degrees of freedom of tests and intervals: clusters less one, or bureaux less columns."""
        if self.spec.errors == "cluster":
            return float(self.data[self.spec.cluster].nunique() - 1)
        return float(self.results.df_resid)

    @property
    def fitted(self) -> Floats:
        """Share that the model gives each bureau."""
        return np.asarray(self.results.fittedvalues, dtype=float)

    @property
    def residuals(self) -> Floats:
        """Share less what the model gives, by bureau."""
        return self.data["value"].to_numpy(dtype=float) - self.fitted

    @property
    def spread_residuals(self) -> Floats:
        """Residuals of one spread: divided by what chance in a bureau of that size would do."""
        if self.spec.family == "least_squares":
            return np.asarray(self.results.wresid, dtype=float)
        return np.asarray(self.results.resid_pearson, dtype=float)

    @property
    def explained(self) -> float:
        """Share of the variance, or of the deviance, that the model explains."""
        return share_explained(self.results, self.data, self.spec.family)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per column but those of the fixed effects; see `to_frame`."""
        estimate, error = self.params, np.sqrt(np.diag(self.covariance))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = estimate / error
        half = student.ppf((1 + self.spec.level) / 2, self.degrees) * error
        vif = inflation(self.design)
        table = pd.DataFrame(
            {
                "column": list(self.design.matrix),
                "term": self.design.terms,
                "estimate": estimate,
                "std_error": error,
                "statistic": ratio,
                "p_value": 2 * student.sf(np.abs(ratio), self.degrees),
                "lower": estimate - half,
                "upper": estimate + half,
                **{f"se_{kind}": np.sqrt(np.diag(v)) for kind, v in self.covariances.items()},
                "vif": [vif.get(term, np.nan) for term in self.design.terms],
            }
        )
        nuisance = f"C({self.spec.fixed})"
        return table[table["term"] != nuisance].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients.

        Returns
        -------
        pandas.DataFrame
            `column`, `term`, `estimate`, `std_error`, `statistic`, `p_value`, `lower`, `upper`,
            `se_classical`, `se_hc`, `se_cluster`, `se_conley` (as far as known), `vif`.
        """
        return self.frame.copy()

    def summary(self) -> str:
        """Say the model in a line."""
        return Text(
            "{n} bureaux, {columns} columns, {family}: {explained:.1%} of the differences "
            "explained",
            n=len(self.data),
            columns=self.design.matrix.shape[1],
            family=FAMILIES[self.spec.family],
            explained=self.explained,
        )


def fit_model(observations: pd.DataFrame, spec: ModelSpec) -> Fitted:
    """Fit a model to bureaux.

    Parameters
    ----------
    observations
        One row per bureau: `bureau_id`, `value` (a share, or its change), `size` (persons it is a
        share of), columns of the terms, of fixed effects and clusters, and `x_m`, `y_m` (metres,
        missing where unknown).
    spec
        How.

    Raises
    ------
    DataError
        When a covariate is known nowhere, a share lies outside 0 to 1 under a logit, too few
        bureaux are left, or the errors asked for have no ground.
    """
    data, left_out = _complete(observations, spec)
    _check(data, spec)
    design = make_design(spec.all_terms, data)
    if design.matrix.shape[1] + 2 > len(data):
        raise DataError(
            "There are more columns to explain with than bureaux.",
            where="{n} bureaux, {columns} columns",
            mend="Take fewer terms, or a larger place.",
            n=len(data),
            columns=design.matrix.shape[1],
        )
    estimator = estimator_of(data, design.matrix, spec.family)
    results, covariances = _with_errors(estimator, design, data, spec)
    return Fitted(spec, data, design, results, covariances, left_out)


def _complete(observations: pd.DataFrame, spec: ModelSpec) -> tuple[pd.DataFrame, Any]:
    wanted = [*spec.names, *filter(None, (spec.fixed,))]
    unknown: dict[bytes, list[str]] = {}
    for name in wanted:
        gaps = observations[name].isna().to_numpy()
        if gaps.all():
            raise DataError(
                "Nothing is known of {name} in this place.",
                mend="Leave it out, build the workspace with the file it comes from, or give one "
                "with --covariates.",
                name=name,
            )
        if gaps.any():
            unknown.setdefault(gaps.tobytes(), []).append(name)
    left_out, usable = [], np.ones(len(observations), dtype=bool)
    # Covariates of one file are unknown together, and told together.
    for mask, names in unknown.items():
        gaps = np.frombuffer(mask, dtype=bool)
        reason = Text("bureaux of which {name} is not known", name=", ".join(names))
        left_out.append(LeftOut(reason, int(gaps.sum()), some(observations["bureau_id"][gaps])))
        usable &= ~gaps
    return observations[usable].reset_index(drop=True), tuple(left_out)


def _check(data: pd.DataFrame, spec: ModelSpec) -> None:
    shares = data["value"]
    if spec.family != "least_squares" and not shares.between(0, 1).all():
        raise DataError(
            "A logit explains shares between 0 and 1, not changes.",
            mend="Take least squares for a swing.",
        )
    if spec.fixed and data[spec.fixed].nunique() > MOST_EFFECTS:
        raise DataError(
            "{n} levels of {name} are too many effects of their own.",
            mend="Take départements, or a smaller place.",
            n=data[spec.fixed].nunique(),
            name=spec.fixed,
        )
    if spec.errors == "cluster" and data[spec.cluster].nunique() < LEAST_CLUSTERS:
        raise DataError(
            "Errors by {name} need at least {least} of them.",
            where="{n} here",
            mend="Take errors by distance (conley), or hc.",
            name=spec.cluster,
            least=LEAST_CLUSTERS,
            n=data[spec.cluster].nunique(),
        )
    if spec.errors == "conley" and data["x_m"].isna().any():
        raise DataError(
            "Errors by distance need to know where every bureau lies.",
            where="{bureaux}",
            mend="Build the workspace with contours, or take errors by commune or hc.",
            bureaux=some(data.loc[data["x_m"].isna(), "bureau_id"]),
        )
    if spec.errors == "conley":
        check_reach(data, spec.reach_m)


def estimator_of(data: pd.DataFrame, matrix: Any, family: Family) -> Any:  # noqa: ANN401
    """Return a model of statsmodels that is not yet fitted.

    Parameters
    ----------
    data, matrix, family
        One row per bureau: its share and its size; the design (rows × columns); the model's.

    Returns
    -------
    statsmodels model
        Weighted least squares, or a binomial model of the shares.
    """
    value, size = (data[name].to_numpy(dtype=float) for name in ("value", "size"))
    if family == "least_squares":
        return WLS(value, matrix, weights=size / size.mean())
    # Shares weighted by size, not pairs of counts: of these statsmodels takes the dispersion wrong.
    weights = size if family == "quasi_binomial" else None
    return GLM(value, matrix, family=families.Binomial(), var_weights=weights)


def share_explained(results: Any, data: pd.DataFrame, family: Family) -> float:  # noqa: ANN401
    """Return the share of the variance, or of the deviance, that a fit of statsmodels explains.

    Parameters
    ----------
    results
        Of a fit.
    data, family
        What it was fitted on, one row per bureau, and the family of the model.

    Returns
    -------
    float
        1 where nothing is left over.
    """
    if family == "least_squares":
        return float(results.rsquared)
    # Asked of statsmodels, the model of the mean alone would be fitted again each time.
    value, weights = (np.asarray(part) for part in (results.model.endog, results.model.var_weights))
    mean = np.full(len(data), np.average(value, weights=weights))
    return float(1 - results.deviance / results.model.family.deviance(value, mean, weights))


def _with_errors(
    estimator: Any,  # noqa: ANN401 - of statsmodels
    design: Design,
    data: pd.DataFrame,
    spec: ModelSpec,
) -> tuple[Any, dict[str, Floats]]:
    """Fit under every kind of error that there is ground for; return the one asked for, and all."""
    more: dict[str, Any] = {} if spec.family == "least_squares" else {"scale": "X2"}
    asked: dict[str, tuple[str, dict[str, Any] | None]] = {
        "classical": ("nonrobust", None),
        "hc": ("HC1", None),
    }
    codes, groups = pd.factorize(data[spec.cluster])
    if len(groups) >= LEAST_CLUSTERS:
        asked["cluster"] = ("cluster", {"groups": codes})
    with warnings.catch_warnings():
        # statsmodels doubts robust errors under these weights; a test works out the sandwich.
        warnings.simplefilter("ignore", SpecificationWarning)
        fits = {
            kind: fit_quickly(estimator, cov_type=name, cov_kwds=keywords, use_t=True, **more)
            for kind, (name, keywords) in asked.items()
        }
    found = {kind: np.asarray(fit.cov_params(), dtype=float) for kind, fit in fits.items()}
    if data["x_m"].notna().all() and len(data) <= MOST_PAIRED and spec.reach_m <= width_m(data) / 2:
        places = data[["x_m", "y_m"]].to_numpy(dtype=float)
        found["conley"] = conley(fits["classical"], places, spec.reach_m)
    return fits.get(spec.errors, fits["hc"]), found


# In a small place nearly all bureaux are near one another, and errors by distance are told too
# small; in a large one, pairs within reach are listed one by one.
LEAST_PAIRED, MOST_PAIRED = 200, 20_000


def usual_errors(observations: pd.DataFrame) -> Errors:
    """Return the errors that fit the ground: by commune where many, else by distance.

    Where nothing is known of distances, ten communes are better than taking all for independent.
    """
    communes = observations["commune_id"].nunique()
    if communes >= MANY_CLUSTERS:
        return "cluster"
    if observations["x_m"].notna().all() and LEAST_PAIRED <= len(observations) <= MOST_PAIRED:
        return "conley"
    if communes >= LEAST_CLUSTERS:
        return "cluster"
    # Few bureaux: errors that allow for unlike spreads are themselves too unsure.
    return "hc" if len(observations) >= LEAST_PAIRED else "classical"


def with_terms(spec: ModelSpec, terms: Sequence[Term], fixed: str = "") -> ModelSpec:
    """Return the same model with other terms.

    Parameters
    ----------
    spec, terms, fixed
        The model, the covariates it has instead, and the column of the effects (empty: none).

    Returns
    -------
    ModelSpec
        What else the model says stays.
    """
    return replace(spec, terms=tuple(terms), fixed=fixed)
