"""Write turfs, what is in none, and the summary; then the sheets."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import shapely

from analysis.errors import DataError
from analysis.turf.graph import StreetGraph
from analysis.turf.walk_list import Walks
from analysis.workspace import Workspace

_DECIMALS = {"latitude": 6, "longitude": 6, "minutes": 2, "walk_m": 1}


def write_walks(walks: Walks, out: Path) -> list[Path]:
    """Write `turfs.csv`, `uncut.csv` and `summary.json`; the same walks give the same bytes.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    summary = json.dumps(walks.summary, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    texts = {
        "turfs.csv": _csv(walks.turfs.round(_DECIMALS)),
        "uncut.csv": _csv(walks.uncut),
        "summary.json": summary,
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            "The turfs cannot be written there.",
            where=f"{out}: {error.strerror}",
            mend="Name a folder that may be written to, on a disk with room.",
        ) from error
    return [out / name for name in texts]


def write_all(
    walks: Walks,
    out: Path,
    workspace: Workspace,
    *,
    graph: StreetGraph | None = None,
    language: str = "fr",
) -> list[Path]:
    """Write the tables, then sheets, phone pages and map files of the same turfs."""
    from analysis.exports.sheets import write_sheets  # reads fonts and PDF machinery

    streets = None if graph is None else shapely.linestrings(graph.nodes[graph.edges])
    written = write_walks(walks, out)
    sheets = write_sheets(walks, out, language=language, workspace=workspace, streets=streets)
    return [*written, *sheets]


def _csv(table: pd.DataFrame) -> str:
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text
