"""One writer at a time for a file that is read, changed and written back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where the app has one person
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def held(file: Path, *, wait: bool = True) -> Iterator[None]:
    """Wait until nobody else holds `file`, which is made if need be, and hold it.

    The system lets go of it when a process dies, however it dies.

    Raises
    ------
    BlockingIOError
        When somebody holds it, and one does not want to wait.
    """
    with contextlib.ExitStack() as stack:
        # Where nothing may be written, whoever writes says so.
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handle = stack.enter_context(file.open("a", encoding="ascii"))
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise
        except OSError:
            pass
        yield
