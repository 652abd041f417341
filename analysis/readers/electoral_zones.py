"""Constituencies and cantons that files of results name beside each bureau."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.readers.raw_results import no_zones

# Ours → the columns of either edition of the aggregated files.
CODES = {
    "code_circonscription": ("code_circonscription", "Code de la circonscription"),
    "name_circonscription": ("libelle_circonscription", "Libellé de la circonscription"),
    "code_canton": ("code_canton", "Code du canton"),
    "name_canton": ("libelle_canton", "Libellé du canton"),
}
KINDS = ("circonscription", "canton")


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
    code = _texts(table[f"code_{kind}"])
    known = np.flatnonzero(code.notna().to_numpy() & (code != "").to_numpy())
    year = _texts(table["election_id"]).iloc[known].str[:4].to_numpy(dtype=str)
    rows = known[np.argsort(year, kind="stable")]
    named = f"name_{kind}" in table.column_names
    name = _texts(table[f"name_{kind}"]).iloc[rows].to_numpy() if named else ""
    zones = pd.DataFrame(
        {
            "bureau_id": _texts(table["bureau_id"]).iloc[rows].to_numpy(),
            "code": code.iloc[rows].to_numpy(),
            "name": name,
        }
    ).drop_duplicates("bureau_id", keep="last")
    zones = zones.fillna("").astype("str")
    department = (
        zones["bureau_id"]
        .str[:2]
        .mask(zones["bureau_id"].str.match(r"9[78]\d{3}_"), zones["bureau_id"].str[:3])
    )
    own = zones["code"].str.strip()
    if kind == "circonscription":
        # 4907 is of the département 49, wherever the commune lies by now.
        department = own.str[:2].where(own.str.fullmatch(r"\d[\dAB]\d\d"), department)
    # 7518 and 18 are one constituency of Paris: two digits, after the département or alone.
    short = [c.removeprefix(d) or c for c, d in zip(own, department, strict=True)]
    own = pd.Series(short, index=zones.index, dtype="str").str.zfill(2)
    zones["zone_id"] = department + "-" + own
    zones["name"] = zones["name"].str.strip().where(zones["name"].str.strip() != "", own)
    if kind == "circonscription":
        zones["name"] = zones["name"].map(_constituency)
    return zones.assign(kind=kind)[["bureau_id", "kind", "zone_id", "name"]]


def _constituency(name: str) -> str:
    if not name.isdecimal():
        return name
    number = int(name)
    return f"{'1re' if number == 1 else f'{number}e'} circonscription"


def _texts(column: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pc.cast(column, pa.string()).to_pandas(), dtype="str")
