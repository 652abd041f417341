"""Files to take away: targets in every format, and the scenario itself."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.targeting.params import toml_in
from analysis.targeting.rank import Ranking
from analysis.workflows.hold_back import HoldBack
from analysis.workflows.ranking import Scenario
from pages._ui import file_downloads, inputs, loaders, messages, ready_panel
from pages._ui.access import taken_away
from pages._ui.i18n import _, language, number
from pages._ui.priorities import moved_since
from pages._ui.priorities.ranking_view import reached
from pages._ui.trial import hold_back


def downloads(place: Workspace, scenario: Scenario) -> None:
    """Offer every format; a file is made when its button is pressed."""
    file_downloads.promise()
    held = hold_back.choose(place, scenario)
    prospects = loaders.prospects(place, scenario)
    file = loaders.held_file(place, scenario, held)
    ready_panel.ask_if_ready(file)
    if held.on:
        _announce(file.announced)
    drawn = loaders.geometry(place, prospects) is not None
    file_downloads.offer_ranking(
        partial(_content, place, scenario, held, language()),
        f"palier_{scenario.bloc or 'candidats'}_{scenario.election}{'' if held.teams else '_arms'}",
        places=drawn,
    )
    moved_since.compare(file)
    _save_scenario(scenario)


def _announce(ranked: Ranking) -> None:
    """Say how far the hours reach once the bureaux held back are set aside."""
    told = {name: text for name, _label, text in reached(ranked)}
    st.caption(
        _(
            "Without the bureaux held back, your hours reach: {bureaux} of {n} bureaux, {doors} "
            "doors, {hours} hours; one vote for: {votes}."
        ).format(n=number(len(ranked.table)), **told)
    )


def _content(
    place: Workspace, scenario: Scenario, held: HoldBack, tongue: str, suffix: str
) -> bytes:
    file = loaders.ranking_file(place, scenario, held)
    dialect = "excel_fr" if tongue == "fr" else "plain"
    return file.to_bytes(suffix, language=tongue, dialect=dialect)


def _save_scenario(scenario: Scenario) -> None:
    st.markdown("#### " + _("This scenario"))
    taken_away.offer(
        None,
        _("Save the scenario (TOML)"),
        data=scenario.to_toml(),
        file_name=f"scenario_{scenario.bloc or 'candidats'}_{scenario.election}.toml",
        key="download.scenario",
        on_click="ignore",
    )
    st.caption(_("The address of this page is a link to the scenario: copy it to share it."))
    st.file_uploader(
        _("Reopen a scenario (TOML)"), type=["toml"], key="scenario.file", on_change=_reopen
    )
    if problem := st.session_state.pop("scenario.problem", None):
        messages.show_error(problem)


def _reopen() -> None:
    file = st.session_state.get("scenario.file")
    if file is None:
        return
    try:
        inputs.reopen(Scenario.from_dict(toml_in(file.getvalue(), file.name), file.name))
    except DataError as error:
        st.session_state["scenario.problem"] = error
