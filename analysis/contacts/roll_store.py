"""The electoral rolls of a campaign: taken in whole, read while they may be, deleted at their end.

Rows carry no contact point and no score. Nothing but this module reads or writes them, so that a
roll that expired, or whose vote is final, is out of everybody's reach before it is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.access import audit
from analysis.contacts.contact_store import Contacts, new_id
from analysis.contacts.roll_origin import PROMISE, Origin, last_day
from analysis.contacts.roll_overlap import replaces, twice
from analysis.database.contact_tables import ROLL_ENDS, ROLL_FILES, ROLL_ROWS
from analysis.database.engine import analyse, lock, reading, writing
from analysis.database.store_sweep import clear_log, sweep
from analysis.errors import DataError, some

# Why a roll ended. Replaced: by a newer list of the same bureaux. The last: its rows are in no
# backup, and the store was restored from one.
EXPIRED, DONE, REPLACED, NOT_RESTORED = "expired", "done", "replaced", "not_restored"
_LOCK = "electoral roll"
_BATCH = 20_000
_CELL = ("commune_id", "bureau_id", "list_kind")
_OWN = ("tenant", "roll")


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll that was taken in.

    Attributes
    ----------
    roll
        Its id.
    file, sha256
        Name and digest of its file.
    origin
        Who asked for it and until when it may be used.
    rows, file_rows
        Rows kept, and rows of the file.
    dropped
        `forbidden`: headings that were not read because the law forbids their use; `unread`:
        number of others.
    refused
        By reason: `rows`, and their `lines` in the file.
    counts
        What rows lack, and how many are on which list.
    at_s, ended
        When it was taken in, seconds since 1970; why it ended, "" while it may be used.
    """

    roll: str
    file: str
    sha256: str
    origin: Origin
    rows: int
    file_rows: int
    dropped: dict[str, Any]
    refused: dict[str, dict[str, Any]]
    counts: dict[str, int]
    at_s: int
    ended: str


def rolls(contacts: Contacts, *, today: date | None = None) -> list[Roll]:
    """Return the rolls that were ever taken in, the latest first.

    Parameters
    ----------
    contacts
        Of the campaign.
    today
        Day by which one has expired; else found.
    """
    with reading(contacts.engine) as connection:
        return _rolls(connection, contacts, today or date.today())


def _rolls(connection: Connection, contacts: Contacts, today: date) -> list[Roll]:
    same = sa.and_(ROLL_ENDS.c.tenant == ROLL_FILES.c.tenant, ROLL_ENDS.c.roll == ROLL_FILES.c.roll)
    query = (
        sa.select(ROLL_FILES, ROLL_ENDS.c.reason)
        .select_from(ROLL_FILES.outerjoin(ROLL_ENDS, same))
        .where(ROLL_FILES.c.tenant == contacts.tenant)
        .order_by(ROLL_FILES.c.at_s.desc(), ROLL_FILES.c.roll)
    )
    final = last_day(contacts.controller)
    over = final is not None and today > final
    found = []
    for row in connection.execute(query).mappings().all():
        gone = row["reason"] or (EXPIRED if over or today > row["expires_on"] else "")
        if not gone and not _there(connection, contacts, row["roll"]):
            gone = NOT_RESTORED
        found.append(
            Roll(
                **{name: row[name] for name in ("roll", "file", "sha256", "rows", "file_rows")},
                **{name: json.loads(row[name]) for name in ("dropped", "refused", "counts")},
                origin=Origin(*(row[name] for name in Origin.__dataclass_fields__)),
                at_s=row["at_s"],
                ended=gone,
            )
        )
    return found


def _there(connection: Connection, contacts: Contacts, roll: str) -> bool:
    """Tell whether a roll has rows."""
    mine = (ROLL_ROWS.c.tenant == contacts.tenant, ROLL_ROWS.c.roll == roll)
    return connection.execute(sa.select(ROLL_ROWS.c.line).where(*mine).limit(1)).first() is not None


def rows_query(
    connection: Connection, contacts: Contacts, *columns: sa.ColumnElement[Any], today: date
) -> sa.Select[Any]:
    """Return a query of rows of rolls that may be used; there are none where none may.

    Parameters
    ----------
    connection, contacts
        Of the campaign.
    columns
        Of `ROLL_ROWS`; all when none is named.
    today
        Day of use.

    Returns
    -------
    sqlalchemy.Select
        One row a line of a roll, in no order.
    """
    live = [one.roll for one in _rolls(connection, contacts, today) if not one.ended]
    return sa.select(*(columns or (ROLL_ROWS,))).where(
        ROLL_ROWS.c.tenant == contacts.tenant, ROLL_ROWS.c.roll.in_(live)
    )


def add_roll(
    contacts: Contacts,
    origin: Origin,
    rows: pa.Table,
    told: Mapping[str, Any],
    *,
    today: date | None = None,
) -> Roll:
    """Write a roll, whole or not at all; a file that is in already is not written again.

    A newer list of the same bureaux replaces the one in use, which ends: nobody is counted twice.

    Parameters
    ----------
    contacts
        Of the campaign.
    origin
        Who asked for it; checked again here.
    rows
        Columns of `ROLL_ROWS` but tenant and roll.
    told
        `file`, `sha256`, `file_rows`, `dropped`, `refused`, `counts`.
    today
        Day it is taken in; else found.

    Returns
    -------
    Roll
        The new one; that which was in already where the file is the same.

    Raises
    ------
    DataError
        When the origin is lacking something, a roll in use has some of the same bureaux and is
        not replaced by this one, or the store fails.
    """
    day = today or date.today()
    sound = origin.checked(contacts.controller, day)
    _check_sum(rows, told)
    with writing(contacts.engine) as connection:
        lock(connection, [_LOCK])
        if known := _known(connection, contacts, told["sha256"], day):
            return known
        old = _replaced(connection, contacts, rows, sound, day)
        for one in old:
            _say_end(connection, contacts, one, REPLACED)
        # In the key of every row, and typed by hand: short, and still nobody else's.
        roll = new_id()[:12]
        texts = {name: json.dumps(told[name]) for name in ("dropped", "refused", "counts")}
        kept = {name: told[name] for name in ("file", "sha256", "file_rows")}
        facts = {**asdict(sound), **texts, **kept, "promise": str(PROMISE), "rows": rows.num_rows}
        connection.execute(sa.insert(ROLL_FILES).values(roll=roll, **facts, **contacts.stamp()))
        _write(connection, contacts.tenant, roll, rows)
        audit.note_in(
            connection, contacts.by, "roll import", subject=told["file"], rows=rows.num_rows
        )
        new = next(one for one in _rolls(connection, contacts, day) if one.roll == roll)
    _delete(contacts, old)
    return new


def _replaced(
    connection: Connection, contacts: Contacts, rows: pa.Table, origin: Origin, day: date
) -> list[str]:
    """Return the rolls in use whose place a new one takes; refuse it where people are in two."""
    counted = rows.group_by(list(_CELL)).aggregate([([], "count_all")]).to_pylist()
    ours = {tuple(one[name] for name in _CELL): int(one["count_all"]) for one in counted}
    columns, gone = [ROLL_ROWS.c[name] for name in _CELL], []
    for old in _rolls(connection, contacts, day):
        if old.ended:
            continue
        mine = (ROLL_ROWS.c.tenant == contacts.tenant, ROLL_ROWS.c.roll == old.roll)
        query = sa.select(*columns, sa.func.count()).where(*mine).group_by(*columns)
        theirs = {tuple(one[:3]): int(one[3]) for one in connection.execute(query)}
        days = {"dated": origin.list_date, "before": old.origin.list_date}
        found = replaces(ours, theirs, **days)
        if isinstance(found, str):
            raise twice(old.file, old.roll, old.origin.list_date, found)
        gone += [old.roll] if found else []
    return gone


def known_roll(contacts: Contacts, sha256: str, *, today: date | None = None) -> Roll | None:
    """Return the roll in use that was read from a file of this digest.

    Parameters
    ----------
    contacts, sha256, today
        Of the campaign; of the file, hexadecimal; day of use, else found.

    Returns
    -------
    Roll or None
        None where none was.
    """
    with reading(contacts.engine) as connection:
        return _known(connection, contacts, sha256, today or date.today())


def _known(connection: Connection, contacts: Contacts, sha256: str, day: date) -> Roll | None:
    same = (one for one in _rolls(connection, contacts, day) if one.sha256 == sha256)
    return next((one for one in same if not one.ended), None)


def _check_sum(rows: pa.Table, told: Mapping[str, Any]) -> None:
    refused = sum(part["rows"] for part in told["refused"].values())
    if rows.num_rows + refused != told["file_rows"]:
        raise DataError(
            "Rows kept and rows refused are not the rows of the file: nothing was taken in.",
            where="{file}: {kept} + {refused} of {rows}",
            mend="Report it with the counts, never with the file.",
            file=told["file"],
            kept=rows.num_rows,
            refused=refused,
            rows=told["file_rows"],
        )


def _write(connection: Connection, tenant: str, roll: str, rows: pa.Table) -> None:
    names = rows.column_names
    if connection.dialect.name != "postgresql":
        columns, marks = ", ".join((*_OWN, *names)), ", ".join("?" * (len(names) + len(_OWN)))
        insert = f"INSERT INTO {ROLL_ROWS.name} ({columns}) VALUES ({marks})"
        for part in _parts(rows):
            values = [column.to_pylist() for column in part.columns]
            own = ([name] * part.num_rows for name in (tenant, roll))
            connection.exec_driver_sql(insert, list(zip(*own, *values, strict=True)))
        return
    # COPY is refused on a table with row-level security: rows go by one of the transaction's own.
    kinds = (ROLL_ROWS.c[name].type.compile(connection.dialect) for name in names)
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    connection.exec_driver_sql(f"CREATE TEMP TABLE roll_new ({columns}) ON COMMIT DROP")
    listed = ", ".join(names)
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY roll_new ({listed}) FROM STDIN WITH (FORMAT csv)") as copy:
        for part in _parts(rows):
            sink = pa.BufferOutputStream()
            pa_csv.write_csv(part, sink, pa_csv.WriteOptions(include_header=False))
            copy.write(sink.getvalue().to_pybytes())
    into = f"INSERT INTO {ROLL_ROWS.name} (tenant, roll, {listed}) SELECT :tenant, :roll, {listed}"
    connection.execute(sa.text(f"{into} FROM roll_new"), {"tenant": tenant, "roll": roll})
    analyse(connection, ROLL_ROWS)


def _parts(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield rows a few at a time, days as texts: both stores read them so."""
    day = rows.column_names.index("birth_date")
    for start in range(0, rows.num_rows, _BATCH):
        part = rows.slice(start, _BATCH)
        yield part.set_column(day, "birth_date", pc.cast(part["birth_date"], pa.string()))


def expired(contacts: Contacts, today: date) -> list[Roll]:
    """Return the rolls whose rows are still there and may not be used on a day.

    Parameters
    ----------
    contacts
        Of the campaign.
    today
        The day: a roll is over the day after its last, and the day after the last round; one whose
        deletion was cut short is among them.
    """
    with reading(contacts.engine) as connection:
        over = [one for one in _rolls(connection, contacts, today) if one.ended]
        return [one for one in over if _there(connection, contacts, one.roll)]


def end_roll(contacts: Contacts, roll: str, reason: str) -> int:
    """End a roll: from now on nobody reads it, and its rows are deleted. Return how many.

    Parameters
    ----------
    contacts, roll
        Of the campaign; its id.
    reason
        `EXPIRED`, `DONE`, or another word of up to 32 letters.

    Returns
    -------
    int
        Rows deleted.

    Raises
    ------
    DataError
        When there is no such roll, or the store fails. What was cut short may be done again.
    """
    with writing(contacts.engine) as connection:
        lock(connection, [_LOCK])
        _one(_rolls(connection, contacts, date.today()), roll)
        left = _say_end(connection, contacts, roll, reason)
    _delete(contacts, [roll])
    return left


def _say_end(connection: Connection, contacts: Contacts, roll: str, reason: str) -> int:
    """Write that a roll ended, once; return how many rows of it are still there."""
    mine = (ROLL_ROWS.c.tenant == contacts.tenant, ROLL_ROWS.c.roll == roll)
    left = int(connection.execute(sa.select(sa.func.count()).where(*mine)).scalar_one())
    ended = sa.select(ROLL_ENDS.c.roll).filter_by(tenant=contacts.tenant, roll=roll)
    if connection.execute(ended).first() is None:
        end = {"roll": roll, "reason": reason, "rows": left}
        connection.execute(sa.insert(ROLL_ENDS).values(**end, **contacts.stamp()))
        audit.note_in(connection, contacts.by, "roll end", subject=reason, rows=left)
    return left


def _delete(contacts: Contacts, gone: list[str]) -> None:
    """Delete the rows of rolls that ended, and what the store keeps of them besides."""
    if not gone:
        return
    with writing(contacts.engine, role="eraser") as connection:
        mine = (ROLL_ROWS.c.tenant == contacts.tenant, ROLL_ROWS.c.roll.in_(gone))
        connection.execute(sa.delete(ROLL_ROWS).where(*mine))
    sweep(contacts.engine, [ROLL_ROWS])
    clear_log(contacts.engine)


def one_roll(contacts: Contacts, roll: str, *, today: date | None = None) -> Roll:
    """Return a roll by its id.

    Parameters
    ----------
    contacts, roll, today
        Of the campaign; its id; day by which one has expired, else found.

    Returns
    -------
    Roll
        Also one that has ended.

    Raises
    ------
    DataError
        When there is none.
    """
    return _one(rolls(contacts, today=today), roll)


def _one(known: list[Roll], roll: str) -> Roll:
    for one in known:
        if one.roll == roll:
            return one
    raise DataError(
        "There is no such electoral roll.",
        where="{roll}; there are: {known}",
        mend="Name one of those that are there.",
        roll=roll,
        known=some(one.roll for one in known),
    )
