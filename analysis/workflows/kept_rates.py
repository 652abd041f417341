"""Rates of a large place, worked out once and kept beside its tables.

The command line and the pages read them again as long as they would come out the same: the key
of a file is a digest of the question, of the tables, of this program's code and of the libraries
that count. A file that is damaged, or cannot be written, is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather

import analysis
from analysis.electorate.history import History
from analysis.errors import Text
from analysis.tables.elections import Choice, Election
from analysis.tables.schema import BLOCS
from analysis.tables.whole_files import written_whole
from analysis.tables.workspace import Workspace
from analysis.targeting.prospects import Progress, Prospects, prepare, silent

FOLDER, SUFFIX = ".rates", ".zip"
# Fewer bureaux are worked out again sooner than anybody notices; questions kept of one place: one
# a bloc, worked out ahead, and a few of its own.
LARGE, MOST = 5_000, len(BLOCS) + 4
_COUNTS = ("registered", "ballots", "valid", "votes", "blocs")
_LIBRARIES = ("numpy", "pandas", "pyarrow")
# Who works out which file, and how many wait for it; how often these look whether to go on.
_turns: dict[Path, tuple[threading.Lock, int]] = {}
_lock = threading.Lock()
_LOOK_S = 0.1
_FAULTS = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, pa.ArrowException)


def prospects_kept(  # noqa: PLR0913 - a question on a place
    workspace: Workspace,
    choice: Choice,
    target: Election,
    *,
    places: tuple[str, ...] = (),
    rival: str = "",
    progress: Progress = silent,
) -> Prospects:
    """Return the rates of every bureau as `prepare` does, from the last time where they are kept.

    Errors are those of `prepare`.

    Parameters
    ----------
    workspace, choice, target, places, rival, progress
        As for `prepare`.

    Returns
    -------
    Prospects
        One row per bureau: rates 0 to 1 with their standard errors.
    """
    file = workspace.path / FOLDER / (_key(workspace, choice, target, (rival, *places)) + SUFFIX)
    with _alone(file, progress):
        if (known := _read(file)) is not None:
            return known
        found = prepare(workspace, choice, target, places=places, rival=rival, progress=progress)
        if len(found.table) >= LARGE:
            with contextlib.suppress(OSError):
                _write(file, found)
    return found


@contextlib.contextmanager
def _alone(file: Path, progress: Progress) -> Iterator[None]:
    """Hold a file's turn: whoever asks the same meanwhile waits for what comes of it.

    `progress` is told nought while it waits, and may raise.
    """
    with _lock:
        turn, waiting = _turns.get(file, (threading.Lock(), 0))
        _turns[file] = (turn, waiting + 1)
    try:
        while not turn.acquire(timeout=_LOOK_S):
            progress(0.0)
        try:
            yield
        finally:
            turn.release()
    finally:
        with _lock:
            turn, waiting = _turns.pop(file)
            if waiting > 1:
                _turns[file] = (turn, waiting - 1)


def _key(workspace: Workspace, choice: Choice, target: Election, where: tuple[str, ...]) -> str:
    asked = [asdict(choice), asdict(target), where, workspace.digests, program_digest()]
    return hashlib.sha256(json.dumps(asked, default=str, sort_keys=True).encode()).hexdigest()


@cache
def program_digest() -> str:
    """Return a digest of this program's code, and of the libraries that count."""
    root = Path(analysis.__file__).parent
    digest = hashlib.sha256(" ".join(version(name) for name in _LIBRARIES).encode())
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()


def _write(file: Path, found: Prospects) -> None:
    """Keep what was found; the files longest unused make way."""
    file.parent.mkdir(exist_ok=True)
    with written_whole(file) as aside, zipfile.ZipFile(aside, "w") as parts:
        for name, content in _parts(found).items():
            parts.writestr(name, content)
    _note_use(file)
    by_use = sorted(file.parent.glob(f"*{SUFFIX}"), key=lambda one: one.stat().st_mtime_ns)
    for old in by_use[:-MOST]:
        old.unlink(missing_ok=True)


def _note_use(file: Path) -> None:
    """Note to the nanosecond when a file was used: a file system tells hundredths of a second."""
    now = time.time_ns()
    os.utime(file, ns=(now, now))


def _read(file: Path) -> Prospects | None:
    """Return what was kept, its bytes compared with their checksums; None where there is none."""
    try:
        with zipfile.ZipFile(file) as parts:
            found = _together({name: parts.read(name) for name in parts.namelist()})
        with contextlib.suppress(OSError):
            _note_use(file)
    except _FAULTS:
        return None
    return found


def _parts(found: Prospects) -> dict[str, bytes]:
    history = found.history
    facts = {
        "target": _plain_election(found.target),
        "elections": [_plain_election(one) for one in history.elections],
        "notes": [
            [note.template, note.values] if isinstance(note, Text) else [note]  # noqa: PD011
            for note in found.notes
        ],
        "rivals": [found.rival, found.rival_by_results],
    }
    frames = {"table": found.table, "units": history.units, "unmatched": history.unmatched}
    return {
        "facts": json.dumps(facts).encode(),
        **{name: _frame_bytes(frame) for name, frame in frames.items()},
        **{name: _array_bytes(getattr(history, name)) for name in _COUNTS},
    }


def _together(parts: dict[str, bytes]) -> Prospects:
    facts: dict[str, Any] = json.loads(parts["facts"])
    table, units, unmatched = (
        feather.read_feather(io.BytesIO(parts[name])) for name in ("table", "units", "unmatched")
    )
    counts = {name: np.load(io.BytesIO(parts[name])).astype("float64") for name in _COUNTS}
    history = History(
        units=units,
        elections=tuple(_election(one) for one in facts["elections"]),
        unmatched=unmatched,
        **counts,
    )
    notes = tuple(
        Text(template, **values[0]) if values else template for template, *values in facts["notes"]
    )
    return Prospects(table, history, _election(facts["target"]), notes, *facts["rivals"])


def _frame_bytes(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    feather.write_feather(frame, out, compression="lz4")
    return out.getvalue()


def _array_bytes(counts: np.ndarray) -> bytes:
    """Return counts, in half the room where that holds them exactly."""
    half, out = counts.astype("float32"), io.BytesIO()
    np.save(out, half if np.array_equal(half, counts, equal_nan=True) else counts)
    return out.getvalue()


def _plain_election(one: Election) -> dict[str, Any]:
    return asdict(one) | {"date": one.date.isoformat()}


def _election(told: dict[str, Any]) -> Election:
    return Election(**{**told, "date": datetime.fromisoformat(told["date"])})
