"""A national file of tables or polygons, streamed into one Parquet file per département."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio

from analysis.errors import DataError, Text, some
from analysis.fetch.download_progress import Progress
from analysis.readers.beginnings import plain
from analysis.readers.codes import arrondissement_of, commune_code, contour_code, in_place
from analysis.readers.glance import GEOGRAPHIC
from analysis.readers.shapes import refuse_others
from analysis.readers.tabular import pieces

OTHER = "other"
# What may wait in memory before it is written, in bytes; a write is a row group.
_WAITING = 128 << 20
_FEATURES = 4096
_COMMUNE = ("codecommune", "codedelacommune", "codecommuneref", "codeinsee")
_DEPARTMENT = ("codedepartement", "codedudepartement")
_BUREAU = ("codebureauvote", "idbrutmiom", "bureauid", "idbv", "idbureau")
_DEPARTMENT_CODE = re.compile(r"\d[\dAB]|9[78]\d|Z[A-Z]")
_GEO = {
    "version": "1.0.0",
    "primary_column": "geometry",
    # Without `crs` it is longitude and latitude, as GeoJSON is.
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
}


def cut_by_department(file: Path, folder: Path, progress: Progress) -> tuple[dict[str, int], int]:
    """Write one Parquet file for each département of a national file.

    Rows keep all their columns. A commune that is part of another by now goes with that other.

    Parameters
    ----------
    file
        Delimited text, Parquet, GeoParquet or GeoJSON.
    folder
        Written into: `33.parquet`; `other.parquet` holds rows of no département.
    progress
        Told of each step; may raise to stop.

    Returns
    -------
    dict
        Rows of each piece, and how many rows are of no département.

    Raises
    ------
    DataError
        When the file cannot be read, or no column says of which commune a row is.
    """
    progress.begin(Text("{file}, cut by département", file=file.name), total=None, done=0)
    batches = _features(file) if file.suffix in GEOGRAPHIC else pieces(file)
    rows: Counter[str] = Counter()
    with ExitStack() as stack:
        writers = _Writers(folder, stack)
        for batch in batches:
            codes, names = pd.factorize(_departments(batch, file))
            order = np.argsort(codes, kind="stable")
            sorted_rows = _decoded(batch).take(pa.array(order))
            counts = np.bincount(codes, minlength=len(names))
            starts = np.concatenate(([0], np.cumsum(counts)))
            for name, start, count in zip(names, starts, counts, strict=False):
                writers.add(str(name), sorted_rows.slice(start, count))
                rows[str(name)] += int(count)
            progress.advance(batch.nbytes)
        writers.flush()
    return dict(sorted(rows.items())), rows[OTHER]


def _decoded(batch: pa.Table) -> pa.Table:
    """Spell texts out: a département's piece must not carry the nation's dictionary."""
    for at, column in enumerate(batch.columns):
        if pa.types.is_dictionary(column.type):
            whole = column.cast(column.type.value_type)
            batch = batch.set_column(at, batch.column_names[at], whole)
    return batch


def holds(piece: Path, codes: tuple[str, ...]) -> bool:
    """Tell whether a piece of the contours has any of one of the places."""
    names = pq.read_schema(piece).names
    named = {plain(name): name for name in reversed(names)}
    column = next((named[name] for name in _BUREAU if name in named), None)
    if column is None:
        return True
    ids = pq.read_table(piece, columns=[column])[column].cast(pa.string()).unique().to_pylist()
    for bureau in map(contour_code, filter(None, ids)):
        commune, _, number = bureau.rpartition("_")
        if commune and in_place(commune, codes, arrondissement_of(commune, number)):
            return True
    return False


class _Writers:
    """One open file per département, and what waits to be written to it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.open: dict[str, pq.ParquetWriter] = {}
        self.waiting: dict[str, list[pa.Table]] = defaultdict(list)
        self.size = 0

    def add(self, name: str, rows: pa.Table) -> None:
        """Take in rows; where too much waits, write."""
        self.waiting[name].append(rows)
        self.size += rows.nbytes
        if self.size > _WAITING:
            self.flush()

    def flush(self) -> None:
        """Write all that waits: a queue left behind would hold the whole batches it is cut from."""
        for name, tables in self.waiting.items():
            table = pa.concat_tables(tables)
            if name not in self.open:
                target = self.folder / f"{name}.parquet"
                writer = pq.ParquetWriter(target, table.schema, compression="zstd")
                self.open[name] = self.stack.enter_context(writer)
            self.open[name].write_table(table)
        self.waiting.clear()
        self.size = 0


def _features(file: Path) -> Iterator[pa.Table]:
    """Give the features of a file of polygons in batches, geometry as WKB, in degrees."""
    refuse_others(file)
    try:
        with pyogrio.raw.open_arrow(file, batch_size=_FEATURES, use_pyarrow=True) as (meta, reader):
            name = meta["geometry_name"] or "wkb_geometry"
            told = dict(_GEO)
            if meta["crs"] and meta["crs"] not in {"EPSG:4326", "OGC:CRS84"}:
                raise _unusual(file, str(meta["crs"]))
            for batch in reader:
                table = pa.Table.from_batches([batch])
                names = ["geometry" if n == name else n for n in table.column_names]
                # GDAL's own marks on the column mean nothing to others.
                plain_schema = pa.schema(
                    [pa.field(n, f.type) for n, f in zip(names, table.schema, strict=True)],
                    metadata={"geo": json.dumps(told)},
                )
                yield pa.Table.from_arrays(table.columns, schema=plain_schema)
    except (RuntimeError, ValueError, OSError, pa.ArrowException) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "{file} is not a file of shapes, or is cut or damaged.",
            where="{file}: {error}",
            mend="Download it again; give GeoJSON, GeoPackage, Shapefile (zipped) or GeoParquet.",
            file=file.name,
            error=str(error).splitlines()[0],
        ) from error


def _unusual(file: Path, crs: str) -> DataError:
    return DataError(
        "{file} is not in longitude and latitude.",
        where="{file}: {crs}",
        mend="Give the official GeoJSON; another file of contours goes to `build --contours`.",
        file=file.name,
        crs=crs,
    )


def _departments(batch: pa.Table, file: Path) -> np.ndarray:
    """Return the département of each row, by the commune it is of today."""
    named = {plain(name): name for name in reversed(batch.column_names)}
    bureau = next((named[name] for name in _BUREAU if name in named), None)
    commune = next((named[name] for name in _COMMUNE if name in named), None)
    department = next((named[name] for name in _DEPARTMENT if name in named), None)
    if commune:
        columns = [commune, *([department] if department else [])]
        return _looked_up(batch, columns, _of_commune)
    if bureau:
        return _looked_up(batch, [bureau], _of_bureau)
    raise DataError(
        "No column of {file} says of which commune a row is.",
        where="{file}: columns found: {columns}",
        mend="Give the official national file.",
        file=file.name,
        columns=some(batch.column_names, most=12),
    )


def _looked_up(batch: pa.Table, columns: list[str], find: Callable[..., str]) -> np.ndarray:
    """Look each distinct combination up once."""
    texts = [_encoded(batch[name]) for name in columns]
    rows = np.zeros(batch.num_rows, dtype="int64")
    for codes, distinct in texts:
        rows = rows * (len(distinct) + 1) + codes + 1
    runs, combos = pd.factorize(rows)
    found = []
    for combo in combos:
        values: list[str] = []
        rest = int(combo)
        for _codes, distinct in reversed(texts):
            rest, at = divmod(rest, len(distinct) + 1)
            values.insert(0, "" if at == 0 else str(distinct[at - 1] or "").strip())
        found.append(find(*values))
    return np.array(found, dtype=object)[runs]


def _encoded(column: pa.ChunkedArray) -> tuple[np.ndarray, list[object]]:
    array = column.combine_chunks()
    if not pa.types.is_dictionary(array.type):
        array = pc.cast(array, pa.string()).dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype("int64")
    return codes, array.dictionary.to_pylist()


@cache
def _of_commune(code: str, department: str = "") -> str:
    return _department(commune_code(code if department else code.zfill(5), department), department)


@cache
def _of_bureau(bureau: str) -> str:
    return _department(contour_code(bureau).partition("_")[0])


def _department(commune: str, told: str = "") -> str:
    if not re.fullmatch(r"\d[\dAB]\d{3}", commune):
        return told if _DEPARTMENT_CODE.fullmatch(told) else OTHER
    return commune[:3] if commune[:2] in {"97", "98"} else commune[:2]
