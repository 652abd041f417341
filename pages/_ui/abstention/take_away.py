"""The forecast as a file, with its intervals and what it rests on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.electorate.abstention.forecast import AbstentionForecast
from analysis.workspace import Workspace
from pages._ui.abstention.choices import Question
from pages._ui.abstention.loaders import Outlook
from pages._ui.i18n import _
from pages._ui.messages import translate
from pages._ui.swing import files


def downloads(
    place: Workspace, asked: Question, found: Outlook, forecast: AbstentionForecast
) -> None:
    """Offer the forecast, with the split where there is one."""
    st.markdown(
        _("One row per bureau: the forecast, its intervals, and the split of the abstainers.")
    )
    level = forecast.level
    source = files.provenance(
        place,
        "abstention",
        {
            "election": asked.election,
            "places": list(asked.places),
            "level": level.value,
            "level_se": level.std_error,
            "level_source": level.source,
            "past": list(forecast.elections),
        },
    )
    sheet = files.Sheet(
        table(found, forecast), meanings(), tuple(map(translate, forecast.notes)), source
    )
    files.offer(sheet, f"palier_abstention_{asked.election}", key="abstention")


def table(found: Outlook, forecast: AbstentionForecast) -> pd.DataFrame:
    """Return the forecast as files hold it."""
    frame = forecast.with_level_error()
    return frame if found.split is None else frame.merge(found.split, on="bureau_id", how="left")


def meanings() -> dict[str, str]:
    """Say what each column is."""
    return {
        "registered": _("Registered voters at the last election"),
        "abstention": _("Expected abstention, share of registered, 0 to 1"),
        "abstention_se": _("Standard error, if the level of the whole place is right"),
        "low_50": _("Lower end of the 50% interval of the count"),
        "high_50": _("Upper end of the 50% interval of the count"),
        "low_90": _("Lower end of the 90% interval of the count"),
        "high_90": _("Upper end of the 90% interval of the count"),
        "low_all": _("Lower end of the 90% interval with the level's own error"),
        "high_all": _("Upper end of the 90% interval with the level's own error"),
        "past": _("Past elections the bureau was seen at"),
        "source": _(
            "Rests on: own, around (neighbours and households), commune, department, place"
        ),
        "constant": _("Constant abstainers, estimated share of registered"),
        "constant_low": _("Constant abstainers, at least"),
        "constant_high": _("Constant abstainers, at most"),
        "intermittent": _("Intermittent voters, estimated share of registered"),
        "intermittent_low": _("Intermittent voters, at least"),
        "intermittent_high": _("Intermittent voters, at most"),
    }
