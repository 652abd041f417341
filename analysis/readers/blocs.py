"""Nuance or candidate → bloc: a table that the user may edit, never a guess."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.tables.spreadsheet_text import as_named, plain

DEFAULT = Path(__file__).with_name("blocs.csv")
_COLUMNS = ["election", "key", "bloc", "source"]


def read_blocs(path: Path | str = DEFAULT) -> pd.DataFrame:
    """Read the table that gives candidates their bloc.

    Parameters
    ----------
    path
        CSV with columns `election` (an election without its round, `2022_pres`),
        `key` (a nuance, a candidate's surname or a list's name), `bloc`, `source`.

    Raises
    ------
    DataError
        When a column is missing, a value is empty, or a key has two blocs.
    """
    file = Path(path)
    return _default().copy() if file == DEFAULT else _read(file)


@cache
def _default() -> pd.DataFrame:
    """Read the table that comes with the program, once."""
    return _read(DEFAULT)


def _read(file: Path) -> pd.DataFrame:
    try:
        # A list may be called "NA" or "null": nothing is a missing value here.
        read = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        table = plain(as_named(read))
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(
            "The table of blocs cannot be read.",
            where="{file}: {error}",
            mend="Keep it a CSV in UTF-8 with commas and the columns {columns}.",
            file=file.name,
            error=error,
            columns=", ".join(_COLUMNS),
        ) from error
    if missing := [name for name in _COLUMNS if name not in table]:
        raise DataError(
            "The table of blocs lacks {missing}.",
            where="{file}: columns found: {found}",
            mend="Give it the columns {columns}, separated by commas.",
            missing=", ".join(missing),
            file=file.name,
            found=some(table.columns, most=8),
            columns=", ".join(_COLUMNS),
        )
    table = table[_COLUMNS].apply(lambda column: column.str.strip())
    if (bad := (table[["election", "key", "bloc"]] == "").any(axis=1)).any():
        raise DataError(
            "The table of blocs has rows without an election, a key or a bloc.",
            where="{file}: {table}",
            mend="Fill them in or remove the rows: a candidate without a bloc is simply listed.",
            file=file.name,
            table=some(Text("line {line}", line=i + 2) for i in table.index[bad]),
        )
    if (twice := table.duplicated(["election", "key"], keep=False)).any():
        raise DataError(
            "The table of blocs gives the same candidate or nuance twice.",
            where="{file}: {table}",
            mend="Keep one row for each election and key.",
            file=file.name,
            table=some(Text("line {line}", line=i + 2) for i in table.index[twice]),
        )
    return table


def own_blocs(added: pd.DataFrame | None, edited: Path) -> pd.DataFrame:
    """Return the table the user edited, else the default one and what a column map adds.

    Parameters
    ----------
    added
        As `read_blocs` returns it; None without a map.
    edited
        Where the user's table would be.
    """
    if edited.is_file():
        return read_blocs(edited)
    tables = [read_blocs(), *([] if added is None else [added])]
    return pd.concat(tables, ignore_index=True).drop_duplicates(["election", "key"], keep="last")


def give_blocs(candidates: pd.DataFrame, blocs: pd.DataFrame) -> pd.Series:
    """Return the bloc of each candidate; empty where the table names none.

    A surname or list name in the table goes before the nuance, so that one candidate can be
    moved without moving the nuance. A key as the file spells it goes before one that differs
    in case, accents, apostrophes, dashes or spaces.

    Parameters
    ----------
    candidates
        Columns `election_id`, `name`, `nuance`.
    blocs
        As `read_blocs` returns it.
    """
    election = candidates["election_id"].str.replace(r"_t\d+$", "", regex=True).to_numpy(object)
    nuances = _paired(election, _spelled(candidates["nuance"]))
    names = _paired(election, _spelled(candidates["name"]))
    # Who is called Lo is not of the nuance LO, if a nuance is known.
    own = ~names.isin(nuances) | (candidates["nuance"] == "").to_numpy()
    spelled = pd.DataFrame(
        {"key": _paired(blocs["election"], _spelled(blocs["key"])), "bloc": blocs["bloc"].array}
    ).drop_duplicates()
    # Two keys that are one but for their accents are two lists where their blocs differ.
    loose = spelled.drop_duplicates("key", keep=False)
    exact = pd.Index(_paired(blocs["election"], blocs["key"])), blocs["bloc"].to_numpy(object)
    nearly = pd.Index(loose["key"]), loose["bloc"].to_numpy(object)
    found = np.full(len(candidates), "", dtype=object)
    for column, near, may in (("nuance", nuances, True), ("name", names, own)):
        keys = _paired(election, candidates[column])
        for (known, given), asked in ((nearly, near), (exact, keys)):
            at = known.get_indexer(asked)
            named = (at >= 0) & may
            found[named] = given[at[named]]
    return pd.Series(found, index=candidates.index, dtype="str")


def _paired(election: pd.Series | np.ndarray, key: pd.Series | np.ndarray) -> pd.Index:
    """Return election and key as one text each: a line end, which neither has, between them."""
    return pd.Index(np.asarray(election, object) + "\n" + np.asarray(key, object), dtype=object)


@lru_cache(16_384)
def spelling(text: str) -> str:
    """Return a name without case, accents and signs: « L’ÉCOLE, d'abord ! » is `lecoledabord`."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(sign for sign in parts if sign.isalnum()) or text.strip()


def _spelled(texts: pd.Series) -> np.ndarray:
    return np.array([spelling(text) for text in texts.to_numpy(object)], dtype=object)


def without_bloc(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return candidates that have no bloc, most votes first, for the user to place."""
    rows = candidates[candidates["bloc"] == ""]
    return rows.sort_values(["votes", "election_id", "candidate_id"], ascending=[False, True, True])
