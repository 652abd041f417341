"""Who of the supporters is in a universe, in one query: nobody who was erased or objected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import consents
from analysis.contacts.contact_store import insert_many
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
) -> sa.CompoundSelect[Any]:
    """Return a query of who is in a universe, and of how many might be asked, by bureau.

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

    Returns
    -------
    sqlalchemy.CompoundSelect
        `person` (who stands for a group), `bureau_id` ("" where nobody knows it) and 1; then, with
        no person, `bureau_id` and a number, of those in it or not. Nobody erased, merged into
        another or objecting is in either. In no order.
    """
    tenant, merged = tenant_of(connection), _with_merged(connection)
    everybody = _reachable(connection, merged, against).cte("everybody")
    where = _People(connection, tenant, merged, everybody, ground)
    row = everybody.c
    inside = sa.select(row.person, row.bureau_id, sa.literal(1).label("number"))
    sizes = sa.select(sa.null(), row.bureau_id, sa.func.count()).group_by(row.bureau_id)
    return sa.union_all(inside.where(where.of(universe.where)), sizes)


def _reachable(connection: Connection, merged: sa.Table, against: Iterable[str]) -> sa.Select[Any]:
    """Return a query of all who are not erased, merged into another or objecting."""
    tenant, person = tenant_of(connection), PERSONS.c.person
    others, own = merged.alias("others"), _latest_homes(tenant)
    alive = sa.exists().where(
        VAULT_KEYS.c.tenant == PERSONS.c.tenant, VAULT_KEYS.c.person == person
    )
    absorbed = sa.select(others.c.person).where(others.c.person != others.c.root)
    homes = [
        sa.func.coalesce(merged.c[name], own.c[name], "").label(name)
        for name in ("bureau_id", "commune_id")
    ]
    # Joined once: a home looked up for each person costs more than the rule itself.
    every = PERSONS.outerjoin(merged, merged.c.person == person)
    return (
        sa.select(person, PERSONS.c.relation, *homes)
        .select_from(every.outerjoin(own, own.c.person == person))
        .where(PERSONS.c.tenant == tenant, alive, person.not_in(absorbed))
        .where(person.not_in(listed(connection, against)))
    )


def _latest_homes(tenant: str) -> sa.Subquery:
    """Return where each person was last said to live, one row each."""
    later = HOMES.alias("later")
    newer = sa.exists().where(
        later.c.tenant == HOMES.c.tenant,
        later.c.person == HOMES.c.person,
        later.c.version > HOMES.c.version,
    )
    # Not by a maximum: PostgreSQL does not see how many are left, and reads all homes per person.
    columns = (HOMES.c.person, HOMES.c.bureau_id, HOMES.c.commune_id)
    return sa.select(*columns).where(HOMES.c.tenant == tenant, ~newer).subquery()


# One row a person who is merged with another; of the transaction alone.
_MERGED = sa.Table(
    "merged_now",
    sa.MetaData(),
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("root", sa.String(64), nullable=False),
    sa.Column("since_s", sa.BigInteger, nullable=False),
    # The latest home of the whole group; missing where nobody of it has one.
    sa.Column("bureau_id", sa.String(64), nullable=True),
    sa.Column("commune_id", sa.String(64), nullable=True),
    prefixes=["TEMPORARY"],
)


def _with_merged(connection: Connection) -> sa.Table:
    """Return who stands for whom, in a table of the transaction; who is alone is not in it.

    A list in the query itself has no index, and SQLite would read it anew for each person.
    """
    found = groups(connection)
    query = (
        sa.select(HOMES.c.person, HOMES.c.bureau_id, HOMES.c.commune_id)
        .where(HOMES.c.tenant == tenant_of(connection))
        .where(HOMES.c.person.in_(listed(connection, found.root)))
        .order_by(HOMES.c.version)
    )
    homes = {found.of(who): (bureau, commune) for who, bureau, commune in connection.execute(query)}
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_MERGED.name}")
    _MERGED.create(connection, checkfirst=False)
    names = ("person", "root", "since_s", "bureau_id", "commune_id")
    rows = [
        (who, root, found.since_s.get(root, 0), *homes.get(root, (None, None)))
        for who, root in found.root.items()
    ]
    insert_many(connection, _MERGED, [dict(zip(names, row, strict=True)) for row in rows])
    return _MERGED


@dataclass(frozen=True, slots=True)
class _People:
    """Conditions on people, as SQL."""

    connection: Connection
    tenant: str
    merged: sa.Table
    row: sa.CTE
    ground: Ground

    def of(self, node: Node) -> Where:
        """Return the condition that a node of a rule puts on people."""
        ((name, value),) = node.items()
        if name in ("all", "any"):
            parts = [self.of(one) for one in value]
            return sa.and_(sa.true(), *parts) if name == "all" else sa.or_(sa.false(), *parts)
        if name == "not":
            return sa.not_(self.of(value))
        if name == "relation":
            return self.row.c.relation == value
        if name == "consent":
            return self._consent(*CONSENTS[value])
        if name == "not_contacted_days":
            return self._not_contacted(value)
        if name in ("theme", "volunteering", "donation"):
            return self._stated(name, value)
        columns = (self.row.c.bureau_id, self.row.c.commune_id)
        return placed(self.connection, columns, name, value, self.ground)

    def _grouped(
        self, table: sa.Table | sa.Subquery, *columns: sa.ColumnElement[Any]
    ) -> sa.Select[Any]:
        """Return a query of who stands for the people of a table, one row each."""
        root = sa.func.coalesce(self.merged.c.root, table.c.person)
        joined = table.outerjoin(self.merged, self.merged.c.person == table.c.person)
        return sa.select(root, *columns).select_from(joined).group_by(root)

    def _consent(self, purpose: str, channel: str) -> Where:
        """Return that somebody says yes, as `consents.current` finds it."""
        latest = consents.latest(self.tenant, purpose, channel).subquery()
        yes = sa.func.max(sa.case((latest.c.given_s > latest.c.taken_s, latest.c.given_s), else_=0))
        no = sa.func.max(sa.case((latest.c.taken_s >= latest.c.given_s, latest.c.taken_s), else_=0))
        since = sa.func.max(sa.func.coalesce(self.merged.c.since_s, 0))
        holds = sa.and_(yes > 0, sa.or_(no == 0, sa.and_(yes > no, yes > since)))
        return self.row.c.person.in_(self._grouped(latest).having(holds))

    def _stated(self, kind: str, value: str | bool) -> Where:
        """Return that the last word of somebody on a theme, volunteering or a donation is yes."""
        given = sa.func.max(sa.case((STATEMENTS.c.given, STATEMENTS.c.at_s), else_=0))
        taken = sa.func.max(sa.case((STATEMENTS.c.given, 0), else_=STATEMENTS.c.at_s))
        query = self._grouped(STATEMENTS).having(given > taken)
        query = query.where(STATEMENTS.c.tenant == self.tenant, STATEMENTS.c.kind == kind)
        if kind == "theme":
            query = query.where(STATEMENTS.c.value == value)
        found = self.row.c.person.in_(query)
        return found if value is not False else sa.not_(found)

    def _not_contacted(self, days: int) -> Where:
        since = self.ground.now_s - days * DAY_S
        reached = self._grouped(CONTACTS).where(
            CONTACTS.c.tenant == self.tenant, CONTACTS.c.at_s >= since
        )
        return self.row.c.person.not_in(reached)
