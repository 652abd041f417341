"""What Priorities asks first of a large place, worked out before anybody opens it."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path

from analysis.errors import DataError
from analysis.tables.workspace import MANIFEST, Workspace
from analysis.workflows.kept_rates import LARGE
from analysis.workflows.ranking import Scenario, prospects_of
from analysis.workflows.usual_question import blocs_by_votes, usual_scenario

# Between two looks for places that were built meanwhile; a look reads their manifests alone.
ROUND_S = 60.0


class _EndingError(Exception):
    """The server ends."""


def work_ahead(workspaces: Path, ending: threading.Event) -> None:
    """Keep the rates of every bloc at the next vote ready for every large place, until told to end.

    Parameters
    ----------
    workspaces
        With a folder for each place, or for each campaign with its places.
    ending
        Set when the server ends: the work in hand is dropped.
    """
    seen: set[tuple[Path, str]] = set()
    while True:
        turn(workspaces, ending, seen)
        if ending.wait(ROUND_S):
            return


def turn(workspaces: Path, ending: threading.Event, seen: set[tuple[Path, str]]) -> None:
    """Work out what each bloc asks of each large place that was not seen as it is now.

    Parameters
    ----------
    workspaces, ending
        As for `work_ahead`.
    seen
        Folders and digests of places; those of this turn are added.
    """

    def go_on(_share: float) -> None:
        if ending.is_set():
            raise _EndingError

    found = [one for depth in ("*", "*/*") for one in workspaces.glob(f"{depth}/{MANIFEST}")]
    for folder in sorted(file.parent for file in found):
        try:
            go_on(0.0)
            place = Workspace(folder)
            if (folder, place.digest) in seen:
                continue
            seen.add((folder, place.digest))
            for asked in _questions(place):
                prospects_of(place, asked, go_on)
        except _EndingError:
            return
        except Exception as error:
            # Whoever opens the page is told; here nobody waits, and the next place has its turn.
            why = error.what if isinstance(error, DataError) else type(error).__name__
            logging.getLogger(__name__).info("rates of %s wait: %s", folder.name, why)


def _questions(place: Workspace) -> list[Scenario]:
    """Return what is usually asked of a large place, then the same for the other blocs.

    Whoever is for another bloc need not wait either. Of a smaller place nothing.
    """
    if max(one["bureaux"] for one in place.manifest["elections"].values()) < LARGE:
        return []
    usual = usual_scenario(place)
    return [replace(usual, bloc=bloc) for bloc in blocs_by_votes(place.read("candidates"))]
