"""Who is never to be reached again: kept by the controller, for all channels and campaigns.

Of a contact point only a keyed digest of its canonical spelling is kept, under a key that outlives
campaigns: a bare SHA-256 of every French mobile number takes two minutes. Nothing is ever deleted,
so that an objection holds after the person is erased, and when a file is imported again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Engine

from analysis.contacts import vault
from analysis.contacts.merged import groups
from analysis.contacts.normalise import canonical_email, canonical_phone, mailboxes
from analysis.database.contact_tables import POINTS, SUPPRESSION
from analysis.database.engine import connect, of_tenant, or_nothing, reading, writing
from analysis.errors import DataError, some

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Contacts

FILE = "objections.sqlite"
# What somebody wanted; a bounce is a fault of one point alone.
WISHES = ("stop", "unsubscribe", "objection", "complaint", "erasure")
REASONS = (*WISHES, "bounce")
KINDS = vault.POINT_KINDS
EVERY = "all"
_LONGEST = 64
# As many people are looked up one by one; more are compared with the whole list.
_FEW = 1_000
Point = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Objections:
    """Where objections are kept, and under which keys.

    Attributes
    ----------
    engine
        PostgreSQL of the campaign, or the SQLite file that all campaigns of a machine share.
    keys
        Key by controller, the one that answers today first. The second is the name that the
        campaign had before it said who answers: what was objected to then still holds.
    """

    engine: Engine
    keys: Mapping[str, bytes] = field(repr=False)


def tenant_of_controller(name: str) -> str:
    """Return whose rows the objections of a controller are."""
    whole = f"@controller:{name}"
    if len(whole) <= _LONGEST:
        return whole
    # Nobody chooses a name for its digest: cut names would let two controllers share theirs.
    return f"@controller:{vault.digest(b'controller', 'name', name)[:48]}"


def open_objections(folder: Path, engine: Engine, keys: Mapping[str, bytes]) -> Objections:
    """Open the objections of a controller.

    Parameters
    ----------
    folder
        Of the keys, beside the workspaces: a file of objections is made there for SQLite.
    engine
        Of the campaign's store.
    keys
        As in `Objections`.

    Returns
    -------
    Objections
        In the campaign's own store on PostgreSQL; else in a file where rows are only ever added.
    """
    if engine.dialect.name == "postgresql":
        return Objections(engine, keys)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shared = connect(f"sqlite:///{folder / FILE}")
    with writing(shared) as connection:
        SUPPRESSION.create(connection, checkfirst=True)
        for change in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS suppression_no_{change.lower()} BEFORE {change} "
                "ON suppression BEGIN SELECT RAISE(ABORT, 'suppression is append-only'); END"
            )
    return Objections(shared, keys)


def suppress(contacts: Contacts, kind: str, canonical: str, reason: str) -> None:
    """Never reach a contact point again, in any campaign of the controller.

    Parameters
    ----------
    contacts
        People of the campaign where it was said.
    kind
        "email" or "phone".
    canonical
        As `normalise` writes it.
    reason
        One of `REASONS`.
    """
    suppress_many(contacts, [(kind, canonical)], reason)


def suppress_many(contacts: Contacts, points: Iterable[Point], reason: str) -> int:
    """Never reach contact points again; return how many there were.

    Parameters
    ----------
    contacts
        The campaign; the list is that of its controller.
    points
        Kind and text, in any spelling.
    reason
        One of `REASONS`; "bounce" closes that channel, any other all of them.

    Returns
    -------
    int
        Different points, those that were on the list before too.

    Raises
    ------
    DataError
        When the reason or a kind is none of ours.
    """
    every = sorted({spelled(point) for point in points})
    # A bounce is a fault of one address; a wish is of who reads the mailbox.
    wanted = every if reason == "bounce" else sorted({x for one in every for x in spellings(one)})
    if unknown := sorted({kind for kind, _text in wanted} - set(KINDS)) or (
        [] if reason in REASONS else [reason]
    ):
        raise DataError(
            "This is no reason or kind of contact point for the suppression list.",
            where="{unknown}",
            mend="Write a reason among {reasons}, for a point among {kinds}.",
            unknown=some(unknown),
            reasons=some(REASONS, most=len(REASONS)),
            kinds=some(KINDS),
        )
    objections = opened(contacts)
    name, key = next(iter(objections.keys.items()))
    tenant, now = tenant_of_controller(name), int(time.time())
    rows = [
        {
            "tenant": tenant,
            "digest": vault.digest(key, kind, text),
            "channel": kind if reason == "bounce" else EVERY,
            "kind": kind,
            "reason": reason,
            "at_s": now,
        }
        for kind, text in wanted
    ]
    if rows:
        with writing(of_tenant(objections.engine, tenant)) as connection:
            connection.execute(or_nothing(connection, SUPPRESSION), rows)
    return len(every)


def suppress_people(contacts: Contacts, people: Iterable[str], reason: str) -> int:
    """Never reach people again by any of their points, nor by those of who they were merged with.

    Parameters
    ----------
    contacts
        The campaign.
    people
        Who; to be called before their keys are erased.
    reason
        One of `REASONS`.

    Returns
    -------
    int
        Number of contact points.
    """
    with reading(contacts.engine) as connection:
        every = groups(connection).members(people)
        known = vault.every_point(connection, contacts.ring, every)
    return suppress_many(contacts, known, reason)


def suppressed(contacts: Contacts, points: Iterable[Point]) -> dict[Point, str]:
    """Return why points may not be reached: those that nobody objected to are not in it.

    Parameters
    ----------
    contacts
        The campaign.
    points
        Kind and canonical spelling.
    """
    told = {point: spellings(point) for point in points}
    found: dict[Point, str] = {}
    objections = opened(contacts)
    for name, key in objections.keys.items():
        every = {spelling for spelled_so in told.values() for spelling in spelled_so}
        asked = {vault.digest(key, *spelling): spelling for spelling in every}
        tenant = tenant_of_controller(name)
        with reading(of_tenant(objections.engine, tenant)) as connection:
            for part in vault.chunks(asked):
                query = sa.select(SUPPRESSION.c.digest, SUPPRESSION.c.reason).where(
                    SUPPRESSION.c.tenant == tenant, SUPPRESSION.c.digest.in_(part)
                )
                # Of two reasons for one point the wish is told, not the bounce.
                ordered = connection.execute(query.order_by(SUPPRESSION.c.channel.desc()))
                found |= {asked[one]: str(why) for one, why in ordered}
    why = {point: [found[one] for one in every if one in found] for point, every in told.items()}
    # So it is of a mailbox and its tag.
    wish_first = {point: sorted(reasons, key="bounce".__eq__) for point, reasons in why.items()}
    return {point: reasons[0] for point, reasons in wish_first.items() if reasons}


def spellings(point: Point) -> tuple[Point, ...]:
    """Return a point as it is compared, then the other spellings of its mailbox.

    Who wants to be left alone at one is left alone at the others.
    """
    kind, text = spelled(point)
    return tuple((kind, one) for one in (mailboxes(text) if kind == "email" else (text,)))


def spelled(point: Point) -> Point:
    """Return a point in its canonical spelling; what cannot be read stays what it is.

    Whoever calls may hold it as it was typed: an objection must not hang on a capital.
    """
    kind, text = point
    read = {"email": canonical_email, "phone": canonical_phone}.get(kind)
    try:
        return (kind, read(text)) if read else point
    except DataError:
        return kind, text.strip().casefold()


def objecting(contacts: Contacts, people: Iterable[str] | None = None) -> dict[str, str]:
    """Return who of the campaign may not be reached by any channel, and why.

    Who shares a contact point with somebody who objected by it is among them: nobody can tell
    which of the two it was.

    Parameters
    ----------
    contacts
        The campaign.
    people
        Only these; None for everybody. A few are looked up by their own points.
    """
    catch_up(contacts)
    every: dict[str, str] = {}
    with reading(contacts.engine) as connection:
        merged = groups(connection)
        some_only = None if people is None else merged.members(people)
        few = some_only is not None and len(some_only) <= _FEW
        digests = _digests_of(connection, contacts, some_only or []) if few else None
    # Between two readings: who holds one connection of a bounded pool asks for no second.
    wishes = _wishes(contacts, digests)
    with reading(contacts.engine) as connection:
        for kind, reasons in wishes.items():
            query = (
                sa.select(POINTS.c.person, POINTS.c.digest)
                .where(POINTS.c.tenant == contacts.tenant, POINTS.c.kind == kind)
                .where(POINTS.c.digest.in_(listed(connection, reasons)))
            )
            every |= {who: reasons[one] for who, one in connection.execute(query)}
    by_root = {merged.of(who): why for who, why in every.items()}
    others = {one: by_root[root] for one, root in merged.root.items() if root in by_root}
    return every | others


def _digests_of(connection: Connection, contacts: Contacts, people: list[str]) -> list[str]:
    kinds = [vault.stop_kind(key) for key in opened(contacts).keys.values()]
    query = sa.select(POINTS.c.digest).where(
        POINTS.c.tenant == contacts.tenant, POINTS.c.kind.in_(kinds), POINTS.c.person.in_(people)
    )
    return [str(one) for one in connection.execute(query).scalars()]


def _wishes(contacts: Contacts, digests: list[str] | None = None) -> dict[str, dict[str, str]]:
    """Return, by kind of row of `points`, the digests that somebody wants left alone."""
    objections, found = opened(contacts), {}
    for name, key in objections.keys.items():
        tenant = tenant_of_controller(name)
        query = sa.select(SUPPRESSION.c.digest, SUPPRESSION.c.reason).where(
            SUPPRESSION.c.tenant == tenant, SUPPRESSION.c.channel == EVERY
        )
        if digests is not None:
            query = query.where(SUPPRESSION.c.digest.in_(digests))
        with reading(of_tenant(objections.engine, tenant)) as connection:
            rows = {str(digest): str(reason) for digest, reason in connection.execute(query)}
        if rows:
            found[vault.stop_kind(key)] = rows
    return found


def catch_up(contacts: Contacts) -> None:
    """Index the people of the campaign under every key of its objections, once a key.

    `vault.index` does so under the key of the day; a campaign that says later who answers for it
    has points that its new key has not seen.
    """
    keys = {vault.stop_kind(key): key for key in opened(contacts).keys.values()}
    with reading(contacts.engine) as connection:
        done = set(connection.execute(_marks(contacts.tenant, keys)).scalars())
    if not keys.keys() - done:
        return
    with writing(contacts.engine) as connection:
        of_people = sa.select(POINTS.c.person).where(
            POINTS.c.tenant == contacts.tenant, POINTS.c.kind.in_(KINDS)
        )
        people = sorted(set(connection.execute(of_people).scalars()))
        known = vault.every_point(connection, contacts.ring, people)
        now = int(time.time())
        rows: list[dict[str, Any]] = []
        for kind in sorted(keys.keys() - done):
            row = {"tenant": contacts.tenant, "kind": kind, "at_s": now}
            rows.append(row | {"digest": _MARK, "person": _MARK})
            for point, owners in known.items():
                told = [vault.digest(keys[kind], *one) for one in spellings(point)]
                rows += [row | {"digest": x, "person": who} for x in told for who in owners]
        connection.execute(or_nothing(connection, POINTS), rows)


# Another mark when points are spelled otherwise: all are indexed anew then.
_MARK = "*3"


def _marks(tenant: str, kinds: Iterable[str]) -> sa.Select[Any]:
    return sa.select(POINTS.c.kind).where(
        POINTS.c.tenant == tenant, POINTS.c.kind.in_(list(kinds)), POINTS.c.digest == _MARK
    )


def listed(connection: Connection, names: Iterable[str]) -> sa.Select[Any]:
    """Return a query over names that came from elsewhere, however many there are."""
    every = sorted(set(names))
    if connection.dialect.name == "postgresql":
        rows = sa.func.jsonb_array_elements_text(sa.literal(every, JSONB))
        return sa.select(rows.table_valued("value").c.value)
    return sa.select(sa.func.json_each(json.dumps(every)).table_valued("value").c.value)


def opened(contacts: Contacts) -> Objections:
    """Return where the objections of a campaign are kept.

    Raises
    ------
    DataError
        When nobody opened them: without them nobody may be reached.
    """
    if contacts.objections is None:
        raise DataError(
            "The list of objections is not open: nobody may be reached without it.",
            mend="Open the people of the campaign by `open_contacts`.",
        )
    return contacts.objections
