"""From somebody who was found to what they ask for, on the page Law."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages._ui import messages, state
from pages._ui.access import gate, visitor
from pages._ui.i18n import _
from pages._ui.law import requests_view

_GO = "persons.to_law"


def ask(found: Mapping[str, str]) -> None:
    """Offer to write down what people ask for, where the page Law is open to who is here.

    Parameters
    ----------
    found
        Name by person; "" where none is known.
    """
    if not gate.opens(visitor.current(), "law"):
        st.caption(_("What people ask for is written down by whoever may open the page Law."))
        return
    st.caption(
        _(
            "Does one of them ask to see, correct, take along or erase their data, or object? The "
            "request, its clock and the files are on the page Law."
        )
    )
    for person, name in found.items():
        label = _("A request of {name}").format(name=messages.plain(name) or _("no name"))
        # The form above forgets what it found at the next run: only who was meant is kept.
        st.button(label, key=f"persons.ask.{person}", on_click=_note, args=(person,))


def _note(person: str) -> None:
    st.session_state[_GO] = person


def go_on() -> None:
    """Turn to the page Law where a request was asked for in the run before."""
    if person := st.session_state.pop(_GO, ""):
        requests_view.begin_with(person)
        state.answer_with("law_view", "requests")
        st.switch_page("pages/law.py")
