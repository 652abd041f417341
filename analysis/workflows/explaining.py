"""What goes with abstention and with swing in a place: the bureaux, the model, and its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from analysis.electorate.explain.covariates import (
    by_group,
    is_flat,
    usual_terms,
)
from analysis.electorate.explain.formula_terms import Term, read_terms
from analysis.electorate.explain.model_comparison import Comparison, compare_models
from analysis.electorate.explain.regression import (
    MOST_EFFECTS,
    Errors,
    Family,
    Fitted,
    ModelSpec,
    fit_model,
    usual_errors,
)
from analysis.electorate.explain.spatial_dependence import Dependence, look_at_neighbours
from analysis.electorate.explain.term_words import level_names, named_levels
from analysis.electorate.explain.typical_effects import curves, typical_effects
from analysis.errors import DataError, some
from analysis.readers.covariate_tables import read_covariates
from analysis.tables.brought_covariates import bring
from analysis.tables.sources import LeftOut
from analysis.tables.table_texts import TableTexts
from analysis.tables.workspace import Workspace
from analysis.workflows.explain_bureaux import PARTS, Observed, Question, observe

Progress = Callable[[float], None]
# Effects of their own, by the word that asks for them.
FIXED = {
    "commune": "commune_id",
    "arrondissement": "arrondissement",
    "department": "department_id",
    "none": "",
}
# A level with fewer bureaux than this on average has no effect worth telling from theirs.
_PER_LEVEL = 5
# Share of the work done when the bureaux are read, the model fitted, and models compared.
_READ, _FITTED, _COMPARED = 0.4, 0.5, 0.9


@dataclass(frozen=True)
class Explanation(TableTexts):
    """What goes with a share, and how sure that is.

    Attributes
    ----------
    asked
        The question, with what was chosen where it left things open.
    fitted
        The model.
    effects, curves
        As `typical_effects` and `curves` give them; parts of the place by name.
    comparison
        The model beside those that hold less.
    dependence
        Whether neighbours are alike in what is left over; None where contours are missing.
    past
        Election of the past blocs; empty where none is known.
    vintage
        Of the contours; None where there are none.
    left_out
        Bureaux that the model does not hold.
    names
        Of communes, arrondissements and départements, by column and code.
    """

    asked: Question
    fitted: Fitted
    effects: pd.DataFrame
    curves: pd.DataFrame
    comparison: Comparison
    dependence: Dependence | None
    past: str
    vintage: int | None
    left_out: tuple[LeftOut, ...]
    names: dict[str, dict[str, str]]

    @cached_property
    def bureaux(self) -> pd.DataFrame:
        """One row per bureau: `bureau_id`, `commune_id`, `value`, `fitted`, `residual`, `size`."""
        data = self.fitted.data
        return data[["bureau_id", "commune_id", "value"]].assign(
            fitted=self.fitted.fitted, residual=self.fitted.residuals, size=data["size"]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients; columns as in `Fitted.to_frame`."""
        return self.fitted.to_frame()


def fixed_of(table: pd.DataFrame, asked: str) -> str:
    """Return the column whose levels have effects of their own: as asked, or what fits."""
    if asked:
        if asked not in FIXED:
            raise DataError(
                "There are no effects of “{asked}”.",
                mend="Choose one of {known}.",
                asked=asked,
                known=some(FIXED, most=8),
            )
        return FIXED[asked]
    for column in ("commune_id", "arrondissement", "department_id"):
        levels = table[column].nunique()
        if 1 < levels <= min(MOST_EFFECTS, len(table) // _PER_LEVEL):
            return column
    return ""


def explain(
    workspace: Workspace, asked: Question, *, progress: Progress | None = None
) -> Explanation:
    """Say what goes with abstention or a swing in a place.

    Parameters
    ----------
    workspace
        A built place.
    asked
        The question.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Explanation
        The model, what it says, and of which bureaux.

    Raises
    ------
    DataError
        When the question does not fit the place, or nothing is known to explain with.
    """
    told = progress or (lambda _done: None)
    seen = observe(workspace, asked)
    told(_READ)
    table, vintage = seen.table, seen.vintage
    fixed = fixed_of(table, asked.fixed)
    terms = (
        _asked_terms(seen, asked.terms)
        if asked.terms
        else usual_terms(table, seen.covariates, fixed)
    )
    if asked.terms and not asked.fixed:
        # What is asked for and the same inside communes is told between them.
        flat = any(is_flat(table, name, fixed) for term in terms for name in term.names)
        # Effects that were asked for by name are told one by one.
        own = any(fixed in term.names for term in terms)
        fixed = "" if flat or own else fixed
    if not terms:
        raise DataError(
            "Nothing is known of these bureaux to explain with.",
            mend="Build the workspace with squares or contours, or bring a file of covariates: "
            "explain --covariates FILE.",
        )
    if table["value"].nunique() < 2:
        raise DataError(
            "The share is the same in every bureau: there is nothing to explain.",
            where="{n} bureaux",
            mend="Explain another election, or a larger place.",
            n=len(table),
        )
    spec = _spec(asked, table, terms, fixed)
    fitted = fit_model(table, spec)
    # What effects of their own hold already is named among the dropped columns instead.
    if not fixed and not {term.text for term in terms} & {*fitted.design.terms}:
        raise DataError(
            "What is asked for is the same everywhere: it explains nothing.",
            where="{terms}",
            mend="Take columns that differ between these bureaux.",
            terms=some(term.text for term in terms),
        )
    told(_FITTED)
    names = level_names(workspace, fitted.data)
    comparison = compare_models(
        fitted,
        by_group(terms),
        progress=lambda done: told(_FITTED + (_COMPARED - _FITTED) * done),
    )
    shapes = workspace.read("bureaux")
    drawn = gpd.GeoDataFrame(shapes[shapes["vintage"] == (vintage or 0)], crs=shapes.crs)
    answered = replace(
        asked,
        terms=" + ".join(term.text for term in terms),
        fixed=next(word for word, column in FIXED.items() if column == fixed),
        family=spec.family,
        errors=spec.errors,
    )
    return Explanation(
        asked=answered,
        fitted=fitted,
        effects=named_levels(typical_effects(fitted), names),
        curves=curves(fitted),
        comparison=comparison,
        dependence=look_at_neighbours(fitted, drawn) if vintage else None,
        past=seen.past,
        vintage=vintage,
        left_out=(*seen.left_out, *fitted.left_out),
        names=names,
    )


def _spec(asked: Question, table: pd.DataFrame, terms: Sequence[Term], fixed: str) -> ModelSpec:
    families = {"quasi_binomial", "fractional", "least_squares"}
    errors = {"classical", "hc", "cluster", "conley"}
    for given, known in ((asked.family, families), (asked.errors, errors)):
        if given and given not in known:
            raise DataError(
                "There is no model or error called “{given}”.",
                mend="Choose one of {known}.",
                given=given,
                known=some(sorted(known), most=8),
            )
    usual: Family = "least_squares" if asked.what == "swing" else "quasi_binomial"
    family: Any = asked.family or usual
    kind: Any = asked.errors or _errors(table, terms)
    return ModelSpec(tuple(terms), fixed, family, kind, reach_m=asked.reach_m)


def _errors(table: pd.DataFrame, terms: Sequence[Term]) -> Errors:
    """Choose the errors on the bureaux that the model will hold."""
    names = [name for term in terms for name in term.names]
    return usual_errors(table[table[names].notna().all(axis=1)])


def _asked_terms(seen: Observed, formula: str) -> tuple[Term, ...]:
    """Read a formula; a column of texts is a category without being called so."""
    columns = [*seen.covariates, *seen.categories, *FIXED.values()]
    written = [term.text for term in read_terms(formula, columns)]
    texts = {*seen.categories, *PARTS}
    return read_terms([f"C({t})" if t in texts else t for t in written], columns)


def bring_covariates(
    workspace: Workspace, files: Sequence[Path]
) -> tuple[list[str], tuple[LeftOut, ...]]:
    """Read files of covariates, and keep what is of this place in its workspace.

    Returns
    -------
    tuple
        Names of the columns that the workspace now has, and the rows left out.
    """
    communes = frozenset(workspace.read("places")["commune_id"].astype("str"))
    read = [read_covariates(file, communes) for file in files]
    left = tuple(reason for _table, reasons in read for reason in reasons)
    return bring(workspace.path, [table for table, _reasons in read]), left
