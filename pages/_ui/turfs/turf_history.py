"""What was changed in a cut of turfs, by whom and when."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.workflows import turf_edits
from pages._ui.i18n import _
from pages._ui.trial.number_tables import show_table


def history(folder: Path) -> None:
    """List what was changed, by whom and when."""
    table = turf_edits.history(folder)
    if table.empty:
        return
    names = {
        "merge": _("Merge"),
        "split": _("Split"),
        "move": _("Move"),
        "draw": _("New turf"),
        "exclude": _("Set aside"),
        "undo": _("Undo"),
        "redo": _("Redo"),
    }
    when = pd.to_datetime(table["when"], utc=True).dt.tz_convert("Europe/Paris")
    with st.expander(_("Changes so far")):
        show_table(
            pd.DataFrame(
                {
                    _("Change"): table["op"].map(names),
                    _("Turfs"): table["turfs"],
                    _("Addresses"): table["addresses"],
                    _("Who"): table["who"],
                    _("When"): when.dt.strftime("%d/%m %H:%M"),
                }
            )
        )
