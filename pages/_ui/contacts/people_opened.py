"""The people of the campaign in use, open for one run of a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.workflows import people_shown
from analysis.workflows.contacts_open import people_of
from pages._ui import loaders
from pages._ui.access import visitor
from pages._ui.i18n import _, ngettext, number

_BUREAU_PX = 210


@contextmanager
def opened() -> Iterator[tuple[Contacts, Path]]:
    """Open the people for whoever is here, and the folder of the place."""
    place = loaders.workspace()
    person = visitor.current().person
    with people_of(place.path, by=person.user_id if person else "") as contacts:
        yield contacts, place.path


def tell_unread(contacts: Contacts) -> None:
    """Say that people are here whom nobody can read: the page looks as if there were none."""
    if n := people_shown.unread(contacts):
        st.warning(
            ngettext(
                "{n} person is kept here whom nobody can read: the key is not here. A backup was "
                "restored without the file of its keys; restore it again with it "
                "(`restore --keys`), into an empty place.",
                "{n} people are kept here whom nobody can read: their keys are not here. A backup "
                "was restored without the file of its keys; restore it again with it "
                "(`restore --keys`), into an empty place.",
                n,
            ).format(n=number(n))
        )


def narrow() -> dict[str, Any]:
    """Return how tables by bureau are drawn, so that their numbers are seen on a phone too."""
    return {_("Bureau"): st.column_config.TextColumn(width=_BUREAU_PX)}


def say_once(key: str) -> None:
    """Show what the run before had to say."""
    for text in st.session_state.pop(key, ()):
        st.success(text)
