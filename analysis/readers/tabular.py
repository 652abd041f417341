"""Read the needed columns of a CSV or Parquet file in pieces, keeping only some rows."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from analysis.errors import DataError, Text, some
from analysis.readers.beginnings import cells_of, delimiter_of, encoding_within, lines_above, plain
from analysis.readers.glance import look
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.packed import MOST_ROWS, opened, plain_file, suffix_in, too_large
from analysis.readers.quotation import holds_rows, numbered_rows, unquoted
from analysis.readers.uneven_rows import UnevenRows, cut_or_damaged, unfinished
from analysis.tables.sources import LeftOut

LINE = "line"
# Of a file that is one line, the name of its column is all of it.
_NAME = 60
_BATCH_ROWS = 1 << 18
# Arrow reads up to 32 blocks ahead of whoever filters them: about 100 MB in all.
_BLOCK_BYTES = 1 << 21

# Names a column may have in the file, the usual one first; an optional one may be absent.
Aliases = Mapping[str, tuple[str, ...]]
Keep = Callable[[pa.Table], pa.Table]


def read_columns(
    path: Path,
    aliases: Aliases,
    *,
    left_out: list[LeftOut],
    optional: frozenset[str] = frozenset(),
    keep: Keep | None = None,
) -> pa.Table:
    """Read columns of a CSV or Parquet file under our names, piece by piece.

    Parameters
    ----------
    path
        A `.parquet` file, a workbook, or delimited text in any encoding of
        `beginnings.encoding_of`, plain, gzipped or zipped.
    aliases
        Our name → the names it has in the editions of the file; case, accents, points and
        spaces make no difference.
    left_out
        Takes in the notes and uneven rows of the file, which are not read.
    optional
        Which of our names may be absent; they are then left out of the result.
    keep
        Called on every piece, with a `line` column added; returns the rows to keep.
        So a town is read from the national file without loading the nation.

    Returns
    -------
    pyarrow.Table
        Text columns dictionary-encoded; CSV columns are all text; `line` counts
        rows of the file from 1, header included for CSV.

    Raises
    ------
    DataError
        When the file is empty, cut, of another encoding or delimiter, or lacks columns.
    """
    if not path.is_file():
        raise DataError("There is no such file.", where="{path}", mend="Check the path.", path=path)
    if path.stat().st_size == 0:
        raise DataError(
            "{file} is empty.", where="{path}", mend="Download it again.", file=path.name, path=path
        )
    path = plain_file(path)
    try:
        kept, uneven, rows = _kept(path, aliases, optional, keep)
    except _OpenQuoteError:
        kept, uneven, rows = _kept(path, aliases, optional, keep, bare=True)
    if not kept:
        uneven.refuse_many(0)
        raise DataError(
            "{file} has a header and no rows.",
            where="{path}",
            mend="Download it again.",
            file=path.name,
            path=path,
        )
    uneven.refuse_many(rows)
    left_out += uneven.left_out()
    return pa.concat_tables(kept, promote_options="permissive").unify_dictionaries()


class _OpenQuoteError(Exception):
    """A quotation mark that nothing closes holds the rows behind it."""


def _kept(
    path: Path, aliases: Aliases, optional: frozenset[str], keep: Keep | None, *, bare: bool = False
) -> tuple[list[pa.Table], UnevenRows, int]:
    """Return what is kept of a file, its uneven rows, and how many rows it has beside them.

    Quotation marks are letters where it is read `bare`.
    """
    uneven = UnevenRows(path.name)
    kept: list[pa.Table] = []
    held = 0
    try:
        # Lines are those of the file: its header is one, and so are those above it.
        above = 0 if _is_parquet(path) else 1 + _start(path)[2]
        line = 1 + above
        for piece in (
            _parquet(path, aliases, optional)
            if _is_parquet(path)
            else _delimited(path, aliases, optional, uneven, bare=bare)
        ):
            lines = pa.array(np.arange(line, line + piece.num_rows, dtype="int32"))
            line += piece.num_rows
            table = piece.append_column(LINE, lines)
            kept.append(keep(table) if keep else table)
            held += kept[-1].num_rows
            if held > MOST_ROWS:
                raise too_large(path, Text("{n} rows", n=MOST_ROWS))
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        if not bare and isinstance(error, pa.ArrowInvalid) and _left_open(path):
            raise _OpenQuoteError from error
        raise _broken(path, error) from error
    return kept, uneven, line - 1 - above


def pieces(path: Path) -> Iterator[pa.Table]:
    """Give a CSV or Parquet file piece by piece, every column under its own name.

    Raises
    ------
    DataError
        When the file is empty, cut, or of another encoding.
    """
    path = plain_file(path)
    read = _parquet if _is_parquet(path) else _delimited
    try:
        names = header(path)
        metadata = pq.read_schema(path).metadata if _is_parquet(path) else None
        kept = {k: v for k, v in (metadata or {}).items() if k == b"geo"}
        for piece in read(path, {name: (name,) for name in names}, frozenset(names)):
            yield piece.replace_schema_metadata(kept)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise _broken(path, error) from error


def header(path: Path) -> list[str]:
    """Return the column names of a file, as they stand in it."""
    path = plain_file(path)
    if _is_parquet(path):
        return list(pq.read_schema(path).names)
    _encoding, delimiter, above, lines = _start(path)
    # Spreadsheets put a byte order mark before the first name.
    first = lines[above].lstrip("\ufeff") if lines else ""
    return cells_of(first, delimiter)


def _is_parquet(path: Path) -> bool:
    return suffix_in(path) == ".parquet"


def _choose(
    names: list[str], aliases: Aliases, optional: frozenset[str], path: Path
) -> dict[str, str]:
    """Return the file's own name → ours for the columns that are there."""
    exact = {name: name for name in names}
    spelt = {plain(name): name for name in reversed(names)} | exact

    def found(given: tuple[str, ...]) -> str:
        keys = (*given, *map(plain, given))
        return next((spelt[key] for key in keys if key in spelt), "")

    chosen = {found(given): ours for ours, given in aliases.items()}
    missing = [ours for ours in aliases if ours not in chosen.values() and ours not in optional]
    missing += [
        ours
        for ours, given in aliases.items()
        if ours not in optional and not found(given) and ours not in missing
    ]
    if missing:
        wanted = ", ".join(" / ".join(aliases[name]) for name in missing)
        # With most of its columns it is the table asked for, less a few.
        strange = 2 * len(missing) > len(set(aliases) - optional)
        other = _other_table(path) if strange else ""
        raise DataError(
            "{file} lacks column(s): {wanted}.",
            where="{file}: columns found: {columns}",
            mend="This is another table: {other}. Give it as such, or the file asked for."
            if other
            else "Download the publisher's file again, with its delimiter and its header line; or "
            "give the columns of your own list one of these names.",
            other=other,
            file=path.name,
            wanted=wanted,
            columns=some((name[:_NAME] for name in names), most=8),
        )
    if twice := [name for name in chosen if name and names.count(name) > 1]:
        raise DataError(
            "A column stands twice in {file}, and nothing tells which is meant.",
            where="{file}: {twice}",
            mend="Keep one of them, or give the publisher's file.",
            file=path.name,
            twice=some(twice),
        )
    return {theirs: ours for theirs, ours in chosen.items() if theirs}


def _other_table(path: Path) -> str:
    """Name the kind of file this is, where another reader knows it; "" where none does."""
    # The readers are asked for only when one of them has failed.
    from analysis.readers import reader_registry

    with path.open("rb") as file:
        role = reader_registry.role_of(look(path.name, file))
    labels = {reader.role: reader.label for reader in reader_registry.READERS}
    return labels.get(role, "")


def _parquet(path: Path, aliases: Aliases, optional: frozenset[str]) -> Iterator[pa.Table]:
    file = pq.ParquetFile(path)
    _refuse_many_rows(file.metadata, path)
    chosen = _choose(list(file.schema_arrow.names), aliases, optional, path)
    text = [n for n in chosen if _is_text(file.schema_arrow.field(n).type)]
    file = pq.ParquetFile(path, read_dictionary=text)
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(chosen)):
        table = pa.Table.from_batches([batch])
        yield table.rename_columns([chosen[name] for name in table.column_names])


def _refuse_many_rows(told: pq.FileMetaData, path: Path, most: int = 10 * MOST_ROWS) -> None:
    """Refuse a Parquet that says it has more rows than any known one: a few kB can hold them.

    Raises
    ------
    DataError
        When it does.
    """
    if told.num_rows > most:
        raise too_large(path, Text("{n} rows", n=most))


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _delimited(
    path: Path,
    aliases: Aliases,
    optional: frozenset[str],
    uneven: UnevenRows | None = None,
    *,
    bare: bool = False,
) -> Iterator[pa.Table]:
    encoding, delimiter, above, lines = _start(path)
    names = header(path)
    chosen = _choose(names, aliases, optional, path)
    text = pa.dictionary(pa.int32(), pa.string())
    last = unfinished(path) if uneven else ""
    several: list[str] = []

    def apart(row: pv.InvalidRow) -> str:
        # A file that is cut ends within a row.
        if uneven is None or row.text.strip() == last:
            return "error"
        if row.text.count('"') % 2 or "\n" in row.text.strip():
            several.append(row.text)
        uneven.add(row.text, cells=row.actual_columns)
        return "skip"

    reader = pv.open_csv(
        opened(path),
        # Names are ours to give: the file may repeat some or have fewer than its rows.
        read_options=pv.ReadOptions(
            block_size=_BLOCK_BYTES,
            encoding=encoding,
            column_names=[*names, *[""] * _beyond(lines[above + 1 :], delimiter, len(names))],
            skip_rows=1 + above,
        ),
        parse_options=pv.ParseOptions(
            delimiter=delimiter,
            quote_char=False if bare else '"',
            invalid_row_handler=apart,
        ),
        convert_options=pv.ConvertOptions(
            include_columns=list(chosen),
            column_types=dict.fromkeys(chosen, text),
            strings_can_be_null=False,
        ),
    )
    for batch in reader:
        table = pa.Table.from_batches([batch])
        if bare:
            table = _each_text(table, unquoted)
        elif uneven is not None and _holds_rows(table, delimiter):
            raise _OpenQuoteError
        yield table.rename_columns([chosen[name] for name in table.column_names])
    if several and not bare and _left_open(path):
        raise _OpenQuoteError


def _each_text(table: pa.Table, change: Callable[[str], str]) -> pa.Table:
    for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        texts = column.combine_chunks()
        changed = pa.array([change(text) for text in texts.dictionary.to_pylist()], pa.string())
        whole = pa.DictionaryArray.from_arrays(texts.indices, changed)
        table = table.set_column(at, name, whole)
    return table


def _holds_rows(table: pa.Table, delimiter: str) -> bool:
    """Tell whether a cell holds whole rows."""
    for column in table.columns:
        texts = column.combine_chunks().dictionary
        broken = texts.filter(pc.match_substring(texts, "\n"))
        if any(holds_rows(text, delimiter) for text in broken.to_pylist()):
            return True
    return False


def _left_open(path: Path) -> bool:
    """Tell whether a quotation mark of a text is never closed, or closed rows below."""
    if _is_parquet(path):
        return False
    encoding, delimiter, *_ = _start(path)
    with opened(path) as packed:
        text = io.TextIOWrapper(cast("Any", packed), encoding, errors="replace", newline="")
        try:
            deque(numbered_rows(text, delimiter), maxlen=0)
        except csv.Error:
            return True
    return False


def _beyond(rows: list[str], delimiter: str, width: int) -> int:
    """Return how many empty cells stand behind the last name in the first row of a file."""
    more = next(csv.reader(rows[:1], delimiter=delimiter), [])[width:]
    return 0 if any(cell.strip() for cell in more) else len(more)


def _start(path: Path) -> tuple[str, str, int, list[str]]:
    """Return encoding, delimiter, lines above the header, and all lines, from the first 64 kB."""
    with opened(path) as stream:
        start = stream.read(1 << 16)
        encoding = encoding_within(stream.read, start)
    refuse_mistaken(path.name, start)
    if b"\0" in start and not encoding.startswith("utf-16"):
        raise DataError(
            "{file} is not a text file.",
            where="{path}",
            mend="Give a CSV, an Excel workbook (.xlsx), or a Parquet file that ends in .parquet.",
            file=path.name,
            path=path,
        )
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        raise DataError(
            "{file} is JSON, where a table is wanted.",
            where="{file}",
            mend="Give the same as CSV, an Excel workbook (.xlsx) or Parquet.",
            file=path.name,
        )
    # The mark of UTF-8 is taken off with the first name.
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    text = start.decode(encoding, errors="ignore")
    above, lines = lines_above(text), text.splitlines()
    return encoding, delimiter_of(lines[above] if lines else ""), above, lines


def _broken(path: Path, error: Exception) -> DataError:
    text = str(error).splitlines()[0]
    if "invalid UTF8" in text or isinstance(error, UnicodeDecodeError):
        return two_encodings(path.name, text)
    return cut_or_damaged(path.name, text)


def two_encodings(file: str, text: str) -> DataError:
    """Say that a file begins in one encoding and goes on in another."""
    return DataError(
        "{file} is not all in one encoding.",
        where="{file}: {text}",
        mend="Save it again as UTF-8, or download the original file.",
        file=file,
        text=text,
    )
