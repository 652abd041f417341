"""Cuts of a workspace, each made once in a process that can be stopped; they stay on disk.

A cut has a folder in the workspace, named by what it was made from:
`turfs/DIGEST/` holds `targets.csv`, `order.json`, `turfs.csv`, `uncut.csv`, `summary.json`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from analysis.errors import DataError
from analysis.workflows import jobs
from analysis.workflows.ranking import Scenario
from analysis.workflows.turf_folder import FOLDER, ORDER, TARGETS, order_of

STEPS = ("loading", "cutting", "writing")


def cut(workspace: Path, targets: bytes, order: Mapping[str, Any]) -> Path | jobs.Job:
    """Return the folder of a cut that was made already, or the job that makes it.

    Parameters
    ----------
    workspace
        Of the place.
    targets
        The file of targets, with their arms.
    order
        What is asked, as `Ask.from_order` reads it; plain values.

    Returns
    -------
    pathlib.Path or Job
        The folder is named by a digest of all that the cut is made from.

    Raises
    ------
    DataError
        When the workspace cannot be written to.
    """
    text = json.dumps(order, ensure_ascii=False, sort_keys=True, indent=1)
    digest = hashlib.sha256(targets + text.encode()).hexdigest()[:16]
    target = workspace.resolve() / FOLDER / digest
    if target.is_dir():
        target.touch()  # the one asked for last is the one shown first
        return target
    if going_on := [job for job in jobs.under_way(FOLDER) if job.key == (FOLDER, target)]:
        return going_on[0]
    part = jobs.aside(target)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        (part / TARGETS).write_bytes(targets)
        (part / ORDER).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(
            "The turfs cannot be written into this workspace.",
            where="{target_parent}: {strerror}",
            mend="Give the app a workspace that may be written to, on a disk with room.",
            target_parent=target.parent,
            strerror=error.strerror,
        ) from error
    return jobs.submit((FOLDER, target), make_cut, target, killable=True)


def cut_for(folder: Path) -> Scenario | None:
    """Return the question that turfs were cut for; None where a file of targets came alone."""
    try:
        text = order_of(folder)["scenario"]
        return Scenario.from_dict(tomllib.loads(text)) if text else None
    except (OSError, DataError, KeyError, tomllib.TOMLDecodeError):
        # What the command line cut has no order of the page.
        return None


def under_way(workspace: Path) -> jobs.Job | None:
    """Return a cut of a workspace that some window started and that goes on."""
    folder = workspace.resolve() / FOLDER
    return next((job for job in jobs.under_way(FOLDER) if folder_of(job).parent == folder), None)


def folder_of(job: jobs.Job) -> Path:
    """Return the folder that a cut under way will have."""
    return Path(str(job.key[1]))


def make_cut(part: Path, tell: jobs.Tell) -> None:
    """Cut what lies in a folder, and write the cut beside it."""
    tell(STEPS[0], 0.0)
    from analysis.tables.workspace import Workspace
    from analysis.workflows.turf_output import write_walks
    from analysis.workflows.turfs import Ask, make_walks

    workspace, order = Workspace(part.parents[1]), order_of(part)
    tell(STEPS[1], 0.0)
    # Each bureau tells once: there are hundreds of them at most.
    progress = partial(tell, STEPS[1])
    walks = make_walks(workspace, part / TARGETS, Ask.from_order(order), progress=progress)
    tell(STEPS[2], 1.0)
    write_walks(walks, part)
