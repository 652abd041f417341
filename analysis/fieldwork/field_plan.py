"""The plan: which addresses were given to which turf, with their bureau and dwellings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.database.engine import analyse, lock, writing
from analysis.database.models import ATTEMPTS, PLAN
from analysis.errors import DataError, Text, some
from analysis.fieldwork import tallies
from analysis.fieldwork.outcome_codes import KINDS
from analysis.fieldwork.tallies import CHUNK
from analysis.tables.spreadsheet_text import as_named
from analysis.tables.whole_numbers import is_count

if TYPE_CHECKING:
    from analysis.fieldwork.store import Store

# Held alone while turfs are registered, shared while returns are counted.
LOCK = "palier plan"
COLUMNS = ("turf_id", "address_id", "bureau_id", "dwellings")


def read_turfs(path: Path | str) -> pd.DataFrame:
    """Read `turfs.csv` as the verb `turfs` writes it.

    Raises
    ------
    DataError
        When it cannot be read, or lacks a column.
    """
    try:
        table = as_named(pd.read_csv(path, dtype="str", keep_default_na=False))
    except (OSError, ValueError) as error:
        raise DataError(
            "The file of turfs cannot be read.",
            where="{file}: {error}",
            mend="Give the turfs.csv that python -m analysis turfs wrote.",
            file=Path(path).name,
            error=some([error]),
        ) from error
    return table


def register(engine: Engine, turfs: pd.DataFrame) -> int:
    """Write the turfs into the store; the bureaux they lie in lose their earlier turfs.

    Parameters
    ----------
    engine
        Of the store.
    turfs
        `turf_id`, `address_id`, `bureau_id`, `dwellings`, one row per stop.

    Returns
    -------
    int
        Turfs that were written.

    Raises
    ------
    DataError
        When a column lacks, dwellings are no whole numbers, an address of a turf lies in two
        bureaux, or other bureaux are in the field under the name of one of these turfs.
    """
    table = _checked(turfs)
    rows: list[Any] = table.to_dict("records")
    with writing(engine) as connection:
        lock(connection, [LOCK])
        _refuse_namesakes(connection, table)
        before = _taken(connection, PLAN.c.bureau_id, table["bureau_id"], gone=True)
        connection.execute(sa.insert(PLAN), rows)
        # Until a table is counted, imports read all of it: three times as long for each file.
        analyse(connection, PLAN)
        # Returns of these addresses count against other dwellings now, whichever turf they name.
        addresses = {*before["address_id"], *table["address_id"]}
        told = _taken(connection, ATTEMPTS.c.address_id, addresses)
        touched = {*before["turf_id"], *table["turf_id"], *told["turf_id"]}
        tallies.rebuild(connection, touched)
    return int(table["turf_id"].nunique())


def compare(store: Store, turfs: pd.DataFrame) -> str:
    """Tell whether the field knows some turfs: "same", "other" (turfs of these bureaux), "none".

    Parameters
    ----------
    store
        The store.
    turfs
        As `register` takes them.
    """
    bureaux = sorted(turfs["bureau_id"].unique())
    query = sa.select(*(PLAN.c[name] for name in COLUMNS))
    parts = [bureaux[at : at + CHUNK] for at in range(0, len(bureaux), CHUNK)]
    known = pd.concat([store.frame(query.where(PLAN.c.bureau_id.in_(part))) for part in parts])
    if known.empty:
        return "none"
    keys = list(COLUMNS[:3])
    mine = turfs.groupby(keys)["dwellings"].sum().sort_index()
    there = known.set_index(keys)["dwellings"].sort_index()
    same = mine.index.equals(there.index) and (mine.to_numpy() == there.to_numpy()).all()
    return "same" if same else "other"


def turfs_in_field(store: Store) -> list[str]:
    """Return the ids of the turfs that are in the field, in their order."""
    query = sa.select(PLAN.c.turf_id).distinct().order_by(PLAN.c.turf_id)
    return [str(turf) for turf in store.frame(query)["turf_id"]]


def addresses_of(store: Store, turf_id: str) -> pd.DataFrame:
    """Return `address_id` and `dwellings` of a turf in the field, one row per stop."""
    query = sa.select(PLAN.c.address_id, PLAN.c.dwellings).where(PLAN.c.turf_id == turf_id)
    return store.frame(query)


def _refuse_namesakes(connection: Connection, table: pd.DataFrame) -> None:
    """Refuse turfs named as others in the field are: returns of two areas would count as one."""
    names, bureaux = sorted(set(table["turf_id"])), set(table["bureau_id"])
    columns = sa.select(PLAN.c.turf_id, PLAN.c.bureau_id).distinct()
    twice = {
        turf_id
        for start in range(0, len(names), CHUNK)
        for turf_id, bureau_id in connection.execute(
            columns.where(PLAN.c.turf_id.in_(names[start : start + CHUNK]))
        )
        if bureau_id not in bureaux
    }
    if twice:
        raise DataError(
            "Turfs of these names are in the field already, in other bureaux.",
            where="turfs {twice}",
            mend="Cut again with one bureau more or less: another cut has other letters. Turfs "
            "you named yourself need names that no others bear.",
            twice=some(sorted(twice)),
        )


def _taken(
    connection: Connection, column: sa.Column[str], names: Iterable[str], *, gone: bool = False
) -> dict[str, set[str]]:
    """Return turfs and addresses of the rows whose column has one of the names; delete them."""
    table, wanted = column.table, sorted(set(names))
    found: dict[str, set[str]] = {"turf_id": set(), "address_id": set()}
    for start in range(0, len(wanted), CHUNK):
        part = column.in_(wanted[start : start + CHUNK])
        query = sa.select(table.c.turf_id, table.c.address_id).where(part).distinct()
        for turf_id, address_id in connection.execute(query):
            found["turf_id"].add(turf_id)
            found["address_id"].add(address_id)
        if gone:
            connection.execute(sa.delete(PLAN).where(part))
    return found


def place(connection: Connection, addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return bureau and kind of building of the addresses that lie in a turf, whichever it is.

    Raises
    ------
    DataError
        When the store knows no turf at all.
    """
    wanted = sorted(set(addresses))
    columns = [PLAN.c[name] for name in ("address_id", "bureau_id", "kind")]
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(wanted), CHUNK):
        part = PLAN.c.address_id.in_(wanted[start : start + CHUNK])
        for address, bureau, kind in connection.execute(sa.select(*columns).where(part)):
            found[address] = (bureau, kind)
    if not found and not connection.execute(sa.select(PLAN.c.turf_id).limit(1)).first():
        raise DataError(
            "This store knows no turfs yet: returns would belong to no bureau.",
            mend="Put them into the field on the page Walks, or register them: "
            "python -m analysis returns turfs turfs.csv --workspace DIR.",
        )
    return found


def kind_of(dwellings: pd.Series) -> pd.Series:
    """Return the kind of building by its dwellings: house, small, block or tower."""
    edges = np.array(list(KINDS.values()))
    place = np.clip(np.searchsorted(edges, dwellings.to_numpy(), side="right") - 1, 0, None)
    return pd.Series(np.array(list(KINDS))[place], index=dwellings.index)


def _checked(turfs: pd.DataFrame) -> pd.DataFrame:
    if missing := [name for name in COLUMNS if name not in turfs]:
        raise DataError(
            "The table of turfs lacks columns.",
            where="{missing}",
            mend="Give the turfs.csv that python -m analysis turfs wrote.",
            missing=some(missing),
        )
    dwellings = pd.to_numeric(turfs["dwellings"], errors="coerce")
    wrong = ~is_count(dwellings) | turfs["turf_id"].eq("")
    if wrong.any() or turfs.empty:
        raise DataError(
            "The table of turfs is empty, or holds rows without a turf or without dwellings.",
            where="{wrong}",
            mend="Give every stop its turf_id and a whole number of dwellings.",
            wrong=some(Text("line {line}", line=i + 2) for i in np.flatnonzero(wrong)),
        )
    whole = turfs[list(COLUMNS)].assign(dwellings=dwellings.astype("int64"))
    # A large building may be several stops of a turf, one per staircase.
    keys = ["turf_id", "address_id", "bureau_id"]
    table = whole.groupby(keys, as_index=False, sort=True)["dwellings"].sum()
    if (twice := table.duplicated(["turf_id", "address_id"])).any():
        raise DataError(
            "An address of a turf lies in two bureaux.",
            where="{table}",
            mend="Cut the turfs again from the addresses of one vintage of contours.",
            table=some(table.loc[twice, "address_id"]),
        )
    return table.assign(kind=kind_of(table["dwellings"]))
