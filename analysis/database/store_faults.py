"""What a fault of the store means for what was being written."""

from __future__ import annotations

from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError as ValueFault
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, ProgrammingError

from analysis.errors import DataError

_FULL = ("disk is full", "no space left", "could not extend")
_DISK_FULL = "53100"  # PostgreSQL's code for it
# Codes of PostgreSQL: connection, resources, operator's intervention, system, lock, rollback.
_AWAY = ("08", "53", "57", "58", "55", "40")
# SQLite calls nearly everything an operational error.
_SAID_NO = ("no such table", "no such column", "has no column", "syntax error")
_READ_ONLY = ("readonly database", "permission denied", "read-only transaction")


def explain(error: DBAPIError, url: URL) -> DataError:
    """Say what a fault of the store means for what was being written."""
    said = str(error.orig).strip()
    shown = url.set(query={}).render_as_string(hide_password=True)
    where = f"{shown}: {said.splitlines()[0] if said else ''}"
    text = said.lower()
    if any(word in text for word in _FULL) or getattr(error.orig, "sqlstate", "") == _DISK_FULL:
        return DataError(
            "The disk of the store is full: nothing of this file was counted.",
            where="{place}",
            mend="Make room, then import the same file again: what is already in counts once.",
            place=where,
        )
    if any(word in text for word in _READ_ONLY):
        return DataError(
            "The store may not be written to.",
            where="{place}",
            mend="Give this user the right to write there, then import the same file again.",
            place=where,
        )
    if "append-only" in text:
        return DataError(
            "Returns are never changed or deleted.",
            where="{place}",
            mend="Send a correction: a new row whose `corrects` names the attempt.",
            place=where,
        )
    if _answered(error):
        # A value that does not fit stands in the words of the store, and may be somebody's.
        said = type(error.orig).__name__ if isinstance(error, ValueFault) else where
        return DataError(
            "The store answered, and refused what it was asked: nothing was written by halves.",
            where="{place}",
            mend="Open the workspace with this version of Palier, which brings its tables up to "
            "date; if it stays so, report this line.",
            place=said,
        )
    return DataError(
        "The store does not answer, or stopped in the middle: nothing was counted by halves.",
        where="{place}",
        mend="Start the database, then import the same file again: what is already in counts once.",
        place=where,
    )


def busy(url: URL) -> DataError:
    """Say that every connection to the store was in use for as long as one waits."""
    return DataError(
        "The store has more to do than it can: nothing was read or written.",
        where="{place}",
        mend="Try again in a minute.",
        place=url.set(query={}).render_as_string(hide_password=True),
    )


def _answered(error: DBAPIError) -> bool:
    """Tell whether the store was there and said no, not busy, cut off or damaged."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    if code is not None:
        return not code.startswith(_AWAY)
    text = str(error.orig).lower()
    said_no = isinstance(error, IntegrityError | ProgrammingError | ValueFault)
    return said_no or any(word in text for word in _SAID_NO)


def is_passing(error: DataError) -> bool:
    """Tell whether the same transaction may well succeed when tried again at once."""
    cause = error.__cause__
    code = getattr(getattr(cause, "orig", None), "sqlstate", "")
    return code in ("40001", "40P01")  # serialisation failure, deadlock
