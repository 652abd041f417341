"""What a person agrees to at present, and how they change it by their own link."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from analysis.contacts import vault
from analysis.contacts.asked import purposes, wordings
from analysis.contacts.confirmations import Link
from analysis.contacts.consents import Said, current, say
from analysis.contacts.contact_store import Contacts
from analysis.contacts.suppression import suppress_people, suppressed
from analysis.database.engine import reading, writing


def held(contacts: Contacts, person: str) -> list[str]:
    """Return the purposes that somebody agrees to, in the order of the table."""
    if _is_stopped(contacts, person):
        return []
    with reading(contacts.engine) as connection:
        now = current(connection, people=[person])
    given = {(purpose, channel) for (_who, purpose, channel), yes in now.items() if yes}
    return [name for name, one in purposes().items() if (one.consent, one.channel) in given]


def offered(contacts: Contacts, person: str) -> list[str]:
    """Return the purposes that somebody may agree to by what is known of them."""
    if _is_stopped(contacts, person):
        return []
    with reading(contacts.engine) as connection:
        kinds = {kind for kind, _text in vault.every_point(connection, contacts.ring, [person])}
    return [name for name, one in purposes().items() if not one.needs or one.needs in kinds]


def change(contacts: Contacts, link: Link, do: str, *, boxes: Iterable[str], language: str) -> str:
    """Do what a person wants; return the key of the sentence that says it was done.

    Parameters
    ----------
    contacts
        The campaign.
    link
        By which they came.
    do
        "stop", "withdraw" or "agree".
    boxes
        Purposes.
    language
        Of the words they read.

    Returns
    -------
    str
        "stopped", "withdrawn" or "kept"; "" where nothing was done.
    """
    wanted = [one for one in purposes() if one in set(boxes)]
    if do == "stop":
        # At once and for all channels, and once more as consents, for who reads those alone.
        suppress_people(contacts, [link.person], "unsubscribe")
        _say(contacts, link, list(purposes()), given=False, language=language)
        return "stopped"
    if do == "withdraw" and wanted:
        _say(contacts, link, wanted, given=False, language=language)
        return "withdrawn"
    allowed = set(offered(contacts, link.person))
    if do == "agree" and (agreed := [one for one in wanted if one in allowed]):
        _say(contacts, link, agreed, given=True, language=language)
        return "kept"
    return ""


def _say(contacts: Contacts, link: Link, wanted: list[str], *, given: bool, language: str) -> None:
    texts = wordings(contacts)[language]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [
        Said(
            person=link.person,
            purpose=purposes()[purpose].consent,
            channel=purposes()[purpose].channel,
            given=given,
            said_s=int(time.time()),
            how="web",
            text_id=texts[purpose].text_id,
            text_version=texts[purpose].version,
            # The click on a link that only their mailbox has.
            proof=json.dumps({"link": link.digest, "purpose": purpose, "given": given, "at": at}),
        )
        for purpose in wanted
    ]
    with writing(contacts.engine) as connection:
        say(connection, contacts, rows)


def _is_stopped(contacts: Contacts, person: str) -> bool:
    with reading(contacts.engine) as connection:
        points = vault.every_point(connection, contacts.ring, [person])
    return bool(suppressed(contacts, points))
