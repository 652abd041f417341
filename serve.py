"""Palier's server: `streamlit run serve.py`. It runs `app.py`, and is ready before it is asked.

The libraries that every page needs load while the browser is still fetching the page's own
files. `streamlit run app.py` works as well, and opens a second or two later.
Phones may send their returns to `POST /api/returns`; with `app.py` alone there is no such address.
As a server for several people (`palier.toml`, `docs/server.md`) it is started by `make serve`.
"""

import asyncio
import importlib
import os
import pkgutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config, net_util
from streamlit.runtime import forward_msg_cache
from streamlit.runtime.pages_manager import PagesManager
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from analysis.access.server_settings import check_address
from analysis.errors import DataError
from analysis.workflows import loop_wakeups, server_access, slow_headers
from analysis.workflows.front_door import LOGIN_HEADER, FrontDoor
from analysis.workflows.invitation_route import invitation
from analysis.workflows.late_loading import once_loaded
from analysis.workflows.own_tiles import named_tiles
from pages._ui.access import open_pages, owned_files, said_by_browsers
from pages._ui.access.login_callback import bound_address, claims_of, login_of, secrets_of

# A person who starts the app is waiting for its first map.
FIRST_WAIT_S = 8.0
# What is over goes once the first pages are there: its libraries take a second of them. Later, a
# server that was asleep at midnight is not a day late.
FIRST_TURN_S = 60.0

# What the first page imports, the slowest first; each brings others with it.
FIRST = ("pandas", "geopandas", "analysis.workflows.ranking")

# Streamlit asks a service outside who it is, to print a link and to judge foreign pages; the front
# door judges them here, and an address that others may know is in palier.toml.
net_util.get_external_ip = lambda: None

# Each message of each page asks for it, behind a lock at which the threads of all pages wait.
_ASKED = "global.minCachedMessageSize"
_LEAST = {_ASKED: int(config.get_option(_ASKED))}
vars(forward_msg_cache)["config"] = SimpleNamespace(
    get_option=lambda name: _LEAST[name] if name in _LEAST else config.get_option(name)
)

slow_headers.give_up(AutoHTTPProtocol)

# Else the first visit to a page would run it once without the router (`pages/_ui/__init__.py`).
PagesManager.uses_pages_directory = False


def _load() -> None:
    # Its words first, so that the sidebar is there while the rest loads.
    languages = importlib.import_module("analysis.i18n")
    languages.translations(languages.DEFAULT)
    for name in FIRST:
        importlib.import_module(name)


def _load_pages() -> None:
    """Load what all pages need: many people at once would all wait for the first one's imports."""
    import pages._ui as kit

    _load()
    languages = importlib.import_module("analysis.i18n")
    languages.told("Palier", languages.DEFAULT)
    for module in pkgutil.walk_packages(kit.__path__, f"{kit.__name__}."):
        importlib.import_module(module.name)


def _prepare() -> None:
    """Load the pages and work out what is asked of them first, before anybody may come."""
    _load_pages()
    from pages._ui.answers_ahead import work_ahead

    work_ahead(Path(settings.workspaces), settings.prepare_seconds)


def _letters(ending: threading.Event) -> None:
    """Send what was approved, in the background, where something takes messages away."""
    from analysis.workflows.mail_out import takes_away

    if not any(map(takes_away, ("email", "sms"))):
        return
    from analysis.workflows.mail_worker import work_on
    from pages._ui.state import WORKSPACES

    work_on(Path(settings.workspaces) if settings.server else WORKSPACES, ending)


def _durations(ending: threading.Event) -> None:
    """Do away each day with what was kept long enough, in the background."""
    if ending.wait(FIRST_TURN_S):
        return
    from analysis.workflows.daily_retention import keep_to_durations
    from pages._ui.state import WORKSPACES

    keep_to_durations(Path(settings.workspaces) if settings.server else WORKSPACES, ending)


def _rates(ending: threading.Event) -> None:
    """Work out in the background what the first page of a large place asks."""
    from analysis.workflows.rates_ahead import work_ahead
    from pages._ui.state import WORKSPACES

    work_ahead(Path(settings.workspaces) if settings.server else WORKSPACES, ending)


def _behind(work: Callable[[threading.Event], None], ending: threading.Event) -> None:
    """Begin at once on a server, and on a laptop once its first page had time to come."""
    if settings.server or not ending.wait(FIRST_WAIT_S):
        once_loaded(work, ending)


def _references(ending: threading.Event) -> None:
    """Keep the memory of tables that every page looks at from growing."""
    from analysis.workflows.spent_references import keep_letting_go

    keep_letting_go(ending)


@asynccontextmanager
async def ready(_app: st.App) -> AsyncIterator[None]:
    """Load in the background, so that one person is answered at once; before, for many."""
    loop_wakeups.together(asyncio.get_running_loop())
    # By now it is bound: links in letters lead to the port that answers, whoever chose it.
    server_access.answer_at(int(config.get_option("server.port")))
    if settings.server:
        await asyncio.to_thread(_prepare)
    else:
        threading.Thread(target=_load, name="first imports", daemon=True).start()
    ending = threading.Event()
    works = [(_letters, "messages"), (_durations, "durations"), (_rates, "rates")]
    works += [(_references, "references")] if settings.server else []
    for work, name in works:
        threading.Thread(target=_behind, args=(work, ending), name=name, daemon=True).start()
    watching = asyncio.create_task(open_pages.watch()) if settings.server else None
    yield
    ending.set()
    if watching is not None:
        watching.cancel()


async def returns(request: Request) -> Response:
    """Take the returns of a phone."""
    from analysis.workflows.phone_endpoint import receive_returns
    from pages._ui.state import WORKSPACES

    folder = Path(settings.workspaces) if settings.server else WORKSPACES
    return await receive_returns(request, folder)


async def turf(request: Request) -> Response:
    """Open the page of a turf by its link."""
    from analysis.workflows.phone_endpoint import turf_page
    from pages._ui.state import WORKSPACES

    folder = Path(settings.workspaces) if settings.server else WORKSPACES
    return await turf_page(request, folder)


async def public(request: Request) -> Response:
    """Answer anybody who signs up, confirms, or changes what they agreed to."""
    from analysis.workflows.public_pages import public_page
    from pages._ui.state import WORKSPACES

    folder = Path(settings.workspaces) if settings.server else WORKSPACES
    return await public_page(request, folder)


async def leave(request: Request) -> Response:
    """Let whoever has the link of a message receive nothing more."""
    from analysis.workflows.leave_page import leave_page
    from pages._ui.state import WORKSPACES

    folder = Path(settings.workspaces) if settings.server else WORKSPACES
    return await leave_page(request, folder)


async def inbound(request: Request) -> Response:
    """Take what gateways and mail servers call back with."""
    from analysis.workflows.inbound_hook import inbound as answer
    from pages._ui.state import WORKSPACES

    folder = Path(settings.workspaces) if settings.server else WORKSPACES
    return await answer(request, folder)


async def load(request: Request) -> Response:
    """Count a load by cell, where people agreed to it."""
    from analysis.workflows.load_route import load_picture
    from pages._ui.state import WORKSPACES

    folder = Path(settings.workspaces) if settings.server else WORKSPACES
    return await load_picture(request, folder)


try:
    settings = server_access.settings()
    check_address(bound_address(), settings)
    named_tiles(os.environ)
except DataError as error:
    raise SystemExit(str(error)) from None
routes = [
    Route("/api/returns", returns, methods=["POST", "OPTIONS"]),
    Route("/t/{path:path}", turf, methods=["GET", "POST"]),
    Route("/p/{path:path}", public, methods=["GET", "POST"]),
    Route("/api/inbound/{path:path}", inbound, methods=["POST"]),
    Route("/o/{path:path}", load, methods=["GET"]),
    Route("/u/{path:path}", leave, methods=["GET", "POST"]),
]
if settings.server:
    from analysis.database.engine import share

    # Before a phone's post could open connections of its own.
    share(settings.store)
    owned_files.tag_names()
    said_by_browsers.limit()
    config.set_option("server.trustedUserHeaders", {LOGIN_HEADER: "login"})
    routes.append(Route("/invitation", invitation, methods=["GET", "POST"]))
door = Middleware(FrontDoor, settings=settings, claims_of=claims_of, login_of=login_of)
app = st.App(
    "app.py", lifespan=ready, routes=routes, middleware=[door], secrets=secrets_of(settings)
)
