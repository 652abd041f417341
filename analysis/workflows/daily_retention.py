"""What was kept long enough goes by itself, once a day, in every campaign of the server."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, date, datetime
from pathlib import Path

from analysis.contacts import retention
from analysis.errors import DataError
from analysis.fieldwork.campaign import is_begun
from analysis.workflows.contacts_open import people_of
from analysis.workflows.duties import run_retention
from analysis.workflows.mail_worker import places

ROUND_S = 3_600.0


def keep_to_durations(workspaces: Path, ending: threading.Event) -> None:
    """Do away each day with what was kept long enough, until told to end.

    Parameters
    ----------
    workspaces
        With a folder for each place, or for each campaign with its places.
    ending
        Set when the server ends: the campaign in hand is finished.
    """
    while not ending.is_set():
        turn(workspaces, ending)
        ending.wait(ROUND_S)


def turn(workspaces: Path, ending: threading.Event) -> None:
    """Go through all campaigns once; one that fails is tried again at the next turn."""
    log = logging.getLogger(__name__)
    for place in places(workspaces):
        if ending.is_set():
            return
        try:
            if is_begun(place):
                once_a_day(place)
        except Exception as error:
            # The text of any other may quote rows.
            why = error.what if isinstance(error, DataError) else type(error).__name__
            log.warning("durations of %s wait: %s", place.name, why)


def once_a_day(place: Path) -> bool:
    """Do away with what is over in one campaign and write it down; tell whether it was due.

    Parameters
    ----------
    place
        Folder of its workspace.

    Raises
    ------
    DataError
        When its store or its keys cannot be opened.
    """
    today = datetime.now(UTC).date()
    with people_of(place) as contacts:
        if any(_day(at) >= today for at, _kind, _rows in retention.runs(contacts, most=1)):
            return False
        found = run_retention(place, contacts, today=today, dry=False)
    if gone := ", ".join(f"{one.name} {one.rows}" for one in found if one.rows):
        # A warning: on a laptop nothing less is seen, and nobody pressed a button.
        logging.getLogger(__name__).warning("durations of %s, deleted: %s", place.name, gone)
    return True


def _day(at_s: int) -> date:
    return datetime.fromtimestamp(at_s, UTC).date()
