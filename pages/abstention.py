"""Page: where people will stay home, and how well that can be known."""

import streamlit as st

from pages._ui import loaders, messages, phone_order, shell
from pages._ui.abstention import (
    abstention_card,
    abstention_proof,
    abstention_view,
    coming_election,
    habitual_view,
    take_away,
)
from pages._ui.explain import explain_choices, goes_with
from pages._ui.i18n import _
from pages._ui.trial.arms_view import choose_view

st.title(_("Abstention"))
st.caption(_("Where will people stay home at the coming election, and how sure is that?"))

VIEWS = {
    "map": _("Forecast"),
    "proof": _("How good is it?"),
    "split": _("Always or sometimes"),
    "with": _("What goes with it"),
    "files": _("Files"),
}

with messages.explain_data_errors():
    place = loaders.workspace()
    with phone_order.asked_last():
        asked = coming_election.choose_question(place)
    view = choose_view(VIEWS, "a_view")
    if view == "with":
        goes_with.goes_with(place, explain_choices.abstention(place, asked.places))
    elif view == "proof":
        abstention_proof.proof(place)
    elif view == "split":
        found = coming_election.outlook(place, asked)
        habitual_view.split(found, coming_election.geometry(place, found))
    else:
        found = coming_election.outlook(place, asked)
        with phone_order.asked_last("level"):
            level = coming_election.choose_level(found.forecast.level)
        found = coming_election.at(place, asked, found, level)
        if view == "files":
            take_away.downloads(place, asked, found)
        else:
            shapes = coming_election.geometry(place, found)
            map_side, card_side = st.columns(shell.MAP_AND_CARD)
            with map_side, phone_order.map_box():
                abstention_view.levels_map(place, shapes, found)
            with map_side:
                abstention_view.whole(found.forecast)
                abstention_view.about_list(found)
                abstention_view.notes(found.forecast)
            with card_side:
                with phone_order.list_box():
                    abstention_view.forecast_list(found)
                abstention_card.bureau_card(found)
