"""What a browser may ask of a server: pages, and nothing of what is meant for who develops one.

Streamlit lets any browser, logged in or not, empty the caches of everybody, ask for the name of the
repository, and send as much in a message as the app may send to it.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from streamlit.proto.Common_pb2 import FileURLsRequest
from streamlit.runtime.app_session import AppSession
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# What is typed and clicked on a page; files come by another way.
MOST_BYTES = 8_000_000
MOST_FILES = 1_000
_FILES = AppSession._handle_file_urls_request  # noqa: SLF001
_OF_DEVELOPERS = (
    "_handle_clear_cache_request",
    "_handle_git_information_request",
    "_handle_set_run_on_save_request",
)


def limit() -> None:
    """Have this process do no more than run pages, for messages of a bearable size."""
    for name in _OF_DEVELOPERS:
        if name not in vars(AppSession):
            raise RuntimeError(f"Streamlit calls {name} otherwise: look at what browsers may ask.")
        setattr(AppSession, name, _nothing)
    AppSession._handle_file_urls_request = _some_files  # type: ignore[method-assign,assignment]  # noqa: SLF001
    made = WebSocketsSansIOProtocol.__init__

    @wraps(made)
    def first(self: WebSocketsSansIOProtocol, config: Config, *rest: Any, **more: Any) -> None:  # noqa: ANN401 - of uvicorn
        # Streamlit has one size for both directions, and a map of the nation is large.
        config.ws_max_size = min(config.ws_max_size, MOST_BYTES)
        made(self, config, *rest, **more)

    WebSocketsSansIOProtocol.__init__ = first  # type: ignore[method-assign]


def _some_files(session: AppSession, asked: FileURLsRequest) -> None:
    """Give addresses for as many files as somebody chooses at once, not for a million names."""
    if len(asked.file_names) <= MOST_FILES:
        _FILES(session, asked)


def _nothing(_session: AppSession, *_asked: object) -> None:
    """Leave all as it is."""
