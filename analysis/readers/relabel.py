"""Blocs given again to the candidates of a workspace, without reading its results again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.errors import DataError
from analysis.readers.blocs import give_blocs, read_blocs, without_bloc
from analysis.tables.file_lock import held
from analysis.tables.schema import CANDIDATES
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace, writing

BLOCS = "blocs.csv"


def version_of(place: Workspace) -> str:
    """Return the SHA-256 of a workspace's table of blocs as it is; "" where there is none."""
    return place.digests.get(BLOCS, "")


def moved_since(seen: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Compare two tables of blocs.

    Returns
    -------
    pandas.DataFrame
        One row for each `election` and `key` whose bloc is another one: `before`, `bloc`, both ""
        where nothing was said.
    """
    keys = ["election", "key"]
    old = seen[[*keys, "bloc"]].rename(columns={"bloc": "before"})
    both = old.merge(now[[*keys, "bloc"]], on=keys, how="outer").fillna("")
    return both[both["before"] != both["bloc"]].reset_index(drop=True)


def relabel(
    path: Path | str, blocs: pd.DataFrame | None = None, *, seen: str | None = None
) -> Workspace:
    """Give the candidates of a workspace their blocs; on any error it stays as it was.

    Parameters
    ----------
    path
        The workspace.
    blocs
        What its `blocs.csv` holds from now on: columns `election`, `key`, `bloc`,
        `source`. None to take that file as it is, edited by hand.
    seen
        `version_of` the table that `blocs` was made from; None where that does not matter.

    Returns
    -------
    Workspace
        As it is now.

    Raises
    ------
    DataError
        When the workspace or the table of blocs cannot be read, or somebody else changed the
        blocs since they were `seen`.
    """
    folder = Path(path)
    if not folder.is_dir():
        return Workspace(folder)  # refuses
    # One after the other: two who save at once would each put their own in place of both.
    with held(folder / ".blocs.lock"):
        place = Workspace(folder)
        if seen is not None and seen != version_of(place):
            raise DataError(
                "Somebody else changed the blocs meanwhile: nothing of yours was kept.",
                where="{file}",
                mend="Look at what holds now, then change what you still want to.",
                file=BLOCS,
            )
        return _relabelled(place, read_blocs(place.path / BLOCS) if blocs is None else blocs)


def _relabelled(place: Workspace, given: pd.DataFrame) -> Workspace:
    candidates = place.read("candidates")
    with writing(place.path) as writer:
        writer.put_text(BLOCS, csv_text(given))
        # Read back: a key given twice or an empty bloc is refused before anything counts.
        checked = read_blocs(writer.aside / BLOCS)
        candidates = candidates.assign(bloc=give_blocs(candidates, checked))
        unplaced = without_bloc(candidates)[["election_id", "candidate_id", "votes"]]
        # The other tables stay where they are.
        writer.tables.update(place.manifest["tables"])
        writer.put("candidates", CANDIDATES.check(candidates))
        writer.describe({**place.manifest, "without_bloc": unplaced.to_dict("records")})
    return Workspace(place.path)
