"""What of people lies beside the workspaces: their keys, and the objections of controllers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from analysis.contacts import tombstones
from analysis.contacts.key_ring import FOLDER, add_keys, ring_file
from analysis.contacts.suppression import FILE as OBJECTIONS

PART = "people"
_KEYS = "people.json"


def beside(workspaces: Iterable[Path]) -> Iterator[tuple[str, Path, bool]]:
    """Yield the parts of a backup that lie beside the workspaces.

    Parameters
    ----------
    workspaces
        Folders that are backed up.

    Yields
    ------
    tuple
        Name of the part, file, and whether it belongs to the keys.
    """
    for number, folder in enumerate(sorted({one.resolve().parent for one in workspaces})):
        if (keys := ring_file(folder)).is_file():
            yield f"{PART}/{number}/{_KEYS}", keys, True
        if (erased := tombstones.file_of(folder)).is_file():
            yield f"{PART}/{number}/{tombstones.FILE}", erased, True
        if (objections := folder / FOLDER / OBJECTIONS).is_file():
            yield f"{PART}/{number}/{OBJECTIONS}", objections, False


def saved_keys(aside: Path) -> list[Path]:
    """Return the files of keys of a backup that was unpacked."""
    return sorted((aside / PART).glob(f"*/{_KEYS}"))


def erased_before(aside: Path, into: Path) -> frozenset[str]:
    """Return who is on the list of this machine, or on that of a backup that was unpacked."""
    saved = [tombstones.buried(one) for one in sorted((aside / PART).glob(f"*/{tombstones.FILE}"))]
    return tombstones.buried(tombstones.file_of(into)).union(*saved)


def put_beside(aside: Path, into: Path, *, only_check: bool = False) -> None:
    """Add what was saved to what is there; no key is replaced and no objection is lost.

    Parameters
    ----------
    aside
        Where a backup was unpacked.
    into
        Folder of the workspaces.
    only_check
        Change nothing.

    Raises
    ------
    DataError
        When other keys are there under the same names.
    """
    for saved in saved_keys(aside):
        add_keys(into, saved, only_check=only_check)
    if not only_check and (erased := erased_before(aside, into)):
        tombstones.bury(into, erased)
    for saved in () if only_check else sorted((aside / PART).glob(f"*/{OBJECTIONS}")):
        there = into / FOLDER / OBJECTIONS
        there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not there.exists():
            os.replace(saved, there)
            continue
        with closing(sqlite3.connect(there)) as objections:
            objections.execute("ATTACH ? AS saved", (str(saved),))
            with objections:
                objections.execute(
                    "INSERT OR IGNORE INTO main.suppression SELECT * FROM saved.suppression"
                )
