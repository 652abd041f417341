"""The campaign on screen: its name, its calendar, its objective."""

from __future__ import annotations

import streamlit as st

from analysis.fieldwork.campaign import MEASURES, change_campaign
from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.i18n import DAY, _, measure_name


def settings(place: Workspace, opened: Store) -> None:
    """Ask for the campaign's name, days and objective."""
    campaign = opened.campaign
    with st.expander(_("Objective and calendar"), expanded=not campaign.objective):
        with st.form("field.settings", border=False):
            name = st.text_input(_("Name of the campaign"), campaign.name, key="field.name")
            objective = st.number_input(
                _("Objective"),
                min_value=0,
                max_value=100_000_000,
                value=campaign.objective,
                step=100,
                key="field.objective",
                help=_("For instance 200,000 doors. 0: none is set."),
            )
            measure = st.selectbox(
                _("It counts"),
                MEASURES,
                index=MEASURES.index(campaign.measure),
                format_func=measure_name,
                key="field.measure",
            )
            starts = st.date_input(_("First day"), campaign.starts, key="field.starts", format=DAY)
            ends = st.date_input(_("Last day"), campaign.ends, key="field.ends", format=DAY)
            sent = st.form_submit_button(_("Keep"), width="stretch", key="field.keep")
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
            change_campaign(place.path, changes)
            visitor.current().note("settings", campaign.campaign_id)
        st.rerun()
