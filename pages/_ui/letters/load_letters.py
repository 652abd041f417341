"""The messages of the campaign that is open, for the views of the page Messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.messages.drafts import drafts
from analysis.tables.workspace import Workspace
from analysis.workflows.contacts_open import close, open_contacts
from pages._ui import loaders, messages
from pages._ui.access import visitor
from pages._ui.i18n import _
from pages._ui.law.load_law import day_of

_SAID, _CHOSEN = "letters.said", "letters.message"
_NAME = "letters.name"


@contextmanager
def opened() -> Iterator[tuple[Contacts, Workspace]]:
    """Open the people for whoever is here, and the place; first say what was done before."""
    if text := st.session_state.pop(_SAID, ""):
        st.success(text)
    place = loaders.workspace()
    person = visitor.current().person
    contacts = open_contacts(place.path, by=person.user_id if person else "")
    try:
        yield contacts, place
    finally:
        close(contacts)


def say_next(text: str) -> None:
    """Say after the next run what was done, and run again so that the view shows it."""
    st.session_state[_SAID] = text
    st.rerun()


def signed(contacts: Contacts, label: str) -> Contacts:
    """Return the campaign with who is at work; on one's own machine they say their name."""
    if visitor.current().person is not None:
        return contacts
    name = st.text_input(label, st.session_state.get(_NAME, ""), max_chars=64, key="letters.by")
    st.caption(
        _(
            "On a machine of one person nobody can verify this name: let whoever approves sit "
            "down here, read, and write their own."
        )
    )
    st.session_state[_NAME] = name.strip()
    return replace(contacts, by=name.strip())


def choose(
    contacts: Contacts, wanted: Callable[[Mapping[str, Any]], bool], empty: str
) -> str | None:
    """Ask for a message among those wanted; say `empty` where there is none."""
    rows = {str(row["message"]): row for row in drafts(contacts) if wanted(row)}
    if not rows:
        st.info(empty)
        return None
    known = st.session_state.get(_CHOSEN)
    order = list(rows)
    labels = {one: title_of(row) for one, row in rows.items()}
    chosen = st.selectbox(
        _("Message"),
        order,
        index=order.index(known) if known in rows else 0,
        format_func=labels.__getitem__,
        key=f"letters.choice.{len(order)}",
    )
    st.session_state[_CHOSEN] = chosen
    return str(chosen)


def title_of(row: Mapping[str, Any]) -> str:
    """Name a message: what the campaign calls it, and the day of its last version."""
    name = str(row["name"]) or _("Without a name")
    return f"{messages.plain(name)} · {day_of(int(row['at_s']))}"


def point_at(message: str) -> None:
    """Have the other views open on a message."""
    st.session_state[_CHOSEN] = message


def table_of(columns: Mapping[str, list[Any]]) -> None:
    """Show a table whose texts are as they are to be read."""
    st.dataframe(dict(columns), hide_index=True, width="stretch")
