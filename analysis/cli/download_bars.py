"""Downloads as the terminal shows them: one bar a file, notes above the bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars


class TerminalProgress:
    """One bar a file; notes stand above the bars."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}
        self.current = TaskID(0)

    def begin(self, file: str, *, total: int | None, done: int) -> None:
        """Show the bar of `file`, or set it back to where the download continues.

        Parameters
        ----------
        file
            Name shown before the bar.
        total
            Bytes of the whole file; None where the server does not say.
        done
            Bytes that are here already.
        """
        if file not in self.tasks:
            self.tasks[file] = self.bars.add_task(file, total=total)
        self.current = self.tasks[file]
        self.bars.update(self.current, total=total, completed=done)

    def advance(self, count: int) -> None:
        """Move the current bar."""
        self.bars.advance(self.current, count)

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        self.bars.console.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def download_bars() -> Iterator[TerminalProgress]:
    """Show bars on standard error while files come."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        yield TerminalProgress(bars)
