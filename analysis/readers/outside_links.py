"""What a file may not make us do: ask another machine, or fill the disk and the memory."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from analysis.errors import DataError, some

# The largest archive of shapes or squares that is known unpacks to less than half of this.
MOST_UNPACKED = 4 << 30
_PIECE, _LONGEST = 1 << 20, 1 << 16
_KEYS = (b'"crs"', b"'crs'")
# Letters of the key in another spelling: nobody writes them so but to hide it.
_HIDDEN = (b"\\u0063", b"\\u0072", b"\\u0073")
_ASKS = ("link", "url")
_SQLITE = b"SQLite format 3\x00"
# As `PRAGMA table_xinfo` marks what is computed at reading, and what was at writing.
_COMPUTED = (2, 3)


def refuse_acting(path: Path) -> None:
    """Refuse a file of shapes that would have another machine asked, or this one compute for it.

    Raises
    ------
    DataError
        When it does.
    """
    refuse_outside_crs(path)
    refuse_orders(path)


def refuse_orders(path: Path) -> None:
    """Refuse a GeoPackage with views or computed columns: its reader would carry them out.

    A view of a hundred kilobytes may count without an end, or make gigabytes of nothing.

    Raises
    ------
    DataError
        When it has one.
    """
    for file in _databases(path):
        if names := sorted(set(_orders(file))):
            raise DataError(
                "{file} makes its layers by orders of its own, which are not carried out here.",
                where="{file}: {names}",
                mend="Save the layer as a plain one: in QGIS, export it into a new GeoPackage.",
                file=path.name,
                names=some(names),
            )


def _databases(path: Path) -> Iterator[Path]:
    """Yield a file of SQLite, or those of a zip, unpacked for as long as they are looked at."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            if file.read(len(_SQLITE)) == _SQLITE:
                yield path
        return
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        for one in archive.infolist():
            with archive.open(one) as packed:
                if (start := packed.read(len(_SQLITE))) == _SQLITE:
                    plain = Path(folder) / "one"
                    with plain.open("wb") as out:
                        out.write(start)
                        shutil.copyfileobj(packed, out, _PIECE)
                    yield plain


def _orders(file: Path) -> Iterator[str]:
    # What cannot be read here is told by the reading itself.
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as store,
    ):
        held = store.execute("SELECT type, name FROM sqlite_master").fetchall()
        yield from (name for kind, name in held if kind == "view")
        for name in (name for kind, name in held if kind == "table"):
            with contextlib.suppress(sqlite3.Error):  # a virtual table of a kind unknown here
                columns = store.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,))
                if any(hidden in _COMPUTED for (hidden,) in columns):
                    yield name


def refuse_outside_crs(path: Path) -> None:
    """Refuse a file of JSON whose coordinate system is the address of another machine.

    GDAL would fetch `"crs": {"type": "link", "properties": {"href": "http://…"}}`, from where this
    runs.

    Raises
    ------
    DataError
        When it does, or hides it.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for one in archive.infolist():
                with archive.open(one) as file:
                    _refuse(file, path)
        return
    with path.open("rb") as file:
        _refuse(file, path)


def _refuse(file: IO[bytes], path: Path) -> None:
    start = file.read(64)
    if not start.lstrip(b"\xef\xbb\xbf\x1e \t\r\n").startswith(b"{"):
        return
    if any(_asks_outside(piece, last=last) for piece, last in _pieces(file, start)):
        raise DataError(
            "{file} names its coordinate system by the address of another machine.",
            where="{file}: crs",
            mend="Take the member crs out of the file, or write the name of a system there, such "
            "as EPSG:2154.",
            file=path.name,
        )


def _pieces(file: IO[bytes], start: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield a file in pieces that overlap, and whether one is the last."""
    before = start
    while piece := file.read(_PIECE):
        yield before + piece, False
        before = (before + piece)[-2 * _LONGEST :]
    yield before, True


def _asks_outside(piece: bytes, *, last: bool) -> bool:
    if any(one in piece for one in _HIDDEN):
        return True
    # What may be cut off at the end of this piece is whole in the next.
    end = len(piece) if last else len(piece) - _LONGEST
    for key in _KEYS:
        at = piece.find(key)
        while 0 <= at < end:
            if _names_address(piece[at + len(key) : at + _LONGEST]):
                return True
            at = piece.find(key, at + 1)
    return False


def _names_address(after: bytes) -> bool:
    """Tell whether what follows the key `crs` is an address, or something else than it should."""
    text = after.decode("utf-8", "replace").lstrip()
    if not text.startswith(":"):
        # A text "crs" that is no key is followed by one of these.
        return bool(text) and text[0] not in ",]}"
    text = text[1:].lstrip()
    if not text.startswith("{"):
        return text.startswith("/")
    try:
        told, _end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        # GDAL reads what is nearly JSON: it may understand what we do not.
        return True
    return str(told.get("type", "")).strip().lower() in _ASKS


def refuse_bomb(archive: zipfile.ZipFile, path: Path, most: int = MOST_UNPACKED) -> None:
    """Refuse an archive that would unpack to more than any known one.

    Parameters
    ----------
    archive
        Open.
    path
        Its file.
    most
        Bytes.

    Raises
    ------
    DataError
        When its parts are larger together.
    """
    whole = sum(one.file_size for one in archive.infolist())
    if whole > most:
        largest = sorted(archive.infolist(), key=lambda one: -one.file_size)[:3]
        raise DataError(
            "{file} would unpack to more than is read here.",
            where="{mb} MB, of {most} MB at most: {largest}",
            mend="Unpack it yourself, and give the one file that is needed.",
            file=path.name,
            mb=whole >> 20,
            most=most >> 20,
            largest=some(one.filename for one in largest),
        )
