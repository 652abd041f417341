"""Page: who walks where: the targets cut into turfs of equal work, each with its walk."""

from functools import partial
from pathlib import Path

import streamlit as st

from pages._ui import inputs, loaders, messages, weighing
from pages._ui.i18n import _
from pages._ui.trial.views import choose_view
from pages._ui.turfs import choices, cutting, files, follow, show
from pages._ui.turfs import loaders as cut

st.title(_("Walks"))
st.caption(_("Who walks where: the targets of Priorities, cut into turfs of equal work."))

VIEWS = {
    "map": _("Map and walks"),
    "turfs": _("Turfs"),
    "uncut": _("In no turf"),
    "files": _("Hand out"),
}

with messages.explain_data_errors():
    place = loaders.workspace()
    question = inputs.choose_question(place)
    found = loaders.prospects(place, question)

settings_side, answer_side = st.columns([1, 3], gap="medium")
with settings_side, messages.explain_data_errors():
    with st.popover(_("Settings of the ranking"), width="stretch"):
        settings = inputs.choose_settings(weighing.of(found))
    scenario = inputs.put_together(question, settings)
    ranked = loaders.ranking(place, scenario)
    asked = choices.choose(place, ranked)
    held = choices.hold_back(place, ranked, asked["top"], settings.seed)

    def make() -> Path | cutting.Job:
        """Cut what is asked, unless it was cut before."""
        targets = partial(choices.targets, place, scenario, held)
        return cutting.cut(place.path, targets(), choices.order(place, scenario, asked, held))

    follow.button(make)

with answer_side, messages.explain_data_errors():
    follow.follow(place)
    folder = files.earlier(cutting.cuts(place.path))
    if folder is None:
        st.info(
            _(
                "No turfs yet. Choose how many bureaux and how long an outing is, then press "
                "“Cut the turfs”: every building of these bureaux goes into exactly one turf, or "
                "is listed with the reason."
            )
        )
        st.stop()
    walks = cut.walks(str(folder))
    show.balance(walks)
    view = choose_view(VIEWS, "turf_view")
    if view == "turfs":
        show.table(walks)
    elif view == "uncut":
        show.uncut(walks)
    else:
        turf = show.choose_turf(walks)
        if view == "files":
            files.files(place, folder, walks, turf)
        else:
            show.turf_map(place, walks, turf, key="turfs.map")
            if turf:
                show.stops_table(walks, turf)
