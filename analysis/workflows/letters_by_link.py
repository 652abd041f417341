"""Letters with a link: to confirm an act, or to change what one agreed to."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from analysis.contacts import confirmations, vault
from analysis.contacts.acts import Act, proof_of
from analysis.contacts.consents import current
from analysis.contacts.contact_store import Contacts
from analysis.contacts.normalise import canonical_email
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from analysis.i18n import Words
from analysis.workflows import mail_out, server_access
from analysis.workflows.letter_quota import Quota

WORDS = Words.read("public", files("analysis.workflows") / "public_words.toml")


# Apart, so that who is signed up by a stranger still gets the link by which they leave.
_confirming, _preferring = Quota(), Quota()


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
        as many as one mailbox gets in a day.
    """
    mailbox = canonical_email(act.email)
    if not _confirming.take(mailbox, origin):
        return None
    proof = proof_of(contacts, act)
    with writing(contacts.engine) as connection:
        secret = confirmations.offer(connection, contacts, person, confirmations.ACT, proof=proof)
    if secret is None:
        _confirming.give_back(mailbox, origin)
        return None
    return _send(workspace, contacts, (person, act.email), ("confirm", f"c/{secret}", act.language))


def send_preferences(
    workspace: Path, contacts: Contacts, email: str, language: str, *, origin: str = ""
) -> None:
    """Send their link to everybody who has an address; to nobody else, and without saying so.

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
    with reading(contacts.engine) as connection:
        people = vault.who_has(connection, contacts.ring, "email", [canonical]).get(canonical, [])
        agreed = {who for (who, *_what), yes in current(connection, people=people).items() if yes}
    # Whom a stranger made up under this address never agreed to anything: they come last.
    for person in sorted(people, key=lambda one: one not in agreed):
        if not _preferring.take(canonical, origin):
            return
        with writing(contacts.engine) as connection:
            secret = confirmations.offer(connection, contacts, person, confirmations.PREFERENCES)
        if secret is None:
            _preferring.give_back(canonical, origin)
        else:
            words = ("preferences", f"m/{secret}", language)
            _send(workspace, contacts, (person, canonical), words)


def page_address(contacts: Contacts, rest: str = "") -> str:
    """Return the address of the campaign's public pages, or of one of them."""
    settings = server_access.settings()
    base = settings.address.rstrip("/") or f"http://localhost:{settings.port}"
    return f"{base}/p/{contacts.tenant}" + (f"/{rest}" if rest else "")


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
