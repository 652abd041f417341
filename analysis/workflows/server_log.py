"""What a server says of itself: lines of JSON on standard error, about nobody.

A line holds only what is named here. No name, address of mail or of a machine, token, remark, query
or path as it was asked for: of a path, the line of the table of routes that it falls under.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from analysis.access.rights import known_route
from analysis.workflows import server_access

Event = Literal["request", "socket", "import", "error"]
Level = Literal["info", "warning", "error"]
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
_one_at_a_time = threading.Lock()


def write(
    event: Event,
    level: Level = "info",
    *,
    seconds: float,
    campaign: str = "",
    **facts: int | str,
) -> None:
    """Write a line, where this copy is a server; the app of one person is silent.

    Parameters
    ----------
    event, level
        What happened, and how bad it is.
    seconds
        How long it took.
    campaign
        Its id, once it is known to be one: never what a stranger says it is.
    facts
        Numbers, and words of this house.
    """
    if not server_access.settings().server:
        return
    told = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "event": event,
        "duration_ms": round(seconds * 1000),
        **({"campaign": campaign} if campaign else {}),
        **facts,
    }
    with _one_at_a_time:
        sys.stderr.write(json.dumps(told) + "\n")
        sys.stderr.flush()


def request(scope: Mapping[str, object], status: int, seconds: float) -> None:
    """Write what became of a request.

    Parameters
    ----------
    scope
        Of the request, as ASGI has it.
    status
        What was answered; 0 where nothing was.
    seconds
        How long it took.
    """
    method = str(scope.get("method", ""))
    level: Level = "error" if status >= 500 or not status else "info"  # noqa: PLR2004 - of HTTP
    route = known_route(str(scope["path"])) or "page"
    if scope["type"] == "websocket":
        write("socket", seconds=seconds, route=route)
        return
    known = method if method in _METHODS else "other"
    write("request", level, seconds=seconds, method=known, route=route, status=status)


def failure(error: BaseException, seconds: float) -> None:
    """Write that something failed: its kind and the line of code, never what it says."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = place.tb_frame.f_globals.get("__name__", "") if place else ""
    line = place.tb_lineno if place else 0
    kind = type(error).__name__
    write("error", "error", seconds=seconds, kind=kind, module=str(where), line=line)
