"""View: calls, one person at a time, at decent hours; a stop holds at once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from analysis.contacts.calls import OUTCOMES, WAITING, Call, Queue, next_call, record_call
from analysis.contacts.contact_store import Contacts
from analysis.contacts.universe_members import members
from analysis.workflows import universes
from pages._ui import loaders, messages
from pages._ui.contacts import people_opened
from pages._ui.i18n import _, number

_SCRIPT, _CALLER = "calls.script", "calls.caller"


def calls() -> None:
    """Show the next person to call, and write down how it went."""
    place = loaders.workspace()
    with people_opened.opened() as (contacts, _folder), messages.explain_data_errors():
        kept = {one.name: one.rule for one in universes.saved(contacts) if one.rule.of == "people"}
        if not kept:
            st.info(_("Save a universe of supporters first: calls go through it one by one."))
            return
        name = st.selectbox(_("Universe"), list(kept), key="calls.universe")
        rule = kept[name]
        if rule.asks_abstention:
            st.info(_("This universe asks for a forecast: choose one by bureaux for calls."))
            return
        st.caption(messages.sentence(rule.sentence))
        people = members(contacts, rule, universes.ground_of(place, rule)).people
        queue = next_call(contacts, people, datetime.now(UTC), caller=_caller(contacts))
        _waiting(queue)
        if queue.call is None:
            st.info(_("Nobody may be called now."))
            return
        _script()
        _person(contacts, queue.call)


def _caller(contacts: Contacts) -> str:
    """Return what tells this browser from others; a user of a server is one caller in all."""
    return "" if contacts.by else str(st.session_state.setdefault(_CALLER, secrets.token_hex(8)))


def _waiting(queue: Queue) -> None:
    st.metric(_("May be called now"), number(queue.left))
    for why, n in queue.waiting.items():
        st.caption(f"{number(n)} · {messages.translate(WAITING[why])}")


def _script() -> None:
    with st.expander(_("What to say"), expanded=_SCRIPT not in st.session_state):
        usual = _(
            "Good day, I am a volunteer of the campaign. You left us your number. Is this a good "
            "moment? If you wish no more calls, say so and it ends here."
        )
        st.text_area(_("Script"), usual, max_chars=2_000, key=_SCRIPT)


def _person(contacts: Contacts, call: Call) -> None:
    with st.container(border=True):
        st.subheader(messages.plain(call.name) or _("No name given"))
        st.link_button(call.phone, f"tel:{call.phone}")
        if call.tries:
            st.caption(_("Called {n} time(s) in thirty days").format(n=number(call.tries)))
        names = {
            "talked": _("We talked"),
            "absent": _("No answer"),
            "call_back": _("Call back"),
            "refused": _("No more calls"),
            "wrong_number": _("Wrong number"),
            "stop": _("STOP: nothing more by any way"),
        }
        columns = st.columns(2)
        for n, outcome in enumerate(OUTCOMES):
            kind: Literal["primary", "secondary"] = (
                "primary" if outcome == "talked" else "secondary"
            )
            pressed = columns[n % 2].button(
                names[outcome],
                key=f"calls.{outcome}.{call.person}.{call.tries}",
                type=kind,
                width="stretch",
            )
            if pressed:
                record_call(contacts, call.person, outcome)
                st.rerun()
