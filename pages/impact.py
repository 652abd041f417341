"""Page: what the canvass changed, in three quantities that are not the same."""

import streamlit as st

from pages._ui import loaders, messages
from pages._ui.i18n import _
from pages._ui.impact import impact_settings, impact_view, source
from pages._ui.impact import load_impact as impacts
from pages._ui.trial.arms_view import choose_view

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
    if given and given.readable:
        asked = impact_settings.settings(given)

with answer_side, messages.explain_data_errors():
    if given is None:
        impact_settings.welcome()
    else:
        impact_settings.marked(given)
    if given and asked:
        impact = impacts.impact(given, *asked)
        impact_settings.view(choose_view(VIEWS, "i_view"), place, given, asked, impact)
        impact_view.assumptions(impact)
