"""Links that people get by e-mail, to confirm what they said or to change it later.

A link holds 192 random bits; the store keeps its digest alone, so that who reads the store can use
none. Opening a link does nothing (filters of mail open them all): a button does.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts
from analysis.database.contact_tables import CONFIRMATIONS, CONFIRMED, VAULT_KEYS
from analysis.database.engine import or_nothing

ACT, PREFERENCES = "act", "preferences"
DAY_S = 86_400
# To confirm, a fortnight; to change one's mind, longer than two letters are apart.
LASTS_S = {ACT: 14 * DAY_S, PREFERENCES: 400 * DAY_S}
# Nobody gets a second letter of the same kind within this, whoever asks for it.
APART_S = 3600
_RANDOM = 24
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for.

    Attributes
    ----------
    digest
        Of its secret.
    person
        Whose.
    what
        `ACT` or `PREFERENCES`.
    detail
        For an act, its proof.
    used
        Whether it was confirmed already.
    """

    digest: str
    person: str
    what: str
    detail: Mapping[str, str]
    used: bool


def offer(
    connection: Connection, contacts: Contacts, person: str, what: str, **detail: str
) -> str | None:
    """Make a link for a person and return its secret; None where one was made a moment ago.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    person
        Whose.
    what
        `ACT` or `PREFERENCES`.
    **detail
        Kept with it; never who somebody is.

    Returns
    -------
    str or None
        It goes into the link; the store keeps its digest.
    """
    now = int(time.time())
    mine = (
        CONFIRMATIONS.c.tenant == contacts.tenant,
        CONFIRMATIONS.c.person == person,
        CONFIRMATIONS.c.what == what,
        CONFIRMATIONS.c.at_s > now - APART_S,
    )
    if connection.execute(sa.select(CONFIRMATIONS.c.digest).where(*mine).limit(1)).first():
        return None
    secret = secrets.token_urlsafe(_RANDOM)
    row = {
        "tenant": contacts.tenant,
        "digest": _digest(secret),
        "person": person,
        "what": what,
        "detail": json.dumps(detail),
        "expires_s": now + LASTS_S[what],
        "at_s": now,
    }
    connection.execute(sa.insert(CONFIRMATIONS).values(**row))
    return secret


def look(connection: Connection, contacts: Contacts, secret: str) -> Link | None:
    """Return what a secret is for; None where it is none, too old, or its person was erased.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    secret
        As the link bears it.

    Returns
    -------
    Link or None
        A link that was used already is still returned, and says so.
    """
    digest = _digest(secret[:_LONGEST])
    query = (
        sa.select(CONFIRMATIONS, CONFIRMED.c.at_s.label("used_s"))
        .join(VAULT_KEYS, _same(VAULT_KEYS, "person"))
        .outerjoin(CONFIRMED, _same(CONFIRMED, "digest"))
        .where(CONFIRMATIONS.c.tenant == contacts.tenant, CONFIRMATIONS.c.digest == digest)
    )
    row = connection.execute(query).mappings().first()
    if row is None or row["expires_s"] < time.time():
        return None
    used = row["used_s"] is not None
    return Link(digest, row["person"], row["what"], json.loads(row["detail"]), used)


def use(connection: Connection, contacts: Contacts, link: Link) -> bool:
    """Mark a link as confirmed; False where it was before, so that what follows happens once.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    link
        As `look` returned it.

    Returns
    -------
    bool
        True for the first of several at once only.
    """
    row = {"tenant": contacts.tenant, "digest": link.digest, "at_s": int(time.time())}
    fresh = or_nothing(connection, CONFIRMED).values(**row).returning(CONFIRMED.c.digest)
    return connection.execute(fresh).first() is not None


def _same(table: sa.Table, column: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.tenant == CONFIRMATIONS.c.tenant, table.c[column] == CONFIRMATIONS.c[column]
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
