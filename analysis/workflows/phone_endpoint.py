"""POST /api/returns: a phone's file, straight into the store of its campaign; and links of turfs.

Nobody logs in: a file is taken when it bears the token of its turf. The answer is JSON, with
counts or with what is wrong and how to mend it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from analysis import i18n as languages
from analysis.errors import DataError
from analysis.workflows import server_log
from analysis.workflows.request_body import BodyError, origin_of, read_body

# A turf noted door by door is a few hundred kilobytes.
MOST_BYTES = 4_000_000
# Who vouches for a turf does it in the first lines; more is not read from who does not.
MOST_UNKNOWN = 64_000
# A phone on a bad line still sends its first lines within this, and all within the other.
FIRST_S, WHOLE_S = 10.0, 60.0
# Wrong tokens an address may send in a minute before it is told to wait; it doubles each time.
WRONG, PAUSE_S, LONGEST_PAUSE_S = 20, 60.0, 3600.0
# A link that is never revoked ends some days after the last outing.
DAYS_AFTER = 14
# Where no last outing is named, it ends so long after the key of the campaign was drawn.
MOST_DAYS = 365
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
_OVER = DataError(
    "This campaign is over: its links take nothing in any longer.",
    mend="Give the file to the organiser who handed out the phone page.",
)
_SLOW = DataError("The file did not arrive whole in time.", mend="Send it again on a better line.")
_WAIT = DataError("Too many wrong tokens came from this address.", mend="Wait, then send again.")
_STORE_GONE = DataError(
    "The server cannot count this now.",
    mend="The phone keeps everything: send again in a while.",
)
_NAMED = re.compile(rb'"(campaign_id|turf_id|seal|token)"\s*:\s*"((?:[^"\\]|\\.){0,200})"')
_stores: dict[Path, tuple[Any, Any]] = {}
_opening = threading.Lock()


class _RefusalError(Exception):
    """What is answered instead of counting."""

    def __init__(self, status: int, error: DataError) -> None:
        super().__init__(error.what)
        self.status, self.error = status, error


class _WrongTokenError(_RefusalError):
    def __init__(self, turf: str) -> None:
        super().__init__(
            422,
            DataError(
                "The token of these returns is not that of their turf.",
                where="turf {turf}",
                mend="Open the phone page from the QR code of the turf's sheet; if it was made "
                "anew, give the file to the organiser.",
                turf=_plain(turf),
            ),
        )


async def receive_returns(request: Request, workspaces: Path) -> Response:
    """Answer a phone: 200 with counts, 4xx with what is wrong with its file.

    Words are in the language asked for (`?lang=`, else Accept-Language), French by default.
    The campaign is looked for among the `workspaces`, folders in this one.
    """
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_ASKED_FIRST)
    language = language_of(request)
    address = origin_of(request)
    try:
        if wait := _patience.left(address):
            return _refuse(429, _WAIT, language, {"Retry-After": f"{math.ceil(wait)}"})
        content, workspace = await _read(request, workspaces)
        return await run_in_threadpool(_take, content, language, workspace)
    except _RefusalError as refusal:
        if isinstance(refusal, _WrongTokenError):
            _patience.note(address)
        return _refuse(refusal.status, refusal.error, language)


async def turf_page(request: Request, workspaces: Path) -> Response:
    """Answer a turf's link: who brings its token, in the body of a POST, gets its page.

    What a GET gives holds nothing of the turf: it reads the token behind the # of its address,
    where it reaches no log, asks with it, and keeps the page for when there is no network.
    """
    from analysis.workflows.turf_links_out import opener

    language = language_of(request)
    if request.method == "GET" and request.path_params["path"] == "worker.js":
        return Response(opener(language, "worker.js"), media_type="text/javascript")
    if request.method == "GET":
        return HTMLResponse(opener(language, "open.html"), headers=_PRIVATE)
    address = origin_of(request)
    if wait := _patience.left(address):
        return _refuse(429, _WAIT, language, {"Retry-After": f"{math.ceil(wait)}"})
    try:
        content = await read_body(request, _LONGEST_TOKEN)
    except BodyError as refused:
        told = _SLOW if refused.status == HTTPStatus.REQUEST_TIMEOUT else _TOO_LARGE
        return _refuse(refused.status, told, language)
    answer = await run_in_threadpool(
        _opened, request.path_params["path"], content, workspaces, language
    )
    if answer.status_code == HTTPStatus.NOT_FOUND:
        _patience.note(address)
    return answer


def _opened(path: str, token: bytes, workspaces: Path, language: str) -> Response:
    from analysis.fieldwork.campaign import workspace_of
    from analysis.fieldwork.turf_links import page_of

    campaign_id, _slash, turf_id = path.partition("/")
    workspace = workspace_of(workspaces, campaign_id)
    today = datetime.now(UTC).date()
    page = workspace and page_of(workspace, turf_id, token.decode("ascii", "replace"), today)
    # One answer for a wrong token and for no such turf: nobody learns which turfs there are.
    return HTMLResponse(page, headers=_PRIVATE) if page else _refuse(404, _NO_LINK, language)


async def _read(request: Request, workspaces: Path) -> tuple[bytes, Path]:
    """Read a file, no further than its first lines where these name no turf with its token."""
    content, workspace = bytearray(), None
    try:
        async with asyncio.timeout(FIRST_S) as limit:
            async for part in request.stream():
                content += part
                if len(content) > MOST_BYTES:
                    raise _RefusalError(413, _TOO_LARGE)
                if workspace is None and len(content) > MOST_UNKNOWN:
                    head = bytes(content[:MOST_UNKNOWN])
                    workspace = await run_in_threadpool(_vouched, head, workspaces)
                    limit.reschedule(asyncio.get_running_loop().time() + WHOLE_S)
    except TimeoutError as error:
        raise _RefusalError(408, _SLOW) from error
    if workspace is None:
        workspace = await run_in_threadpool(_vouched, bytes(content), workspaces)
    return bytes(content), workspace


def _vouched(head: bytes, workspaces: Path) -> Path:
    """Return the workspace of a campaign that the first lines have a right token for."""
    from analysis.fieldwork.campaign import workspace_of

    named: dict[str, str] = {}
    with contextlib.suppress(ValueError):
        for name, value in _NAMED.findall(head):
            named.setdefault(name.decode(), json.loads(b'"' + value + b'"'))
    if not {"campaign_id", "turf_id", "token"} <= named.keys():
        raise _RefusalError(400, _NO_RETURNS)
    workspace = workspace_of(workspaces, named["campaign_id"])
    if workspace is None:
        raise _RefusalError(404, _NO_CAMPAIGN)
    campaign = _campaign(workspace)
    told = {name: _plain(text) for name, text in named.items()}
    if not campaign.is_token(told["token"], told["turf_id"], told.get("seal", "")):
        raise _WrongTokenError(named["turf_id"])
    if datetime.now(UTC).date() > _last_day(workspace, campaign):
        raise _RefusalError(403, _OVER)
    return workspace


def _last_day(workspace: Path, campaign: Any) -> date:  # noqa: ANN401 - imported late
    """Return until when tokens hold: nobody knows who still has a page of a year ago."""
    if campaign.ends:
        after: date = campaign.ends + timedelta(days=DAYS_AFTER)
        return after
    drawn = (workspace / "fieldwork" / "campaign.key").stat().st_mtime
    return datetime.fromtimestamp(drawn, UTC).date() + timedelta(days=MOST_DAYS)


def _plain(text: str) -> str:
    # Half a character is none: no text that holds one is ours.
    return text.encode("utf-8", "replace").decode()


def _campaign(workspace: Path) -> Any:  # noqa: ANN401 - imported late
    from analysis.fieldwork.campaign import open_campaign

    try:
        return open_campaign(workspace)
    except DataError as error:
        raise _RefusalError(503, _STORE_GONE) from error


def _take(content: bytes, language: str, workspace: Path) -> Response:
    # Everything a page needs has loaded by then; a phone never waits for it twice.
    from analysis.fieldwork import inbox

    began = time.monotonic()
    try:
        store = store_of(workspace)
    except DataError:
        # What bears a right token is never thrown away: it is counted when the store is back.
        with contextlib.suppress(DataError):
            inbox.keep(workspace / "fieldwork", content, "unread.json")
        return _refuse(503, _STORE_GONE, language)
    try:
        receipt = inbox.receive_from_phone(store, content)
    except DataError as error:
        passing = isinstance(error.__cause__, OSError) or _is_store(error)
        server_log.failure(error, time.monotonic() - began)
        # Paths of the server are left out of what a stranger reads, before they are translated.
        texts = (error.what, _public(error.where), error.mend)
        what, where, mend = (languages.told(text, language) for text in texts)
        return _answer(503 if passing else 422, {"error": what, "where": where, "mend": mend})
    server_log.write(
        "import",
        seconds=time.monotonic() - began,
        campaign=store.campaign.campaign_id,
        new=receipt.new,
        repeated=receipt.repeated,
        conflicts=receipt.conflicts,
        withheld=len(receipt.withheld),
        missing=receipt.missing,
    )
    return _answer(
        200,
        {
            "new": receipt.new,
            "repeated": receipt.repeated,
            "conflicts": receipt.conflicts,
            "turfs": list(receipt.turfs),
            "withheld": len(receipt.withheld),
            "missing": receipt.missing,
        },
    )


class Patience:
    """Counts wrong tokens by address, and says how long one has to wait."""

    def __init__(self) -> None:
        self._wrong: dict[str, list[float]] = {}
        self._until: dict[str, tuple[float, float]] = {}

    def left(self, address: str) -> float:
        """Return the seconds an address has to wait."""
        return max(0.0, self._until.get(address, (0.0, 0.0))[0] - time.monotonic())

    def note(self, address: str) -> None:
        """Note a wrong token."""
        now = time.monotonic()
        recent = [at for at in self._wrong.get(address, []) if at > now - PAUSE_S] + [now]
        self._wrong[address] = recent
        if len(recent) >= WRONG:
            pause = min(max(PAUSE_S, 2 * self._until.get(address, (0.0, 0.0))[1]), LONGEST_PAUSE_S)
            self._until[address] = (now + pause, pause)
            del self._wrong[address]
        if len(self._wrong) + len(self._until) > 100_000:  # noqa: PLR2004 - many made-up addresses
            self._wrong.clear()
            self._until.clear()


_patience = Patience()


def language_of(request: Request) -> str:
    """Return the language asked for, the best liked of those we have."""
    liked = []
    for wish in request.headers.get("accept-language", "").split(","):
        name, _rest, weight = wish.partition(";q=")
        with contextlib.suppress(ValueError):
            liked.append((-float(weight or 1), name.strip()[:2].lower()))
    best = [name for _weight, name in sorted(liked, key=lambda pair: pair[0])]
    return languages.choose(request.query_params.get("lang"), *best)


def _refuse(
    status: int, error: DataError, language: str, headers: Mapping[str, str] | None = None
) -> Response:
    texts = {"error": error.what, "where": error.where, "mend": error.mend}
    told = {name: languages.told(text, language) for name, text in texts.items() if text}
    return _answer(status, told, headers)


def _answer(
    status: int, told: dict[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    # What is wrong with a file may quote it, half characters and all.
    plain = {name: _plain(said) if isinstance(said, str) else said for name, said in told.items()}
    return JSONResponse(plain, status_code=status, headers={**_OPEN, **(headers or {})})


def store_of(workspace: Path) -> Any:  # noqa: ANN401 - imported late
    """Return the open store of a workspace, opened anew when its key or calendar is another."""
    from analysis.fieldwork.store import SQLITE, VARIABLE, open_store

    folder, url = workspace / "fieldwork", os.environ.get(VARIABLE, "")
    watched = ("campaign.json", "campaign.key", "issues.json", *(() if url else (SQLITE,)))
    with _opening:
        seen, store = _stores.get(workspace, (None, None))
        state = (url, *(_state(folder / name) for name in watched))
        if store is not None and seen != state:
            store.close()
            del _stores[workspace]
            if not url and state[-1] is None:
                raise DataError("The store was deleted.", where="{file}", file=folder / SQLITE)
            store = None
        if store is None:
            store = open_store(workspace, url)
            state = (url, *(_state(folder / name) for name in watched))
            _stores[workspace] = (state, store)
        return store


def _state(file: Path) -> tuple[int, ...] | None:
    """Return what tells a file from another one; a store is written to all the time."""
    try:
        found = file.stat()
    except OSError:
        return None
    own = (found.st_dev, found.st_ino)
    return own if file.suffix == ".sqlite" else (*own, found.st_mtime_ns)


def _is_store(error: Exception) -> bool:
    """Tell whether the database failed, so that the phone may try again later."""
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error.__cause__, SQLAlchemyError)


def _public(where: str) -> str:
    """Leave paths of the server out of what a stranger reads."""
    return "" if "/" in where or "\\" in where else where
