"""The versions of a campaign's script, kept one file each: a change adds one, none goes."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from analysis.errors import DataError
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.questionnaire import Script, checked, read_script, to_toml

SCRIPTS = "scripts"
_FILE = re.compile(r"(\d{4})-([0-9a-f]{12})\.toml")


def versions(workspace: Path | str) -> dict[str, Script]:
    """Return every version of the script of a workspace by its digest, the one in use last.

    Raises
    ------
    DataError
        When a file of them was changed, or cannot be read.
    """
    found: dict[str, Script] = {}
    for file in _files(workspace):
        version = file.stem.partition("-")[2]
        found.pop(version, None)
        found[version] = _read(file, version)
    return found


def current(workspace: Path | str) -> Script | None:
    """Return the script in use; None before the first."""
    return next(reversed(versions(workspace).values()), None)


def keep(workspace: Path | str, script: Script) -> str:
    """Keep a script as the one in use, and return its version; the same again adds nothing.

    Raises
    ------
    DataError
        When it cannot be used, or the folder cannot be written to.
    """
    version = checked(script).version
    files = _files(workspace)
    if files and files[-1].stem.endswith(version):
        return version
    folder = Path(workspace) / FOLDER / SCRIPTS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{secrets.token_hex(4)}"
        aside.write_bytes(to_toml(script))
        _link(aside, folder, len(files) + 1, version)
    except OSError as error:
        raise DataError(
            "The script of this workspace cannot be written.",
            where="{folder}: {strerror}",
            mend="Name the folder of a workspace that may be written to, on a disk with room.",
            folder=folder,
            strerror=error.strerror,
        ) from error
    return version


def _link(aside: Path, folder: Path, number: int, version: str) -> None:
    """Give a file the next number that nobody has taken meanwhile."""
    try:
        while [*folder.glob(f"{number:04}-*.toml")]:
            number += 1
        os.link(aside, folder / f"{number:04}-{version}.toml")
    finally:
        aside.unlink()


def _files(workspace: Path | str) -> list[Path]:
    folder = Path(workspace) / FOLDER / SCRIPTS
    return sorted(file for file in folder.glob("*.toml") if _FILE.fullmatch(file.name))


def _read(file: Path, version: str) -> Script:
    try:
        script = read_script(file.read_bytes(), file=str(file))
    except OSError as error:
        raise _changed(file) from error
    if script.version != version:
        raise _changed(file)
    return script


def _changed(file: Path) -> DataError:
    return DataError(
        "A version of the script was changed after it was kept, or cannot be read.",
        where="{file}",
        mend="Restore it from a copy: answers that came back name it. A change is a new version: "
        "python -m analysis script set FILE.",
        file=file,
    )
