"""The keys of a column map: known, present, and of the right type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from analysis.errors import DataError, Listed, Text, some

Kind = type | tuple[type, ...]
# One column or several put together; a name for all languages or one for each.
COLUMNS: Kind = (str, list)
NAMED: Kind = (str, dict)
# One column, several that are added up, or column and value of the rows that hold it.
COUNTED: Kind = (str, list, dict)
Keys = dict[str, Kind]
_TYPES: dict[Kind, str] = {
    str: Text("text in quotes"),
    int: Text("a whole number"),
    date: Text("a day such as 2024-06-09"),
    dict: Text("a [table]"),
    list: Text("[[tables]]"),
    COLUMNS: Text("a column in quotes, or a list of columns"),
    NAMED: Text("text in quotes, or one for fr and one for en"),
    COUNTED: Text("a column in quotes, a list of columns, or column and value of its rows"),
}


def check_keys(
    table: Mapping[str, Any], needed: Mapping[str, Kind], more: Mapping[str, Kind], where: str
) -> None:
    """Complain of keys of a map that are unknown, missing or of another type.

    Parameters
    ----------
    table
        A section of the map.
    needed, more
        Key → type of what must stand there, and of what may.
    where
        Names file and section, for the error.

    Raises
    ------
    DataError
        When there is something to complain of.
    """
    if not isinstance(table, Mapping):
        raise _of_wrong_type(where, {"": dict}, {"": table})
    known = {**needed, **more}
    if unknown := [key for key in table if key not in known]:
        raise DataError(
            "The column map has unknown key(s): {unknown}.",
            where="{place}",
            mend="Known keys: {known}. docs/any_terrain.md shows a whole map.",
            unknown=some(unknown, most=8),
            place=where,
            known=", ".join(known),
        )
    if missing := [key for key in needed if key not in table]:
        raise DataError(
            "The column map lacks {missing}.",
            where="{place}",
            mend="Add them. docs/any_terrain.md shows a whole map.",
            missing=", ".join(missing),
            place=where,
        )
    if wrong := {k: v for k, v in table.items() if not _fits(v, known[k])}:
        raise _of_wrong_type(where, known, wrong)


def _fits(value: object, kind: Kind) -> bool:
    if kind == COLUMNS and isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    # True is an int to Python, and no round of an election.
    return isinstance(value, kind) and not isinstance(value, bool)


def _of_wrong_type(where: str, known: Mapping[str, Kind], wrong: Mapping[str, object]) -> DataError:
    types = (Text("{key}: {type}", key=key, type=_TYPES[known[key]]) for key in wrong)
    return DataError(
        "The column map has values of the wrong type.",
        where="{place}: {wrong}",
        mend="{types}. docs/any_terrain.md shows a whole map.",
        place=where,
        wrong=some(f"{key} = {value!r}"[:200] for key, value in wrong.items()),
        types=Listed(types, "; "),
    )
