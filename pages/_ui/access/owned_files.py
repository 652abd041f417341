"""Pictures, downloads and maps of a server's pages bear the tag of whose they are in their name."""

from __future__ import annotations

import threading
from typing import Any

import streamlit as st
from streamlit.runtime import memory_media_file_storage as storage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.access import file_tags
from analysis.workflows import server_access
from pages._ui.access import visitor
from pages._ui.access.visitor import Visitor

_at_click = threading.local()
_id_of = storage._calculate_file_id  # noqa: SLF001 - its one place for names


def tag_names() -> None:
    """Have Streamlit name the files it keeps by whose they are."""
    storage._calculate_file_id = _tagged  # noqa: SLF001


def made_for(found: Visitor) -> None:
    """Note for whom this thread makes the file that a button was clicked for.

    It is not that of the page: it knows nobody.
    """
    _at_click.visitor = found


def shared_name(name: str) -> str:
    """Return the name of a file that everybody of the open campaign may fetch."""
    if not server_access.settings().server:
        return name
    return f"{_tag_of(_here(), own=False)}-{name}"


def _tagged(data: bytes, mimetype: str, filename: str | None = None) -> str:
    return f"{_tag_of(_here(), own=True)}-{_id_of(data, mimetype, filename)}"


def _here() -> Visitor | None:
    if get_script_run_ctx() is None:
        return getattr(_at_click, "visitor", None)
    found: Any = st.session_state.get(visitor.VISITOR)
    return found


def _tag_of(found: Visitor | None, *, own: bool) -> str:
    if found is None or found.person is None:
        return file_tags.COMMON
    alone = file_tags.owner(found.person, found.campaign) if own else ""
    return file_tags.tag(server_access.settings().secret, found.campaign, alone)
