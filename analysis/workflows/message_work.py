"""Messages of a workspace: looked at, approved; the worker that sends them."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from email.utils import parseaddr
from pathlib import Path
from types import FrameType

from analysis.access import audit
from analysis.contacts.contact_store import Contacts
from analysis.contacts.normalise import canonical_email
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.database.engine import writing
from analysis.errors import DataError
from analysis.messages import dkim_seal, sms_post
from analysis.messages.approve import Prepared, Setting, approval_of, approve, prepare
from analysis.messages.control import Terms
from analysis.messages.dkim_seal import Seal
from analysis.messages.drafts import Draft, draft_of
from analysis.messages.mail_records import published
from analysis.messages.outbox import Way, send_message, waiting
from analysis.messages.returned_mail import take_back_all
from analysis.messages.sending_pace import Pace, by_day
from analysis.messages.smtp_post import Post, SmtpPost
from analysis.messages.subject_days import COMPARED
from analysis.tables.file_lock import held
from analysis.tables.workspace import Workspace
from analysis.workflows import letters_by_link, mail_out, server_access, universes
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.mail_out import takes_away
from analysis.workflows.message_effects import past_turnout

# Address to which mail comes back that cannot be delivered; else that of who answers.
BOUNCES = "PALIER_BOUNCES"
# Folder in which each campaign of a server has its mailbox of returned mail.
RETURNED = "PALIER_RETURNED"
_LOCK = "message_worker.lock"
_ROUND_S = 10.0
Posts = dict[str, Post]
_ABSTENTION = "results.abstention"
_NOT_SENT = Counter({"not sent": 1})


def base_address() -> str:
    """Return the address of the server, as others reach it; "" where it has none."""
    return server_access.outside_address()


def ground_for(workspace: Path, draft: Draft, election: str) -> Ground:
    """Return the facts of the place that a message shows.

    Parameters
    ----------
    workspace
        The place.
    draft
        The message.
    election
        For which abstention is expected, where it is shown.

    Returns
    -------
    Ground
        Empty where the message shows no abstention.

    Raises
    ------
    DataError
        When abstention is shown and the election is not named, or unknown.
    """
    if _ABSTENTION not in draft.letter.shown:
        return Ground()
    rule = Universe("people", {"abstention_over": 0.0})
    return universes.ground_of(Workspace(workspace), rule, election)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen at approval: election for abstention, seed of the draw, how to draw."""

    election: str = ""
    seed: int | None = None
    control: bool = True
    whole_bureaux: bool = False
    compares: str = "volunteering"
    loads: bool = False


def look(workspace: Path, contacts: Contacts, message: str, choice: Choice) -> Prepared:
    """Return what would be approved of a message, see `approve.prepare`.

    Parameters
    ----------
    workspace, contacts
        The campaign.
    message
        Which.
    choice
        Election, seed, control.

    Returns
    -------
    Prepared
        As `approve.prepare` returns it; nothing is written.

    Raises
    ------
    DataError
        As `approve.prepare`, and when subjects cannot be compared by that act.
    """
    if choice.compares not in COMPARED:
        raise DataError(
            "Subjects cannot be compared by {act}.",
            mend="Name one of {known}.",
            act=choice.compares,
            known=", ".join(COMPARED),
        )
    draft = draft_of(contacts, message)
    ground = ground_for(workspace, draft, choice.election)
    if not ground.abstention:
        # What is not shown may still choose; once approved, who gets it is frozen.
        ground = universes.ground_of(Workspace(workspace), draft.universe, choice.election)
    setting = Setting(
        ground,
        base_address(),
        server=takes_away(draft.letter.channel),
        records=published,
        past=past_turnout(Workspace(workspace)) if choice.whole_bureaux else None,
        election=choice.election,
        sender=sms_post.sms_sender(os.environ.get(sms_post.VARIABLE, "")),
    )
    terms = Terms(
        choice.control,
        choice.control and choice.whole_bureaux,
        compares=choice.compares,
        loads=choice.loads,
    )
    return prepare(contacts, draft, setting, seed=choice.seed, terms=terms)


def let_go(contacts: Contacts, prepared: Prepared) -> None:
    """Approve what was looked at, and note it; see `approve.approve`."""
    approve(contacts, prepared)
    with writing(contacts.engine) as connection:
        audit.note_in(connection, contacts.by, "message", subject=prepared.draft.message)


@dataclass(frozen=True, slots=True)
class Work:
    """How a worker works.

    Attributes
    ----------
    once
        One round, then no more.
    per_minute
        Messages a minute to one domain; 0 for as many as there are.
    returned
        File or folder of mail that came back; None for none.
    election
        For which abstention is expected, where messages name it.
    message
        This one alone; "" for all.
    """

    once: bool = False
    per_minute: float = 0
    returned: Path | None = None
    election: str = ""
    message: str = ""


def work(
    workspace: Path,
    how: Work,
    say: Callable[[str, Mapping[str, int]], None],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """Send what waits, take in what came back, until one is told to stop; return the outcomes.

    Parameters
    ----------
    workspace
        Of the campaign.
    how
        Once, or for good.
    say
        Is told of each message what became of it in a round.
    stop
        Says whether to end after the message in hand.

    Returns
    -------
    collections.Counter
        How many messages had each outcome, over all rounds.

    Raises
    ------
    DataError
        When another worker is at it, no mail server is named, or a setting of mail is wrong.
    """
    for fault in misconfigured():
        raise fault
    total: Counter[str] = Counter()
    with _alone(workspace), _until_told() as told, _posts() as posts:

        def ending() -> bool:
            return told.is_set() or stop()

        while not ending():
            total.update(_round(workspace, how, posts, ending, say))
            if how.once:
                break
            told.wait(_ROUND_S)
    return total


def _round(
    workspace: Path,
    how: Work,
    posts: Posts,
    stop: Callable[[], bool],
    say: Callable[[str, Mapping[str, int]], None],
) -> Counter[str]:
    contacts, total = open_contacts(workspace), Counter[str]()
    fault: DataError | None = None
    try:
        seal = _seal()
        sign = seal.signed if seal else bytes
        if how.returned is not None:
            say("returned", take_back_all(contacts, how.returned))
        letters_by_link.send_waiting(workspace, contacts)
        ways = {
            channel: Way(post, base_address(), Ground(), bounces_to(), stop=stop, sign=sign)
            for channel, post in posts.items()
        }
        for message in waiting(contacts):
            if stop() or how.message not in ("", message):
                continue
            try:
                count = _sent(workspace, contacts, message, how, ways)
            except DataError as error:
                # What is wrong with one message is no reason for those behind it to wait.
                fault, count = fault or error, _NOT_SENT
            say(message, count)
            total.update(count)
    except DataError as error:
        fault = error
    finally:
        close(contacts)
    # What waits is tried again; who asked for one round is told.
    if fault is not None and how.once:
        raise fault
    if fault is not None:
        logging.getLogger(__name__).warning("messages of %s wait: %s", workspace.name, fault.what)
    return total


def _sent(
    workspace: Path, contacts: Contacts, message: str, how: Work, ways: Mapping[str, Way]
) -> Counter[str]:
    """Send one message by the way of its channel, with the facts that its approval looked at."""
    draft, approval = draft_of(contacts, message), approval_of(contacts, message)
    way = ways.get(draft.letter.channel)
    if way is None:
        return _NOT_SENT
    told = approval.control.get("election", "") if approval else ""
    ground = ground_for(workspace, draft, how.election or str(told))
    pace = Pace(how.per_minute, time.monotonic)
    by_hand, is_text = bool(how.message), draft.letter.channel == "sms"
    stop = by_day(way.stop, contacts.controller) if is_text and not by_hand else way.stop
    return send_message(contacts, message, replace(way, ground=ground, pace=pace, stop=stop))


def misconfigured() -> list[DataError]:
    """Return what is wrong with the settings of mail: nothing leaves until they are mended."""
    faults = []
    for read in (_seal, bounces_to, mailboxes):
        try:
            read()
        except DataError as error:
            faults.append(error)
    return faults


def _seal() -> Seal | None:
    return Seal.read(os.environ.get(dkim_seal.VARIABLE, ""))


def bounces_to() -> str:
    """Return the address that bounces go to, as a mail server takes it; "" where none is named.

    Raises
    ------
    DataError
        When what is named is no address.
    """
    named = os.environ.get(BOUNCES, "")
    # A name may stand before it, as in a mail; a domain with accents travels without them.
    try:
        return canonical_email(parseaddr(named)[1] or named) if named else ""
    except DataError as error:
        raise DataError(
            "Mail cannot come back to what is no address.",
            where="{name}",
            mend="Write it as name@domain.fr.",
            name=BOUNCES,
        ) from error


def mailboxes() -> Path | None:
    """Return the folder with each campaign's mailbox of returned mail; None where none is named.

    Raises
    ------
    DataError
        When what is named is no folder.
    """
    named = os.environ.get(RETURNED, "")
    if named and not Path(named).is_dir():
        raise DataError(
            "Returned mail cannot be read in what is no folder.",
            where="{name}",
            mend="Name a folder with a mailbox for each campaign, under the name of its folder.",
            name=RETURNED,
        )
    return Path(named) if named else None


@contextmanager
def _posts() -> Iterator[Posts]:
    """Yield what takes messages away, by channel.

    Raises
    ------
    DataError
        When nothing is configured.
    """
    mail = os.environ.get(mail_out.VARIABLE, "")
    text = sms_post.sms_post(os.environ.get(sms_post.VARIABLE, ""))
    posts: Posts = {"sms": text} if text else {}
    if not mail and not text:
        raise DataError(
            "No mail server is named: nothing is sent.",
            mend="Set PALIER_SMTP, such as smtp://USER:PASSWORD@mail.example.org:587.",
        )
    with ExitStack() as stack:
        if mail:
            posts["email"] = stack.enter_context(SmtpPost(mail))
        if text:
            stack.callback(text.close)
        yield posts


@contextmanager
def _alone(workspace: Path) -> Iterator[None]:
    """Be the only worker of a workspace on this machine: a file of SQLite has one writer."""
    try:
        with held(workspace / "fieldwork" / _LOCK, wait=False):
            yield
    except BlockingIOError as error:
        raise DataError(
            "Another worker sends the messages of this workspace.",
            mend="Let it do so, or stop it first.",
        ) from error


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Yield an event that is set when the process is asked to end: the one in hand still leaves."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, told) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
