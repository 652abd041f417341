"""`covariates.csv` of a workspace: what people brought to explain with, by bureau or by commune."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.errors import DataError
from analysis.tables.sources import sha256
from analysis.tables.whole_files import written_whole

COVARIATES = "covariates.csv"
ID = "id"


def read_brought(folder: Path, bureau_id: pd.Series, commune_id: pd.Series) -> pd.DataFrame:
    """Return what was brought, one row per bureau; no column where nothing was.

    Parameters
    ----------
    folder
        Of the workspace. A row of its file is of a bureau (`75056_1905`) or of a commune.
    bureau_id, commune_id
        The bureaux wanted.

    Returns
    -------
    pandas.DataFrame
        Indexed by `bureau_id`, in its order: what is known of it, else of its commune.
    """
    table = _read(folder / COVARIATES)
    found = pd.DataFrame(index=pd.Index(bureau_id.to_numpy()))
    for name in table:
        known = table[name].dropna()
        own = bureau_id.map(known)
        found[name] = own.where(own.notna(), commune_id.map(known)).to_numpy()
    return found


def bring(folder: Path, tables: Sequence[pd.DataFrame]) -> list[str]:
    """Add columns to the file of a workspace; a column of the same name is replaced.

    Parameters
    ----------
    folder
        Of the workspace.
    tables
        Each indexed by the id of a bureau or a commune.

    Returns
    -------
    list of str
        Names of the columns that the file holds.

    Raises
    ------
    DataError
        When it cannot be written.
    """
    file = folder / COVARIATES
    whole = _read(file)
    for table in tables:
        whole = whole.drop(columns=[n for n in table if n in whole]).join(table, how="outer")
    text = whole.sort_index().to_csv(index_label=ID, float_format="%.10g", lineterminator="\n")
    try:
        with written_whole(file) as aside:
            aside.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            "The covariates cannot be kept in this workspace.",
            where="{file}: {strerror}",
            mend="Choose a workspace that may be written to.",
            file=file,
            strerror=error.strerror,
        ) from error
    return [str(name) for name in whole]


def digest_of(folder: Path) -> dict[str, str]:
    """Return the file's name and fingerprint, or nothing where there is none."""
    file = folder / COVARIATES
    return {COVARIATES: sha256(file)} if file.is_file() else {}


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        return pd.DataFrame(index=pd.Index([], name=ID, dtype="str"))
    table = pd.read_csv(file, dtype={ID: "str"})
    if ID not in table or table[ID].duplicated().any():
        raise DataError(
            "The covariates of this workspace cannot be read.",
            where="{file}",
            mend="Remove the file, and bring yours again with explain --covariates.",
            file=file,
        )
    return table.set_index(ID)
