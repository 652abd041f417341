"""Back up a copy of Palier: its store, its workspaces, and apart from both its keys."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis import __version__
from analysis.database import store_copy
from analysis.database.engine import connect
from analysis.database.file_copy import copy_file
from analysis.fieldwork.campaign import FOLDER
from analysis.tables.sources import sha256
from analysis.workflows.backup_archive import Writer, written
from analysis.workflows.people_backup import beside

WORKSPACES, STORE, APART = "workspaces", "store", ".apart"
ARCHIVE, KEYS = ".zip", ".keys.zip"
# Files of the field that bear tokens: phone pages, and the files that phones sent.
_TOKENS = {"links", "inbox", "imported", "refused"}
_TOKEN = b'"token"'
_PAGES = {".html", ".json"}
_PASSING = (".lock", ".part", "-wal", "-shm", "-journal")
# Letters that wait are about one person each, and in the clear.
_OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written.

    Attributes
    ----------
    archive, keys
        Its two files.
    sha256
        Of the archive.
    parts, secrets
        Number of files in each.
    damaged
        Tables of workspaces that are not those that were built; they are in it as they are.
    """

    archive: Path
    keys: Path
    sha256: str
    parts: int
    secrets: int
    damaged: tuple[str, ...]


def back_up(
    out: Path, workspaces: Mapping[str, Path], *, url: str = "", keys: Path | None = None
) -> Backup:
    """Write an archive, and the file of its keys.

    Parameters
    ----------
    out
        The archive (.zip), or a folder for one that is named by the time.
    workspaces
        Folders by the name they are restored under.
    url
        Of a PostgreSQL store; "" where each workspace holds a file of its own.
    keys
        Where the keys go, closed to others; beside the archive by default.

    Returns
    -------
    Backup
        Both files, the digest of the archive, how many parts each holds, and what was damaged
        already.

    Raises
    ------
    DataError
        When the store does not answer, or something cannot be read or written.
    """
    now = datetime.now(UTC)
    archive = out if out.suffix == ARCHIVE else out / f"palier-{now:%Y%m%d-%H%M%S}{ARCHIVE}"
    keys = keys or archive.with_name(archive.stem + KEYS)
    facts: dict[str, Any] = {"palier": __version__, "made": now.isoformat(timespec="seconds")}
    with written(keys) as secret, tempfile.TemporaryDirectory(prefix="palier-backup-") as aside:
        with written(archive) as plain:
            both = _Both(plain, secret, Path(aside))
            if url:
                facts["store"] = both.add_store(url)
            for name, folder in sorted(workspaces.items()):
                both.add_folder(name, folder)
            both.add_people(workspaces.values())
            damaged = _damaged(plain.parts, workspaces)
            plain.finish(facts | {"files": both.revisions, "damaged": damaged})
        digest = sha256(archive)
        secret.finish(facts | {"archive_sha256": digest})
    return Backup(
        archive, keys, digest, len(plain.parts), len(secret.parts), damaged=tuple(damaged)
    )


@dataclass
class _Both:
    """The archive and its keys, while they are written."""

    plain: Writer
    secret: Writer
    aside: Path

    def __post_init__(self) -> None:
        self.revisions: dict[str, str] = {}

    def add_store(self, url: str) -> dict[str, Any]:
        """Add the tables of a PostgreSQL store; return what the manifest says of it."""
        engine = connect(url)
        try:
            revision, tables, tenants = store_copy.copy_out(engine, self.aside.joinpath)
        finally:
            engine.dispose()
        for table in tables:
            into = self.secret if table.name in store_copy.SECRET else self.plain
            into.add(f"{STORE}/{table.name}", self.aside / table.name)
        return {
            "revision": revision,
            "tenants": tenants,
            "tables": [asdict(table) for table in tables],
        }

    def add_folder(self, name: str, folder: Path) -> None:
        """Add the files of a workspace, or of the folder of a campaign with its places."""
        for file in _files(folder):
            part = f"{WORKSPACES}/{name}/{file.relative_to(folder).as_posix()}"
            if file.suffix == ".sqlite":
                self._add_file_store(part, file)
            else:
                # A file that was taken away meanwhile, such as one of the inbox, is in its place.
                with contextlib.suppress(FileNotFoundError):
                    (self.secret if _is_secret(file) else self.plain).add(part, file)

    def add_people(self, folders: Iterable[Path]) -> None:
        """Add the keys of people and the objections, which lie beside the workspaces."""
        for part, file, secret in beside(folders):
            if secret:
                self.secret.add(part, file)
            else:
                self._add_file_store(part, file)

    def _add_file_store(self, part: str, file: Path) -> None:
        copy, keys = self.aside / "copy.sqlite", self.aside / "keys.sqlite"
        self.revisions[part] = copy_file(file, copy, keys)
        self.plain.add(part, copy)
        copy.unlink()
        if keys.exists():
            self.secret.add(part + APART, keys)
            keys.unlink()


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).parts
        passing = file.name.endswith(_PASSING) or any(p.startswith(".building-") for p in inside)
        linked = any((folder / Path(*inside[: n + 1])).is_symlink() for n in range(len(inside)))
        if file.is_file() and not passing and not linked and file.parent.name != _OUTBOX:
            yield file


def _is_secret(file: Path) -> bool:
    """Tell whether a file is a key, or bears a token; a sheet bears one as a code to scan."""
    if file.suffix in (".key", ".pdf") or (file.parent.name in _TOKENS):
        return True
    return FOLDER in file.parts and file.suffix in _PAGES and _TOKEN in file.read_bytes()


def _damaged(parts: Mapping[str, Mapping[str, Any]], workspaces: Mapping[str, Path]) -> list[str]:
    """Return the tables of workspaces that are not as their manifest says."""
    wrong = []
    for name, folder in workspaces.items():
        for file in folder.rglob("manifest.json"):
            inside = file.parent.relative_to(folder).as_posix()
            place = f"{WORKSPACES}/{name}/" + ("" if inside == "." else f"{inside}/")
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                for table in json.loads(file.read_text(encoding="utf-8"))["tables"].values():
                    found = parts.get(place + table["file"], {}).get("sha256")
                    wrong += [place + table["file"]] if found != table["sha256"] else []
    return sorted(wrong)
