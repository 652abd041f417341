"""Rows of one campaign are out of another's reach: row-level security on every table.

Migrations call `protect` for each table they make; a test reads the catalogue of PostgreSQL and
fails on a table that none protected. In SQLite a file has one tenant, and nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from analysis.database import access_tables, message_tables
from analysis.database.contact_tables import ERASABLE, TABLES
from analysis.database.engine import ROLES, no_role
from analysis.database.models import METADATA, TAKEN_OUT

# What belongs to the server and to no campaign: people, sessions, organisations, campaigns.
REALM = "@server"
TENANT = "current_setting('palier.tenant', true)"
_PERSON = "current_setting('palier.person', true)"
_LOCAL_ROLES = (ROLES["app"], ROLES["eraser"])
_REPLACED = (*("plan", "due", "flags", "tally_day", "tally_hour", "tally_address", "tally_turf"),)
# What volunteers wrote: it may lose a name.
_WRITTEN = ("attempts", "answers", "conflicts")
_ERASED = tuple(table.name for table in TABLES if table in ERASABLE)
# Of all modules that declare tables, those above included.
_DECLARED = (access_tables, message_tables)
_EVERY = tuple(METADATA.tables)
# What the two roles may do in the newest store: role → right → tables. A test compares it with
# what the migrations gave.
RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    ROLES["app"]: {
        "SELECT": ("alembic_version", *_EVERY),
        "INSERT": _EVERY,
        "UPDATE": ("meta", "sessions", "invitations"),
        "DELETE": _REPLACED,
    },
    ROLES["eraser"]: {
        "SELECT": ("alembic_version", *_ERASED, *_WRITTEN),
        "UPDATE": _WRITTEN,
        "DELETE": _ERASED,
    },
}
# A role or a table that is not there lacks everything.
_LACKING = sa.text(
    "SELECT * FROM unnest(CAST(:role AS text[]), CAST(:part AS text[]), CAST(:right AS text[]))"
    " AS ought (role, part, privilege) WHERE NOT coalesce(has_table_privilege("
    "to_regrole(role), to_regclass(part), privilege), false)"
)
_STEPS = sa.text(
    "SELECT session_user AS who, EXISTS (SELECT FROM pg_roles WHERE rolname = :role"
    " AND pg_has_role(session_user, oid, 'MEMBER')) AS down"
)


def create_roles() -> None:
    """Create the roles in a migration; see `make_roles`."""
    make_roles(op.get_bind())


def make_roles(connection: Connection) -> None:
    """Create the roles of the app and the eraser, and let the one who migrates step down to them.

    Roles belong to the whole server: since version 16 of PostgreSQL whoever did not make one may
    not grant it, CREATEROLE or not.

    Raises
    ------
    DataError
        When the one who migrates may not, and nobody did it before.
    """
    if connection.dialect.name != "postgresql":
        return
    for role in _LOCAL_ROLES:
        # Another database of the same server may have made it, at this very moment.
        for attempt in (f"CREATE ROLE {role} NOLOGIN", f"GRANT {role} TO CURRENT_USER"):
            connection.exec_driver_sql(
                f"DO $$ BEGIN {attempt}; EXCEPTION WHEN duplicate_object OR unique_violation "
                "OR insufficient_privilege OR internal_error THEN NULL; END $$"
            )
        steps = connection.execute(_STEPS, {"role": role}).one()
        if not steps.down:
            raise no_role(role, steps.who)
    for role in _LOCAL_ROLES:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {role}")


def lacking(connection: Connection) -> list[tuple[str, str, str]]:
    """Return what the two roles may not do and ought to: role, table, right.

    A store that was migrated where the roles could not be made, or brought back by a dump without
    its privileges, has the newest tables and lets the app read none of them.
    """
    if connection.dialect.name != "postgresql":
        return []
    ought = [(role, table, right) for role, of in RIGHTS.items() for table, right in _each(of)]
    asked = {name: [one[n] for one in ought] for n, name in enumerate(("role", "part", "right"))}
    return [tuple(row) for row in connection.execute(_LACKING, asked)]


def grant_again(connection: Connection) -> None:
    """Give the two roles what they lack, in a transaction of the owner; nothing is taken away.

    Raises
    ------
    DataError
        When the roles cannot be made.
    """
    if missing := lacking(connection):
        make_roles(connection)
        for role, table, right in missing:
            connection.exec_driver_sql(f"GRANT {right} ON {table} TO {role}")


def _each(of: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for right, tables in of.items():
        yield from ((table, right) for table in tables)


def protect(
    table: str,
    *,
    app: Sequence[str] = ("SELECT", "INSERT"),
    eraser: Sequence[str] = (),
    own: str = "",
) -> None:
    """Keep the rows of a table to the tenant of the transaction, the owner's included.

    Parameters
    ----------
    table
        It has a column `tenant`.
    app, eraser
        What the two roles may do with it.
    own
        Column that names a person who may read the row whichever tenant it is of; "" for none.
    """
    if not _is_postgresql():
        return
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    mine = f"tenant = {TENANT}"
    op.execute(
        f"CREATE POLICY {table}_tenant ON {table} USING ({mine}) "
        f"WITH CHECK ({mine} AND tenant <> '')"
    )
    if own:
        op.execute(
            f"CREATE POLICY {table}_own ON {table} FOR SELECT "
            f"USING ({own} = {_PERSON} AND {own} <> '')"
        )
    _grant(", ".join(app), table, (ROLES["app"],))
    if eraser:
        _grant(", ".join(eraser), table, (ROLES["eraser"],))


def protect_version() -> None:
    """Let every tenant read which version the tables have; only the owner writes it."""
    if _is_postgresql():
        for change in ("ENABLE", "FORCE"):
            op.execute(f"ALTER TABLE alembic_version {change} ROW LEVEL SECURITY")
        op.execute("CREATE POLICY alembic_version_all ON alembic_version USING (true)")
        _grant("SELECT", "alembic_version", _LOCAL_ROLES)


def add_tenant(table: str, keys: Sequence[str], tenant: str) -> None:
    """Give the rows of a table of PostgreSQL their tenant, first in its key.

    Parameters
    ----------
    table
        Made before there were tenants.
    keys
        Columns of its primary key.
    tenant
        Whose the rows are that it has.
    """
    if not _is_postgresql():
        return
    named = tenant.replace("'", "''")
    op.execute(f"ALTER TABLE {table} ADD COLUMN tenant varchar(64) NOT NULL DEFAULT '{named}'")
    # What is written from now on is the transaction's, and the code need not say so.
    op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant SET DEFAULT {TENANT}")
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (tenant, {', '.join(keys)})")


def only_grows(table: str) -> None:
    """Refuse changes and deletions of rows, whoever asks."""
    _refuse(table, ("UPDATE", "DELETE", "TRUNCATE"))


def never_changes(table: str) -> None:
    """Refuse changes of rows, whoever asks; they may be deleted by who has the right."""
    _refuse(table, ("UPDATE", "TRUNCATE"))


def only_loses_names(table: str, column: str) -> None:
    """Let a text of rows that only grow be written anew where it bears the mark `TAKEN_OUT`.

    Parameters
    ----------
    table
        It was kept by `only_grows`.
    column
        The text; no other column changes.
    """
    says = f"{table} is append-only"
    if not _is_postgresql():
        every = (one["name"] for one in sa.inspect(op.get_bind()).get_columns(table))
        others = ", ".join(name for name in every if name != column)
        op.execute(f"DROP TRIGGER {table}_no_update")
        for name, when in (
            (f"update BEFORE UPDATE OF {others}", ""),
            (
                f"{column} BEFORE UPDATE OF {column}",
                f"WHEN instr(NEW.{column}, '{TAKEN_OUT}') = 0 ",
            ),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_no_{name} ON {table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
        return
    op.execute(f"DROP TRIGGER {table}_only_grows ON {table}")
    calls = f"EXECUTE FUNCTION {table}_only_grows()"
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT {calls}"
    )
    same = f"to_jsonb(NEW) - '{column}' = to_jsonb(OLD) - '{column}'"
    op.execute(
        f"CREATE TRIGGER {table}_only_loses_names BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (NOT ({same} AND strpos(NEW.{column}, '{TAKEN_OUT}') > 0)) {calls}"
    )
    _grant("SELECT, UPDATE", table, (ROLES["eraser"],))


def _refuse(table: str, changes: Sequence[str]) -> None:
    says = f"{table} is append-only"
    if not _is_postgresql():
        for change in changes:
            if change != "TRUNCATE":  # SQLite has none
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
                )
        return
    op.execute(
        f"CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{says}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE {' OR '.join(changes)} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_grows()"
    )


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _grant(rights: str, on: str, roles: Sequence[str]) -> None:
    for role in roles:
        op.execute(
            f"DO $$ BEGIN GRANT {rights} ON {on} TO {role}; "
            "EXCEPTION WHEN undefined_object OR insufficient_privilege THEN NULL; END $$"
        )
