"""Pages that people have open: run anew when what their reader may do is another.

Each browser could ask by itself; two hundred that ask every two seconds leave one processor no
time for anything else. One question for all of them does.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.errors import DataError
from analysis.workflows import server_access

if TYPE_CHECKING:
    from analysis.access.membership import Person
    from pages._ui.access.visitor import Visitor

# A right taken back closes an open page within this time, whether or not anybody clicks.
WATCH_S = 2.0
_open: dict[str, tuple[str, Person]] = {}


def seen(login: str, found: Visitor) -> None:
    """Note for whom the page of this run is drawn.

    Parameters
    ----------
    login
        The secret that the browser sent.
    found
        Who it is, and what they may do.
    """
    context = get_script_run_ctx()
    if context is not None and found.person is not None:
        _open[context.session_id] = (login, found.person)


async def watch() -> None:
    """Ask every two seconds for as long as the server runs."""
    while True:
        began = time.monotonic()
        # A store that does not answer is told by the page, at its next run.
        with suppress(DataError):
            for session_id in await run_in_threadpool(_changed):
                _run_anew(session_id)
        await asyncio.sleep(max(0.0, WATCH_S - (time.monotonic() - began)))


def _changed() -> list[str]:
    """Return the sessions whose login is over, or gives other rights than their page shows."""
    from analysis.access import sessions

    runtime = Runtime.instance()
    for session_id in [one for one in list(_open) if not runtime.is_active_session(one)]:
        _open.pop(session_id, None)
    asked = dict(_open)
    if not asked:
        return []
    same = sessions.unchanged(server_access.engine(), dict(asked.values()))
    return [session_id for session_id, (login, _person) in asked.items() if login not in same]


def _run_anew(session_id: str) -> None:
    _open.pop(session_id, None)
    session = Runtime.instance().get_app_session(session_id)
    if session is not None:
        session.request_rerun(session._client_state)  # noqa: SLF001 - as at a changed file
