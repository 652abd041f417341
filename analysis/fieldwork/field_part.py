"""A part of a campaign: the questions to its store, asked of some bureaux and turfs only.

A common table expression that bears the name of a table stands before it in the whole query, so
that no question can forget the limit; a table that nobody said how to limit has no rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from analysis.database.models import (
    ANSWERS,
    ATTEMPTS,
    BUILDING_DECISIONS,
    CONFLICTS,
    DUE,
    FLAGS,
    IMPORTS,
    META,
    MISSING_BUILDINGS,
    PLAN,
    TALLY_ADDRESS,
    TALLY_DAY,
    TALLY_HOUR,
    TALLY_TURF,
)
from analysis.errors import DataError, some

_PLACED = {
    *(one.name for one in (ATTEMPTS, PLAN, MISSING_BUILDINGS)),
    *(one.name for one in (TALLY_DAY, TALLY_HOUR, TALLY_ADDRESS, TALLY_TURF)),
}
_OF_TURF = {FLAGS.name, DUE.name}
# Tables whose rows are of the part when another's, named by this column, are.
_OF_ANOTHER = {
    CONFLICTS.name: ("attempt_id", ATTEMPTS),
    ANSWERS.name: ("attempt_id", ATTEMPTS),
    IMPORTS.name: ("import_id", ATTEMPTS),
    BUILDING_DECISIONS.name: ("report_id", MISSING_BUILDINGS),
}
_SCHEMA = {"postgresql": "public", "sqlite": "main"}


@dataclass(frozen=True, slots=True)
class Part:
    """Bureaux and turfs.

    Attributes
    ----------
    bureaux, turfs
        Ids; a row is of the part when it is of one of either.
    """

    bureaux: frozenset[str] = frozenset()
    turfs: frozenset[str] = frozenset()

    def holds(self, turf_id: str, bureaux: Iterable[str]) -> bool:
        """Tell whether a turf is of the part: named, or in its bureaux with all it has."""
        own = set(bureaux)
        return turf_id in self.turfs or (bool(own) and own <= self.bureaux)

    def limited(self, query: sa.Select[Any], dialect: str) -> sa.Select[Any]:
        """Return a query that sees the rows of this part and no other.

        Parameters
        ----------
        query
            Of tables of the store.
        dialect
            Name of the engine.
        """
        named = {one.name: one for one in visitors.iterate(query) if isinstance(one, sa.Table)}
        for name in sorted(set(named) - {META.name}):
            query = query.add_cte(self._shadow(named[name], _SCHEMA[dialect]))
        return query

    def refuse_outside(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Raise a `DataError` where attempts are not of the part."""
        outside = {
            str(row["turf_id"])
            for row in rows
            if row["turf_id"] not in self.turfs and row["bureau_id"] not in self.bureaux
        }
        if outside:
            raise DataError(
                "These returns are of turfs that are not yours: nothing of this file was counted.",
                where="turfs {outside}",
                mend="Give the file to the organiser of these turfs.",
                outside=some(sorted(outside)),
            )

    def _shadow(self, table: sa.Table, schema: str) -> sa.CTE:
        real = _real(table, schema)
        return sa.select(*real.c).where(self._condition(real, schema)).cte(table.name)

    def _condition(self, real: sa.TableClause, schema: str) -> sa.ColumnElement[bool]:
        if real.name in _PLACED:
            return self._inside(real)
        if real.name in _OF_TURF:
            plan = _real(PLAN, schema)
            return real.c.turf_id.in_(sa.select(plan.c.turf_id).where(self._inside(plan)))
        if another := _OF_ANOTHER.get(real.name):
            column, named = another
            placed = _real(named, schema)
            own = sa.select(placed.c[column]).where(self._inside(placed))
            return real.c[column].in_(own)
        return sa.false()

    def _inside(self, real: sa.TableClause) -> sa.ColumnElement[bool]:
        return sa.or_(
            real.c.bureau_id.in_(sorted(self.bureaux)), real.c.turf_id.in_(sorted(self.turfs))
        )


def _real(table: sa.Table, schema: str) -> sa.TableClause:
    columns = (sa.column(one.name, one.type) for one in table.c)
    return sa.table(table.name, *columns, schema=schema)
