"""Who was erased, by the random name of their row: so that no older backup brings them back.

The list lies beside the keys, apart from stores and workspaces; a line is 32 digits that lead to
nobody. A restore reads it, whichever backup it restores.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from analysis.contacts.key_ring import ring_file
from analysis.errors import DataError
from analysis.tables.file_lock import held

FILE = "erased.txt"


def file_of(workspaces: Path) -> Path:
    """Return where the list of a folder of workspaces lies."""
    return ring_file(workspaces).with_name(FILE)


def bury(workspaces: Path, people: Iterable[str]) -> None:
    """Add people to the list, and wait until it is on the disk.

    Raises
    ------
    DataError
        When it cannot be written: nobody is erased then, for a backup would bring them back.
    """
    file = file_of(workspaces)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(file.with_suffix(".lock")):
            new = sorted(set(people) - buried(file))
            descriptor = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.writelines(f"{one}\n" for one in new)
                out.flush()
                os.fsync(out.fileno())
    except OSError as error:
        raise DataError(
            "The list of people who were erased cannot be written: nobody was erased.",
            where="{file}: {strerror}",
            mend="Give this user the right to write there, or free some space.",
            file=file,
            strerror=error.strerror,
        ) from error


def buried(file: Path) -> frozenset[str]:
    """Read the names of a list, one a line; none where there is no list."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            "The list of people who were erased cannot be read: nothing was restored.",
            where="{file}",
            mend="Name a text file with one id a line.",
            file=file,
        ) from error
    return frozenset(line.strip() for line in lines if line.strip())
