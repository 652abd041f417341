"""A sealed design on screen: its arms, its balance, its files, and the way to retire it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.errors import DataError
from analysis.experiments.preanalysis_plan import language_of
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.hold_back import hold_back_of
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import Trial, retire
from analysis.workflows.trial_results import scenario_sealed_with
from pages._ui import inputs, loaders, messages, state
from pages._ui.access import gate, taken_away, visitor
from pages._ui.i18n import _, language, number
from pages._ui.pictures import figure
from pages._ui.priorities.named_scenarios import described
from pages._ui.trial import arms_view, draft, seal_names
from pages._ui.trial import load_trials as trials
from pages._ui.trial.number_tables import show_table

_LEAST_WORDS = 3
_PROBLEM = "trial.problem"


def in_force(place: Workspace, ranked: Ranking) -> Trial | None:
    """Return the sealed design that holds for the bureaux on screen, if there is one."""
    seals = hold_back_of(place.path, ranked.table).seals
    if not seals:
        return None
    chosen = seals[-1]
    if len(seals) > 1:
        chosen = seal_names.choose(place, seals, key="trial.chosen")
    return trials.trial(place, chosen)


def header(scenario: Scenario, trial: Trial) -> None:
    """Say which design is in force, and whether the scenario on screen is the one sealed."""
    st.success(
        _("Sealed design **{fingerprint}**, drawn with seed {seed}. It is kept as it fell.").format(
            fingerprint=trial.fingerprint[:12], seed=trial.sealed.seed
        )
    )
    sealed = scenario_sealed_with(trial)
    if sealed is None and trial.scenario:
        st.warning(_("The scenario sealed with this design cannot be read by this version."))
    elif sealed is None:
        st.caption(_no_scenario(trial))
    elif sealed != scenario:
        st.caption(
            _("It was sealed for another scenario than the one on screen: {scenario}.").format(
                scenario=described(sealed)
            )
        )
        st.button(
            _("Reopen its scenario"), key="trial.reopen", on_click=partial(inputs.reopen, sealed)
        )


def _no_scenario(trial: Trial) -> str:
    announced = seal_names.outcome_names(trial.sealed.promise.get("outcomes", ()))
    told = _(
        "Its seal was made elsewhere and came without its scenario: the ranking, the votes and "
        "the hours on this page are those on screen, not those it was drawn for."
    )
    if not announced:
        return told
    return f"{told} " + _("The outcomes it announces: {outcomes}.").format(outcomes=announced)


def arms(place: Workspace, scenario: Scenario, ranked: Ranking, trial: Trial) -> None:
    """Show the arms on the map and in a table."""
    units = trial.sealed.assignment
    drawn = units[units["block"] != ""]
    columns = st.columns(4)
    columns[0].metric(_("To canvass"), number(int((drawn["arm"] == "treated").sum())))
    columns[1].metric(_("Held back"), number(int((drawn["arm"] == "control").sum())))
    columns[2].metric(_("Decided, not drawn"), number(len(units) - len(drawn)))
    columns[3].metric(_("Blocks"), number(drawn["block"].nunique()))
    gone = ~units["unit_id"].isin(ranked.table["bureau_id"])
    if gone.any():
        st.caption(
            _("{n} bureaux of the design are not in the ranking on screen.").format(
                n=number(int(gone.sum()))
            )
        )
    geometry = loaders.geometry(place, loaders.prospects(place, scenario))
    arms_view.map_of_arms(geometry, units, key="trial.arms")
    draft.table(units, ranked, key="trial.arms.table")


def balance(place: Workspace, scenario: Scenario, trial: Trial) -> None:
    """Show whether the arms were alike before anything was done."""
    from analysis.charts.design_charts import love_plot

    found = trials.balance(place, scenario, trial.fingerprint)
    st.markdown(f"**{found.summary(language())}**")
    figure(love_plot, "trial_balance", found, language=language())
    names = {
        "covariate": _("Known before the draw"),
        "treated": _("Mean where canvassed"),
        "control": _("Mean where held back"),
        "difference": _("Difference within blocks"),
        "standardised": _("Standardised difference"),
        "p_value": "p",
    }
    shown = found.table[list(names)].rename(columns=names)
    show_table(shown)
    st.caption(
        _(
            "The elections of the past are placebos: nothing had been done, so differences "
            "there are chance. A lot that fell badly is no reason to draw again: adjust for these "
            "columns."
        )
    )


def files(place: Workspace, trial: Trial) -> None:
    """Offer seal, plan and arms; let the design be retired with a reason."""
    name = f"palier_{place.path.name}_{trial.fingerprint[:12]}"
    columns = st.columns(2)
    taken_away.offer(
        columns[0],
        _("The seal (JSON)"),
        trial.file.read_bytes(),
        f"{name}.seal.json",
        key="trial.seal",
        on_click="ignore",
        width="stretch",
    )
    taken_away.offer(
        columns[1],
        _("The arms (CSV)"),
        csv_text(trial.sealed.assignment),
        f"{name}.arms.csv",
        key="trial.arms.csv",
        on_click="ignore",
        width="stretch",
    )
    if trial.plan:
        taken_away.offer(
            columns[0],
            _("The plan (Markdown)"),
            trial.plan,
            f"{name}.plan.md",
            key="trial.plan.md",
            on_click="ignore",
            width="stretch",
        )
        taken_away.offer(
            columns[1],
            _("The plan (PDF)"),
            partial(_pdf, trial.plan, trial.fingerprint),
            f"{name}.plan.pdf",
            key="trial.plan.pdf",
            on_click="ignore",
            width="stretch",
        )
        with st.expander(_("Read the plan")):
            st.markdown(trial.plan)
    st.caption(
        _(
            "Fingerprint: `{fingerprint}`. Send the seal to somebody outside the campaign before "
            "the first door: afterwards nobody can say that the draw was chosen."
        ).format(fingerprint=trial.fingerprint)
    )
    gate.link(
        "pages/priorities.py",
        label=_("Files for the teams: Priorities, view Files"),
        icon=":material/target:",
    )
    _retire(place, trial)


def _pdf(plan: str, fingerprint: str) -> bytes:
    from analysis.exports.reports.plan_pdf import plan_pdf

    return plan_pdf(plan, footer=fingerprint, language=language_of(plan))


def _retire(place: Workspace, trial: Trial) -> None:
    with st.expander(_("Retire this design")):
        st.markdown(
            _(
                "Once retired, its controls may be canvassed, and **nobody will be able to say "
                "what the canvass changed**. The seal and your reason stay in the workspace."
            )
        )
        why = st.text_input(_("Why? In a sentence"), key="trial.why")
        st.button(
            _("Retire the design"),
            key="trial.retire",
            disabled=len(why.split()) < _LEAST_WORDS,
            on_click=_do_retire,
            args=(place, trial.fingerprint),
        )


def _do_retire(place: Workspace, fingerprint: str) -> None:
    try:
        retire(place.path, fingerprint, str(st.session_state["trial.why"]))
        visitor.current().note("retire", f"{place.path.name} {fingerprint[:12]}")
    except DataError as error:
        st.session_state[_PROBLEM] = error
    state.answer_with("t_view", "blocks")


def problem() -> None:
    """Show what went wrong in the last action."""
    if error := st.session_state.pop(_PROBLEM, None):
        messages.show_error(error)
