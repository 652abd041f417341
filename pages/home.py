"""Page: what is loaded, and what to do next."""

import streamlit as st

from pages._ui import inputs, loaders, messages
from pages._ui.home import welcome
from pages._ui.i18n import _

st.title("Palier")
st.markdown(
    _(
        "The doors worth an hour of a volunteer's time: from the official results of every bureau "
        "de vote to a map, a list and files for the field teams, with how sure each number is."
    )
)
with messages.explain_data_errors():
    place = loaders.workspace()
    welcome.what_is_loaded(place)
    # Most people go on to Priorities, where the rates of a large place take seconds.
    if question := inputs.usual_question(place):
        loaders.prospects_ahead(place, question)
welcome.what_next()
