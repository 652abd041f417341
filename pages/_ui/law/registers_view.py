"""View: the registers of the law, filled from what the campaign wrote down."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.contacts.registers import FIELDS, add
from analysis.exports.reports.register_pdf import KINDS, WORDS, register_pdf
from analysis.workflows.register_facts import register
from pages._ui import messages
from pages._ui.access import taken_away
from pages._ui.i18n import _, language
from pages._ui.law import load_law

# Which entries stand in which register.
_ENTRIES = {"dpia": "review", "breach": "breach", "targeting": "targeting", "cost": "cost"}


def registers() -> None:
    """Choose a register, add to it, read it, take it along."""
    load_law.tell()
    told = WORDS[language()]
    kind = st.selectbox(
        _("Register"), KINDS, format_func=lambda one: told[f"title.{one}"], key="law.register"
    )
    with load_law.opened() as (folder, contacts), messages.explain_data_errors():
        if kind in _ENTRIES:
            _add(contacts, _ENTRIES[kind])
        text = register(contacts, kind, language(), folder=folder)
        taken_away.offer(
            None,
            _("This register (PDF)"),
            partial(register_pdf, text, language=language()),
            f"{kind}.pdf",
            right="duties",
            key="law.register_pdf",
        )
        with st.container(border=True):
            st.markdown(_quiet(text))


def _add(contacts: Contacts, kind: str) -> None:
    told = WORDS[language()]
    must, may = FIELDS[kind]
    with st.expander(_("Add an entry")), st.form(f"law.entry.{kind}", clear_on_submit=True):
        values = {}
        for name in (*must, *may):
            label = told[f"label.{name}"] + (" *" if name in must else "")
            holder = "2027-03-06" if name.endswith("_on") else None
            values[name] = st.text_input(label, key=f"law.{kind}.{name}", placeholder=holder)
        sent = st.form_submit_button(_("Add"), key=f"law.add.{kind}")
    if sent:
        add(contacts, kind, values)
        load_law.said(_("Added. A mistake is put right by another entry."))


def _quiet(text: str) -> str:
    """Return Markdown with smaller headings, and no price that would read as a formula."""
    return text.replace("\n## ", "\n#### ").replace("# ", "### ", 1).replace("$", "\\$")
