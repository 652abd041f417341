"""Rankings and findings as tables: CSV in two dialects, Parquet."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.exports.document import Leaving
from analysis.exports.embedded_provenance import KEY

# A cell that begins like this is run as a formula by spreadsheets (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# The last digits of a float differ between processors; ten are ours on all of them.
_DIGITS = 10


def to_csv(document: Leaving) -> bytes:
    """Write a CSV whose first row carries the provenance in a last column.

    The dialect "plain" is UTF-8 without BOM, commas, decimal points: `pandas.read_csv(path)`
    reads it. "excel_fr" is UTF-8 with BOM, semicolons, decimal commas, CRLF: a French Excel
    opens it by a double click, and `pandas.read_csv(path, sep=";", decimal=",")` reads it.
    Texts that a spreadsheet would run as formulas begin with an apostrophe in both.
    """
    table = document.table.copy()
    for column in table:
        values = table[column]
        if pd.api.types.is_float_dtype(values):
            table[column] = _significant(values)
        elif not pd.api.types.is_numeric_dtype(values):
            risky = values.str.startswith(_FORMULA)
            table[column] = values.mask(risky, "'" + values)
    table["provenance"] = ""
    table.loc[0, "provenance"] = document.provenance.to_json()
    french = document.dialect == "excel_fr"
    text: str = table.to_csv(
        index=False,
        sep=";" if french else ",",
        decimal="," if french else ".",
        lineterminator="\r\n" if french else "\n",
        quoting=csv.QUOTE_MINIMAL,
    )
    return text.encode("utf-8-sig" if french else "utf-8")


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
    return pd.Series(np.round(numbers * scale) / scale, index=values.index)
