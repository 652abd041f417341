"""What people ask first of a server's places, worked out before it answers anybody.

After a restart all come at once: each would wait for the same few answers, and hold up the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from analysis.errors import DataError
from analysis.tables.workspace import MANIFEST, Workspace
from analysis.workflows.ranking import Scenario
from analysis.workflows.usual_question import usual_scenario
from pages._ui import loaders
from pages._ui.abstention import coming_election
from pages._ui.home import load_brief

_log = logging.getLogger(__name__)


def work_ahead(workspaces: Path, most_s: float) -> None:
    """Work out what the pages ask first of every campaign's places, the latest built first.

    Parameters
    ----------
    workspaces
        With a folder for each campaign, its places inside.
    most_s
        Seconds after which nothing more is begun: nobody is answered meanwhile, and what is left is
        worked out when it is asked for.
    """
    until = time.monotonic() + most_s
    manifests = workspaces.glob(f"*/*/{MANIFEST}")
    latest_first = sorted(manifests, key=_built_at, reverse=True)
    # Every place its first page, before any has all.
    for step in (_home, _map, _past, _abstention):
        for file in latest_first:
            if time.monotonic() >= until:
                return
            _try(step, file.parent)


def _built_at(manifest: Path) -> int:
    try:
        return manifest.stat().st_mtime_ns
    except OSError:
        return 0  # built anew or taken away at this moment: the server starts all the same


def _try(step: Callable[[Workspace, Scenario], object], folder: Path) -> None:
    try:
        place = loaders.open_place(folder)
        step(place, usual_scenario(place))
    except Exception as error:
        # Whoever opens the page is told; here nobody waits, and the next place has its turn.
        why = error.what if isinstance(error, DataError) else type(error).__name__
        _log.log(logging.INFO, "answers on %s wait: %s", folder.name, why)


def _home(place: Workspace, asked: Scenario) -> None:
    found = load_brief.brief_ahead(place, asked)
    load_brief.pictures(place, found)


def _map(place: Workspace, asked: Scenario) -> None:
    loaders.geometry(place, loaders.prospects(place, asked))


def _past(place: Workspace, asked: Scenario) -> None:
    found = loaders.ranking_now(str(place.path), place.digest, asked.to_toml())
    loaders.validation(place, asked, size=len(found.table), wait=False)
    loaders.past_of(place, asked, str(found.table["bureau_id"].iloc[0]))


def _abstention(place: Workspace, asked: Scenario) -> None:
    coming_election.forecast(place, coming_election.Question(asked.election, asked.places))
