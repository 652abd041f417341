"""A request to a public page: whose campaign, in which language, and whether its form is ours."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.contacts.asked import filled
from analysis.contacts.consents import ConsentText
from analysis.contacts.contact_store import Contacts
from analysis.workflows.letters_by_link import WORDS

_OLDEST_S = 86_400
Form = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """A request to a page of a campaign.

    Attributes
    ----------
    workspace, contacts
        Of the campaign.
    language
        Asked for.
    texts
        What is asked today, in that language, by purpose.
    rest
        Path after the name of the campaign.
    form
        What was sent; None for a GET.
    origin
        Address that it came from.
    """

    workspace: Path
    contacts: Contacts
    language: str
    texts: Mapping[str, ConsentText]
    rest: tuple[str, ...]
    form: Form | None
    origin: str = ""

    def say(self, key: str, section: str = "page") -> str:
        """Return a text of the pages, with who answers and how to reach them."""
        return filled(WORDS[self.language][f"{section}.{key}"], self.contacts.controller)

    def path(self, *rest: str) -> str:
        """Return the path of a page, in the language of this one."""
        return "/".join(["/p", self.contacts.tenant, *rest]) + f"?lang={self.language}"

    def seal(self) -> str:
        """Return what a form of ours bears: no other page can make a browser send one.

        Nor does one hold that has other words than those of today: nobody says yes to what they did
        not read.
        """
        return seal_of(self.contacts, int(time.time()), self.texts)

    def is_ours(self) -> bool:
        """Tell whether a form bears the seal of the last day."""
        at, _dot, _mark = self.one("seal").partition(".")
        made = int(at) if at.isascii() and at.isdecimal() and len(at) < 12 else 0  # noqa: PLR2004
        fresh = 0 <= time.time() - made <= _OLDEST_S
        # Texts with an accent would be a fault of the comparison, not of the form.
        given, ours = (
            one.encode() for one in (self.one("seal"), seal_of(self.contacts, made, self.texts))
        )
        return fresh and hmac.compare_digest(given, ours)

    def one(self, name: str) -> str:
        """Return a field of the form."""
        return (self.form or {}).get(name, [""])[0].strip()


def seal_of(contacts: Contacts, made: int, texts: Mapping[str, ConsentText]) -> str:
    """Return the seal of a form made at an hour, for the words that stand in it.

    Parameters
    ----------
    contacts
        The campaign.
    made
        Seconds since 1970.
    texts
        What the form asks, by purpose.

    Returns
    -------
    str
        The hour, and a keyed digest of it and of the words.
    """
    words = " ".join(f"{one.text_id}:{one.version}" for _purpose, one in sorted(texts.items()))
    told = f"form {made} {words}".encode()
    mark = hmac.new(contacts.ring.index, told, hashlib.sha256).hexdigest()
    return f"{made}.{mark}"
