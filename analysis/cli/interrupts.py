"""Ctrl-C ends a command with one line: no traceback, and no crash of a library at work."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# As shells have it: 128 and the number of the signal.
STOPPED = 128 + signal.SIGINT


class Stopped(BaseException):
    """Ctrl-C; no library catches it for its own, as some do `KeyboardInterrupt`."""


@contextmanager
def stoppable() -> Iterator[None]:
    """End the process with `STOPPED` when Ctrl-C is pressed inside.

    What was being written is left as it was: files are whole or not there. The process ends at
    once after that, for threads of libraries that are still at work would crash at its end.
    """
    own = os.getpid()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != own:
            os._exit(STOPPED)
        # A second Ctrl-C does not wait for what the first one tidies up.
        signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    sys.unraisablehook = _quiet
    try:
        yield
    except BaseException as error:
        if not _is_stop(error):
            raise
        sys.stdout.flush()
        print("Stopped: nothing of this command is left half written.", file=sys.stderr, flush=True)
        os._exit(STOPPED)
    finally:
        # What is done is done, however long Python takes to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _is_stop(error: BaseException | None) -> bool:
    """Tell whether an error was made of Ctrl-C: libraries wrap what meets them at work."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Stopped):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _quiet(told: sys.UnraisableHookArgs) -> None:
    """Say nothing of Ctrl-C in a place that cannot pass it on."""
    if not isinstance(told.exc_value, Stopped):
        sys.__unraisablehook__(told)
