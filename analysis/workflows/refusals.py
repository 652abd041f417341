"""What a ranking is refused for before its work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.errors import DataError, some
from analysis.exports.registry import MAPS
from analysis.tables.workspace import Workspace


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
