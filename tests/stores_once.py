"""What every store of the suite is made of, worked out once by a worker.

The migrations take 0.07 s in an empty file, and every engine has a dialect of its own, for which
SQLAlchemy compiles each statement anew: hundreds of times each.
"""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from analysis.database import engine, migrate

MIGRATE = migrate.upgrade_in
_PARTS = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"


@contextlib.contextmanager
def worked_out_once():
    """Give an empty file what the migrations made of the first one, and compile for all engines.

    A store that has tables already, or is to reach another version than the newest, is migrated.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "upgrade_in", _copying())
        _compile_once(patch)
        yield


def parts(connection):
    """Return the tables, indexes and triggers of a store of SQLite, as it writes them down."""
    return [tuple(row) for row in connection.exec_driver_sql(_PARTS)]


def _copying():
    made = []

    def upgrade_in(connection, revision="head", *, rebuild=lambda _connection: None):
        if connection.dialect.name != "sqlite" or revision != "head" or parts(connection):
            MIGRATE(connection, revision, rebuild=rebuild)
            return
        if made:
            for statement in made:
                connection.exec_driver_sql(statement)
        else:
            MIGRATE(connection)
            dump = connection.connection.driver_connection.iterdump()
            rows = [line for line in dump if line.startswith("INSERT")]
            made[:] = [sql for *_, sql in parts(connection) if sql] + rows
        rebuild(connection)

    return upgrade_in


def _compile_once(patch):
    """Let the engines of a kind have what was compiled in common: their dialects are alike."""
    for name, dialect in (("_sqlite", SQLiteDialect_pysqlite), ("_postgresql", PGDialect_psycopg)):
        patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        patch.setattr(engine, name, _with_common(getattr(engine, name), LRUCache(2_000)))


def _with_common(create, cache):
    return lambda url: create(url).execution_options(compiled_cache=cache)
