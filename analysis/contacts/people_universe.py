"""Who of the supporters is in a universe, in one query: nobody who was erased or objected."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection

from analysis.contacts import consents
from analysis.contacts.merged import groups
from analysis.contacts.suppression import listed
from analysis.contacts.universe import CONSENTS, Node, Universe
from analysis.contacts.universe_ground import DAY_S, Ground, Where, placed
from analysis.database.contact_tables import (
    CONTACTS,
    HOMES,
    PERSONS,
    STATEMENTS,
    VAULT_KEYS,
)
from analysis.database.engine import tenant_of


def people_query(
    connection: Connection, universe: Universe, ground: Ground, against: Iterable[str]
) -> sa.Select[Any]:
    """Return a query of `person` (who stands for a group) and `bureau_id`, in order.

    Parameters
    ----------
    connection
        Of the campaign.
    universe
        Of people.
    ground
        Facts of the place.
    against
        Who objected.
    """
    tenant = tenant_of(connection)
    merged = _merged(connection)
    everyone = _alive(tenant, merged)
    said = _holding(tenant, merged, universe)
    homes = _homes(tenant, merged)
    where = _People(connection, tenant, (everyone, homes), said, merged, ground)
    return (
        sa.select(everyone.c.root, sa.func.coalesce(homes.c.bureau_id, "").label("bureau_id"))
        .select_from(everyone.outerjoin(homes, homes.c.root == everyone.c.root))
        .where(
            where.of(universe.where),
            everyone.c.root.not_in(listed(connection, against)),
        )
        .order_by(everyone.c.root)
    )


def _merged(connection: Connection) -> sa.Subquery:
    """Return who stands for whom, `person`, `root`, `since_s`; who is alone is not in it."""
    found = groups(connection)
    rows = [[who, root, found.since_s.get(root, 0)] for who, root in found.root.items()]
    if connection.dialect.name == "postgresql":
        each = sa.func.jsonb_array_elements(sa.literal(rows, JSONB)).table_valued("value")
        value = sa.cast(each.c.value, JSONB)
        parts: tuple[sa.ColumnElement[Any], ...] = (
            value[0].astext,
            value[1].astext,
            sa.cast(value[2].astext, sa.BigInteger),
        )
    else:
        each = sa.func.json_each(json.dumps(rows)).table_valued("value")
        parts = tuple(sa.func.json_extract(each.c.value, f"$[{n}]") for n in range(3))
    names = ("person", "root", "since_s")
    columns = [part.label(name) for part, name in zip(parts, names, strict=True)]
    return sa.select(*columns).select_from(each).subquery()


def _root(person: sa.ColumnElement[str], merged: sa.Subquery) -> sa.ColumnElement[str]:
    return sa.func.coalesce(merged.c.root, person)


def _alive(tenant: str, merged: sa.Subquery) -> sa.Subquery:
    """Return `root` and `relation` of people who were not erased."""
    alive = sa.exists().where(
        VAULT_KEYS.c.tenant == PERSONS.c.tenant, VAULT_KEYS.c.person == PERSONS.c.person
    )
    joined = PERSONS.outerjoin(merged, merged.c.person == PERSONS.c.person)
    root = _root(PERSONS.c.person, merged)
    return (
        sa.select(root.label("root"), sa.func.max(PERSONS.c.relation).label("relation"))
        .select_from(joined)
        .where(PERSONS.c.tenant == tenant, alive)
        .group_by(root)
        .subquery()
    )


def _homes(tenant: str, merged: sa.Subquery) -> sa.Subquery:
    """Return `root`, `bureau_id` and `commune_id` of the latest home of each."""
    root = _root(HOMES.c.person, merged)
    rank = sa.func.row_number().over(partition_by=root, order_by=HOMES.c.version.desc())
    every = (
        sa.select(root.label("root"), HOMES.c.bureau_id, HOMES.c.commune_id, rank.label("rank"))
        .select_from(HOMES.outerjoin(merged, merged.c.person == HOMES.c.person))
        .where(HOMES.c.tenant == tenant)
        .subquery()
    )
    return sa.select(every).where(every.c.rank == 1).subquery()


def _holding(tenant: str, merged: sa.Subquery, universe: Universe) -> sa.Subquery | None:
    """Return `root`, `purpose` and `channel` of each yes that holds, of the purposes asked for."""
    wanted = sorted({CONSENTS[value][0] for name, value in universe.leaves if name == "consent"})
    if not wanted:
        return None
    latest = consents.latest(tenant, wanted).subquery()
    yes = sa.case((latest.c.given_s > latest.c.taken_s, latest.c.given_s), else_=0)
    no = sa.case((latest.c.taken_s >= latest.c.given_s, latest.c.taken_s), else_=0)
    root = _root(latest.c.person, merged)
    since = sa.func.max(sa.func.coalesce(merged.c.since_s, 0))
    after = sa.and_(sa.func.max(yes) > sa.func.max(no), sa.func.max(yes) > since)
    return (
        sa.select(root.label("root"), latest.c.purpose, latest.c.channel)
        .select_from(latest.outerjoin(merged, merged.c.person == latest.c.person))
        .group_by(root, latest.c.purpose, latest.c.channel)
        .having(sa.and_(sa.func.max(yes) > 0, sa.or_(sa.func.max(no) == 0, after)))
        .subquery()
    )


@dataclass(frozen=True, slots=True)
class _People:
    """Conditions on people, as SQL."""

    connection: Connection
    tenant: str
    tables: tuple[sa.Subquery, sa.Subquery]
    said: sa.Subquery | None
    merged: sa.Subquery
    ground: Ground

    def of(self, node: Node) -> Where:
        ((name, value),) = node.items()
        everyone, homes = self.tables
        if name in ("all", "any"):
            parts = [self.of(one) for one in value]
            return sa.and_(sa.true(), *parts) if name == "all" else sa.or_(sa.false(), *parts)
        if name == "not":
            return sa.not_(self.of(value))
        if name == "relation":
            return everyone.c.relation == value
        if name == "consent":
            return self._consent(value)
        if name == "not_contacted_days":
            return self._not_contacted(value)
        if name in ("theme", "volunteering", "donation"):
            return self._stated(name, value)
        # Who lives nobody knows where is in no bureau, and in "not" of every bureau.
        columns = (
            sa.func.coalesce(homes.c.bureau_id, ""),
            sa.func.coalesce(homes.c.commune_id, ""),
        )
        return placed(self.connection, columns, name, value, self.ground)

    def _consent(self, to: str) -> Where:
        assert self.said is not None
        purpose, channel = CONSENTS[to]
        mine = sa.select(self.said.c.root).where(
            self.said.c.purpose == purpose, self.said.c.channel == channel
        )
        return self.tables[0].c.root.in_(mine)

    def _stated(self, kind: str, value: str | bool) -> Where:
        """Return that the last word of somebody on a theme, volunteering or a donation is yes."""
        given = sa.func.max(sa.case((STATEMENTS.c.given, STATEMENTS.c.at_s), else_=0))
        taken = sa.func.max(sa.case((STATEMENTS.c.given, 0), else_=STATEMENTS.c.at_s))
        root = _root(STATEMENTS.c.person, self.merged)
        query = (
            sa.select(root)
            .select_from(
                STATEMENTS.outerjoin(self.merged, self.merged.c.person == STATEMENTS.c.person)
            )
            .where(STATEMENTS.c.tenant == self.tenant, STATEMENTS.c.kind == kind)
            .group_by(root)
            .having(given > taken)
        )
        if kind == "theme":
            query = query.where(STATEMENTS.c.value == value)
        found = self.tables[0].c.root.in_(query)
        return found if value is not False else sa.not_(found)

    def _not_contacted(self, days: int) -> Where:
        since = self.ground.now_s - days * DAY_S
        reached = (
            sa.select(_root(CONTACTS.c.person, self.merged))
            .select_from(CONTACTS.outerjoin(self.merged, self.merged.c.person == CONTACTS.c.person))
            .where(CONTACTS.c.tenant == self.tenant, CONTACTS.c.at_s >= since)
        )
        return self.tables[0].c.root.not_in(reached)
