"""View: a message looked at by somebody else: checks, recipients, ten real letters, approval."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.contacts.lawful_words import RULES
from analysis.messages.approve import Prepared
from analysis.messages.drafts import Draft, draft_of
from analysis.messages.preflight import Check
from analysis.messages.subject_days import COMPARED
from analysis.tables.workspace import Workspace
from analysis.workflows import mail_worker, message_work
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.i18n import _, number
from pages._ui.inputs import choose_election
from pages._ui.letters import load_letters
from pages._ui.letters.effect_view import act_names
from pages._ui.letters.letter_screens import screens

_LOOKED = "letters.looked"


def approve() -> None:
    """Show what would leave, and let somebody else than the author approve it."""
    with load_letters.opened() as (contacts, place):
        message = load_letters.choose(
            contacts, lambda row: not row["approved"], _("No message waits for approval.")
        )
        if message is None:
            return
        draft = draft_of(contacts, message)
        st.caption(
            _("Version {n}, written by {author}. To: {universe}.").format(
                n=number(draft.version),
                author=messages.plain(draft.author or "–"),
                universe=messages.plain(messages.translate(draft.universe.sentence)),
            )
        )
        with messages.explain_data_errors():
            prepared = _looked(contacts, place, draft)
            if prepared is None:
                return
            _checks(prepared.checks)
            _recipients(prepared)
            _samples(prepared)
            _approve(contacts, prepared)


def left_out_words(rule: str) -> str:
    """Say why somebody does not get a message."""
    own = {
        "no_address": _("No e-mail address is known."),
        "bounced": _("The mailbox is dead: mail came back."),
        "same_mailbox": _("Another recipient reads the same mailbox."),
        "frequency": _("Two messages in seven days already."),
        "late": _("Four days passed before it could leave."),
        "template": _("Something the message says of them is no longer known."),
        "unplaced": _("Erased meanwhile."),
    }
    if rule in own:
        return own[rule]
    return messages.translate(RULES[rule][0]) if rule in RULES else rule


def _looked(contacts: Contacts, place: Workspace, draft: Draft) -> Prepared | None:
    """Return what would be approved, as it was when somebody asked to see it."""
    election = ""
    if any("abstention" in name for name, _value in draft.universe.leaves) or (
        "results.abstention" in draft.letter.shown
    ):
        election = choose_election(place)
    held = st.checkbox(
        _("Keep one person in ten for comparison, drawn by lot (else its effect stays unknown)"),
        value=True,
        key="letters.control",
    )
    whole = held and st.checkbox(
        _("Draw whole bureaux instead of people, so that their turnout tells (10 bureaux or more)"),
        key="letters.whole",
    )
    compares = _compared(draft)
    loads = draft.letter.channel == "email" and st.checkbox(
        _("Count loads of who agreed to it, by cells of eleven or more (off by default)"),
        key="letters.loads",
    )
    asked = (draft.message, draft.version, held, election, whole, compares, loads)
    if st.button(_("Check it and show ten real messages"), key="letters.look"):
        choice = message_work.Choice(election, None, held, whole, compares, loads)
        with st.spinner(_("Filling the message for everybody…")):
            found = message_work.look(place.path, contacts, draft.message, choice)
        st.session_state[_LOOKED] = (asked, found)
    known: tuple[Any, Prepared] | None = st.session_state.get(_LOOKED)
    return known[1] if known and known[0] == asked else None


def _compared(draft: Draft) -> str:
    """Ask by what two subjects are compared: it is said before anything leaves."""
    if not draft.letter.subject_b:
        return COMPARED[0]
    names = act_names()
    chosen = st.selectbox(
        _("The two subjects are compared by"),
        COMPARED,
        format_func={one: names[one] for one in COMPARED}.__getitem__,
        key="letters.compares",
    )
    return str(chosen)


def _checks(checks: tuple[Check, ...]) -> None:
    st.subheader(_("Checks"))
    signs = {
        "good": _(":green[✔ good]"),
        "bad": _(":red[✖ must be mended]"),
        "doubt": _(":orange[! in doubt]"),
        "unproved": _(":gray[? cannot be proved here]"),
    }
    for one in checks:
        st.markdown(f"{signs[one.state]} — {messages.plain(messages.translate(one.told))}")


def _recipients(prepared: Prepared) -> None:
    st.subheader(_("Who gets it"))
    left, middle, right = st.columns(3)
    left.metric(_("Messages"), number(prepared.draw.letters))
    middle.metric(_("Kept for comparison"), number(prepared.draw.controls))
    right.metric(_("Left out"), number(sum(prepared.refused.values())))
    for line in prepared.draw.summary():
        st.caption(messages.plain(messages.translate(line)))
    if prepared.refused:
        load_letters.table_of(
            {
                _("Left out"): [number(n) for n in prepared.refused.values()],
                _("Why"): [left_out_words(rule) for rule in prepared.refused],
            }
        )
    st.caption(
        _("Draw: seed {seed}, seal {seal}").format(
            seed=prepared.draw.seed, seal=prepared.draw.seal[:16]
        )
    )


def _samples(prepared: Prepared) -> None:
    st.subheader(_("As real recipients get it"))
    count = len(prepared.samples)
    n = st.number_input(
        _("Recipient, of {n} drawn by lot").format(n=number(count)), 1, count, key="letters.sample"
    )
    screens(prepared.samples[int(n) - 1], key="letters.sample_screen")


def _approve(contacts: Contacts, prepared: Prepared) -> None:
    st.subheader(_("Approval"))
    st.caption(
        _(
            "By somebody other than the author. From then on text, recipients and draw are "
            "frozen: nothing of it can be changed, only halted."
        )
    )
    by = load_letters.signed(contacts, _("Your name, as who approves"))
    allowed = visitor.current().may("approve")
    if not allowed:
        st.info(_("Your role writes messages; somebody who may approve them does so."))
    if st.button(_("Approve"), type="primary", key="letters.approve", disabled=not allowed):
        message_work.let_go(by, prepared)
        mail_worker.soon()
        st.session_state.pop(_LOOKED, None)
        load_letters.say_next(
            _(
                "Approved and frozen. It leaves by itself as soon as this machine can send: the "
                "view Send shows how far it is, and halts it."
            )
        )
