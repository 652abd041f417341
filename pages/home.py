"""Page: what the hours can do, where to begin, how the week goes, what to decide."""

import streamlit as st

from analysis.workflows.place_names import only_abroad
from pages._ui import inputs, loaders, messages, state
from pages._ui.home import director_view, load_brief, welcome

st.title("Palier")
welcome.what_palier_is()
answer = st.container()
abroad = False
with messages.explain_data_errors():
    place = loaders.workspace()
    abroad = only_abroad(place.path)
    welcome.what_is_loaded(place)
welcome.what_next(abroad=abroad)

# Last, because a large place may take a while: what is loaded stands already.
with answer, messages.explain_data_errors():
    scenario = inputs.kept_scenario(place)
    if scenario is None:
        state.stop()
    clear = director_view.first_look(place, scenario)
    found = load_brief.brief_of(place, scenario)
    clear()
    director_view.head(found)
    left, right = st.columns([1.6, 1], gap="medium")
    with left:
        director_view.hours(found)
        maps = director_view.zones(found)
        director_view.whole(place, found)
    with right:
        course = director_view.week(found)
        director_view.decisions(found)
    director_view.draw(place, found, maps, course)
