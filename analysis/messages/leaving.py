"""Leaving: at once, for all channels and campaigns of the controller, as often as it is asked.

What came back of a message is written here too: a step of a person, or an answer that is counted.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from analysis.contacts import consents, vault
from analysis.contacts.consents import PURPOSES, Said
from analysis.contacts.contact_store import Contacts
from analysis.contacts.suppression import objecting, suppress_people
from analysis.database.engine import lock, or_nothing, reading, writing
from analysis.database.message_tables import RESPONSES, STEPS
from analysis.messages.letter_links import Bearer

_HOUR_S = 3600
LEFT, REPLIED = "left", "replied"


def leave(
    contacts: Contacts, bearer: Bearer, *, reason: str = "unsubscribe", how: str = "web"
) -> bool:  # noqa: E501
    """Take back all that a person agreed to, and never reach them again; tell whether it is new.

    Parameters
    ----------
    contacts
        The campaign.
    bearer
        In whose message the link was: whoever holds it can leave, and do nothing else.
    reason
        One of `suppression.WISHES`.
    how
        One of `consents.HOWS`.

    Returns
    -------
    bool
        False where they had left before, or were erased: nothing is written then.
    """
    # Who was erased has no point left: their link may be followed again, and counts no more.
    if objecting(contacts, [bearer.person]) or not suppress_people(
        contacts, [bearer.person], reason
    ):
        return False
    take_back_consents(contacts, [bearer.person], how=how)
    with writing(contacts.engine) as connection:
        row = _response(contacts, bearer, LEFT, secrets.token_hex(8))
        connection.execute(sa.insert(RESPONSES).values(**row))
    return True


def _response(contacts: Contacts, bearer: Bearer, kind: str, part: str) -> dict[str, Any]:
    """Return the row that counts one answer by hour and bureau: it names nobody."""
    about = {"tenant": contacts.tenant, "message": bearer.message, "cell": bearer.cell}
    hour = int(time.time()) // _HOUR_S * _HOUR_S
    return {**about, "kind": kind, "hour_s": hour, "link": bearer.variant, "part": part, "n": 1}


def take_back_consents(contacts: Contacts, people: Sequence[str], *, how: str) -> None:
    """Write as taken back all that people agreed to; what they took back before is not repeated.

    Parameters
    ----------
    contacts
        The campaign.
    people
        Who.
    how
        One of `consents.HOWS`.
    """
    with reading(contacts.engine) as connection:
        now = consents.current(connection, people=people)
    rows = [
        Said(who, purpose, channel, given=False, said_s=int(time.time()), how=how)
        for (who, purpose, channel), yes in now.items()
        if yes and purpose in PURPOSES
    ]
    with writing(contacts.engine) as connection:
        consents.say(connection, contacts, rows)


def note_step(contacts: Contacts, bearer: Bearer, step: str, code: str) -> None:
    """Write what came back of a message to a person; the same twice is written once.

    Parameters
    ----------
    contacts
        The campaign.
    bearer
        Whose message.
    step, code
        "bounced" or "complained", and its status code.
    """
    who = {"tenant": contacts.tenant, "message": bearer.message, "person": bearer.person}
    row = {**who, "step": step, "code": code, "at_s": int(time.time())}
    with writing(contacts.engine) as connection:
        connection.execute(or_nothing(connection, STEPS).values(**row))


def note_reply(contacts: Contacts, bearer: Bearer, mail: str) -> None:
    """Count an answer to a message; the same mail is counted once. Nothing it says is kept.

    Parameters
    ----------
    contacts
        The campaign.
    bearer
        Whose message is answered.
    mail
        What tells the answer from others, such as its Message-ID; a keyed digest is kept.
    """
    part = vault.digest(contacts.ring.index, "reply", mail)
    known = sa.select(RESPONSES.c.part).where(
        RESPONSES.c.tenant == contacts.tenant,
        RESPONSES.c.message == bearer.message,
        RESPONSES.c.kind == REPLIED,
        RESPONSES.c.part == part,
    )
    with writing(contacts.engine) as connection:
        # The hour is in the key: read again in the next one, it would be another row.
        lock(connection, [f"reply {part}"])
        if connection.execute(known).first() is None:
            row = _response(contacts, bearer, REPLIED, part)
            connection.execute(sa.insert(RESPONSES).values(**row))
