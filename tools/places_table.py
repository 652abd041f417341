"""Make the table of places that Palier knows without network, from a package of official codes.

    npm pack @etalab/decoupage-administratif@6.0.0
    python -m tools.places_table etalab-decoupage-administratif-6.0.0.tgz general_results.parquet \
        --vintage 2026-01-01

Writes `analysis/readers/places.csv.gz` (INSEE's Code officiel géographique, legal populations,
La Poste's postal codes; codes and names of consulates, which the Ministry of the Interior tells in
« Données des élections agrégées » only; Licence Ouverte) and prints what was left out. The same
files give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

TARGET = Path(__file__).parents[1] / "analysis" / "readers" / "places.csv.gz"
COLUMNS = ("kind", "code", "name", "department", "within", "population", "postal", "article")
_LICENCE = "Licence Ouverte 2.0 (INSEE, DGCL, La Poste, Intérieur); code of the package MIT"
_SOURCE = "npm @etalab/decoupage-administratif {version}"
# Nobody votes in them: lands of the south, Clipperton.
_EMPTY = {"984", "989"}
# Became collectivities of their own in 2007, with new codes.
_OWN_SINCE_2007 = {"977", "978"}
_FORMER = {"commune-deleguee", "commune-associee"}

Row = tuple[str, ...]
Entries = list[dict[str, Any]]


def rows(read: dict[str, Entries], dropped: Counter[str]) -> Iterator[Row]:
    """Return the lines of the table; what is left out is counted in `dropped`."""
    groups = [*read["epci"], *read["ept"]]
    for entry in read["regions"]:
        yield _row("region", entry)
    for entry in read["departements"]:
        if entry["code"] not in _EMPTY:
            yield _row("department", entry, entry["code"], entry["region"])
    for group in groups:
        first = next((m["code"] for m in group["membres"]), "")
        size = str(group.get("populationMunicipale") or "")
        yield "epci", group["code"], group["nom"], _department(first), "", size, "", ""
    communes = [entry for entry in read["communes"] if entry["departement"] not in _EMPTY]
    yield from _today(communes, groups)
    yield from _former(communes, dropped)


def _today(communes: Entries, groups: Entries) -> Iterator[Row]:
    """Return the communes of today, each with its EPCI, and the arrondissements of three."""
    of: dict[str, list[str]] = {}
    for group in groups:
        for member in group["membres"]:
            of.setdefault(member["code"], []).append(group["code"])
    for entry in communes:
        if entry["type"] == "commune-actuelle":
            yield _row("commune", entry, within=" ".join(of.get(entry["code"], [])))
        elif entry["type"] == "arrondissement-municipal":
            yield _row("arrondissement", entry, within=entry["commune"])


def _former(communes: Entries, dropped: Counter[str]) -> Iterator[Row]:
    """Return communes that are part of another: by name where they have one, else by code."""
    named = [entry for entry in communes if entry["type"] in _FORMER]
    for entry in named:
        yield _row("former", entry, within=entry["chefLieu"])
    told = {entry["code"] for entry in named}
    for entry in communes:
        for code in entry.get("anciensCodes", []):
            if code in told:
                continue
            # Départements were cut anew in 1968 and 1976; no result by bureau is that old.
            kept = code[:2] == entry["code"][:2] or entry["departement"] in _OWN_SINCE_2007
            if kept:
                yield "former", code, "", _department(entry["code"]), entry["code"], "", "", ""
            else:
                dropped["codes of before 1999, of another département"] += 1


def consulates(results: Path) -> Iterator[Row]:
    """Return all who vote abroad, and each post as the newest round names it."""
    columns = ["id_election", "code_commune", "libelle_commune"]
    table = pd.read_parquet(results, columns=columns, filters=[("code_departement", "==", "ZZ")])
    newest = table.dropna().sort_values("id_election").groupby("code_commune").last()
    yield "abroad", "ZZ", "Français établis hors de France", "ZZ", "", "", "", ""
    for code, name in newest["libelle_commune"].items():
        yield "consulate", str(code), str(name).strip(), "ZZ", "ZZ", "", "", ""


def _row(kind: str, entry: dict[str, Any], department: str = "", within: str = "") -> Row:
    article = str(entry.get("typeLiaison", "")) if kind == "department" else ""
    return (
        kind,
        entry["code"],
        entry["nom"],
        department or entry.get("departement", ""),
        within,
        str(entry.get("population", "")),
        " ".join(entry.get("codesPostaux", [])),
        article,
    )


def _department(commune: str) -> str:
    return commune[:3] if commune[:2] in {"97", "98"} else commune[:2]


def read_package(package: Path) -> tuple[dict[str, Entries], str]:
    """Return the tables of the package by name, and its version."""
    with tarfile.open(package) as archive:

        def load(name: str) -> Any:  # noqa: ANN401
            file = archive.extractfile(f"package/{name}")
            if file is None:
                raise SystemExit(f"{package.name} lacks {name}")
            return json.load(file)

        names = ("regions", "departements", "epci", "ept", "communes")
        return {name: load(f"data/{name}.json") for name in names}, load("package.json")["version"]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--vintage", required=True, help="Day of the official codes.")
    given = parser.parse_args()
    read, version = read_package(given.package)
    dropped: Counter[str] = Counter()
    text = io.StringIO()
    digest = hashlib.sha256(given.package.read_bytes()).hexdigest()
    about = (_SOURCE.format(version=version), f"codes of {given.vintage}", _LICENCE, digest)
    text.write(f"# {' | '.join(about)}\n")
    table = csv.writer(text, delimiter=";", lineterminator="\n")
    table.writerow(COLUMNS)
    made = sorted([*rows(read, dropped), *consulates(given.results)])
    table.writerows(made)
    TARGET.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0))
    print(f"{TARGET}: {TARGET.stat().st_size / 1e3:.0f} kB, {dict(Counter(r[0] for r in made))}")
    print(f"left out: {dict(dropped)}")


if __name__ == "__main__":
    main()
