"""Palier: the router. Pages do the asking, `analysis` does the work."""

from pathlib import Path

import streamlit as st

from pages._ui.i18n import _, language_switch
from pages._ui.streamlit_words import replace_words

ICON = Path(__file__).parent / "pages" / "_ui" / "icon.svg"
# Without an icon of its own the browser would ask another machine for that of each page.
st.set_page_config(page_title="Palier", page_icon=ICON, layout="wide")
with st.sidebar:
    language_switch()
replace_words()
pages = {
    _("Start"): [
        st.Page("pages/home.py", title=_("Home"), icon=":material/home:", default=True),
        st.Page("pages/data.py", title=_("Data"), icon=":material/database:"),
    ],
    _("Before the vote"): [
        st.Page("pages/abstention.py", title=_("Abstention"), icon=":material/trending_down:"),
        st.Page("pages/swing.py", title=_("Swing and transfers"), icon=":material/shuffle:"),
        st.Page("pages/priorities.py", title=_("Priorities"), icon=":material/target:"),
        st.Page("pages/trial_design.py", title=_("Trial design"), icon=":material/science:"),
    ],
    _("In the field"): [
        st.Page("pages/turfs.py", title=_("Walks"), icon=":material/hiking:"),
        st.Page("pages/fieldwork.py", title=_("Field"), icon=":material/door_open:"),
    ],
    _("After the vote"): [
        st.Page("pages/impact.py", title=_("Impact"), icon=":material/balance:"),
        st.Page("pages/points.py", title=_("The 3.1 points"), icon=":material/search:"),
    ],
    _("Help"): [st.Page("pages/guides.py", title=_("Guides"), icon=":material/menu_book:")],
}
page = st.navigation(pages)

# The browser draws the sidebar while the libraries of tables and maps are still loading.
from pages._ui import shell  # noqa: E402

shell.frame()
page.run()
