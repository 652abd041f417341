"""The campaign on screen: its name, its calendar, its objective."""

from __future__ import annotations

import secrets

import streamlit as st

from analysis.fieldwork.campaign import MEASURES, Campaign, change_campaign, changed_since
from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.i18n import DAY, _, measure_name

_SEEN = "field.seen"
_TURN = "field.turn"


def settings(place: Workspace, opened: Store) -> None:
    """Ask for the campaign's name, days and objective."""
    campaign = opened.campaign
    _say_changed(campaign)
    # What somebody else changed is in a new form; an answer of the old one is not taken.
    turn = st.session_state.get(_TURN, "")
    with st.expander(_("Objective and calendar"), expanded=not campaign.objective):
        with st.form(f"field.settings{turn}", border=False):
            name = st.text_input(_("Name of the campaign"), campaign.name, key=f"field.name{turn}")
            objective = st.number_input(
                _("Objective"),
                min_value=0,
                max_value=100_000_000,
                value=campaign.objective,
                step=100,
                key=f"field.objective{turn}",
                help=_("For instance 200,000 doors. 0: none is set."),
            )
            measure = st.selectbox(
                _("It counts"),
                MEASURES,
                index=MEASURES.index(campaign.measure),
                format_func=measure_name,
                key=f"field.measure{turn}",
            )
            starts = st.date_input(
                _("First day"), campaign.starts, key=f"field.starts{turn}", format=DAY
            )
            ends = st.date_input(_("Last day"), campaign.ends, key=f"field.ends{turn}", format=DAY)
            sent = st.form_submit_button(_("Keep"), width="stretch", key=f"field.keep{turn}")
        if not sent:
            return
        with messages.explain_data_errors():
            changes = {
                "name": name,
                "objective": int(objective),
                "measure": measure,
                "starts": starts,
                "ends": ends,
            }
            seen: Campaign = st.session_state[_SEEN]
            st.session_state[_SEEN] = change_campaign(place.path, changes, seen=seen)
            visitor.current().note("settings", campaign.campaign_id)
        st.rerun()


def _say_changed(campaign: Campaign) -> None:
    """Show what somebody else changed since the form was filled, which then holds that."""
    seen: Campaign = st.session_state.setdefault(_SEEN, campaign)
    if seen.campaign_id == campaign.campaign_id and (others := changed_since(seen, campaign)):
        st.warning(
            _("Somebody else changed the campaign meanwhile: {others}.").format(
                others=messages.plain("; ".join(others))
            )
        )
    if seen != campaign:
        st.session_state[_TURN] = f".{secrets.token_hex(4)}"
        st.session_state[_SEEN] = campaign
