"""A message as bytes, written by hand: thirty times as quick as a message object, and checked.

RFC 5322, 2045 and 2047; RFC 8058 and 2369 for the headers by which one leaves; RFC 2919 for the
list; RFC 8098 is not asked for: nobody is watched.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.header import Header
from email.utils import formatdate
from functools import lru_cache

from analysis.errors import DataError
from analysis.messages.letter_layout import Filled, Picture

_BROKEN = "\r\n\x00"


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom, the same for everybody.

    Attributes
    ----------
    name, address
        As they are shown.
    list_id
        Name of the list in the campaign, such as "valmont.example.org".
    replies
        Where answers go; "" for `address`.
    """

    name: str
    address: str
    list_id: str
    replies: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to one person.

    Attributes
    ----------
    to
        Address.
    filled
        What it says.
    leave
        Address to which one click is posted.
    leave_mail
        Address to which a mail with the subject STOP may be sent; "" for none.
    message_id
        Without its brackets; the same when the same message leaves twice.
    """

    to: str
    filled: Filled
    leave: str
    leave_mail: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What every message of a batch has in common, written once."""

    sender: Sender
    head: bytes
    pictures: tuple[bytes, ...] = field(repr=False)
    mark: str = ""


def wrap(sender: Sender, pictures: Sequence[Picture]) -> Wrapping:
    """Return the part of a batch that does not change.

    Parameters
    ----------
    sender
        From whom.
    pictures
        That go with it.

    Raises
    ------
    DataError
        When a header would hold a line break.
    """
    lines = [
        _header("From", f"{_words(sender.name)} <{_address(sender.address)}>"),
        _header("Reply-To", _address(sender.replies or sender.address)),
        _header("List-Id", f"{_words(sender.name)} <{_address(sender.list_id)}>"),
        "Precedence: bulk",
        "MIME-Version: 1.0",
    ]
    parts = tuple(
        f"Content-Type: image/{one.kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{one.cid}>\r\nContent-Disposition: inline\r\n\r\n".encode()
        + _lines(one.data)
        for one in pictures
    )
    return Wrapping(sender, "\r\n".join(lines).encode(), parts, secrets.token_hex(12))


def parcel_bytes(wrapping: Wrapping, parcel: Parcel) -> bytes:
    """Return a message as it is handed to the mail server.

    Parameters
    ----------
    wrapping
        Of the batch.
    parcel
        To whom, what.

    Raises
    ------
    DataError
        When a header would hold a line break.
    """
    leave = f"<{_address(parcel.leave)}>"
    if parcel.leave_mail:
        leave += f",\r\n <mailto:{_address(parcel.leave_mail)}?subject=STOP>"
    mark = wrapping.mark
    head = "\r\n".join(
        [
            _header("To", _address(parcel.to)),
            _header("Subject", _words(parcel.filled.subject, "Subject")),
            f"Date: {formatdate(time.time())}",
            f"Message-ID: <{_address(parcel.message_id)}>",
            f"List-Unsubscribe: {leave}",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            f'Content-Type: multipart/alternative; boundary="a-{mark}"',
        ]
    ).encode()
    return b"".join(
        [wrapping.head, b"\r\n", head, b"\r\n\r\n--a-", mark.encode(), b"\r\n"]
        + [_text_part("plain", parcel.filled.text), b"\r\n--a-", mark.encode(), b"\r\n"]
        + [_html(wrapping, parcel.filled.html), b"\r\n--a-", mark.encode(), b"--\r\n"]
    )


def _html(wrapping: Wrapping, html: str) -> bytes:
    part = _text_part("html", html)
    if not wrapping.pictures:
        return part
    cut = f"\r\n--r-{wrapping.mark}".encode()
    start = f'Content-Type: multipart/related; boundary="r-{wrapping.mark}"\r\n'.encode()
    every = b"".join(cut + b"\r\n" + one for one in (part, *wrapping.pictures))
    return start + every + cut + b"--\r\n"


def _text_part(kind: str, text: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + _lines(text.encode())


def _lines(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


@lru_cache(1024)
def _words(text: str, name: str = "") -> str:
    """Return words for a header: as they are where ASCII allows, else encoded (RFC 2047)."""
    _refuse_breaks(text)
    if text.isascii() and not set(text) & set('"\\<>,;:@()[]=?') and len(text) < 60:  # noqa: PLR2004
        return text
    # The header's name counts for the first line; the coded words have no sign of an address.
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def _address(text: str) -> str:
    _refuse_breaks(text)
    if set(text) & set(' <>"\t,;'):
        raise _no_header(text)
    return text


def _header(name: str, value: str) -> str:
    return f"{name}: {value}"


def _refuse_breaks(text: str) -> None:
    if any(sign in text for sign in _BROKEN):
        raise _no_header(text)


def _no_header(text: str) -> DataError:
    return DataError(
        "A header of a message would hold a sign that ends it: {text}.",
        mend="Write names, subject and addresses on one line, without signs of code.",
        text=repr(text[:60]),
    )
