"""Restore a backup into an empty place: everything is checked before anything is put in place."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from analysis.access import audit
from analysis.contacts.tombstones import buried
from analysis.database import store_copy
from analysis.database.access_tables import AUDIT
from analysis.database.engine import connect, of_tenant, reading, writing
from analysis.database.file_copy import put_back
from analysis.database.migrate import known_revisions, newest_revision, upgrade
from analysis.database.models import META
from analysis.errors import DataError, some
from analysis.fieldwork import tallies
from analysis.fieldwork.names_taken_out import take_out
from analysis.fieldwork.store_owner import RENEWED
from analysis.workflows.backup import APART, STORE, WORKSPACES
from analysis.workflows.backup_archive import Reader, damaged, opened
from analysis.workflows.erased_since import Said, clear_copies, named, without_names
from analysis.workflows.people_backup import erased_before, put_beside

# Room that a disk keeps besides what is unpacked.
_SPARE = 64 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes
    ----------
    workspaces
        Names of the folders.
    rows
        Of the PostgreSQL store.
    audits
        Number of entries and the last digest of each campaign's audit.
    """

    workspaces: tuple[str, ...]
    rows: int
    audits: dict[str, tuple[int, str]] = field(default_factory=dict)


def restore(  # noqa: PLR0913 - what, where to, and what stays out
    archive: Path,
    into: Path,
    *,
    keys: Path | None,
    url: str = "",
    erased: frozenset[str] = frozenset(),
    overwrite: bool = False,
) -> Restored:
    """Put a backup back.

    Parameters
    ----------
    archive
        What `back_up` wrote.
    into
        Folder of the workspaces.
    keys
        The file of its keys; None: campaigns draw new ones, and no old phone page is accepted.
    url
        Of an empty PostgreSQL database, where the backup holds a store.
    erased
        Ids of people who were erased since, besides those on the list beside the keys, here or in
        the backup: neither their keys nor their homes and opinions are restored.
    overwrite
        Replace workspaces of the same name; a database is never replaced.

    Returns
    -------
    Restored
        What was put back.

    Raises
    ------
    DataError
        When a part is not as it was written, the place is not empty, or a version is unknown.
    """
    with contextlib.ExitStack() as stack:
        secret = stack.enter_context(opened(keys)) if keys else None
        vouched = secret.facts.get("archive_sha256") if secret else ""
        if secret is not None and not vouched:
            raise damaged(keys or archive)
        plain = stack.enter_context(opened(archive, str(vouched)))
        told = _told(plain, archive)
        _check_place(plain, into, url, overwrite=overwrite)
        aside = stack.enter_context(_aside(into, [plain, *([secret] if secret else [])]))
        for reader in filter(None, (plain, secret)):
            for name in reader.parts:
                reader.take(name, aside / name)
        put_beside(aside, into, only_check=True)
        erased |= erased_before(aside, into)
        said = named(aside, told, erased)
        clear_copies(aside / WORKSPACES, said)
        audits = _file_stores(aside, told["files"], (erased, said), renew=secret is None)
        rows = _store(aside, told["store"], url, (erased, said)) if "store" in told else 0
        names = _put_in_place(aside, into)
        put_beside(aside, into)
        if "store" in told:
            audits |= _looked_over(url, told["store"]["tenants"], renew=secret is None)
    return Restored(names, rows, audits)


def _told(plain: Reader, archive: Path) -> dict[str, Any]:
    """Return the manifest, with the versions of its stores known to this version."""
    told = plain.facts
    try:
        revisions = {str(one) for one in told["files"].values() if one}
        if "store" in told:
            revisions.add(str(told["store"]["revision"]))
            [store_copy.Table(**table) for table in told["store"]["tables"]]
            list(told["store"]["tenants"])
        # Files are opened by these names: only those that were checked.
        _checked = [plain.parts[name] for name in told["files"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise damaged(archive) from error
    if unknown := revisions - known_revisions():
        raise DataError(
            "This backup was written by a newer version of Palier.",
            where="revision {found}; this version knows {known}",
            mend="Install the newer version; nothing was changed.",
            found=some(sorted(unknown)),
            known=newest_revision(),
        )
    return told


def _check_place(plain: Reader, into: Path, url: str, *, overwrite: bool) -> None:
    if "store" in plain.facts and not url:
        raise DataError(
            "This backup holds a PostgreSQL store, and no database was named.",
            mend="Make an empty one (createdb) and name it with --store or in palier.toml.",
        )
    there = [name for name in _names(plain) if (into / name).exists()]
    if there and not overwrite:
        raise DataError(
            "What would be restored is there already: nothing was changed.",
            where="{into}: {there}",
            mend="Restore into an empty folder, or add --overwrite to replace these.",
            into=into,
            there=some(there),
        )


def _names(plain: Reader) -> list[str]:
    inside = (PurePosixPath(name).parts for name in plain.parts)
    return sorted({parts[1] for parts in inside if len(parts) > 2 and parts[0] == WORKSPACES})  # noqa: PLR2004


@contextlib.contextmanager
def _aside(into: Path, readers: list[Reader]) -> Iterator[Path]:
    """Make a folder on the same disk, which goes again whatever happens."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        free, needed = shutil.disk_usage(into).free, sum(reader.size for reader in readers)
        if needed + _SPARE > free:
            raise DataError(
                "The backup is larger than the room on the disk: nothing was restored.",
                where="{into}: {needed} MB, {free} MB free",
                mend="Make room, or restore on another disk.",
                into=into,
                needed=needed >> 20,
                free=free >> 20,
            )
        with tempfile.TemporaryDirectory(prefix=".restoring-", dir=into) as folder:
            yield Path(folder)
    except OSError as error:
        raise DataError(
            "The backup could not be restored there.",
            where="{into}: {strerror}",
            mend="Name a folder that may be written to, on a disk with room.",
            into=into,
            strerror=error.strerror,
        ) from error


def _file_stores(
    aside: Path, files: dict[str, str], gone: tuple[frozenset[str], Said], *, renew: bool
) -> dict[str, tuple[int, str]]:
    """Check the stores that are files, and bring them up to date."""
    erased, said = gone
    audits: dict[str, tuple[int, str]] = {}
    for part, revision in files.items():
        store = aside / part
        keys = store.with_name(store.name + APART)
        put_back(store, keys if keys.exists() else None, erased)
        keys.unlink(missing_ok=True)
        if not revision:
            continue
        engine = connect(f"sqlite:///{store}")
        try:
            upgrade(engine, rebuild=tallies.rebuild)
            if renew:
                _renew(engine)
            for tenant, one in said.items():
                take_out(of_tenant(engine, tenant), one.names, one.points)
            audits |= _verified(engine, _tenants(engine))
        finally:
            engine.dispose()
    return audits


def _tenants(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(sa.select(AUDIT.c.tenant).distinct()).scalars())


def _verified(engine: Engine, tenants: list[str]) -> dict[str, tuple[int, str]]:
    found = {tenant: audit.verify(of_tenant(engine, tenant)) for tenant in tenants}
    return {tenant: one for tenant, one in found.items() if one[0]}


def _store(aside: Path, told: dict[str, Any], url: str, gone: tuple[frozenset[str], Said]) -> int:
    """Fill the database; return the number of rows."""
    erased, said = gone
    every = [
        store_copy.Table(str(one["name"]), tuple(one["columns"]), int(one["rows"]))
        for one in told["tables"]
    ]
    # Tables of keys are not there without the file of keys.
    there = [table for table in every if (aside / STORE / table.name).is_file()]
    engine = connect(url)
    try:
        files = [(table, aside / STORE / table.name) for table in there]
        return store_copy.copy_in(
            engine,
            str(told["revision"]),
            files,
            erased=erased,
            rebuild=tallies.rebuild,
            change=without_names(said),
        )
    finally:
        engine.dispose()


def _put_in_place(aside: Path, into: Path) -> tuple[str, ...]:
    """Move the workspaces to where they belong; what they replace goes with the folder aside."""
    folder, replaced = aside / WORKSPACES, aside / "replaced"
    replaced.mkdir()
    names = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if (into / name).exists():
            os.replace(into / name, replaced / name)
        os.replace(folder / name, into / name)
    return tuple(names)


def _looked_over(url: str, tenants: list[str], *, renew: bool) -> dict[str, tuple[int, str]]:
    engine = connect(url)
    try:
        for tenant in tenants if renew else ():
            _renew(of_tenant(engine, tenant))
        return _verified(engine, tenants)
    finally:
        engine.dispose()


def _renew(engine: Engine) -> None:
    """Let a store be opened with the next key of its campaign: that of before was not restored."""
    mine = META.c.name == "campaign"
    with writing(engine) as connection:
        query = sa.select(META.c.value).where(mine)
        if owner := connection.execute(query).scalar_one_or_none():
            renewed = f"{owner.split()[0]} {RENEWED}"
            connection.execute(sa.update(META).where(mine).values(value=renewed))


def erased_in(file: Path) -> frozenset[str]:
    """Read the ids of people who were erased, one a line; a list that is named must be there."""
    if not file.is_file():
        raise DataError(
            "The list of people who were erased cannot be read: nothing was restored.",
            where="{file}",
            mend="Name a text file with one id a line.",
            file=file,
        )
    return buried(file)
