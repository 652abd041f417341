"""A cut of turfs made again from what lies beside it: its targets, and what was asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis import __version__
from analysis.errors import DataError
from analysis.tables.workspace import MANIFEST, Workspace
from analysis.workflows.turf_folder import ORDER, SUMMARY, TARGETS, order_of
from analysis.workflows.turf_output import TABLES, write_walks
from analysis.workflows.turfs import Ask, make_walks

# Beside turfs that the command line wrote: a copy of the targets, and what was asked.
MADE_FROM = "made_from"
_EDITS, _BEFORE = "edits.jsonl", "before_edits"


def keep_what_was_asked(out: Path, targets: Path, ask: Ask, workspace: Workspace) -> list[Path]:
    """Write what a cut was made from beside it; nothing where files of elsewhere had a part.

    Parameters
    ----------
    out
        Folder of the turfs.
    targets, ask, workspace
        What they were cut from.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    if ask.streets or ask.design is not None:
        return []
    plan = ask.plan
    asked = {
        "work": plan.work.to_dict(),
        "start": list(plan.start) if plan.start else None,
        "returning": plan.returning,
        "teams": plan.teams,
        "spares": plan.spares,
        "low_mobility": plan.low_mobility,
        "top": ask.top,
        **({"bureaux": list(ask.bureaux)} if ask.bureaux else {}),
        "long_run": ask.long_run,
        "opening": ask.opening.to_dict() if ask.opening else None,
        "design": None,
        "data": workspace.digest,
        **(ask.known.to_order() if ask.known else {}),
    }
    folder = out / MADE_FROM
    folder.mkdir(exist_ok=True)
    # What a CSV says of itself, such as how far the hours reach, lies beside it.
    told = targets.with_name(f"{targets.name}-metadata.json")
    copied = [
        Path(shutil.copyfile(one, folder / one.name)) for one in (targets, told) if one.is_file()
    ]
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    (folder / ORDER).write_text(text, encoding="utf-8", newline="")
    return [*copied, folder / ORDER]


def can_be_cut_again(file: Path) -> bool:
    """Tell whether a file is a table of turfs that lies beside what it was made from."""
    home = _home(file)
    return file.name in TABLES and any((at / ORDER).is_file() for at in (home, home / MADE_FROM))


def cut_again(file: Path, workspace: Path | None = None) -> bytes:
    """Return the bytes of a table of a cut, made again.

    Parameters
    ----------
    file
        `turfs.csv`, `uncut.csv` or `summary.json` of a cut.
    workspace
        Where the data are now; by default the workspace that holds the cut.

    Raises
    ------
    DataError
        When the data or the version are others, the turfs were changed since, or the workspace
        is not named.
    """
    home = _home(file)
    if file.parent == home and (home / _EDITS).is_file():
        raise DataError(
            "These turfs were changed by hand after they were cut.",
            where="{file}",
            mend="Give the file as it was cut: {before}.",
            file=file,
            before=f"{_BEFORE}/{file.name}",
        )
    at = home if (home / ORDER).is_file() else home / MADE_FROM
    asked, place = order_of(at), _place(home, workspace)
    told: dict[str, Any] = json.loads((file.parent / SUMMARY).read_text(encoding="utf-8"))
    if place.digest != asked["data"] or told.get("palier") != __version__:
        raise DataError(
            "The data or the version are not those these turfs were cut with.",
            where="{folder}; Palier {own}, the cut: {version}",
            mend="Give the workspace it was made with: --workspace DIR; or cut the turfs again.",
            folder=place.path,
            own=__version__,
            version=str(told.get("palier", "")),
        )
    # By its name, in whatever order the folder lists them: `x.csv` before `x.csv-metadata.json`.
    copies = [f for f in sorted(at.iterdir()) if f.name != ORDER]
    targets = at / TARGETS if at == home else copies[0]
    walks = make_walks(place, targets, Ask.from_order(asked))
    with TemporaryDirectory() as aside:
        write_walks(walks, Path(aside))
        if file.name != SUMMARY:
            return (Path(aside) / file.name).read_bytes()
    # It vouches for the files it lies beside, sheets too, which a cut alone does not write.
    again = {**walks.summary, "files": told["files"]}
    return (json.dumps(again, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _home(file: Path) -> Path:
    folder = file.resolve().parent
    return folder.parent if folder.name == _BEFORE else folder


def _place(home: Path, given: Path | None) -> Workspace:
    holder = home.parents[1]
    if given is None and not (holder / MANIFEST).is_file():
        raise DataError(
            "A cut does not say where its workspace lies.",
            where="{home}",
            mend="Name it: --workspace DIR.",
            home=home,
        )
    return Workspace(given or holder)
