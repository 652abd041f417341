"""Rankings and findings as tables: CSV in two dialects, Parquet."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.exports.column_units import heading_of, kind_of, units_of
from analysis.exports.document import IN_COLUMN, Leaving, source_line
from analysis.exports.embedded_provenance import KEY
from analysis.tables.spreadsheet_text import FORMULA, NUMBER, ZEROS

# The last digits of a float differ between processors; ten are ours on all of them.
_DIGITS = 10
# Powers of ten up to this are floats.
_EXACT = 22
# Rows that a thread puts together at once.
_ROWS = 16_384
CONTEXT = "http://www.w3.org/ns/csvw"


def to_csv(document: Leaving) -> bytes:
    """Write a CSV; what it is and where it comes from stands in a file beside it (`to_csvw`).

    The dialect "plain" is UTF-8 without BOM, commas, decimal points: `pandas.read_csv(path)`
    reads it. "excel_fr" is UTF-8 with BOM, semicolons, decimal commas, CRLF: a French Excel
    opens it by a double click, and `pandas.read_csv(path, sep=";", decimal=",")` reads it, codes
    that begin with 0 as `="01004"`: `spreadsheet_text.plain` gives them back.
    Texts that a spreadsheet would run as formulas begin with an apostrophe in both. Either
    dialect with `IN_COLUMN` after it carries the provenance in the first row of a last column:
    for who can keep one file only.
    """
    dialect = document.dialect.removesuffix(IN_COLUMN)
    how = _EXCEL_FR if dialect == "excel_fr" else _PLAIN
    table = document.table
    if dialect != document.dialect:
        source = document.provenance
        source = replace(source, written={**source.written, "dialect": dialect})
        table = table.assign(provenance="")
        table.loc[0, "provenance"] = source.to_json()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        cells = list(pool.map(partial(_cells, how=how), (table[column] for column in table)))
        starts = range(0, len(table), _ROWS)
        lines = list(pool.map(lambda start: _lines(cells, start, how), starts))
    head = how.separator.join(_quoted(_large(table.columns), how).to_pylist())
    return b"".join([f"{head}{how.end}".encode(how.encoding), *lines])


@dataclass(frozen=True, slots=True)
class _Dialect:
    separator: str
    decimal: str
    end: str
    encoding: str


_PLAIN, _EXCEL_FR = _Dialect(",", ".", "\n", "utf-8"), _Dialect(";", ",", "\r\n", "utf-8-sig")


def _cells(values: pd.Series, how: _Dialect) -> pa.Array:
    """Return the cells of a column as `pandas.DataFrame.to_csv` writes them, ten times sooner."""
    if pd.api.types.is_float_dtype(values):
        cells = _shortest(_significant(values).to_numpy())
        return cells if how.decimal == "." else pc.replace_substring(cells, ".", how.decimal)
    if pd.api.types.is_bool_dtype(values):
        return _large(values.map({True: "True", False: "False"}))
    if pd.api.types.is_numeric_dtype(values):
        return _large(values)
    text = _large(values)
    risky = pc.match_substring_regex(text, FORMULA)
    risky = pc.and_not(risky, pc.match_substring_regex(text, _arrow(NUMBER)))
    text = pc.if_else(risky, _joined("'", text), text)
    if how.decimal == ",":
        # Whoever opens it by a double click keeps the zeros of codes: `="01004"`.
        code = pc.match_substring_regex(text, _arrow(ZEROS))
        text = pc.if_else(code, _joined('="', text, '"'), text)
    return _quoted(text, how)


def _arrow(pattern: str) -> str:
    """Return a pattern as pyarrow spells it: the end of a text is a small z."""
    return pattern.replace(r"\Z", r"\z")


def _lines(cells: list[pa.Array], start: int, how: _Dialect) -> bytes:
    """Return some rows as they stand in the file; their texts already lie one after the other."""
    rows = _joined(*(cell[start : start + _ROWS] for cell in cells), by=how.separator)
    lines = _joined(rows, "", by=how.end)
    lines = lines.combine_chunks() if isinstance(lines, pa.ChunkedArray) else lines
    return lines.buffers()[2].to_pybytes()[: pc.sum(pc.binary_length(lines)).as_py()]


def _large(values: pd.Series | pd.Index | np.ndarray) -> pa.Array:
    """Return values as texts, "" where missing."""
    return pc.fill_null(pc.cast(pa.array(values, from_pandas=True), pa.large_string()), "")


def _joined(*parts: pa.Array | str, by: str = "") -> pa.Array:
    kind = pa.large_string()
    texts = (pa.scalar(part, kind) if isinstance(part, str) else part for part in parts)
    return pc.binary_join_element_wise(*texts, pa.scalar(by, kind))


def _quoted(text: pa.Array, how: _Dialect) -> pa.Array:
    special = pc.match_substring_regex(text, f'[{how.separator}"\r\n]')
    if not pc.any(special).as_py():
        return text
    quoted = _joined('"', pc.replace_substring(text, '"', '""'), '"')
    return pc.if_else(special, quoted, text)


def _shortest(numbers: np.ndarray) -> pa.Array:
    """Return the shortest texts that read as the same floats, spelt as Python spells them."""
    size = np.abs(numbers)
    # Arrow spells whole numbers, and very large and small ones, in another way.
    alike = (size >= 1e-4) & (size < 1e9) & (numbers != np.trunc(numbers))
    # By their bits: 0.0 and -0.0 are two.
    other, place = np.unique(numbers[~alike].view("int64"), return_inverse=True)
    spelt = ["" if np.isnan(one) else repr(one) for one in other.view("float64").tolist()]
    found = pa.array(spelt, pa.large_string()).take(pa.array(place))
    return pc.replace_with_mask(_large(numbers), pa.array(~alike), found)


def to_csvw(document: Leaving) -> bytes:
    """Describe the CSV of a document after W3C's CSV on the Web: columns, units, provenance.

    It stands beside the table as `FILE.csv-metadata.json`, where that standard looks for it.

    References
    ----------
    Tennison, J. and Kellogg, G. (2015). Metadata vocabulary for tabular data. W3C.
    """
    provenance, language = document.provenance, document.language
    dialect = provenance.written.get("dialect", document.dialect)
    french = dialect.startswith("excel_fr")
    units = units_of(document.table.columns, stated=provenance.units, language=language)
    columns = [
        _column(one, document.table[one["column"]], french=french, language=language)
        for one in units
    ]
    metadata = {
        "@context": [CONTEXT, {"@language": language}],
        "dc:title": document.heading,
        "dc:description": [line for line in (document.subtitle, *document.remarks) if line],
        "dc:creator": "Palier",
        "dc:source": [source_line(one, language) for one in provenance.sources],
        # As a text: what stands in such a file as an object must be named by a vocabulary.
        "dc:provenance": provenance.to_json(),
        "dialect": {"delimiter": ";" if french else ",", "encoding": "utf-8", "header": True},
        "tableSchema": {"columns": columns, "primaryKey": document.table.columns[0]},
    }
    return (json.dumps(metadata, ensure_ascii=False, indent=1) + "\n").encode()


def _column(
    told: Mapping[str, str], values: pd.Series, *, french: bool, language: str
) -> dict[str, object]:
    """Describe one column; numbers of a French CSV have their comma said."""
    kind: object = kind_of(values)
    if kind == "number" and french:
        kind = {"base": "number", "format": {"decimalChar": ","}}
    return {
        "name": told["column"],
        "titles": {language: heading_of(told["column"], language)},
        "datatype": kind,
        "dc:description": told["meaning"],
        "schema:unitText": told["unit"],
    }


def to_parquet(document: Leaving) -> bytes:
    """Write Parquet, GeoParquet in WGS 84 when there are polygons.

    The provenance is the value of the key `palier` in the schema's metadata.
    """
    plain = io.BytesIO()
    if document.places.geometry.notna().any():
        document.places.to_parquet(plain, index=False)
        table = pq.read_table(plain)
    else:
        table = pa.Table.from_pandas(document.table, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), KEY.encode(): document.provenance.to_json()}
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), out, compression="zstd")
    return out.getvalue()


def _significant(values: pd.Series) -> pd.Series:
    """Round to ten significant digits, missing values left as they are."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    size = np.abs(np.where(np.isfinite(numbers) & (numbers != 0), numbers, 1.0))
    digits = _DIGITS - 1 - np.floor(np.log10(size)).astype(int)
    # Beyond 300 the power overflows; such numbers are noise around 0.
    scale = 10.0 ** np.clip(digits, -300, 300)
    rounded = np.round(numbers * scale) / scale
    # No float is such a power of ten: a p-value of 3.9e-29 came back with digits of its own.
    rough = (np.abs(digits) > _EXACT) & np.isfinite(numbers)
    rounded[rough] = [float(f"{number:.{_DIGITS}g}") for number in numbers[rough].tolist()]
    return pd.Series(rounded, index=values.index)
