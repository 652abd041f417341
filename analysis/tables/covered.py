"""`covered.csv` of a workspace: which share of its doors was visited, bureau by bureau.

People write it, the field writes it, and every ranking reads it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from analysis.errors import DataError, some
from analysis.tables.file_lock import held
from analysis.tables.spreadsheet_text import as_named, csv_text, plain
from analysis.tables.whole_files import written_whole

COVERED = "covered.csv"


def read_covered(folder: Path, ids: pd.Series, *, whole: bool = True) -> np.ndarray:
    """Return the share of doors already visited in each bureau; 0 where nothing is said.

    Parameters
    ----------
    folder
        Of the workspace. Its file `covered.csv`, if there is one, has the columns `bureau_id` and
        `covered`, a share from 0 to 1.
    ids
        The bureaux wanted.
    whole
        Whether `ids` are all bureaux of the workspace, so that another one is a mistake.

    Returns
    -------
    numpy.ndarray
        One share from 0 to 1 per id.

    Raises
    ------
    DataError
        When the file names bureaux that do not exist, or shares outside 0 to 1.
    """
    covered = _read(folder / COVERED)
    if covered is None:
        return np.zeros(len(ids))
    share = pd.to_numeric(covered["covered"].str.replace(",", "."), errors="coerce")
    if (wrong := ~share.between(0, 1)).any():
        raise DataError(
            "The share of visited doors must be a number between 0 and 1.",
            where="{covered}: {bureau_id}",
            mend="Write 0.4 for 40 doors in 100.",
            covered=COVERED,
            bureau_id=some(covered["bureau_id"][wrong]),
        )
    unknown = sorted(set(covered["bureau_id"]) - set(ids)) if whole else []
    if unknown or covered["bureau_id"].duplicated().any():
        twice = covered["bureau_id"][covered["bureau_id"].duplicated()]
        raise DataError(
            "The table of visited doors names bureaux that this place does not have, or twice.",
            where="{covered}: {unknown}",
            mend="Write each bureau once, as the ranking does: 75056_0101.",
            covered=COVERED,
            unknown=some([*unknown, *twice]),
        )
    known = pd.Series(share.to_numpy(), index=covered["bureau_id"])
    return ids.map(known).fillna(0.0).to_numpy()


def update_covered(folder: Path, shares: Mapping[str, str]) -> None:
    """Write shares by `bureau_id` into a workspace; other bureaux keep what its file says.

    Raises
    ------
    DataError
        When the file there is none of ours, or cannot be written.
    """
    file = folder / COVERED
    try:
        # What somebody brings meanwhile is not written over with what stood before it.
        with _alone(folder), written_whole(file) as aside:
            known = _read(file)
            given = () if known is None else zip(known["bureau_id"], known["covered"], strict=True)
            rows = sorted((dict(given) | dict(shares)).items())
            table = pd.DataFrame(rows, columns=["bureau_id", "covered"], dtype="str")
            aside.write_text(csv_text(table), encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            "The shares already visited cannot be written.",
            where="{file}: {strerror}",
            mend="Make room on the disk, and give this user the right to write there.",
            file=file,
            strerror=error.strerror,
        ) from error


def bring_covered(folder: Path, content: bytes, ids: pd.Series) -> None:
    """Put a file that somebody filled in into a workspace; a wrong one leaves it as it was.

    Parameters
    ----------
    folder
        Of the workspace.
    content
        The file.
    ids
        The bureaux in view; others may stand in the file too.

    Raises
    ------
    DataError
        As `read_covered`.
    """
    # Read aside: who counts meanwhile, or a machine that stops, sees the old file or the new one.
    with _alone(folder), TemporaryDirectory(prefix=".covered-", dir=folder) as aside:
        (Path(aside) / COVERED).write_bytes(content)
        read_covered(Path(aside), ids, whole=False)
        (Path(aside) / COVERED).replace(folder / COVERED)


def forget_covered(folder: Path) -> None:
    """Take away what a workspace knows of visits."""
    (folder / COVERED).unlink(missing_ok=True)


def _alone(folder: Path) -> AbstractContextManager[None]:
    return held(folder / ".covered.lock")


def _read(file: Path) -> pd.DataFrame | None:
    if not file.is_file():
        return None
    try:
        # Excel in French writes semicolons, scripts write commas.
        table = pd.read_csv(file, sep=None, engine="python", dtype="str", encoding="utf-8-sig")
        return plain(as_named(table)[["bureau_id", "covered"]].dropna())
    except (KeyError, ValueError, OSError, csv.Error) as error:
        raise DataError(
            "The table of visited doors cannot be read.",
            where="{file}: {error}",
            mend="Give it two columns, bureau_id and covered, in UTF-8.",
            file=file.name,
            error=error,
        ) from error
