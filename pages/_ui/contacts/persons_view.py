"""View: who is the same person, decided by somebody who looks at both sides; search."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.contacts.person_links import Kind
from analysis.errors import DataError
from analysis.workflows import people_linking, people_shown
from analysis.workflows.people_shown import Side
from pages._ui import messages
from pages._ui.contacts import to_answer
from pages._ui.contacts.people_opened import opened, say_once
from pages._ui.i18n import _, date, number, percent

_SAID = "persons.said"
_SHOWN = 25


def persons() -> None:
    """Show what the linkage proposes and what holds, and find one person."""
    to_answer.go_on()
    with opened() as (contacts, _place):
        say_once(_SAID)
        counts = people_shown.counts(contacts)
        _numbers(counts)
        if not counts["people"]:
            st.info(_("Nobody yet: import a file of supporters first."))
            return
        if st.button(_("Look for the same people"), key="persons.link", type="primary"):
            _link(contacts)
        _pairs(contacts)
        _search(contacts)


def _numbers(counts: Mapping[str, int]) -> None:
    labels = (_("People"), _("Linked with the roll"), _("To decide"), _("In a known bureau"))
    asked = counts.get("links_proposed", 0) + counts.get("merges_proposed", 0)
    values = (
        counts["people"],
        counts.get("links_accepted", 0),
        asked,
        counts["in_a_bureau"],
    )
    for cell, label, value in zip(st.columns(4), labels, values, strict=True):
        cell.metric(label, number(value))


def _link(contacts: Contacts) -> None:
    try:
        with st.spinner(_("Comparing names, birth dates and addresses…")):
            done = people_linking.link_people(contacts)
    except DataError as error:
        messages.show_error(error)
        return
    told = _(
        "{merged} people were there twice, {linked} are on the roll; {asked} new pairs are for you "
        "to decide."
    )
    st.session_state[_SAID] = [
        told.format(
            merged=number(done.merged),
            linked=number(done.linked),
            asked=number(done.merges_asked + done.links_asked),
        )
    ]
    st.rerun()


def _pairs(contacts: Contacts) -> None:
    kinds = {"link": _("A person and the roll"), "merge": _("Two people of the files")}
    states = {
        "proposed": _("To decide"),
        "accepted": _("The same person"),
        "refused": _("Not the same"),
        "undone": _("Undone"),
    }
    kinds_known: tuple[Kind, ...] = ("link", "merge")
    # Not side by side: in a column of a phone what does not fit is cut off.
    kind = st.segmented_control(
        _("Which pairs"),
        kinds_known,
        default="link",
        required=True,
        format_func=lambda one: kinds[one],
        key="persons.kind",
    )
    state = st.segmented_control(
        _("State"),
        list(states),
        default="proposed",
        required=True,
        format_func=lambda one: states[one],
        key="persons.state",
    )
    # A pair is opened by a click: to look at people is written down.
    if not st.toggle(_("Show the pairs"), key="persons.show"):
        return
    count, sides = people_shown.side_by_side(contacts, kind=kind, state=state, most=_SHOWN)
    if not sides:
        st.info(_("There is no such pair."))
        return
    st.caption(
        _(
            "Pairs: {n}, the least sure first. Tab goes from button to button, Enter presses."
        ).format(n=number(count))
    )
    for side in sides:
        _pair(contacts, kind, side)


def _pair(contacts: Contacts, kind: Kind, side: Side) -> None:
    event = side.event
    with st.container(border=True):
        names = (_("Supporter"), _("Electoral roll") if kind == "link" else _("Supporter"))
        for cell, name, known in zip(st.columns(2), names, (side.one, side.other), strict=True):
            cell.markdown(f"**{name}**")
            cell.markdown(_card(known))
        st.caption(
            _("Chance {p}").format(p=percent(min(int(100 * event.probability), 99) / 100, 0))
            + " · "
            + _reasons(event.reasons)
        )
        yes, no, _rest = st.columns([1, 1, 2])
        if event.state == "accepted":
            if no.button(_("Undo"), key=f"persons.undo.{event.event}"):
                _act(contacts, kind, event.event, "undo")
            return
        if yes.button(_("The same"), key=f"persons.yes.{event.event}"):
            _act(contacts, kind, event.event, "accept")
        if event.state == "proposed" and no.button(
            _("Not the same"), key=f"persons.no.{event.event}"
        ):
            _act(contacts, kind, event.event, "refuse")


def _act(contacts: Contacts, kind: Kind, event: str, act: str) -> None:
    try:
        if act == "undo":
            people_linking.undo(contacts, kind, event)
            st.session_state[_SAID] = [_("Undone: both stand apart again, as before.")]
        else:
            people_linking.decide(contacts, kind, event, accept=act == "accept")
    except DataError as error:
        messages.show_error(error)
        return
    st.rerun()


def _card(known: Mapping[str, str]) -> str:
    if not known:
        return _("No longer there.")
    words = _words()
    told = _("{what}: {n}")
    lines = [
        told.format(what=words[name], n=messages.plain(_value(name, known[name])))
        for name in words
        if known.get(name)
    ]
    return "  \n".join(lines)


def _value(name: str, text: str) -> str:
    """Return what is known of somebody as readers write it."""
    with contextlib.suppress(ValueError):
        return date(dt.date.fromisoformat(text)) if name == "birth_date" else text
    return text


def _words() -> dict[str, str]:
    return {
        "first_names": _("First name"),
        "used_name": _("Family name"),
        "birth_name": _("Name of birth"),
        "birth_date": _("Birth date"),
        "address": _("Address"),
        "postcode": _("Postcode"),
        "city": _("City"),
        "email": _("E-mail"),
        "phone": _("Telephone"),
    }


def _reasons(text: str) -> str:
    """Return in words what agrees and what does not; what is unknown is left out."""
    words = _reason_words()
    told = [words[part] for part in text.split() if part in words]
    return " · ".join(told)


def _reason_words() -> dict[str, str]:
    return {
        "family=rare": _("same rare family name"),
        "family=same": _("same family name"),
        "family=near": _("family name but for a letter"),
        "family=other": _("another family name"),
        "first=same": _("same first name"),
        "first=near": _("first name but for a letter"),
        "first=mail": _("initial, and the e-mail says the first name"),
        "first=initial": _("initial of the first name"),
        "first=second": _("a second first name"),
        "born=same": _("same birth date"),
        "born=swapped": _("birth date with day and month swapped"),
        "born=near": _("birth date but for a digit"),
        "born=unknown": _("no birth date to compare"),
        "year=same": _("same year of birth"),
        "home=same": _("same address"),
        "home=street": _("same street"),
        "home=town": _("another address in the town"),
        "home=other": _("another town"),
        "email=same": _("same e-mail"),
        "phone=mobile": _("same mobile"),
        "phone=line": _("same landline"),
        "line=same": _("the roll has one elector for both"),
    }


def _search(contacts: Contacts) -> None:
    st.subheader(_("Find a person"))
    with st.form("persons.search", border=False):
        asked = st.text_input(
            _("E-mail, telephone or name"),
            key="persons.asked",
            help=_("That a search was made is written down, and not whom it was for."),
        )
        if not st.form_submit_button(_("Find them"), key="persons.go"):
            return
    try:
        found = people_shown.search(contacts, asked)
    except DataError as error:
        messages.show_error(error)
        return
    if not found:
        st.info(_("Nobody of the campaign is known by that."))
        return
    words = _words()
    table = pd.DataFrame(
        [{words[n]: _value(n, known.get(n, "")) for n in words} for _who, known in found]
    )
    st.dataframe(table, hide_index=True, width="stretch")
    to_answer.ask({who: people_shown.called(known) for who, known in found})
