"""GET /healthz: whether the store answers. Whoever watches over the server may ask, by any name."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from analysis.access.server_settings import ServerSettings
from analysis.workflows import server_access

PATH = "/healthz"
# A store that hangs is one that does not answer.
_PATIENCE_S = 5.0
# However often it is asked, the store is asked this often.
_KEPT_S = 1.0


class Health:
    """Asks the store, one question at a time, and keeps the answer for a moment."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._sound, self._asked = False, float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def answer(self) -> Response:
        """Return 200 when the store answers, else 503: nothing of why to a stranger."""
        if self._settings.server and time.monotonic() - self._asked > _KEPT_S:
            await self._ask()
        sound = self._sound or not self._settings.server
        told = {"status": "ok" if sound else "unavailable"}
        return JSONResponse(told, 200 if sound else 503, {"Cache-Control": "no-store"})

    async def _ask(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._look())
        try:
            # A question that hangs goes on by itself, and no other is asked meanwhile.
            await asyncio.wait_for(asyncio.shield(self._asking), _PATIENCE_S)
        except TimeoutError:
            self._sound = False

    async def _look(self) -> None:
        self._sound = await run_in_threadpool(_is_sound)
        self._asked = time.monotonic()


def _is_sound() -> bool:
    from sqlalchemy.exc import SQLAlchemyError

    from analysis.database.engine import reading
    from analysis.database.migrate import newest_revision, revision_of
    from analysis.errors import DataError

    try:
        with reading(server_access.engine()) as connection:
            right = revision_of(connection) == newest_revision()
    except (DataError, SQLAlchemyError):
        return False
    return right and Path(server_access.settings().workspaces).is_dir()
