"""Secrets in a message: the link to leave, and the return path. The store keeps their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.key_ring import KeyRing
from analysis.contacts.merged import groups
from analysis.contacts.suppression import listed
from analysis.database.engine import tenant_of
from analysis.database.message_tables import DELIVERIES, MESSAGES, STEPS
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
    return bare_secret(tag.removeprefix(_MARK)) if tag.startswith(_MARK) else ""


def bare_secret(text: str) -> str:
    """Return a secret of a return path that stands alone, as the id of a text; "" for none."""
    secret = text.strip().lower()
    is_one = len(secret) == _BOUNCE_SIGNS and not set(secret) - set("0123456789abcdef")
    return secret if is_one else ""


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


def channel_of(connection: Connection, message: str) -> str:
    """Return by what a message goes: "email" or "sms"."""
    query = sa.select(MESSAGES.c.channel).where(
        MESSAGES.c.tenant == tenant_of(connection), MESSAGES.c.message == message
    )
    return str(connection.execute(query.limit(1)).scalar_one())


def last_text(connection: Connection, people: Sequence[str], since_s: int) -> Bearer | None:
    """Return the last text that went to some people, who share a number; None for none.

    Parameters
    ----------
    connection
        Of the campaign.
    people
        Who, with whom they are merged.
    since_s
        What left before does not count; seconds since 1970.

    Returns
    -------
    Bearer or None
        Message, person, cell and variant.
    """
    if not people:
        return None
    tenant = tenant_of(connection)
    who = listed(connection, groups(connection).members(people))
    texts = sa.select(MESSAGES.c.message).where(
        MESSAGES.c.tenant == tenant, MESSAGES.c.channel == "sms"
    )
    same = (DELIVERIES.c.tenant == STEPS.c.tenant) & (DELIVERIES.c.message == STEPS.c.message)
    query = (
        sa.select(*(DELIVERIES.c[name] for name in ("message", "person", "cell", "variant")))
        .join(STEPS, same & (DELIVERIES.c.person == STEPS.c.person))
        .where(STEPS.c.tenant == tenant, STEPS.c.step == "sent", STEPS.c.at_s >= since_s)
        .where(STEPS.c.person.in_(who), STEPS.c.message.in_(texts))
        .order_by(STEPS.c.at_s.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return Bearer(*map(str, row)) if row else None
