"""View: what came back of a message, by bureau and day; counts, and nobody's name."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.messages.came_back import CameBack, came_back
from pages._ui import loaders, messages
from pages._ui.i18n import _, date, number, percent
from pages._ui.letters import effect_view, load_letters


def back() -> None:
    """Show what a message changed, then what came back of it."""
    with load_letters.opened() as (contacts, place), messages.explain_data_errors():
        message = load_letters.choose(
            contacts,
            lambda row: bool(row["approved"]),
            _("No message is approved yet: nothing came back."),
        )
        if message is not None:
            effect_view.effect(contacts, place, message)
            _counts(contacts, message)


def _counts(contacts: Contacts, message: str) -> None:
    found = came_back(contacts, message)
    st.subheader(_("What came back"))
    names = {
        "sent": _("Sent"),
        "delivered": _("Delivered"),
        "bounced": _("Came back"),
        "complained": _("Complaints"),
        "left": _("Unsubscribed"),
    }
    for column, name in zip(st.columns(len(names)), names, strict=True):
        shown = found.counts[name] if name == "sent" or not found.hidden else None
        column.metric(names[name], "–" if shown is None else number(shown))
    if found.hidden:
        st.info(_("Fewer than 11 letters left: nothing more is shown."))
        return
    st.caption(
        _(
            "Delivered: taken by the mail server, and not come back. Whether anybody read it is "
            "not known: nobody is watched."
        )
    )
    _by_bureau(found)
    _by_day(found)


def _by_bureau(found: CameBack) -> None:
    st.markdown(_("**By bureau**"))
    table = found.by_bureau
    hidden = _("hidden here")
    ids = table["cell"].astype("str")
    named = dict(zip(ids, loaders.labels(ids), strict=True))
    rates = zip(table["left_rate"], table["left_low"], table["left_high"], strict=True)
    load_letters.table_of(
        {
            _("Bureau"): [named[one] or "–" for one in ids],
            _("Sent"): [hidden if pd.isna(n) else number(n) for n in table["sent"]],
            _("Came back"): [hidden if pd.isna(n) else number(n) for n in table["bounced"]],
            _("Unsubscribed"): [
                hidden if pd.isna(rate) else f"{percent(rate)} ({percent(low)} – {percent(high)})"
                for rate, low, high in rates
            ],
        }
    )
    if table["hidden"].any():
        st.caption(_("Hidden: fewer than 11 letters, or a number that would tell such a one."))


def _by_day(found: CameBack) -> None:
    st.markdown(_("**By day**"))
    table = found.by_day
    load_letters.table_of(
        {
            _("Day"): [date(day) for day in table["day"]],
            _("Sent"): [number(n) for n in table["sent"]],
            _("Came back"): [number(n) for n in table["bounced"]],
            _("Complaints"): [number(n) for n in table["complained"]],
            _("Unsubscribed"): [number(n) for n in table["left"]],
        }
    )
