"""Calls to people who may be called: one at a time, at decent hours, four tries in thirty days."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from dateutil.easter import easter
from phonenumbers import parse
from phonenumbers.timezone import time_zones_for_number
from sqlalchemy.engine import Connection

from analysis.contacts import call_leases, consents, vault
from analysis.contacts.consents import Said
from analysis.contacts.contact_store import Contacts, insert_many, new_id
from analysis.contacts.eve_of_vote import zone_of
from analysis.contacts.gate import passes
from analysis.contacts.merged import groups
from analysis.contacts.passage import Request
from analysis.contacts.suppression import listed, suppress_people, suppressed
from analysis.database.contact_tables import CONTACTS, HOMES
from analysis.database.engine import reading, writing
from analysis.errors import DataError, Text, some

# Working days at these hours, where the person lives. The limits of commercial calls (decree
# 2022-1313, which leaves Saturdays, Sundays and holidays out) do not bind a campaign; the house
# keeps to them.
HOURS = ((clock(10), clock(13)), (clock(14), clock(20)))
MOST_TRIES, WINDOW_S = 4, 30 * 86_400
OUTCOMES = ("talked", "absent", "call_back", "refused", "wrong_number", "stop")
# After these nobody calls again, within thirty days or ever.
_DONE = ("talked", "refused", "wrong_number", "stop")
_SATURDAY = 5
_FIXED = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
_CALLER = 32  # as its column


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to call now.

    Attributes
    ----------
    person
        Who.
    name, phone
        As the person gave them.
    tries
        How often they were called within thirty days.
    """

    person: str
    name: str
    phone: str
    tries: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The next call, and why there is none where there is none.

    Attributes
    ----------
    call
        Whom to call; None where nobody may be called now.
    left
        How many may be called now.
    waiting
        How many of the universe may not, by reason.
    """

    call: Call | None
    left: int
    waiting: dict[str, int]


def at_decent_hours(at: datetime, territory: str, phone: str = "") -> bool:
    """Tell whether somebody may be called at a moment: the hours of working days where they live.

    Parameters
    ----------
    at
        With its time zone.
    territory
        INSEE code of where they live; "" where nobody knows: then the number tells.
    phone
        Their number, as the world dials it.

    Returns
    -------
    bool
        Of a number that may ring in several zones, only where all of them may.
    """
    zones = [zone_of(territory)] if territory else zones_of_number(phone)
    return all(_decent(at.astimezone(zone)) for zone in zones)


def _decent(local: datetime) -> bool:
    works = local.weekday() < _SATURDAY and not is_holiday(local.date())
    return works and any(first <= local.time() < last for first, last in HOURS)


def is_holiday(day: date) -> bool:
    """Tell whether a day is one of the eleven of the Code du travail, L3133-1.

    Those of Alsace, Moselle and the days of the abolition overseas are not among them.
    """
    moved = {(day - easter(day.year)).days}
    return (day.month, day.day) in _FIXED or bool(moved & {1, 39, 50})


def zones_of_number(phone: str) -> list[ZoneInfo]:
    """Return where a number may ring: one of Montréal there, 0692 in Réunion and in Mayotte.

    Parameters
    ----------
    phone
        As the world dials it.
    """
    if not phone.startswith("+") or phone.startswith("+33"):
        return [zone_of("")]
    zones = []
    for name in time_zones_for_number(parse(phone)):
        with suppress(ZoneInfoNotFoundError):  # that of a number that rings anywhere
            zones.append(ZoneInfo(name))
    return zones or [zone_of("")]


def next_call(
    contacts: Contacts, people: Sequence[str], at: datetime, *, caller: str = ""
) -> Queue:
    """Return the next person of a universe to call; what is shown passes the gate first.

    Who is dealt is the caller's until the call is told or twenty minutes have passed: no other
    caller is given them, and the same caller who asks again has the same person.

    Parameters
    ----------
    contacts
        The campaign.
    people
        Of the universe.
    at
        Now, with its time zone.
    caller
        Tells browsers of a machine without users from each other.

    Returns
    -------
    Queue
        The call, None when nobody is left; how many may be called now; and how many wait, by
        reason.
    """
    me = _digest(contacts.by, caller)[:_CALLER]
    with reading(contacts.engine) as connection:
        hands = call_leases.in_hands(connection, contacts, int(at.timestamp()))
        tries = _tries(connection, contacts, people, int(at.timestamp()))
        communes = _communes(connection, contacts, people)
        known = vault.read(connection, contacts.ring, people, ["phone"])
    waiting = {"number": 0, "hours": 0, "tries": 0, "dealt": 0}
    free = []
    for person in people:
        number, done = tries.get(person, (0, False))
        if "phone" not in known.get(person, {}):
            waiting["number"] += 1
        elif not at_decent_hours(at, communes.get(person, ""), known[person]["phone"]):
            waiting["hours"] += 1
        elif done or number >= MOST_TRIES:
            waiting["tries"] += 1
        elif hands.get(person, (me, 0))[0] != me:
            waiting["dealt"] += 1
        else:
            free.append((person not in hands, number, _digest(me, person), person))
    # Whom the caller has already, then the least tried; two callers begin at different ends.
    order = [person for *_rank, person in sorted(free)]
    passed = passes(contacts, _request(order, at), record=False).allowed
    waiting["law"] = len(order) - len(passed)
    until = {who: until_s for who, (_caller, until_s) in hands.items()}
    asked = _Asked(me, at, {who: tries.get(who, (0, False)) for who in passed}, until)
    call = _first(contacts, passed, asked)
    return Queue(call, len(passed), {why: n for why, n in waiting.items() if n})


def _request(people: Sequence[str], at: datetime) -> Request:
    return Request("phone", "call", ("person.phone", "person.name"), people=tuple(people), at=at)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for a call and when; tries and ends of leases as they were read."""

    caller: str
    at: datetime
    tries: Mapping[str, tuple[int, bool]]
    until: Mapping[str, int]


def _first(contacts: Contacts, passed: Sequence[str], asked: _Asked) -> Call | None:
    """Return the first whose number nobody objected to and whom no other caller was given."""
    fields = ("used_name", "birth_name", "first_names", "phone")
    for person in passed:
        with reading(contacts.engine) as connection:
            known = vault.read(connection, contacts.ring, [person], fields).get(person, {})
        number = known.get("phone", "")
        if not number or suppressed(contacts, [("phone", number)]):
            continue
        if _dealt(contacts, person, asked):
            family = known.get("used_name") or known.get("birth_name", "")
            name = f"{known.get('first_names', '')} {family}".strip()
            return Call(person, name, number, asked.tries[person][0])
    return None


def _dealt(contacts: Contacts, person: str, asked: _Asked) -> bool:
    """Put a person into the hands of who asks, unless another was quicker; write the passage.

    Whoever has them already passed: the page asks again at each stroke.
    """
    now_s = int(asked.at.timestamp())
    if asked.until.get(person, 0) > now_s + call_leases.LASTS_S // 2:
        return True
    with writing(contacts.engine) as connection:
        if not call_leases.take(connection, contacts, person, caller=asked.caller, now_s=now_s):
            return False
        # Who was called since the queue was read is another's affair by now.
        if (
            _tries(connection, contacts, [person], now_s).get(person, (0, False))
            != asked.tries[person]
        ):
            call_leases.let_go(connection, contacts, person)
            return False
    return bool(passes(contacts, _request([person], asked.at)).allowed)


def _tries(
    connection: Connection, contacts: Contacts, people: Sequence[str], now_s: int
) -> dict[str, tuple[int, bool]]:
    """Return how often people were called within thirty days, and whether that is done with.

    A call that was corrected does not count, its correction does.
    """
    merged = groups(connection)
    every = merged.members(people)
    corrected = sa.select(CONTACTS.c.corrects).where(
        CONTACTS.c.tenant == contacts.tenant, CONTACTS.c.corrects.is_not(None)
    )
    query = (
        sa.select(CONTACTS.c.person, CONTACTS.c.outcome)
        .where(CONTACTS.c.tenant == contacts.tenant, CONTACTS.c.channel == "phone")
        .where(CONTACTS.c.at_s > now_s - WINDOW_S, CONTACTS.c.contact.not_in(corrected))
        .where(CONTACTS.c.person.in_(listed(connection, every)))
    )
    found: dict[str, tuple[int, bool]] = {}
    for person, outcome in connection.execute(query):
        root = merged.of(person)
        number, done = found.get(root, (0, False))
        found[root] = (number + 1, done or outcome in _DONE)
    return found


def _communes(connection: Connection, contacts: Contacts, people: Sequence[str]) -> dict[str, str]:
    query = (
        sa.select(HOMES.c.person, HOMES.c.commune_id)
        .where(HOMES.c.tenant == contacts.tenant)
        .where(HOMES.c.person.in_(listed(connection, people)))
        .order_by(HOMES.c.version)
    )
    return {str(who): str(commune) for who, commune in connection.execute(query)}


def record_call(contacts: Contacts, person: str, outcome: str, *, corrects: str = "") -> str:
    """Write how a call went; who said stop is on the suppression list when this returns.

    Parameters
    ----------
    contacts
        The campaign.
    person
        Who was called.
    outcome
        One of `OUTCOMES`; a refusal takes the consent to calls back, a stop ends every channel.
    corrects
        The call that this one corrects.

    Returns
    -------
    str
        Id of the call.

    Raises
    ------
    DataError
        When the outcome is none of ours.
    """
    if outcome not in OUTCOMES:
        raise DataError(
            "A call does not end so: {outcome}.",
            mend="Choose among {known}.",
            outcome=outcome,
            known=some(OUTCOMES, most=len(OUTCOMES)),
        )
    if outcome == "stop":
        # First what must not fail: a call that was not written down harms nobody.
        suppress_people(contacts, [person], "stop")
    row = {"contact": new_id(), "person": person, "channel": "phone", "outcome": outcome}
    with writing(contacts.engine) as connection:
        call_leases.let_go(connection, contacts, person)
        insert_many(connection, CONTACTS, [row | {"corrects": corrects or None} | contacts.stamp()])
        if outcome in ("stop", "refused"):
            no = Said(person, "phone", "phone", given=False, said_s=int(time.time()), how="phone")
            consents.say(connection, contacts, [no])
    return row["contact"]


WAITING = {
    "number": Text("no number given"),
    "hours": Text("outside the hours, 10 to 13 and 14 to 20 on working days"),
    "dealt": Text("before another caller just now"),
    "tries": Text("called already, or four times in thirty days"),
    "law": Text("the law: objection, refusal or eve of the vote"),
}
