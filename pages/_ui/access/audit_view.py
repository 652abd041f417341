"""The audit on screen: who did what, to how many rows, and that nobody changed it since."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from analysis.access import audit as entries
from analysis.access import membership
from analysis.database.engine import of_tenant
from analysis.i18n import MISSING
from analysis.workflows import server_access
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.access.administration_view import role_name, scope_name
from pages._ui.i18n import _, number

_MOST = 500


def audit() -> None:
    """Show the latest entries, and let the whole list be verified."""
    found, engine = visitor.current(), server_access.engine()
    chains = server_access.audits_of(found.campaign)
    if st.button(_("Verify the whole audit"), key="admin.verify"):
        for tenant, place in chains.items():
            _say(place, *entries.verify(of_tenant(engine, tenant)))
    rows = [
        {**row, "place": place}
        for tenant, place in chains.items()
        for row in entries.entries(of_tenant(engine, tenant), most=_MOST)
    ]
    rows = sorted(rows, key=lambda row: (row["at_s"], row["seq"]), reverse=True)[:_MOST]
    names = membership.names_of(engine, {row["user_id"] for row in rows})
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
        "building": _("decided on a missing building"),
        "seal": _("sealed a design"),
        "retire": _("retired a design"),
        "blocs": _("changed blocs"),
        "learn": _("gave the ranking what doors taught"),
        "logout": _("ended logins"),
        "roll import": _("took in an electoral roll"),
        "roll end": _("ended an electoral roll"),
        "edit_turfs": _("changed turfs"),
        "scenario": _("kept, copied or deleted a scenario"),
        "hand_over": _("handed turfs to a team"),
        "find": _("looked for an address"),
        "search": _("looked for people"),
        "command": _("ran a command on the server"),
    }
    table = pd.DataFrame(
        {
            "seq": [row["seq"] for row in rows],
            "at": [dt.datetime.fromtimestamp(row["at_s"], dt.UTC) for row in rows],
            "who": [names.get(row["user_id"]) or _by(row["user_id"]) for row in rows],
            "what": [what.get(row["action"], row["action"]) for row in rows],
            "place": [row["place"] for row in rows],
            "subject": [_on(row["action"], row["subject"]) for row in rows],
            "rows": pd.array([row["rows"] for row in rows], dtype="Int64"),
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        placeholder=MISSING,
        column_config={
            "seq": _("No."),
            "at": st.column_config.DatetimeColumn(
                _("When"), format="DD/MM/YYYY HH:mm", timezone=st.context.timezone or "Europe/Paris"
            ),
            "who": _("Who"),
            "what": _("What"),
            "place": _("Place"),
            "subject": _("On what"),
            "rows": _("Rows"),
        },
    )


def _by(user_id: str) -> str:
    return _("Server") if user_id == membership.NOBODY else user_id


def _on(action: str, subject: str) -> str:
    """Say in words which role was given, over what; other subjects are names already."""
    whom, *given = subject.split()[:3] or [""]
    if action not in {"grant", "invite"} or len(given) < len(("role", "scope")):
        return subject
    role, scope = given
    which = subject.split(maxsplit=3)[3:]
    words = [role_name(role), " ".join([scope_name(scope), *which]), whom]
    return " · ".join(words)


def _say(place: str, count: int, digest: str) -> None:
    text = _(
        "{n} entries, none changed or taken out. Note the number and the end of the list "
        "elsewhere: `{digest}`."
    ).format(n=number(count), digest=digest[:16])
    st.success(f"**{messages.plain(place)}** · {text}" if place else text)
