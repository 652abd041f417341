"""How often a message was loaded: off by default, counted by cells of eleven or more, no person.

Only who agreed to measurement gets a picture to load, and its address is the same for their whole
cell. A load is no reader: programs of mail fetch pictures by themselves, and keep them.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa

from analysis.contacts import consents, vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.key_ring import KeyRing
from analysis.database.engine import reading, writing
from analysis.database.message_tables import DELIVERIES, RESPONSES
from analysis.fieldwork.small_cells import FLOOR
from analysis.messages.approve import approval_of
from analysis.messages.recipients import SENT

PURPOSE = "open_tracking"
LOADED, BY_MACHINE = "loaded", "loaded_by_machine"
# Cells that are too small are one together.
REST = "…"
_SIGNS, _HOUR_S = 32, 3_600
# Names that filters and proxies of mail give themselves; others give none, and count as loads.
_MACHINES = ("proxy", "bot", "barracuda", "proofpoint", "mimecast", "crawler", "preview", "curl")


def load_token(ring: KeyRing, message: str, cell: str) -> str:
    """Return what stands in the picture of a cell: the same for all its people.

    Parameters
    ----------
    ring
        Keys of the campaign.
    message
        Which.
    cell
        Of people who are counted together.

    Returns
    -------
    str
        `_SIGNS` hexadecimal digits.
    """
    return vault.digest(ring.index, "load", f"{message}\x1f{cell}")[:_SIGNS]


def counted_cells(contacts: Contacts, message: str) -> dict[str, str]:
    """Return under which cell the loads of each bureau are counted; no bureau where none may be.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which: approved with its loads counted, else nothing is.

    Returns
    -------
    dict
        Bureau → itself where eleven of its recipients agreed to be counted, else `REST` where the
        others make eleven together.
    """
    approval = approval_of(contacts, message)
    if approval is None or not approval.control.get("loads"):
        return {}
    query = sa.select(DELIVERIES.c.person, DELIVERIES.c.cell).where(
        DELIVERIES.c.tenant == contacts.tenant,
        DELIVERIES.c.message == message,
        DELIVERIES.c.arm == SENT,
    )
    with reading(contacts.engine) as connection:
        said = consents.current(connection, channel="email")
        agreed = {who for (who, purpose, _by), yes in said.items() if yes and purpose == PURPOSE}
        cells = [str(cell) for who, cell in connection.execute(query) if str(who) in agreed]
    return _grouped(Counter(cells))


def _grouped(count: Mapping[str, int]) -> dict[str, str]:
    large = {cell: cell for cell, n in count.items() if n >= FLOOR}
    small = [cell for cell in count if cell not in large]
    if sum(count[cell] for cell in small) >= FLOOR:
        large |= dict.fromkeys(small, REST)
    return large


def note_load(contacts: Contacts, message: str, token: str, program: str) -> bool:
    """Count a load; tell whether the token is one of the message.

    Parameters
    ----------
    contacts
        The campaign.
    message, token
        Of the picture.
    program
        What the program that fetched it calls itself.

    Returns
    -------
    bool
        False for a token of none of its cells: nothing is counted then.
    """
    cells = {load_token(contacts.ring, message, one): one
             for one in set(counted_cells(contacts, message).values())}  # fmt: skip
    if token not in cells:
        return False
    machine = not program or any(one in program.lower() for one in _MACHINES)
    row = {
        "tenant": contacts.tenant,
        "message": message,
        "kind": BY_MACHINE if machine else LOADED,
        "hour_s": int(time.time()) // _HOUR_S * _HOUR_S,
        "link": "",
        "cell": cells[token],
        "part": secrets.token_hex(8),
        "n": 1,
    }
    with writing(contacts.engine) as connection:
        connection.execute(sa.insert(RESPONSES).values(**row))
    return True
