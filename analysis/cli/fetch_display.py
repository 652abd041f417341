"""`python -m analysis fetch`: the downloads as the terminal shows them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from analysis.fetch.catalogue import read_catalogue
from analysis.fetch.place import Fetched, build_command, fetch


class TerminalProgress:
    """One bar a file; notes stand above the bars."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}
        self.current = TaskID(0)

    def begin(self, file: str, *, total: int | None, done: int) -> None:
        """Show the bar of `file`, or set it back to where the download continues."""
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


def fetch_command(
    place: str, workspace: Path, catalogue: Path | None = None, *, without: Collection[str] = ()
) -> list[Fetched]:
    """Fetch with progress on the terminal, then print what is there and the command to go on with.

    Parameters
    ----------
    place, workspace, without
        As `fetch` takes them.
    catalogue
        File of the user's own catalogue, if any.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        fetched = fetch(
            place,
            workspace,
            catalogue=read_catalogue(catalogue),
            progress=TerminalProgress(bars),
            without=without,
        )
    out = Console(soft_wrap=True, highlight=False, markup=False)
    for one in fetched:
        out.print(f"{one.status:>10}  {one.path}  ({one.bytes / 1e6:.1f} MB, {one.source.licence})")
    # Printed as it is, to be copied whole: no wrapping, no markup.
    out.print(f"\n{build_command(place, workspace, fetched)}")
    return fetched
