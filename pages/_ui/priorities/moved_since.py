"""What moved since an earlier ranking, on screen and as a file."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.workflows.ranking import RankingFile
from analysis.workflows.what_moved import (
    moved_to_text,
    read_earlier,
    reason_text,
    refuse_another,
    scenario_beside,
    what_moved,
)
from pages._ui import messages
from pages._ui.access import taken_away
from pages._ui.i18n import _, language, ngettext, number
from pages._ui.priorities.named_scenarios import described
from pages._ui.trial.number_tables import show_table

_SHOWN = 50


def compare(file: RankingFile) -> None:
    """Ask for an earlier ranking, and show which bureaux moved and why."""
    st.markdown("#### " + _("What moved since last time"))
    given = st.file_uploader(
        _("An earlier ranking (CSV of this page or of the command `rank`)"),
        type=["csv", "json"],
        accept_multiple_files=True,
        key="moved.file",
    )
    tables = [one for one in given if one.name.lower().endswith(".csv")]
    if not tables:
        st.caption(
            _(
                "Drop the file of last week: each bureau that moved is listed with why. With what "
                "stands beside it (`FILE.csv-metadata.json`) the strategy of then is known too."
            )
        )
        return
    # The last one dropped counts, with what stands beside it by name.
    ranking = tables[-1]
    own = f"{ranking.name}-metadata.json"
    beside = [one for one in given if one.name == own]
    used = (ranking, *beside[-1:])
    _say_unused([one.name for one in given if one not in used], own)
    try:
        then = scenario_beside(beside[-1].getvalue(), beside[-1].name) if beside else None
        refuse_another(then, file.scenario, described)
        moved = what_moved(read_earlier(ranking.getvalue(), ranking.name, then), file)
    except DataError as error:
        messages.show_error(error)
        return
    if moved.empty:
        st.success(_("No bureau moved."))
        return
    count = ngettext("{n} bureau moved.", "{n} bureaux moved.", len(moved))
    st.markdown(count.format(n=number(len(moved))))
    show_table(
        pd.DataFrame(
            {
                _("Bureau"): moved["label"],
                _("Rank before"): moved["rank_before"],
                _("Rank now"): moved["rank_now"],
                _("Places up"): moved["moved"],
                _("Why"): [reason_text(one, language()) for one in moved["reason"]],
            }
        ).head(_SHOWN)
    )
    taken_away.offer(
        None,
        _("What moved (CSV)"),
        moved_to_text(moved, language()),
        f"palier_{file.workspace.path.name}_moved.csv",
        key="moved.csv",
        on_click="ignore",
    )
    reason = _(
        "The reason is the one thing that, put back to what it was everywhere, brings the rank "
        "nearest to the earlier one."
    )
    if then is None:
        reason += " " + _(
            "The CSV alone tells neither the strategy of then nor whose votes were to be won: "
            "drop what stands beside it (`FILE.csv-metadata.json`) with it."
        )
    st.caption(reason)


def _say_unused(names: Sequence[str], beside: str) -> None:
    if names:
        st.caption(
            _(
                "Not used: {names}. One CSV is compared, the last one dropped, with what stands "
                "beside it (`{beside}`)."
            ).format(
                names=", ".join(f"`{name}`" for name in names),
                beside=beside,
            )
        )
