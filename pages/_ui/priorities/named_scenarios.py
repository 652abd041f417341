"""Scenarios that the place keeps: kept, opened, copied, compared and forgotten."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.workflows import kept_scenarios
from analysis.workflows.kept_scenarios import Kept, Version
from analysis.workflows.named_files import LONGEST_NAME
from analysis.workflows.ranking import Scenario
from pages._ui import inputs, messages, state
from pages._ui.access import visitor
from pages._ui.i18n import _, bloc_name, date, election_name, number, preset_name
from pages._ui.trial.number_tables import show_table

_SAID, _PROBLEM = "named.said", "named.problem"
_NAME, _CHOSEN, _VERSION = "named.name", "named.chosen", "named.version"


def described(scenario: Scenario) -> str:
    """Say a scenario in a line."""
    votes = ", ".join(scenario.candidates) or bloc_name(scenario.bloc)
    return _("{votes}, {election}, {preset}, {hours} h").format(
        votes=votes,
        election=election_name(scenario.election),
        preset=preset_name(scenario.settings.preset),
        hours=number(scenario.settings.hours),
    )


def named(place: Workspace, scenario: Scenario) -> None:
    """List the scenarios of the place, with what may be done with each."""
    shelf = kept_scenarios.shelf(place)
    every = shelf.found
    said = st.session_state.pop(_SAID, "")
    problem = st.session_state.pop(_PROBLEM, None)
    title = _("Scenarios of this place ({n})").format(n=number(len(every)))
    with st.expander(title, expanded=bool(every or said or problem or shelf.unread)):
        if problem:
            messages.show_error(problem)
        if said:
            st.success(said)
        messages.show_unread(shelf.unread)
        if visitor.current().may("plan"):
            _keep_form(place, scenario)
        if not every:
            st.caption(_("None is kept yet: one that has a name is found here by everybody."))
            return
        if st.session_state.get(_CHOSEN) not in every:
            st.session_state[_CHOSEN] = next(iter(every))
        name = st.selectbox(_("Kept scenario"), [*every], key=_CHOSEN)
        _offer(place, every[name])
        st.caption(
            _("Opened, the address of this page is a link to it: copy it to share the scenario.")
        )


def _keep_form(place: Workspace, scenario: Scenario) -> None:
    with st.form("named.form", border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        left.text_input(
            _("Keep the scenario on screen under a name"),
            key=_NAME,
            max_chars=LONGEST_NAME,
            help=_("Under a name that is known it becomes the next version of it."),
        )
        right.form_submit_button(
            _("Keep"), on_click=_keep, args=(place, scenario), width="stretch", key="named.keep"
        )


def _keep(place: Workspace, scenario: Scenario) -> None:
    try:
        one = kept_scenarios.keep(place, st.session_state[_NAME], scenario)
    except DataError as error:
        st.session_state[_PROBLEM] = error
        return
    visitor.current().note("scenario", one.name)
    st.session_state[_CHOSEN], st.session_state[_NAME] = one.name, ""
    _say(
        _("Kept as “{name}”, version {n}."),
        name=messages.plain(one.name),
        n=number(len(one.versions)),
    )


def _offer(place: Workspace, one: Kept) -> None:
    last = one.versions[-1]
    st.markdown(described(last.scenario()))
    opens, sets, copies, forgets = st.columns(4)
    opens.button(
        _("Reopen"), key="named.open", on_click=_open, args=(one.name, last), width="stretch"
    )
    sets.button(
        _("Compare with it"),
        key="named.a",
        on_click=state.keep,
        args=(last.text,),
        width="stretch",
        help=_("It becomes A; B is what is on screen."),
    )
    if visitor.current().may("plan"):
        copies.button(
            _("Duplicate"),
            key="named.copy",
            on_click=_copy,
            args=(place, one.name),
            width="stretch",
        )
        with forgets.popover(_("Delete"), width="stretch"):
            st.markdown(_("All its versions go; this cannot be undone."))
            st.button(_("Delete it"), key="named.forget", on_click=_forget, args=(place, one.name))
    if len(one.versions) > 1:
        _history(one)


def _history(one: Kept) -> None:
    with st.popover(_("Versions ({n})").format(n=number(len(one.versions)))):
        numbered = list(enumerate(one.versions, start=1))[::-1]
        show_table(
            pd.DataFrame(
                {
                    _("Version"): [n for n, _one in numbered],
                    _("When"): [_moment(version.when) for _n, version in numbered],
                    _("Scenario"): [described(version.scenario()) for _n, version in numbered],
                }
            ),
            digits=0,
        )
        by_number = dict(numbered)
        if st.session_state.get(_VERSION) not in by_number:
            st.session_state[_VERSION] = numbered[0][0]
        n = st.selectbox(_("Version"), [*by_number], key=_VERSION)
        st.button(
            _("Open this version"),
            key="named.open_version",
            on_click=_open,
            args=(one.name, by_number[n]),
        )


def _moment(when: str) -> str:
    at = dt.datetime.fromisoformat(when).astimezone()
    return f"{date(at.date())} {at:%H:%M}"


def _open(name: str, version: Version) -> None:
    scenario = version.scenario()
    inputs.reopen(scenario)
    _say(
        _("Opened: “{name}”, {scenario}."),
        name=messages.plain(name),
        scenario=described(scenario),
    )


def _copy(place: Workspace, name: str) -> None:
    try:
        copy = kept_scenarios.duplicate(place, name)
    except DataError as error:
        st.session_state[_PROBLEM] = error
        return
    st.session_state[_CHOSEN] = copy.name
    visitor.current().note("scenario", copy.name)
    _say(_("Copied as “{name}”."), name=messages.plain(copy.name))


def _forget(place: Workspace, name: str) -> None:
    try:
        kept_scenarios.forget(place, name)
    except DataError as error:
        st.session_state[_PROBLEM] = error
        return
    visitor.current().note("scenario", name)
    _say(_("“{name}” is deleted."), name=messages.plain(name))


def _say(template: str, **told: str) -> None:
    st.session_state[_SAID] = template.format(**told)
