"""The argument for a quarter as the campaign wrote it: three sentences a bureau or a zone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.errors import DataError
from analysis.fieldwork.campaign import FOLDER
from analysis.tables.whole_files import written_whole

MOST_SENTENCES, LONGEST = 3, 200
_FILE = "arguments.json"
# By bureau, or "kind:zone": by language, the sentences.
Arguments = Mapping[str, Mapping[str, Sequence[str]]]


def arguments_in(workspace: Path | str) -> Arguments:
    """Return what the campaign wrote, by bureau (`99900_0001`) or zone (`quartier:75-18`).

    Raises
    ------
    DataError
        When the file is there and cannot be read.
    """
    file = Path(workspace) / FOLDER / _FILE
    if not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(key): {str(name): [str(one) for one in said] for name, said in spoken.items()}
            for key, spoken in told.items()
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(
            "The arguments of the campaign cannot be read.",
            where="{file}: {error}",
            mend="Restore arguments.json from a copy, or delete it: figures of the place stand in.",
            file=file,
            error=error,
        ) from error


def write_argument(
    workspace: Path | str, key: str, language: str, sentences: Sequence[str]
) -> Arguments:
    """Write the sentences for a bureau or a zone in a language; none gives the figures back.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    key
        Id of a bureau, or kind and id of a zone: `quartier:75-18`.
    language
        Of the sentences, as "fr".
    sentences
        At most three, each of at most 200 characters.

    Returns
    -------
    mapping
        All that is written now.

    Raises
    ------
    DataError
        When there are too many, one is too long, or the folder cannot be written to.
    """
    said = [one.strip().replace("\n", " ") for one in sentences if one.strip()]
    if len(said) > MOST_SENTENCES or any(len(one) > LONGEST for one in said):
        raise DataError(
            "An argument is at most three plain sentences.",
            where="{key}: {n}",
            mend="At most {most} sentences of at most {longest} characters each.",
            key=key,
            n=len(said),
            most=MOST_SENTENCES,
            longest=LONGEST,
        )
    known = {name: dict(spoken) for name, spoken in arguments_in(workspace).items()}
    spoken = {**known.get(key, {}), language: said}
    known[key] = {name: one for name, one in spoken.items() if one}
    told = {name: one for name, one in known.items() if one}
    folder = Path(workspace) / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        with written_whole(folder / _FILE) as aside:
            text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
            aside.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(
            "The arguments of the campaign cannot be written.",
            where="{folder}: {strerror}",
            mend="Name the folder of a workspace that may be written to, on a disk with room.",
            folder=folder,
            strerror=error.strerror,
        ) from error
    return told
