"""Long work beside whoever asked for it: how far it is, a way to stop it, and how it ended.

A job runs in a thread, and stops where it next tells how far it is. A killable one runs in a
process of its own, `python -m analysis.workflows.jobs MODULE:FUNCTION FOLDER`, ends at once, and
leaves its outcome as a folder: made aside, and put in place whole.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from analysis.errors import DataError
from analysis.process_end import ended_at_once

# Told the step that is under way and the share done, 0 to 1.
Tell = Callable[[str, float], None]
# The kind of work, then digests, ids and choices: the same key is the same work.
Key = tuple[Hashable, ...]

PART = ".part"
_ROOT = Path(__file__).parents[2]
_lock = threading.Lock()
_running: list[Job] = []


class StoppedError(Exception):
    """The user asked to stop; nothing was kept."""


class BusyError(Exception):
    """A job of the same key goes on."""


class BrokenError(Exception):
    """The process ended without a word: out of memory, or killed."""


@dataclass(eq=False)
class Job:
    """One piece of work under way.

    Attributes
    ----------
    key
        Names it.
    killable
        Whether it ends at once when told to stop.
    step, passed, share
        What it last told: its step, those behind it, and the share done.
    started, took
        When it began; how long it was, in seconds, once it has ended.
    """

    key: Key
    killable: bool = False
    step: str = ""
    passed: tuple[str, ...] = ()
    share: float = 0.0
    started: float = field(default_factory=time.monotonic)
    took: float = 0.0
    _future: Future[Any] = field(default_factory=Future)
    _stop: threading.Event = field(default_factory=threading.Event)
    _process: subprocess.Popen[str] | None = None

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return not self._future.done()

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop."""
        return self._stop.is_set()

    @property
    def seconds(self) -> float:
        """Time since the beginning, until the end."""
        return self.took or time.monotonic() - self.started

    @property
    def error(self) -> BaseException | None:
        """Why it ended early; None while it runs and when all went well."""
        return None if self.running else self._future.exception()

    def result(self) -> Any:  # noqa: ANN401 - whatever the work gives
        """Wait for the end, and return what came of it or raise what went wrong."""
        return self._future.result()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; return whether it came in time."""
        return bool(wait([self._future], seconds).done)

    def stop(self) -> None:
        """Ask to stop; a killable job ends at once."""
        self._stop.set()
        if self.killable:
            if self._process is not None:
                self._process.kill()
            self.wait()

    def tell(self, step: str, share: float) -> None:
        """Take down how far the work is.

        Raises
        ------
        StoppedError
            When the user asked to stop and something is left to be done.
        """
        if self.stopping and share < 1:
            raise StoppedError
        self._note(step, share)

    def _note(self, step: str, share: float) -> None:
        if step != self.step:
            self.passed = (*self.passed, self.step) if self.step else ()
        self.step, self.share = step, min(max(share, 0.0), 1.0)


def submit(
    key: Key,
    function: Callable[..., Any],
    *args: Any,  # noqa: ANN401
    alone: bool = False,
    killable: bool = False,
) -> Job:
    """Begin a piece of work in the background, and return its job at once.

    Parameters
    ----------
    key
        Names it.
    function
        The work; a killable one stands at the head of a module.
    *args
        What it is given, before what it must tell how far it is (`Tell`). A killable one takes a
        single folder: what it needs lies in `aside(folder)`, and what it makes goes there; when
        it has ended the folder takes its name, or vanishes where it did not end well.
    alone
        Refuse where a job of the same key goes on.
    killable
        Run in a process of its own.

    Returns
    -------
    Job
        Its result is what the function returns; of a killable one, the folder.

    Raises
    ------
    BusyError
        When it is to be alone and is not.
    """
    job = Job(key, killable)
    with _lock:
        if alone and any(other.key == key for other in _running):
            raise BusyError
        _running.append(job)
    work = partial(_in_process, job, function) if killable else function
    # Not a pool's: those hold up the end of the program until the last of them is done.
    name = f"{key[0]}"
    threading.Thread(target=_run, args=(job, partial(work, *args)), name=name, daemon=True).start()
    return job


def under_way(kind: Hashable) -> list[Job]:
    """Return the jobs of a kind, the first part of their keys, that go on."""
    with _lock:
        return [job for job in _running if job.key[0] == kind]


def aside(folder: Path) -> Path:
    """Return where a folder is made before it has its name."""
    return folder.with_name(folder.name + PART)


def _run(job: Job, work: Callable[[Tell], Any]) -> None:
    answer: Any = None
    failure: BaseException | None = None
    try:
        answer = work(job.tell)
    except (StoppedError, BrokenError, DataError) as error:
        failure = error
    except BaseException as error:
        logging.getLogger(__name__).exception("The work on %s failed", job.key)
        failure = error
    job.took = job.seconds
    with _lock:
        _running.remove(job)
    if failure is None:
        job._future.set_result(answer)
    else:
        job._future.set_exception(failure)


def _in_process(job: Job, function: Callable[..., Any], folder: Path, _tell: Tell) -> Path:
    """Run a killable job, and take down what its process says."""
    name = f"{function.__module__}:{function.__qualname__}"
    command = [sys.executable, "-m", __name__, name, str(folder)]
    failure: Exception | None = None
    with TemporaryFile() as log:
        with subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=log, encoding="utf-8"
        ) as process:
            job._process = process
            if job.stopping:
                process.kill()
            for line in process.stdout or ():
                told = _said(line)
                if "error" in told:
                    # Of our own process; as JSON its texts would lose what translates them.
                    failure = pickle.loads(base64.b64decode(told["error"]))  # noqa: S301
                elif told:
                    job._note(told["step"], told["share"])
        log.seek(0)
        last = log.read().decode(errors="replace").strip().rpartition("\n")[2]
    if folder.is_dir():
        return folder
    shutil.rmtree(aside(folder), ignore_errors=True)
    if job.stopping:
        raise StoppedError
    raise failure or BrokenError(last)


def _said(line: str) -> dict[str, Any]:
    """Read a line of a process; what is not ours is nothing."""
    with suppress(json.JSONDecodeError):
        told = json.loads(line)
        return told if isinstance(told, dict) else {}
    return {}


def _say(**told: object) -> None:
    # Who asked may have ended meanwhile: the work goes on, and its outcome stays.
    with suppress(OSError):
        print(json.dumps(told), flush=True)


def _work(name: str, folder: Path) -> None:
    """Do a killable job in this process, and put the result in place whole."""
    module, _colon, function = name.partition(":")
    try:
        getattr(import_module(module), function)(
            aside(folder), lambda step, share: _say(step=step, share=share)
        )
    except DataError as error:
        _say(error=base64.b64encode(pickle.dumps(error)).decode())
        raise SystemExit(1) from error
    os.replace(aside(folder), folder)


if __name__ == "__main__":
    # Whoever asked waits for the end of the process.
    with ended_at_once():
        _work(sys.argv[1], Path(sys.argv[2]))
