"""View: an approved message leaves: how far it is, halting it, and what is not sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.errors import DataError
from analysis.messages.approve import Approval, approval_of, halt
from analysis.messages.drafts import draft_of
from analysis.messages.outbox import progress_of
from analysis.messages.sending_pace import FIRST_HOUR, LAST_HOUR
from analysis.tables.workspace import Workspace
from analysis.workflows import jobs, mail_out, message_states, message_work
from analysis.workflows.jobs import Job, Tell
from analysis.workflows.message_work import Work
from pages._ui import background, messages
from pages._ui.access import visitor
from pages._ui.i18n import _, number
from pages._ui.law.load_law import day_of
from pages._ui.letters import load_letters
from pages._ui.letters.list_view import missing

_SLOT = "letters.sending"
_PER_MINUTE = 600.0
_EVERY_S = 4


def send() -> None:
    """Show how far a message is, send it, or halt it."""
    with load_letters.opened() as (contacts, place), messages.explain_data_errors():
        message = load_letters.choose(
            contacts,
            lambda row: bool(row["approved"]),
            _("No message is approved yet: none can be sent."),
        )
        if message is None:
            return
        approval = approval_of(contacts, message)
        assert approval is not None
        _who(approval)
        progress = progress_of(contacts, message)
        _numbers(progress, draft_of(contacts, message).letter.channel)
        _ended()
        job = background.job_in(_SLOT)
        if job is not None and job.running:
            background.watch(_SLOT, background.Shown(_("Stop for now"), _told, at_once=False))
        elif approval.halted:
            st.error(_("Halted: {why}").format(why=messages.plain(approval.halted)))
        elif progress["waiting"]:
            _start(contacts, place, message)
            _follow(message, progress)
        else:
            st.success(_("Everybody who may get it has got it."))
        if not approval.halted and progress["waiting"]:
            _halt(contacts, message)
        _hook(contacts)


def _who(approval: Approval) -> None:
    st.caption(
        _("Written by {author}, approved by {by} on {day}. Text {mark}.").format(
            author=messages.plain(approval.author),
            by=messages.plain(approval.approved_by),
            day=day_of(approval.at_s),
            mark=approval.sha256[:12],
        )
    )


def _numbers(progress: dict[str, int], channel: str) -> None:
    by_mail = channel == "email"
    names = {
        "sent": _("Sent"),
        "waiting": _("Waiting"),
        "gate": _("Refused by a rule at the last moment"),
        "refused": _("Refused by the mail server") if by_mail else _("Refused by the gateway"),
        "control": _("Kept for comparison"),
    }
    for column, name in zip(st.columns(len(names)), names, strict=True):
        column.metric(names[name], number(progress[name]))
    letters = progress["sent"] + progress["waiting"] + progress["gate"] + progress["refused"]
    st.progress((letters - progress["waiting"]) / max(letters, 1))


@st.fragment(run_every=_EVERY_S)
def _follow(message: str, shown: dict[str, int]) -> None:
    """Show the page anew when the server's own worker got further, or somebody halted it."""
    with load_letters.opened() as (contacts, _place), messages.explain_data_errors():
        approval = approval_of(contacts, message)
        moved = progress_of(contacts, message) != shown
        if moved or (approval is not None and approval.halted):
            st.rerun()
    st.caption(":material/sync: " + _("Numbers follow by themselves while messages leave."))


def _start(contacts: Contacts, place: Workspace, message: str) -> None:
    if draft_of(contacts, message).letter.channel == "sms":
        whole = mail_out.takes_away("sms")
        if not whole:
            st.warning(_("Not sent: nothing takes texts away here."))
            st.markdown(
                _(
                    "Set `PALIER_SMS` before the start: `file:///FOLDER`, where texts wait for "
                    "another program, or `https://TOKEN@GATEWAY/PATH?from=NAME`."
                )
            )
        st.caption(
            _(
                "By themselves texts leave from {first} to {last} o’clock; by this button at once."
            ).format(first=FIRST_HOUR, last=LAST_HOUR)
        )
    else:
        means = message_states.means(contacts)
        missing(means)
        whole = means.whole
    allowed = whole and visitor.current().may("approve")
    if st.button(_("Send now"), type="primary", key="letters.send", disabled=not allowed):
        job = jobs.submit(("letters", str(place.path), message), partial(_work, place, message))
        background.put(_SLOT, job)
        st.rerun()
    st.caption(
        _(
            "Before each message consent, objections, erasure and the eve of the vote are asked "
            "again. Stopped or cut off, it goes on where it was: nobody gets it twice."
        )
    )


def _hook(contacts: Contacts) -> None:
    if not visitor.current().may("approve"):
        return
    with st.expander(_("What comes back by itself")):
        st.caption(
            _(
                "Give this address to the gateway of texts and to the provider of mail: answers, "
                "STOP, bounces and complaints are called in there. Who has it can only make people "
                "left alone or counted."
            )
        )
        st.code(message_states.hook_address(contacts), language=None, wrap_lines=True)


def _work(place: Workspace, message: str, tell: Tell) -> None:
    """Send what waits in a thread of its own."""
    tell("", 0.0)
    how = Work(once=True, per_minute=_PER_MINUTE, message=message)
    message_work.work(place.path, how, lambda _what, _count: None, stop=_stopped(tell))


def _stopped(tell: Tell) -> Callable[[], bool]:
    def stopped() -> bool:
        try:
            tell("", 0.0)
        except jobs.StoppedError:
            return True
        return False

    return stopped


def _told(job: Job) -> str:
    return _("Being sent for {seconds} s").format(seconds=number(job.seconds))


def _ended() -> None:
    """Say once how the last sending ended, where it did not end well."""
    job = background.job_in(_SLOT)
    if job is None or job.running:
        return
    background.put(_SLOT, None)
    if isinstance(job.error, DataError):
        messages.show_error(job.error)
    elif job.error is not None and not isinstance(job.error, jobs.StoppedError):
        st.error(_("Sending broke off: what waits can be sent again."))


def _halt(contacts: Contacts, message: str) -> None:
    with st.expander(_("Halt it for good")):
        st.caption(_("What left has left; nobody else gets it, and it cannot be taken up again."))
        reason = st.text_input(_("Why"), max_chars=200, key="letters.reason")
        allowed = bool(reason.strip()) and visitor.current().may("approve")
        if st.button(_("Halt"), key="letters.halt", disabled=not allowed):
            halt(contacts, message, reason)
            load_letters.say_next(_("Halted."))
