"""The people of the campaign in use, open for one run of a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.workflows.contacts_open import people_of
from pages._ui import loaders
from pages._ui.access import visitor


@contextmanager
def opened() -> Iterator[tuple[Contacts, Path]]:
    """Open the people for whoever is here, and the folder of the place."""
    place = loaders.workspace()
    person = visitor.current().person
    with people_of(place.path, by=person.user_id if person else "") as contacts:
        yield contacts, place.path


def say_once(key: str) -> None:
    """Show what the run before had to say."""
    for text in st.session_state.pop(key, ()):
        st.success(text)
