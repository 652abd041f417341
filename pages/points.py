"""Page: the “3.1 points” of 2012, taken apart and computed again."""

import streamlit as st

from pages._ui import messages
from pages._ui.i18n import _
from pages._ui.points import arithmetic, article

st.title(_("The 3.1 points"))
st.caption(_("What did the canvass of 2012 really change, and where can “3.1 points” come from?"))

with messages.explain_data_errors():
    article.claim()
    path = article.ask_areas()
    article.design()
    article.beside(path)
    arithmetic.arithmetic(path)
    article.meaning()
    article.others(path)
    article.sources()
