"""Tables of units from files, and results into files."""

from __future__ import annotations

import codecs
import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import DataError, some
from analysis.tables.parquet_size import unpacked_bytes
from analysis.tables.spreadsheet_text import as_named, csv_text, plain
from analysis.tables.unreadable import why_unreadable

_MOST_ROWS = 10_000_000
# Once it is read; a trial of all bureaux of France takes a twentieth of it.
_MOST_BYTES = 2_000_000_000
_DELIMITERS = ",;\t|"
_DECIMAL_COMMA = r"\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*"
_THOUSANDS = r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*"


def read_units(path: Path) -> pd.DataFrame:
    """Read a table of units: CSV (any usual delimiter; UTF-8, UTF-16, cp1252) or Parquet.

    CSV columns stay text, so that codes keep their zeros; empty cells are missing. Where no comma
    parts the cells, numbers with decimal commas get points.

    Raises
    ------
    DataError
        When there is no such file, or it has no row, is cut or not a table.
    """
    if not path.is_file():
        raise DataError("There is no such file.", where="{path}", mend="Check the path.", path=path)
    content = path.read_bytes()
    table = _table(path, content) if content.strip() else pd.DataFrame()
    if table.empty:
        raise DataError(
            "{file} is empty.",
            where="{file}",
            mend="Give one row per unit.",
            file=path.name,
        )
    return table


def _table(path: Path, content: bytes) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            _refuse_many_rows(path, pq.read_metadata(io.BytesIO(content)).num_rows)
            _refuse_large(path, unpacked_bytes(io.BytesIO(content)))
            return pd.read_parquet(io.BytesIO(content))
        return _delimited(content)
    except (pd.errors.ParserError, UnicodeDecodeError, csv.Error, pa.ArrowInvalid) as error:
        raise DataError(
            "{file} cannot be read as a table.",
            where="{file}: {error}",
            mend="Give a CSV with one header line and as many cells in every row, or a Parquet.",
            file=path.name,
            error=why_unreadable(error),
        ) from error


def _refuse_many_rows(path: Path, rows: int) -> None:
    """Refuse what a few kB of Parquet can hold, and no memory."""
    if rows > _MOST_ROWS:
        raise DataError(
            "{file} has more rows than a trial has units.",
            where="{file}: {rows} rows, of {most} at most",
            mend="Keep one row per unit.",
            file=path.name,
            rows=rows,
            most=_MOST_ROWS,
        )


def _refuse_large(path: Path, size: int) -> None:
    if size > _MOST_BYTES:
        raise DataError(
            "{file} would take more memory than a table of units may.",
            where="{file}: {mb} MB, of {most} at most",
            mend="Keep one row per unit, and the columns that the trial needs.",
            file=path.name,
            mb=size // 1_000_000,
            most=_MOST_BYTES // 1_000_000,
        )


def _text(content: bytes) -> str:
    """Return the text of a file; with bytes that no text has, it is none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    if (at := content.find(0)) >= 0:
        raise UnicodeDecodeError("utf-8", content, at, at + 1, "no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _delimited(content: bytes) -> pd.DataFrame:
    text = _text(content)
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    names = next(csv.reader([header.strip("\r")], delimiter=delimiter))
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise DataError(
            "A column stands twice in the table of units, and nothing tells which is meant.",
            where="{twice}",
            mend="Keep one of them.",
            twice=some(twice),
        )
    table = pd.read_csv(
        io.StringIO(text), sep=delimiter, dtype="str", keep_default_na=False, na_values=[""]
    )
    if len(as_named(table).columns) != len(names):
        raise pd.errors.ParserError(f"{len(names)} names for more cells in a row")
    return plain(table if delimiter == "," else table.apply(_with_points, surely=delimiter == ";"))


def _with_points(column: pd.Series, *, surely: bool) -> pd.Series:
    """Return a column of numbers with points where it has decimal commas; others as they are.

    Parameters
    ----------
    column
        Texts.
    surely
        Whether a comma can only be decimal, as beside semicolons; else a column in which every
        comma may part thousands (1,234) is left for its reader to refuse.
    """
    comma = column.str.fullmatch(_DECIMAL_COMMA).fillna(value=False).astype(bool)
    numbers = comma | pd.to_numeric(column, errors="coerce").notna()
    thousands = column[comma].str.fullmatch(_THOUSANDS).all()
    if not comma.any() or numbers.sum() * 2 <= column.notna().sum() or (thousands and not surely):
        return column
    return column.mask(comma, column.str.replace(",", "."))


def check_suffix(out: Path, *known: str) -> None:
    """Raise a `DataError` when results are not written under this name."""
    if out.suffix not in known:
        raise DataError(
            "Results are not written as “{suffix}”.",
            where="{out}",
            mend="Give a file that ends in: {suffixes}.",
            suffix=out.suffix,
            out=out,
            suffixes=", ".join(known),
        )


def as_json(content: Mapping[str, Any]) -> str:
    """Return JSON that every reader takes: no nan, no infinity."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write `as_json` to a file."""
    path.write_text(as_json(content), encoding="utf-8")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a plain CSV: commas, points, UTF-8, the same bytes everywhere."""
    path.write_text(csv_text(table), encoding="utf-8", newline="")


def read_content(name: str, content: bytes) -> pd.DataFrame:
    """Return a table of units from the content of a file: one row per unit, as it has them.

    Raises
    ------
    DataError
        When it is no CSV, Parquet or Excel workbook, or is cut.
    """
    if Path(name).suffix.lower() == ".xlsx":
        return _workbook(name, content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return read_units(path)


def _workbook(name: str, content: bytes) -> pd.DataFrame:
    try:
        sheets = pd.read_excel(io.BytesIO(content), dtype=object, sheet_name=None)
    # The reader of workbooks raises whatever its parts raise: zip, XML, key errors.
    except Exception as error:
        raise DataError(
            "{name} cannot be read as an Excel workbook.",
            where="{name}: {error}",
            mend="Save it again as .xlsx, the table on the first sheet, or as CSV.",
            name=name,
            error=error,
        ) from error
    table = next(iter(sheets.values()))
    if table.empty:
        raise DataError(
            "{file} is empty.",
            where="{file}",
            mend="Put the table on the first sheet, names first.",
            file=name,
        )
    return _columns_named(table.rename(columns=str), [*sheets.values()][1:])


def _columns_named(table: pd.DataFrame, others: list[pd.DataFrame]) -> pd.DataFrame:
    """Give the columns of a workbook of ours their names: another sheet lists them by heading."""
    for sheet in others:
        if sheet.shape[1] > 1 and sheet.iloc[:, 0].tolist() == table.columns.tolist():
            names = dict(zip(table.columns, sheet.iloc[:, 1].astype(str), strict=True))
            return table.rename(columns=names)
    return table
