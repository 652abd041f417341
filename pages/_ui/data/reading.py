"""A place being read in a thread of its own, while the page stays awake."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.errors import DataError
from analysis.workflows.build import Inputs, build

STEPS = (
    *("results", "checks", "contours", "squares", "addresses"),
    *("electors", "crosswalk", "writing", "done"),
)
_lock = threading.Lock()
_busy: set[Path] = set()


class StoppedError(Exception):
    """The user asked to stop; the workspace stays as it was."""


class BusyError(Exception):
    """Another window is writing into the same workspace."""


@dataclass
class Job:
    """Files on their way to a workspace.

    Attributes
    ----------
    inputs, target
        The files, and the folder of the workspace.
    uploads
        Folder of what was uploaded; it goes when the reading ends.
    step, passed, share
        Where the reading is: one of `STEPS`, those behind it, and the share done.
    failure
        Why it ended early; None while it runs and when all went well.
    seen
        Whether the user was led to the outcome.
    started, took
        When it began; how long it was, in seconds, once it has ended.
    """

    inputs: Inputs
    target: Path
    uploads: TemporaryDirectory[str] | None = None
    step: str = STEPS[0]
    passed: tuple[str, ...] = ()
    share: float = 0.0
    failure: Exception | None = None
    seen: bool = False
    started: float = field(default_factory=time.monotonic)
    took: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Job:
        """Begin to read."""
        threading.Thread(target=self._run, name=f"build {self.target.name}", daemon=True).start()
        return self

    @property
    def running(self) -> bool:
        """Whether the reading goes on."""
        return not self._ended.is_set()

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop."""
        return self._stop.is_set()

    @property
    def seconds(self) -> float:
        """Time since the beginning, until the end."""
        return self.took or time.monotonic() - self.started

    def stop(self) -> None:
        """Ask to stop at the end of the step that is under way."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it came in time."""
        return self._ended.wait(seconds)

    def _run(self) -> None:
        try:
            with _alone(self.target):
                build(self.inputs, self.target, progress=self._tell)
        except (StoppedError, BusyError) as told:
            self.failure = told
        except DataError as error:
            self.failure = self._without_folder(error)
        except Exception as error:
            logging.getLogger(__name__).exception("The reading of %s failed", self.target)
            self.failure = error
        finally:
            if self.uploads:
                self.uploads.cleanup()
            self.took = time.monotonic() - self.started
            self._ended.set()

    def _tell(self, step: str, share: float) -> None:
        # Once everything is in place, there is nothing left to stop.
        if self._stop.is_set() and step != STEPS[-1]:
            raise StoppedError
        if step != self.step:
            self.passed = (*self.passed, self.step)
        self.step, self.share = step, share

    def _without_folder(self, error: DataError) -> DataError:
        """Name uploaded files as the user does, without the folder they were put in."""
        if self.uploads is None:
            return error
        folders = {str(file.parent) for file in Path(self.uploads.name).rglob("*")}

        def short(value: str) -> str:
            for folder in sorted(folders, key=len, reverse=True):
                value = value.replace(f"{folder}/", "")
            return value

        return DataError(
            error.what.with_values(short),
            where=error.where.with_values(short),
            mend=error.mend.with_values(short),
        )


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep two readers, perhaps in two windows, from writing into one workspace at a time."""
    with _lock:
        if target in _busy:
            raise BusyError
        _busy.add(target)
    try:
        yield
    finally:
        with _lock:
            _busy.discard(target)
