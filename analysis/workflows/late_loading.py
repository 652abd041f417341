"""Work that loads its libraries in a thread, while pages load theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def once_loaded(work: Callable[[T], None], given: T) -> None:
    """Do work that begins with imports; where Python refuses one to this thread, begin again.

    Of two threads that load a package from its two ends at once, one gets an error
    (`importlib._bootstrap._DeadlockError`) so that the other goes on. What keeps to the durations
    of the law must not end with it.

    Parameters
    ----------
    work
        Imports what it needs before it does anything.
    given
        Its argument.
    """
    while True:
        try:
            return work(given)
        except RuntimeError as error:
            if type(error).__name__ != "_DeadlockError":
                raise
