"""Page: the roll, supporters, who is the same person, whom one may reach, and calls."""

import streamlit as st

from pages._ui import messages
from pages._ui.contacts import calls_view, files_view, persons_view, roll_view, universes_view
from pages._ui.contacts.people_opened import opened, tell_unread
from pages._ui.i18n import _
from pages._ui.law import retention_view
from pages._ui.trial.arms_view import choose_view

st.title(_("Contacts"))
st.caption(_("Whom may the campaign reach, how, and who said so?"))

VIEWS = {
    "roll": _("Electoral roll"),
    "files": _("Files of supporters"),
    "persons": _("One person once"),
    "universes": _("Universes and lists"),
    "calls": _("Calls"),
}

with messages.explain_data_errors():
    with opened() as (contacts, _place):
        retention_view.tell_lately(contacts)
        tell_unread(contacts)
    view = choose_view(VIEWS, "contacts_view")
    if view == "files":
        files_view.files()
    elif view == "persons":
        persons_view.persons()
    elif view == "universes":
        universes_view.universes()
    elif view == "calls":
        calls_view.calls()
    else:
        roll_view.roll()
