"""The audit on screen: who did what, to how many rows, and that nobody changed it since."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from analysis.access import audit as entries
from analysis.access import membership
from analysis.database.engine import of_tenant
from analysis.workflows import server_access
from pages._ui.access import visitor
from pages._ui.i18n import _, number

_MOST = 500


def audit() -> None:
    """Show the latest entries, and let the whole list be verified."""
    found = visitor.current()
    own = of_tenant(server_access.engine(), found.campaign)
    if st.button(_("Verify the whole audit"), key="admin.verify"):
        count, digest = entries.verify(own)
        st.success(
            _(
                "{n} entries, none changed or taken out. Note the number and the end of the list "
                "elsewhere: `{digest}`."
            ).format(n=number(count), digest=digest[:16])
        )
    rows = entries.entries(own, most=_MOST)
    names = membership.names_of(own, {row["user_id"] for row in rows})
    what = {
        "download": _("took a file"),
        "import": _("brought returns"),
        "build": _("read files of a place"),
        "grant": _("gave a role"),
        "revoke": _("took a role back"),
        "invite": _("invited"),
        "uninvite": _("took an invitation back"),
        "settings": _("changed objective or calendar"),
        "plan": _("put turfs into the field"),
        "seal": _("sealed a design"),
        "retire": _("retired a design"),
        "blocs": _("changed blocs"),
        "learn": _("gave the ranking what doors taught"),
        "logout": _("ended logins"),
        "roll import": _("took in an electoral roll"),
        "roll end": _("ended an electoral roll"),
    }
    table = pd.DataFrame(
        {
            "seq": [row["seq"] for row in rows],
            "at": [dt.datetime.fromtimestamp(row["at_s"], dt.UTC) for row in rows],
            "who": [names.get(row["user_id"], row["user_id"]) for row in rows],
            "what": [what.get(row["action"], row["action"]) for row in rows],
            "subject": [row["subject"] for row in rows],
            "rows": pd.array([row["rows"] for row in rows], dtype="Int64"),
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "seq": _("No."),
            "at": st.column_config.DatetimeColumn(
                _("When"), format="DD/MM/YYYY HH:mm", timezone="Europe/Paris"
            ),
            "who": _("Who"),
            "what": _("What"),
            "subject": _("On what"),
            "rows": _("Rows"),
        },
    )
