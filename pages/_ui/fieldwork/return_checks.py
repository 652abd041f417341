"""What was imported, what looks odd, and what was told otherwise: shown, never deleted."""

from __future__ import annotations

import re

import pandas as pd
import streamlit as st

from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from pages._ui import messages
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _
from pages._ui.trial.number_tables import show_table

# An id of an address, or a word.
_IDS = re.compile(r"[\w:-]+")


def checks(place: Workspace, opened: Store, asked: Mark) -> None:
    """Show flags, conflicts and imports."""
    imports, flags, conflicts = load_fieldwork.kept(asked)
    st.subheader(_("To look at"))
    if flags.empty:
        st.caption("✓ " + _("Nothing looks odd."))
    else:
        show_table(
            pd.DataFrame(
                {
                    _("Day"): flags["day"],
                    _("Turf"): flags["turf_id"],
                    _("What"): flags["rule"].map(_rule_name),
                    _("How many"): flags["count"],
                    _("For instance"): _named(place, flags["detail"]),
                }
            )
        )
        st.caption(
            _("A flag is a question to the team, not a verdict: the returns count all the same.")
        )
    st.subheader(_("Told otherwise"))
    if conflicts.empty:
        st.caption("✓ " + _("No attempt was told in two ways."))
    else:
        show_table(
            conflicts.rename(
                columns={"attempt_id": _("Attempt"), "file": _("File"), "content": _("Says")}
            )
        )
        st.caption(_("The first telling counts. To change it, the phone page sends a correction."))
    st.subheader(_("Imports"))
    zone = opened.campaign.time_zone
    received = pd.to_datetime(imports["received_s"], unit="s", utc=True).dt.tz_convert(zone)
    show_table(
        pd.DataFrame(
            {
                _("Received"): received.dt.strftime("%d/%m/%Y %H:%M"),
                _("File"): imports["file"],
                _("From"): imports["source"].map(_source_name),
                _("New"): imports["new"],
                _("Known already"): imports["repeated"],
                _("In conflict"): imports["conflicts"],
            }
        )
    )


def _named(place: Workspace, details: pd.Series) -> list[str]:
    """Return examples in the page's language, addresses and ways of telling by their names."""
    told = [str(messages.translate(one)) for one in details]
    ids = pd.Series(sorted({one for text in told for one in _IDS.findall(text)}), dtype="str")
    names = dict(zip(ids, load_fieldwork.address_names(place, ids)["name"], strict=True))
    names |= {code: _source_name(code) for code in ("phone", "sheet", "counts")}
    return [_IDS.sub(lambda one: str(names.get(one[0], one[0])), text) for text in told]


def _rule_name(code: str) -> str:
    """Name a check of quality."""
    names = {
        "too_fast": _("Too many doors in two minutes"),
        "rate_out_of_range": _("Answer rate hard to believe"),
        "reported_twice": _("Reported twice on one day"),
        "outside_turf": _("Addresses outside the turf"),
        "before_start": _("Dated before the campaign: not counted"),
        "more_doors": _("More doors than the building has"),
    }
    return names.get(code, code)


def _source_name(code: str) -> str:
    """Name where returns come from."""
    names = {"phone": _("phone"), "sheet": _("sheet"), "counts": _("paper counts")}
    return names.get(code, code)
