"""Palier: the router. Pages do the asking, `analysis` does the work."""

from pathlib import Path

import streamlit as st

from pages._ui import state
from pages._ui.access import gate
from pages._ui.i18n import _, language_switch, take_from_link
from pages._ui.streamlit_words import replace_words

# Wide enough for its longest name: what it does not need is the map’s.
MENU_PX = 236
ICON = Path(__file__).parent / "pages" / "_ui" / "icon.svg"
# Without an icon of its own the browser would ask another machine for that of each page.
st.set_page_config(
    page_title="Palier", page_icon=ICON, layout="wide", initial_sidebar_state=MENU_PX
)
state.begin()
if back := state.went_back():
    take_from_link()
with st.sidebar:
    language_switch()
replace_words()
# Whoever may no longer come in is told so at once, and waits in no row before that.
who = gate.enter()
with gate.turn():
    parts = {
        _("Start"): [("home", _("Home"), "home"), ("data", _("Data"), "database")],
        _("Before the vote"): [
            ("abstention", _("Abstention"), "trending_down"),
            ("swing", _("Swing and transfers"), "shuffle"),
            ("priorities", _("Priorities"), "target"),
            ("trial_design", _("Trial design"), "science"),
        ],
        _("In the field"): [
            ("my_turf", _("My turf"), "person_pin_circle"),
            ("turfs", _("Walks"), "hiking"),
            ("fieldwork", _("Field"), "door_open"),
        ],
        _("People"): [
            ("contacts", _("Contacts"), "contacts"),
            ("letters", _("Messages"), "mail"),
            ("law", _("Law"), "gavel"),
        ],
        _("After the vote"): [
            ("impact", _("Impact"), "balance"),
            ("points", _("The 3.1 points"), "search"),
        ],
        _("Help"): [("guides", _("Guides"), "menu_book")],
        _("Server"): [("administration", _("Administration"), "admin_panel_settings")],
    }
    page = st.navigation(gate.only_open(who, parts), expanded=True)
    state.turn_to(page.url_path, back=back)

    # The browser draws the sidebar while the libraries of tables and maps are still loading.
    from pages._ui import shell

    try:
        gate.ways()
        shell.frame()
        page.run()
    finally:
        state.write_address()
