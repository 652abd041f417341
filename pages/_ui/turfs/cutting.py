"""Turfs being cut in a process of its own, which can be stopped; the outcome stays on disk.

A cut has a folder in the workspace, named by what it was made from:
`turfs/DIGEST/` holds `targets.csv`, `order.json`, `turfs.csv`, `uncut.csv`, `summary.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from analysis.errors import DataError, Reread

FOLDER = "turfs"
TARGETS, ORDER = "targets.csv", "order.json"
STEPS = ("loading", "cutting", "writing")
_STEP, _ERROR, _LOG, _PART = "step", "error.json", "log", ".part"
_ROOT = Path(__file__).parents[3]
_running: dict[Path, Job] = {}


class StoppedError(Exception):
    """The user asked to stop; nothing was kept."""


class BrokenError(Exception):
    """The process ended without a word: out of memory, or killed."""


@dataclass
class Job:
    """A cut under way.

    Attributes
    ----------
    target
        Folder that will hold the cut.
    process
        Who cuts.
    started
        When it began.
    failure
        Why it ended early; None while it runs and when all went well.
    """

    target: Path
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    failure: Exception | None = None
    took: float = 0.0

    @property
    def running(self) -> bool:
        """Whether the cut goes on; when it has ended, find out how."""
        if self.took:
            return False
        if self.process.poll() is None:
            return True
        self.took = self.seconds
        if not self.target.is_dir() and self.failure is None:
            self.failure = _failure(_part(self.target))
        shutil.rmtree(_part(self.target), ignore_errors=True)
        return False

    @property
    def seconds(self) -> float:
        """Time since the beginning, until the end."""
        return self.took or time.monotonic() - self.started

    @property
    def step(self) -> tuple[str, float]:
        """Return where it is, one of `STEPS`, and which share of the buildings is cut."""
        try:
            told = (_part(self.target) / _STEP).read_text(encoding="ascii").split()
            return told[0], float(told[1])
        except (OSError, ValueError, IndexError):
            return STEPS[0], 0.0

    def stop(self) -> None:
        """End the cut at once."""
        if self.running:
            self.failure = StoppedError()
            self.process.kill()
            self.process.wait()


def cut(workspace: Path, targets: bytes, order: Mapping[str, Any]) -> Path | Job:
    """Return the folder of a cut that was made already, or the job that makes it.

    Parameters
    ----------
    workspace
        Of the place.
    targets
        The file of targets, with their arms.
    order
        What is asked, as `_ask` reads it; plain values.

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
    if (job := _running.get(target)) and job.running:
        return job
    part = _part(target)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        (part / TARGETS).write_bytes(targets)
        (part / ORDER).write_text(text, encoding="utf-8")
        with (part / _LOG).open("wb") as log:
            command = [sys.executable, "-m", __name__, str(target)]
            process = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log)
    except OSError as error:
        raise DataError(
            "The turfs cannot be written into this workspace.",
            where="{target_parent}: {strerror}",
            mend="Give the app a workspace that may be written to, on a disk with room.",
            target_parent=target.parent,
            strerror=error.strerror,
        ) from error
    _running[target] = Job(target, process)
    return _running[target]


def under_way(workspace: Path) -> Job | None:
    """Return a cut of a workspace that some window started and that goes on."""
    folder = workspace.resolve() / FOLDER
    return next((j for t, j in _running.items() if t.parent == folder and j.running), None)


def cuts(workspace: Path) -> list[Path]:
    """Return the folders of all cuts of a workspace, the latest first."""
    found = (workspace / FOLDER).glob("*/summary.json")
    kept = [file.parent for file in found if not file.parent.name.endswith(_PART)]
    return sorted(kept, key=lambda folder: folder.stat().st_mtime, reverse=True)


def order_of(folder: Path) -> dict[str, Any]:
    """Return what was asked for a cut."""
    told: dict[str, Any] = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    return told


def _part(target: Path) -> Path:
    return target.with_name(target.name + _PART)


def _failure(part: Path) -> Exception:
    """Return why a cut ended without a result."""
    try:
        told = json.loads((part / _ERROR).read_text(encoding="utf-8"))
    except OSError:
        log = part / _LOG
        said = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        return BrokenError(said.strip().rpartition("\n")[2])
    return DataError(Reread(told["what"]), where=Reread(told["where"]), mend=Reread(told["mend"]))


def _make(target: Path) -> None:
    """Cut in this process, and put the result in place whole."""
    part = _part(target)
    _tell(part, STEPS[0], 0.0)
    from analysis.tables.workspace import Workspace
    from analysis.workflows.turf_output import write_walks
    from analysis.workflows.turfs import make_walks

    try:
        workspace, order = Workspace(target.parents[1]), order_of(part)
        _tell(part, STEPS[1], 0.0)
        # Each bureau tells once: there are hundreds of them at most.
        progress = partial(_tell, part, STEPS[1])
        walks = make_walks(workspace, part / TARGETS, _ask(order), progress=progress)
        _tell(part, STEPS[2], 1.0)
        write_walks(walks, part)
    except DataError as error:
        told = {"what": error.what, "where": error.where, "mend": error.mend}
        (part / _ERROR).write_text(json.dumps(told), encoding="utf-8")
        raise SystemExit(1) from error
    for name in (_STEP, _LOG):
        (part / name).unlink(missing_ok=True)
    os.replace(part, target)


def _ask(order: Mapping[str, Any]) -> Any:  # noqa: ANN401 - imported late
    from analysis.turf.planning import Plan
    from analysis.turf.work import Work
    from analysis.workflows.time_slots import Opening
    from analysis.workflows.turfs import Ask

    start = order["start"]
    plan = Plan(
        work=Work.from_dict(order["work"]),
        start=(float(start[0]), float(start[1])) if start else None,
        returning=bool(order["returning"]),
        teams=order["teams"],
        spares=order["spares"],
        low_mobility=order["low_mobility"],
    )
    design, opening = order["design"], order["opening"]
    return Ask(
        plan=plan,
        design=Path(design) if design else None,
        top=order["top"],
        opening=Opening(**opening) if opening else None,
    )


def _tell(part: Path, step: str, share: float) -> None:
    aside = part / f"{_STEP}.aside"
    aside.write_text(f"{step} {share:.4f}", encoding="ascii")
    os.replace(aside, part / _STEP)


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
