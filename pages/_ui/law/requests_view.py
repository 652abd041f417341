"""View: what people ask about themselves, with the clock of the answer."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.contacts import rights_requests as owed
from analysis.contacts.contact_store import Contacts
from analysis.workflows import duties, people_shown
from pages._ui import browser_clock, messages
from pages._ui.access import taken_away
from pages._ui.i18n import DAY, _, date, language, ngettext
from pages._ui.law import load_law

_WHO, _FOUND = "law.who", "law.found"


def requests() -> None:
    """Take a request in, and carry out those that wait."""
    load_law.tell()
    with load_law.opened() as (folder, contacts):
        _receive(contacts)
        every = owed.requests(contacts)
        waiting = [one for one in every if one.state in (owed.OPEN, owed.EXTENDED)]
        st.subheader(_("To answer"))
        if not waiting:
            st.info(_("No request waits for an answer."))
        for one in waiting:
            _waiting(folder, contacts, one)
        _answered([one for one in every if one not in waiting])


def _kinds() -> dict[str, str]:
    return {
        "access": _("Access: what do you know of me?"),
        "rectification": _("Rectification: this is wrong"),
        "erasure": _("Erasure: erase me"),
        "objection": _("Objection: never reach me again"),
        "portability": _("Portability: give me what I gave"),
    }


def _states() -> dict[str, str]:
    return {
        owed.OPEN: _("to answer"),
        owed.EXTENDED: _("put off"),
        owed.DONE: _("answered"),
        owed.REFUSED: _("refused"),
    }


def begin_with(person: str) -> None:
    """Begin the next request with somebody who was found already."""
    st.session_state[_WHO] = person
    st.session_state.pop(_FOUND, None)


def _receive(contacts: Contacts) -> None:
    known = str(st.session_state.get(_WHO, ""))
    title = _("A person asks for something")
    found = st.session_state.get(_FOUND, [])
    with st.expander(title, expanded=bool(known or found), key="law.request"):
        kinds = _kinds()
        kind = st.selectbox(_("What"), list(kinds), format_func=kinds.__getitem__, key="law.kind")
        contact = _of_whom(contacts, known)
        came = st.date_input(_("Received on"), browser_clock.today(), key="law.came", format=DAY)
        ready = bool(known or contact)
        if not st.button(_("Write the request down"), key="law.receive", disabled=not ready):
            return
        with messages.explain_data_errors():
            people = [known] if known else owed.find(contacts, contact)
            if len(people) > 1:
                # A couple may share one address: what one asks for is not asked for by both.
                st.session_state[_FOUND] = people
                st.rerun()
            one = owed.receive(contacts, kind, people[0] if people else "", came)
        if not people:
            # Kept nowhere but on this screen: who objects is not asked twice for their contact.
            st.session_state[f"law.{one.request}.point"] = contact
        st.session_state.pop(_WHO, None)
        if people:
            load_law.said(_("Written down: it waits below with its clock."))
        load_law.said(_("Nobody here has this contact: answer so, the request is written down."))


def _of_whom(contacts: Contacts, known: str) -> str:
    """Return the contact by which somebody is to be found; show who was found already."""
    if known:
        st.markdown(_("Of whom: **{name}**").format(name=_who(contacts, known)))
        if st.button(_("Somebody else"), key="law.other"):
            st.session_state.pop(_WHO, None)
            st.rerun()
        return ""
    if found := st.session_state.get(_FOUND):
        told = ngettext("{n} person has this contact.", "{n} people have this contact.", len(found))
        st.markdown(" ".join([told.format(n=len(found)), _("Whose request is it?")]))
        for person in found:
            label = _("A request of {name}").format(name=_who(contacts, person))
            st.button(label, key=f"law.of.{person}", on_click=begin_with, args=(person,))
        if st.button(_("Somebody else"), key="law.other"):
            st.session_state.pop(_FOUND, None)
            st.rerun()
        return ""
    text = st.text_input(
        _("Their e-mail or telephone"),
        key="law.reached_by",
        help=_("The search is written down. Ask for a proof of identity only if in doubt."),
    )
    return text.strip()


def _waiting(folder: Path, contacts: Contacts, one: owed.Request) -> None:
    left = one.days_left(browser_clock.today())
    clock = _("due on {day}").format(day=date(one.due_on))
    late = left is not None and left < 0
    days = ngettext("{n} day left", "{n} days left", left or 0).format(n=left)
    left_text = "" if late else f" · {days}"
    with st.container(border=True):
        state = f" · {_states()[one.state]}" if one.state == owed.EXTENDED else ""
        head = f"**{_kinds()[one.kind]}** · {_who(contacts, one.person)} · {clock}"
        st.markdown(f"{head}{left_text}{state}")
        if late:
            st.error(_("The legal month is over: answer today."))
        with messages.explain_data_errors():
            _act(folder, contacts, one)
        _put_off(contacts, one)


def _who(contacts: Contacts, person: str) -> str:
    if not person:
        return _("nobody known")
    name = people_shown.name_of(contacts, person)
    if name is None:
        return _("erased")
    return messages.plain(name) or _("a person without name")


def _act(folder: Path, contacts: Contacts, one: owed.Request) -> None:
    """Offer what answers a request of this kind."""
    key = f"law.{one.request}"
    erased = bool(one.person) and people_shown.is_erased(contacts, one.person)
    if erased:
        # Files that were gathered before must not outlive whom they are of.
        st.session_state.pop(key, None)
    if one.kind == "objection" and not erased:
        _object(contacts, one, key)
    elif erased or not one.person:
        if st.button(_("Answered: nothing is known of this person"), key=f"{key}.none"):
            found = "erased" if erased else "nobody"
            owed.advance(contacts, one.request, owed.DONE, found=found)
            load_law.said(_("Written down."))
    elif one.kind == "erasure":
        _erase(folder, contacts, one, key)
    elif one.kind == "rectification":
        _rectify(contacts, one, key)
    else:
        _hand_over(contacts, one, key)


def _erase(folder: Path, contacts: Contacts, one: owed.Request, key: str) -> None:
    sure = st.checkbox(_("Erase for good: nothing brings it back"), key=f"{key}.sure")
    if st.button(_("Erase"), key=f"{key}.erase", disabled=not sure, type="primary"):
        gone = duties.erase_for(folder, contacts, one.request)
        text = _(
            "Erased. Their objection is kept as a digest. Lists and files that left before: "
            "{n}; backups keep keys apart. Notes of volunteers that lost their name: {notes}."
        )
        told = text.format(n=len(gone.erased.exports), notes=gone.erased.notes)
        load_law.said(" ".join([told, *map(messages.translate, gone.erased.remains())]))


def _object(contacts: Contacts, one: owed.Request, key: str) -> None:
    point = "" if one.person else st.text_input(_("Their contact"), key=f"{key}.point").strip()
    ready = bool(one.person or point)
    if st.button(_("Never reach again"), key=f"{key}.stop", disabled=not ready):
        owed.carry_out_objection(contacts, one.request, point)
        load_law.said(_("Done, by every channel and in every campaign of the controller."))


def _rectify(contacts: Contacts, one: owed.Request, key: str) -> None:
    fields = _fields()
    wrong = st.multiselect(
        _("What is wrong"),
        list(fields),
        format_func=fields.__getitem__,
        key=f"{key}.field",
        placeholder=_("Choose one or more"),
    )
    right = {
        name: st.text_input(
            _("{field}: what is right").format(field=fields[name]), key=f"{key}.{name}"
        ).strip()
        for name in wrong
    }
    ready = bool(right) and all(right.values())
    if st.button(_("Put right"), key=f"{key}.right", disabled=not ready):
        owed.carry_out_rectification(contacts, one.request, right)
        load_law.said(_("Put right."))


def _hand_over(contacts: Contacts, one: owed.Request, key: str) -> None:
    if st.button(_("Gather the files"), key=f"{key}.gather"):
        st.session_state[key] = (
            duties.answer_access(contacts, one.person, language=language())
            if one.kind == "access"
            else duties.answer_portability(contacts, one.person)
        )
    files = st.session_state.get(key, {})
    for name, content in files.items():
        taken_away.offer(None, name, content, name, right="duties", key=f"{key}.{name}")
    if files and st.button(_("Handed over to the person"), key=f"{key}.done"):
        owed.advance(contacts, one.request, owed.DONE, files=" ".join(files))
        del st.session_state[key]
        load_law.said(_("Written down."))


def _put_off(contacts: Contacts, one: owed.Request) -> None:
    with st.expander(_("Refuse, or take two more months")):
        why = st.text_input(_("Reason, told to the person"), key=f"law.{one.request}.why").strip()
        left, right = st.columns(2)
        for place, state, label in (
            (left, owed.REFUSED, _("Refuse")),
            (right, owed.EXTENDED, _("Take two more months")),
        ):
            off = not why or one.state == state
            if place.button(label, key=f"law.{one.request}.{state}", disabled=off):
                with messages.explain_data_errors():
                    owed.advance(contacts, one.request, state, why=why)
                load_law.said(_("Written down: tell the person, and that they may go to the CNIL."))


def _fields() -> dict[str, str]:
    return {
        "first_names": _("First names"),
        "used_name": _("Family name"),
        "birth_name": _("Birth name"),
        "email": _("E-mail"),
        "phone": _("Telephone"),
        "address": _("Address"),
        "postcode": _("Postcode"),
        "city": _("Town"),
    }


def _answered(every: list[owed.Request]) -> None:
    if not every:
        return
    st.subheader(_("Answered"))
    kinds, states = _kinds(), _states()
    rows = [
        {
            _("What"): kinds[one.kind],
            _("State"): states[one.state],
            _("Received on"): date(one.received_on),
            _("Due on"): date(one.due_on),
            _("Reason"): one.detail.get("why", ""),
        }
        for one in every
    ]
    st.dataframe(rows, hide_index=True)
