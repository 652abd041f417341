"""What a place keeps under names that people give: a folder of JSON files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from analysis.errors import DataError
from analysis.tables.whole_files import written_whole

_SUFFIX = ".json"
LONGEST_NAME = 60
# Of a file's name: 60 letters may be 240 bytes, and a disk takes no more than 255 with the rest.
_MOST_BYTES = 120
# What a file that was cut, edited by hand or made by another program answers when it is read.
_UNREAD = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    DataError,
)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


@dataclass(frozen=True)
class Shelf(Generic[T]):
    """What is kept in a folder.

    Attributes
    ----------
    found
        By name, in the order of the alphabet.
    files
        Where each is kept, by name.
    unread
        Files that cannot be read.
    """

    found: Mapping[str, T]
    files: Mapping[str, Path]
    unread: tuple[Path, ...]


def look(folder: Path, read: Callable[[Any], T]) -> Shelf[T]:
    """Read what a folder keeps; a file that cannot be read hides no other.

    Parameters
    ----------
    folder
        There need be none.
    read
        What was kept, from what its file tells.
    """
    found: dict[str, tuple[T, Path]] = {}
    unread = []
    for file in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            one = read(told)
            if one.name in found:
                # A copy that somebody made of the file.
                one = read({**told, "name": f"{one.name} ({file.stem})"})
        except _UNREAD:
            unread.append(file)
        else:
            found[one.name] = one, file
    names = sorted(found, key=str.casefold)
    return Shelf(
        {name: found[name][0] for name in names},
        {name: found[name][1] for name in names},
        tuple(unread),
    )


def put(folder: Path, shelf: Shelf[T], name: str, told: Mapping[str, Any]) -> Path:
    """Keep something under a name, in the place of what is kept under it.

    Parameters
    ----------
    folder
        Made where there is none.
    shelf
        What it keeps.
    name
        As somebody typed it.
    told
        What to keep, as JSON can tell it.

    Returns
    -------
    pathlib.Path
        The file, called as its name where no other file is.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    file = shelf.files.get(name) or _free_file(folder, name)
    try:
        folder.mkdir(exist_ok=True)
        with written_whole(file) as aside:
            aside.write_text(
                json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
            )
    except OSError as error:
        raise DataError(
            "This cannot be kept in the workspace.",
            where="{path}: {strerror}",
            mend="Let the workspace be written to, on a disk with room.",
            path=file,
            strerror=error.strerror,
        ) from error
    return file


def forget(shelf: Shelf[T], name: str) -> None:
    """Take away what is kept under a name, if anything is.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    if name not in shelf.files:
        return
    try:
        shelf.files[name].unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            "This cannot be deleted from the workspace.",
            where="{path}: {strerror}",
            mend="Let the workspace be written to.",
            path=shelf.files[name],
            strerror=error.strerror,
        ) from error


def _free_file(folder: Path, name: str) -> Path:
    plain = "".join(one if one.isalnum() or one in " -_,." else "_" for one in name).strip(" .")
    plain = plain.encode()[:_MOST_BYTES].decode(errors="ignore")
    file = folder / f"{plain or '_'}{_SUFFIX}"
    # "a/b" and "a_b" are two names, and so are two that a disk does not tell apart; what cannot
    # be read is somebody's too.
    number = 1
    while file.exists():
        number += 1
        file = folder / f"{plain or '_'} ({number}){_SUFFIX}"
    return file
