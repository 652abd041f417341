"""A ranking told in a few steps: one sentence each, and where the camera of the map goes."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analysis.geography.zones import spoken
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import RankingFile, Scenario
from analysis.workflows.server_access import room
from pages._ui import loaders, messages
from pages._ui.i18n import _, language, number, percent

if TYPE_CHECKING:
    from analysis.workflows.map_story import Step

_STEP = "priorities.step"
# Hours are told with a decimal where they are few.
_MANY_HOURS = 3


def told(file: RankingFile) -> Sequence[str]:
    """Offer the steps above the map; return the bureaux that the one in view is of."""
    at = st.session_state.get(_STEP)
    if at is None:
        _button(_("See it in a few steps"), 0, icon=":material/route:")
        return ()
    seals = file.hold_back.seals if file.hold_back else ()
    steps = _steps(str(file.workspace.path), file.workspace.digest, file.scenario.to_toml(), seals)
    if not steps:
        st.info(_("No vote is gained here: there is nothing to tell in steps."))
        return ()
    at = min(int(at), len(steps) - 1)
    with st.container(border=True):
        title, said = _title(steps[at]), _said(steps[at])
        st.markdown(f"{at + 1}/{len(steps)} · **{title}** — {messages.plain(said)}")
        with st.container(horizontal=True):
            _button(_("Previous"), at - 1, disabled=at == 0)
            _button(_("Next"), at + 1, disabled=at == len(steps) - 1)
            _button(_("Close"), None)
    return steps[at].bureaux


@st.cache_data(max_entries=room(8), show_spinner=False)
def _steps(folder: str, digest: str, toml: str, seals: tuple[str, ...]) -> tuple[Step, ...]:
    del digest, seals  # other data or another trial in force make other steps
    # The director's zones load with the first step that is looked at, not with the page.
    from analysis.workflows.map_story import story

    scenario = Scenario.from_dict(tomllib.loads(toml))
    return story(loaders.file_on_screen(Workspace(Path(folder)), scenario))


def _button(label: str, to: int | None, *, disabled: bool = False, icon: str | None = None) -> None:
    st.button(
        label,
        key=f"priorities.step.{label}",
        icon=icon,
        disabled=disabled,
        on_click=_go,
        args=(to,),
    )


def _go(to: int | None) -> None:
    st.session_state[_STEP] = to


def _title(step: Step) -> str:
    titles = {
        "support": _("Where we are strong"),
        "abstention": _("Where people stay at home"),
        "hour": _("Where an hour brings most"),
    }
    return titles.get(step.about, _("Where to begin"))


def _said(step: Step) -> str:
    if step.about in {"support", "abstention"}:
        text = {
            "support": _("{name}: {here} of the votes expected there, {whole} in the whole place."),
            "abstention": _(
                "{name}: {here} of the registered are expected to abstain, {whole} in the whole "
                "place."
            ),
        }[step.about]
        return text.format(
            name=spoken(step.name, language()), here=percent(step.here), whole=percent(step.whole)
        )
    text = _("{name}: one vote for {here} hours at the doors; {whole} hours in the whole place.")
    return text.format(
        name=spoken(step.name, language()), here=_hours(step.here), whole=_hours(step.whole)
    )


def _hours(hours: float) -> str:
    return number(hours, 0 if hours >= _MANY_HOURS else 1)
