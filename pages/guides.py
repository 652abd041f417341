"""Page: guides to read, to print, and to take to the doors."""

import streamlit as st

from pages._ui.guides import guide_view
from pages._ui.i18n import _

st.title(_("Guides"))
st.caption(_("One or two pages each: read them here, print them, hand them out."))

name = guide_view.choose()
guide_view.take_away(name)
guide_view.guide(name)
