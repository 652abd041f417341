"""The gate: every list, export, sheet, call list, letter and message passes here, or not at all.

It looks up consents, objections and the roll itself and trusts nobody's word for them. It says
which rule refuses which rows, by line and never by name, and writes down what it let pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import consents, lawful, vault
from analysis.contacts.contact_store import Contacts, new_id
from analysis.contacts.eve_of_vote import CHANNELS as SILENCED
from analysis.contacts.eve_of_vote import l49, zone_of
from analysis.contacts.file_origins import origins
from analysis.contacts.merged import Groups, groups
from analysis.contacts.passage import ACTIONS, COMPLETE, FLOOR, Passage, Refusal, Request
from analysis.contacts.roll_store import rolls
from analysis.contacts.suppression import listed, objecting
from analysis.database.contact_tables import (
    HOMES,
    PASSED,
    PEOPLE_FILES,
    PERSONS,
)
from analysis.database.engine import reading, tenant_of, writing

# A year under voting age (Regulation (EU) 2024/900, art. 18): nobody of 16 or less.
YOUNGEST = 17
# Purpose and channel of consent that each channel asks for.
_CONSENT = {
    "sms": ("letter_sms", "sms"),
    "email": ("letter_email", "email"),
    "themed_email": ("letter_email", "email"),
    "phone": ("phone", "phone"),
    "online": ("political_ads", "online"),
}
_ADS = {"sms": "sms", "online": "online"}


def passes(contacts: Contacts, request: Request, *, record: bool = True) -> Passage:
    """Return who may be reached, listed or counted as asked, and which rules refuse the others.

    Parameters
    ----------
    contacts
        The campaign.
    request
        What is wanted.
    record
        Whether to write the passage into the register; a preview is not one.

    Returns
    -------
    Passage
        `allowed` is empty where a rule refuses the whole request; refusals name lines of the
        request, counted from 1, and no person.
    """
    whole, rules, conditions = _of_table(request)
    whole += _of_request(contacts, request, conditions)
    with reading(contacts.engine) as connection:
        known = _People.of(connection, request.people)
        rows = list(_of_rows(connection, contacts, request, conditions, known))
    rows += _objections(contacts, request.people)
    refused = _gathered(rows, request.people)
    out = {n for one in refused for n in one.lines}
    left = [who for n, who in enumerate(request.people, 1) if n not in out]
    found = Passage(request, () if whole else tuple(left), (*whole, *refused), tuple(rules))
    if record:
        write_down(contacts, found, len(found.allowed))
    return found


def _of_table(request: Request) -> tuple[list[Refusal], list[str], set[str]]:
    """Return what the table refuses, the rules that allow the rest, and their conditions."""
    if request.channel not in lawful.CHANNELS or request.action not in ACTIONS:
        return [Refusal("channel", about=(request.channel, request.action))], [], set()
    refusals: dict[str, list[str]] = {}
    rules, conditions = [], set()
    for datum in dict.fromkeys((*request.shown, *request.chosen)):
        told = lawful.verdict(datum, request.channel)
        if told.allowed and not (datum in request.shown and datum.startswith("mail.")):
            rules.append(told.rule)
            conditions |= set(told.conditions)
        else:
            refusals.setdefault(told.rule, []).append(datum)
    whole = [Refusal(rule, about=tuple(data)) for rule, data in refusals.items()]
    return whole, sorted(set(rules)), conditions


def _of_request(contacts: Contacts, request: Request, conditions: set[str]) -> list[Refusal]:
    """Return what refuses the request as such, whoever is in it."""
    found = []
    if "roll" in conditions and not roll_in_force(contacts, request.moment):
        found.append(Refusal("roll"))
    # Counts show nobody a datum: there is nothing to give notice of yet.
    if "notice" in conditions and request.action != "count" and "notice" not in request.carries:
        found.append(Refusal("notice"))
    if small := [cell for cell, n in request.cells.items() if 0 < n < FLOOR]:
        found.append(Refusal("floor", about=tuple(small)))
    if "counsel" in conditions:
        found.append(Refusal("counsel"))
    if request.action == "message" and (missing := COMPLETE - request.carries):
        found.append(Refusal("complete", about=tuple(sorted(missing))))
    nobody = not request.people
    if nobody and request.channel in SILENCED and request.action != "count":
        eve = l49(request.moment, contacts.controller.rounds, "")
        found += [Refusal("l49", about=(eve.date,))] if eve else []
    return found


def roll_in_force(contacts: Contacts, at: datetime) -> bool:
    """Tell whether the campaign has a roll that may be used at a moment.

    Parameters
    ----------
    contacts
        The campaign.
    at
        With its time zone.
    """
    rounds = contacts.controller.rounds
    zone = ZoneInfo(rounds[0].time_zone) if rounds else zone_of("")
    today = at.astimezone(zone).date()
    return any(not one.ended for one in rolls(contacts, today=today))


@dataclass(frozen=True, slots=True)
class _People:
    """Facts of the people of a request: who stands for whom, origins, communes."""

    merged: Groups
    origin: dict[str, str]
    commune: dict[str, str]

    @classmethod
    def of(cls, connection: Connection, people: Sequence[str]) -> _People:
        """Read the facts of people and of those they are merged with."""
        merged = groups(connection)
        every = merged.members(people)
        if not every:
            return cls(merged, {}, {})
        of_file = sa.and_(
            PEOPLE_FILES.c.tenant == PERSONS.c.tenant, PEOPLE_FILES.c.file_id == PERSONS.c.file_id
        )
        tenant = tenant_of(connection)
        names = listed(connection, every)
        of_files = (
            sa.select(PERSONS.c.person, sa.func.coalesce(PEOPLE_FILES.c.origin, ""))
            .select_from(PERSONS.outerjoin(PEOPLE_FILES, of_file))
            .where(PERSONS.c.tenant == tenant, PERSONS.c.person.in_(names))
        )
        homes = (
            sa.select(HOMES.c.person, HOMES.c.commune_id)
            .where(HOMES.c.tenant == tenant, HOMES.c.person.in_(names))
            .order_by(HOMES.c.version)
        )
        return cls(
            merged,
            {str(who): str(origin) for who, origin in connection.execute(of_files)},
            {str(who): str(commune) for who, commune in connection.execute(homes)},
        )

    def members(self, person: str) -> list[str]:
        """Return a person and those they are merged with."""
        return self.merged.members([person]) if person in self.merged.root else [person]


Row = tuple[str, str]


def _of_rows(
    connection: Connection,
    contacts: Contacts,
    request: Request,
    conditions: set[str],
    known: _People,
) -> Iterable[Row]:
    """Yield a rule and a person that it refuses."""
    if not request.people:
        return
    yield from (("unplaced", who) for who in request.people if who not in known.origin)
    yield from _origins(request, known)
    yield from _eve(contacts, request, known)
    yield from _minors(connection, contacts, request, known)
    yield from _consent(connection, request, _asked(conditions, request.channel), known)


def _origins(request: Request, known: _People) -> Iterable[Row]:
    for who in request.people:
        for member in known.members(who):
            origin = known.origin.get(member, "")
            rule = lawful.rule_of_origin(origin) or _other_function(origin)
            if rule and request.channel not in rule.channels:
                yield rule.rule, who
            elif rule and "counsel" in rule.channels[request.channel]:
                yield "counsel", who


def _other_function(origin: str) -> lawful.Rule | None:
    """Return the rule of files that people gave to somebody else, for something else."""
    told = origins().get(origin)
    return lawful.rule_of_origin("other_function") if told and told.rule == "no" else None


def _asked(conditions: set[str], channel: str) -> set[str]:
    """Return what is asked of each person: what their data ask, and a channel always."""
    asked = conditions & set(lawful.OF_ROWS)
    if channel in ("sms", "email", "themed_email"):
        asked.add("consent")
    if channel in ("themed_email", "online"):
        asked.add("ads")
    return asked | ({"no_refusal"} if channel == "phone" else set())


def _words(channel: str) -> dict[str, tuple[str, str]]:
    """Return purpose and channel of the word that each condition asks for."""
    own = _CONSENT.get(channel, ("", ""))
    return {
        "consent": own,
        "no_refusal": own,
        "ads": ("political_ads", _ADS.get(channel, "email")),
        "tracking": ("open_tracking", "email"),
    }


def agreements(request: Request) -> frozenset[tuple[str, str]]:
    """Return what each person of a request must have said yes to, by purpose and channel.

    What is asked when a message is approved and what is asked when it leaves are this one answer.

    Parameters
    ----------
    request
        What is wanted, of whomever.
    """
    _whole, _rules, conditions = _of_table(request)
    asked = _asked(conditions, request.channel) - {"no_refusal"}
    return frozenset(_words(request.channel)[one] for one in asked)


def _eve(contacts: Contacts, request: Request, known: _People) -> Iterable[Row]:
    rounds = contacts.controller.rounds
    if request.channel not in SILENCED or request.action == "count" or not rounds:
        return
    silent: dict[str, bool] = {}
    for who in request.people:
        commune = known.commune.get(who, "")
        if commune not in silent:
            silent[commune] = l49(request.moment, rounds, commune) is not None
        if silent[commune]:
            yield "l49", who


def _minors(
    connection: Connection, contacts: Contacts, request: Request, known: _People
) -> Iterable[Row]:
    every = known.merged.members(request.people)
    born = vault.read(connection, contacts.ring, every, ["birth_date"])
    young = {who for who, told in born.items() if _is_young(told["birth_date"], request.moment)}
    for who in request.people if young else ():
        if young & set(known.members(who)):
            yield "minor", who


def _is_young(born: str, at: datetime) -> bool:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        # Only the year is known: the last day of it is taken.
        digits = born[:4]
        day = date(int(digits), 12, 31) if digits.isdecimal() and digits != "0000" else date.min
    today = at.date()
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day)) < YOUNGEST


def _consent(
    connection: Connection, request: Request, asked: set[str], known: _People
) -> Iterable[Row]:
    if not asked:
        return
    said = consents.current(connection, people=request.people)
    keys = _words(request.channel)
    for condition in sorted(asked):
        for who in request.people:
            word = said.get((known.merged.of(who), *keys[condition]))
            if word is False or (word is None and condition != "no_refusal"):
                yield condition, who


def _objections(contacts: Contacts, people: Sequence[str]) -> list[Row]:
    if not people:
        return []
    against = objecting(contacts, people)
    return [("objection", who) for who in people if who in against]


def _gathered(rows: Iterable[Row], people: Sequence[str]) -> list[Refusal]:
    line = {who: n for n, who in reversed(list(enumerate(people, 1)))}
    by_rule: dict[str, set[int]] = {}
    for rule, who in rows:
        by_rule.setdefault(rule, set()).add(line[who])
    return [Refusal(rule, tuple(sorted(lines))) for rule, lines in sorted(by_rule.items())]


def write_down(contacts: Contacts, found: Passage, rows: int) -> None:
    """Keep which rules let how many rows out, and which refused how many: rows, never people.

    Parameters
    ----------
    contacts
        The campaign.
    found
        What the gate said.
    rows
        That leave: of a list, fewer than may be reached where some gave nothing to be reached by.
    """
    request = found.request
    fields = {"shown": list(request.shown), "chosen": list(request.chosen)}
    refused: dict[str, Any] = {one.rule: len(one.lines) or "all" for one in found.refusals}
    with writing(contacts.engine) as connection:
        connection.execute(
            sa.insert(PASSED).values(
                passage=new_id(),
                channel=request.channel[:32],
                action=request.action[:32],
                fields=json.dumps(fields),
                rules=json.dumps(list(found.rules)),
                refused=json.dumps(refused),
                rows=rows,
                **contacts.stamp(),
            )
        )
