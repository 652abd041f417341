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
from pages._ui.i18n import _, ngettext, number

_SCRIPT, _CALLER, _TOLD = "calls.script", "calls.caller", "calls.told"
# What somebody asked for holds from that moment on: no other end of the call takes it back.
_FOR_GOOD = ("refused", "stop")


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
        _told(contacts)
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
    # Open for the second call too: whoever knows it by heart folds it once.
    with st.expander(_("What to say"), expanded=True):
        usual = _(
            "Good day, I am a volunteer of the campaign. You left us your number. Is this a good "
            "moment? If you wish no more calls, say so and it ends here."
        )
        st.text_area(_("Script"), usual, max_chars=2_000, key=_SCRIPT)


def _person(contacts: Contacts, call: Call) -> None:
    with st.container(border=True):
        st.subheader(messages.plain(call.name) or _("No name given"))
        st.link_button(call.phone, f"tel:{''.join(call.phone.split())}")
        if call.tries:
            told = ngettext(
                "Called {n} time in thirty days", "Called {n} times in thirty days", call.tries
            )
            st.caption(told.format(n=number(call.tries)))
        _outcomes(contacts, call)


def _outcomes(contacts: Contacts, call: Call, corrects: str = "") -> None:
    """Ask how a call went, row by row, so that a phone asks in the same order."""
    names = _names()
    for first in range(0, len(OUTCOMES), 2):
        for place, outcome in zip(st.columns(2), OUTCOMES[first : first + 2], strict=True):
            kind: Literal["primary", "secondary"] = (
                "primary" if outcome == "talked" and not corrects else "secondary"
            )
            key = f"calls.{outcome}.{corrects or f'{call.person}.{call.tries}'}"
            if place.button(names[outcome], key=key, type=kind, width="stretch"):
                written = record_call(contacts, call.person, outcome, corrects=corrects)
                st.session_state[_TOLD] = (written, outcome, call)
                st.rerun()


def _told(contacts: Contacts) -> None:
    """Say what was written of the call before, and let a wrong click be put right."""
    if _TOLD not in st.session_state:
        return
    written, outcome, call = st.session_state[_TOLD]
    name = messages.plain(call.name) or _("No name given")
    st.success(_("Written down for {name}: {end}").format(name=name, end=_names()[outcome]))
    if outcome in _FOR_GOOD:
        return
    with st.expander(_("That was a wrong click"), key=f"calls.wrong.{written}"):
        st.caption(_("How did the call with {name} end?").format(name=name))
        _outcomes(contacts, call, written)


def _names() -> dict[str, str]:
    return {
        "talked": _("We talked"),
        "absent": _("No answer"),
        "call_back": _("Call back"),
        "refused": _("No more calls"),
        "wrong_number": _("Wrong number"),
        "stop": _("STOP: nothing more by any way"),
    }
