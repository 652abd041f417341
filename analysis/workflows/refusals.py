"""What a ranking is refused for before its work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import DataError, some
from analysis.exports.registry import MAPS
from analysis.readers.codes import OF_ARRONDISSEMENTS
from analysis.tables.workspace import Workspace

# Saint-Barthélemy, Saint-Martin, Wallis-et-Futuna and the French abroad elect no council of a
# commune; nor, with the other collectivities overseas, of a département or region.
_NO_COMMUNE = ("977", "978", "986", "ZZ")
_NO_REGION = (*_NO_COMMUNE, "975", "987", "988")
# Paris, Corsica, Guyane and Martinique elect no council of a département; nor does Lyon.
_NO_DEPARTMENT, _LYON = (*_NO_REGION, "75", "2A", "2B", "972", "973"), "69123"
_NOT_IN = {
    "muni": _NO_COMMUNE,
    "regi": _NO_REGION,
    "dpmt": _NO_DEPARTMENT,
    # Corsica, Guyane and Martinique elected such councils until 2015.
    "cant": (*_NO_REGION, "75"),
}


def one_choice(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Let the bloc or the candidates that are asked for take the place of both in a file."""
    told = {name: asked[name] for name in ("bloc", "candidates") if asked.get(name)}
    if len(told) > 1:
        raise DataError(
            "Votes are counted for a bloc or for candidates, not for both.",
            where="--bloc {bloc} --candidates {candidates}",
            mend="Give one of the two: --bloc or --candidates.",
            bloc=asked["bloc"],
            candidates=" ".join(asked["candidates"]),
        )
    return {**asked, **({"bloc": "", "candidates": []} | told if told else {})}


def is_held(election_id: str, places: pd.DataFrame) -> bool:
    """Tell whether an election is held in some commune of `places` (the canonical table)."""
    kind = f"{election_id}_".split("_")[1]
    if kind == "arrd":
        return bool(places["commune_id"].isin(OF_ARRONDISSEMENTS).any())
    without = places["department_id"].isin(_NOT_IN.get(kind, ()))
    if kind == "dpmt":
        without |= places["commune_id"] == _LYON
    return places.empty or not bool(without.all())


def refuse_unheld(workspace: Workspace, election_id: str) -> None:
    """Refuse a coming election that is not held in any commune of the workspace.

    Raises
    ------
    DataError
        When Paris, say, is asked about the councils of départements.
    """
    places = workspace.read("places")
    if is_held(election_id, places) or election_id in set(workspace.read("elections").election_id):
        return
    raise DataError(
        "There is no such election here: {election}.",
        where="{places}",
        mend="Paris, Corsica, Guyane, Martinique and Lyon elect no council of a département, the "
        "collectivities overseas none of a region either, and the French abroad, Saint-Barthélemy, "
        "Saint-Martin and Wallis-et-Futuna none at all; only Paris, Lyon and Marseille elect "
        "councils of arrondissements. Choose another election.",
        election=election_id,
        places=some(places["name"]),
    )


def refuse_unknown(workspace: Workspace, election_id: str) -> None:
    """Refuse an election whose results are not in a workspace.

    Raises
    ------
    DataError
        With those that are.
    """
    known = workspace.read("elections")["election_id"]
    if election_id not in set(known):
        raise DataError(
            "The election {election} is not in this workspace.",
            where="elections: {elections}",
            mend="Choose one of these, or build the workspace with its results.",
            election=election_id or "—",
            elections=some(known, most=20),
        )


def refuse_without_contours(workspace: Workspace, places: Sequence[str], out: Path) -> None:
    """Refuse a map of a place without contours before the ranking, which takes its time.

    Parameters
    ----------
    workspace
        The place.
    places
        Communes or départements of it; empty: all.
    out
        The file, whose suffix says whether it is a map.
    """
    if out.suffix.lower() not in MAPS:
        return
    here = workspace.read("places")
    if asked := list(places):
        here = here[here["commune_id"].isin(asked) | here["department_id"].isin(asked)]
    drawn: list[str] = []
    if workspace.has("bureaux"):
        codes = workspace.read_arrow("bureaux", columns=["commune_id"])["commune_id"]
        drawn = codes.unique().to_pylist()
    # That a place is unknown is for the ranking to say.
    if here.empty or here["commune_id"].isin(drawn).any():
        return
    raise DataError(
        "There is no map to write as {suffix}: no bureau has a contour.",
        where="{workspace_path}",
        mend="Build the workspace with --contours, or write a table: .csv, .xlsx, .parquet or "
        ".geojson.",
        suffix=out.suffix,
        workspace_path=": ".join(filter(None, (str(workspace.path), some(places)))),
    )
