"""Palier: the router. Pages do the asking, `analysis` does the work."""

import streamlit as st

from pages._ui import shell
from pages._ui.i18n import _, language_switch

st.set_page_config(page_title="Palier", page_icon="🚪", layout="wide")
with st.sidebar:
    language_switch()
pages = {
    _("Start"): [
        st.Page("pages/home.py", title=_("Home"), icon="🏠", default=True),
        st.Page("pages/data.py", title=_("Data"), icon="🗂️"),
    ],
    _("Before the vote"): [
        st.Page("pages/abstention.py", title=_("Abstention"), icon="📉"),
        st.Page("pages/swing.py", title=_("Swing and transfers"), icon="🔀"),
        st.Page("pages/priorities.py", title=_("Priorities"), icon="🎯"),
        st.Page("pages/trial_design.py", title=_("Trial design"), icon="🧪"),
    ],
    _("In the field"): [
        st.Page("pages/turfs.py", title=_("Walks"), icon="🥾"),
        st.Page("pages/fieldwork.py", title=_("Field"), icon="🚪"),
    ],
    _("After the vote"): [
        st.Page("pages/impact.py", title=_("Impact"), icon="⚖️"),
        st.Page("pages/points.py", title=_("The 3.1 points"), icon="🔎"),
    ],
    _("Help"): [st.Page("pages/guides.py", title=_("Guides"), icon="📖")],
}
page = st.navigation(pages)
shell.frame()
page.run()
