"""The server's store of people and rights, opened once; which folders a campaign has."""

from __future__ import annotations

import os
import re
import secrets
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.access.rights import Grant
from analysis.access.server_settings import ServerSettings, load

# The one-person app asks only how it runs, and waits for no library of databases.
if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

ROOT = Path(__file__).parents[2]
_DAYS = 14
_opening = threading.Lock()
_opened: dict[str, Engine] = {}


@cache
def settings() -> ServerSettings:
    """Return how this copy runs; a fault is raised at every call until it is mended."""
    return load(ROOT, os.environ)


def engine() -> Engine:
    """Return the server's store, whichever tenant, brought up to date at the first call."""
    from analysis.database.engine import connect, share
    from analysis.database.migrate import upgrade
    from analysis.fieldwork import tallies

    url = settings().store
    with _opening:
        if url not in _opened:
            fresh = connect(url)
            upgrade(fresh, rebuild=tallies.rebuild)
            share(fresh)
            _opened[url] = fresh
        return _opened[url]


def close() -> None:
    """Close the store, and read the settings again when they are next asked for."""
    with _opening:
        for opened in _opened.values():
            from analysis.database.engine import part_with

            part_with(opened)
        _opened.clear()
    settings.cache_clear()


def folder_of(campaign: str) -> Path:
    """Return the folder with the places of a campaign, made if need be."""
    folder = Path(settings().workspaces) / Path(campaign).name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def new_campaign(name: str, *, organisation: str, administrator: str) -> str:
    """Enter a campaign, and invite who will run it; return its id.

    Parameters
    ----------
    name, organisation
        What people call the two.
    administrator
        Address of mail with which the first administrator logs in.

    Raises
    ------
    DataError
        When the address is none, or the store does not answer.
    """
    from analysis.access import invitations, membership

    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30] or "campaign"
    campaign = f"{short}-{secrets.token_hex(3)}"
    store = engine()
    given = Grant(campaign, "administrator")
    invitations.invite_by_mail(store, administrator, given, days=_DAYS, by=membership.NOBODY)
    membership.found_campaign(store, campaign, name=name, organisation=organisation)
    folder_of(campaign)
    return campaign
