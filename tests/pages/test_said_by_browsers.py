"""What a browser says to a server beside asking for pages changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import caching
from streamlit.runtime.app_session import AppSession, AppSessionState
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol as Sockets
from uvicorn.server import ServerState

from pages._ui.access import said_by_browsers

# What a run needs is not there: whoever touches it is found.
SESSION = object.__new__(AppSession)
SESSION._state = AppSessionState.SHUTDOWN_REQUESTED
SESSION._script_data = SimpleNamespace(main_script_path="app.py")
MESSAGES = {"clear_cache": True, "load_git_info": True, "set_run_on_save": True}


@pytest.fixture
def cleared(monkeypatch):
    """Limit what browsers may say, and note whose caches are emptied."""
    noted = []
    for name in (*said_by_browsers._OF_DEVELOPERS, "_handle_file_urls_request"):
        monkeypatch.setattr(AppSession, name, getattr(AppSession, name))
    monkeypatch.setattr(Sockets, "__init__", Sockets.__init__)
    monkeypatch.setattr(caching.cache_data, "clear", lambda: noted.append("data"))
    monkeypatch.setattr(caching.cache_resource, "clear", lambda: noted.append("resource"))
    monkeypatch.setattr("streamlit.git_util.GitRepo", noted.append)
    monkeypatch.setattr(AppSession, "handle_backmsg_exception", lambda _s, e: noted.append(e))
    return noted


@pytest.mark.parametrize("name", MESSAGES)
def test_nobody_empties_the_caches_of_all_or_asks_for_the_repository(cleared, name):
    message = BackMsg()
    setattr(message, name, MESSAGES[name])
    AppSession.handle_backmsg(SESSION, message)
    assert cleared  # so it is without us
    cleared.clear()
    said_by_browsers.limit()
    AppSession.handle_backmsg(SESSION, message)
    assert cleared == []


@pytest.mark.usefixtures("cleared")
def test_a_message_of_200_mb_is_not_taken_in():
    said_by_browsers.limit()
    config = Config(Starlette(), ws_max_size=200_000_000)
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        Sockets(config=config, server_state=ServerState(), app_state={}, _loop=loop)
    assert config.ws_max_size == said_by_browsers.MOST_BYTES


@pytest.mark.parametrize(("names", "answers"), [(3, 1), (1_001, 0)])
@pytest.mark.usefixtures("cleared")
def test_addresses_are_given_for_as_many_files_as_a_person_chooses(monkeypatch, names, answers):
    given = []
    monkeypatch.setattr(said_by_browsers, "_FILES", lambda _s, asked: given.append(asked))
    said_by_browsers.limit()
    message = BackMsg()
    message.file_urls_request.file_names.extend(["a"] * names)
    AppSession.handle_backmsg(SESSION, message)
    assert [len(asked.file_names) for asked in given] == [names] * answers
