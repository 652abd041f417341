"""Whom a file is for, and whether it holds bureaux back for the trial."""

from __future__ import annotations

import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import CONTROL, DEFAULT, HoldBack, hold_back_of, with_arms
from analysis.workflows.ranking import Scenario
from pages._ui import loaders
from pages._ui.access import gate
from pages._ui.i18n import _, ngettext, number

TEAMS, ANALYSIS = "teams", "analysis"
DESIGN_PAGE = "pages/trial_design.py"


def choose(place: Workspace, scenario: Scenario) -> HoldBack:
    """Ask whom the files are for, and say what they hold back."""
    names = {
        TEAMS: _("The teams: without the bureaux held back"),
        ANALYSIS: _("The analysis: every bureau, with its arm"),
    }
    audience = st.radio(
        _("These files are for"),
        list(names),
        format_func=names.__getitem__,
        key="hold_back.audience",
        horizontal=True,
        persist_state="session",
    )
    table = loaders.ranking(place, scenario).table
    usual = hold_back_of(place.path, table, teams=audience == TEAMS)
    if not usual.on:
        st.info(
            _(
                "Too few bureaux to hold any back ({least} at least): the files carry no arm."
            ).format(least=DEFAULT.block_size)
        )
        return usual
    everyone = with_arms(
        table,
        HoldBack(teams=False, seals=usual.seals),
        folder=place.path,
        seed=scenario.settings.seed,
    )
    controls = everyone[everyone["arm"] == CONTROL]
    said = ngettext(
        "**{n} bureau is held back** for the trial",
        "**{n} bureaux are held back** for the trial",
        len(controls),
    ).format(n=number(len(controls)))
    if usual.seals:
        st.markdown(
            said
            + _(", as the sealed design says ({fingerprint}).").format(
                fingerprint=", ".join(f"`{one[:12]}`" for one in usual.seals)
            )
        )
        gate.link(
            DESIGN_PAGE, label=_("See the sealed design, or retire it"), icon=":material/science:"
        )
        return usual
    told = st.container()
    held = _given_up(usual, len(controls))
    # Nothing is said to be held back by files that hold nothing back.
    if held.on:
        draw = _(
            ": {control} in {size}, drawn by lot (seed {seed}). This draw follows your settings: "
            "seal it before the first team goes out, or two lists may not hold the same bureaux "
            "back."
        ).format(control=DEFAULT.control, size=DEFAULT.block_size, seed=scenario.settings.seed)
        told.markdown(said + draw)
        with told:
            gate.link(DESIGN_PAGE, label=_("Design and seal the trial"), icon=":material/science:")
    return held


def _given_up(usual: HoldBack, controls: int) -> HoldBack:
    """Let the trial be switched off by a sentence that says what is lost."""
    sentence = _(
        "I give the trial up: all {n} bureaux held back will be canvassed, and nobody will ever "
        "be able to say what this canvass changed."
    ).format(n=number(controls))
    # The label of a box is cut off where it is long; what is lost is to be read in full.
    with st.expander(_("Do without a trial")):
        st.markdown(sentence)
        ticked = st.checkbox(
            _("I say so, and give it up"), key="hold_back.given_up", persist_state="session"
        )
    if ticked:
        st.warning(_("No bureau is held back. The files say so, in the words above."))
        return HoldBack(on=False, teams=usual.teams, given_up=sentence)
    return usual
