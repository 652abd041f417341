"""Every cached call of the page Impact; keyed by the content of what was brought."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from analysis.electorate.history import Choice
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.declared_design import with_seal
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimates import Impact
from analysis.experiments.outcomes import Outcomes, outcomes_of, vintage_of
from analysis.experiments.subgroups import Subgroups, estimate_subgroups
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranking import Scenario, target_of
from analysis.workflows.sealed_trials import Trial, open_trial
from pages._ui import loaders
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, bloc_name
from pages._ui.impact import example
from pages._ui.impact.source import BROUGHT, EXAMPLE, Source, read_table, seal_of
from pages._ui.trial.covariates import names_of
from pages._ui.trial.load_trials import scenario_of

_FEW, _SOME = 4, 16
# What the ranking knew before the draw: to adjust for, and to cut into subgroups.
BEFORE = ("potential", "registered", "density", "expected_abstention", "support", "poverty_rate")


@dataclass(frozen=True)
class Found:
    """What was read of a source.

    Attributes
    ----------
    table
        One row per unit.
    lost
        What was lost by arm between the trial's contours and those of the elections; None
        when nothing could be.
    promised
        Subgroups that the sealed plan announced.
    outcomes, covariates
        Columns that the plan, else the elections asked for, make outcomes and adjust for.
    before
        Columns that are known to be of before the draw; empty where nobody knows.
    """

    table: pd.DataFrame
    lost: pd.DataFrame | None = None
    promised: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


def found(source: Source) -> Found:
    """Read the table of a source."""
    with st.spinner(_("Reading the results…")):
        return _found(source)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _found(source: Source) -> Found:
    if source.kind == EXAMPLE:
        return Found(example.table())
    sealed = seal_of(source)
    promise = sealed.promise if sealed else {}
    if source.kind == BROUGHT:
        table = read_table(source.name, source.content)
        return _told(Found(table), promise)
    outcomes = _outcomes(source)
    drawn = sealed.assignment[sealed.design.drawn]
    lost = outcomes.lost(drawn.set_index("unit_id")["arm"])
    table = _with_facts(source, outcomes.table)
    counts = {f"{one}_registered" for one in source.elections}
    asked = [
        name
        for name in table
        if name not in counts and name.startswith(tuple(f"{one}_" for one in source.elections))
    ]
    before = [name for name in table if name not in {"unit_id", *asked, *counts}]
    known = Found(table, lost, outcomes=tuple(asked), before=tuple(before))
    return _named(_told(known, promise), source)


def _named(known: Found, source: Source) -> Found:
    """Give our columns names for people, in the language of the source."""
    place = Workspace(Path(source.folder))
    elections = place.read("elections")["election_id"].tolist()
    labels = list(_choices(place, open_trial(place.path, source.seal))) or [""]
    names: dict[str, str] = {}
    for label in labels:
        # With several, each says whose votes it means.
        whose = f" · {bloc_name(label)}" if len(labels) > 1 else ""
        own = names_of(elections, label)
        names |= {c: f"{n}{whose}" if f"_{label}_" in c else n for c, n in own.items()}

    def told(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(name, name) for name in columns)

    return Found(
        known.table.rename(columns=names),
        known.lost,
        told(known.promised),
        told(known.outcomes),
        told(known.covariates),
        told(known.before),
    )


def _told(known: Found, promise: Mapping[str, tuple[str, ...]]) -> Found:
    """Let what the plan promised go before what would be guessed."""
    outcomes = [n for n in promise.get("outcomes", ()) if n in (known.outcomes or known.table)]
    covariates = [n for n in promise.get("covariates", ()) if n in (known.before or known.table)]
    return replace(
        known,
        promised=tuple(promise.get("subgroups", ())),
        outcomes=tuple(outcomes) or known.outcomes,
        covariates=tuple(covariates),
    )


def _with_facts(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    """Add what was known of the units before the election that the trial prepared."""
    scenario = scenario_of(open_trial(Path(source.folder), source.seal))
    if scenario is None:
        return table
    ranked = loaders.ranking(Workspace(Path(source.folder)), scenario)
    facts = trial_units(ranked.table)[["unit_id", *BEFORE]]
    return table.merge(facts, on="unit_id", how="left")


def _outcomes(source: Source) -> Outcomes:
    """Read the results of the elections asked for, and of the one before each kind of them."""
    place, trial = Workspace(Path(source.folder)), open_trial(Path(source.folder), source.seal)
    units = trial.sealed.design.units["unit_id"].tolist()
    return outcomes_of(
        place,
        [*source.elections, *_earlier(place, source.elections, scenario_of(trial))],
        units,
        vintage=vintage_of(place, units),
        choices=_choices(place, trial),
    )


def _earlier(place: Workspace, elections: tuple[str, ...], scenario: Scenario | None) -> list[str]:
    """Return the last election before the trial and those asked for: what adjusts for the past."""
    known = place.read("elections").sort_values("date")
    first = known.loc[known["election_id"].isin(elections), "date"].min()
    if scenario is not None:
        first = min(first, pd.Timestamp(target_of(place, scenario.election).date))
    return known.loc[known["date"] < first, "election_id"].tolist()[-1:]


def _choices(place: Workspace, trial: Trial) -> dict[str, Choice]:
    """Return whose votes are looked at: the scenario's, else the blocs that the plan announced."""
    if scenario := scenario_of(trial):
        return {"candidates" if scenario.candidates else scenario.bloc: scenario.choice}
    announced = " ".join(trial.sealed.promise.get("outcomes", ()))
    blocs = place.read("candidates")["bloc"].dropna().unique()
    ends = ("registered", "valid")
    return {
        bloc: Choice(bloc)
        for bloc in map(str, blocs)
        if any(re.search(rf"_t\d_{re.escape(bloc)}_{end}\b", announced) for end in ends)
    }


def impact(source: Source, spec: Spec, draws: int, seed: int) -> Impact:
    """Estimate what the canvass changed."""
    with st.spinner(_("Estimating, and drawing again…")):
        return _impact(source, spec, draws, seed)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _impact(source: Source, spec: Spec, draws: int, seed: int) -> Impact:
    table, lottery = _found(source).table, None
    if sealed := seal_of(source):
        table, spec, lottery = with_seal(table, spec, sealed)
    rng = np.random.default_rng(seed)
    return estimate_impact(table, spec, lottery=lottery, rng=rng, draws=draws)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def subgroups(source: Source, spec: Spec, names: tuple[str, ...]) -> Subgroups:
    """Estimate within groups; those of the sealed plan are declared, others exploratory."""
    read = _found(source)
    table = read.table
    if sealed := seal_of(source):
        table, spec, _lottery = with_seal(table, spec, sealed)
    return estimate_subgroups(table, spec, names, declared=read.promised)


def geometry(place: Workspace, units: pd.Series) -> Geometry | None:
    """Publish the contours that the units are of; None where there are none."""
    vintage = vintage_of(place, list(units))
    if not vintage:
        return None
    bureaux = loaders.table(str(place.path), place.digest, "bureaux")
    here = bureaux[(bureaux["vintage"] == vintage) & bureaux["bureau_id"].isin(units)]
    return loaders.contours(place, vintage, here["commune_id"])


def arms(source: Source, spec: Spec) -> pd.DataFrame:
    """Return `unit_id`, `arm`, `block` and `rank` of the units, for the map."""
    if sealed := seal_of(source):
        return sealed.assignment[["unit_id", "arm", "block", "rank"]]
    table = _found(source).table
    drawn = pd.to_numeric(table[spec.assigned], errors="coerce") == 1
    block = table[spec.block].astype("str") if spec.block else "1"
    return pd.DataFrame(
        {
            "unit_id": table[spec.unit].astype("str") if spec.unit else table.index.astype("str"),
            "arm": np.where(drawn, "treated", "control"),
            "block": block,
            "rank": np.nan,
        }
    )
