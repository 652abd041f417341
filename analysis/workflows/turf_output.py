"""Write turfs, what is in none, and the summary; then the sheets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import pandas as pd
import shapely

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.turf.graph import StreetGraph
from analysis.turf.walk_list import Walks
from analysis.workflows.turf_folder import clear, earlier, set_aside, write_summary

if TYPE_CHECKING:
    from analysis.exports.field_kit.sheets import Options

_DECIMALS = {"latitude": 6, "longitude": 6, "minutes": 2, "walk_m": 1}


def write_walks(
    walks: Walks, out: Path, sheets: Callable[[], list[Path]] | None = None
) -> tuple[list[Path], list[str]]:
    """Write `turfs.csv`, `uncut.csv` and `summary.json`; the same walks give the same bytes.

    Parameters
    ----------
    walks
        What is written.
    out
        Folder; made if need be. What an earlier run wrote there and this one does not is
        removed; what was changed since is kept under another name; the rest is left alone.
    sheets
        Writes more files into the folder and returns them.

    Returns
    -------
    tuple
        The files, and what became of those of an earlier run, in words.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    texts = {"turfs.csv": _csv(walks.turfs.round(_DECIMALS)), "uncut.csv": _csv(walks.uncut)}
    before = earlier(out)
    said = set_aside(before)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8", newline="")
        written = [*(out / name for name in texts), *(sheets() if sheets else ())]
        # Last: until it is there, the folder is the earlier run's.
        written.append(write_summary(out, walks.summary, written))
    except OSError as error:
        raise DataError(
            "The turfs cannot be written there.",
            where="{out}: {strerror}",
            mend="Name a folder that may be written to, on a disk with room.",
            out=out,
            strerror=error.strerror,
        ) from error
    return written, said + clear(before, written)


def write_all(
    walks: Walks,
    out: Path,
    workspace: Workspace,
    *,
    graph: StreetGraph | None = None,
    **options: Unpack[Options],
) -> tuple[list[Path], list[str]]:
    """Write the tables, then sheets, phone pages and map files of the same turfs."""
    from analysis.exports.field_kit.sheets import write_sheets  # reads fonts and PDF machinery

    streets = None if graph is None else shapely.linestrings(graph.nodes[graph.edges])

    def sheets() -> list[Path]:
        return write_sheets(walks, out, workspace=workspace, streets=streets, **options)

    return write_walks(walks, out, sheets)


def _csv(table: pd.DataFrame) -> str:
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text
