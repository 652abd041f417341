"""From a place to its workspace: its official files downloaded, then read, as one job."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from analysis.fetch.catalogue import Catalogue
from analysis.fetch.chosen_place import ChosenPlace
from analysis.fetch.place import fetch
from analysis.workflows import jobs
from analysis.workflows.build import build
from analysis.workflows.place_files import inputs_after_fetch

DOWNLOAD = "download"
# Of the whole; what is read is far less than what comes.
_SHARE = 0.7


@dataclass(eq=False)
class DownloadWatch:
    """How far the downloads of a job are, for whoever looks on.

    Attributes
    ----------
    expected
        Bytes that all files together have, as far as is known.
    file, done, total
        The file under way and its bytes; `total` is None where nobody says.
    notes
        What a careful user wants to know, in order.
    """

    expected: int = 0
    file: str = ""
    done: int = 0
    total: int | None = None
    notes: list[str] = field(default_factory=list)
    _before: int = 0
    _share: float = 0.0
    _tell: jobs.Tell = lambda _step, _share: None

    def follow(self, tell: jobs.Tell) -> None:
        """Tell a job from now on; what it raises to stop ends the download."""
        self._tell = tell

    def begin(self, file: str, *, total: int | None, done: int) -> None:
        """Take down that a file starts.

        Parameters
        ----------
        file
            Its name.
        total
            Bytes; None where the server does not say.
        done
            Bytes that are here already.
        """
        if file != self.file:
            self._before += self.done
        self.file, self.total, self.done = file, total, done
        self.advance(0)

    def advance(self, count: int) -> None:
        """Take down bytes; raises where the job is to stop."""
        self.done += count
        # What is told again from its beginning does not move the bar back.
        share = min((self._before + self.done) / self.expected, 1.0) if self.expected else 0.0
        self._share = max(self._share, share)
        self._tell(DOWNLOAD, self._share * _SHARE)

    def note(self, text: str) -> None:
        """Keep what happened."""
        self.notes.append(text)
        self.advance(0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is fetched for a place, and from where.

    Attributes
    ----------
    place
        As `chosen_place.choose` gives it.
    catalogue
        Where its files are published.
    without, also
        Roles to leave out, and to fetch though they are fetched only when asked for.
    """

    place: ChosenPlace
    catalogue: Catalogue
    without: Collection[str] = ()
    also: Collection[str] = ()


def start_fetching(wanted: Wanted, target: Path, watch: DownloadWatch) -> jobs.Job:
    """Begin to download the files of a place and to build its workspace.

    Parameters
    ----------
    wanted
        The place and its files.
    target
        Folder of the workspace; what arrives stays in the store and in its `downloads`, whether
        or not the reading ends well.
    watch
        Told of each step.

    Returns
    -------
    jobs.Job
        Under way.

    Raises
    ------
    BusyError
        When the same workspace is being written already.
    """
    return jobs.submit(("place", target), fetch_and_build, wanted, target, watch, alone=True)


def fetch_and_build(wanted: Wanted, target: Path, watch: DownloadWatch, tell: jobs.Tell) -> None:
    """Download the files of a place, then read them.

    Parameters
    ----------
    wanted
        The place and its files.
    target
        Folder of the workspace.
    watch
        Told of the downloads.
    tell
        Told step and share of the whole; may raise to stop.

    Raises
    ------
    DataError
        When a file cannot be had or read; the workspace is as it was.
    """
    watch.follow(tell)
    fetched = fetch(
        wanted.place,
        target,
        catalogue=wanted.catalogue,
        progress=watch,
        without=wanted.without,
        also=wanted.also,
    )
    inputs = inputs_after_fetch(wanted.place, fetched)
    build(inputs, target, progress=lambda step, share: tell(step, _SHARE + (1 - _SHARE) * share))
