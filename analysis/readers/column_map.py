"""Any terrain: results of any layout, described by a column map in TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import DataError, Listed, Text, some
from analysis.geography.crs import checked_metric
from analysis.readers.contours import Layout
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.mapped import Candidate, ElectionMap, read_election
from analysis.readers.raw_results import Raw, combine
from analysis.tables.elections import Election

_TERRAIN = {"name": str, "crs": str, "licence": str}
_GEOMETRY = {"file": str, "id": str, "vintage": int}
_GEOMETRY_MORE = {"commune": str, "layer": str, "crs": str}
_ELECTION = {"id": str, "date": date, "kind": str, "round": int, "file": str, "unit": str} | {
    "registered": str,
    "ballots": str,
}
_ELECTION_MORE = {
    **{"delimiter": str, "encoding": str, "decimal": str, "thousands": str},
    **{"commune": str, "commune_name": str, "blank": str, "null": str, "valid": str},
    **{"candidate": str, "votes": str, "nuance": str, "candidates": dict},
    **{"only": dict, "without": list},
}
_CANDIDATE = {"name": str, "nuance": str, "bloc": str}
_TYPES: dict[type, str] = {
    str: Text("text in quotes"),
    int: Text("a whole number"),
    date: Text("a day such as 2024-06-09"),
    dict: Text("a [table]"),
    list: Text("[[tables]]"),
}


@dataclass(frozen=True, slots=True)
class Contours:
    """The polygons of a terrain: what `contours.read_contours` is to be given."""

    file: Path
    vintage: int
    layout: Layout


@dataclass(frozen=True)
class Terrain:
    """A terrain as its column map describes it.

    Attributes
    ----------
    name, crs, licence
        What to call it; its metric CRS; what the files are published under.
    raw
        Results for `results.assemble`.
    elections
        Day, kind and round of each election id.
    blocs
        Blocs the map gives to candidates, as `blocs.read_blocs` returns them.
    contours
        The polygons; None where the map names none.
    """

    name: str
    crs: str
    licence: str
    raw: Raw
    elections: Mapping[str, Election]
    blocs: pd.DataFrame
    contours: Contours | None

    def dated(self, election_id: str) -> Election:
        """Return the election of this id, for `results.assemble`."""
        return self.elections[election_id]


def sniff(glance: Glance) -> float:
    """Tell a column map by its tables."""
    tables = "[terrain]" in glance.text and "[[election]]" in glance.text
    return SURE if glance.suffix == ".toml" and tables else NO


def files_named(content: bytes) -> tuple[str, ...]:
    """Return the names of the files that a column map describes; none where it is no map."""
    try:
        told = tomllib.loads(content.decode("utf-8-sig"))
        parts = [*told.get("election", []), told.get("geometry", {})]
        return tuple(str(part["file"]) for part in parts if "file" in part)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ()


def read_terrain(path: Path | str) -> Terrain:
    """Read the results that a column map describes.

    Parameters
    ----------
    path
        TOML with `[terrain]`, one `[[election]]` for each round and, where there are
        polygons, `[geometry]`; files are looked for beside it. See docs/any_terrain.md.

    Raises
    ------
    DataError
        When the map has unknown or missing keys, or a file lacks what the map says.
    """
    file = Path(path)
    content = _load(file)
    _check(content, {"terrain": dict, "election": list}, {"geometry": dict}, file.name)
    terrain = content["terrain"]
    _check(terrain, _TERRAIN, {}, Text("{file}: [terrain]", file=file.name))
    checked_metric(terrain["crs"])
    maps = [_election(entry, terrain, file) for entry in content["election"]]
    if len(ids := {m.election.election_id for m in maps}) < len(maps):
        raise DataError(
            "Two elections of the map have the same id.",
            where="{file}: {ids}",
            mend="Give every round its own id: 2023_muni_t1, 2023_muni_t2.",
            file=file.name,
            ids=some(sorted(ids)),
        )
    return Terrain(
        name=terrain["name"],
        crs=terrain["crs"],
        licence=terrain["licence"],
        raw=combine([read_election(m) for m in maps]),
        elections={m.election.election_id: m.election for m in maps},
        blocs=_blocs(maps, file.name),
        contours=_contours(content.get("geometry"), terrain, file),
    )


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "The column map cannot be read.",
            where="{file}: {error}",
            mend="Keep it TOML in UTF-8. docs/any_terrain.md shows a whole map.",
            file=file.name,
            error=error,
        ) from error


def _check(
    table: Mapping[str, Any], needed: Mapping[str, type], more: Mapping[str, type], where: str
) -> None:
    """Complain of keys that are unknown, missing or of another type."""
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
    # True is an int to Python, and no round of an election.
    wrong = [k for k, v in table.items() if not isinstance(v, known[k]) or isinstance(v, bool)]
    if wrong:
        raise DataError(
            "The column map has values of the wrong type.",
            where="{place}: {wrong}",
            mend="{types}. docs/any_terrain.md shows a whole map.",
            place=where,
            wrong=some(f"{k} = {table[k]!r}" for k in wrong),
            types=Listed(
                (Text("{key}: {type}", key=k, type=_TYPES[known[k]]) for k in wrong), "; "
            ),
        )


def _election(entry: Mapping[str, Any], terrain: Mapping[str, Any], file: Path) -> ElectionMap:
    where = Text("{file}: [[election]] {entry}", file=file.name, entry=entry.get("id", ""))
    _check(entry, _ELECTION, _ELECTION_MORE, where)
    kind, turn = re.escape(entry["kind"]), entry["round"]
    if not re.fullmatch(rf"\d{{4}}_(?=[a-z]+_){kind}_t{turn}", entry["id"]):
        raise DataError(
            "The id of an election does not say year, kind and round.",
            where="{place}, kind {kind}, round {turn}",
            mend="Write 2023_muni_t1: four digits, small letters, t and the round.",
            place=where,
            kind=entry["kind"],
            turn=turn,
        )
    wide, long = "candidates" in entry, {"candidate", "votes"} <= set(entry)
    if not (wide or long):
        raise DataError(
            "The column map does not say where the votes are.",
            where="{place}",
            mend="Name candidate and votes (one row each), or list the "
            "columns of votes under [election.candidates]. docs/any_terrain.md shows a whole map.",
            place=where,
        )
    for column, label in (candidates := entry.get("candidates", {})).items():
        _check(
            label, {}, _CANDIDATE, Text("{place}, candidate {column}", place=where, column=column)
        )
    day = datetime(entry["date"].year, entry["date"].month, entry["date"].day)
    fixed = ("unit", "commune", "commune_name", "registered", "ballots", "blank", "null", "valid")
    return ElectionMap(
        election=Election(entry["id"], day, entry["kind"], entry["round"]),
        file=file.parent / entry["file"],
        columns={ours: entry[ours] for ours in fixed if ours in entry},
        long={n: entry[n] for n in ("candidate", "votes", "nuance") if n in entry} if long else {},
        candidates={column: Candidate(**label) for column, label in candidates.items()},
        text={n: entry[n] for n in ("delimiter", "encoding", "decimal", "thousands") if n in entry},
        commune=_slug(terrain["name"]),
        licence=terrain["licence"],
        only={column: str(value).strip() for column, value in entry.get("only", {}).items()},
        without=tuple(map(str, entry.get("without", []))),
    )


def _contours(
    entry: Mapping[str, Any] | None, terrain: Mapping[str, Any], file: Path
) -> Contours | None:
    if entry is None:
        return None
    _check(entry, _GEOMETRY, _GEOMETRY_MORE, Text("{file}: [geometry]", file=file.name))
    layout = Layout(
        id_column=entry["id"],
        commune_column=entry.get("commune", ""),
        commune=_slug(terrain["name"]),
        layer=entry.get("layer", ""),
        crs=entry.get("crs", ""),
        licence=terrain["licence"],
    )
    return Contours(file.parent / entry["file"], entry["vintage"], layout)


def _slug(name: str) -> str:
    """Return a name as an id: the commune of a terrain that is one."""
    return re.sub(r"\W+", "-", name.strip().lower()).replace("_", "-").strip("-")


def _blocs(maps: list[ElectionMap], file: str) -> pd.DataFrame:
    rows = [
        (m.election.election_id.rsplit("_", 1)[0], label.key(column), label.bloc, file)
        for m in maps
        for column, label in m.candidates.items()
        if label.bloc
    ]
    table = pd.DataFrame(rows, columns=["election", "key", "bloc", "source"], dtype="str")
    table = table.drop_duplicates(ignore_index=True)
    if (twice := table.duplicated(["election", "key"], keep=False)).any():
        raise DataError(
            "The column map gives a candidate two blocs.",
            where="{file}: {key}",
            mend="Give a candidate the same bloc in both rounds.",
            file=file,
            key=some(table["key"][twice].unique()),
        )
    return table
