"""`POST /api/inbound/CAMPAIGN/SECRET`: gateways and mail servers say what came back.

JSON (`inbound.take_call`), or a mail as it is (`message/rfc822`).
"""

from __future__ import annotations

import hmac
import json
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from analysis.errors import DataError
from analysis.fieldwork.campaign import workspace_of
from analysis.messages.inbound import hook_secret, take_call
from analysis.messages.returned_mail import take_back
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.request_body import BodyError, read_body

_MOST_BYTES = 2_000_000
# Who has shown the secret is waited for longer: a mail may come over a bad line.
WITHIN_S = 60.0
_NO = JSONResponse({"taken": False}, 404)


async def inbound(request: Request, workspaces: Path) -> Response:
    """Answer a request under `/api/inbound/`."""
    path = tuple(part for part in request.path_params["path"].split("/") if part)
    is_mail = request.headers.get("content-type", "").startswith("message/rfc822")
    # Who has no secret sends nothing that is read.
    if not await run_in_threadpool(_known, path, workspaces):
        return _NO
    try:
        # A bounce says what it is at its beginning, and may quote all the pictures after it.
        content = await read_body(request, _MOST_BYTES, cut=is_mail, within_s=WITHIN_S)
    except BodyError as refused:
        return JSONResponse({"taken": False}, refused.status)
    return await run_in_threadpool(_answer, path, workspaces, content, is_mail)


def _known(path: tuple[str, ...], workspaces: Path) -> bool:
    """Tell whether an address bears the secret of its campaign, or its store does not answer."""
    workspace = workspace_of(workspaces, path[0]) if len(path) == 2 else None  # noqa: PLR2004
    if workspace is None:
        return False
    try:
        contacts = open_contacts(workspace)
    except DataError:
        return True  # told by what follows, as one that may be sent again
    try:
        return hmac.compare_digest(hook_secret(contacts).encode(), path[1].encode())
    except DataError:
        return True
    finally:
        close(contacts)


def _answer(path: tuple[str, ...], workspaces: Path, content: bytes, is_mail: bool) -> Response:  # noqa: FBT001 - of the request
    workspace = workspace_of(workspaces, path[0]) if len(path) == 2 else None  # noqa: PLR2004
    if workspace is None:
        return _NO
    try:
        contacts = open_contacts(workspace)
    except DataError:
        return JSONResponse({"taken": False}, 503)
    try:
        if not hmac.compare_digest(hook_secret(contacts).encode(), path[1].encode()):
            return _NO
        if is_mail:
            return JSONResponse({"taken": take_back(contacts, content)})
        told = json.loads(content)
        return JSONResponse({"taken": take_call(contacts, told if isinstance(told, dict) else {})})
    except (ValueError, RecursionError):
        return JSONResponse({"taken": False}, 400)
    except DataError:
        return JSONResponse({"taken": False}, 503)
    finally:
        close(contacts)
