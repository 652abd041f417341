"""Page: what the law lets this campaign do with people, what it did, and its duties."""

import streamlit as st

from pages._ui import messages
from pages._ui.i18n import _
from pages._ui.law import (
    controller_view,
    door_view,
    registers_view,
    requests_view,
    retention_view,
    rules_view,
)
from pages._ui.trial.arms_view import choose_view

st.title(_("Law"))
st.caption(_("What may be done with people here, by which rule, and what is owed to them?"))

VIEWS = {
    "rules": _("What is allowed"),
    "controller": _("Who answers"),
    "doors": _("Contacts of doors"),
    "requests": _("Requests"),
    "retention": _("How long things are kept"),
    "registers": _("Registers"),
}

with messages.explain_data_errors():
    view = choose_view(VIEWS, "law_view")
    if view == "controller":
        controller_view.controller()
    elif view == "doors":
        door_view.doors()
    elif view == "requests":
        requests_view.requests()
    elif view == "retention":
        retention_view.retention()
    elif view == "registers":
        registers_view.registers()
    else:
        rules_view.rules()
