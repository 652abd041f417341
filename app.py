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
        st.Page("pages/priorities.py", title=_("Priorities"), icon="🎯"),
    ],
}
page = st.navigation(pages)
shell.frame()
page.run()
