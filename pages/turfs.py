"""Page: who walks where: the targets cut into turfs of equal work, each with its walk."""

from functools import partial
from pathlib import Path

import streamlit as st

from analysis.workflows import turf_cuts
from analysis.workflows.jobs import Job
from analysis.workflows.ranking import ranking_file
from analysis.workflows.turf_folder import cuts
from pages._ui import inputs, loaders, messages, phone_order, ready_panel, shell, state
from pages._ui.i18n import _
from pages._ui.trial.arms_view import choose_view
from pages._ui.turfs import follow, turf_choices, turf_downloads, turf_editing, turfs_view
from pages._ui.turfs import load_turfs as cut

st.title(_("Walks"))
st.caption(_("Who walks where: the targets of Priorities, cut into turfs of equal work."))

VIEWS = {
    "map": _("Map and walks"),
    "edit": _("Change, hand over"),
    "turfs": _("Turfs"),
    "uncut": _("In no turf"),
    "files": _("Hand out"),
}

with phone_order.asked_last(), messages.explain_data_errors():
    place = loaders.workspace()
    question = inputs.choose_question(place)
    found = loaders.prospects(place, question)

# What was cut is changed on a map as wide as the page: how to cut again is folded away.
if turf_editing.is_open():
    folded = phone_order.asked_last("cut").expander(_("Cut again"))
    settings_side, answer_side = folded.container(), st.container()
else:
    with phone_order.sides_turned():
        settings_side, answer_side = st.columns(shell.SETTINGS_AND_MAP)
with settings_side, messages.explain_data_errors():
    with st.popover(_("Settings of the ranking"), width="stretch"):
        settings = inputs.choose_settings(loaders.weights_of(place, question, found))
    scenario = inputs.put_together(question, settings)
    ranked = loaders.ranking(place, scenario)
    asked = turf_choices.choose(place, ranked)
    held = turf_choices.hold_back(place, ranked, asked, settings.seed)

    def make() -> Path | Job:
        """Cut what is asked, unless it was cut before."""
        targets = partial(turf_choices.targets, place, scenario, held)
        return turf_cuts.cut(
            place.path, targets(), turf_choices.order(place, scenario, asked, held)
        )

    below_settings, offered = st.container(), False

with answer_side, messages.explain_data_errors():
    follow.follow(place)
    folder = turf_downloads.earlier(place, cuts(place.path))
    walks = cut.own_walks(place, str(folder)) if folder else None
    if folder is None or walks is None:
        follow.first(place, make)
        state.stop()
    otherwise = turfs_view.asked_otherwise(folder, scenario, asked.get("bureaux", ()))
    with st.container() if otherwise else below_settings:
        offered = True
        follow.button(make)
    turfs_view.balance(walks)
    view = choose_view(VIEWS, turf_editing.VIEW)
    if view == "turfs":
        turfs_view.table(walks)
    elif view == "edit":
        turf_editing.edit(place, folder, walks)
    elif view == "uncut":
        turfs_view.uncut(walks)
    elif view == "files":
        turf = turfs_view.choose_turf(walks)
        ready_panel.ask_if_ready(ranking_file(place, scenario, ranked, found))
        turf_downloads.files(place, folder, walks, turf)
    else:
        choice, search = st.columns(2)
        with choice:
            turf = turfs_view.choose_turf(walks)
        turfs_view.turf_map(place, walks, turf, search)
        if turf:
            turfs_view.stops_table(walks, turf)
    turfs_view.how_cut(walks)
if not offered:
    # What was cut cannot be shown: it is cut again.
    with below_settings, messages.explain_data_errors():
        follow.button(make)
