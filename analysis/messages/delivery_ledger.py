"""The store as the worker meets it between two deliveries: one question, one row, one round trip.

Asked through the store's usual connections, a delivery costs nine round trips to PostgreSQL, more
than handing the letter over. Here what became of the last letter and what is asked before the next
one travel together (pipeline mode): the row is committed before the answer is back, so that a
worker that is killed repeats the letter in hand and no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine

from analysis.contacts.contact_store import Contacts
from analysis.contacts.suppression import EVERY, opened
from analysis.database.contact_tables import CONSENTS, SUPPRESSION, VAULT_KEYS
from analysis.database.engine import ROLES, no_role, says_no_role, without_waiting, writing
from analysis.database.message_tables import HALTS, STEPS

# Tenant of the objections, digest of a contact point.
Digests = tuple[tuple[str, str], ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What the store says of a person at this moment.

    Attributes
    ----------
    state
        "done", "halted", "known", as far as they hold.
    agreed
        Purposes they say yes to by this channel.
    objected
        Whether a contact point of theirs is never to be reached again.
    """

    state: frozenset[str]
    agreed: frozenset[str]
    objected: bool


class Ledger(Protocol):
    """Asks, and writes down."""

    def claim(self, part: int) -> bool:
        """Tell whether a part of the message is this worker's, until the batch is over."""

    def ask(self, person: str, points: Digests) -> Told:
        """Return what the store says of a person."""

    def note(self, row: Row, *, firmly: bool) -> None:
        """Write a step; `firmly` waits for the disk."""

    def flush(self) -> None:
        """Write what waits to be written with the next question."""


def _bind(*names: str) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(name) for name in names]


_T, _M, _P, _C = _bind("tenant", "message", "person", "channel")
_STATE = sa.union_all(
    sa.select(sa.literal_column("'done'"), sa.literal_column("''")).where(
        sa.exists().where(STEPS.c.tenant == _T, STEPS.c.message == _M, STEPS.c.person == _P)
    ),
    sa.select(sa.literal_column("'halted'"), sa.literal_column("''")).where(
        sa.exists().where(HALTS.c.tenant == _T, HALTS.c.message == _M)
    ),
    sa.select(sa.literal_column("'known'"), sa.literal_column("''")).where(
        sa.exists().where(VAULT_KEYS.c.tenant == _T, VAULT_KEYS.c.person == _P)
    ),
    # The last word of each purpose; of two of the same second, the refusal.
    sa.select(sa.literal_column("'yes'"), CONSENTS.c.purpose)
    .where(CONSENTS.c.tenant == _T, CONSENTS.c.person == _P, CONSENTS.c.channel == _C)
    .group_by(CONSENTS.c.purpose)
    .having(
        sa.func.max(sa.case((CONSENTS.c.given, CONSENTS.c.said_s), else_=sa.literal_column("0")))
        > sa.func.max(sa.case((CONSENTS.c.given, sa.literal_column("0")), else_=CONSENTS.c.said_s))
    ),
)
_NOTE = (
    "INSERT INTO steps (tenant, message, person, step, at_s, code) VALUES "
    "({tenant}, {message}, {person}, {step}, {at_s}, {code}) ON CONFLICT DO NOTHING"
)
_COLUMNS = ("tenant", "message", "person", "step", "at_s", "code")


@lru_cache
def _state(dialect: str) -> str:
    told = str(_STATE.compile(dialect=_DIALECTS[dialect]))
    if dialect != "sqlite":
        return told
    # Without statistics SQLite would read the consents of everybody, from an index that holds all
    # that is asked for, instead of those of one person.
    return told.replace("FROM consents", "FROM consents INDEXED BY consents_person")


@lru_cache
def _objected(dialect: str, points: int) -> str:
    """Return the question whether one of so many digests is among the objections."""
    query = sa.select(SUPPRESSION.c.digest).where(
        SUPPRESSION.c.tenant == sa.bindparam("tenant"),
        sa.or_(*(SUPPRESSION.c.digest == sa.bindparam(f"d{n}") for n in range(points))),
        sa.or_(*(SUPPRESSION.c.channel == sa.bindparam(name) for name in ("every", "channel"))),
    )
    return str(query.compile(dialect=_DIALECTS[dialect]))


_DIALECTS = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


def _by_tenant(points: Digests, channel: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield, for each controller, how many digests are asked for, and what is asked with them."""
    for tenant in dict.fromkeys(tenant for tenant, _digest in points):
        mine = [digest for one, digest in points if one == tenant]
        told = {"tenant": tenant, "every": EVERY, "channel": channel}
        yield tenant, len(mine), told | {f"d{n}": one for n, one in enumerate(mine)}


def _told(rows: Sequence[Sequence[Any]], *, objected: bool) -> Told:
    state = frozenset(str(kind) for kind, _what in rows)
    agreed = frozenset(str(what) for kind, what in rows if kind == "yes")
    return Told(state, agreed, objected)


@contextmanager
def ledger_of(contacts: Contacts, message: str, channel: str) -> Iterator[Ledger]:
    """Open the store for the deliveries of a message; what waits is written at the end.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    channel
        By which people said yes.

    Returns
    -------
    Iterator of Ledger
        One, for a `with`: of a file, or of a server where several may send at once.
    """
    make = _Server if contacts.engine.dialect.name == "postgresql" else _File
    with ExitStack() as stack:
        ledger = make(contacts, message, channel, stack)
        try:
            yield ledger
        finally:
            ledger.flush()


class _File:
    """SQLite: one worker at a time (`message_worker`), so that all parts are its own."""

    def __init__(self, contacts: Contacts, message: str, channel: str, stack: ExitStack) -> None:
        self._who = {"tenant": contacts.tenant, "message": message, "channel": channel}
        self._engine, self._channel = contacts.engine, channel
        self._asking = _raw(contacts.engine, stack)
        quick = without_waiting(contacts.engine)
        stack.callback(quick.dispose)
        self._quick = _raw(quick, stack)
        self._objections = _raw(opened(contacts).engine, stack)

    def claim(self, part: int) -> bool:
        """Tell that every part is this worker's."""
        del part
        return True

    def ask(self, person: str, points: Digests) -> Told:
        """Return what the store says of a person."""
        told = self._who | {"person": person}
        rows = self._asking.execute(_state("sqlite"), told).fetchall()
        objected = any(
            self._objections.execute(_objected("sqlite", n), asked).fetchone()
            for _tenant, n, asked in _by_tenant(points, self._channel)
        )
        return _told(rows, objected=objected)

    def note(self, row: Row, *, firmly: bool) -> None:
        """Write a step at once; `firmly` waits for the disk."""
        sql = _NOTE.format(**{name: f":{name}" for name in _COLUMNS})
        if firmly:
            with writing(self._engine) as connection:
                connection.exec_driver_sql(sql, dict(row))
        else:
            self._quick.execute(sql, dict(row))

    def flush(self) -> None:
        """Nothing waits: a row costs no round trip here."""


def _raw(engine: Engine, stack: ExitStack) -> Any:  # noqa: ANN401 - a DBAPI connection
    """Return a connection without the layer that makes statements of objects."""
    pooled = engine.raw_connection()
    stack.callback(pooled.close)
    return pooled.cursor()


class _Server:
    """PostgreSQL: a connection of its own, in no pool, so that its settings leak to nobody."""

    def __init__(self, contacts: Contacts, message: str, channel: str, stack: ExitStack) -> None:
        import psycopg

        url = contacts.engine.url.set(drivername="postgresql")
        self._connection = stack.enter_context(
            psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
        )
        self._tenant, self._message, self._channel = contacts.tenant, message, channel
        self._waiting: Row | None = None
        self._firmly = False
        self._parts: dict[int, bool] = {}
        own = (
            "SELECT set_config('palier.tenant', %s, false), set_config('palier.person', '', false),"
            " set_config('synchronous_commit', 'off', false),"
            " set_config('role', %s, false)"
        )
        try:
            self._connection.execute(own, (self._tenant, ROLES["app"]))
        except psycopg.Error as error:
            if not says_no_role(error):
                raise
            raise no_role(ROLES["app"], url.username or "") from error

    def claim(self, part: int) -> bool:
        """Tell whether the lock of a part is this worker's, taken now if it is free."""
        if part not in self._parts:
            # Goes with the connection, however the worker ends.
            name = f"{self._tenant}\x1f{self._message}\x1f{part}"
            lock = "SELECT pg_try_advisory_lock(hashtextextended(%s, 5))"
            row = self._connection.execute(lock, (name,)).fetchone()
            self._parts[part] = bool(row and row[0])
        return self._parts[part]

    def ask(self, person: str, points: Digests) -> Told:
        """Return what the store says of a person, and write what waits on the same trip."""
        told = {"tenant": self._tenant, "message": self._message, "person": person}
        with self._connection.pipeline() as pipeline:
            self._write()
            # Committed by itself: what is asked next is no part of it.
            pipeline.sync()
            state = self._connection.execute(
                _state("postgresql"), told | {"channel": self._channel}
            )
            against = []
            for tenant, n, asked in _by_tenant(points, self._channel):
                self._become(tenant)
                against.append(self._connection.execute(_objected("postgresql", n), asked))
            self._become(self._tenant)
        rows = state.fetchall()
        return _told(rows, objected=any(one.fetchone() for one in against))

    def _become(self, tenant: str) -> None:
        self._connection.execute("SELECT set_config('palier.tenant', %s, false)", (tenant,))

    def note(self, row: Row, *, firmly: bool) -> None:
        """Keep a step for the next round trip, and write the one before."""
        self.flush()
        self._waiting, self._firmly = row, firmly

    def flush(self) -> None:
        """Write the step that waits."""
        self._write()

    def _write(self) -> None:
        if self._waiting is None:
            return
        row, self._waiting = self._waiting, None
        sql = _NOTE.format(**{name: f"%({name})s" for name in _COLUMNS})
        if self._firmly:
            self._connection.execute("SELECT set_config('synchronous_commit', 'on', false)")
        self._connection.execute(sql, dict(row))
        if self._firmly:
            self._connection.execute("SELECT set_config('synchronous_commit', 'off', false)")
