"""What goes with abstention and with swing in a place: the bureaux, the model, and its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.electorate.explain.covariates import (
    arrondissement_of,
    by_group,
    earlier,
    from_context,
    from_past,
    middles,
    usual_terms,
)
from analysis.electorate.explain.formula_terms import read_terms
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
from analysis.electorate.explain.typical_effects import curves, typical_effects
from analysis.electorate.history import History, read_history
from analysis.electorate.swing_by_bureau import Share, measure_swing
from analysis.errors import DataError, Text, some
from analysis.readers.covariates import read_covariates
from analysis.tables.brought_covariates import bring, read_brought
from analysis.tables.elections import Choice
from analysis.tables.sources import LeftOut
from analysis.tables.table_texts import TableTexts
from analysis.tables.workspace import Workspace
from analysis.targeting.ground import has_ground
from analysis.workflows.abstention import anyone
from analysis.workflows.ranking import target_of

if TYPE_CHECKING:
    from analysis.electorate.explain.formula_terms import Term

Progress = Callable[[float], None]
What = Literal["abstention", "swing"]
# Columns of the bureaux that are no covariates.
_OWN = (
    *("bureau_id", "commune_id", "department_id", "arrondissement", "size", "value", "x_m", "y_m"),
    "vintage",
)
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


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be explained, and with what.

    Attributes
    ----------
    what
        `abstention` at `election`, or the `swing` of `choice` from `origin` to `election`.
    election
        The (later) election.
    origin
        Of a swing, the earlier one.
    choice, of
        Of a swing: a bloc or candidates, none for abstention; `valid` or `registered`.
    place
        A commune or a département; empty for the whole workspace.
    terms
        Formula of statsmodels; empty for the usual terms.
    fixed
        One of `FIXED`; empty for what fits the place.
    family, errors
        As in `ModelSpec`; empty for a quasi-binomial logit of an abstention, least squares of a
        swing, and the errors that fit the ground.
    reach_m
        Of errors by distance.
    """

    what: What
    election: str
    origin: str = ""
    choice: Choice | None = None
    of: Literal["valid", "registered"] = "registered"
    place: str = ""
    terms: str = ""
    fixed: str = ""
    family: str = ""
    errors: str = ""
    reach_m: float = 2000.0


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
        As `typical_effects` and `curves` give them.
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


def covariates_known(workspace: Workspace, asked: Question) -> tuple[pd.DataFrame, list[str]]:
    """Return the bureaux with all that is known of them, and the names of the covariates known."""
    table, _past, _vintage, _left = observe(workspace, asked)
    names = [name for name in table if name not in _OWN and table[name].notna().any()]
    return table, names


def observe(
    workspace: Workspace, asked: Question
) -> tuple[pd.DataFrame, str, int | None, tuple[LeftOut, ...]]:
    """Read the bureaux of a question with their covariates.

    Parameters
    ----------
    workspace
        A built place.
    asked
        The question.

    Returns
    -------
    tuple
        One row per bureau that `fit_model` takes (`value` a share or its change, 0 to 1); the
        election of the past blocs; the vintage of the contours; what was left out.

    Raises
    ------
    DataError
        When an election or a place is unknown, or lies in the future.
    """
    target = _past_target(workspace, asked.election)
    begun = _past_target(workspace, asked.origin) if asked.what == "swing" else target
    later, first = max(target, begun, key=_day), min(target, begun, key=_day)
    places = (asked.place,) if asked.place else ()
    history = read_history(
        workspace, anyone(workspace, later), before=later.date + timedelta(days=1), places=places
    )
    ids = [election.election_id for election in history.elections]
    units = history.units
    table = units[["bureau_id", "commune_id", "vintage"]].assign(
        arrondissement=arrondissement_of(units["bureau_id"])
    )
    departments = workspace.read("places").set_index("commune_id")["department_id"].astype("str")
    table["department_id"] = units["commune_id"].map(departments).fillna("")
    table = _with_value(workspace, asked, table, history, ids.index(later.election_id), places)
    vintages = units["vintage"].dropna()
    vintage = None if vintages.empty else int(vintages.iloc[0])
    before = earlier(history, ids.index(first.election_id))
    table = _with_covariates(workspace, table, history, vintage, before)
    grounded = has_ground(
        units.assign(addresses=_addresses(workspace, vintage, units["bureau_id"])), history
    )
    kept, left = _kept(table, grounded, asked)
    return kept, "" if before is None else ids[before], vintage, left


def _day(election: Any) -> Any:  # noqa: ANN401 - a date
    return election.date


def _past_target(workspace: Workspace, election: str) -> Any:  # noqa: ANN401 - an `Election`
    known = workspace.read("elections")["election_id"]
    if election not in set(known):
        raise DataError(
            "The election {election} is not in this workspace.",
            where="elections: {elections}",
            mend="Choose two of these, or build the workspace with its results.",
            election=election or "—",
            elections=some(known, most=20),
        )
    return target_of(workspace, election)


def _with_value(  # noqa: PLR0913, PLR0917 - a table and all it is filled from
    workspace: Workspace,
    asked: Question,
    table: pd.DataFrame,
    history: History,
    election: int,
    places: tuple[str, ...],
) -> pd.DataFrame:
    """Add what is explained, and of how many persons it is a share."""
    if asked.what == "abstention":
        size = history.registered[:, election]
        with np.errstate(invalid="ignore", divide="ignore"):
            value = history.abstentions[:, election] / np.where(size > 0, size, np.nan)
        return table.assign(value=value, size=size)
    share = Share(asked.choice, "registered" if asked.choice is None else asked.of)
    swing = measure_swing(workspace, asked.origin, asked.election, share, places=places)
    moved = swing.table.set_index("bureau_id")[["swing", "weight"]]
    moved = moved.reindex(table["bureau_id"])
    return table.assign(value=moved["swing"].to_numpy(), size=moved["weight"].to_numpy())


def _with_covariates(
    workspace: Workspace,
    table: pd.DataFrame,
    history: History,
    vintage: int | None,
    before: int | None,
) -> pd.DataFrame:
    ids = table["bureau_id"]
    registered = history.units.set_index("bureau_id")["registered"]
    context, shapes = workspace.read("context"), workspace.read("bureaux")
    parts = [from_context(context[context["vintage"] == (vintage or 0)], registered)]
    drawn = gpd.GeoDataFrame(shapes[shapes["vintage"] == (vintage or 0)], crs=shapes.crs)
    parts.append(middles(drawn, ids))
    if before is not None:
        parts.append(from_past(history, before))
    parts.append(read_brought(workspace.path, ids, table["commune_id"]))
    for part in parts:
        fresh = {name: part[name].to_numpy() for name in part if name not in table}
        table = table.assign(**fresh)
    return table


def _addresses(workspace: Workspace, vintage: int | None, ids: pd.Series) -> np.ndarray:
    context = workspace.read("context")
    known = context[context["vintage"] == (vintage or 0)].set_index("bureau_id")["addresses"]
    return ids.map(known).to_numpy()


def _kept(
    table: pd.DataFrame, grounded: np.ndarray, asked: Question
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    absent = table["value"].isna().to_numpy() | ~(table["size"].to_numpy(dtype=float) > 0)
    reasons = (
        (absent, Text("bureaux without this share")),
        (~grounded & ~absent, Text("bureaux of prisoners, postal votes or no address")),
    )
    left = tuple(
        LeftOut(reason, int(gone.sum()), some(table.loc[gone, "bureau_id"]), asked.election)
        for gone, reason in reasons
        if gone.any()
    )
    return table[~absent & grounded].reset_index(drop=True), left


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

    Raises
    ------
    DataError
        When the question does not fit the place, or nothing is known to explain with.
    """
    told = progress or (lambda _done: None)
    table, past, vintage, left_out = observe(workspace, asked)
    told(_READ)
    names = [name for name in table if name not in _OWN]
    fixed = fixed_of(table, asked.fixed)
    terms = read_terms(asked.terms, [*names, *FIXED.values()]) if asked.terms else usual_terms(
        table, names, fixed
    )  # fmt: skip
    if not terms:
        raise DataError(
            "Nothing is known of these bureaux to explain with.",
            mend="Build the workspace with squares or contours, or bring a file of covariates: "
            "explain --covariates FILE.",
        )
    spec = _spec(asked, table, terms, fixed)
    fitted = fit_model(table, spec)
    told(_FITTED)
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
        effects=typical_effects(fitted),
        curves=curves(fitted),
        comparison=comparison,
        dependence=look_at_neighbours(fitted, drawn) if vintage else None,
        past=past,
        vintage=vintage,
        left_out=(*left_out, *fitted.left_out),
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
