"""Drafts of messages: versions beside one another, until one of them is approved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts, new_id
from analysis.contacts.universe import Universe
from analysis.database.engine import lock, reading, writing
from analysis.database.message_tables import APPROVALS, MESSAGES
from analysis.errors import DataError
from analysis.messages.letter_blocks import Letter

# What recipients must have said yes to, and where they are reached, by channel.
PURPOSE_OF = {"email": "letter_email", "sms": "letter_sms"}
POINT_OF = {"email": "email", "sms": "phone"}
# What people said of themselves: chosen or shown, it needs their yes to political advertising.
THEMED = frozenset({"person.theme", "person.volunteering", "person.donation"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A version of a message.

    Attributes
    ----------
    message, version
        Which.
    name
        For the campaign alone.
    letter
        What it says.
    universe
        Whom one means.
    author
        Who wrote this version.
    approved
        Whether it may leave.
    """

    message: str
    version: int
    name: str
    letter: Letter
    universe: Universe
    author: str
    approved: bool = False

    @property
    def themed(self) -> bool:
        """Tell whether people are chosen, or written to, by what they said of themselves."""
        return bool(THEMED & {*self.universe.chosen, *self.letter.shown})

    @property
    def channel(self) -> str:
        """Return the channel that the gate is asked for."""
        channel = self.letter.channel
        return "themed_email" if self.themed and channel == "email" else channel


def save(  # noqa: PLR0913 - what a draft is made of, and of which it is a version
    contacts: Contacts,
    name: str,
    letter: Letter,
    universe: Universe,
    *,
    message: str = "",
    seen: int | None = None,
) -> Draft:
    """Write a draft, or another version of it; return it.

    Parameters
    ----------
    contacts
        The campaign; who is at work is the author.
    name
        For the campaign alone.
    letter, universe
        What, and whom one means.
    message
        Of which draft it is a version; "" for a new one.
    seen
        The version that it was made from; None where that does not matter.

    Returns
    -------
    Draft
        Its version is 1, or one more than the last.

    Raises
    ------
    DataError
        When it was approved already, goes to the roll, or somebody else saved another version
        since the one that was `seen`.
    """
    if universe.of != "people":
        raise DataError(
            "A message goes to people who gave their address, never to the roll.",
            mend="Choose among people, or write letters of paper to the addresses of the roll.",
        )
    message = message or new_id()
    with writing(contacts.engine) as connection:
        lock(connection, [f"message {message}"])
        last = _row(connection, contacts, message)
        if last is not None and is_approved(connection, contacts, message):
            raise DataError(
                "This message was approved: it stays as it is.",
                mend="Write a new one.",
            )
        if last is not None and seen is not None and last["version"] != seen:
            raise DataError(
                "Somebody else saved version {version} of this message meanwhile.",
                where="{by}",
                mend="Read it on Check and approve: yours is still written here. Saved again, it "
                "becomes the version after it.",
                version=last["version"],
                by=last["by_user"],
            )
        draft = Draft(
            message, last["version"] + 1 if last else 1, name.strip(), letter, universe, contacts.by
        )
        row = {
            "message": message,
            "version": draft.version,
            "channel": letter.channel,
            "purpose": PURPOSE_OF[letter.channel],
            "name": draft.name,
            "content": letter.to_json(),
            "universe": universe.to_json(),
            "sha256": letter.sha256,
        }
        connection.execute(sa.insert(MESSAGES).values(**row, **contacts.stamp()))
    return draft


def draft_of(contacts: Contacts, message: str) -> Draft:
    """Return the last version of a message.

    Raises
    ------
    DataError
        When there is none of this id.
    """
    with reading(contacts.engine) as connection:
        row = _row(connection, contacts, message)
        approved = row is not None and is_approved(connection, contacts, message)
    if row is None:
        raise DataError(
            "There is no message {message} in this campaign.",
            mend="Take an id that the list of messages tells.",
            message=message,
        )
    return Draft(
        message,
        row["version"],
        row["name"],
        Letter.read(json.loads(row["content"])),
        Universe.read(json.loads(row["universe"])),
        row["by_user"],
        approved,
    )


def drafts(contacts: Contacts) -> list[dict[str, Any]]:
    """Return every message, the latest first: `message`, `version`, `name`, `at_s`, `approved`."""
    newest = (
        sa.select(MESSAGES.c.message, sa.func.max(MESSAGES.c.version).label("version"))
        .where(MESSAGES.c.tenant == contacts.tenant)
        .group_by(MESSAGES.c.message)
        .subquery()
    )
    mine = sa.and_(MESSAGES.c.message == newest.c.message, MESSAGES.c.version == newest.c.version)
    yes = sa.and_(
        APPROVALS.c.tenant == MESSAGES.c.tenant, APPROVALS.c.message == MESSAGES.c.message
    )
    names = (MESSAGES.c.message, MESSAGES.c.version, MESSAGES.c.name, MESSAGES.c.at_s)
    query = (
        sa.select(*names, APPROVALS.c.message.is_not(None).label("approved"))
        .select_from(MESSAGES.join(newest, mine).outerjoin(APPROVALS, yes))
        .where(MESSAGES.c.tenant == contacts.tenant)
        .order_by(MESSAGES.c.at_s.desc(), MESSAGES.c.message)
    )
    with reading(contacts.engine) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def is_approved(connection: Connection, contacts: Contacts, message: str) -> bool:
    """Tell whether a message may leave.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    message
        Which.

    Returns
    -------
    bool
        True also for one that was stopped since.
    """
    query = sa.select(APPROVALS.c.message).where(
        APPROVALS.c.tenant == contacts.tenant, APPROVALS.c.message == message
    )
    return connection.execute(query).first() is not None


def _row(connection: Connection, contacts: Contacts, message: str) -> sa.RowMapping | None:
    query = (
        sa.select(MESSAGES)
        .where(MESSAGES.c.tenant == contacts.tenant, MESSAGES.c.message == message)
        .order_by(MESSAGES.c.version.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()
