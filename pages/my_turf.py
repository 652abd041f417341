"""Page: the turfs that a volunteer was given, to take to the doors."""

import streamlit as st

from pages._ui import messages
from pages._ui.access import own_turfs
from pages._ui.i18n import _

st.title(_("My turf"))
st.caption(_("Which doors are mine, and what do I take along?"))

with messages.explain_data_errors():
    own_turfs.show()
