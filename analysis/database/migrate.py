"""Bring a store to the tables of this version, whatever version wrote it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from weakref import WeakSet

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import Pool

from analysis.database import tenancy
from analysis.database.engine import become, lock, reading, tenant_of, writing
from analysis.errors import DataError

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = "palier migration"
# Where Alembic writes down which version the tables are of.
_VERSION = "alembic_version"
# Connections to databases that were found to be of this version, and to let the roles in.
_whole: WeakSet[Pool] = WeakSet()


def upgrade(
    engine: Engine,
    revision: str = "head",
    *,
    rebuild: Callable[[Connection], None] = lambda _connection: None,
) -> None:
    """Create the tables of an empty store, or bring those of an older version up to date.

    Structure and data change in one transaction. Two processes may call it at once.

    Parameters
    ----------
    engine
        The store.
    revision
        Version of the tables to reach.
    rebuild
        Makes what is derived from other tables again, in the same transaction.

    Raises
    ------
    DataError
        When the store was written by a newer version.
    """
    if revision == "head" and engine.pool in _whole:
        return
    if not _is_at(engine, revision):
        _bring(engine, revision, rebuild)
    # A file may be replaced between two questions; who replaces a database stops the server first.
    if revision == "head" and engine.dialect.name == "postgresql":
        _whole.add(engine.pool)


def _is_at(engine: Engine, revision: str) -> bool:
    wanted = newest_revision() if revision == "head" else revision
    # As the owner: the app's role has no rights yet in a store that was never migrated.
    with reading(engine, role="owner") as connection:
        if revision_of(connection) != wanted:
            return False
        return revision != "head" or not tenancy.lacking(connection)


def _bring(engine: Engine, revision: str, rebuild: Callable[[Connection], None]) -> None:
    with writing(engine, role="owner") as connection:
        lock(connection, [_LOCK])
        now = revision_of(connection)
        if now is not None and now not in known_revisions():
            raise DataError(
                "This store was written by a newer version of Palier.",
                where="revision {found}; this version knows {known}",
                mend="Install the newer version; nothing was changed.",
                found=now,
                known=newest_revision(),
            )
        upgrade_in(connection, revision, rebuild=rebuild)


def upgrade_in(
    connection: Connection,
    revision: str = "head",
    *,
    rebuild: Callable[[Connection], None] = lambda _connection: None,
) -> None:
    """Bring a store up to date in a transaction of its owner that is under way.

    Parameters
    ----------
    connection
        In that transaction.
    revision, rebuild
        As in `upgrade`.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if revision == "head":
        tenancy.grant_again(connection)
        for tenant in tenants_of(connection):
            become(connection, tenant)
            rebuild(connection)


def known_revisions() -> set[str]:
    """Return every version of the tables that this version of Palier can bring up to date."""
    return {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}


@cache
def newest_revision() -> str:
    """Return the version of the tables that this version of Palier writes."""
    return str(ScriptDirectory(str(_SCRIPTS)).get_current_head())


def tenants_of(connection: Connection) -> list[str]:
    """Return every tenant of the store; "" for the one that a file has."""
    if connection.dialect.name != "postgresql":
        return [""]
    # The owner is kept to one tenant like everyone; nobody else looks while this is lifted.
    connection.exec_driver_sql("ALTER TABLE meta NO FORCE ROW LEVEL SECURITY")
    found = connection.exec_driver_sql("SELECT DISTINCT tenant FROM meta ORDER BY 1")
    tenants = {str(tenant) for tenant in found.scalars()} | {tenant_of(connection)}
    connection.exec_driver_sql("ALTER TABLE meta FORCE ROW LEVEL SECURITY")
    return sorted(tenants - {""})


def revision_of(connection: Connection) -> str | None:
    """Return the version of the tables; None in an empty store."""
    # Every opening of a store asks: Alembic would first set up all that a migration needs.
    if not inspect(connection).has_table(_VERSION):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION}").scalar()
    return None if found is None else str(found)
