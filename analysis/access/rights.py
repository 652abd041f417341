"""What a role may do, read from one table (`rights.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Scope = Literal["campaign", "zone", "team", "turf"]
SCOPES: tuple[Scope, ...] = ("campaign", "zone", "team", "turf")
# Of every path that no line names: the page itself, whichever its name.
_OTHERWISE = "open"
# Where addresses lead that no page has.
NOWHERE = "no_page"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """What somebody may do, and where.

    Attributes
    ----------
    campaign
        Whose.
    role
        One of `roles()`.
    scope, scope_id
        The whole campaign, or one zone, team or turf of it.
    """

    campaign: str
    role: str
    scope: Scope = "campaign"
    scope_id: str = ""


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("analysis.access").joinpath("rights.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def roles() -> tuple[str, ...]:
    """Return the names of the roles, the mightiest first."""
    return tuple(_table()["roles"])


def rights() -> tuple[str, ...]:
    """Return the names of the rights."""
    return tuple(_table()["rights"])


def pages() -> dict[str, str]:
    """Return the right that opens each page."""
    return dict(_table()["pages"])


def may(grants: Iterable[Grant], campaign: str, right: str) -> bool:
    """Tell whether some grant gives a right over a campaign.

    Parameters
    ----------
    grants
        Of one person.
    campaign
        Over which.
    right
        One of `rights()`.

    Returns
    -------
    bool
        False also where the role has it, but not for so wide a scope.
    """
    wide_enough = _table()["rights"][right]
    held = _table()["roles"]
    return any(
        grant.campaign == campaign
        and right in held.get(grant.role, ())
        and grant.scope in wide_enough
        for grant in grants
    )


def parts(
    grants: Iterable[Grant], campaign: str, right: str
) -> tuple[tuple[Scope, str], ...] | None:
    """Return over which parts of a campaign grants give a right; None for the whole.

    Parameters
    ----------
    grants
        Of one person.
    campaign
        Over which.
    right
        One of `rights()`.

    Returns
    -------
    tuple
        Scope and id of each part, none where the right is not given.
    """
    giving = {(grant.scope, grant.scope_id) for grant in grants if may([grant], campaign, right)}
    return None if any(scope == "campaign" for scope, _id in giving) else tuple(sorted(giving))


def route(path: str) -> str:
    """Return what a path asks for: "open", "session", or "token" (it checks that itself)."""
    known = known_route(path)
    return str(_table()["routes"][known]) if known else _OTHERWISE


def page_meant(path: str) -> str:
    """Return the page of a path of several parts that is none of ours; "" where it is ours.

    A page is one part: what it loads is looked for beside it, and further down there is nothing.

    Examples
    --------
    >>> [page_meant(path) for path in ("/old/guides", "/guides/old", "/guides", "/static/a.js")]
    ['guides', 'no_page', '', '']
    """
    parts = [part for part in path.split("/") if part]
    if len(parts) <= 1 or known_route(path):
        return ""
    return parts[-1] if parts[-1] in _table()["pages"] else NOWHERE


def known_route(path: str) -> str:
    """Return the line of the table that a path falls under; "" for none."""
    known = _table()["routes"]
    while path and path not in known:
        path = path.rpartition("/")[0]
    return path
