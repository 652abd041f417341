"""The sums that the screens read, worked out in the transaction that brings the attempts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from analysis.database.models import (
    ATTEMPTS,
    COUNTS,
    META,
    PLAN,
    SPAN,
    TALLIES,
    TALLY_ADDRESS,
    TALLY_TURF,
)
from analysis.fieldwork.outcome_codes import OUTCOMES, REFUSALS, UNDONE

NO_HOUR = -1
# Of `META`: the first day of the campaign, 2026-02-01; "" where none is said.
FIRST_DAY = "first_day"
_TURFS = "turfs"
# Turfs named in one statement: databases take only so many values.
CHUNK = 500


def rebuild(connection: Connection, turfs: Iterable[str] | None = None) -> None:
    """Work the tallies out again from the attempts, all or those of some turfs.

    A turf is small, so an import counts the turfs it touches anew: the sums do not depend on
    the order in which files come, and a correction needs no arithmetic of its own.
    """
    names = [] if turfs is None else sorted(set(turfs))
    for start in range(0, max(len(names), 1), CHUNK):
        given = {} if turfs is None else {_TURFS: names[start : start + CHUNK]}
        for table in TALLIES:
            for statement in _statements(table, some=turfs is not None):
                connection.execute(statement, given)


@cache
def _statements(table: sa.Table, *, some: bool) -> tuple[sa.Delete, sa.Insert]:
    """Return what empties a tally and counts it again; written once, for it is asked often."""
    gone = sa.delete(table)
    if some:
        gone = gone.where(table.c.turf_id.in_(_given()))
    columns = list(table.c.keys())
    return gone, sa.insert(table).from_select(columns, counted(table, some=some))


def _given() -> sa.BindParameter[Any]:
    return sa.bindparam(_TURFS, expanding=True)


def differing(connection: Connection) -> dict[str, int]:
    """Count the rows of each tally that are not what the attempts give: 0 in a sound store."""
    found = {}
    for table in TALLIES:
        kept, again = sa.select(*table.c), counted(table)
        sides = (kept.except_(again), again.except_(kept))
        odd = sa.union_all(*(side.subquery().select() for side in sides)).subquery()
        number = connection.execute(sa.select(sa.func.count()).select_from(odd))
        found[table.name] = int(number.scalar_one())
    return found


def counted(table: sa.Table, *, some: bool = False) -> sa.Select[Any]:
    """Return the query that counts the rows of a tally, of all turfs or of the `turfs` given."""
    if table is TALLY_TURF:
        return _by_turf(some=some)
    counts = _from_attempts(table, some=some)
    return _within_dwellings(counts) if table is TALLY_ADDRESS else counts


def _within_dwellings(counts: sa.Select[Any]) -> sa.Select[Any]:
    """Add what was tried of each address, at most its dwellings, and what of it stayed silent."""
    told = counts.add_columns(sa.func.max(ATTEMPTS.c.bureau_id).label("bureau_id")).subquery()
    here, anywhere = PLAN.alias("here"), PLAN.alias("anywhere")
    # Turfs may have been cut again since: the address is then in another one, or in none.
    elsewhere = (
        sa.select(sa.func.max(anywhere.c.dwellings))
        .where(anywhere.c.address_id == told.c.address_id)
        .scalar_subquery()
    )
    most = sa.func.coalesce(here.c.dwellings, elsewhere, told.c.doors)
    settled = told.c.conversation + told.c.moved
    for name in REFUSALS:
        settled += told.c[name]
    tried = _least(most, told.c.doors)
    names = [column.name for column in told.c if column.name != "bureau_id"]
    return sa.select(
        *(told.c[name] for name in names),
        told.c.bureau_id,
        tried.label("tried"),
        (tried - _least(tried, settled)).label("silent"),
    ).select_from(
        told.outerjoin(
            here,
            sa.and_(here.c.turf_id == told.c.turf_id, here.c.address_id == told.c.address_id),
        )
    )


def _by_turf(*, some: bool) -> sa.Select[Any]:
    """Return what was planned and tried by turf and bureau, turfs without returns included."""
    nothing = sa.literal(0)
    wanted = sa.select(
        PLAN.c.turf_id,
        PLAN.c.bureau_id,
        PLAN.c.dwellings.label("planned"),
        nothing.label("tried"),
        nothing.label("silent"),
    )
    t = TALLY_ADDRESS.c
    done = sa.select(t.turf_id, t.bureau_id, nothing.label("planned"), t.tried, t.silent)
    if some:
        wanted = wanted.where(PLAN.c.turf_id.in_(_given()))
        done = done.where(t.turf_id.in_(_given()))
    both = sa.union_all(wanted, done).subquery()
    keys = (both.c.turf_id, both.c.bureau_id)
    sums = (
        sa.cast(sa.func.sum(both.c[name]), sa.BigInteger) for name in ("planned", "tried", "silent")
    )
    return sa.select(*keys, *sums).group_by(*keys)


def _least(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the smaller of two: the engines have no function for it with one name."""
    return sa.case((one < other, one), else_=other)


def _from_attempts(table: sa.Table, *, some: bool) -> sa.Select[Any]:
    out = replaced(some=some).subquery("replaced")
    same = (out.c.turf_id == ATTEMPTS.c.turf_id, out.c.attempt_id == ATTEMPTS.c.attempt_id)
    stands = sa.and_(out.c.attempt_id.is_(None), ATTEMPTS.c.outcome != UNDONE)
    keys = _keys(table)
    query = (
        sa.select(*keys, *_sums(stands))
        .select_from(ATTEMPTS.outerjoin(out, sa.and_(*same)))
        .group_by(*keys)
    )
    return query.where(ATTEMPTS.c.turf_id.in_(_given())) if some else query


def replaced(*, some: bool = False, early: bool = True) -> sa.CompoundSelect[Any]:
    """Return the query of attempts that do not stand, of all turfs or of the `turfs` given.

    A corrected attempt is replaced; of several corrections of it only the latest stands. One
    that is dated before the first day of the campaign was written by a wrong clock: it is kept,
    and counts in nothing (`early`: it is one of these).
    """
    earlier, later = ATTEMPTS.alias("earlier"), ATTEMPTS.alias("later")
    after = sa.tuple_(later.c.at_s, later.c.attempt_id) > sa.tuple_(
        earlier.c.at_s, earlier.c.attempt_id
    )
    overtaken = sa.exists().where(
        later.c.corrects == earlier.c.corrects, later.c.turf_id == earlier.c.turf_id, after
    )
    is_correction = ATTEMPTS.c.corrects.is_not(None)
    corrected = sa.select(ATTEMPTS.c.turf_id, ATTEMPTS.c.corrects.label("attempt_id"))
    corrected = corrected.where(is_correction)
    outdone = sa.select(earlier.c.turf_id, earlier.c.attempt_id)
    outdone = outdone.where(earlier.c.corrects.is_not(None), overtaken)
    wrong_clock = sa.select(ATTEMPTS.c.turf_id, ATTEMPTS.c.attempt_id).where(before_start())
    if some:
        corrected = corrected.where(ATTEMPTS.c.turf_id.in_(_given()))
        outdone = outdone.where(earlier.c.turf_id.in_(_given()))
        wrong_clock = wrong_clock.where(ATTEMPTS.c.turf_id.in_(_given()))
    return sa.union(corrected, outdone, *((wrong_clock,) if early else ()))


def before_start() -> ColumnElement[bool]:
    """Return whether an attempt is dated before the first day that the store was told of."""
    first = sa.select(META.c.value).where(META.c.name == FIRST_DAY).scalar_subquery()
    # As text, in which both engines write a day alike.
    return sa.cast(ATTEMPTS.c.day, sa.String) < first


def _keys(table: sa.Table) -> list[ColumnElement[Any]]:
    keys: list[ColumnElement[Any]] = []
    for column in table.primary_key:
        if column.name == "weekend":
            # 0 is Sunday in both engines.
            keys.append(sa.extract("dow", ATTEMPTS.c.day).in_((0, 6)))
        elif column.name == "hour":
            keys.append(sa.func.coalesce(ATTEMPTS.c.hour, NO_HOUR))
        else:
            keys.append(ATTEMPTS.c[column.name])
    return keys


def _sums(stands: ColumnElement[bool]) -> list[ColumnElement[int]]:
    doors = ATTEMPTS.c.doors
    rated = sa.and_(stands, ATTEMPTS.c.outcome == "conversation", ATTEMPTS.c.quality.is_not(None))
    values = {
        "attempts": _sum(stands, 1),
        "doors": _sum(stands, doors),
        **{name: _sum(sa.and_(stands, ATTEMPTS.c.outcome == name), doors) for name in OUTCOMES},
        "opponent": _sum(sa.and_(stands, ATTEMPTS.c.opponent), 1),
        "quality_sum": _sum(rated, ATTEMPTS.c.quality),
        "quality_n": _sum(rated, 1),
        "first_s": _edge(sa.func.min, stands),
        "last_s": _edge(sa.func.max, stands),
    }
    return [values[name].label(name) for name in (*COUNTS, *SPAN)]


def _edge(of: Any, stands: ColumnElement[bool]) -> ColumnElement[int]:  # noqa: ANN401
    """Return the first or last instant of those that stand, else of all."""
    instant = sa.case((stands, ATTEMPTS.c.at_s))
    return sa.func.coalesce(of(instant), of(ATTEMPTS.c.at_s))


def _sum(which: ColumnElement[bool], value: Any) -> ColumnElement[int]:  # noqa: ANN401
    return sa.cast(sa.func.sum(sa.case((which, value), else_=0)), sa.BigInteger)
