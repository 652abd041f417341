"""Secrets in a message: the link to leave, and the return path. The store keeps their digests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.key_ring import KeyRing
from analysis.database.message_tables import DELIVERIES
from analysis.messages.letter_layout import Links

_LEAVE_SIGNS, _BOUNCE_SIGNS = 48, 32  # hexadecimal: 192 and 128 bits
_MARK = "b-"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose message a secret is in."""

    message: str
    person: str
    cell: str
    variant: str = ""


def leave_secret(ring: KeyRing, message: str, person: str) -> str:
    """Return what is in the link by which a person leaves: the same each time it is asked for.

    Parameters
    ----------
    ring
        Keys of the campaign.
    message, person
        Which, to whom.

    Returns
    -------
    str
        `_LEAVE_SIGNS` hexadecimal digits.
    """
    return vault.digest(ring.index, "leave", f"{message}\x1f{person}")[:_LEAVE_SIGNS]


def bounce_secret(ring: KeyRing, message: str, person: str) -> str:
    """Return what is in the return path of a message (VERP): it lets nobody leave.

    Parameters
    ----------
    ring, message, person
        As in `leave_secret`.

    Returns
    -------
    str
        `_BOUNCE_SIGNS` hexadecimal digits.
    """
    return vault.digest(ring.index, "bounce", f"{message}\x1f{person}")[:_BOUNCE_SIGNS]


def kept(secret: str) -> str:
    """Return what the store keeps of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def links(contacts: Contacts, base: str, message: str, person: str) -> Links:
    """Return the addresses in a message to one person.

    Parameters
    ----------
    contacts
        The campaign.
    base
        Address of the server, as others reach it.
    message, person
        Which, to whom.

    Returns
    -------
    Links
        To leave, and of the notice.
    """
    secret = leave_secret(contacts.ring, message, person)
    return Links(f"{base}/u/{contacts.tenant}/{secret}", f"{base}/p/{contacts.tenant}")


def return_path(address: str, secret: str) -> str:
    """Return where a message that cannot be delivered goes back to (VERP)."""
    local, _at, domain = address.rpartition("@")
    return f"{local}+{_MARK}{secret}@{domain}"


def secret_in(address: str) -> str:
    """Return the secret of a return path; "" where there is none."""
    tag = address.strip().strip("<>").rpartition("@")[0].rpartition("+")[2].lower()
    secret = tag.removeprefix(_MARK)
    is_one = len(secret) == _BOUNCE_SIGNS and tag.startswith(_MARK)
    return secret if is_one and not set(secret) - set("0123456789abcdef") else ""


def bearer(
    connection: Connection, contacts: Contacts, *, leave: str = "", bounce: str = ""
) -> Bearer | None:  # noqa: E501
    """Return whose message a secret is in; None where it is in none.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    leave, bounce
        One of the two secrets.

    Returns
    -------
    Bearer or None
        Message, person, cell and variant.
    """
    column, secret = (DELIVERIES.c.leave, leave) if leave else (DELIVERIES.c.bounce, bounce)
    names = ("message", "person", "cell", "variant")
    query = sa.select(*(DELIVERIES.c[name] for name in names)).where(
        DELIVERIES.c.tenant == contacts.tenant, column == kept(secret[:_LEAVE_SIGNS])
    )
    row = connection.execute(query).first()
    return Bearer(*map(str, row)) if row else None
