"""Who gets a message: the universe through the gate, once a mailbox, not too often."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import vault
from analysis.contacts.asked import WORDS
from analysis.contacts.contact_store import Contacts
from analysis.contacts.gate import passes
from analysis.contacts.merged import groups
from analysis.contacts.normalise import canonical_email, canonical_phone
from analysis.contacts.passage import COMPLETE, FLOOR, Refusal, Request
from analysis.contacts.suppression import listed, suppressed
from analysis.contacts.universe_ground import DAY_S, Ground
from analysis.contacts.universe_members import members, objected
from analysis.database.contact_tables import HOMES, STATEMENTS
from analysis.database.engine import reading
from analysis.database.message_tables import APPROVALS, DELIVERIES
from analysis.errors import DataError
from analysis.i18n import format_percent
from analysis.messages.drafts import POINT_OF, Draft

SENT = "send"
# Nobody gets more letters than this within so many days.
MOST, WITHIN_DAYS = 2, 7


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who may be written to.

    Attributes
    ----------
    people
        Persons, in order.
    bureau
        Of each, "" where nobody knows.
    refused
        How many of the universe are left out, by rule.
    """

    people: tuple[str, ...]
    bureau: Mapping[str, str] = field(repr=False)
    refused: Mapping[str, int]


def recipients(contacts: Contacts, draft: Draft, ground: Ground) -> Recipients:
    """Return who of a universe may be written to at present.

    Parameters
    ----------
    contacts
        The campaign.
    draft
        Its universe, and what it shows of people.
    ground
        Facts of the place.

    Returns
    -------
    Recipients
        People, bureau by person, and how many each rule refuses.

    Raises
    ------
    DataError
        When the gate refuses the whole, with its rules, or leaves fewer than 11.
    """
    found = members(contacts, draft.universe, ground)
    people = tuple(found.people)
    asked = asked_of(draft, people, {"all": len(people)})
    # A look at who would get it lets nothing out; an attempt that is refused is written down.
    told = passes(contacts, asked, record=False)
    if not told.whole:
        passes(contacts, asked)
    told.checked()
    refused = {one.rule: len(one.lines) for one in told.refusals}
    # Who objected is in no universe: the gate sees only those who did since.
    if gone := objected(contacts, draft.universe, ground):
        refused["objection"] = refused.get("objection", 0) + gone
    left, lost = _reachable(contacts, told.allowed, POINT_OF[draft.letter.channel])
    left, often = _not_too_often(contacts, left)
    refused |= {name: n for name, n in {**lost, "frequency": often}.items() if n}
    if 0 < len(left) < FLOOR:
        # Wide in words, narrow in fact: whom the rules leave is who was chosen.
        few = Refusal("floor", about=("recipients",))
        replace(told, refusals=(*told.refusals, few)).checked()
    return Recipients(
        tuple(left),
        dict(zip(found.table["person"], found.table["bureau_id"], strict=True)),
        refused,
    )  # noqa: E501


def asked_of(
    draft: Draft,
    people: Sequence[str],
    cells: Mapping[str, int] | None = None,
    *,
    at: datetime | None = None,
) -> Request:
    """Return what the gate is asked when a message goes to people.

    Parameters
    ----------
    draft
        What it shows, by what it chooses.
    people
        To whom.
    cells
        Number of people, where the choice itself is judged.
    at
        The moment of delivery; None for this one.

    Returns
    -------
    Request
        Of the action "message", by the channel of the draft.
    """
    return Request(
        draft.channel,
        "message",
        shown=draft.letter.shown,
        chosen=draft.universe.chosen,
        people=tuple(people),
        cells=cells or {},
        carries=frozenset(COMPLETE),
        at=at,
    )


def addresses(
    connection: Connection, contacts: Contacts, people: Iterable[str], point: str = "email"
) -> dict[str, str]:
    """Return where each person is reached, of who is merged with them where they have none.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    people
        Who.
    point
        "email" or "phone".

    Returns
    -------
    dict
        Canonical spelling by person; who has none is not in it.
    """
    merged = groups(connection)
    wanted = list(people)
    known = vault.mapped(
        vault.read(connection, contacts.ring, merged.members(wanted), [point]), point
    )
    found = {}
    for who in wanted:
        mine = merged.members([who]) if who in merged.root else [who]
        if address := next((known[one] for one in [who, *mine] if known.get(one)), ""):
            found[who] = address
    return found


def _reachable(
    contacts: Contacts, people: Sequence[str], point: str
) -> tuple[list[str], dict[str, int]]:
    """Return who has a mailbox that takes mail, one person each, and how many have none."""
    with reading(contacts.engine) as connection:
        known = addresses(connection, contacts, people, point)
    # A bounce is a fault of a mailbox, not a wish: the gate does not ask for it.
    dead = suppressed(contacts, [(point, one) for one in set(known.values())])
    seen: set[str] = set()
    left, lost = [], {"no_address": 0, "bounced": 0, "same_mailbox": 0}
    for who in people:
        address = known.get(who, "")
        if not address:
            lost["no_address"] += 1
        elif (point, address) in dead:
            lost["bounced"] += 1
        elif (key := _canonical(point, address)) in seen:
            lost["same_mailbox"] += 1
        else:
            seen.add(key)
            left.append(who)
    return left, lost


def _canonical(point: str, text: str) -> str:
    return canonical_email(text) if point == "email" else canonical_phone(text)


def _not_too_often(contacts: Contacts, people: Sequence[str]) -> tuple[list[str], int]:
    since = int(time.time()) - WITHIN_DAYS * DAY_S
    query = (
        sa.select(DELIVERIES.c.person, sa.func.count())
        .join(
            APPROVALS,
            sa.and_(
                APPROVALS.c.tenant == DELIVERIES.c.tenant,
                APPROVALS.c.message == DELIVERIES.c.message,
            ),
        )
        .where(DELIVERIES.c.tenant == contacts.tenant, DELIVERIES.c.arm == SENT)
        .where(APPROVALS.c.at_s > since)
        .group_by(DELIVERIES.c.person)
    )
    with reading(contacts.engine) as connection:
        merged, had = groups(connection), Counter[str]()
        for who, n in connection.execute(query):
            # One letter to each of two who are one are two letters.
            had[merged.of(str(who))] += int(n)
    left = [who for who in people if had[merged.of(who)] < MOST]
    return left, len(people) - len(left)


def values_of(
    connection: Connection,
    contacts: Contacts,
    people: Sequence[str],
    ground: Ground,
    language: str,
) -> dict[str, dict[str, Any]]:
    """Return what templates may name of each person; what nobody knows is left out.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    people
        Who.
    ground
        Facts of their bureaux.
    language
        In which numbers and themes are written.

    Returns
    -------
    dict
        Value by variable, by person.
    """
    fields = ("first_names", "used_name", "birth_name", "city")
    known = vault.read(connection, contacts.ring, people, fields)
    names = listed(connection, people)
    homes = sa.select(HOMES.c.person, HOMES.c.bureau_id).where(
        HOMES.c.tenant == contacts.tenant, HOMES.c.person.in_(names)
    )
    bureaux = {
        str(who): str(one) for who, one in connection.execute(homes.order_by(HOMES.c.version))
    }
    themes, words = _themes(connection, contacts, people), WORDS[language]
    found = {}
    for who in people:
        told, bureau = known.get(who, {}), bureaux.get(who, "")
        rate = ground.abstention.get(bureau)
        values = {
            "first_name": " ".join(told.get("first_names", "").replace(",", " ").split()[:1]),
            "last_name": told.get("used_name", "") or told.get("birth_name", ""),
            "city": told.get("city", ""),
            "bureau": bureau.rpartition("_")[2].lstrip("0") if bureau else "",
            "abstention": "" if rate is None else format_percent(rate, language=language),
            "themes": [words.get(f"theme.{one}", one) for one in themes.get(who, [])],
        }
        found[who] = {name: _cut(value) for name, value in values.items() if value}
    return found


_LONGEST = 200


def _cut(value: Any) -> Any:  # noqa: ANN401 - a text or a list of texts
    return value[:_LONGEST] if isinstance(value, str) else [one[:_LONGEST] for one in value]


def _themes(
    connection: Connection, contacts: Contacts, people: Sequence[str]
) -> dict[str, list[str]]:
    query = (
        sa.select(STATEMENTS.c.person, STATEMENTS.c.value, STATEMENTS.c.given)
        .where(STATEMENTS.c.tenant == contacts.tenant, STATEMENTS.c.kind == "theme")
        .where(STATEMENTS.c.person.in_(listed(connection, people)))
        .order_by(STATEMENTS.c.at_s, STATEMENTS.c.statement)
    )
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    for who, theme, given in connection.execute(query):
        said[str(who)][str(theme)] = bool(given)
    return {who: [one for one, yes in told.items() if yes] for who, told in said.items()}


def lacking(draft: Draft, values: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return for how many people a text of the message cannot be filled, by what it says."""
    count: dict[str, int] = defaultdict(int)
    for told in values.values():
        for one in draft.letter.templates():
            try:
                one.render(told)
            except DataError as error:
                count[str(error.what)] += 1
                break
    return dict(count)
