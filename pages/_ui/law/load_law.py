"""The people of the campaign that is open, for the views of the page Law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.workflows.contacts_open import people_of
from pages._ui import loaders
from pages._ui.access import visitor
from pages._ui.i18n import date

_SAID = "law.said"


@contextmanager
def opened() -> Iterator[tuple[Path, Contacts]]:
    """Open the workspace and its people for one run of a view."""
    person = visitor.current().person
    folder = loaders.workspace().path
    with people_of(folder, by=person.user_id if person else "") as contacts:
        yield folder, contacts


def said(text: str) -> None:
    """Say after the next run what was done, and run again so that the view shows it."""
    st.session_state[_SAID] = text
    st.rerun()


def tell() -> None:
    """Show what was done in the run before, once."""
    if text := st.session_state.pop(_SAID, ""):
        st.success(text)


def day_of(at_s: int) -> str:
    """Return the day of a second since 1970, in words of the language."""
    return date(dt.datetime.fromtimestamp(at_s, dt.UTC).date())
