"""View: files of supporters, looked at, declared and imported."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.contacts import people_store
from analysis.contacts.contact_store import Contacts
from analysis.contacts.file_origins import PURPOSES, RELATIONS, Declared, check_declared, origins
from analysis.contacts.people_columns import FIELDS
from analysis.database.engine import reading
from analysis.errors import DataError
from analysis.tables.spreadsheet_text import csv_text
from analysis.workflows import people_import
from analysis.workflows.people_import import AheadNumbers, Looked
from pages._ui import messages
from pages._ui.access import taken_away
from pages._ui.contacts.people_opened import opened, say_once
from pages._ui.i18n import _, date, number
from pages._ui.streamlit_words import most_mb
from pages._ui.typed_tables import keep_typed

_SAID, _AHEAD = "people.said", "people.ahead"
_EXAMPLES = 3
# A row of a table; a file of many columns scrolls.
_ROW_PX, _MOST_PX = 35, 750


def files() -> None:
    """Let a file of supporters be imported, and show those that were."""
    with opened() as (contacts, place):
        say_once(_SAID)
        st.caption(
            _(
                "Only people who gave their data to the campaign. Who they are is encrypted, each "
                "with a key of their own; opinions, origin and health are never read."
            )
        )
        file = st.file_uploader(
            _("File of supporters (CSV or XLSX)"),
            type=["csv", "txt", "tsv", "xlsx"],
            max_upload_size=most_mb("people"),
            key="people.file",
        )
        if file is not None:
            _one(contacts, place, file.getvalue(), file.name)
        _history(contacts)


def _one(contacts: Contacts, place: Path, content: bytes, name: str) -> None:
    try:
        looked = people_import.look(contacts, content, name)
    except DataError as error:
        messages.show_error(error)
        return
    if looked.already:
        st.info(_("This very file was imported before: importing it again adds nothing."))
    if looked.export:
        st.success(_("Recognised: an export of {name}.").format(name=_EXPORTS[looked.export]))
    fields = _columns(looked)
    declared = _declared()
    if declared is None:
        return
    key = _key(looked, fields, declared)
    if st.button(_("Show what will happen"), key="people.weigh"):
        _weigh(place, looked, fields, declared, key)
    shown = st.session_state.get(_AHEAD)
    if shown and shown[0] == key:
        _what_will_happen(shown[1])
        if st.button(_("Import"), type="primary", key="people.import"):
            _bring(contacts, place, looked, fields, declared)


_EXPORTS = {"nationbuilder": "NationBuilder", "zetkin": "Zetkin", "qomon": "Qomon"}


def _columns(looked: Looked) -> list[str]:
    st.subheader(_("What each column is"))
    words, why = _field_words(), _why_words()
    table = pd.DataFrame(
        {
            "heading": [one.heading for one in looked.proposals],
            "field": [words[one.field] for one in looked.proposals],
            "why": [why.get(one.why, one.why) for one in looked.proposals],
            "examples": _examples(looked),
        }
    )
    edited = st.data_editor(
        table,
        hide_index=True,
        width="stretch",
        height=min(_ROW_PX * (len(table) + 1) + 3, _MOST_PX),
        disabled=["heading", "why", "examples"],
        key=f"people.columns.{looked.file.sha256[:12]}",
        column_config={
            "heading": st.column_config.TextColumn(_("Column")),
            "field": st.column_config.SelectboxColumn(
                _("What it is"), options=[words[name] for name in FIELDS], required=True
            ),
            "why": st.column_config.TextColumn(_("Proposed by")),
            "examples": st.column_config.TextColumn(_("First rows")),
        },
    )
    keep_typed("people.columns")
    back = {word: name for name, word in words.items()}
    return [back[word] for word in edited["field"]]


def _examples(looked: Looked) -> list[str]:
    """Return what stands first in each column; what must not be read is not shown either."""
    shown = []
    for at, one in enumerate(looked.proposals):
        cells = [cells[at] for _line, cells in looked.file.rows[:50] if cells[at]]
        shown.append("…" if one.field == "never" else " · ".join(cells[:_EXAMPLES]))
    return shown


def _declared() -> Declared | None:
    st.subheader(_("Where it comes from"))
    left, right = st.columns(2)
    names = _origin_words()
    origin = left.selectbox(
        _("Origin of the file"),
        list(names),
        index=None,
        format_func=lambda name: names[name],
        key="people.origin",
        placeholder=_("Choose"),
    )
    purposes, relations = _purpose_words(), _relation_words()
    purpose = right.selectbox(
        _("What people gave their data for"),
        PURPOSES,
        index=None,
        format_func=lambda name: purposes[name],
        key="people.purpose",
        placeholder=_("Choose"),
    )
    # Row by row, so that a phone asks in the same order.
    left, right = st.columns(2)
    relation = left.selectbox(
        _("What they are to the campaign"),
        RELATIONS,
        index=len(RELATIONS) - 1,
        format_func=lambda name: relations[name],
        key="people.relation",
    )
    told = right.text_input(_("Who collected it, when and how"), key="people.told")
    with st.expander(_("Consents in the file")):
        st.caption(
            _(
                "A yes counts only with its text, date, channel and proof. What the file does not "
                "say row by row can be said here for all rows; what stays unsaid is no consent."
            )
        )
        text = st.text_area(_("Words of the box people ticked"), key="people.consent_text")
        proof = st.text_input(_("Where what proves it is kept"), key="people.consent_proof")
    if origin is None:
        st.info(_("Say where the file comes from: nothing is imported before."))
        return None
    declared = Declared(origin, purpose or PURPOSES[0], relation, told, text, proof)
    try:
        # A file that may not be used is refused before anything else is asked.
        check_declared(declared)
    except DataError as error:
        messages.show_error(error)
        return None
    if purpose is None:
        st.info(_("Say what people gave their data for."))
        return None
    return declared


def _key(looked: Looked, fields: Sequence[str], declared: Declared) -> str:
    text = repr((looked.file.sha256, tuple(fields), declared))
    return hashlib.sha256(text.encode()).hexdigest()


def _weigh(
    place: Path, looked: Looked, fields: Sequence[str], declared: Declared, key: str
) -> None:
    try:
        with st.spinner(_("Reading the file…")):
            ahead = people_import.weigh(place, looked.file, fields, declared)
    except DataError as error:
        messages.show_error(error)
        return
    # Numbers and lines alone outlive this run, nobody's data.
    st.session_state[_AHEAD] = (key, ahead.numbers)


def _what_will_happen(told: AheadNumbers) -> None:
    cells = st.columns(4)
    for cell, label, value in zip(
        cells,
        (_("Rows of the file"), _("People"), _("Refused rows"), _("With an e-mail or telephone")),
        (told.rows, told.people, len(told.refused), told.reached),
        strict=True,
    ):
        cell.metric(label, number(value))
    if told.claims:
        st.warning(
            _(
                "People who come in without consent: {n}. Their yes lacks its text, date, channel "
                "or proof; they may not be written to."
            ).format(n=number(told.claims))
        )
    if told.objections:
        st.info(
            _("People who do not want to be contacted, and will not be: {n}.").format(
                n=number(told.objections)
            )
        )
    for why, count in told.cells:
        st.caption(
            _("Left out, the row stays: {why} ({n})").format(
                why=messages.translate(why), n=number(count)
            )
        )
    if told.refused:
        table = pd.DataFrame(told.refused, columns=["line", "why"])
        table["why"] = [messages.translate(why) for why in table["why"]]
        with st.expander(_("Refused rows ({n})").format(n=number(len(told.refused)))):
            st.dataframe(
                table.rename(columns={"line": _("Line of the file"), "why": _("Why")}),
                hide_index=True,
            )
            taken_away.offer(
                None,
                _("Download the list"),
                csv_text(table),
                "refused_rows.csv",
                key="people.refused",
            )


def _bring(
    contacts: Contacts,
    place: Path,
    looked: Looked,
    fields: Sequence[str],
    declared: Declared,
) -> None:
    try:
        with st.spinner(_("Encrypting and writing…")):
            done = people_import.bring_people(contacts, place, looked.file, fields, declared)
    except DataError as error:
        messages.show_error(error)
        return
    st.session_state[_SAID] = [messages.translate(text) for text in people_import.told(done)]
    st.session_state.pop(_AHEAD, None)
    st.rerun()


def _history(contacts: Contacts) -> None:
    with reading(contacts.engine) as connection:
        rows = people_store.imported(connection, contacts)
    st.subheader(_("Files imported"))
    if not rows:
        st.info(_("No file of supporters yet."))
        return
    origin = _origin_words()
    table = pd.DataFrame(
        {
            _("File"): [row["file"] for row in rows],
            _("Imported on"): [date(pd.Timestamp(row["at_s"], unit="s").date()) for row in rows],
            _("Origin of the file"): [origin.get(row["origin"], row["origin"]) for row in rows],
            _("New people"): [row["counts"].get("new", 0) for row in rows],
            _("Met again"): [row["counts"].get("met", 0) for row in rows],
            _("Refused rows"): [row["counts"].get("refused", 0) for row in rows],
            _("Yes without proof"): [row["counts"].get("claims", 0) for row in rows],
        }
    )
    st.dataframe(table, hide_index=True, width="stretch")


def _origin_words() -> dict[str, str]:
    return {name: messages.translate(rule.words) for name, rule in origins().items()}


def _purpose_words() -> dict[str, str]:
    return {
        "information": _("To be kept informed"),
        "volunteering": _("To help"),
        "donation": _("To donate"),
        "meeting": _("To come to a meeting"),
    }


def _relation_words() -> dict[str, str]:
    return {
        "member": _("Members"),
        "regular": _("In regular contact"),
        "occasional": _("In occasional contact"),
    }


def _why_words() -> dict[str, str]:
    return {
        "heading": _("its heading"),
        "values": _("its values"),
        "learned": _("a file before"),
        **_EXPORTS,
    }


def _field_words() -> dict[str, str]:
    return {
        "email": _("E-mail"),
        "phone": _("Telephone"),
        "first_names": _("First name"),
        "used_name": _("Family name"),
        "birth_name": _("Name of birth"),
        "full_name": _("First and family name"),
        "birth_date": _("Birth date"),
        "address": _("Address"),
        "number": _("Number in the street"),
        "address_more": _("Rest of the address (left out)"),
        "postcode": _("Postcode"),
        "city": _("City"),
        "tags": _("Tags"),
        "consent": _("A yes"),
        "consent_date": _("Date of the yes"),
        "consent_text": _("Text of the yes"),
        "consent_channel": _("Channel of the yes"),
        "consent_proof": _("Proof of the yes"),
        "objection": _("Does not want to be contacted"),
        "deceased": _("Has died"),
        "ignore": _("Left out"),
        "never": _("Never read (opinion, origin, health)"),
    }
