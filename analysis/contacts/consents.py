"""What people said yes and no to: by purpose and channel, with the text they saw and a proof.

Rows are added, never changed. A person's latest word holds; of two that say the same second, the
refusal. Of people merged into one, the withdrawal of either holds until a yes said after the merge.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts, new_id
from analysis.contacts.merged import Groups, groups
from analysis.contacts.suppression import listed
from analysis.database.contact_tables import CONSENT_TEXTS, CONSENTS
from analysis.database.engine import or_nothing, tenant_of
from analysis.errors import DataError, Text, some

# Each a box of its own, and the channels it may be given for.
PURPOSES: dict[str, tuple[str, ...]] = {
    "letter_email": ("email",),
    "letter_sms": ("sms",),
    "phone": ("phone",),
    "political_ads": ("email", "sms", "online"),
    "open_tracking": ("email",),
    "opinion": ("any",),
}
# Boxes with words of their own where a purpose is asked for by channel.
OWN_WORDS = {("political_ads", "sms"): "political_ads_sms"}
# How it was said: without one of these a column "consent" of a file is none.
HOWS = ("door", "paper", "web", "phone", "email", "sms", "post", "import", "meeting")
LANGUAGES = ("fr", "en")
_CLOCK_SKEW_S = 300


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said about one purpose.

    Attributes
    ----------
    person, purpose, channel
        Who, about what of `PURPOSES`.
    given
        Yes; False takes it back.
    text_id, text_version
        What they read or heard, of `texts`; may be left out to take back.
    said_s
        When they said it, seconds since 1970.
    how
        One of `HOWS`.
    proof
        What shows it: a signature, a click, a line of a paper. Only its keyed digest is kept.
    """

    person: str
    purpose: str
    channel: str
    given: bool
    said_s: int
    how: str
    text_id: str = ""
    text_version: int = 0
    proof: str = ""


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A wording: its id and version, which box it stands beside (`purpose`), and language."""

    text_id: str
    version: int
    purpose: str
    language: str
    wording: str


@cache
def _defaults() -> dict[str, dict[str, str]]:
    text = (files("analysis.contacts") / "consent_texts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def texts(connection: Connection, contacts: Contacts) -> list[ConsentText]:
    """Return every wording, all versions; a box that has none yet gets its default.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    """
    first = [
        {"text_id": f"{purpose}.{language}", "version": 1, "purpose": purpose}
        | {"language": language, "wording": wording, **contacts.stamp()}
        for purpose, wordings in _defaults().items()
        for language, wording in wordings.items()
    ]
    query = (
        sa.select(CONSENT_TEXTS)
        .where(CONSENT_TEXTS.c.tenant == contacts.tenant)
        .order_by(CONSENT_TEXTS.c.text_id, CONSENT_TEXTS.c.version)
    )
    names = ConsentText.__dataclass_fields__
    rows = connection.execute(query).mappings().all()
    if {one["text_id"] for one in first} - {row["text_id"] for row in rows}:
        connection.execute(or_nothing(connection, CONSENT_TEXTS), first)
        rows = connection.execute(query).mappings().all()
    return [ConsentText(**{name: row[name] for name in names}) for row in rows]


def latest_text(known: Iterable[ConsentText], purpose: str, language: str) -> ConsentText:
    """Return the wording of a purpose that is asked today.

    Parameters
    ----------
    known
        What `texts` returned.
    purpose
        A box: one of `PURPOSES`, or of `OWN_WORDS`.
    language
        "fr" or "en".

    Returns
    -------
    ConsentText
        That of the highest version.

    Raises
    ------
    ValueError
        When no wording of that purpose is known in that language.
    """
    mine = [one for one in known if (one.purpose, one.language) == (purpose, language)]
    return max(mine, key=lambda one: one.version)


def reword(
    connection: Connection, contacts: Contacts, *, purpose: str, language: str, wording: str
) -> ConsentText:
    """Add a version of a wording; who said yes to a former one said yes to that one.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    purpose, language
        Which box.
    wording
        What it says.

    Returns
    -------
    ConsentText
        The new version, as it was written.

    Raises
    ------
    DataError
        When it is empty.
    """
    if not wording.strip():
        raise DataError(
            "A box for consent has no words.",
            where="{purpose}",
            mend="Write what the person says yes to.",
            purpose=purpose,
        )
    last = latest_text(texts(connection, contacts), purpose, language)
    fresh = ConsentText(last.text_id, last.version + 1, purpose, language, wording.strip())
    row = {name: getattr(fresh, name) for name in ConsentText.__dataclass_fields__}
    connection.execute(sa.insert(CONSENT_TEXTS).values(**row, **contacts.stamp()))
    return fresh


def say(connection: Connection, contacts: Contacts, rows: Iterable[Said]) -> int:
    """Write what people said; return the number of rows written.

    What is taken back is taken back for everyone the person is merged with, so that undoing the
    merge gives no yes back.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    rows
        What was said.

    Returns
    -------
    int
        More than was said where people are merged: see above.

    Raises
    ------
    DataError
        When one lacks its text, date, channel or proof: nothing of all is written then.
    """
    told = list(rows)
    known = {(one.text_id, one.version): one.purpose for one in texts(connection, contacts)}
    _check(told, known)
    merged, stamp = groups(connection), contacts.stamp()
    told = _after_what_was_said(connection, told, merged)
    written = [
        {"consent": new_id(), "person": person, "given": one.given, **stamp}
        | {name: getattr(one, name) for name in _AS_TOLD}
        | {"proof": vault.digest(contacts.ring.index, "proof", one.proof) if one.proof else ""}
        for one in told
        for person in ([one.person] if one.given else merged.members([one.person]))
    ]
    if written:
        connection.execute(sa.insert(CONSENTS), written)
    return len(written)


def _after_what_was_said(
    connection: Connection, rows: Sequence[Said], merged: Groups
) -> list[Said]:
    """Date what is taken back at this moment after every yes to it, whatever the clocks said.

    A telephone may run minutes ahead, and the clock of a server may be set back.
    """
    now = int(time.time()) - 1
    fresh = [one.person for one in rows if not one.given and one.said_s >= now]
    if not fresh:
        return list(rows)
    names = listed(connection, merged.members(fresh))
    query = latest(tenant_of(connection)).where(CONSENTS.c.person.in_(names))
    last: dict[tuple[str, str, str], int] = {}
    for about, by, who, given_s, _taken_s in connection.execute(query):
        key = (merged.of(who), about, by)
        last[key] = max(last.get(key, 0), int(given_s))
    return [
        one
        if one.given or one.said_s < now
        else replace(
            one,
            said_s=max(one.said_s, last.get((merged.of(one.person), one.purpose, one.channel), 0)),
        )
        for one in rows
    ]


_AS_TOLD = ("purpose", "channel", "text_id", "text_version", "said_s", "how")


def _check(told: Sequence[Said], known: dict[tuple[str, int], str]) -> None:
    wrong = [(n, why) for n, one in enumerate(told, 1) if (why := _fault(one, known))]
    if wrong:
        shown = [Text("row {n}: {why}", n=n, why=why) for n, why in wrong]
        raise DataError(
            "This is no consent: it needs its purpose and channel, the text, the date and a proof.",
            where="{rows}",
            mend="Write what is missing, or leave these people without consent.",
            rows=some(shown),
        )


def _fault(one: Said, known: dict[tuple[str, int], str]) -> Text | None:
    """Return what one row lacks; to take back needs no text and no proof."""
    if one.channel not in PURPOSES.get(one.purpose, ()):
        return Text("its purpose or channel")
    if one.how not in HOWS:
        return Text("how it was said")
    if not 0 < one.said_s <= time.time() + _CLOCK_SKEW_S:
        return Text("its date")
    if not one.given:
        return None
    boxes = (one.purpose, OWN_WORDS.get((one.purpose, one.channel)))
    if known.get((one.text_id, one.text_version), "") not in boxes:
        return Text("its text and version")
    return None if one.proof.strip() else Text("its proof")


def latest(tenant: str, purpose: str = "", channel: str = "") -> sa.Select[Any]:
    """Return a query: a person's last yes and last no, by purpose and channel, 0 for never.

    Parameters
    ----------
    tenant
        Of the campaign.
    purpose, channel
        Only these, one row a person; "" for all.

    Returns
    -------
    sqlalchemy.Select
        `person`, `given_s` and `taken_s` in seconds since 1970, with `purpose` and `channel`; rows
        of one person each, merged or not.
    """
    given = sa.case((CONSENTS.c.given, CONSENTS.c.said_s), else_=0)
    taken = sa.case((CONSENTS.c.given, 0), else_=CONSENTS.c.said_s)
    wanted = {"purpose": purpose, "channel": channel}
    only = [CONSENTS.c[name] == value for name, value in wanted.items() if value]
    keys = [CONSENTS.c.person, *(CONSENTS.c[name] for name in wanted if not wanted[name])]
    return (
        sa.select(
            *(
                CONSENTS.c[name] if not value else sa.literal(value).label(name)
                for name, value in wanted.items()
            ),
            CONSENTS.c.person,
            sa.func.max(given).label("given_s"),
            sa.func.max(taken).label("taken_s"),
        )
        .where(CONSENTS.c.tenant == tenant, *only)
        .group_by(*keys)
    )


def current(
    connection: Connection,
    *,
    purpose: str = "",
    channel: str = "",
    people: Iterable[str] | None = None,
) -> dict[tuple[str, str, str], bool]:
    """Return what holds: whether who stands for a person says yes, by purpose and channel.

    Objections are not in it: see `suppression.objecting`.

    Parameters
    ----------
    connection
        Of the campaign.
    purpose, channel
        Only these; "" for all.
    people
        Only these and who they are merged with; None for everybody.

    Returns
    -------
    dict
        By person (who stands for a group), purpose and channel; who never said anything is not in
        it.
    """
    merged = groups(connection)
    query = latest(tenant_of(connection), purpose, channel)
    if people is not None:
        names = merged.members(people)
        query = query.where(CONSENTS.c.person.in_(listed(connection, names)))
    words: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for about, by, who, given_s, taken_s in connection.execute(query):
        words.setdefault((merged.of(who), about, by), []).append((given_s, taken_s))
    return {key: _holds(said, merged, key[0]) for key, said in words.items()}


def _holds(said: Sequence[tuple[int, int]], merged: Groups, root: str) -> bool:
    """Tell whether a group says yes, from the last yes and no of each of its members."""
    yes = max((given for given, taken in said if given > taken), default=0)
    standing = [taken for given, taken in said if taken >= given]
    if not yes or not standing:
        return bool(yes)
    return yes > max(*standing, merged.since_s.get(root, 0))
