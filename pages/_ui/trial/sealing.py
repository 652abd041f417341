"""The plan and the draw: promised, sealed, verified."""

from __future__ import annotations

import streamlit as st

from analysis.errors import DataError
from analysis.experiments.design import Design
from analysis.tables.workspace import Workspace
from analysis.workflows.late_trial import knocked_in
from analysis.workflows.ranked_trial import COVARIATES, Choices, outcome_columns
from analysis.workflows.ranking import Scenario
from analysis.workflows.seal_ledger import unexplained
from analysis.workflows.sealed_trials import (
    SCENARIO,
    in_force,
    keep,
    read_seal,
    texts_in,
    units_known,
)
from analysis.workflows.trial_design import Promise, seal_in_workspace
from pages._ui import loaders, messages
from pages._ui.access import visitor
from pages._ui.fieldwork import load_fieldwork as field
from pages._ui.i18n import _, bloc_name, language, ngettext, number
from pages._ui.trial import load_trials as trials
from pages._ui.trial.trial_choices import choose_headline, covariate_names

# Bureaux named in a warning; more are counted.
_NAMED = 5


def seal(place: Workspace, scenario: Scenario, choices: Choices) -> None:
    """Ask what is promised, show the plan, then draw once and seal."""
    st.markdown(
        _(
            "Say now what you will look at after the vote. The plan is sealed with the draw, so "
            "that nobody can choose afterwards what flatters."
        )
    )
    promise = _promise(place, scenario)
    made = trials.draft(place, scenario, choices, promise)
    with st.expander(_("Read the plan before it is sealed")):
        st.markdown(made.plan)
    _say_late(place, made.design)
    st.markdown(_("Bureaux held back by the lot will not be canvassed before the vote."))
    again = _again(place, made.design)
    kept = st.checkbox(_("I will keep the draw as it falls"), key="trial.promise")
    if st.button(
        _("Draw and seal"),
        type="primary",
        key="trial.draw",
        disabled=not (kept and promise.outcomes),
    ):
        with st.spinner(_("Drawing and sealing…")):
            seal_in_workspace(made, place.path, scenario, again)
            visitor.current().note("seal", place.path.name)
        st.rerun()


def _say_late(place: Workspace, design: Design) -> None:
    """Say so where teams have been in bureaux that the lot may hold back."""
    if not field.has_begun(place):
        return
    found = knocked_in(field.store(place), design.units.loc[design.drawn, "unit_id"])
    if found.empty:
        return
    st.warning(
        ngettext(
            "This trial begins late: {doors} doors were knocked at already, in {n} of its bureaux "
            "({which}). If the lot holds it back, it was canvassed all the same: name it under "
            "“Territories, groups, exceptions, balance” as canvassed in any case.",
            "This trial begins late: {doors} doors were knocked at already, in {n} of its bureaux "
            "({which}). Those the lot holds back were canvassed all the same: name them under "
            "“Territories, groups, exceptions, balance” as canvassed in any case.",
            len(found),
        ).format(
            doors=number(int(found["tried"].sum())),
            n=number(len(found)),
            which=messages.plain(
                "; ".join(loaders.labels(found["bureau_id"].head(_NAMED)))
                + "…" * (len(found) > _NAMED)
            ),
        )
    )


def _promise(place: Workspace, scenario: Scenario) -> Promise:
    votes = ", ".join(scenario.candidates) or bloc_name(scenario.bloc)
    told = (
        _("Votes of the registered: {votes}").format(votes=votes),
        _("Turnout"),
        _("Votes of the valid ballots: {votes}").format(votes=votes),
    )
    outcomes = dict(zip(outcome_columns(scenario), told, strict=True))
    groups = {
        "potential": _("Thirds of abstention × support"),
        "registered": _("Thirds of the registered"),
        "density": _("Dense and spread out"),
    }
    covariates = {name: covariate_names()[name] for name in COVARIATES}
    first = list(outcomes)[:2]
    promised = _several(_("Outcomes"), outcomes, first, "trial.outcomes")
    headline, lag = choose_headline(place, scenario)
    adjusted = _several(
        _("Adjusted for, beside the plain estimate"), covariates, [], "trial.covariates"
    )
    split = _several(_("Subgroups"), groups, [], "trial.subgroups")
    return Promise(promised, adjusted, split, language=language(), estimator=headline, lag=lag)


def _again(place: Workspace, design: Design) -> str:
    """Ask why bureaux are drawn again, where an earlier draw of them has no reason yet."""
    if not unexplained(design.units.loc[design.drawn, "unit_id"], place.path):
        return ""
    return st.text_input(
        _("Bureaux of this trial were drawn before. Why again?"),
        key="trial.again",
        help=_("The reason is sealed with the draw, beside the name of the one it replaces."),
    )


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
    known = units_known(place, sealed)
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
        visitor.current().note("seal", f"{place.path.name} {sealed.fingerprint[:12]}")
        st.rerun()
