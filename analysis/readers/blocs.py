"""Nuance or candidate → bloc: a table that the user may edit, never a guess."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.tables.spreadsheet_text import as_named, plain

DEFAULT = Path(__file__).with_name("blocs.csv")
_COLUMNS = ["election", "key", "bloc", "source"]
_ROUND = re.compile(r"_t\d+$")


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
    exact: dict[tuple[str, str], str] = {}
    spelt: dict[tuple[str, str], set[str]] = {}
    rows = (blocs[name].to_numpy(dtype=object) for name in ("election", "key", "bloc"))
    for election, key, bloc in zip(*rows, strict=True):
        exact[election, key] = bloc
        spelt.setdefault((election, spelling(key)), set()).add(bloc)
    # Two keys that are one but for their accents are two lists where their blocs differ.
    near = {one: next(iter(found)) for one, found in spelt.items() if len(found) == 1}
    columns = (
        candidates[name].to_numpy(dtype=object) for name in ("election_id", "nuance", "name")
    )
    asked = [(_ROUND.sub("", election), *who) for election, *who in zip(*columns, strict=True)]
    nuances = {(election, spelling(nuance)) for election, nuance, _ in asked}

    told = []
    for election, nuance, name in asked:
        by_name, by_nuance = (election, spelling(name)), (election, spelling(nuance))
        keys = [(exact, (election, nuance)), (near, by_nuance)]
        # Who is called Lo is not of the nuance LO, if a nuance is known.
        if not nuance or by_name not in nuances:
            keys = [(exact, (election, name)), (near, by_name), *keys]
        told.append(next((table[key] for table, key in keys if key in table), ""))
    return pd.Series(told, index=candidates.index, dtype="str")


@lru_cache(16_384)
def spelling(text: str) -> str:
    """Return a name without case, accents and signs: « L’ÉCOLE, d'abord ! » is `lecoledabord`."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(sign for sign in parts if sign.isalnum()) or text.strip()


def without_bloc(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return candidates that have no bloc, most votes first, for the user to place."""
    rows = candidates[candidates["bloc"] == ""]
    return rows.sort_values(["votes", "election_id", "candidate_id"], ascending=[False, True, True])
