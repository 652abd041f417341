"""What hours do in each arrondissement, quarter, canton or commune: a table, and as a file."""

from __future__ import annotations

from dataclasses import astuple

import pandas as pd
import streamlit as st

from analysis.exports.model_export import Finding, Written
from analysis.geography.zones import in_words
from analysis.workflows.part_totals import finding, heading_of, kinds_of, totals_by
from analysis.workflows.ranking import RankingFile
from analysis.workflows.server_access import room
from pages._ui import file_downloads
from pages._ui.i18n import _, language
from pages._ui.trial.number_tables import show_table


def totals(file: RankingFile) -> None:
    """Show the totals, folded; nothing where the place is one part of each kind."""
    kinds = _kinds_of(file)
    if not kinds:
        return
    folded = st.expander(
        heading_of(kinds[0], language()),
        icon=":material/table_rows:",
        key="priorities.totals.open",
        on_change="rerun",
    )
    if not folded.open:
        return
    with folded:
        kind = kinds[0]
        if len(kinds) > 1:
            kind = st.selectbox(
                _("Parts of the place"),
                kinds,
                key="priorities.parts",
                format_func=lambda one: heading_of(one, language()),
                label_visibility="collapsed",
            )
        table = totals_by(file.workspace, file.announced, kind)
        show_table(_in_words(table), digits=1)
        st.caption(
            _(
                "Hours to knock at every door of a part, and the votes expected of them; shares "
                "are of the whole place. Where hours per vote are few, an hour is worth most."
            )
        )

        def make(_figure: str, how: Written) -> Finding:
            return finding(file, kind, how)

        name = f"palier_{kind}_{file.scenario.election}"
        file_downloads.offer_table(make, name, key="totals")


def _kinds_of(file: RankingFile) -> tuple[str, ...]:
    """Return the kinds of parts of a ranking on screen, found once for all its clicks."""
    place, asked = file.workspace, file.scenario.to_toml()
    held = None if file.hold_back is None else astuple(file.hold_back)
    return _kinds(str(place.path), place.digest, asked, held, file)


@st.cache_resource(max_entries=room(48), show_spinner=False)
def _kinds(
    folder: str, digest: str, asked: str, held: tuple[object, ...] | None, _file: RankingFile
) -> tuple[str, ...]:
    del folder, digest, asked, held
    return kinds_of(_file.workspace, _file.announced.table["bureau_id"])


def _in_words(table: pd.DataFrame) -> pd.DataFrame:
    names = in_words(table["part_name"], language())
    return pd.DataFrame(
        {
            _("Name"): names.replace("", heading_of("none", language())),
            _("Hours per vote"): table["hours_per_vote"].round(1),
            _("Votes expected"): table["votes_expected"].round(1),
            _("Share of the votes (%)"): (100 * table["votes_share"]).round(1),
            _("Hours"): table["hours"].round(0),
            _("Share of the hours (%)"): (100 * table["hours_share"]).round(1),
            _("Doors"): table["doors"].round(0),
            _("Bureaux"): table["bureaux"],
            _("Reached"): table["bureaux_reached"],
        }
    )
