"""Letters to one person: by the mail server of PALIER_SMTP, else into a folder where they wait."""

from __future__ import annotations

import os
import secrets
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analysis.contacts.contact_store import Contacts
from analysis.messages import sms_post
from analysis.tables.whole_files import written_whole
from analysis.workflows import server_log

# smtp://USER:PASSWORD@HOST:587 (STARTTLS where the server offers it) or smtps://…
VARIABLE = "PALIER_SMTP"
OUTBOX = "outbox"
_PATIENCE_S = 20


def takes_away(channel: str) -> bool:
    """Tell whether something is configured that takes messages of a channel away: email, sms."""
    variable = sms_post.VARIABLE if channel == "sms" else VARIABLE
    return bool(os.environ.get(variable))


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person.

    Attributes
    ----------
    person
        Whose; a file of the outbox is found by it when they are erased.
    to, subject, text
        As they are sent.
    """

    person: str
    to: str
    subject: str
    text: str


def is_sending() -> bool:
    """Tell whether letters are sent; else they wait in the outbox, and nothing is sent."""
    return bool(os.environ.get(VARIABLE))


def send(workspace: Path, contacts: Contacts, letter: Letter) -> bool:
    """Send a letter, or keep it in the outbox; tell whether it was sent.

    One that the mail server does not take waits there too: whoever signed up is not asked again,
    and who asked for it must not learn from a fault that an address is known.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people: who answers for the campaign is the sender.
    letter
        What.

    Returns
    -------
    bool
        False where no mail server is named or it does not take it: the letter waits in the outbox.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    message = _message(contacts, letter)
    if (url := os.environ.get(VARIABLE, "")) and _by_smtp(url, message):
        return True
    folder = outbox(workspace)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{letter.person}-{secrets.token_hex(4)}.eml"
    with written_whole(target) as part:
        part.touch(mode=0o600)
        part.write_bytes(message.as_bytes(policy=SMTP))
    return False


def outbox(workspace: Path) -> Path:
    """Return the folder where letters wait that nobody sends."""
    return workspace / "fieldwork" / OUTBOX


def waiting(workspace: Path) -> list[Path]:
    """Return the letters of the outbox, the oldest first."""
    return sorted(outbox(workspace).glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)


def send_waiting(workspace: Path, wanted: Callable[[str], bool], *, since_s: float) -> int:
    """Send the letters of the outbox until the mail server takes no more; return how many left.

    Parameters
    ----------
    workspace
        Of the campaign.
    wanted
        Tells of an address whether it may still be written to.
    since_s
        Older letters stay where they are: their links lead nowhere any more.

    Returns
    -------
    int
        Each of them is no longer in the outbox.
    """
    url, left = os.environ.get(VARIABLE, ""), 0
    for file in waiting(workspace) if url else ():
        message = message_from_bytes(file.read_bytes(), policy=SMTP)
        if file.stat().st_mtime < since_s or not wanted(str(message["To"])):
            continue
        if not _by_smtp(url, message):
            break
        file.unlink(missing_ok=True)
        left += 1
    return left


def forget(workspace: Path, person: str) -> int:
    """Delete the letters to a person that wait; return how many there were."""
    files = list(outbox(workspace).glob(f"{person}-*.eml"))
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _message(contacts: Contacts, letter: Letter) -> EmailMessage:
    who = contacts.controller
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["To"] = letter.to
    if "@" in who.contact:
        message["From"] = f'"{who.name.replace(chr(34), "")}" <{who.contact.strip()}>'
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=who.contact.rpartition("@")[2].strip() or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _by_smtp(url: str, message: EmailMessage) -> bool:
    began, parts = time.monotonic(), urlsplit(url)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=_PATIENCE_S) as server:
            if parts.scheme != "smtps" and server.has_extn("starttls"):
                server.starttls()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        server_log.failure(error, time.monotonic() - began)
        return False
    return True
