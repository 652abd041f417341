"""Answers that are asked for again and again, kept for all threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class Lately(Generic[_Answer]):
    """The latest answers; the longest unused goes first.

    Parameters
    ----------
    most
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[Hashable, _Answer] = OrderedDict()

    def get(self, key: Hashable, work: Callable[[], _Answer]) -> _Answer:
        """Return the answer to a question; `work` gives it where it is not known.

        Two who ask at once may both work. What `work` raises is raised and not kept. An answer is
        everybody's: whoever changes one works on a copy.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        answer = work()
        with self._lock:
            self._kept[key] = answer
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return answer
