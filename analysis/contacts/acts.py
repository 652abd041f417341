"""The act by which a person leaves their contact: checked whole, then kept with its proof.

An act is a JSON text with sorted keys, kept letter for letter under the key of its person; the
consents that follow from it bear its keyed digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import vault
from analysis.contacts.asked import purposes, statements, themes
from analysis.contacts.consents import Said, say
from analysis.contacts.contact_store import Contacts, insert_many, new_id
from analysis.contacts.normalise import canonical_email, canonical_phone, name_key
from analysis.database.contact_tables import HOMES, PERSONS, STATEMENTS
from analysis.errors import DataError, Text

PREFIX = "act-"
ADULT = "adult"
SIGNATURE, BY_MAIL, ON_PAPER, ON_PAGE = "signature", "email", "paper", "page"
_HOW = {SIGNATURE: "door", ON_PAPER: "paper", BY_MAIL: "email", ON_PAGE: "web"}
_TEXTS = ("said_on", "turf", "team", "language", "first_name", "last_name", "email", "phone", "act")
_KEYS = {"v", *_TEXTS, "texts", "said", "themes", "signature"}
# What texts raise that no form of ours wrote: 1e999 is no whole number, and brackets may go deep.
_NO_FORM = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError),
)
_FORMAT, _LONGEST, _LEAST_PEN, _MOST_PEN = 1, 200, 8, 4000
# What an act may lack, as it is told to who typed it in for somebody or opened it.
LACKS = {
    "box": Text("a box that we do not know"),
    "no_box": Text("no box was ticked"),
    "asked": Text("something that nobody was asked"),
    "day": Text("its day is to come"),
    "adult": Text("the person does not say that they are 17 or older"),
    "name": Text("the name is missing"),
    "point": Text("no e-mail address or telephone that is whole"),
    "email": Text("the e-mail address is not whole"),
    "phone": Text("the telephone number is not whole"),
    "needs_email": Text("a box needs a contact"),
    "needs_phone": Text("a box needs a contact"),
    "opinion": Text("help, gift and subjects need their own box"),
    "act": Text("no signature, and no confirmation asked for"),
    "confirm": Text("no e-mail address to confirm by"),
    "signature": Text("no signature, and no confirmation asked for"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did and wrote to leave their contact.

    Attributes
    ----------
    said_on
        The day.
    turf, team
        Where and before whom, if it was at a door.
    language
        Of the words they read.
    texts
        Text and version by purpose ticked.
    first_name, last_name, email, phone
        As they wrote them.
    said, themes
        "adult", and what they say of themselves; subjects.
    act
        `SIGNATURE`, `ON_PAPER`, `BY_MAIL` or `ON_PAGE`: the last two hold once confirmed.
    signature
        Strokes drawn on the screen, x and y in turn.
    written
        The whole as canonical JSON.
    """

    said_on: date
    turf: str
    team: str
    language: str
    texts: Mapping[str, tuple[str, int]]
    first_name: str
    last_name: str
    email: str
    phone: str
    said: tuple[str, ...]
    themes: tuple[str, ...]
    act: str
    signature: Sequence[Sequence[int]] = field(repr=False, default=())
    written: str = field(repr=False, default="")

    @property
    def must_confirm(self) -> bool:
        """Tell whether nothing holds before a click on a link sent by e-mail."""
        return self.act in (BY_MAIL, ON_PAGE)


def written(content: Mapping[str, Any]) -> str:
    """Return an act as the one text that is kept and digested."""
    return json.dumps(
        {"v": _FORMAT, **content}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def read_act(text: str) -> Act:
    """Read an act, from whichever phone or form it comes.

    Raises
    ------
    DataError
        When it is no whole act of a person: the reason repeats nothing of them.
    """
    act = parsed(text)
    if lacking := lacks(act):
        raise _refused(LACKS[lacking[0]])
    return act


def parsed(text: str) -> Act:
    """Return what a form of ours wrote, whole or not.

    Raises
    ------
    DataError
        When no form of ours wrote it.
    """
    try:
        text.encode()  # half a character could be kept nowhere
        told = json.loads(text)
        read = {name: _short(told[name]) for name in _TEXTS}
        day = date.fromisoformat(read.pop("said_on"))
        act = Act(
            said_on=day,
            **read,
            texts={p: (str(one[0]), int(one[1])) for p, one in told["texts"].items()},
            said=tuple(map(str, told["said"])),
            themes=tuple(map(str, told["themes"])),
            signature=[[int(n) for n in stroke] for stroke in told["signature"]],
            written=text,
        )
    except _NO_FORM as error:
        raise _refused(Text("it was not written by a form of ours")) from error
    if told.keys() != _KEYS or told["v"] != _FORMAT:
        raise _refused(Text("it was not written by a form of ours"))
    return act


def lacks(act: Act) -> list[str]:
    """Return what an act lacks to be one, each a name of `LACKS`, the gravest first."""
    ticked = [purposes()[name] for name in act.texts if name in purposes()]
    about = act.themes or set(act.said) & statements().keys()
    has = {"email": _can(canonical_email, act.email), "phone": _can(canonical_phone, act.phone)}
    needed = {one.needs for one in ticked}
    strokes = sum(map(len, act.signature))
    checks = {
        "box": len(ticked) != len(act.texts),
        "no_box": not act.texts,
        "asked": not _known(act),
        "day": act.said_on > _today(),
        "adult": ADULT not in act.said,
        "name": not all(map(name_key, (act.first_name, act.last_name))),
        "point": not any(has.values()),
        "email": bool(act.email) > has["email"],
        "phone": bool(act.phone) > has["phone"],
        "needs_email": "email" in needed and not has["email"],
        "needs_phone": "phone" in needed and not has["phone"],
        "opinion": bool(about) and "opinion" not in act.texts,
        "act": act.act not in _HOW,
        "confirm": act.must_confirm and not has["email"],
        "signature": act.act == SIGNATURE and not _LEAST_PEN <= strokes <= _MOST_PEN,
    }
    return [name for name in LACKS if checks[name]]


def enter(
    connection: Connection, contacts: Contacts, act: Act, *, source: str, bureau: str = ""
) -> str:
    """Write the person of an act; what they said follows at once, or once they confirm.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    act
        Checked.
    source
        "door", "paper" or "page".
    bureau
        Bureau of where they live, if it is known.

    Returns
    -------
    str
        The person; one who left the same contact and name before is the same.
    """
    person = _same(connection, contacts, act, points_of(act))
    is_new = not person
    if is_new:
        person = new_id()
        row = {"person": person, "source": source, "relation": "occasional", "file_id": ""}
        connection.execute(sa.insert(PERSONS).values(**row, **contacts.stamp()))
    kept = (person, PREFIX + proof_of(contacts, act)[:24], act.written)
    vault.put(connection, contacts.ring, [kept])
    # Whoever fills in a form under another's name changes nothing of who they are.
    if is_new or not act.must_confirm:
        _name(connection, contacts, person, act)
    if bureau:
        now = datetime.now(UTC)
        row = {"tenant": contacts.tenant, "person": person, "source": source}
        row |= {"commune_id": bureau.partition("_")[0], "bureau_id": bureau}
        connection.execute(sa.insert(HOMES).values(**row, version=int(now.timestamp() * 1e6)))
    if not act.must_confirm:
        hold(connection, contacts, person, act)
    return person


def hold(connection: Connection, contacts: Contacts, person: str, act: Act) -> int:
    """Let the consents of an act hold, and what the person said; return how many consents.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    person
        Whose act it is.
    act
        Signed, or confirmed.

    Returns
    -------
    int
        Rows of consents written: one a purpose of the act.
    """
    if act.must_confirm:
        _name(connection, contacts, person, act)
    # A day is told, not an hour: whoever withdraws on that day is obeyed. In Nouméa it begins while
    # it is yesterday here, and nothing was said in the future.
    day = datetime(act.said_on.year, act.said_on.month, act.said_on.day, tzinfo=UTC)
    now = datetime.now(UTC)
    said_s = int((now if act.must_confirm else min(day, now)).timestamp())
    table = purposes()
    rows = [
        Said(
            person=person,
            purpose=table[purpose].consent,
            channel=table[purpose].channel,
            given=True,
            said_s=said_s,
            how=_HOW[act.act],
            text_id=text_id,
            text_version=version,
            proof=act.written,
        )
        for purpose, (text_id, version) in act.texts.items()
    ]
    told = [statements()[name] for name in act.said if name in statements()]
    told += [("theme", theme) for theme in act.themes]
    stamp = contacts.stamp() | {"person": person, "given": True, "how": _HOW[act.act]}
    lines = [{"statement": new_id(), "kind": kind, "value": value, **stamp} for kind, value in told]
    insert_many(connection, STATEMENTS, lines)
    return say(connection, contacts, rows)


def _name(connection: Connection, contacts: Contacts, person: str, act: Act) -> None:
    """Write the name and contact points of an act, and let the person be found by them."""
    points = points_of(act)
    named = {"first_names": act.first_name, "used_name": act.last_name, **dict(points)}
    vault.put(connection, contacts.ring, [(person, name, text) for name, text in named.items()])
    vault.index(connection, contacts.ring, [(person, *point) for point in points])


def act_by(connection: Connection, contacts: Contacts, person: str, proof: str) -> Act | None:
    """Return the act that a consent rests on; None where it is gone, or came by another way.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    person, proof
        As the consent says.

    Returns
    -------
    Act or None
        As it was signed or confirmed, read from the vault.
    """
    name = PREFIX + proof[:24]
    found = vault.read(connection, contacts.ring, [person], [name]).get(person, {}).get(name)
    return None if found is None else read_act(found)


def proof_of(contacts: Contacts, act: Act) -> str:
    """Return the digest that consents bear of an act, as `consents.say` makes it."""
    return vault.digest(contacts.ring.index, "proof", act.written)


def points_of(act: Act) -> list[tuple[str, str]]:
    """Return the contact points of an act in their canonical spelling."""
    found = [("email", canonical_email(act.email))] if act.email else []
    return found + ([("phone", canonical_phone(act.phone))] if act.phone else [])


def _same(
    connection: Connection, contacts: Contacts, act: Act, points: Iterable[tuple[str, str]]
) -> str:
    """Return who left the same contact under the same name before; "" for nobody."""
    wanted = (name_key(act.first_name), name_key(act.last_name))
    for kind, text in points:
        owners = vault.who_has(connection, contacts.ring, kind, [text]).get(text, [])
        known = vault.read(connection, contacts.ring, owners, ("first_names", "used_name"))
        for person in owners:
            names = known.get(person, {})
            if (name_key(names.get("first_names", "")), name_key(names.get("used_name", ""))) == (
                wanted
            ):
                return person
    return ""


def _short(text: str) -> str:
    """Return a text of reasonable length without what does not print."""
    if not isinstance(text, str) or len(text) > _LONGEST or not text.isprintable():
        raise TypeError(text)
    return text.strip()


def _known(act: Act) -> bool:
    return set(act.said) <= {ADULT, *statements()} and set(act.themes) <= set(themes())


def _can(read: Any, text: str) -> bool:  # noqa: ANN401 - one of two functions
    try:
        return bool(text and read(text))
    except DataError:
        return False


def _today() -> date:
    # The day may have begun already where the phone is.
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() + 14 * 3600, UTC).date()


def _refused(why: Text) -> DataError:
    return DataError(
        "This is no contact that a person left: {why}.",
        mend="Ask the person again: nothing is kept without their own act.",
        why=why,
    )
