"""The server's store of people and rights, opened once; which folders a campaign has."""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.access.rights import Grant
from analysis.access.server_settings import ServerSettings, load
from analysis.errors import DataError

# The one-person app asks only how it runs, and waits for no library of databases.
if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

ROOT = Path(__file__).parents[2]
# One person's machine behind an https proxy: where others reach its pages.
ADDRESS = "PALIER_ADDRESS"
# Places whose answers are kept: as many as a federation has, and more.
_DAYS, _ROOM = 14, 25
# They are about no campaign's content, or write down themselves what they do.
_UNNOTED = {"serve", "campaign", "invite", "audit", "backup", "restore"}
# The first word after a verb is written down where it is one of these, never as it was typed.
ACTIONS = {
    *("import", "export", "list", "show", "search", "end", "refused", "turfs", "print", "send"),
    *("new", "preview", "approve", "status", "halt", "returned", "count", "erase", "access"),
    *("campaign", "retry", "progress", "rates", "contact", "covered", "check", "revoke", "effect"),
    *("buildings", "accept", "refuse", "set", "answers", "controller", "doors", "slip", "table"),
    *("requests", "request", "answer", "retention", "register", "entry", "say", "save"),
    *("columns", "link", "proposals", "decide", "undo"),
}
# Set where the front door stands before the pages (`front_door.FrontDoor`).
DOOR = threading.Event()
_opening = threading.Lock()
_opened: dict[str, Engine] = {}
_bound: dict[str, int] = {}


@cache
def settings() -> ServerSettings:
    """Return how this copy runs; a fault is raised at every call until it is mended."""
    return load(ROOT, os.environ)


def answer_at(port: int) -> None:
    """Say at which port this process answers: the command line names it as often as settings."""
    _bound["port"] = port


def outside_address() -> str:
    """Return where others reach this copy, without a slash at its end; "" where nobody does."""
    return (settings().address or os.environ.get(ADDRESS, "")).rstrip("/")


def own_address() -> str:
    """Return where people reach this copy: others, or else who sits before this machine."""
    port = _bound.get("port", settings().port)
    return outside_address() or f"http://localhost:{port}"


def room(few: int) -> int:
    """Return how many answers to keep where one person would do with a few.

    A server has the places of many campaigns open at once.
    """
    try:
        return few * _ROOM if settings().server else few
    except DataError:  # told by the page
        return few


def engine() -> Engine:
    """Return the server's store, whichever tenant, brought up to date at the first call."""
    from analysis.database.engine import share
    from analysis.database.migrate import upgrade
    from analysis.fieldwork import tallies

    url = settings().store
    with _opening:
        if url not in _opened:
            fresh = share(url)
            upgrade(fresh, rebuild=tallies.rebuild)
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


def audits_of(campaign: str) -> dict[str, str]:
    """Return what has an audit of its own: tenant of the rows → name of the place; "" for all.

    What is done to people is written down in the transaction of the act, with the rows of the
    place that it is of.
    """
    found = {campaign: ""}
    for file in sorted(folder_of(campaign).glob("*/fieldwork/campaign.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(file.read_text(encoding="utf-8"))
            found[str(told["campaign_id"])] = file.parents[1].name
    return found


def note_command(words: Sequence[str]) -> None:
    """Write a command into the audit of each campaign whose places it names, before it is run.

    Parameters
    ----------
    words
        The verb, then the rest: of it, the names of options are written down and no values.

    Raises
    ------
    DataError
        When it cannot be written: the command is not run then.
    """
    if not words or words[0] in _UNNOTED or "--help" in words or not settings().server:
        return
    from analysis.access import audit, membership
    from analysis.database.engine import of_tenant

    top = Path(settings().workspaces).resolve()
    named = (Path(word.rpartition("=")[2]).resolve() for word in words[1:] if "/" in word)
    inside = {path.relative_to(top).parts[:1] for path in named if path.is_relative_to(top)}
    action = [one for one in words[1:2] if one in ACTIONS]
    options = [one.partition("=")[0] for one in words[1:] if one.startswith("--")]
    subject = " ".join([words[0], *action, *dict.fromkeys(options)])[:200]
    known = {one["campaign"] for one in membership.campaigns(engine())} if inside else set()
    for campaign in sorted({parts[0] for parts in inside if parts} & known):
        audit.note(of_tenant(engine(), campaign), membership.NOBODY, "command", subject=subject)


def new_campaign(name: str, *, organisation: str, administrator: str) -> str:
    """Enter a campaign, and invite who will run it; return its id.

    Parameters
    ----------
    name, organisation
        What people call the two.
    administrator
        Address of mail with which the first administrator logs in.

    Returns
    -------
    str
        Made of the name and six hexadecimal digits.

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
