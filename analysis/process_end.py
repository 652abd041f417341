"""The end of a process that has done what it was asked for."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_at_once() -> Iterator[None]:
    """End the process, once what is inside has ended, without taking apart all that it holds.

    Python frees every object of every library one after the other, before an end that gives all
    memory back anyway: a fifth of a second for each command. Threads are waited for, what is
    registered with `atexit` from here on is done, and what was printed is there, as at any end.
    An error from inside ends the process as ever.
    """
    status = 0

    def leave() -> None:
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):
            # Whoever read has gone: Python meets the same at its own end, and tells it.
            return
        os._exit(status)

    # What is registered first is done last.
    atexit.register(leave)
    try:
        yield
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            atexit.unregister(leave)
        status = end.code if isinstance(end.code, int) else 0
        raise
    except BaseException:
        atexit.unregister(leave)
        raise
