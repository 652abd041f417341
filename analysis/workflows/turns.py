"""Turns: where many ask at once a few are answered at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """A few turns at once.

    One interpreter does one thing at a time; a second is there while the first waits for the disk,
    the database or a library that lets go of it. With dozens at once each pays for handing over to
    all the others, and all are answered late.

    Parameters
    ----------
    at_once
        How many have their turn.
    longest_s
        Seconds after which whoever still has one goes on beside the others: long work makes
        nobody wait for its end.
    """

    def __init__(self, at_once: int, longest_s: float) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        self._row: deque[threading.Event] = deque()
        self._longest_s = longest_s
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and keep it to the end."""
        self._mine.give_back = self._take(self._row.append)
        try:
            yield
        finally:
            self._mine.give_back()
            self._mine.give_back = None

    @contextmanager
    def letting_others(self) -> Iterator[None]:
        """Give one's turn to others while one waits for something; then stand first in the row."""
        if getattr(self._mine, "give_back", None) is None:
            yield
            return
        self._mine.give_back()
        try:
            yield
        finally:
            self._mine.give_back = self._take(self._row.appendleft)

    def _take(self, stand: Callable[[threading.Event], None]) -> Callable[[], None]:
        """Wait for a turn; return what gives it back, once: its end and the clock both ask."""
        mine = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                mine.set()
            else:
                stand(mine)
        mine.wait()
        back = threading.Lock()

        def give_back() -> None:
            if back.acquire(blocking=False):
                clock.cancel()
                self._pass_on()

        clock = threading.Timer(self._longest_s, give_back)
        clock.daemon = True
        clock.start()
        return give_back

    def _pass_on(self) -> None:
        with self._lock:
            if self._row:
                self._row.popleft().set()
            else:
                self._free += 1
