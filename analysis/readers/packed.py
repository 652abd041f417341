"""Tables that come packed, in a workbook or a zip, written out as the text that readers expect."""

from __future__ import annotations

import atexit
import csv
import datetime as dt
import io
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from analysis.errors import DataError, Text, some
from analysis.readers.mistaken import GZIPPED, refuse_mistaken, suffix_told
from analysis.tables.parquet_size import unpacked_bytes
from analysis.tables.workbook_marks import is_laborious

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_TEXTS = (".csv", ".txt", ".tsv")
# Unpacked; the national files have less. Two cells in opposite corners are 5 kB on disk.
_MOST_BYTES, _MOST_COLUMNS, MOST_ROWS = 8_000_000_000, 2_000, 100_000_000
_MOST_MEMORY = 4_000_000_000
_HEAD_ROWS, _HEAD_BYTES = 40, 4096
_TABLE_COLUMNS = 2
_NOTES = re.compile(r"(?i)(read|lisez)[ _-]?m(e|oi)|licen[cs]e|notice|m[ée]tadon|metadata")
# Parts of a workbook that need not be in memory; what else a table of a million rows has is less.
_MOST_BESIDE, _SHEETS = 300_000_000, "xl/worksheets/"
_MOST_MARKS = 8_000_000
# What openpyxl and those below it raise over damaged files. Their XML is a SyntaxError; what is
# encrypted, or of a version that zipfile does not know, a RuntimeError.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, MemoryError),
    *(SyntaxError, LookupError, ValueError, TypeError, AttributeError, RuntimeError),
)

# Written out a moment ago: a reader asks for header, beginning and rows one after the other.
_MOST_KEPT = 16
_KEPT: dict[tuple[Any, ...], Path] = {}
# Name and bytes of a workbook → the sheet that was read, and those that were not.
_CHOSEN: dict[tuple[str, int], tuple[str, tuple[str, ...]]] = {}
Row = tuple[Any, ...]


class Opened(io.RawIOBase):
    """A gzipped file as it is opened out, up to what any known one has.

    A kilobyte of gzip can stand for a megabyte, and nothing in it says so before.
    """

    def __init__(self, content: Path | memoryview, most: int = 0, *, name: str = "") -> None:
        self.path = content if isinstance(content, Path) else Path(name)
        self.left = self.most = most or _MOST_BYTES
        self._stream = pa.input_stream(content, compression="gzip")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a buffer of any kind
        """Fill a buffer with the next bytes, and return how many they are.

        Raises
        ------
        DataError
            When there are more than are read here.
        """
        block = self._stream.read(len(buffer))
        self.left -= len(block)
        if self.left < 0:
            raise too_large(self.path, Text("{n} MB", n=self.most // 1_000_000))
        buffer[: len(block)] = block
        return len(block)


def opened(content: Path | memoryview, name: str = "") -> pa.NativeFile | Opened:
    """Return the bytes of a text, unpacked where it is gzipped, whatever its name."""
    if _head(content).startswith(GZIPPED):
        return Opened(content, name=name)
    return pa.input_stream(content, compression=None)


def too_large(path: Path, most: Text) -> DataError:
    """Say that a file would unpack to more than is read here."""
    return DataError(
        "{file} would unpack to more than is read here.",
        where="{file}: more than {most}",
        mend="Unpack it yourself, and keep the rows of this place.",
        file=path.name,
        most=most,
    )


def refuse_large(parquet: Path) -> None:
    """Refuse a Parquet that would take more memory than is read here, before it is read.

    Raises
    ------
    DataError
        When it would.
    """
    if unpacked_bytes(parquet) > _MOST_MEMORY:
        raise too_large(parquet, Text("{n} MB", n=_MOST_MEMORY // 1_000_000))


def without_gzip(path: Path) -> Path:
    """Return a file opened out where it is gzipped, whatever its name; another as it is.

    Raises
    ------
    DataError
        When it is damaged, or would fill the disk.
    """
    if not _head(path).startswith(GZIPPED):
        return path
    told = path.stat()
    key = (path, told.st_mtime_ns, told.st_size)
    if key not in _KEPT:
        name = path.stem if path.suffix.lower() == ".gz" else path.name
        target = Path(tempfile.mkdtemp(dir=_folder())) / name
        try:
            with opened(path) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
        except (OSError, EOFError) as error:
            raise _damaged(path, error) from error
        _keep(key, target)
    return _KEPT[key]


def _keep(key: tuple[Any, ...], target: Path) -> None:
    """Remember a file that was written out; the oldest of many goes."""
    _KEPT[key] = target
    while len(_KEPT) > _MOST_KEPT:
        shutil.rmtree(_KEPT.pop(next(iter(_KEPT))).parent, ignore_errors=True)


def plain_file(path: Path, wanted: Collection[str] = ()) -> Path:
    """Return a file of text for a workbook or a zip that holds one; another file as it is.

    Parameters
    ----------
    path
        The file.
    wanted
        Names of columns: of several sheets, the one that has them all is meant. Without names,
        the one that a reader knows.

    Returns
    -------
    Path
        A text that other readers read.

    Raises
    ------
    DataError
        When it is damaged, or it is not clear which table of several is meant.
    """
    if not path.is_file() or suffix_in(path) not in WORKBOOKS | {".zip"}:
        return path
    refuse_mistaken(path.name, _head(path))
    told = path.stat()
    key = (path, told.st_mtime_ns, told.st_size, *sorted(wanted))
    if key not in _KEPT:
        _keep(key, _written(path, wanted))
    return _KEPT[key]


def sheet_read(name: str, size: int) -> tuple[str, tuple[str, ...]] | None:
    """Return which sheet of a workbook was read, and the tables beside it; None of one alone."""
    return _CHOSEN.get((name, size))


def suffix_in(path: Path) -> str:
    """Return the suffix that a table on the disk should have, by its first bytes."""
    return suffix_told(path.suffix, _head(path))


def _head(content: Path | memoryview) -> bytes:
    if isinstance(content, memoryview):
        return bytes(content[:_HEAD_BYTES])
    with content.open("rb") as file:
        return file.read(_HEAD_BYTES)


def start_of(file: BinaryIO, suffix: str) -> tuple[str, bytes] | None:
    """Return suffix and beginning of the one table in a workbook or a zip; None without one."""
    try:
        if suffix in WORKBOOKS:
            return ".csv", _beginning(_sheet(file))
        with zipfile.ZipFile(file) as archive:
            inside = _texts_in(archive)
            if len(inside) != 1:
                return None
            with archive.open(inside[0]) as packed:
                return Path(inside[0]).suffix.lower(), packed.read(1 << 16)
    except (*DAMAGED, DataError):
        return None
    finally:
        file.seek(0)


def cell_text(value: object) -> str:
    """Return a cell of a workbook as it reads: whole numbers without a point, days as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="palier-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _written(path: Path, wanted: Collection[str]) -> Path:
    target = Path(tempfile.mkdtemp(dir=_folder())) / f"{path.stem}.csv"
    try:
        if suffix_in(path) in WORKBOOKS:
            with target.open("w", encoding="utf-8", newline="") as file, path.open("rb") as book:
                csv.writer(file, delimiter=";").writerows(_wide(_sheet(book, wanted)))
            return target
        with zipfile.ZipFile(path) as archive:
            inside = _texts_in(archive)
            if len(inside) != 1 or archive.getinfo(inside[0]).file_size > _MOST_BYTES:
                raise DataError(
                    "{file} does not hold exactly one table.",
                    where="{file}: {inside}",
                    mend="Take the table that is meant out of it, and give that.",
                    file=path.name,
                    inside=some(archive.namelist()),
                )
            with archive.open(inside[0]) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
    except DAMAGED as error:
        if isinstance(error, DataError):
            raise
        raise _damaged(path, error) from error
    return target


def _damaged(path: Path, error: BaseException) -> DataError:
    return DataError(
        "{file} cannot be opened: it is cut or damaged, or has a password.",
        where="{file}: {error}",
        mend="Save it again as XLSX or CSV, without a password, or download it again.",
        file=path.name,
        error=str(error) or type(error).__name__,
    )


def _texts_in(archive: zipfile.ZipFile) -> list[str]:
    names = [n for n in archive.namelist() if Path(n).suffix.lower() in _TEXTS]
    tables = [n for n in names if not n.startswith("__MACOSX") and not Path(n).name.startswith(".")]
    # Notes lie beside tables as .txt, and may be called so.
    tables = [n for n in tables if not _NOTES.search(Path(n).stem)] or tables
    return [n for n in tables if not n.lower().endswith(".txt")] or tables


def _sheet(file: BinaryIO, wanted: Collection[str] = ()) -> Any:  # noqa: ANN401 - openpyxl has no types
    """Return the one sheet of a workbook that is a table; notes stand in one column.

    Of several tables that with the columns wanted is meant, else the one that a reader knows.
    """
    name = Path(getattr(file, "name", "") or "xlsx")
    with zipfile.ZipFile(file) as archive:
        _refuse_swollen(archive, name)
    # Most files are no workbooks, and every reader comes by here.
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()
    tables = [sheet for sheet in book.worksheets if _is_table(sheet)]
    if len(tables) <= 1:
        return tables[0] if tables else book.worksheets[0]
    meant = [sheet for sheet in tables if _is_meant(sheet, wanted)]
    if len(meant) != 1:
        raise DataError(
            "This workbook has several sheets that could be meant: {meant}."
            if meant
            else "This workbook has several sheets, and nothing tells which is meant.",
            where="sheets: {sheets}",
            mend="Keep one of them, or save it as CSV.",
            meant=some(sheet.title for sheet in meant),
            sheets=some(sheet.title for sheet in tables),
        )
    others = tuple(sheet.title for sheet in tables if sheet is not meant[0])
    if name.is_file():
        _CHOSEN[name.name, name.stat().st_size] = meant[0].title, others
    return meant[0]


def _is_meant(sheet: Any, wanted: Collection[str]) -> bool:  # noqa: ANN401
    """Tell whether a sheet has the columns wanted, or a layout that some reader knows."""
    if wanted:
        spelt = {name.casefold() for name in wanted}
        rows = _rows(sheet, most=_HEAD_ROWS)
        return any(spelt <= {cell.strip().casefold() for cell in row} for row in rows)
    # The readers are asked for only where a workbook has several tables.
    from analysis.readers import glance, reader_registry

    text = _beginning(sheet).decode()
    return reader_registry.role_of(glance.of_text(text)) != reader_registry.UNUSED


def _beginning(sheet: Any) -> bytes:  # noqa: ANN401
    return "\n".join(";".join(row) for row in _rows(sheet, most=_HEAD_ROWS)).encode()


def _refuse_swollen(book: zipfile.ZipFile, path: Path) -> None:
    """Refuse a workbook that would fill the memory: sheets are read row by row, the rest whole."""
    parts = book.infolist()
    beside = sum(one.file_size for one in parts if not one.filename.startswith(_SHEETS))
    whole = sum(one.file_size for one in parts)
    for size, limit in ((whole, _MOST_BYTES), (beside, _MOST_BESIDE)):
        if size > limit:
            raise too_large(path, Text("{n} MB", n=limit // 1_000_000))
    if is_laborious(book, _MOST_MARKS):
        raise too_large(path, Text("{n} texts and formats", n=_MOST_MARKS))


def _is_table(sheet: Any) -> bool:  # noqa: ANN401
    rows = list(_rows(sheet, most=_HEAD_ROWS))
    wide = [row for row in rows if sum(cell != "" for cell in row) > _TABLE_COLUMNS]
    return len(wide) > 1


def _wide(sheet: Any) -> Iterator[list[str]]:  # noqa: ANN401
    """Give rows as wide as the widest at the head: a sheet leaves empty cells at the end out."""
    width = max((len(row) for row in _rows(sheet, most=_HEAD_ROWS)), default=0)
    for row in _rows(sheet):
        yield [*row, *[""] * (width - len(row))]


def _rows(sheet: Any, *, most: int | None = None) -> Iterator[list[str]]:  # noqa: ANN401
    given: Iterable[Row] = sheet.iter_rows(values_only=True, max_row=most)
    for row in given:
        if len(row) > _MOST_COLUMNS:
            raise ValueError("too many columns")
        yield [" ".join(cell_text(value).splitlines()) for value in row]
