"""Blocs given again to the candidates of a workspace, without reading its results again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.readers.blocs import give_blocs, read_blocs, without_bloc
from analysis.tables.schema import CANDIDATES
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace, writing


def relabel(path: Path | str, blocs: pd.DataFrame | None = None) -> Workspace:
    """Give the candidates of a workspace their blocs; on any error it stays as it was.

    Parameters
    ----------
    path
        The workspace.
    blocs
        What its `blocs.csv` holds from now on: columns `election`, `key`, `bloc`,
        `source`. None to take that file as it is, edited by hand.

    Raises
    ------
    DataError
        When the workspace or the table of blocs cannot be read.
    """
    place = Workspace(path)
    given = read_blocs(place.path / "blocs.csv") if blocs is None else blocs
    candidates = place.read("candidates")
    with writing(place.path) as writer:
        writer.put_text("blocs.csv", csv_text(given))
        # Read back: a key given twice or an empty bloc is refused before anything counts.
        checked = read_blocs(writer.aside / "blocs.csv")
        candidates = candidates.assign(bloc=give_blocs(candidates, checked))
        unplaced = without_bloc(candidates)[["election_id", "candidate_id", "votes"]]
        # The other tables stay where they are.
        writer.tables.update(place.manifest["tables"])
        writer.put("candidates", CANDIDATES.check(candidates))
        writer.describe({**place.manifest, "without_bloc": unplaced.to_dict("records")})
    return Workspace(path)
