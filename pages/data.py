"""Page: which place is open, what was read of it, and the way to bring another."""

import streamlit as st

from pages._ui import loaders, messages
from pages._ui.access import visitor
from pages._ui.data import (
    blocs_editor,
    bring_files,
    build_progress,
    choose_place,
    place_by_name,
    source_report,
)
from pages._ui.i18n import _

st.title(_("Data"))
st.caption(_("Which place are you working on, and what was read of it?"))

VIEWS = {
    "report": _("Report"),
    "blocs": _("Blocs"),
    "find": _("Find a place"),
    "bring": _("Bring files"),
}
if not visitor.current().may("build"):
    VIEWS = {"report": VIEWS["report"]}

build_progress.follow()
with messages.explain_data_errors():
    place = loaders.workspace()
    choose_place.choose_workspace(place)

view = st.segmented_control(
    _("View"),
    list(VIEWS),
    format_func=VIEWS.__getitem__,
    default="report",
    required=True,
    key=build_progress.VIEW,
    persist_state="session",
    label_visibility="collapsed",
)
with messages.explain_data_errors():
    build_progress.congratulate()
    if view == "bring":
        bring_files.files()
    elif view == "find":
        place_by_name.find()
    elif view == "blocs":
        blocs_editor.edit(place)
    else:
        choose_place.describe(place)
        source_report.report(place)
