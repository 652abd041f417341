"""View: contacts that people left at doors: opened here, or typed in from a slip of paper."""

from __future__ import annotations

import streamlit as st

from analysis.contacts.acts import ADULT
from analysis.contacts.asked import WORDS, purposes, statements, themes, wordings
from analysis.contacts.consent_proofs import proofs
from analysis.contacts.contact_store import Contacts
from analysis.contacts.door_boxes import REFUSED, TAKEN, waiting
from analysis.workflows import mail_out
from analysis.workflows.door_contacts import enter_slip, open_doors
from analysis.workflows.letters_by_link import page_address
from pages._ui import browser_clock, messages
from pages._ui.i18n import DAY, _, language, ngettext
from pages._ui.law import load_law

_OPENED = "law.opened"


def doors() -> None:
    """Open what came from doors, and type in slips."""
    load_law.tell()
    with load_law.opened() as (folder, contacts), messages.explain_data_errors():
        texts = wordings(contacts)[language()]
        n = waiting(contacts)
        text = ngettext("{n} contact waits, shut.", "{n} contacts wait, shut.", n)
        st.markdown(text.format(n=n))
        if st.button(_("Open them"), key="law.open", disabled=not n, type="primary"):
            every = open_doors(folder, contacts)
            rows = [(one.turf_id, one.state, one.why, one.person) for one, _letter in every]
            st.session_state[_OPENED] = rows
            st.rerun()
        _show_opened(contacts)
        _letters(len(mail_out.waiting(folder)))
        st.caption(_("Public page to sign up: {link}").format(link=page_address(contacts)))
        _slip(contacts, {name: one.wording for name, one in texts.items()})


def _letters(n: int) -> None:
    """Say how many letters to confirm wait, and for what."""
    text = ngettext(
        "{n} letter to confirm waits in `fieldwork/outbox`.",
        "{n} letters to confirm wait in `fieldwork/outbox`.",
        n,
    ).format(n=n)
    if not mail_out.is_sending():
        none = _("Nothing is sent until a mail server is set (PALIER_SMTP); then they leave.")
        st.info(f"{text} {none}")
    elif n:
        st.info(f"{text} " + _("They leave as soon as the mail server takes them."))


def _show_opened(contacts: Contacts) -> None:
    every = st.session_state.get(_OPENED)
    if not every:
        return
    states = {
        TAKEN: _("taken, with its signature"),
        REFUSED: _("refused"),
    }
    rows = [
        {
            _("Turf"): turf,
            _("What became of it"): states.get(state, _("waits for its confirmation by e-mail")),
            _("Why"): messages.translate(why),
        }
        for turf, state, why, _person in every
    ]
    st.dataframe(rows, hide_index=True)
    for turf, state, _why, person in every:
        if state == TAKEN:
            with st.expander(_("Proof: turf {turf}").format(turf=turf)):
                proof(contacts, person)


def proof(contacts: Contacts, person: str) -> None:
    """Show what somebody agreed to, in which words, and their signature."""
    every = proofs(contacts, person)
    for one in every:
        st.markdown(f"- {messages.plain(one.wording)} ({load_law.day_of(one.said_s)})")
    for digest in dict.fromkeys(one.digest for one in every):
        first = next(one for one in every if one.digest == digest)
        whole = _("the act is whole") if first.whole else _("the act is not here")
        st.caption(_("Digest {digest}: {whole}").format(digest=digest[:16], whole=whole))
        if first.drawing:
            st.image(first.drawing, width=300, output_format="PNG")


def _slip(contacts: Contacts, texts: dict[str, str]) -> None:
    told = WORDS[language()]
    with st.expander(_("Type in a slip of paper")), st.form("law.slip", clear_on_submit=False):
        st.caption(_("As the person wrote and ticked it; keep the signed paper under lock."))
        day = st.date_input(
            _("Date on the slip"), browser_clock.today(), key="law.slip.day", format=DAY
        )
        turf = st.text_input(_("Turf"), key="law.slip.turf")
        team = st.text_input(_("Team"), key="law.slip.team")
        fields = {
            name: st.text_input(label, key=f"law.slip.{name}")
            for name, label in (
                ("first_name", _("First names")),
                ("last_name", _("Family name")),
                ("email", _("E-mail")),
                ("phone", _("Telephone")),
            )
        }
        adult = st.checkbox(told[f"statement.{ADULT}"], key="law.slip.adult")
        boxes = [
            name
            for name, one in purposes().items()
            if one.door and st.checkbox(texts[name], key=f"law.slip.{name}.box")
        ]
        said = [
            one for one in statements() if st.checkbox(told[f"statement.{one}"], key=f"law.{one}")
        ]
        liked = st.multiselect(
            _("Subjects"),
            themes(),
            format_func=lambda one: told[f"theme.{one}"],
            key="law.themes",
            placeholder=_("Choose one or more"),
        )
        signed = st.checkbox(_("The slip is signed by the person"), key="law.slip.signed")
        sent = st.form_submit_button(_("Enter the slip"), key="law.slip.enter")
    if not sent:
        return
    if not signed:
        st.error(_("Nothing is kept: without signature a slip is no consent."))
        return
    known = wordings(contacts)[language()]
    content = {
        "said_on": day.isoformat(),
        "turf": turf,
        "team": team,
        "language": language(),
        "texts": {name: [known[name].text_id, known[name].version] for name in boxes},
        **fields,
        "said": sorted([*said, *([ADULT] if adult else [])]),
        "themes": sorted(liked),
    }
    enter_slip(contacts, content)
    load_law.said(_("Entered, with what was ticked and nothing else."))
