"""Every cached call of the pages on trials; keyed by digests, texts and choices."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.experiments.balance import Balance
from analysis.experiments.design import Design
from analysis.experiments.holdout import HoldOut
from analysis.experiments.placebo import Measure, Placebo
from analysis.tables.workspace import Workspace
from analysis.workflows import trial_power, trial_results
from analysis.workflows.model_territory import title_of
from analysis.workflows.ranked_trial import COVARIATES, Choices, design_of
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import Trial, open_trial
from analysis.workflows.trial_design import Draft, Promise, sight_at_past
from analysis.workflows.trial_design import draft as drafted
from analysis.workflows.trial_power import ADJUSTED
from pages._ui import loaders
from pages._ui.i18n import _, language
from pages._ui.trial.trial_choices import outcome_names

_FEW, _SOME = 8, 48

# What is chosen now, or the fingerprint of what is sealed.
Which = Choices | str


def design(place: Workspace, scenario: Scenario, which: Which) -> Design:
    """Return the design that the choices declare, or the one of a seal."""
    if isinstance(which, str):
        return trial(place, which).sealed.design
    return _design(str(place.path), place.digest, scenario.to_toml(), which)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _design(folder: str, digest: str, toml: str, choices: Choices) -> Design:
    del digest
    scenario = Scenario.from_dict(tomllib.loads(toml))
    place = Workspace(Path(folder))
    return design_of(place, loaders.ranking(place, scenario).table, choices)


def draft(place: Workspace, scenario: Scenario, choices: Choices, promise: Promise) -> Draft:
    """Return the plan of the design that the choices declare, as it will be sealed."""
    adjust = promise.estimator == ADJUSTED
    sight = sight_at_past(placebo(place, scenario, choices, "share_registered", 0.0, adjust))
    named = title_of(place, "", promise.language)
    return drafted(design(place, scenario, choices), promise, choices.seed, sight, place=named)


def placebo(  # noqa: PLR0913 - what the answer depends on
    place: Workspace,
    scenario: Scenario,
    which: Which,
    measure: Measure,
    contamination: float,
    adjust: bool,  # noqa: FBT001 - whether the headline is adjusted for the election before
) -> Placebo:
    """Return what the design would have seen at past elections."""
    with st.spinner(_("Drawing the design on past elections…")):
        return _placebo(
            str(place.path), place.digest, scenario.to_toml(), which, measure, contamination, adjust
        )


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _placebo(  # noqa: PLR0913 - what the answer depends on
    folder: str,
    digest: str,
    toml: str,
    which: Which,
    measure: Measure,
    contamination: float,
    adjust: bool,  # noqa: FBT001 - as above
) -> Placebo:
    del digest
    scenario, place = Scenario.from_dict(tomllib.loads(toml)), Workspace(Path(folder))
    declared = design(place, scenario, which)
    return trial_power.placebo_of(
        place, scenario, declared, measure=measure, contamination=contamination, adjust=adjust
    )


def cost(table: pd.DataFrame, design: Design, sight: float | None) -> HoldOut:
    """Return what holding bureaux back costs, and what it buys."""
    return trial_power.cost_of(table, design, sight)


def trial(place: Workspace, fingerprint: str) -> Trial:
    """Return a sealed design of the workspace, verified again when its file changes."""
    # Opened each time: a seal that was tampered with must not live on in a cache.
    return open_trial(place.path, fingerprint)


def balance(place: Workspace, scenario: Scenario, fingerprint: str) -> Balance:
    """Compare the arms of a sealed design before the canvass."""
    with st.spinner(_("Comparing the arms on past elections…")):
        return _balance(str(place.path), place.digest, scenario.to_toml(), fingerprint, language())


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _balance(folder: str, digest: str, toml: str, fingerprint: str, tongue: str) -> Balance:
    del digest, tongue  # names of covariates are in the language of the session
    scenario, place = Scenario.from_dict(tomllib.loads(toml)), Workspace(Path(folder))
    sealed = open_trial(place.path, fingerprint).sealed
    ranked = loaders.ranking(place, scenario).table
    facts = ranked[["bureau_id", *COVARIATES]]
    return trial_results.balance_of(
        place, scenario, sealed, facts, name=lambda past: outcome_names(past, trial_results.VOTES)
    )
