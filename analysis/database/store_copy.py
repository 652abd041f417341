"""The whole of a PostgreSQL store as text, table by table, and back into an empty database.

`pg_dump` refuses tables with row-level security unless a superuser runs it; here the owner goes
from tenant to tenant in one transaction, which sees one state of the store while others write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.database.access_tables import CAMPAIGNS
from analysis.database.contact_tables import (
    HOMES,
    LINKS,
    POINTS,
    ROLL_ROWS,
    STATEMENTS,
    VAULT,
    VAULT_KEYS,
)
from analysis.database.engine import become, reading, writing
from analysis.database.migrate import newest_revision, revision_of, tenants_of, upgrade_in
from analysis.database.tenancy import REALM
from analysis.errors import DataError

VERSION_TABLE = "alembic_version"
# Logins that were ended since would hold again: after a restore everyone logs in anew. A roll that
# was deleted since would be back: it is taken in again from its own file.
LEFT_OUT = frozenset({"sessions", ROLL_ROWS.name, VERSION_TABLE})
# Tables that hold the keys of people: name, and the column that says whose. What a key opens may
# be in any backup; the keys are kept apart from it, and those of the erased are never restored.
SECRET: dict[str, str] = {VAULT_KEYS.name: "person"}
# Tables with what is known of people: rows of the erased are never restored.
OF_PEOPLE: dict[str, str] = {
    one.name: "person" for one in (HOMES, STATEMENTS, LINKS, POINTS, VAULT)
}
_TABLES = sa.text(
    "SELECT relname, relforcerowsecurity FROM pg_class WHERE relkind = 'r' "
    "AND relnamespace = 'public'::regnamespace ORDER BY relname"
)
_COLUMNS = sa.text(
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name) AND attnum > 0 "
    "AND NOT attisdropped ORDER BY attnum"
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table, copied.

    Attributes
    ----------
    name, columns
        As in the database.
    rows
        How many.
    """

    name: str
    columns: tuple[str, ...]
    rows: int


def copy_out(engine: Engine, file_of: Callable[[str], Path]) -> tuple[str, list[Table], list[str]]:
    """Write every table into a file of its own.

    Parameters
    ----------
    engine
        Of a PostgreSQL store.
    file_of
        Says into which file a table goes.

    Returns
    -------
    tuple
        Version of the tables, the tables, and the tenants they hold rows of.

    Raises
    ------
    DataError
        When the store does not answer, or was never made.
    """
    with writing(engine, role="owner") as connection:
        has_tenants = "tenant" in connection.execute(_COLUMNS, {"name": "meta"}).scalars()
        known = tenants_of(connection) if has_tenants else []
    with reading(engine, role="owner") as connection:
        # What its first statement sees, all of them see.
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        revision = revision_of(connection)
        if revision is None:
            raise DataError("There is no store to back up.", mend="Check its URL.")
        tables = connection.execute(_TABLES).all()
        names = {name for name, _forced in tables}
        tenants = sorted({*known, *_campaigns(connection, names), REALM})
        copied = [
            _copied(connection, name, tenants if forced else [""], file_of(name))
            for name, forced in tables
            if name not in LEFT_OUT
        ]
    return revision, copied, tenants


def _campaigns(connection: Connection, tables: Iterable[str]) -> list[str]:
    if CAMPAIGNS.name not in tables:
        return []
    become(connection, REALM)
    return list(connection.execute(sa.select(CAMPAIGNS.c.campaign)).scalars())


def _copied(connection: Connection, name: str, tenants: Sequence[str], file: Path) -> Table:
    columns = tuple(connection.execute(_COLUMNS, {"name": name}).scalars())
    listed, rows = ", ".join(columns), 0
    cursor = _cursor(connection)
    with file.open("wb") as out:
        for tenant in tenants:
            become(connection, tenant)
            with cursor.copy(f"COPY (SELECT {listed} FROM {name}) TO STDOUT") as copy:
                for part in copy:
                    out.write(part)
            rows += cursor.rowcount
    return Table(name, columns, rows)


def _cursor(connection: Connection) -> Any:  # noqa: ANN401 - of the driver
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    return driver.cursor()


def copy_in(  # noqa: PLR0913 - what, of whom not, and what becomes of the rest
    engine: Engine,
    revision: str,
    tables: Iterable[tuple[Table, Path]],
    *,
    erased: frozenset[str],
    rebuild: Callable[[Connection], None],
    change: Callable[[Table, bytes], bytes] | None = None,
) -> int:
    """Fill an empty database, then bring it up to date: all of it or nothing.

    Parameters
    ----------
    engine
        Of an empty PostgreSQL database.
    revision
        Version of the tables that were copied.
    tables
        Each with its file.
    erased
        People whose keys, homes and opinions stay out.
    rebuild
        As in `migrate.upgrade`.
    change
        Called with every line of a table; returns what is written in its place.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    DataError
        When the database is not empty, or the tables are not those of that version.
    """
    with writing(engine, role="owner") as connection:
        if connection.execute(_TABLES).all():
            raise DataError(
                "The database is not empty: nothing was restored.",
                where="{place}",
                mend="Make a new one (createdb) and name it with --store.",
                place=engine.url.render_as_string(hide_password=True),
            )
        upgrade_in(connection, revision)
        forced = {str(name): bool(on) for name, on in connection.execute(_TABLES)}
        rows = sum(
            _fill(
                connection, table, _changed(table, _kept_lines(table, file, erased), change), forced
            )
            for table, file in tables
        )
        for name in (name for name, on in forced.items() if on):
            connection.exec_driver_sql(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        if revision != newest_revision():
            upgrade_in(connection, "head", rebuild=rebuild)
    return rows


def _fill(
    connection: Connection, table: Table, lines: Iterator[bytes], known: Mapping[str, bool]
) -> int:
    there = tuple(connection.execute(_COLUMNS, {"name": table.name}).scalars())
    if table.name not in known or set(there) != set(table.columns):
        raise DataError(
            "The backup holds a table that its version does not have.",
            where="{name}",
            mend="Take another backup: this one was altered.",
            name=table.name,
        )
    # COPY takes no rows into a table whose policies hold for the one who asks.
    if known[table.name]:
        connection.exec_driver_sql(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY")
    cursor = _cursor(connection)
    with cursor.copy(f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN") as copy:
        for line in lines:
            copy.write(line)
    return int(cursor.rowcount)


def _changed(
    table: Table, lines: Iterator[bytes], change: Callable[[Table, bytes], bytes] | None
) -> Iterator[bytes]:
    return lines if change is None else (change(table, line) for line in lines)


def _kept_lines(table: Table, file: Path, erased: frozenset[str]) -> Iterator[bytes]:
    """Yield the rows of a table but for those of people who were erased."""
    person = (SECRET | OF_PEOPLE).get(table.name, "")
    place = table.columns.index(person) if person else -1
    gone = {one.encode() for one in erased} if person else set()
    with file.open("rb") as content:
        for line in content:
            if not gone or line.rstrip(b"\n").split(b"\t")[place] not in gone:
                yield line
