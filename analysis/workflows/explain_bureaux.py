"""The bureaux of a question, with all that is known of them to explain a share with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from analysis.electorate.explain.covariates import (
    arrondissement_of,
    earlier,
    from_context,
    from_past,
    middles,
    parts_of_a_place,
)
from analysis.electorate.history import History, read_history
from analysis.electorate.swing_by_bureau import Share, measure_swing
from analysis.errors import DataError, Text, some
from analysis.tables.brought_covariates import read_brought
from analysis.tables.elections import Choice, Election
from analysis.tables.sources import LeftOut
from analysis.tables.workspace import Workspace
from analysis.targeting.ground import has_ground
from analysis.workflows.abstention import anyone
from analysis.workflows.ranking import target_of
from analysis.workflows.refusals import refuse_unknown

# Columns of the bureaux that are no covariates.
_OWN = (
    *("bureau_id", "commune_id", "department_id", "arrondissement", "size", "value", "x_m", "y_m"),
    "vintage",
)
What = Literal["abstention", "swing"]
PARTS = tuple(parts_of_a_place())
_MOST_PARTS = 30


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


def asked_of(
    what: str,
    elections: tuple[str, str],
    *,
    whose: tuple[str, tuple[str, ...]],
    **options: Any,  # noqa: ANN401 - fields of `Question`
) -> Question:
    """Return a question from words as people give them.

    Parameters
    ----------
    what
        "abstention" or "swing".
    elections
        The earlier one ("" of an abstention) and the later one.
    whose
        Of a swing: bloc, or candidates; neither for abstention.
    **options
        The other fields of `Question`.

    Returns
    -------
    Question
        As it was asked, not yet looked up in a place.

    Raises
    ------
    DataError
        When there is no such thing to explain, or a swing lacks an election.
    """
    origin, election = elections
    if what not in ("abstention", "swing") or not election or (what == "swing" and not origin):
        raise DataError(
            "It is not said what is to be explained.",
            mend="Give --what abstention --election ELECTION, or --what swing --from ELECTION "
            "--to ELECTION --bloc BLOC.",
        )
    if what == "swing" and origin == election:
        raise DataError(
            "A swing lies between two elections: both are the same here.",
            where="{election}",
            mend="Choose two different elections.",
            election=election,
        )
    if not np.isfinite(options.get("reach_m", 1.0)):
        raise DataError(
            "Errors by distance need metres above nought, and less than half the place.",
            where="--reach",
            mend="Name fewer metres, or take hc.",
        )
    if what == "abstention":
        return Question("abstention", election, **{**options, "of": "registered"})
    choice = Choice(*whose) if any(whose) else None
    if choice is None:
        options["of"] = "registered"
    return Question("swing", election, origin, choice, **options)


@dataclass(frozen=True)
class Observed:
    """Bureaux ready to be explained.

    Attributes
    ----------
    table
        One row per bureau, as `fit_model` takes it.
    past
        Election of the past blocs; empty where none is known.
    vintage
        Of the contours; None where there are none.
    left_out
        Bureaux that are not in the table, by reason.
    """

    table: pd.DataFrame
    past: str
    vintage: int | None
    left_out: tuple[LeftOut, ...]

    @property
    def covariates(self) -> list[str]:
        """Names of the columns of numbers to explain with, known or not."""
        return [name for name in self._others if is_numeric_dtype(self.table[name])]

    @property
    def categories(self) -> list[str]:
        """Names of the columns of texts that were brought: `C(kind)` in a formula."""
        return [name for name in self._others if not is_numeric_dtype(self.table[name])]

    @property
    def parts(self) -> list[str]:
        """Names of the columns of parts of the place that are few enough to be told one by one."""
        levels = {name: self.table[name].nunique() for name in PARTS}
        few = [name for name, n in levels.items() if 1 < n <= _MOST_PARTS]
        # Outside of the large cities the arrondissement is the commune.
        return [n for n in few if n != "arrondissement" or levels[n] > levels["commune_id"]]

    @property
    def _others(self) -> list[str]:
        return [str(name) for name in self.table if name not in _OWN]

    @property
    def known(self) -> list[str]:
        """Names of those of which something is known that is not all alike."""
        return [n for n in self._others if len(self.table[n].dropna().unique()) > 1]


def observe(workspace: Workspace, asked: Question) -> Observed:
    """Read the bureaux of a question with their covariates.

    Parameters
    ----------
    workspace
        A built place.
    asked
        The question.

    Raises
    ------
    DataError
        When an election or a place is unknown, or lies in the future.
    """
    target = _past_target(workspace, asked.election)
    begun = _past_target(workspace, asked.origin) if asked.what == "swing" else target
    first, later = sorted((begun, target), key=lambda election: election.date)
    places = (asked.place,) if asked.place else ()
    after = replace(later, date=later.date + timedelta(days=1))
    history = read_history(workspace, anyone(workspace, after), before=after.date, places=places)
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
    return Observed(kept, "" if before is None else ids[before], vintage, left)


def _past_target(workspace: Workspace, election: str) -> Election:
    refuse_unknown(workspace, election)
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
