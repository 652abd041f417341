"""Every reader: what it reads, how it knows its files, and what it must be told of them.

A new reader is a module with `sniff` and what reads, and a line here. Where two readers have one
role, the one that is surer of a file reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis.errors import Text, some
from analysis.readers.glance import TABLES, Glance, look

UNUSED = "unused"
# The results are given as one of these: both national files, files of one election each, or
# whatever a column map describes.
NATIONAL, RAW, TERRAIN = ("general_results", "candidats_results"), "raw", "terrain"


@dataclass(frozen=True, slots=True)
class Reader:
    """One way to read one kind of file.

    Attributes
    ----------
    role
        What the file is read as; what options, pages and the catalogue of files call it.
    label
        What people call it.
    sniffs, reads
        `module:function` in this room, loaded when first wanted: how sure it is of a `Glance`,
        0 to 1; and the reading itself.
    asks
        What must be told of each file, of which there may be several: its "vintage" (year) or
        its "election" (id); "" where there is one file and nothing to tell.
    published
        Whether a file of this role is published for every place, so that `fetch` can get it.
    """

    role: str
    label: Text
    sniffs: str
    reads: str
    asks: str = ""
    published: bool = False

    def sniff(self, glance: Glance) -> float:
        """Return how sure this reader is that the file is its own, 0 to 1."""
        return float(_load(self.sniffs)(glance))

    def read(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - each as it is documented
        """Read a file with the module that this reader names; takes and returns what that does."""
        return _load(self.reads)(*args, **options)


READERS = (
    Reader(
        "general_results",
        Text("Results: registered, ballots (general_results)"),
        "aggregated:sniff_general",
        "aggregated:read_aggregated",
        published=True,
    ),
    Reader(
        "candidats_results",
        Text("Results: votes of each candidate (candidats_results)"),
        "aggregated:sniff_candidates",
        "aggregated:read_aggregated",
        published=True,
    ),
    Reader(
        RAW,
        Text("Results of one election (the Ministry's raw file)"),
        "raw_layouts:sniff",
        "raw_layouts:read_raw",
        asks="election",
    ),
    Reader(
        TERRAIN,
        Text("Column map of another country or layout (TOML)"),
        "column_map:sniff",
        "column_map:read_terrain",
    ),
    Reader(
        "addresses",
        Text("Addresses (BAN)"),
        "addresses:sniff",
        "addresses:read_addresses",
        published=True,
    ),
    Reader(
        "contours",
        Text("Contours of the bureaux"),
        "contours:sniff",
        "contours:read_contours",
        asks="vintage",
        published=True,
    ),
    Reader(
        "squares",
        Text("Census squares of 200 m (INSEE)"),
        "squares:sniff",
        "squares:read_squares",
        published=True,
    ),
    Reader("electors", Text("Registered per address"), "electors:sniff", "electors:read_electors"),
    Reader(
        "reu",
        Text("Addresses of the electoral roll, with their bureau (INSEE, REU)"),
        "reu:sniff",
        "reu:read_roll",
        published=True,
    ),
    Reader(
        "reu_bureaux",
        Text("Polling places of the electoral roll (INSEE, REU)"),
        "reu:sniff_bureaux",
        "reu:read_polling_places",
        published=True,
    ),
    Reader(
        "reu_bureaux",
        Text("Polling places of the electoral roll (INSEE, REU)"),
        "polling_places:sniff",
        "polling_places:read_polling_places",
    ),
    Reader(
        "quarters",
        Text("Quarters: IRIS of INSEE, or the town's own polygons"),
        "quarters:sniff",
        "quarters:read_quarters",
    ),
    Reader(
        "streets",
        Text("Streets (OpenStreetMap, .osm.pbf)"),
        "openstreetmap:sniff_extract",
        "openstreetmap:read_extract",
    ),
    Reader(
        "streets",
        Text("Streets (OpenStreetMap, Overpass JSON)"),
        "openstreetmap:sniff_overpass",
        "openstreetmap:read_overpass",
    ),
    Reader(
        "streets",
        Text("Streets (BD TOPO, troncon_de_route)"),
        "bd_topo:sniff",
        "bd_topo:read_bd_topo",
    ),
    Reader(
        "streets",
        Text("Streets (graph as text)"),
        "street_graphs:sniff",
        "street_graphs:read_street_graph",
    ),
)
ROLES = tuple(dict.fromkeys(reader.role for reader in READERS))
PUBLISHED = tuple(dict.fromkeys(reader.role for reader in READERS if reader.published))


def role_of(glance: Glance) -> str:
    """Return what a file is probably read as; `unused` when nothing speaks for any role."""
    surest = max(READERS, key=lambda reader: reader.sniff(glance))
    return surest.role if surest.sniff(glance) else UNUSED


def why_nothing(glance: Glance) -> Text | None:
    """Say why nothing of a file can be read, whatever it is taken for; None where it can."""
    if not glance.mistaken:
        return None
    what, way = glance.mistaken
    return Text("It is {what}: nothing can be read of it. {way}", what=what, way=way)


def why_unused(glance: Glance) -> Text | None:
    """Say why a file is read as nothing though its name speaks of a role; None where it does not.

    The page that lists files says it beside « not used », or it would seem to be overlooked.
    """
    if why := why_nothing(glance):
        return why
    called = {
        "general_results": r"general_results",
        "candidats_results": r"candidats_results",
        "addresses": r"adresses-\w+",
        "reu": r"table-adresses-reu",
        "reu_bureaux": r"table-bv-reu|lieux?.de.vote|bureaux?.de.votes?",
        "squares": r"200m",
        "electors": r"electeurs_par_adresse",
        "contours": r"contours|secteurs-des-bureaux",
    }
    labels = {reader.role: reader.label for reader in READERS}
    for role, pattern in called.items():
        if re.search(pattern, glance.name, re.IGNORECASE):
            return Text(
                "Its name says: {label}. Its header does not: {columns}. Give the file as it was "
                "published, or say what it is.",
                label=labels[role],
                columns=some(sorted(glance.columns - {""}), most=6) or Text("no columns"),
            )
    if glance.suffix in TABLES and len(names := sorted(glance.columns - {""})) > 1:
        return Text(
            "No table read here has this header: {columns}. Say what it is, or give another file.",
            columns=some(names, most=6),
        )
    return None


def reader_of(role: str, file: Path | None = None) -> Reader:
    """Return the reader of a role; where it has several, the one that is surest of the file."""
    readers = [reader for reader in READERS if reader.role == role]
    if len(readers) == 1 or file is None or not file.is_file():
        return readers[0]
    with file.open("rb") as stream:
        glance = look(file.name, stream)
    return max(readers, key=lambda reader: reader.sniff(glance))


def _load(name: str) -> Any:  # noqa: ANN401
    module, _colon, function = name.partition(":")
    return getattr(import_module(f"analysis.readers.{module}"), function)
