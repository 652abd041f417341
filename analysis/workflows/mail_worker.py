"""The worker inside the server: what was approved leaves, in every campaign, one after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from analysis.errors import DataError
from analysis.fieldwork.campaign import FOLDER
from analysis.workflows import message_work
from analysis.workflows.message_work import Work

ROUND_S = 10.0
# Large mailboxes hold back who comes quicker.
PER_MINUTE = 600.0


def work_on(workspaces: Path, ending: threading.Event) -> None:
    """Send what waits in all workspaces of a folder until told to end.

    Parameters
    ----------
    workspaces
        With a folder for each place, or for each campaign with its places.
    ending
        Set when the server ends: the message in hand still leaves.
    """
    if not any(map(message_work.takes_away, ("email", "sms"))):
        return
    while not ending.wait(ROUND_S):
        for place in places(workspaces):
            once(place, ending)


def once(place: Path, ending: threading.Event) -> None:
    """Send what waits in one workspace; what cannot leave is tried again in the next round."""
    try:
        how = Work(once=True, per_minute=PER_MINUTE)
        message_work.work(place, how, lambda _what, _count: None, stop=ending.is_set)
    except DataError as error:
        # Another worker may be at it, or the mail server be down.
        logging.getLogger(__name__).info("messages of %s wait: %s", place.name, error.what)


def places(workspaces: Path) -> Iterator[Path]:
    """Yield the workspaces that have people: others have nothing to send."""
    for depth in ("*", "*/*"):
        for folder in sorted(workspaces.glob(f"{depth}/{FOLDER}")):
            yield folder.parent
