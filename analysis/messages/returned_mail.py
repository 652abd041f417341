"""Mail that comes back: what cannot be delivered, complaints, people who write STOP, vacations.

RFC 3464 tells what became of a message, RFC 5965 who complained; where a server writes neither,
flufl.bounce knows how it says so. A status that begins with 4 is never for good, whatever the rest
says: "failed 4.4.7" is a full queue. Vacation replies mean nothing; what people answer is counted,
and not kept.
"""

from __future__ import annotations

import email
import email.header
import hashlib
import mailbox
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses
from pathlib import Path
from typing import Any, Literal

from flufl.bounce import all_failures

from analysis.contacts.contact_store import Contacts
from analysis.contacts.normalise import canonical_email
from analysis.contacts.suppression import suppress_many
from analysis.database.engine import reading
from analysis.errors import DataError
from analysis.messages.leaving import leave, note_reply, note_step
from analysis.messages.letter_links import Bearer, bearer, secret_in
from analysis.messages.recipients import addresses

Kind = Literal["bounce", "delayed", "complaint", "stop", "vacation", "other"]
_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_IN_ORIGINAL = re.compile(rb"\bb-([0-9a-f]{32})@|^Message-ID:\s*<([0-9a-f]{32})@", re.I | re.M)
_ANSWERED = re.compile(r"<([0-9a-f]{32})@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
# One word, alone in the subject or the first line, as people write it.
STOP_WORDS = frozenset(
    (
        *("stop", "unsubscribe", "desabonner", "desabonnement", "desabonnez", "desinscrire"),
        *("desinscription", "desinscrivez", "arret", "arreter", "arretez", "resilier"),
    )
)
_LONGEST = 2_000_000
# What the library raises over mails that no program wrote.
_BROKEN = (RecursionError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that came back.

    Attributes
    ----------
    kind
        What it is.
    secret
        Of the message it is about; "" where nobody can tell.
    code
        Status of a bounce, such as 5.1.1.
    sender
        Who wrote it, in canonical spelling; "" where that is no address.
    reply
        Where a person answers: Message-ID of the answer, or a digest of it where it has none.
    """

    kind: Kind
    secret: str
    code: str = ""
    sender: str = ""
    reply: str = ""


def read_returned(content: bytes) -> Returned:
    """Return what a mail that came back is; one that the library cannot read is "other"."""
    try:
        return _read(content)
    # One such mail in a mailbox must not keep the others from being taken in.
    except _BROKEN:
        return Returned("other", "")


def _read(content: bytes) -> Returned:
    message = email.message_from_bytes(content[:_LONGEST])
    secret, sender = _secret(message, content[:_LONGEST]), _sender(message)
    report = _parameter(message, "report-type")
    if report == "feedback-report":
        return Returned("complaint", secret, sender=sender)
    if report == "delivery-status" or _has_status(message):
        return _of_status(message, secret)
    # Answers of machines come first: a vacation that quotes STOP is none.
    if _is_automatic(message):
        return Returned("vacation", secret, sender=sender)
    if _says_stop(message):
        return Returned("stop", secret, sender=sender)
    # The library takes a sender for granted; mail of nobody is no bounce that could be acted on.
    failures = all_failures(message) if message.get("From") else (frozenset(), frozenset())
    temporary, permanent = failures
    if permanent or temporary:
        return _weighed(bool(permanent), _text_of(message), secret)
    if _is_of_machine(message):
        return Returned("other", secret, sender=sender)
    named = str(message.get("Message-ID", "")).strip()
    reply = named or hashlib.sha256(content).hexdigest()
    return Returned("other", secret, sender=sender, reply=reply)


def _secret(message: Message, content: bytes) -> str:
    for name in _TO:
        told = [str(one) for one in message.get_all(name, [])]
        for _name, address in getaddresses(told):
            if secret := secret_in(address):
                return secret
    # Answers go to whom the message came from, and name it.
    if answered := _ANSWERED.search(str(message.get("In-Reply-To", ""))):
        return answered.group(1).lower()
    found = _IN_ORIGINAL.search(content)
    return next((one for one in found.groups() if one), b"").decode().lower() if found else ""


def _sender(message: Message) -> str:
    for _name, address in getaddresses([str(message.get("From", ""))]):
        try:
            return canonical_email(address)
        except DataError:
            continue
    return ""


def _parameter(message: Message, name: str) -> str:
    value = message.get_param(name)
    return value.lower() if isinstance(value, str) else ""


def _has_status(message: Message) -> bool:
    return any(one.get_content_type() == "message/delivery-status" for one in message.walk())


def _of_status(message: Message, secret: str) -> Returned:
    """Read the fields Action and Status of each recipient (RFC 3464, 2.3)."""
    fields = [
        (str(block.get("Action", "")).strip().lower(), str(block.get("Status", "")))
        for part in message.walk()
        if part.get_content_type() == "message/delivery-status"
        for block in part.walk()
        if block.get("Action") or block.get("Status")
    ]
    failed = [status for action, status in fields if action in ("failed", "")]
    if not failed:
        return Returned("delayed" if fields else "other", secret)
    return _weighed(True, " ".join(failed), secret)


def _weighed(permanent: bool, text: str, secret: str) -> Returned:  # noqa: FBT001 - read as a word
    found = _STATUS.search(text)
    code = found.group() if found else ""
    for_good = permanent and not code.startswith("4")
    return Returned("bounce" if for_good else "delayed", secret, code)


def _is_automatic(message: Message) -> bool:
    automatic = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    named = any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Vacation"))
    precedence = str(message.get("Precedence", "")).strip().lower()
    return automatic == "auto-replied" or named or precedence == "auto_reply"


def _is_of_machine(message: Message) -> bool:
    """Tell whether nobody wrote it: it says so (RFC 3834), came by a list or without a sender."""
    automatic = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    nobody = str(message.get("Return-Path", "")).strip() == "<>"
    return automatic not in ("", "no") or precedence in ("bulk", "junk", "list") or nobody


def _says_stop(message: Message) -> bool:
    lines = (line.strip() for line in _text_of(message).splitlines())
    first = next((line for line in lines if line and not line.startswith(">")), "")
    return is_stop(_decoded(str(message.get("Subject", "")))) or is_stop(first)


def is_stop(text: str) -> bool:
    """Tell whether a text is one word of those by which people leave, and nothing else."""
    words = plain_words(text)
    while words and words[0] in ("re", "tr", "fw", "fwd"):
        words = words[1:]
    return len(words) == 1 and words[0] in STOP_WORDS


def plain_words(text: str) -> list[str]:
    """Return the words of a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z]+", "".join(one for one in plain if not unicodedata.combining(one)))


def _decoded(text: str) -> str:
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (ValueError, LookupError):
        return text


def _text_of(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return content.decode("utf-8", "replace")[:20_000]
    return ""


def take_back(contacts: Contacts, content: bytes) -> Kind:
    """Act on a mail that came back, once however often it is read; return what it is.

    A mail that bears no secret of ours changes nothing, but for STOP: who writes it is left alone.

    Parameters
    ----------
    contacts
        The campaign.
    content
        The mail.
    """
    told = read_returned(content)
    with reading(contacts.engine) as connection:
        known = bearer(connection, contacts, bounce=told.secret) if told.secret else None
        mailbox_of = addresses(connection, contacts, [known.person]) if known else {}
    if told.kind == "bounce" and known:
        note_step(contacts, known, "bounced", told.code)
        suppress_many(contacts, [("email", one) for one in mailbox_of.values()], "bounce")
    elif told.kind == "complaint" and known:
        note_step(contacts, known, "complained", told.code)
        leave(contacts, known, reason="complaint", how="email")
    elif told.kind == "stop":
        _stop(contacts, told, known)
    elif told.reply and known:
        note_reply(contacts, known, told.reply)
    return told.kind


def _stop(contacts: Contacts, told: Returned, known: Bearer | None) -> None:
    if known:
        leave(contacts, known, reason="stop", how="email")
    if told.sender:
        suppress_many(contacts, [("email", told.sender)], "stop")


def mails_in(path: Path) -> Iterator[bytes]:
    """Yield the mails of a file (one mail, or an mbox) or a folder (of files, or a Maildir)."""
    if path.is_dir() and (path / "new").is_dir():
        yield from _in_box(mailbox.Maildir(path, create=False))
    elif path.is_dir():
        yield from (one.read_bytes() for one in sorted(path.iterdir()) if one.is_file())
    elif path.read_bytes().startswith(b"From "):
        yield from _in_box(mailbox.mbox(path, create=False))
    else:
        yield path.read_bytes()


def _in_box(box: mailbox.Mailbox[Any]) -> Iterator[bytes]:
    # As they lie there: to read a mail and write it again may fail.
    yield from (box.get_bytes(key) for key in box.iterkeys())


def take_back_all(contacts: Contacts, path: Path) -> Counter[str]:
    """Act on the mails of a file or folder; return how many there were of each kind."""
    if not path.exists():
        raise DataError(
            "There is no file or folder of returned mail here.",
            where="{path}",
            mend="Name a mail, an mbox, a Maildir or a folder of mails.",
            path=path,
        )
    return Counter(take_back(contacts, one) for one in mails_in(path))
