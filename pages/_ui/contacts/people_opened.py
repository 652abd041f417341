"""The people of the campaign in use, open for one run of a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.tables.workspace import Workspace
from analysis.workflows.contacts_open import open_contacts
from pages._ui import loaders
from pages._ui.access import visitor


@contextmanager
def opened() -> Iterator[tuple[Contacts, Workspace]]:
    """Open the people for whoever is here, and the place."""
    place = loaders.workspace()
    person = visitor.current().person
    contacts = open_contacts(place.path, by=person.user_id if person else "")
    try:
        yield contacts, place
    finally:
        contacts.engine.dispose()


def say_once(key: str) -> None:
    """Show what the run before had to say."""
    for text in st.session_state.pop(key, ()):
        st.success(text)
