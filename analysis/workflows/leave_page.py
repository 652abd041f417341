"""`/u/CAMPAIGN/SECRET`: leave by one click.

RFC 8058: a mail program posts `List-Unsubscribe=One-Click` without cookies, and nothing is asked
back. A GET changes nothing: filters of mail open every link. The secret has 192 bits and can do
nothing but leave, so that nobody who guesses is slowed down: mail programs come from few addresses.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from analysis.contacts.asked import filled
from analysis.database.engine import reading
from analysis.errors import DataError
from analysis.fieldwork.campaign import workspace_of
from analysis.i18n import Words
from analysis.messages.leaving import leave
from analysis.messages.letter_links import bearer
from analysis.workflows import public_html
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.phone_endpoint import language_of

WORDS = Words.read("leave_page", files("analysis.workflows") / "leave_words.toml")


async def leave_page(request: Request, workspaces: Path) -> Response:
    """Answer a request under `/u/`."""
    path = tuple(part for part in request.path_params["path"].split("/") if part)
    posted = request.method == "POST"
    return await run_in_threadpool(_answer, path, workspaces, language_of(request), posted)


def _answer(path: tuple[str, ...], workspaces: Path, language: str, posted: bool) -> Response:  # noqa: FBT001 - of the request
    told = WORDS[language]
    workspace = workspace_of(workspaces, path[0]) if len(path) == 2 else None  # noqa: PLR2004
    if workspace is None:
        return public_html.page(language, told["leave.gone"], status=404)
    try:
        contacts = open_contacts(workspace)
    except DataError:
        return public_html.page(language, told["leave.later"], status=503)
    try:
        with reading(contacts.engine) as connection:
            known = bearer(connection, contacts, leave=path[1])
        if known is None:
            return public_html.page(language, told["leave.gone"], status=404)
        if posted:
            leave(contacts, known)
            return public_html.page(
                language,
                told["leave.title"],
                public_html.paragraph(filled(told["leave.done"], contacts.controller), "good"),
            )
        return public_html.page(
            language,
            told["leave.title"],
            public_html.paragraph(filled(told["leave.ask"], contacts.controller)),
            public_html.form(f"/u/{path[0]}/{path[1]}?lang={language}", [], told["leave.button"]),
        )
    except DataError:
        # Who wants to leave must know that they did not.
        return public_html.page(language, told["leave.later"], status=503)
    finally:
        close(contacts)
