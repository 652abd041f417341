"""A SQLite store copied while it is written to, without the keys that it holds."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from analysis.database.store_copy import LEFT_OUT, OF_PEOPLE, SECRET, VERSION_TABLE
from analysis.errors import DataError

_BUSY_S = 60


def copy_file(store: Path, target: Path, keys: Path) -> str:
    """Copy a store as it is at one moment.

    Parameters
    ----------
    store
        Its file.
    target
        Where the copy goes, without the tables of keys and of logins.
    keys
        Where the tables of keys go, if it has any.

    Returns
    -------
    str
        Version of its tables; "" when it has none.

    Raises
    ------
    DataError
        When it is damaged or cannot be read.
    """
    try:
        with _open(store, read_only=True) as source, _open(target) as copy:
            source.backup(copy)
            # One file: what is still beside it in the journal would be lost.
            copy.execute("PRAGMA journal_mode = DELETE")
            found = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
            if held := sorted(found & SECRET.keys()):
                copy.execute("ATTACH ? AS apart", (str(keys),))
                for name in held:
                    copy.execute(f"CREATE TABLE apart.{name} AS SELECT * FROM main.{name}")  # noqa: S608
            for name in sorted(found & (SECRET.keys() | LEFT_OUT - {VERSION_TABLE})):
                _empty(copy, name)
            if held:
                copy.execute("DETACH apart")
            copy.execute("VACUUM")  # what was deleted is still in its pages
            _check(copy, store)
            return _revision(copy) if VERSION_TABLE in found else ""
    except sqlite3.Error as error:
        raise _unreadable(store) from error


def put_back(store: Path, keys: Path | None, erased: frozenset[str]) -> None:
    """Check a restored store, and give it back the keys of whoever was not erased.

    Parameters
    ----------
    store
        Its file.
    keys
        What `copy_file` put apart; None where there is nothing.
    erased
        People whose keys, homes and opinions stay out.
    """
    try:
        with _open(store) as copy:
            _check(copy, store)
            _leave_out(copy, erased)
            if keys is None:
                return
            copy.execute("ATTACH ? AS apart", (str(keys),))
            held = [name for (name,) in copy.execute("SELECT name FROM apart.sqlite_master")]
            for name in sorted(SECRET.keys() & set(held)):
                marks = ", ".join("?" * len(erased))
                copy.execute(
                    f"INSERT INTO main.{name} SELECT * FROM apart.{name} "  # noqa: S608 - ours
                    f"WHERE {SECRET[name]} NOT IN ({marks})",
                    sorted(erased),
                )
    except sqlite3.Error as error:
        raise _unreadable(store) from error


def _leave_out(copy: sqlite3.Connection, erased: frozenset[str]) -> None:
    """Delete what a copy holds of people who were erased, and clear the pages it was in."""
    found = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
    gone = 0
    for name in sorted(found & OF_PEOPLE.keys()):
        query = f"DELETE FROM {name} WHERE {OF_PEOPLE[name]} = ?"  # noqa: S608 - ours
        gone += copy.executemany(query, [(one,) for one in sorted(erased)]).rowcount
    if gone > 0:
        copy.execute("VACUUM")


@contextlib.contextmanager
def _open(file: Path, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    mode = "ro" if read_only else "rwc"
    address = f"{file.resolve().as_uri()}?mode={mode}"
    opened = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)
    with contextlib.closing(opened):
        yield opened


def _empty(copy: sqlite3.Connection, name: str) -> None:
    """Delete every row, also of a table that only grows: this is a copy, and no act."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    triggers = copy.execute(query, (name,)).fetchall()
    for trigger, _sql in triggers:
        copy.execute(f"DROP TRIGGER {trigger}")
    copy.execute(f"DELETE FROM {name}")  # noqa: S608 - a table of ours
    for _trigger, sql in triggers:
        copy.execute(sql)


def _revision(copy: sqlite3.Connection) -> str:
    found = copy.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608
    return str(found[0]) if found else ""


def _check(copy: sqlite3.Connection, store: Path) -> None:
    if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        raise _unreadable(store)


def _unreadable(store: Path) -> DataError:
    return DataError(
        "This store is damaged or cannot be read.",
        where="{file}",
        mend="Check that the file may be read; if it is damaged, restore the last backup.",
        file=store,
    )
