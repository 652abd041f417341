"""Places of France that are known without network: communes, départements, regions, EPCI.

`places.csv.gz` is made by `tools/places_table.py`; its first line says of what, and of which day.
"""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.readers.beginnings import plain

TABLE = Path(__file__).with_name("places.csv.gz")
# The order in which places of one name are offered.
KINDS = (
    "commune",
    "department",
    "region",
    "epci",
    "constituency",
    "arrondissement",
    "abroad",
    "consulate",
    "former",
)


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place as the official codes name it.

    Attributes
    ----------
    kind
        One of `KINDS`: `former` is a commune that is part of another by now, `arrondissement`
        one of Paris, Lyon or Marseille, `abroad` all French citizens abroad, `consulate` those
        who vote at one post.
    code, name
        INSEE code (SIREN of an EPCI); official name, empty for some former communes.
    department
        Code of its département; of an EPCI, that of its first commune.
    within
        What it lies in: the commune of a former one or of an arrondissement, the EPCI of a
        commune, the region of a département.
    population
        Legal, 0 where it is not told.
    postal
        Postal codes.
    """

    kind: str
    code: str
    name: str
    department: str = ""
    within: tuple[str, ...] = ()
    population: int = 0
    postal: tuple[str, ...] = ()


@cache
def known_places() -> tuple[KnownPlace, ...]:
    """Return every place of the table, in its order."""
    return tuple(
        KnownPlace(kind, code, name, of, tuple(within.split()), int(size or 0), tuple(post.split()))
        for kind, code, name, of, within, size, post, _article in _rows()
    )


@cache
def departments() -> dict[str, KnownPlace]:
    """Return the départements by code."""
    return {place.code: place for place in known_places() if place.kind == "department"}


@cache
def communes() -> dict[str, KnownPlace]:
    """Return the communes of today by code."""
    return {place.code: place for place in known_places() if place.kind == "commune"}


@cache
def joined() -> dict[str, str]:
    """Return the EPCI of each commune that is in one, both by code (SIREN: nine digits)."""
    siren = 9
    return {c.code: e for c in communes().values() for e in c.within if len(e) == siren}


_OF_ARRONDISSEMENTS = frozenset({"75056", "13055", "69123"})


def officially_spelt(commune: str, name: str) -> str:
    """Return the official spelling of a commune's name: files write « SAINT-ETIENNE ».

    Parameters
    ----------
    commune
        Its code.
    name
        As a file has it; another name than the official one stays, but for the code itself and
        « Paris 18e Arrondissement ».
    """
    known = communes().get(commune)
    if known is None or known.name == name:
        return name
    part = commune in _OF_ARRONDISSEMENTS and plain(name).startswith(plain(known.name))
    return known.name if part or plain(name) in {plain(known.name), plain(commune)} else name


@cache
def _names() -> dict[str, str]:
    # Where two places share a code the first of the table has it.
    return {place.code: place.name for place in reversed(known_places()) if place.name}


def place_name(code: str) -> str:
    """Return the name of a commune, département or other place with its code; else the code."""
    return f"{_names()[code]} ({code})" if code in _names() else code


@cache
def movements() -> dict[str, str]:
    """Return the code of each commune that is no more → that of the commune it is part of."""
    gone = {code: within for _kind, code, _name, _of, within, *_ in _rows("former;")}
    return {code: now for code, now in gone.items() if code != now}


@cache
def with_article(department: str) -> str:
    """Return the name of a département after "of": « de la Gironde », « du Nord »."""
    articles = {code: article for _kind, code, *_, article in _rows("department;")}
    links = ("de ", "d’", "du ", "de la ", "des ", "de l’", "des ", "de las ", "de los ")
    return links[int(articles[department] or 0)] + departments()[department].name


@cache
def about() -> str:
    """Return the first line of the table: its source, the day of its codes, its licence."""
    with gzip.open(TABLE, "rt", encoding="utf-8") as file:
        return " · ".join(file.readline().strip("# \n").split(" | ")[:3])


def _rows(start: str = "") -> Iterator[list[str]]:
    """Give the lines of the table, or those that start so: readers ask for the former ones."""
    with gzip.open(TABLE, "rt", encoding="utf-8") as file:
        lines = itertools.islice(file, 2, None)
        yield from csv.reader((li for li in lines if li.startswith(start)), delimiter=";")
