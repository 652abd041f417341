"""Page: which bureaux repay an hour of canvassing, and how sure that is."""

import streamlit as st

from analysis.workflows.hold_back import as_announced
from pages._ui import bureaux, inputs, levels, loaders, messages, phone_order, shell
from pages._ui.i18n import _
from pages._ui.priorities import (
    bureau_card,
    compare,
    downloads,
    look_back,
    part_totals_view,
    ranking_view,
    scatter,
    visited,
)

st.title(_("Priorities"))
st.caption(_("Which bureaux repay an hour of canvassing, and how sure is that?"))

VIEWS = {
    "map": _("Map and list"),
    "compare": _("Compare two scenarios"),
    "checks": _("Checks"),
    "files": _("Files"),
}

asked = phone_order.asked_last()
with asked, messages.explain_data_errors():
    place = loaders.workspace()
    question = inputs.choose_question(place)
    asked_first = levels.Counted(question.places)
    known = loaders.prospects_known(place, question)
    clear = levels.first_look(place, asked_first, known=known)
    found = loaders.prospects(place, question)
    clear()

# The map is the page: what is asked first stands in a row, the rest is folded away.
hours_side, strategy_side = asked.columns([1, 3.1], gap="medium")
more_side, numbers_side = asked.columns(2, gap="medium")
folded = more_side.expander(_("More settings"), icon=":material/tune:")
with messages.explain_data_errors():
    with folded:
        inputs.choose_rival(question, found)
    sides = inputs.Sides(hours_side, strategy_side, folded, numbers_side)
    settings = inputs.choose_settings(loaders.weights_of(place, question, found), sides)
    with folded:
        visited.ask(place, found)
answer_side = st.container()

with answer_side, messages.explain_data_errors():
    scenario = inputs.put_together(question, settings)
    ranked = loaders.ranking(place, scenario)
    view = inputs.choose_view(VIEWS)
    if view == "compare":
        compare.compare(place, scenario)
    elif view == "checks":
        look_back.checks(place, scenario, ranked, found)
    elif view == "files":
        downloads.downloads(place, scenario)
    else:
        file = loaders.file_on_screen(place, scenario)
        shown = as_announced(ranked, file.announced)
        map_side, card_side = st.columns(shell.MAP_AND_CARD)
        with map_side, phone_order.map_box():
            ranking_view.levels_map(place, shown, file, loaders.geometry(place, found))
        with card_side:
            list_side = phone_order.list_box()
            bureau_id, frame = bureau_card.bureau_card(shown, found)
        bureau_card.map_first()
        with list_side:
            ranking_view.ranked_list(shown, key="priorities.list")
        with map_side:
            ranking_view.reach(file.announced)
            ranking_view.last_time(file, scenario)
            scatter.scatter(shown)
            part_totals_view.totals(file)
            back = st.container()
            bureaux.without_ground(shown.table)
            ranking_view.honesty(ranked, scenario.settings.draws)
            ranking_view.notes(found)
        bureau_card.picture(place, scenario, bureau_id, frame)
        with back:
            look_back.in_short(place, scenario, ranked)
