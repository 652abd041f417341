"""The worker inside the server: what was approved leaves, in every campaign, one after another.

What came back is read first: who wrote STOP is not written to again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from analysis.errors import DataError
from analysis.fieldwork.campaign import FOLDER
from analysis.workflows import message_work
from analysis.workflows.message_work import Work

ROUND_S = 10.0
# Large mailboxes hold back who comes quicker.
PER_MINUTE = 600.0
_approved = threading.Event()


def soon() -> None:
    """Have the worker of this process look at once: somebody waits for what was just approved."""
    _approved.set()


def work_on(workspaces: Path, ending: threading.Event) -> None:
    """Send what waits in all workspaces of a folder until told to end.

    Parameters
    ----------
    workspaces
        With a folder for each place, or for each campaign with its places.
    ending
        Set when the server ends: the message in hand still leaves.
    """
    read: dict[Path, int] = {}
    while True:
        _approved.wait(ROUND_S)
        _approved.clear()
        if ending.is_set():
            return
        for place in places(workspaces):
            once(place, ending, place.relative_to(workspaces), read)


def once(place: Path, ending: threading.Event, name: Path, read: dict[Path, int]) -> None:
    """Send what waits in one workspace; what cannot leave is tried again in the next round.

    Parameters
    ----------
    place
        The workspace.
    ending
        Set when the server ends.
    name
        Under which its mailbox lies in the folder of `PALIER_RETURNED`.
    read
        When each mailbox had changed last as it was read; written to.
    """
    try:
        box, changed = _mailbox(name)

        def said(what: str, _count: Mapping[str, int]) -> None:
            if what == "returned" and box is not None:
                read[box] = changed

        # A large mailbox takes seconds, each of them of the pages: it is read when it changes.
        news = None if box is None or read.get(box) == changed else box
        how = Work(once=True, per_minute=PER_MINUTE, returned=news)
        message_work.work(place, how, said, stop=ending.is_set)
    except (DataError, OSError) as error:
        # Another worker may be at it, the mail server be down, or a mailbox be closed to us.
        why = error.what if isinstance(error, DataError) else error.strerror
        logging.getLogger(__name__).info("messages of %s wait: %s", place.name, why)


def _mailbox(name: Path) -> tuple[Path | None, int]:
    """Return the mailbox of a campaign, None where it has none, and when it changed last, in ns."""
    root = message_work.mailboxes()
    if root is None or not (root / name).exists():
        return None, 0
    # A Maildir tells of its mails in two folders of its own.
    parts = [one for one in (root / name, root / name / "new", root / name / "cur") if one.exists()]
    return root / name, max(one.stat().st_mtime_ns for one in parts)


def places(workspaces: Path) -> Iterator[Path]:
    """Yield the workspaces that have people: others have nothing to send."""
    for depth in ("*", "*/*"):
        for folder in sorted(workspaces.glob(f"{depth}/{FOLDER}")):
            yield folder.parent
