"""Letters with a link: to confirm an act, or to change what one agreed to."""

from __future__ import annotations

import time
from importlib.resources import files
from pathlib import Path

from analysis.contacts import confirmations, vault
from analysis.contacts.acts import Act, proof_of
from analysis.contacts.consents import current
from analysis.contacts.contact_store import Contacts
from analysis.contacts.normalise import canonical_email
from analysis.contacts.suppression import WISHES, suppressed
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from analysis.i18n import Words
from analysis.workflows import letter_quota, mail_out, server_access

WORDS = Words.read("public", files("analysis.workflows") / "public_words.toml")


def ask_to_confirm(
    workspace: Path, contacts: Contacts, person: str, act: Act, *, origin: str = ""
) -> bool | None:
    """Ask a person to confirm their act by e-mail.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people.
    person, act
        Whose, and what.
    origin
        Address that a stranger's request came from.

    Returns
    -------
    bool or None
        Whether the letter was sent, or waits in the outbox; None where one went a moment ago, or
        as many as one mailbox gets in a day, or whose it is asked never to be reached again.
    """
    if _wants_none(contacts, act.email):
        return None
    counted = (contacts.workspaces, "confirm", canonical_email(act.email), origin)
    if not letter_quota.take(*counted):
        return None
    proof = proof_of(contacts, act)
    with writing(contacts.engine) as connection:
        secret = confirmations.offer(connection, contacts, person, confirmations.ACT, proof=proof)
    if secret is None:
        letter_quota.give_back(*counted)
        return None
    return _send(workspace, contacts, (person, act.email), ("confirm", f"c/{secret}", act.language))


def send_preferences(
    workspace: Path, contacts: Contacts, email: str, language: str, *, origin: str = ""
) -> None:
    """Send their link to everybody who has an address; to nobody else, and without saying so.

    Whoever stopped everything agrees to nothing and may agree to nothing by a link: a stranger who
    types their address must not have them written to.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people.
    email
        As it was typed.
    language
        Of the letter.
    origin
        Address that the request came from.
    """
    try:
        canonical = canonical_email(email)
    except DataError:
        return
    if _wants_none(contacts, canonical):
        return
    with reading(contacts.engine) as connection:
        people = vault.who_has(connection, contacts.ring, "email", [canonical]).get(canonical, [])
        agreed = {who for (who, *_what), yes in current(connection, people=people).items() if yes}
    # Whom a stranger made up under this address never agreed to anything: they come last.
    counted = (contacts.workspaces, "preferences", canonical, origin)
    for person in sorted(people, key=lambda one: one not in agreed):
        if not letter_quota.take(*counted):
            return
        with writing(contacts.engine) as connection:
            secret = confirmations.offer(connection, contacts, person, confirmations.PREFERENCES)
        if secret is None:
            letter_quota.give_back(*counted)
        else:
            words = ("preferences", f"m/{secret}", language)
            _send(workspace, contacts, (person, canonical), words)


def send_waiting(workspace: Path, contacts: Contacts) -> int:
    """Send the letters that waited for a mail server, but to nobody who stopped everything since.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people.

    Returns
    -------
    int
        How many left.
    """
    since_s = time.time() - confirmations.LASTS_S[confirmations.ACT]
    return mail_out.send_waiting(
        workspace, lambda email: not _wants_none(contacts, canonical_email(email)), since_s=since_s
    )


def page_address(contacts: Contacts, rest: str = "") -> str:
    """Return the address of the campaign's public pages, or of one of them."""
    return f"{server_access.own_address()}/p/{contacts.tenant}" + (f"/{rest}" if rest else "")


def _wants_none(contacts: Contacts, email: str) -> bool:
    """Tell whether whoever reads a mailbox asked never to be reached again; a bounce is no wish."""
    return bool(set(suppressed(contacts, [("email", email)]).values()) & {*WISHES})


def _send(
    workspace: Path, contacts: Contacts, to: tuple[str, str], words: tuple[str, str, str]
) -> bool:
    (person, address), (kind, rest, language) = to, words
    told, who = WORDS[language if language in ("fr", "en") else "fr"], contacts.controller
    text = told[f"letter.{kind}_text"].format(
        controller=who.name, contact=who.contact, link=page_address(contacts, rest)
    )
    letter = mail_out.Letter(person, address, told[f"letter.{kind}_subject"], text + "\n")
    return mail_out.send(workspace, contacts, letter)
