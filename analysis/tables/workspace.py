"""A place's canonical tables on disk: Parquet files and a manifest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.errors import DataError
from analysis.tables.lately import Lately
from analysis.tables.schema import TABLES, empty, is_geographic
from analysis.tables.sources import sha256

MANIFEST = "manifest.json"
# Raised when tables change. A workspace of a format that is not `READ` is named as such; in the
# others a table that came later is merely absent.
FORMAT = 2
READ = (1, FORMAT)
# What people may put beside the tables: blocs of candidates; doors already visited.
EDITED = ("blocs.csv", "covered.csv")
# Files whose bytes were compared with their digests: path, size, time of change, digest.
_VERIFIED: set[tuple[str, int, int, str]] = set()
# Tables in small files (bytes) are kept as they were read: pages ask for them again and again.
_SMALL = 1 << 16
_LATELY: Lately[pd.DataFrame] = Lately(128)


class Workspace:
    """The tables of one place, opened for reading.

    Parameters
    ----------
    path
        Folder that `build` has written.

    Raises
    ------
    DataError
        When the folder holds no manifest, or one that cannot be read.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        file = self.path / MANIFEST
        if not file.is_file():
            raise DataError(
                "This folder is not a workspace: it has no manifest.json.",
                where="{path}",
                mend="Make one: python -m analysis build --workspace DIR --results …",
                path=self.path,
            )
        try:
            self.manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            self.manifest["tables"]["turnout"]
            written = self.manifest.get("format", 0)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(
                "The manifest of this workspace cannot be read.",
                where="{file}",
                mend="Build the workspace again from the official files.",
                file=file,
            ) from error

        if written not in READ:
            raise DataError(
                "This workspace was built by another version of Palier.",
                where="{file}: format {found}, this version reads {known}",
                mend="Build the workspace again from the official files.",
                file=file,
                found=written,
                known=FORMAT,
            )

    @cached_property
    def digest(self) -> str:
        """Fingerprint of all that a ranking reads, for caches and provenance."""
        parts = [f"{name}={sha}" for name, sha in sorted(self.digests.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of every table, and of the files people edit as they are now."""
        tables = {name: str(t["sha256"]) for name, t in self.manifest["tables"].items()}
        edited = {name: self.path / name for name in EDITED}
        return tables | {name: sha256(file) for name, file in edited.items() if file.is_file()}

    @property
    def blocs_edited(self) -> bool:
        """Whether blocs.csv was edited since the candidates took their blocs from it."""
        written = self.manifest.get("texts", {}).get("blocs.csv")
        return self.digests.get("blocs.csv", written) != written

    @property
    def crs(self) -> str:
        """Metric CRS of the geometries."""
        return str(self.manifest["crs"])

    @property
    def fictional(self) -> bool:
        """Whether the place is invented; every screen says so."""
        return bool(self.manifest.get("fictional", False))

    @property
    def sources(self) -> list[dict[str, Any]]:
        """What was read: role, file, licence, date, digest of each.

        Nobody's licence covers what is invented, nor is anybody credited with it.
        """
        read = (report["source"] for report in self.manifest.get("sources", ()))
        return [{**one, "licence": ""} if self.fictional else dict(one) for one in read]

    def has(self, name: str) -> bool:
        """Tell whether table `name` is there and holds rows."""
        return bool(self.manifest["tables"].get(name, {}).get("rows", 0))

    def read(self, name: str, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read table `name`; an absent one comes back empty.

        Raises
        ------
        DataError
            When the file is missing or damaged.
        """
        if name not in self.manifest["tables"]:
            return empty(TABLES[name], self.crs)
        with self._opened(name) as (file, digest):
            if file.stat().st_size > _SMALL:
                return _table(name, file, columns)
            asked = (name, digest, tuple(columns) if columns is not None else None)
            found = _LATELY.get(asked, lambda: _table(name, file, columns))
        # Pandas copies what is changed, and nothing else.
        return found.copy(deep=False)

    def read_arrow(
        self, name: str, *, columns: Sequence[str], elections: Sequence[str] = ()
    ) -> pa.Table:
        """Read columns of a large table; an absent one is empty. Stored ids stay dictionaries.

        Parameters
        ----------
        name, columns
            The table, and what of it.
        elections
            Only their rows; all when empty. The table must have `election_id`.

        Returns
        -------
        pyarrow.Table
            The columns asked for, and no others.

        Raises
        ------
        DataError
            When the file is missing or damaged.
        """
        if name not in self.manifest["tables"]:
            return pa.Table.from_pandas(self.read(name)[list(columns)], preserve_index=False)
        ids = [c for c in columns if TABLES[name].columns[c].dtype == "category"]
        with self._opened(name) as (file, _digest):
            stored = pq.ParquetFile(file, read_dictionary=ids)
            groups = _groups_with(stored.metadata, elections)
            table = stored.read_row_groups(groups, columns=list(columns))
        if not elections:
            return table
        return table.filter(pc.is_in(table["election_id"], pa.array(elections)))

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[tuple[Path, str]]:
        file = self.path / f"{name}.parquet"
        try:
            yield file, self._verify(name, file)
        except (OSError, pa.ArrowException) as error:
            raise DataError(
                "The table {name} of this workspace is missing or damaged.",
                where="{file}",
                mend="Build the workspace again from the official files.",
                name=name,
                file=file,
            ) from error

    def _verify(self, name: str, file: Path) -> str:
        """Compare a table's bytes with the manifest's digest, once per file and process; return it.

        A flipped bit may still read as Parquet: its numbers would be other ones.
        """
        state, told = file.stat(), str(self.manifest["tables"][name]["sha256"])
        key = (str(file), state.st_size, state.st_mtime_ns, told)
        if key in _VERIFIED:
            return told
        if sha256(file) != told:
            raise DataError(
                "The table {name} of this workspace is not the one that "
                "was built: its bytes have changed since.",
                where="{file}",
                mend="Build the workspace again from the official files.",
                name=name,
                file=file,
            )
        _VERIFIED.add(key)
        return told


def _table(name: str, file: Path, columns: Sequence[str] | None) -> pd.DataFrame:
    if is_geographic(TABLES[name]):
        import geopandas as gpd

        return gpd.read_parquet(file, columns=columns)
    return pq.read_table(file, columns=columns).to_pandas()


def is_invented(folder: Path | None) -> bool:
    """Tell whether a place is invented; a folder that keeps returns or seals alone is no place."""
    if folder is None or not (folder / MANIFEST).is_file():
        return False
    return Workspace(folder).fictional


def _groups_with(told: pq.FileMetaData, elections: Sequence[str]) -> list[int]:
    """Return the groups of rows that may hold some elections, by the least and greatest id."""
    every = list(range(told.num_row_groups))
    if not elections:
        return every
    place = told.schema.names.index("election_id")
    ends = [told.row_group(n).column(place).statistics for n in every]
    return [
        n
        for n, end in zip(every, ends, strict=True)
        if end is None or not end.has_min_max or any(end.min <= e <= end.max for e in elections)
    ]


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[Writer]:
    """Write a workspace aside, then put it in place; on any error `path` stays as it was.

    Yields
    ------
    Writer
        Takes the tables; the manifest goes in last and makes them count.
    """
    target = Path(path)
    created = not target.exists()
    try:
        target.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".building-", dir=target))
    except OSError as error:
        raise DataError(
            "The workspace cannot be written there.",
            where="{target}: {strerror}",
            mend="Name a folder that may be written to, on a disk with room.",
            target=target,
            strerror=error.strerror,
        ) from error
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            writer = Writer(aside, pool)
            yield writer
            writer.finish(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if created and not (target / MANIFEST).exists():
            with contextlib.suppress(OSError):
                target.rmdir()


class Writer:
    """Collects tables in a folder aside; `finish` moves them into the workspace."""

    def __init__(self, aside: Path, pool: Executor) -> None:
        self.aside, self._pool = aside, pool
        self._coming: dict[str, Future[dict[str, Any]]] = {}
        self.tables: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, str] = {}
        self.facts: dict[str, Any] = {}

    def put(self, name: str, table: pd.DataFrame) -> None:
        """Write one canonical table, already checked by its reader; others may come meanwhile."""
        # Tables stand in the manifest as they came.
        self.tables[name] = {}
        self._coming[name] = self._pool.submit(self._written, name, table)

    def _written(self, name: str, table: pd.DataFrame) -> dict[str, Any]:
        file = self.aside / f"{name}.parquet"
        import geopandas as gpd

        if isinstance(table, gpd.GeoDataFrame):
            table.to_parquet(file, index=False, compression="zstd")
        else:
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            pq.write_table(arrow, file, compression="zstd", compression_level=1)
        return {"rows": len(table), "file": file.name, "sha256": sha256(file)}

    def put_text(self, name: str, text: str) -> None:
        """Write a small text file that people edit, such as blocs.csv."""
        (self.aside / name).write_text(text, encoding="utf-8", newline="\n")
        self.texts[name] = sha256(self.aside / name)

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Add entries to the manifest."""
        self.facts.update(facts)

    def finish(self, target: Path) -> None:
        """Put the files in place of the old ones; the old manifest goes first, the new one last.

        A machine that stops half-way leaves a folder without a manifest, not a mixture that reads
        as a workspace; an error puts the old files back.
        """
        self.tables |= {name: coming.result() for name, coming in self._coming.items()}
        manifest = {"format": FORMAT, **self.facts, "tables": self.tables, "texts": self.texts}
        text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n"
        new = [*sorted(file.name for file in self.aside.iterdir()), MANIFEST]
        (self.aside / MANIFEST).write_text(text, encoding="utf-8")
        old = self.aside / "old"
        old.mkdir()
        stale = [f"{name}.parquet" for name in set(TABLES) - set(self.tables)]
        kept = [name for name in (MANIFEST, *new[:-1], *stale) if (target / name).exists()]
        try:
            for name in kept:
                os.replace(target / name, old / name)
            for name in new:
                os.replace(self.aside / name, target / name)
        except OSError:
            for name in set(new) - set(kept):
                (target / name).unlink(missing_ok=True)
            for name in kept:
                if (old / name).exists():
                    os.replace(old / name, target / name)
            raise
