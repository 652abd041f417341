"""Connections to the store: SQLite or PostgreSQL, whole transactions or nothing."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from analysis.database.late_returns import close_late
from analysis.database.store_faults import busy, explain
from analysis.errors import DataError

# How long a writer waits for another one before it gives up.
BUSY_S = 60
# Connections to PostgreSQL that a process keeps, and that it opens besides when many ask at once;
# who comes then waits for one of them.
_KEPT, _MORE = 8, 24
WAIT_S = 30.0
_common: dict[tuple[int, str], Engine] = {}
_sharing = threading.Lock()
_WRITE, _TENANT, _ROLE, _PERSON = "palier_write", "palier_tenant", "palier_role", "palier_person"
_FILE_ID = "palier_file"
# Whose rights a transaction has: the app's own by default; the owner's only to migrate.
Role = Literal["app", "owner", "eraser"]
ROLES: dict[str, str] = {"app": "palier_app", "eraser": "palier_eraser", "owner": "none"}
# All end with the transaction: a connection goes back to the pool with none of them.
_BEGIN = sa.text(
    "SELECT set_config('palier.tenant', :tenant, true), set_config('palier.person', :person, true),"
    " set_config('role', :role, true)"
)
# What PostgreSQL says of a role that is not there, or that one is no member of.
_NO_ROLE = ("22023", "42501", "42704")


def connect(url: str, *, tenant: str = "") -> Engine:
    """Return an engine for a store.

    Parameters
    ----------
    url
        sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.
    tenant
        Whose rows its transactions see in PostgreSQL; "" sees none. A file has one tenant.

    Raises
    ------
    DataError
        When it is no such URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _no_store(url) from error
    if parsed.get_backend_name() == "postgresql":
        return of_tenant(_common.get(_name_of(parsed)) or _postgresql(parsed), tenant)
    if parsed.get_backend_name() != "sqlite":
        raise _no_store(parsed.get_backend_name())
    return of_tenant(_sqlite(parsed), tenant)


def of_tenant(engine: Engine, tenant: str, *, person: str = "") -> Engine:
    """Return the engine for another tenant, with the same connections.

    Parameters
    ----------
    engine
        Of the store.
    tenant
        Whose rows its transactions see and write.
    person
        Who sees their own rights besides, whichever tenant gave them; "" for nobody.

    Returns
    -------
    sqlalchemy.Engine
        That of another tenant than `engine`, which is left as it was.
    """
    return engine.execution_options(**{_TENANT: tenant, _PERSON: person})


def tenant_of(engine: Engine | Connection) -> str:
    """Return whose rows an engine or a connection sees; "" for nobody's."""
    return str(engine.get_execution_options().get(_TENANT, ""))


def become(connection: Connection, tenant: str) -> None:
    """See the rows of another tenant until the end of the transaction."""
    if connection.dialect.name == "postgresql":
        own = sa.text("SELECT set_config('palier.tenant', :tenant, true)")
        connection.execute(own, {"tenant": tenant})


def become_person(connection: Connection, person: str) -> None:
    """See the grants of a person besides, until the end of the transaction."""
    if connection.dialect.name == "postgresql":
        own = sa.text("SELECT set_config('palier.person', :person, true)")
        connection.execute(own, {"person": person})


def share(url: str) -> Engine:
    """Return the one engine that all of this process use from now on for a database of PostgreSQL.

    Seventy campaigns of a server would each keep some connections of their own. A process that was
    forked has none in common with the one before. A file has no use for it.
    """
    engine = connect(url)
    if engine.dialect.name != "postgresql":
        return engine
    with _sharing:
        return _common.setdefault(_name_of(engine.url), engine)


def part_with(engine: Engine) -> None:
    """Share an engine no longer, and close its connections."""
    _common.pop(_name_of(engine.url), None)
    engine.dispose()


def close(engine: Engine) -> None:
    """Close what was opened for a while; connections that others of this process use stay.

    To dispose of a shared engine would put a second pool beside the connections in use, and a
    third at the next call: the bound of a pool would hold for none.
    """
    shared = _common.get(_name_of(engine.url)) if engine.dialect.name == "postgresql" else None
    if shared is None or shared.pool is not engine.pool:
        engine.dispose()


def _name_of(url: URL) -> tuple[int, str]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return os.getpid(), plain


def _postgresql(url: URL) -> Engine:
    settings = {"connect_timeout": 10, "application_name": "palier"}
    parsed = url.set(drivername="postgresql+psycopg")
    # Without its values: a fault that is logged must not tell who it was about.
    engine = sa.create_engine(
        parsed,
        pool_pre_ping=True,
        connect_args=settings,
        hide_parameters=True,
        pool_size=_KEPT,
        max_overflow=_MORE,
        pool_timeout=WAIT_S,
    )
    close_late(engine)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        told = {
            "tenant": options.get(_TENANT, ""),
            "person": options.get(_PERSON, ""),
            "role": ROLES[options.get(_ROLE, "app")],
        }
        try:
            connection.execute(_BEGIN, told)
        except DBAPIError as error:
            if not says_no_role(error.orig):
                raise
            # With the owner's rights instead, what only the eraser may delete would be deleted.
            raise no_role(told["role"], url.username or "") from error

    return engine


def says_no_role(error: BaseException | None) -> bool:
    """Tell whether PostgreSQL refused to step down to a role, or does not know it."""
    return getattr(error, "sqlstate", "") in _NO_ROLE


def no_role(role: str, user: str) -> DataError:
    """Say that PostgreSQL does not let the app step down to one of its roles."""
    roles = (ROLES["app"], ROLES["eraser"])
    return DataError(
        "The user of the database may not step down to the role {role}: nothing was read or "
        "written.",
        where="{user}",
        mend="As an administrator of PostgreSQL: {orders} Roles belong to the whole server: "
        "another database may have made them already.",
        role=role,
        user=user or "palier",
        orders=" ".join(f"CREATE ROLE {name} NOLOGIN;" for name in roles)
        + f" GRANT {', '.join(roles)} TO {user or 'palier'};",
    )


def _no_store(url: str) -> DataError:
    return DataError(
        "This is not the URL of a store.",
        where="{url}",
        mend="Write postgresql://USER:PASSWORD@HOST/NAME, or leave it out for a file of the "
        "workspace.",
        # What cannot be taken apart may have its password anywhere.
        url=url.partition(":")[0] + ":…" if ":" in url else "…",
    )


def _keep_private(file: str) -> None:
    """Let nobody but its owner read a store: remarks of volunteers are in it."""
    if file in ("", ":memory:"):
        return
    # A folder that may not be written to is told by the first statement.
    with contextlib.suppress(OSError):
        # A file that is there is not opened: to close it again would take away the locks that
        # SQLite holds on it for other connections of this process (POSIX), and with them their log.
        if not os.path.exists(file):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        os.chmod(file, 0o600)


def _sqlite(url: URL) -> Engine:
    _keep_private(url.database or "")
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_S}, hide_parameters=True)
    close_late(engine)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:  # noqa: ANN401 - a DBAPI connection
        # The driver must not open transactions of its own: `_begin` below does.
        connection.isolation_level = None
        cursor = connection.cursor()
        # Readers and one writer at a time; FULL: what was answered survives a power cut.
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA cache_size = -65536")  # kB
        # What is deleted is written over, not merely let go.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()
        record.info[_FILE_ID] = _file_id(url.database or "")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock first: one that begins as a reader cannot wait for it.
        write = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def without_waiting(engine: Engine) -> Engine:
    """Return an engine of the same file whose writers do not wait for the disk.

    What they wrote survives their own death, not a power cut; the next writer who waits makes it
    safe with their own. PostgreSQL says so in a transaction (`synchronous_commit`): its engine
    stays what it is.
    """
    if engine.dialect.name == "postgresql":
        return engine
    quick = connect(engine.url.render_as_string(hide_password=False), tenant=tenant_of(engine))

    @event.listens_for(quick, "connect")
    def _hasten(connection: Any, _record: Any) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.execute("PRAGMA synchronous = NORMAL")

    return quick.execution_options(**{_WRITE: True})


@contextlib.contextmanager
def reading(engine: Engine, *, role: Role = "app") -> Iterator[Connection]:
    """Open a connection that sees one state of the store.

    Parameters
    ----------
    engine
        Of the store.
    role
        With whose rights, where PostgreSQL knows the roles.

    Raises
    ------
    DataError
        When the store does not answer.
    """
    with _explained(engine), engine.connect() as connection:
        yield connection.execution_options(**{_ROLE: role})


@contextlib.contextmanager
def writing(engine: Engine, *, role: Role = "app") -> Iterator[Connection]:
    """Open a transaction: everything in it is kept, or nothing.

    Parameters
    ----------
    engine
        Of the store.
    role
        With whose rights, where PostgreSQL knows the roles.

    Raises
    ------
    DataError
        When the store does not answer, its disk is full, or it may not be written to.
    """
    with _explained(engine), engine.connect() as connection:
        connection = connection.execution_options(**{_WRITE: True, _ROLE: role})
        with connection.begin():
            yield connection
        _check_there(connection)


def _check_there(connection: Connection) -> None:
    """Refuse what was written into a file that has been deleted or replaced meanwhile."""
    file = connection.engine.url.database
    if connection.dialect.name != "sqlite" or not file or file == ":memory:":
        return
    known = connection.info.get(_FILE_ID)
    if known is not None and known != _file_id(file):
        connection.invalidate()
        connection.engine.dispose()
        raise DataError(
            "The store was deleted or replaced while it was open: nothing of this was counted.",
            where="{file}",
            mend="Restore it from a copy, then import the same file again.",
            file=file,
        ) from FileNotFoundError(file)


def _file_id(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise busy(engine.url) from error
    except SQLAlchemyError as error:
        if not isinstance(error, DBAPIError) or error.orig is None:
            raise
        raise explain(error, engine.url) from error


def lock(connection: Connection, names: Iterable[str], *, shared: bool = False) -> None:
    """Keep others from writing about the same things until the end of the transaction.

    Those who share a lock do not wait for each other, only for who has it alone. SQLite has one
    writer at a time and needs none of it.

    Parameters
    ----------
    connection
        In a transaction.
    names
        What is about to be written, such as ids of turfs; in any order.
    shared
        Whether others who share it may hold it at the same time.
    """
    if connection.dialect.name == "postgresql":
        kind = "_shared" if shared else ""
        taken = sa.text(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended(:name, 5))")
        own = tenant_of(connection)
        for name in sorted(set(names)):  # in one order, so that two never wait for each other
            connection.execute(taken, {"name": f"{own}\x1f{name}"})


def analyse(connection: Connection, table: sa.Table) -> None:
    """Let PostgreSQL count the rows of a table at once, in a transaction; SQLite need not."""
    if connection.dialect.name == "postgresql":
        # Only its owner may; the rights of the app are taken back at once.
        own = connection.exec_driver_sql("SELECT current_setting('role')").scalar_one()
        take = sa.text("SELECT set_config('role', :role, true)")
        connection.execute(take, {"role": "none"})
        connection.exec_driver_sql(f"ANALYZE {table.name}")
        connection.execute(take, {"role": own})


def or_nothing(connection: Connection, table: sa.Table) -> Any:  # noqa: ANN401 - of one engine
    """Return an insertion that leaves rows alone that are there."""
    engines: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    return engines[connection.dialect.name](table).on_conflict_do_nothing()
