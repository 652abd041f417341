"""Every cached call of the pages on trials; keyed by digests, texts and choices."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.experiments.balance import Balance, check_balance
from analysis.experiments.design import Design, declare
from analysis.experiments.holdout import HoldOut, hold_out
from analysis.experiments.outcomes import outcomes_of, vintage_of
from analysis.experiments.placebo import Measure, Placebo, PlaceboAsk, placebo_curve
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranking import Scenario, shapes_of, target_of
from analysis.workflows.sealed_trials import Trial, open_trial
from pages._ui import loaders
from pages._ui.i18n import _, language
from pages._ui.trial.trial_choices import COVARIATES, NEIGHBOURS, Choices

_FEW, _SOME = 8, 48
DRAWS = 500
COVERAGES = (0.1, 0.2, 0.3, 0.5)
_SIZES = 6


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
    table = loaders.ranking(place, scenario).table
    shapes = shapes_of(place, table) if choices.cluster == NEIGHBOURS else None
    return declare(choices.units(table, shapes), choices.rule)


def placebo(
    place: Workspace, scenario: Scenario, which: Which, measure: Measure, contamination: float
) -> Placebo:
    """Return what the design would have seen at past elections."""
    with st.spinner(_("Drawing the design on past elections…")):
        return _placebo(
            str(place.path), place.digest, scenario.to_toml(), which, measure, contamination
        )


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _placebo(  # noqa: PLR0913 - what the answer depends on
    folder: str, digest: str, toml: str, which: Which, measure: Measure, contamination: float
) -> Placebo:
    del digest
    scenario, place = Scenario.from_dict(tomllib.loads(toml)), Workspace(Path(folder))
    declared = design(place, scenario, which)
    units, rule = _declared_units(declared), declared.rule
    least = min(max(3 * rule.block_size, len(units) // _SIZES), len(units))
    sizes = np.unique(np.linspace(least, len(units), _SIZES, dtype=int))
    ask = PlaceboAsk(
        before=target_of(place, scenario.election).date,
        measure=measure,
        coverage=tuple(one for one in COVERAGES if one > contamination),
        contamination=contamination,
        sizes=tuple(int(one) for one in sizes),
        draws=DRAWS,
    )
    rng = np.random.default_rng(scenario.settings.seed)
    return placebo_curve(units, place, scenario.choice, rule=rule, ask=ask, rng=rng)


def _declared_units(declared: Design) -> pd.DataFrame:
    """Return the units of a design under the names that its rule gives their columns."""
    rule, units = declared.rule, declared.units
    names = {
        "value": rule.rank_by,
        "territory": rule.territory,
        "cluster": rule.cluster,
        **{f"balance_{name}": name for name in rule.balance},
    }
    table = pd.DataFrame({theirs: units[ours] for ours, theirs in names.items() if theirs})
    for name, arm in ((rule.must_treat, "treated"), (rule.must_not_treat, "control")):
        if name:
            table[name] = (units["given"] == arm).astype("int64")
    return table.assign(bureau_id=units["unit_id"], unit_id=units["unit_id"])


def cost(table: pd.DataFrame, design: Design, sight: float | None) -> HoldOut:
    """Return what holding bureaux back costs, and what it buys."""
    votes = trial_units(table).set_index("unit_id")["votes"]
    return hold_out(design, votes.reindex(design.units["unit_id"]).fillna(0).to_numpy(), sight)


def trial(place: Workspace, fingerprint: str) -> Trial:
    """Return a sealed design of the workspace, verified again when its file changes."""
    # Opened each time: a seal that was tampered with must not live on in a cache.
    return open_trial(place.path, fingerprint)


def scenario_of(trial: Trial) -> Scenario | None:
    """Return the scenario sealed with a design; None where it is not there or cannot be read."""
    if not trial.scenario:
        return None
    try:
        return Scenario.from_dict(tomllib.loads(trial.scenario))
    except (DataError, tomllib.TOMLDecodeError):
        return None


def balance(place: Workspace, scenario: Scenario, fingerprint: str) -> Balance:
    """Compare the arms of a sealed design before the canvass."""
    with st.spinner(_("Comparing the arms on past elections…")):
        return _balance(str(place.path), place.digest, scenario.to_toml(), fingerprint, language())


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _balance(folder: str, digest: str, toml: str, fingerprint: str, tongue: str) -> Balance:
    del digest, tongue  # names of covariates are in the language of the session
    from pages._ui.trial.covariates import names_of

    scenario, place = Scenario.from_dict(tomllib.loads(toml)), Workspace(Path(folder))
    sealed = open_trial(place.path, fingerprint).sealed
    drawn = sealed.assignment[sealed.design.drawn]
    table = loaders.ranking(place, scenario).table.set_index("bureau_id")
    known = table.reindex(drawn["unit_id"])[list(COVARIATES)].reset_index(drop=True)
    before = target_of(place, scenario.election).date
    elections = place.read("elections").sort_values("date")
    past = elections.loc[elections["date"] < pd.Timestamp(before), "election_id"].tolist()[-4:]
    outcomes = outcomes_of(
        place,
        past,
        drawn["unit_id"].tolist(),
        vintage=vintage_of(place, drawn["unit_id"].tolist()),
        choices={"votes": scenario.choice},
    ).table.drop(columns="unit_id")
    names = names_of(past, "votes")
    shown = [
        c for c in names if not c.endswith("_valid") and c not in {f"{e}_registered" for e in past}
    ]
    covariates = pd.concat([known, outcomes.reset_index(drop=True)], axis=1)
    covariates = covariates.reindex(columns=shown).rename(columns=names)
    return check_balance(
        covariates.loc[:, covariates.notna().all()],
        drawn["assigned"].to_numpy(dtype=float),
        sealed.design.lottery,
        rng=np.random.default_rng(sealed.seed),
    )
