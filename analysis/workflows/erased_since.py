"""What an older backup knows of people who were erased since, so that a restore says it nowhere.

Their keys, and what those open, are never restored. Their names stand besides in remarks that were
written before the erasure, and in copies of returns: a backup from before has both, and the keys to
read whose names those were.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from analysis.contacts import vault
from analysis.contacts.erasure import NAMES, names_in
from analysis.contacts.key_ring import saved_ring
from analysis.database.contact_tables import VAULT, VAULT_KEYS
from analysis.database.engine import of_tenant, or_nothing, reading, writing
from analysis.database.store_copy import Table
from analysis.fieldwork.campaign import FILE as CAMPAIGN
from analysis.fieldwork.campaign import FOLDER, id_in
from analysis.fieldwork.copies_cleared import take_out_of_files
from analysis.fieldwork.inbox import IMPORTED, INBOX, REFUSED
from analysis.fieldwork.names_taken_out import PLACES, changer
from analysis.workflows.backup import APART, STORE
from analysis.workflows.people_backup import saved_keys

_OF_KEYS = ("tenant", "person", "wrapped")
_OF_VAULT = ("tenant", "person", "field", "version", "value")
_BINARY = {"value", "wrapped"}
# How COPY writes what would end a cell or a line.
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_NOTHING = b"\\N"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """What named the erased people of a campaign: names, and contact points as `vault` has them."""

    names: frozenset[str]
    points: tuple[tuple[str, str], ...]


# By campaign.
Said = Mapping[str, Named]


def named(aside: Path, told: Mapping[str, Any], erased: frozenset[str]) -> dict[str, Named]:
    """Return what named people who were erased, as a backup that was unpacked knows it.

    Parameters
    ----------
    aside
        Where it was unpacked, before anything of it is changed.
    told
        Its manifest.
    erased
        Ids of people.

    Returns
    -------
    dict
        By campaign; empty where the backup came without its keys: then nobody can tell.
    """
    keys = list(_rows(aside, told, VAULT_KEYS.name, _OF_KEYS, erased)) if erased else []
    if not keys:
        return {}
    # In memory: what a restore leaves out is written to no disk.
    known = sa.create_engine("sqlite://", poolclass=StaticPool)
    with writing(known) as connection:
        for table, rows in (
            (VAULT_KEYS, keys),
            (VAULT, list(_rows(aside, told, VAULT.name, _OF_VAULT, erased))),
        ):
            table.create(connection)
            if rows:
                connection.execute(or_nothing(connection, table), rows)
    found = {}
    for tenant in sorted({str(row["tenant"]) for row in keys}):
        rings = (saved_ring(file, tenant) for file in saved_keys(aside))
        if ring := next(filter(None, rings), None):
            with reading(of_tenant(known, tenant)) as connection:
                texts = names_in(vault.versions(connection, ring, erased, NAMES))
                points = sorted(vault.every_point(connection, ring, erased))
            found[tenant] = Named(frozenset(texts), tuple(points))
    known.dispose()
    return found


def clear_copies(folder: Path, said: Said) -> int:
    """Take what named the erased out of copies of returns; return how many files had it.

    Parameters
    ----------
    folder
        Of workspaces that were unpacked.
    said
        As `named` returned it.
    """
    cleared = 0
    for file in sorted(folder.rglob(f"{FOLDER}/{CAMPAIGN}")) if said else ():
        if one := said.get(id_in(file) or ""):
            folders = [file.parent / name for name in (INBOX, IMPORTED, REFUSED)]
            cleared += take_out_of_files(folders, one.names, one.points)
    return cleared


def without_names(said: Said) -> Callable[[Table, bytes], bytes] | None:
    """Return what takes names out of a line of a table, as COPY writes it; None for no names.

    Parameters
    ----------
    said
        As `named` returned it.
    """
    columns = {table.name: column for table, column in PLACES}
    changes = {tenant: changer(one.names, one.points) for tenant, one in said.items()}

    def changed(table: Table, line: bytes) -> bytes:
        if table.name not in columns or "tenant" not in table.columns:
            return line
        cells = line.rstrip(b"\n").split(b"\t")
        place = table.columns.index(columns[table.name])
        change = changes.get(cells[table.columns.index("tenant")].decode())
        if change is None or cells[place] == _NOTHING:
            return line
        text = _unescaped(cells[place].decode())
        if (kept := change(text)) == text:
            return line
        cells[place] = "".join(_ESCAPED.get(one, one) for one in kept).encode()
        return b"\t".join(cells) + b"\n"

    return changed if said else None


def _rows(
    aside: Path,
    told: Mapping[str, Any],
    name: str,
    columns: tuple[str, ...],
    people: frozenset[str],
) -> Iterator[Row]:
    """Yield what the stores of a backup have of some people in one table."""
    for table in told.get("store", {}).get("tables", ()):
        if table["name"] == name and (file := aside / STORE / name).is_file():
            yield from _copied(file, table["columns"], columns, people)
    for part in told["files"]:
        store = aside / part
        # Keys lie apart from the store; in it their table is empty.
        for file in (store, store.with_name(store.name + APART)):
            yield from _filed(file, name, columns, people)


def _copied(
    file: Path, there: list[str], columns: tuple[str, ...], people: frozenset[str]
) -> Iterator[Row]:
    places = [there.index(column) for column in columns]
    whose, asked = there.index("person"), {one.encode() for one in people}
    with file.open("rb") as lines:
        for line in lines:
            cells = line.rstrip(b"\n").split(b"\t")
            if cells[whose] in asked:
                row = zip(columns, (cells[place].decode() for place in places), strict=True)
                yield {
                    column: bytes.fromhex(cell.lstrip("\\").removeprefix("x"))
                    if column in _BINARY
                    else _unescaped(cell)
                    for column, cell in row
                }


def _filed(
    file: Path, name: str, columns: tuple[str, ...], people: frozenset[str]
) -> Iterator[Row]:
    if not file.is_file():
        return
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as store:
        known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if not store.execute(known, (name,)).fetchone():
            return
        query = f"SELECT {', '.join(columns)} FROM {name} WHERE person = ?"  # noqa: S608 - ours
        for person in sorted(people):
            for row in store.execute(query, (person,)):
                yield dict(zip(columns, row, strict=True))


def _unescaped(cell: str) -> str:
    signs = {escaped[1]: plain for plain, escaped in _ESCAPED.items()}
    return re.sub(r"\\(.)", lambda one: signs.get(one[1], one[1]), cell)
