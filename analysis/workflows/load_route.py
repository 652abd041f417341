"""`/o/CAMPAIGN/MESSAGE/TOKEN.gif`: a picture whose loads are counted by cell of who agreed."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from analysis.errors import DataError
from analysis.fieldwork.campaign import workspace_of
from analysis.messages.loads import note_load
from analysis.workflows.contacts_open import close, open_contacts

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PARTS = 3


async def load_picture(request: Request, workspaces: Path) -> Response:
    """Answer a request under `/o/`: always the same picture, and no cookie."""
    path = tuple(part for part in request.path_params["path"].split("/") if part)
    program = request.headers.get("user-agent", "")
    if len(path) == _PARTS:
        await run_in_threadpool(_count, path, workspaces, program)
    return Response(_GIF, media_type="image/gif", headers={"Cache-Control": "no-store"})


def _count(path: tuple[str, ...], workspaces: Path, program: str) -> None:
    workspace = workspace_of(workspaces, path[0])
    if workspace is None:
        return
    # A picture that cannot be counted is shown all the same.
    with contextlib.suppress(DataError):
        contacts = open_contacts(workspace)
        try:
            note_load(contacts, path[1], path[2].removesuffix(".gif"), program)
        finally:
            close(contacts)
