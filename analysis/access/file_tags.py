"""Whose a file is that a page has just made: its address says so, and only they fetch it.

Streamlit keeps pictures and downloads of all pages in one place, under a digest of their content:
whoever knows the content knows the address. On a server the address begins with a tag that nobody
else can work out, of the campaign, or of one person where they see a part of it only.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.access.membership import Person

# What is made before anybody is known, such as the icon.
COMMON = "common"
_DIGITS = 20


def tag(secret: str, campaign: str, user_id: str = "") -> str:
    """Return the tag of a campaign's files, or of those of one person in it.

    Parameters
    ----------
    secret
        Of the server.
    campaign
        Its id; "" where there is none.
    user_id
        Whose alone; "" for everybody who sees the whole campaign.

    Returns
    -------
    str
        Twenty hexadecimal digits, the same for the same three; `COMMON` without a campaign.
    """
    if not campaign:
        return COMMON
    told = f"{campaign}\x1f{user_id}".encode()
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:_DIGITS]


def owner(person: Person, campaign: str) -> str:
    """Return whose the files are that a person's pages make: "" for the campaign's."""
    return "" if person.sees_whole(campaign) else person.user_id


def may_fetch(secret: str, person: Person, name: str) -> bool:
    """Tell whether a person may fetch a file by its name.

    Parameters
    ----------
    secret
        Of the server.
    person
        Who asks.
    name
        Of the file: its tag, a hyphen, and the rest.

    Returns
    -------
    bool
        True for a file of everybody, and for one whose tag the person's campaigns give.
    """
    found = name.partition("-")[0]
    known = {COMMON}
    for campaign in person.campaigns():
        known.add(tag(secret, campaign, person.user_id))
        if person.sees_whole(campaign):
            known.add(tag(secret, campaign))
    return any(hmac.compare_digest(found.encode(), one.encode()) for one in known)
