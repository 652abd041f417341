"""The plan and the draw: promised, sealed, verified."""

from __future__ import annotations

import numpy as np
import streamlit as st

from analysis.errors import DataError
from analysis.experiments.design import Design
from analysis.experiments.preanalysis_plan import Plan, write_plan
from analysis.experiments.seal import Sealed
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import (
    PLAN,
    SCENARIO,
    in_force,
    keep,
    read_seal,
    sealed_with,
    texts_in,
)
from pages._ui import messages
from pages._ui.i18n import _, bloc_name, language, number
from pages._ui.trial import load_trials as trials
from pages._ui.trial.trial_choices import COVARIATES, Choices, covariate_names


def label_of(scenario: Scenario) -> str:
    """Return what the columns of a scenario's votes are called."""
    return "candidates" if scenario.candidates else scenario.bloc


def seal(place: Workspace, scenario: Scenario, choices: Choices) -> None:
    """Ask what is promised, show the plan, then draw once and seal."""
    st.markdown(
        _(
            "Say now what you will look at after the vote. The plan is sealed with the draw, so "
            "that nobody can choose afterwards what flatters."
        )
    )
    design = trials.design(place, scenario, choices)
    promise = _promise(scenario)
    found = trials.placebo(place, scenario, choices, "share_registered", 0.0)
    curve = found.curve[found.curve["units"] == found.curve["units"].max()]
    plan = Plan(
        promise["outcomes"],
        promise["covariates"],
        promise["subgroups"],
        # One line per past election: what would have been seen there.
        curve.assign(outcome=curve["election_id"]),
        language(),
        estimator="".join(promise.get("estimator", ())),
    )
    text = write_plan(plan, design, choices.seed)
    with st.expander(_("Read the plan before it is sealed")):
        st.markdown(text)
    st.markdown(_("Bureaux held back by the lot will not be canvassed before the vote."))
    kept = st.checkbox(_("I will keep the draw as it falls"), key="trial.promise")
    if st.button(
        _("Draw and seal"),
        type="primary",
        key="trial.draw",
        disabled=not (kept and promise["outcomes"]),
    ):
        _draw(place, scenario, design, choices.seed, {PLAN: text}, promise)


def _draw(  # noqa: PLR0913 - all that is sealed
    place: Workspace,
    scenario: Scenario,
    design: Design,
    seed: int,
    texts: dict[str, str],
    promise: dict[str, tuple[str, ...]],
) -> None:
    texts = {**texts, SCENARIO: scenario.to_toml()}
    with st.spinner(_("Drawing and sealing…")):
        keep(place.path, sealed_with(design, seed, texts, promise))
    st.rerun()


def _promise(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    votes = ", ".join(scenario.candidates) or bloc_name(scenario.bloc)
    start, label = scenario.election, label_of(scenario)
    outcomes = {
        f"{start}_{label}_registered": _("Votes of the registered: {votes}").format(votes=votes),
        f"{start}_turnout": _("Turnout"),
        f"{start}_{label}_valid": _("Votes of the valid ballots: {votes}").format(votes=votes),
    }
    groups = {
        "potential": _("Thirds of abstention × support"),
        "registered": _("Thirds of the registered"),
        "density": _("Dense and spread out"),
    }
    covariates = {name: covariate_names()[name] for name in COVARIATES}
    first = list(outcomes)[:2]
    promised = {
        "outcomes": _several(_("Outcomes"), outcomes, first, "trial.outcomes"),
        "covariates": _several(
            _("Adjusted for, beside the plain estimate"),
            covariates,
            ["expected_abstention", "support"],
            "trial.covariates",
        ),
        "subgroups": _several(_("Subgroups"), groups, [], "trial.subgroups"),
    }
    return promised | _headline(adjusts=bool(promised["covariates"]))


def _headline(*, adjusts: bool) -> dict[str, tuple[str, ...]]:
    """Ask which of the two estimates will be the headline; the other stands beside it."""
    names = {
        "difference": _("The plain difference within blocks"),
        "ancova": _("The difference adjusted for what is chosen above"),
    }
    chosen = st.radio(
        _("The headline after the vote"),
        list(names) if adjusts else ["difference"],
        format_func=names.__getitem__,
        key="trial.estimator",
        persist_state="session",
        help=_("The other one stands beside it. What can be seen is told for the adjusted one."),
    )
    return {"estimator": (chosen,)} if chosen != "difference" else {}


def _several(label: str, names: dict[str, str], usual: list[str], key: str) -> tuple[str, ...]:
    return tuple(
        st.multiselect(
            label,
            list(names),
            default=usual,
            format_func=names.__getitem__,
            key=key,
            placeholder=_("None"),
            persist_state="session",
        )
    )


def verified(place: Workspace) -> None:
    """Verify a seal that somebody brings, and put its design in force if wanted."""
    file = st.file_uploader(_("Verify a seal (JSON)"), type=["json"], key="trial.verify")
    if file is None:
        st.caption(
            _("The draw is made again from the seal, and every arm compared with what it holds.")
        )
        return
    try:
        sealed, content = read_seal(file.name, file.getvalue())
    except DataError as error:
        messages.show_error(error)
        return
    st.success(
        _("Nothing moved: seed {seed} gives the {n} arms that are sealed. {fingerprint}").format(
            seed=sealed.seed,
            n=number(len(sealed.assignment)),
            fingerprint=f"`{sealed.fingerprint[:12]}`",
        )
    )
    st.markdown("\n".join(f"- {line}" for line in sealed.design.summary(language()).splitlines()))
    known = _known(place, sealed)
    if sealed.fingerprint in in_force(place.path):
        st.caption(_("This design is the one in force here."))
        return
    if not known:
        st.caption(_("None of its units is a bureau of the place that is open."))
        return
    if SCENARIO not in texts_in(content):
        st.caption(
            _(
                "It was sealed without its scenario: which election and whose votes it prepares "
                "will have to be known from elsewhere."
            )
        )
    if st.button(
        _("Put this design in force here"), key="trial.adopt", help=_("Its arms then hold.")
    ):
        keep(place.path, content)
        st.rerun()


def _known(place: Workspace, sealed: Sealed) -> bool:
    turnout = place.read("turnout")["bureau_id"].unique()
    return bool(np.isin(sealed.design.units["unit_id"], np.asarray(turnout, dtype=object)).any())
