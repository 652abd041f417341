"""POST /api/returns: a phone's file, straight into the store of its campaign; and links of turfs.

Nobody logs in: a file is taken when it bears the token of its turf. The answer is JSON, with
counts or with what is wrong and how to mend it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from analysis import i18n as languages
from analysis.errors import DataError

# A turf noted door by door is a few hundred kilobytes.
MOST_BYTES = 4_000_000
_OPEN = {"Access-Control-Allow-Origin": "*"}
# A phone page is a file: the browser asks first whether it may post from there.
_ASKED_FIRST = {
    **_OPEN,
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}
_TOO_LARGE = DataError("This file is too large to be returns.", mend="Export each turf apart.")
_NO_RETURNS = DataError(
    "This is no file of returns.", mend="Send the file that the phone page exports."
)
_NO_CAMPAIGN = DataError(
    "No campaign of this name is open on this server.",
    mend="Give the file to the organiser who handed out the phone page.",
)
_NO_LINK = DataError("This link opens no turf any more.", mend="Ask the organiser for a new one.")
# A token is 24 characters.
_LONGEST_TOKEN = 200
_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_stores: dict[tuple[Path, str], Any] = {}
_opening = threading.Lock()


async def receive_returns(request: Request, workspaces: Path) -> Response:
    """Answer a phone: 200 with counts, 4xx with what is wrong with its file.

    Words are in the language asked for (`?lang=`, else Accept-Language), French by default.
    The campaign is looked for among the `workspaces`, folders in this one.
    """
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_ASKED_FIRST)
    language = _language(request)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            return _refuse(413, _TOO_LARGE, language)
    return await run_in_threadpool(_take, bytes(content), language, workspaces)


async def turf_page(request: Request, workspaces: Path) -> Response:
    """Answer a turf's link: who brings its token, in the body of a POST, gets its page.

    What a GET gives holds nothing of the turf: it reads the token behind the # of its address,
    where it reaches no log, asks with it, and keeps the page for when there is no network.
    """
    from analysis.workflows.turf_links_out import opener

    language = _language(request)
    if request.method == "GET" and request.path_params["path"] == "worker.js":
        return Response(opener(language, "worker.js"), media_type="text/javascript")
    if request.method == "GET":
        return HTMLResponse(opener(language, "open.html"), headers=_PRIVATE)
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LONGEST_TOKEN:
            return _refuse(413, _TOO_LARGE, language)
    return await run_in_threadpool(
        _opened, request.path_params["path"], content, workspaces, language
    )


def _opened(path: str, token: bytes, workspaces: Path, language: str) -> Response:
    from analysis.fieldwork.campaign import workspace_of
    from analysis.fieldwork.turf_links import page_of

    campaign_id, _slash, turf_id = path.partition("/")
    workspace = workspace_of(workspaces, campaign_id)
    today = datetime.now(UTC).date()
    page = workspace and page_of(workspace, turf_id, token.decode("ascii", "replace"), today)
    # One answer for a wrong token and for no such turf: nobody learns which turfs there are.
    return HTMLResponse(page, headers=_PRIVATE) if page else _refuse(404, _NO_LINK, language)


def _take(content: bytes, language: str, workspaces: Path) -> Response:
    # Everything a page needs has loaded by then; a phone never waits for it twice.
    from analysis.fieldwork import inbox
    from analysis.fieldwork.campaign import workspace_of

    try:
        campaign_id = json.loads(content)["campaign_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return _refuse(400, _NO_RETURNS, language)
    workspace = workspace_of(workspaces, str(campaign_id))
    if workspace is None:
        return _refuse(404, _NO_CAMPAIGN, language)
    try:
        receipt = inbox.receive_from_phone(_store(workspace), content)
    except DataError as error:
        passing = isinstance(error.__cause__, OSError) or _is_store(error)
        # Paths of the server are left out of what a stranger reads, before they are translated.
        texts = (error.what, _public(error.where), error.mend)
        what, where, mend = (languages.told(text, language) for text in texts)
        return _answer(503 if passing else 422, {"error": what, "where": where, "mend": mend})
    return _answer(
        200,
        {
            "new": receipt.new,
            "repeated": receipt.repeated,
            "conflicts": receipt.conflicts,
            "turfs": list(receipt.turfs),
        },
    )


def _language(request: Request) -> str:
    """Return the language asked for, the best liked of those we have."""
    liked = []
    for wish in request.headers.get("accept-language", "").split(","):
        name, _rest, weight = wish.partition(";q=")
        with contextlib.suppress(ValueError):
            liked.append((-float(weight or 1), name.strip()[:2].lower()))
    best = [name for _weight, name in sorted(liked, key=lambda pair: pair[0])]
    return languages.choose(request.query_params.get("lang"), *best)


def _refuse(status: int, error: DataError, language: str) -> Response:
    what, mend = (languages.told(text, language) for text in (error.what, error.mend))
    return _answer(status, {"error": what, "mend": mend})


def _answer(status: int, told: dict[str, Any]) -> Response:
    return JSONResponse(told, status_code=status, headers=_OPEN)


def _store(workspace: Path) -> Any:  # noqa: ANN401 - imported late
    from analysis.fieldwork.store import VARIABLE, open_store

    key = (workspace, os.environ.get(VARIABLE, ""))
    with _opening:
        if key not in _stores:
            _stores[key] = open_store(*key)
        return _stores[key]


def _is_store(error: Exception) -> bool:
    """Tell whether the database failed, so that the phone may try again later."""
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error.__cause__, SQLAlchemyError)


def _public(where: str) -> str:
    """Leave paths of the server out of what a stranger reads."""
    return "" if "/" in where or "\\" in where else where
