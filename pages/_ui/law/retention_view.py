"""View: how long things are kept, what is over, and what former runs did away with."""

from __future__ import annotations

import time

import streamlit as st

from analysis.contacts import retention as kept
from analysis.contacts.contact_store import Contacts
from analysis.workflows import duties
from pages._ui import messages
from pages._ui.i18n import _, language, ngettext, number
from pages._ui.law import load_law

# Whoever opens the app once a week still reads it.
_TOLD_DAYS, _YEAR_DAYS, _KEPT_PX = 14, 365, 96


def retention() -> None:
    """Show every class with what is over, and do away with it when told to."""
    load_law.tell()
    with load_law.opened() as (folder, contacts), messages.explain_data_errors():
        over = {one.name: one.rows for one in duties.run_retention(folder, contacts)}
        # The widest of its words comes last, where nobody measures.
        st.dataframe(
            _table(over),
            hide_index=True,
            column_config={_("Kept"): st.column_config.Column(width=_KEPT_PX)},
        )
        count = sum(over.values())
        if st.button(
            _("Do away with what is over ({n})").format(n=number(count)),
            key="law.retention",
            disabled=not count,
            type="primary",
        ):
            duties.run_retention(folder, contacts, dry=False)
            load_law.said(_("Done and written down: {n}").format(n=number(count)))
        st.caption(
            _(
                "The server does the same by itself once a day. By the command: "
                "`python -m analysis duties retention --run --workspace …`."
            )
        )
        if last := kept.runs(contacts, most=1):
            _done(contacts, last[0][0])


def _done(contacts: Contacts, last_s: int) -> None:
    """Show what went; of a day when nothing did, that it was looked at."""
    st.subheader(_("What was done"))
    st.caption(_("Looked at last on {day}.").format(day=load_law.day_of(last_s)))
    names = _names()
    if rows := [
        {_("Day"): load_law.day_of(at), _("What"): names[kind], _("Number"): n}
        for at, kind, n in kept.runs(contacts, least=1)
    ]:
        st.dataframe(rows, hide_index=True)
    else:
        st.info(_("Nothing has gone yet."))


def tell_lately(contacts: Contacts) -> None:
    """Say what went by itself these days: else whoever looks for it takes it for lost."""
    found = kept.lately(contacts, days=_TOLD_DAYS, now_s=int(time.time()))
    if not found:
        return
    names = _names()
    gone = [f"{load_law.day_of(at)} · {names[kind]} · {number(rows)}" for at, kind, rows in found]
    st.info(
        _(
            "Their time was up, so that they were deleted, as the law asks: {gone}. How long "
            "things are kept, and every deletion, is on the page Law."
        ).format(gone=", ".join(gone))
    )


def _lasts(days: int) -> str:
    """Write how long something is kept, in years where it is whole ones."""
    if days < 0:
        return _("without end")
    years, rest = divmod(days, _YEAR_DAYS)
    if years and not rest:
        return ngettext("{n} year", "{n} years", years).format(n=number(years))
    return ngettext("{n} day", "{n} days", days).format(n=number(days))


def _table(over: dict[str, int]) -> list[dict[str, object]]:
    names, actions = _names(), _actions()
    return [
        {
            _("What"): names[one.name],
            _("Kept"): _lasts(one.days),
            _("Counted from"): one.clock(language()),
            _("Then"): actions[one.action],
            _("Over today"): number(over[one.name]) if one.name in over else "",
            _("Basis"): one.basis(language()),
        }
        for one in kept.classes().values()
    ]


def _names() -> dict[str, str]:
    return {
        "roll": _("Electoral roll"),
        "unconfirmed": _("Contacts never confirmed"),
        "withdrawn": _("People who took everything back"),
        "inactive": _("People without exchange"),
        "doors": _("Contacts of doors not opened"),
        "letters": _("Letters that wait"),
        "refused_files": _("Files of returns that were refused"),
        "requests": _("Requests"),
        "consents": _("Consents"),
        "objections": _("Objections (digests)"),
        "targeting": _("Targeting register"),
    }


def _actions() -> dict[str, str]:
    return {
        "erase": _("erased for good"),
        "erase_roll": _("deleted, all of it"),
        "delete": _("deleted"),
        "keep": _("kept, names nobody"),
    }
