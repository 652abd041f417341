"""The forecast as files: the table with its intervals and the split, and the map."""

from __future__ import annotations

import streamlit as st

from analysis.exports.model_export import Finding, Written
from analysis.tables.workspace import Workspace
from analysis.workflows.abstention import Outlook, finding
from pages._ui import file_downloads
from pages._ui.abstention.coming_election import Question
from pages._ui.i18n import _
from pages._ui.messages import translate


def downloads(place: Workspace, asked: Question, found: Outlook) -> None:
    """Offer the forecast, with the split where there is one."""
    st.markdown(
        _("One row per bureau: the forecast, its intervals, and the split of the abstainers.")
    )
    file_downloads.promise()

    def make(figure: str, how: Written) -> Finding:
        return finding(place, asked.places, found, figure=figure, written=how)

    name, drawn = f"palier_abstention_{asked.election}", found.vintage is not None
    notes = map(translate, found.forecast.notes)
    file_downloads.offer_table(make, name, key="abstention", notes=notes, places=drawn)
    maps = {"map": _("Map of the forecast")}
    file_downloads.offer_figures(make, name, key="abstention", figures=maps, disabled=not drawn)
