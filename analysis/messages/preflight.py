"""What is looked at before a message may be approved, and what cannot be proved from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from analysis.contacts.contact_store import Controller
from analysis.contacts.normalise import canonical_email
from analysis.errors import DataError, Text, some
from analysis.messages.letter_blocks import Letter, picture_bytes
from analysis.messages.letter_layout import LEAST_CONTRAST, PAPER, contrast

# They hide where a link goes, and filters of mail know it.
SHORTENERS = ("bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "cutt.ly")
_LONGEST_SUBJECT, _HEAVIEST = 78, 1_000_000
_SHOUTING, _SHORTEST = 0.6, 8
State = Literal["good", "bad", "doubt", "unproved"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: "bad" keeps the message from being approved."""

    name: str
    state: State
    told: Text


# What a domain publishes for its mail.
Records = Callable[[str], "list[Check]"]


def preflight(
    letter: Letter,
    controller: Controller,
    base: str,
    *,
    server: bool,
    records: Records | None = None,
) -> list[Check]:
    """Return what was looked at, in order.

    Parameters
    ----------
    letter
        What it says.
    controller
        Who answers.
    base
        Address of the server, as others reach it: links to leave begin with it.
    server
        Whether a mail server is named.
    records
        Reads what the domain publishes; None where nobody asks the network.

    Returns
    -------
    list of Check
        One a thing looked at, with what was found.
    """
    if letter.channel == "sms":
        told = Text("Who answers STOP leaves; the text says so.")
        return [*_who(controller), Check("leave", "good", told), *_no_server(server=server)]
    return [
        *_who(controller),
        _way_out(base),
        *_looks(letter),
        *_links(letter),
        *_spam(letter),
        *_beyond(controller, records, server=server),
    ]


def refuse_bad(checks: list[Check]) -> None:
    """Refuse a message that must not leave as it is.

    Raises
    ------
    DataError
        Naming everything that is wrong.
    """
    if bad := [one.told for one in checks if one.state == "bad"]:
        raise DataError(
            "The message cannot leave like this: {why}",
            mend="Put it right, look at it again, then have it approved.",
            why=some(bad, most=len(bad)),
        )


def from_a_name(sender: str) -> Iterator[Check]:
    """Yield a doubt where texts come from a name: a telephone answers STOP to numbers alone.

    Parameters
    ----------
    sender
        Name or number that texts come from; "" where the gateway alone knows.
    """
    if any(map(str.isalpha, sender)):
        told = Text(
            "Texts come from the name {name}: nobody can answer STOP to a name. Ask the gateway "
            "for a number (PALIER_SMS, from=).",
            name=sender,
        )
        yield Check("sender", "doubt", told)


def sender_address(controller: Controller) -> str:
    """Return the address from which a controller writes; "" where they gave none."""
    for word in controller.contact.replace(",", " ").replace(";", " ").split():
        try:
            return canonical_email(word.strip("<>()"))
        except DataError:
            continue
    return ""


def _who(controller: Controller) -> Iterator[Check]:
    missing = controller.missing
    yield (
        Check("controller", "bad", Text("Who answers lacks: {names}.", names=some(missing, most=9)))
        if missing
        else Check(
            "controller", "good", Text("Sponsor, election, notice and who answers are told.")
        )
    )
    if not sender_address(controller):
        yield Check("sender", "bad", Text("Who answers gave no e-mail address to write from."))


def _way_out(base: str) -> Check:
    parts = urlsplit(base)
    host = parts.hostname or ""
    if parts.scheme != "https" or "." not in host or host.endswith(".localhost"):
        return Check(
            "leave",
            "bad",
            Text(
                "Nobody could leave in one click: {base} is no https address that others reach.",
                base=base or "–",
            ),
        )
    return Check("leave", "good", Text("One click leaves, at {host}.", host=host))


def _looks(letter: Letter) -> Iterator[Check]:
    ratio = contrast(letter.accent, PAPER)
    told = Text(
        "Contrast of title and button: {ratio:.1f} (at least {least}).",
        ratio=ratio,
        least=LEAST_CONTRAST,
    )  # noqa: E501
    yield Check("contrast", "good" if ratio >= LEAST_CONTRAST else "bad", told)
    pictures = [one for one in letter.blocks if one["kind"] == "picture"]
    if pictures:
        yield Check("pictures", "good", Text("Every picture has its words and travels along."))
    weight = sum(len(picture_bytes(one)) for one in pictures)
    if weight > _HEAVIEST:
        yield Check(
            "weight", "bad", Text("Pictures weigh {n} bytes: too much for a mailbox.", n=weight)
        )  # noqa: E501


def _links(letter: Letter) -> Iterator[Check]:
    hosts = {urlsplit(str(one["url"])).hostname or "" for one in letter.blocks if "url" in one}
    short = sorted(host for host in hosts if host.removeprefix("www.") in SHORTENERS)
    if short:
        yield Check("links", "bad", Text("Links hide where they go: {hosts}.", hosts=some(short)))
    elif hosts:
        yield Check(
            "links",
            "good",
            Text("Links go to {hosts}, the same for everybody.", hosts=some(sorted(hosts))),
        )  # noqa: E501


def _spam(letter: Letter) -> Iterator[Check]:
    subject = letter.subject
    letters = [sign for sign in subject if sign.isalpha()]
    loud = len(letters) >= _SHORTEST and sum(s.isupper() for s in letters) > _SHOUTING * len(
        letters
    )
    if loud or "!!" in subject or "€€" in subject:
        yield Check(
            "subject", "doubt", Text("The subject shouts: filters of mail may hold it back.")
        )
    if len(subject) > _LONGEST_SUBJECT:
        yield Check("subject", "doubt", Text("The subject is longer than most mailboxes show."))
    if not any(one["kind"] in ("text", "title") for one in letter.blocks):
        yield Check("words", "doubt", Text("There are no words but in pictures and buttons."))


def _beyond(controller: Controller, records: Records | None, *, server: bool) -> Iterator[Check]:
    domain = sender_address(controller).rpartition("@")[2]
    if records is not None and domain and server:
        yield from records(domain)
    else:
        yield unproved(domain)
    yield from _no_server(server=server)


def unproved(domain: str) -> Check:
    """Return that nothing can be said of a domain from here."""
    told = Text("SPF, DKIM and DMARC of {domain} cannot be proved here.", domain=domain or "–")
    return Check("domain", "unproved", told)


def _no_server(*, server: bool) -> Iterator[Check]:
    if not server:
        told = Text("Nothing is named that takes messages away: nothing will be sent.")
        yield Check("server", "unproved", told)
