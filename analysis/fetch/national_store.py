"""The shared store: national files cut once by département, outside the workspaces.

    <store>/incoming/            what is being downloaded
    <store>/files/               files that several places need as they are
    <store>/cut/<id>/<digest>/   one Parquet per département, `contents.json` written last

A cut is made aside and takes its name when it is whole; the one of a newer file replaces it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import DataError
from analysis.fetch import faults
from analysis.fetch.catalogue import Source
from analysis.fetch.cutting import cut_by_department
from analysis.fetch.download import Origin, forget
from analysis.fetch.download_progress import Progress

# Raised when the layout of what is kept changes: older cuts are then made again.
FORMAT = 1
_CONTENTS = "contents.json"
_PART = ".part-"
_WAIT_S = 0.5
# Nobody downloads for so long: a lock that old was left behind.
_OLD_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Cut:
    """A national file, by département.

    Attributes
    ----------
    folder
        Where its pieces are.
    origin
        Where the file came from.
    rows
        Département → rows.
    unplaced
        Rows of no département (French abroad, codes that are none); they are a piece too.
    made
        When it was cut, ISO 8601.
    """

    folder: Path
    origin: Origin
    rows: dict[str, int]
    unplaced: int
    made: str

    def pieces(self, departments: Sequence[str]) -> list[Path]:
        """Return the files of those départements that have rows."""
        return [self.folder / f"{code}.parquet" for code in departments if code in self.rows]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds of one source, and how large it is in bytes."""

    source: str
    bytes: int
    made: str


def store_folder() -> Path:
    """Return the folder of the store: `PALIER_FILES`, else of this user's data."""
    given = os.environ.get("PALIER_FILES")
    return Path(given).expanduser() if given else platformdirs.user_data_path("palier", False)


def incoming(source: Source) -> Path:
    """Return where a national file is downloaded to before it is cut."""
    return store_folder() / "incoming" / source.file


def shared_file(source: Source) -> Path:
    """Return where a file is kept that several places need as it is."""
    return store_folder() / "files" / source.file


def kept_cut(source: Source) -> Cut | None:
    """Return the newest whole cut of a source, if it is what the catalogue wants."""
    cuts = sorted(_cuts(source.id), key=lambda cut: cut.made)
    wanted = [c for c in cuts if not source.sha256 or c.origin.sha256 == source.sha256]
    return wanted[-1] if wanted else None


def keep_cut(source: Source, file: Path, origin: Origin, progress: Progress) -> Cut:
    """Cut a national file by département, in place of an older one, and let the file go.

    Parameters
    ----------
    source
        Its entry in the catalogue.
    file
        The whole file; gone afterwards, as everything in it is kept.
    origin
        Where it came from.
    progress
        Told of each step.

    Returns
    -------
    Cut
        The new one.

    Raises
    ------
    DataError
        When the file cannot be read, or the disk refuses; what was cut before is still there.
    """
    folder = store_folder() / "cut" / source.id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_parts(folder)
        aside = Path(tempfile.mkdtemp(prefix=f"{_PART}{os.getpid()}-", dir=folder))
        try:
            rows, unplaced = cut_by_department(file, aside, progress)
            made = Cut(
                folder / origin.sha256[:16], origin, rows, unplaced, datetime.now(UTC).isoformat()
            )
            _put_in_place(made, aside)
        except DataError:
            # Damaged on its way: the next try is to bring another.
            forget(file)
            raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        forget(file)
    except OSError as error:
        raise faults.disk(folder, error) from error
    return made


def write_piece(cut: Cut, departments: Sequence[str], target: Path) -> bool:
    """Write the rows of départements as one file; tell whether there were any.

    Parameters
    ----------
    cut
        The national file.
    departments
        Codes.
    target
        Written whole or not at all; its origin is noted beside it.

    Returns
    -------
    bool
        False where the file has no rows of them: `target` is not there then.

    Raises
    ------
    DataError
        When the disk is full or cannot be written to.
    """
    pieces = cut.pieces(departments)
    if not pieces:
        target.unlink(missing_ok=True)
        return False
    aside = target.with_name(target.name + ".part")
    try:
        if len(pieces) == 1:
            shutil.copyfile(pieces[0], aside)
        else:
            _join(pieces, aside)
        os.replace(aside, target)
        cut.origin.write(target)
    except OSError as error:
        raise faults.disk(target, error) from error
    return True


def _join(pieces: Sequence[Path], target: Path) -> None:
    """Write pieces one after the other; a column that one of them lacks is empty there."""
    schema = pa.unify_schemas([pq.read_schema(piece) for piece in pieces])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for piece in pieces:
            writer.write_table(pq.read_table(piece).select(schema.names).cast(schema))


def in_store() -> list[Kept]:
    """Return what the store holds, largest first."""
    root = store_folder()
    held = [
        Kept(cut.folder.parent.name, _size(cut.folder), cut.made)
        for folder in sorted((root / "cut").glob("*"))
        for cut in _cuts(folder.name)
    ]
    files = [f for name in ("files", "incoming") for f in (root / name).glob("*") if f.is_file()]
    held += [Kept(f.name, f.stat().st_size, _day(f)) for f in files if f.suffix != ".json"]
    return sorted(held, key=lambda kept: -kept.bytes)


def clear_store() -> int:
    """Delete all that the store holds, and return how many bytes that was; workspaces stay."""
    root = store_folder()
    # Only what is ours: the folder may have been given, and hold other things.
    held = [root / name for name in ("cut", "files", "incoming")]
    size = sum(_size(folder) for folder in held)
    for folder in held:
        shutil.rmtree(folder, ignore_errors=True)
    return size


@contextmanager
def alone(source: Source, progress: Progress) -> Iterator[None]:
    """Hold a source against other windows and commands: they wait until it is here."""
    lock = store_folder() / "incoming" / f"{source.file}.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        while not _taken(lock):
            progress.advance(0)
            time.sleep(_WAIT_S)
    except OSError as error:
        raise faults.disk(lock, error) from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _taken(lock: Path) -> bool:
    """Take a lock, also from who died or forgot it."""
    with suppress(FileExistsError), lock.open("x", encoding="ascii") as file:
        file.write(str(os.getpid()))
        return True
    with suppress(OSError, ValueError):
        holder, age = int(lock.read_text(encoding="ascii")), time.time() - lock.stat().st_mtime
        if age > _OLD_S or not _alive(holder):
            lock.unlink(missing_ok=True)
    return False


def _alive(process: int) -> bool:
    if os.name == "nt":
        # There, asking with a signal would end it.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _put_in_place(cut: Cut, aside: Path) -> None:
    told = {
        "format": FORMAT,
        "origin": asdict(cut.origin),
        "rows": cut.rows,
        "unplaced": cut.unplaced,
        "made": cut.made,
    }
    (aside / _CONTENTS).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(cut.folder, ignore_errors=True)
    os.replace(aside, cut.folder)
    for other in cut.folder.parent.iterdir():
        if other != cut.folder and not other.name.startswith(_PART):
            shutil.rmtree(other, ignore_errors=True)


def _clear_parts(folder: Path) -> None:
    """Delete what a process left that died in the middle."""
    for part in folder.glob(f"{_PART}*"):
        holder = part.name.removeprefix(_PART).partition("-")[0]
        mine = holder == str(os.getpid())
        working = holder.isdecimal() and not mine and _alive(int(holder))
        if working and time.time() - part.stat().st_mtime < _OLD_S:
            continue
        shutil.rmtree(part, ignore_errors=True)


def _cuts(source: str) -> Iterator[Cut]:
    for contents in (store_folder() / "cut" / source).glob(f"*/{_CONTENTS}"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(contents.read_text(encoding="utf-8"))
            if told.pop("format") == FORMAT and not contents.parent.name.startswith(_PART):
                origin = Origin(**told.pop("origin"))
                yield Cut(contents.parent, origin, **told)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _day(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat()
