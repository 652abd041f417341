"""Any terrain: results of any layout, described by a column map in TOML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.geography.crs import checked_metric, utm_crs
from analysis.readers.contours import Layout
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.map_keys import COLUMNS, COUNTED, Keys, check_keys
from analysis.readers.mapped import alike, read_election
from analysis.readers.mapped_file import Candidate, ElectionMap
from analysis.readers.raw_results import Raw, combine
from analysis.readers.shapes import read_shapes
from analysis.readers.terrain_words import VOCABULARY, election_day, vocabulary_of
from analysis.tables.elections import Election
from analysis.tables.toml_text import toml_of

_TERRAIN: Keys = {"name": str, "licence": str}
_TERRAIN_MORE: Keys = {"crs": str, "currency": str}
_GEOMETRY: Keys = {"file": str, "id": COLUMNS, "vintage": int}
_GEOMETRY_MORE: Keys = {"commune": COLUMNS, "layer": str, "crs": str}
_OF_FILE: Keys = {"delimiter": str, "encoding": str}
_ELECTION: Keys = {"id": str, "date": date, "kind": str, "round": int, "file": str, "unit": COLUMNS}
_TURNOUT: Keys = {"registered": COLUMNS, "ballots": COLUMNS}
_ELECTION_MORE: Keys = {
    **_OF_FILE,
    **{"decimal": str, "thousands": str, "commune": COLUMNS, "commune_name": str},
    **{"blank": COLUMNS, "null": COLUMNS, "valid": COLUMNS},
    **{"candidate": str, "votes": str, "nuance": str, "candidates": dict},
    **{"only": dict, "without": list, "postal": dict},
}
_CANDIDATE = {"name": str, "nuance": str, "bloc": str}
# Of a part of a path, in bytes, on every disk in use.
_LONGEST_NAME = 255


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
    told
        What the country calls things, and its coming elections, as `Vocabulary` takes it.
    """

    name: str
    crs: str
    licence: str
    raw: Raw
    elections: Mapping[str, Election]
    blocs: pd.DataFrame
    contours: Contours | None
    told: Mapping[str, Any] = field(default_factory=dict)

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
        return tuple(_files_in(toml_of(content.decode("utf-8-sig"))))
    except (ValueError, RecursionError):
        return ()


def _files_in(told: object) -> Iterator[str]:
    """Yield whatever is called a file, wherever it stands."""
    if isinstance(told, list):
        for part in told:
            yield from _files_in(part)
    elif isinstance(told, dict):
        for key, part in told.items():
            if key == "file":
                yield str(part)
            else:
                yield from _files_in(part)


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
    sections = {"terrain": dict, "election": list}
    check_keys(content, sections, {"geometry": dict, **VOCABULARY}, file.name)
    terrain = content["terrain"]
    check_keys(terrain, _TERRAIN, _TERRAIN_MORE, Text("{file}: [terrain]", file=file.name))
    contours = _contours(content.get("geometry"), terrain, file)
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
        crs=_crs(terrain.get("crs", ""), contours),
        licence=terrain["licence"],
        raw=alike(combine([read_election(m) for m in maps])),
        elections={m.election.election_id: m.election for m in maps},
        blocs=_blocs(maps, file.name),
        contours=contours,
        told=vocabulary_of(content, file.name),
    )


def _crs(named: str, contours: Contours | None) -> str:
    """Return the CRS that is named; else the UTM zone of the polygons, if there are any."""
    if named:
        checked_metric(named)
        return named
    if contours is None:
        return ""
    shapes, _notes = read_shapes(
        contours.file, layer=contours.layout.layer, crs=contours.layout.crs
    )
    return utm_crs(shapes)


def _load(file: Path) -> dict[str, Any]:
    try:
        return toml_of(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "The column map cannot be read.",
            where="{file}: {error}",
            mend="Keep it TOML in UTF-8. docs/any_terrain.md shows a whole map.",
            file=file.name,
            error=error,
        ) from error


def _election(entry: Mapping[str, Any], terrain: Mapping[str, Any], file: Path) -> ElectionMap:
    where = Text("{file}: [[election]] {entry}", file=file.name, entry=entry.get("id", ""))
    apart = "turnout" in entry
    more: Keys = {"turnout": dict, **(_TURNOUT if apart else {}), **_ELECTION_MORE}
    check_keys(entry, {**_ELECTION, **({} if apart else _TURNOUT)}, more, where)
    held = election_day(entry, where)
    wide, long = bool(entry.get("candidates")), {"candidate", "votes"} <= set(entry)
    if not (wide or long):
        raise DataError(
            "The column map does not say where the votes are.",
            where="{place}",
            mend="Name candidate and votes (one row each), or list the "
            "columns of votes under [election.candidates]. docs/any_terrain.md shows a whole map.",
            place=where,
        )
    for column, label in (candidates := entry.get("candidates", {})).items():
        check_keys(
            label, {}, _CANDIDATE, Text("{place}, candidate {column}", place=where, column=column)
        )
    this = ElectionMap(
        election=held,
        file=_beside(file, entry["file"]),
        columns=_columns(entry),
        long={n: entry[n] for n in ("candidate", "votes", "nuance") if n in entry} if long else {},
        candidates={column: Candidate(**label) for column, label in candidates.items()},
        text=_text(entry),
        commune=_slug(terrain["name"]),
        licence=terrain["licence"],
        only=_values(entry, "only"),
        without=tuple(map(str, entry.get("without", []))),
        postal=_values(entry, "postal"),
    )
    return replace(this, turnout=_turnout(entry["turnout"], this, where)) if apart else this


def _turnout(entry: Mapping[str, Any], this: ElectionMap, where: Text) -> ElectionMap:
    """Return the map of the file that holds registered, and perhaps ballots."""
    needed: Keys = {"file": str, "unit": COLUMNS, "registered": COUNTED}
    more: Keys = {**_OF_FILE, "commune": COLUMNS, "ballots": COUNTED, "only": dict, "votes": str}
    of_rows = {n: _values(entry, n) for n in _TURNOUT if isinstance(entry.get(n), dict)}
    needed = {**needed, **({"votes": str} if of_rows else {})}
    check_keys(entry, needed, more, Text("{place}, [election.turnout]", place=where))
    if "ballots" not in entry and "ballots" not in this.columns:
        check_keys(entry, {**needed, "ballots": COUNTED}, more, where)
    return replace(
        this,
        file=_beside(this.file, entry["file"]),
        columns=_columns({name: told for name, told in entry.items() if name not in of_rows}),
        long={"votes": entry["votes"]} if of_rows else {},
        of_rows=of_rows,
        candidates={},
        text=_text(entry),
        only=_values(entry, "only"),
        without=(),
        postal={},
    )


def _columns(entry: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    fixed = ("unit", "commune", "commune_name", "registered", "ballots", "blank", "null", "valid")
    given = {ours: entry[ours] for ours in fixed if ours in entry}
    return {k: tuple(map(str, v)) if isinstance(v, list) else str(v) for k, v in given.items()}


def _text(entry: Mapping[str, Any]) -> dict[str, str]:
    return {n: entry[n] for n in ("delimiter", "encoding", "decimal", "thousands") if n in entry}


def _values(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    return {column: str(value).strip() for column, value in entry.get(key, {}).items()}


def _contours(
    entry: Mapping[str, Any] | None, terrain: Mapping[str, Any], file: Path
) -> Contours | None:
    if entry is None:
        return None
    check_keys(entry, _GEOMETRY, _GEOMETRY_MORE, Text("{file}: [geometry]", file=file.name))
    layout = Layout(
        id_column=_names(entry["id"]),
        commune_column=_names(entry.get("commune", "")),
        commune=_slug(terrain["name"]),
        layer=entry.get("layer", ""),
        crs=entry.get("crs", ""),
        licence=terrain["licence"],
    )
    return Contours(_beside(file, entry["file"]), entry["vintage"], layout)


def _names(given: str | list[str]) -> str | tuple[str, ...]:
    return given if isinstance(given, str) else tuple(given)


def _beside(file: Path, name: str) -> Path:
    """Return the file of a name beside another one; a name that no disk can hold is of none."""
    parts = Path(name).parts
    if not name.isprintable() or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise DataError(
            "There is no such file.",
            where="{path}",
            mend="Check the path.",
            path=ascii(name[:60]),
        )
    return file.parent / name


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
