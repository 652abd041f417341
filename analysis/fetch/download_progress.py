"""What a download tells while it runs; the library itself prints nothing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of each file as its bytes arrive."""

    def begin(self, file: str, *, total: int | None, done: int) -> None:
        """`file` starts, or starts again, with `done` of `total` bytes already here.

        Parameters
        ----------
        file
            Its name.
        total
            Bytes in all; None where the publisher does not say.
        done
            Bytes that are here already.
        """

    def advance(self, count: int) -> None:
        """`count` more bytes of the current file are here."""

    def note(self, text: str) -> None:
        """Something happened that a careful user wants to know."""


class Silent:
    """A progress that tells nobody."""

    def begin(self, file: str, *, total: int | None, done: int) -> None:
        """Tell nobody.

        Parameters
        ----------
        file
            Its name.
        total
            Bytes to come; None where the server does not say.
        done
            Bytes that are there already.
        """

    def advance(self, count: int) -> None:
        """Tell nobody."""

    def note(self, text: str) -> None:
        """Tell nobody."""
