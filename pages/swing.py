"""Page: what moved between two elections, and who voted what next."""

import streamlit as st

from pages._ui import loaders, messages, phone_order
from pages._ui.explain import explain_choices, goes_with
from pages._ui.i18n import _
from pages._ui.swing import moved, second_round_view, transfers_view, two_elections
from pages._ui.trial.arms_view import choose_view

st.title(_("Swing and transfers"))
st.caption(_("What moved between two elections, where, and where did each one's voters go?"))

VIEWS = {
    "swing": _("Swing"),
    "apart": _("Apart from the whole"),
    "transfers": _("Transfers"),
    "second": _("Second round, what if"),
    "with": _("What goes with it"),
}

with messages.explain_data_errors():
    place = loaders.workspace()
    with phone_order.asked_last():
        asked = two_elections.choose_question(place)
    if asked is not None:
        view = choose_view(VIEWS, "s_view")
        if view == "transfers":
            transfers_view.transfers(place, asked)
        elif view == "second":
            second_round_view.second_round(place, asked)
        elif view == "with":
            goes_with.goes_with(place, explain_choices.swing(place, asked))
        elif view == "apart":
            moved.apart(place, asked)
        else:
            moved.swing(place, asked)
