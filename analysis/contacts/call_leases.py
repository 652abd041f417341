"""Who is in which caller's hands: one caller's alone, and for a while.

A caller has one person at a time: who is dealt the next lets the former go. What is not told within
`LASTS_S` is over by itself, so that a browser that was closed keeps nobody from being called.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts
from analysis.contacts.merged import groups
from analysis.database.contact_tables import CALL_LEASES
from analysis.database.engine import lock

LASTS_S = 20 * 60
_LOCK = "call leases"


def in_hands(connection: Connection, contacts: Contacts, now_s: int) -> dict[str, tuple[str, int]]:
    """Return caller and end of the lease of everybody who is in somebody's hands.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    now_s
        Seconds since 1970.

    Returns
    -------
    dict
        Caller and end in seconds since 1970, by who stands for the person; leases that are over, or
        whose caller has taken somebody else since, are not in it.
    """
    since = time.time_ns() - 2 * LASTS_S * 1_000_000_000
    table = CALL_LEASES.c
    query = sa.select(table.person, table.caller, table.until_s).where(
        table.tenant == contacts.tenant, table.version > since
    )
    by_person: dict[str, tuple[str, int]] = {}
    by_caller: dict[str, str] = {}
    for person, caller, until_s in connection.execute(query.order_by(table.version)):
        by_person[person] = (str(caller), int(until_s))
        by_caller[caller] = person
    merged = groups(connection)
    return {
        merged.of(person): (caller, until_s)
        for person, (caller, until_s) in by_person.items()
        if until_s > now_s and by_caller[caller] == person
    }


def take(
    connection: Connection, contacts: Contacts, person: str, *, caller: str, now_s: int
) -> bool:
    """Put a person into a caller's hands; False where they are in another's.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    person
        Who stands for those they are merged with.
    caller
        Whose hands.
    now_s
        Seconds since 1970.

    Returns
    -------
    bool
        True also where they were the same caller's: the lease begins anew.
    """
    lock(connection, [_LOCK])
    if in_hands(connection, contacts, now_s).get(person, (caller, 0))[0] != caller:
        return False
    _write(connection, contacts, person, caller, now_s + LASTS_S)
    return True


def let_go(connection: Connection, contacts: Contacts, person: str) -> None:
    """Take a person out of whosever hands: their call was told.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    person
        Who stands for those they are merged with.
    """
    _write(connection, contacts, person, "", 0)


def _write(
    connection: Connection, contacts: Contacts, person: str, caller: str, until_s: int
) -> None:
    row = {"tenant": contacts.tenant, "person": person, "version": time.time_ns()}
    connection.execute(sa.insert(CALL_LEASES).values(**row, caller=caller, until_s=until_s))
