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

    Returns
    -------
    sqlalchemy.Select
        Nobody erased, merged into another or objecting is in it; `bureau_id` is null where unknown.
    """
    query, inside = _reachable(connection, universe, ground, against)
    return query.where(inside).order_by(PERSONS.c.person)


def with_sizes(
    connection: Connection, universe: Universe, ground: Ground, against: Iterable[str]
) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Return the query of `people_query`, and one of how many there are by bureau, in it or not.

    Parameters
    ----------
    connection, universe, ground, against
        As in `people_query`.

    Returns
    -------
    tuple of sqlalchemy.Select
        The people; `bureau_id` and a count, of everybody who might be asked.
    """
    query, inside = _reachable(connection, universe, ground, against)
    whole = query.subquery()
    sizes = sa.select(whole.c.bureau_id, sa.func.count()).group_by(whole.c.bureau_id)
    return query.where(inside).order_by(PERSONS.c.person), sizes


def _reachable(
    connection: Connection, universe: Universe, ground: Ground, against: Iterable[str]
) -> tuple[sa.Select[Any], Where]:
    """Return a query of all who are not erased, merged into another or objecting; the rule."""
    merged = _with_merged(connection)
    where = _People(connection, tenant_of(connection), merged, ground)
    person = PERSONS.c.person
    alive = sa.exists().where(
        VAULT_KEYS.c.tenant == PERSONS.c.tenant, VAULT_KEYS.c.person == person
    )
    absorbed = sa.select(merged.c.person).where(merged.c.person != merged.c.root)
    query = (
        sa.select(person, where.home("bureau_id").label("bureau_id"))
        .where(PERSONS.c.tenant == where.tenant, alive, person.not_in(absorbed))
        .where(person.not_in(listed(connection, against)))
    )
    return query, where.of(universe.where)


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
            return PERSONS.c.relation == value
        if name == "consent":
            return self._consent(*CONSENTS[value])
        if name == "not_contacted_days":
            return self._not_contacted(value)
        if name in ("theme", "volunteering", "donation"):
            return self._stated(name, value)
        columns = (self.home("bureau_id"), self.home("commune_id"))
        return placed(self.connection, columns, name, value, self.ground)

    def home(self, column: str) -> sa.ColumnElement[str]:
        """Return the latest home of a person, "" where nobody knows it."""
        own = (
            sa.select(HOMES.c[column])
            .where(HOMES.c.tenant == PERSONS.c.tenant, HOMES.c.person == PERSONS.c.person)
            .order_by(HOMES.c.version.desc())
            .limit(1)
            .scalar_subquery()
        )
        of_group = (
            sa.select(self.merged.c[column])
            .where(self.merged.c.person == PERSONS.c.person)
            .scalar_subquery()
        )
        return sa.func.coalesce(of_group, own, "")

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
        return PERSONS.c.person.in_(self._grouped(latest).having(holds))

    def _stated(self, kind: str, value: str | bool) -> Where:
        """Return that the last word of somebody on a theme, volunteering or a donation is yes."""
        given = sa.func.max(sa.case((STATEMENTS.c.given, STATEMENTS.c.at_s), else_=0))
        taken = sa.func.max(sa.case((STATEMENTS.c.given, 0), else_=STATEMENTS.c.at_s))
        query = self._grouped(STATEMENTS).having(given > taken)
        query = query.where(STATEMENTS.c.tenant == self.tenant, STATEMENTS.c.kind == kind)
        if kind == "theme":
            query = query.where(STATEMENTS.c.value == value)
        found = PERSONS.c.person.in_(query)
        return found if value is not False else sa.not_(found)

    def _not_contacted(self, days: int) -> Where:
        since = self.ground.now_s - days * DAY_S
        reached = self._grouped(CONTACTS).where(
            CONTACTS.c.tenant == self.tenant, CONTACTS.c.at_s >= since
        )
        return PERSONS.c.person.not_in(reached)
