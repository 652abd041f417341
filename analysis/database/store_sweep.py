"""Sweep a store: what was deleted is in none of its files any more, not merely out of reach."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import NotSupportedError, OperationalError, ProgrammingError

from analysis.database.engine import reading

_EMPTY_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"
# Readers of a moment ago are waited for; whoever reads on keeps the log.
_PATIENCE_S, _PAUSE_S = 5.0, 0.1
_STAYS = re.compile(r"permission denied|(?<!\d)[1-9]\d* dead row versions cannot be removed")
# A right that was not given; none of a service that has no such order.
_NOT_MINE = {"42501", "0A000"}
# A segment that is used again, a copy or a reader keeps what was written.
_KEPT = """SELECT current_setting('wal_recycle') = 'on' OR current_setting('archive_mode') <> 'off'
    OR current_setting('wal_keep_size') <> '0' OR EXISTS (SELECT FROM pg_replication_slots)"""


def sweep(
    engine: Engine, written_anew: Sequence[sa.Table], others: Sequence[sa.Table] = ()
) -> bool:
    """Clear what was deleted out of a store's files; tell whether nothing of it is left there.

    Parameters
    ----------
    engine
        Of the store.
    written_anew
        Tables that PostgreSQL writes into new files, others waiting meanwhile: those whose rows
        say something by themselves. SQLite writes its whole file anew.
    others
        Tables whose dead rows PostgreSQL clears where they are.

    Returns
    -------
    bool
        False where somebody read the store meanwhile, or the tables are another's: a later sweep
        clears it.
    """
    if engine.dialect.name == "sqlite":
        return _sweep_file(engine)
    orders = [f"VACUUM (FULL, VERBOSE) {table.name}" for table in written_anew]
    orders += [f"VACUUM (VERBOSE) {table.name}" for table in others]
    with _alone(engine) as (connection, told):
        done = [_try(connection, order) for order in orders]
        # Not the owner's, or somebody reads a state of before: it is cleared at a later sweep.
        return all(done) and not any(_STAYS.search(text) for text in told)


def clear_log(engine: Engine) -> bool:
    """Have PostgreSQL throw away its log of writes up to now, as far as the owner's rights allow.

    Two checkpoints: the log is kept from the one before the last.

    Parameters
    ----------
    engine
        Of the store.

    Returns
    -------
    bool
        False where the log, an archive or a replica may still hold what was deleted. The log of
        SQLite is emptied by `sweep`.
    """
    if engine.dialect.name == "sqlite":
        return True
    with _alone(engine) as (connection, _told):
        try:
            for order in ("SELECT pg_switch_wal()", "CHECKPOINT") * 2:
                connection.exec_driver_sql(order)
        except (ProgrammingError, NotSupportedError) as error:
            if getattr(error.orig, "sqlstate", "") not in _NOT_MINE:
                raise
            return False
        kept = connection.exec_driver_sql(_KEPT).scalar_one()
    return not kept


def _sweep_file(engine: Engine) -> bool:
    with reading(engine) as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        # The log once more at the end: the new copy went through it.
        _empty_log(raw)
        raw.execute("VACUUM").fetchall()
        return _empty_log(raw)


def _empty_log(raw: Any) -> bool:  # noqa: ANN401 - a DBAPI connection
    """Empty the log that SQLite keeps beside its file; False where readers keep it."""
    end = time.monotonic() + _PATIENCE_S
    while (busy := raw.execute(_EMPTY_LOG).fetchone()[0]) and time.monotonic() < end:
        time.sleep(_PAUSE_S)
    return not busy


@contextmanager
def _alone(engine: Engine) -> Iterator[tuple[Connection, list[str]]]:
    """Open a connection of PostgreSQL outside transactions, and gather what it tells."""
    told: list[str] = []
    with reading(engine, role="owner") as connection:
        raw: Any = connection.connection.driver_connection
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")

        def note(said: Any) -> None:  # noqa: ANN401 - psycopg's Diagnostic
            told.extend(filter(None, (said.message_primary, said.message_detail)))

        raw.add_notice_handler(note)
        connection.exec_driver_sql(f"SET lock_timeout = {int(_PATIENCE_S * 1000)}")
        try:
            yield connection, told
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
            raw.remove_notice_handler(note)


def _try(connection: Connection, order: str) -> bool:
    """Give an order; False where somebody held the table all the while."""
    try:
        connection.exec_driver_sql(order)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != "55P03":
            raise
        return False
    return True
