"""Doors already visited: a small file of the workspace, brought or taken away here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.tables.covered import COVERED, bring_covered, forget_covered
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace
from analysis.targeting.prospects import Prospects
from pages._ui import messages
from pages._ui.access import taken_away
from pages._ui.i18n import _, number

_PROBLEM = "visited.problem"


def ask(place: Workspace, found: Prospects) -> None:
    """Offer to bring the share of doors visited, by bureau; say how many are known."""
    folded = st.expander(_("Doors already visited"), key="visited.open", on_change="rerun")
    if not folded.open:
        return
    with folded:
        covered = found.table["covered"]
        known = int((covered > 0).sum())
        if known:
            st.caption(_("Known for {n} bureaux.").format(n=number(known)))
        else:
            st.caption(_("None known: every door counts as not yet visited."))
        taken_away.offer(
            None,
            _("Table to fill in (CSV)"),
            data=csv_text(_table(found)),
            file_name=COVERED,
            key="visited.template",
            on_click="ignore",
        )
        st.file_uploader(
            _("Bring the table back (bureau_id, covered: 0 to 1)"),
            type=["csv"],
            key="visited.file",
            on_change=_take,
            args=(place, found),
        )
        if problem := st.session_state.pop(_PROBLEM, None):
            messages.show_error(problem)
        if known and st.button(_("Forget the visits")):
            forget_covered(place.path)
            st.rerun()


def _table(found: Prospects) -> pd.DataFrame:
    return found.table[["bureau_id", "covered"]]


def _take(place: Workspace, found: Prospects) -> None:
    upload = st.session_state.get("visited.file")
    if upload is None:
        return
    try:
        bring_covered(place.path, upload.getvalue(), found.table["bureau_id"])
    except DataError as error:
        st.session_state[_PROBLEM] = error
