"""Page: what the canvass changed, in three quantities that are not the same."""

import streamlit as st

from pages._ui import loaders, messages
from pages._ui.i18n import _
from pages._ui.impact import loaders as impacts
from pages._ui.impact import show, source, views
from pages._ui.trial.views import choose_view

st.title(_("Impact"))
st.caption(_("What did the canvass change? Compared with those the lot left alone."))

VIEWS = {
    "estimates": _("Estimates"),
    "draws": _("Chance"),
    "map": _("Map"),
    "groups": _("Subgroups"),
    "details": _("Details"),
    "report": _("Report"),
}

asked = None
ask_side, answer_side = st.columns([1, 2.6], gap="medium")
with ask_side, messages.explain_data_errors():
    place = loaders.workspace()
    given = source.choose(place)
    if given:
        asked = views.settings(given)

with answer_side, messages.explain_data_errors():
    if given is None:
        views.welcome()
    elif asked:
        views.marked(given)
        impact = impacts.impact(given, *asked)
        views.view(choose_view(VIEWS, "i_view"), place, given, asked, impact)
        show.assumptions(impact)
