"""Columns of large tables as codes of few distinct texts: looked up once each, joined, chosen."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Rows looked at together.
_PIECE = 1 << 16


def distinct_rows(
    table: pa.Table, names: tuple[str, ...]
) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return which distinct combination each row has, and the combinations.

    Parameters
    ----------
    table
        A large table; missing texts count as the first of their column.
    names
        Columns to combine.

    Returns
    -------
    tuple of numpy.ndarray and list
        Place in the list, by row; one tuple of texts for each combination, in the order of rows.
    """
    columns = [coded(table[name]) for name in names]

    def runs(start: int) -> tuple[np.ndarray, np.ndarray]:
        # A bureau's rows mostly follow one another: each run of one code is looked up once.
        combined = np.zeros(min(_PIECE, table.num_rows - start), dtype="int64")
        for column in columns:
            codes = column.indices.slice(start, _PIECE).fill_null(0)
            combined *= max(len(column.dictionary), 1)
            combined += codes.to_numpy(zero_copy_only=False)
        first = np.append(True, combined[1:] != combined[:-1])[: len(combined)]
        return combined[first], np.cumsum(first) - 1

    # Pieces that fit a processor's cache, on every core.
    starts = range(0, max(table.num_rows, 1), _PIECE)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # A single one waits for no thread to begin.
        pieces = list((pool.map if len(starts) > 1 else map)(runs, starts))
    run, distinct = pd.factorize(np.concatenate([codes for codes, _ in pieces]))
    ends = np.cumsum([len(codes) for codes, _ in pieces])[:-1]
    rows = np.concatenate(
        [part[place] for part, (_, place) in zip(np.split(run, ends), pieces, strict=True)]
    )
    parts: list[np.ndarray] = []
    for column in reversed(columns):
        distinct, code = np.divmod(distinct, max(len(column.dictionary), 1))
        parts.insert(0, column.dictionary.to_numpy(zero_copy_only=False)[code])
    return rows, list(zip(*(part.tolist() for part in parts), strict=True))


def coded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column as codes of its distinct texts, in one piece."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        return array
    return pc.cast(array, pa.string()).dictionary_encode()


def categorical(array: pa.DictionaryArray) -> pd.Categorical:
    """Return codes of texts as pandas holds them, each text once."""
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    # Pieces of a file may spell one id in several ways that become the same.
    texts = pd.Index(array.dictionary.to_pylist(), dtype="str")
    unified, categories = texts.factorize()
    # Codes of four bytes: a nation has seven million rows of them.
    return pd.Categorical.from_codes(np.append(unified, -1).astype("int32")[codes], categories)


def first_text(columns: list[tuple[pa.DictionaryArray, np.ndarray]], rows: int) -> pd.Categorical:
    """Return the first of the columns that is not empty, row by row; "" where all are.

    Parameters
    ----------
    columns
        Codes of texts, each with the rows in which it counts (booleans).
    rows
        How many there are.

    Returns
    -------
    pandas.Categorical
        One text by row, without blanks around it.
    """
    codes, categories = np.zeros(rows, dtype="int32"), [""]
    for array, counts in columns:
        texts = ["" if t is None else str(t).strip() for t in array.dictionary.to_pylist()]
        own = array.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
        filled = np.append(np.array([t != "" for t in texts], dtype=bool), False)[own]
        fresh = (codes == 0) & filled & counts
        codes[fresh] = own[fresh] + len(categories)
        categories += texts
    unified, unique = pd.Index(categories, dtype="str").factorize()
    return pd.Categorical.from_codes(unified.astype("int32")[codes], unique)
