"""How much memory a Parquet takes, before it is read: a few hundred bytes can hold gigabytes.

A column says a text once and how often it stands there: what is counted is what it becomes.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

import pyarrow.compute as pc
import pyarrow.parquet as pq

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}
_SHARED = {"PLAIN_DICTIONARY", "RLE_DICTIONARY"}


def unpacked_bytes(source: Path | IO[bytes]) -> int:
    """Return how many bytes a Parquet takes at most once it is read.

    Parameters
    ----------
    source
        The file, or its content.

    Raises
    ------
    pyarrow.ArrowInvalid
        When it is no Parquet.
    """
    file = pq.ParquetFile(source)
    told, total = file.metadata, 0
    for at in range(told.num_columns):
        leaf = file.schema.column(at)
        chunks = [told.row_group(n).column(at) for n in range(told.num_row_groups)]
        longest = _WIDTHS.get(leaf.physical_type, max(leaf.length, 0))
        if leaf.physical_type == "BYTE_ARRAY":
            shared = any(_SHARED & set(one.encodings) for one in chunks)
            # The path of a list or a struct goes on below the name of its column; R writes points.
            nested = leaf.path != leaf.name
            longest = _longest(source, leaf.path, chunks, nested=nested) if shared else 0
            total += sum(one.total_uncompressed_size for one in chunks)
        total += longest * sum(one.num_values for one in chunks)
    return total


def _longest(
    source: Path | IO[bytes], name: str, chunks: list[pq.ColumnChunkMetaData], *, nested: bool
) -> int:
    """Return the bytes of the longest text of a column; of lists, of all texts together."""
    if nested:
        return max(one.total_uncompressed_size for one in chunks)
    file, found = pq.ParquetFile(source, read_dictionary=[name]), 0
    for batch in file.iter_batches(columns=[name]):
        column = batch.column(0)
        texts = getattr(column, "dictionary", column)
        found = max(found, pc.max(pc.binary_length(texts)).as_py() or 0)
    return found
