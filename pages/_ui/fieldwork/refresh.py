"""The page wakes up when returns arrive, from this window, another, or a phone."""

from __future__ import annotations

import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _

EVERY_S = 2


def watch(place: Workspace, shown: Mark) -> None:
    """Look every few seconds whether something came in; only then run the page again."""
    alone = visitor.current().person is None

    @st.fragment(run_every=EVERY_S if alone else load_fieldwork.HELD_S)
    def look() -> None:
        # One query on a small table: nothing else is read unless the answer changed.
        try:
            state = load_fieldwork.mark(place).state
        except DataError as error:
            messages.show_error(error)
            return
        if state != shown.state:
            st.rerun()
        st.caption(":material/sync: " + _("Numbers follow by themselves as returns arrive."))

    look()
