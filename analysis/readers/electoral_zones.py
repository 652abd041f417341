"""Constituencies and cantons that files of results name beside each bureau."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.readers.coded_columns import categorical, coded, distinct_rows
from analysis.readers.raw_results import no_zones

# Ours → the columns of either edition of the aggregated files.
CODES = {
    "code_circonscription": ("code_circonscription", "Code de la circonscription"),
    "name_circonscription": ("libelle_circonscription", "Libellé de la circonscription"),
    "code_canton": ("code_canton", "Code du canton"),
    "name_canton": ("libelle_canton", "Libellé du canton"),
}
KINDS = ("circonscription", "canton")
_OVERSEAS = re.compile(r"9[78]\d{3}_")
_WHOLE = re.compile(r"\d[\dAB]\d\d")


def zones_named(table: pa.Table) -> pd.DataFrame:
    """Return the zones of each bureau, as its latest election has them.

    Parameters
    ----------
    table
        `election_id`, `bureau_id`, and those of `CODES` that the file has.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `kind`, `zone_id` (75-18), `name`; a constituency without a name is called by
        its number: « 18e circonscription ».
    """
    found = [_zones(table, kind) for kind in KINDS if f"code_{kind}" in table.column_names]
    return pd.concat([no_zones(), *found], ignore_index=True)


def in_its_department(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """Spell the constituency of some rows with the département that it is of: 4907, not 07.

    Parameters
    ----------
    table
        `department` as the file has it, and of `CODES` what there is.
    rows
        Which ones (booleans): of communes that went to another département.
    """
    name = "code_circonscription"
    if name not in table.column_names:
        return table
    own, department = (pc.cast(table[one], pa.string()) for one in (name, "department"))
    whole = pc.binary_join_element_wise(department, pc.utf8_lpad(own, 2, "0"), "")
    told = pc.if_else(pc.and_(pa.array(rows), pc.not_equal(own, "")), whole, own)
    return table.set_column(table.column_names.index(name), name, told)


def _zones(table: pa.Table, kind: str) -> pd.DataFrame:
    code, name = f"code_{kind}", f"name_{kind}"
    rows = table.take(pa.array(_last_known(table, code)))
    ids = pc.cast(rows["bureau_id"], pa.string())
    named = rows[name] if name in table.column_names else pa.nulls(len(rows), pa.string())
    parts = {
        "commune": pc.utf8_slice_codeunits(ids, 0, 6),
        "code": rows[code],
        "name": pc.fill_null(pc.cast(named, pa.string()), ""),
    }
    # A zone has many bureaux: each is worked out once.
    place, distinct = distinct_rows(pa.table(parts), tuple(parts))
    told = np.array([_zone(kind, *one) for one in distinct], dtype=object).reshape(-1, 2)[place]
    zones = {"bureau_id": ids.to_numpy(), "kind": kind, "zone_id": told[:, 0], "name": told[:, 1]}
    return pd.DataFrame(zones, dtype="str")


def _last_known(table: pa.Table, name: str) -> np.ndarray:
    """Return the row of each bureau in its latest election that fills a column, in that order."""
    bureau, told, election = (
        categorical(coded(table[one])) for one in ("bureau_id", name, "election_id")
    )
    known = np.flatnonzero(np.append(told.categories != "", False)[told.codes])
    year = np.unique([text[:4] for text in election.categories], return_inverse=True)[1]
    rows = known[np.argsort(year[election.codes[known]], kind="stable")]
    last = np.full(len(bureau.categories), -1)
    last[bureau.codes[rows]] = np.arange(len(rows))
    found: np.ndarray = rows[np.sort(last[last >= 0])]
    return found


def _zone(kind: str, commune: str, code: str, name: str) -> tuple[str, str]:
    """Return id and name of a zone; `commune` is that of its bureaux, with the underscore."""
    department = commune[: 3 if _OVERSEAS.match(commune) else 2]
    own = code.strip()
    if kind == "circonscription" and _WHOLE.fullmatch(own):
        # 4907 is of the département 49, wherever the commune lies by now.
        department = own[:2]
    # 7518 and 18 are one constituency of Paris: two digits, after the département or alone.
    own = (own.removeprefix(department) or own).zfill(2)
    name = name.strip() or own
    return f"{department}-{own}", _constituency(name) if kind == "circonscription" else name


def _constituency(name: str) -> str:
    if not name.isdecimal():
        return name
    number = int(name)
    return f"{'1re' if number == 1 else f'{number}e'} circonscription"
