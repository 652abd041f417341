"""What to return to, and when."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from analysis.workflows.fieldwork import today
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, slot_name
from pages._ui.trial.number_tables import show_table


def again(place: Workspace, opened: Store, asked: Mark) -> None:
    """Show promises first, then silent doors."""
    silent, wishes = load_fieldwork.to_return(asked, today(opened))
    st.subheader(_("Promised"))
    if wishes.empty:
        st.caption(_("Nobody asked for another visit from today on."))
    else:
        names = load_fieldwork.address_names(place, wishes["address_id"])["name"].to_numpy()
        show_table(
            pd.DataFrame(
                {
                    _("On"): wishes["come_back_on"],
                    _("When"): wishes["come_back_slot"].map(slot_name),
                    _("Address"): names,
                    _("Floor"): wishes["floor"],
                    _("Door"): wishes["door"],
                    _("Turf"): wishes["turf_id"],
                    _("Note"): wishes["note"],
                }
            )
        )
    st.subheader(_("Worth a second visit"))
    if silent.empty:
        st.caption(_("None yet: doors that stayed shut come here three days after the last visit."))
        return
    names = load_fieldwork.address_names(place, silent["address_id"])["name"].to_numpy()
    show_table(
        pd.DataFrame(
            {
                _("Address"): names,
                _("Doors left"): silent["left"],
                _("Turf"): silent["turf_id"],
                _("Last visit"): silent["last_day"],
                _("It was"): silent["last_slot"].map(slot_name),
                _("Visits"): silent["visits"],
            }
        )
    )
    st.caption(_("Come at another time of the day than last; three visits are enough."))
