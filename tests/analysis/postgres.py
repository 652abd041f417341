"""A real PostgreSQL for the tests: started in a temporary folder, stopped at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

VERSIONS = Path("/usr/lib/postgresql")
# What Linux keeps in memory; containers may have little of it.
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 2 * 2**30


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest version; None where there is none."""
    found = [file.parent for file in VERSIONS.glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    found += [Path(on_path).resolve().parent] if on_path else []
    return max(found, key=lambda folder: float(folder.parent.name or 0), default=None)


def _quick() -> Path | None:
    """Return a folder in memory, where there is room; None for the usual place.

    A database is a thousand files: on a disk most of a test is making them and taking them away.
    """
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK)
    return MEMORY if there and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES else None


@contextlib.contextmanager
def running(*, durable=True):
    """Start a server that listens on a socket in a folder of its own, and yield it.

    One that is not durable forgets its last moments if the machine dies, and is quicker.
    """
    import pwd  # which Windows has not

    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=None if durable else _quick()))
    # The server refuses to run as root.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    if user:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    name = user.get("user") or pwd.getpwuid(os.geteuid()).pw_name
    data = folder / "data"

    def run(program, *words):
        command = [binaries() / program, "-D", data, *words]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **user)

    try:
        run("initdb", "-U", name, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
        settings = f"-k {folder} -c listen_addresses='' -c max_connections=120"
        settings += "" if durable else " -c fsync=off -c synchronous_commit=off"
        run("pg_ctl", "-w", "-l", folder / "log", "-o", settings, "start")
        try:
            yield Server(folder, name, run)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A running server: makes empty databases, and may be stopped and started."""

    def __init__(self, folder, name, run):
        self.folder, self.name, self.run = folder, name, run
        self.made = 0
        self.pattern = None

    def url(self, database="postgres", user=""):
        """Return the URL of a database, for its superuser unless told otherwise."""
        return f"postgresql://{user or self.name}@/{database}?host={self.folder}"

    def database(self, *, may_make_roles=True):
        """Make an empty database and return its URL, for an owner who is no superuser.

        Row-level security does not hold for a superuser: what passes as one proves nothing. An
        owner who came first made the roles, and since PostgreSQL 16 alone may grant them: the
        others are given them.
        """
        import psycopg

        self.made += 1
        owner = f"owner_{self.made}"
        roles = "CREATEROLE" if may_make_roles else "NOCREATEROLE"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {owner} LOGIN NOSUPERUSER NOBYPASSRLS {roles}")
            connection.execute(f"CREATE DATABASE test_{self.made} OWNER {owner}")
            if may_make_roles:
                there = (
                    "SELECT rolname FROM pg_roles WHERE rolname IN ('palier_app', 'palier_eraser')"
                )
                for (role,) in connection.execute(there).fetchall():
                    connection.execute(f"GRANT {role} TO {owner}")
        return self.url(f"test_{self.made}", owner)

    def migrated(self):
        """Make an empty store of the newest version and return its URL.

        A copy of the first one: it has the same owner, and takes a tenth of the time. Whoever no
        longer needs it drops it.
        """
        import psycopg

        from analysis.database.engine import connect
        from analysis.database.migrate import upgrade

        if self.pattern is None:
            first = connect(self.database())
            upgrade(first)
            first.dispose()
            self.pattern = self.made
        self.made += 1
        owner, name = f"owner_{self.pattern}", f"test_{self.made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE test_{self.pattern} OWNER {owner}"
                " STRATEGY file_copy"
            )
        return self.url(name, owner)

    def drop(self, url):
        """Drop a database by its URL, whoever is still connected."""
        import psycopg
        import sqlalchemy as sa

        name = sa.make_url(url).database
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def end(self, pid):
        """End the connection of a process of the server, as a crash would."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
