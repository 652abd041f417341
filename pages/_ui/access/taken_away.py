"""Files that leave by a button: who took which, and how many rows, is written down on a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.errors import DataError
from pages._ui.access import owned_files, visitor
from pages._ui.access.visitor import Visitor

# A table alone has no room to say what it is; what stands beside it keeps its name.
_SAY_NOTHING = (".csv", ".csv-metadata.json")
Content = bytes | str | Callable[[], bytes]


def offer(  # noqa: PLR0913 - what the button takes, and who may press it
    place: DeltaGenerator | None,
    label: str,
    data: Content,
    file_name: str,
    *,
    right: str = "export",
    **more: Any,  # noqa: ANN401 - what the button takes
) -> None:
    """Show a button that hands a file out; every file of the app leaves here.

    Parameters
    ----------
    place
        Where the button stands; None for where the page is.
    label, data, file_name
        As `st.download_button` takes them.
    right
        What one must be allowed to do to take it.
    more
        Passed on to it.
    """
    found = visitor.current()
    # A run begun by the click would take away what a button before had put here, other files too.
    more["on_click"] = "ignore"
    if found.person is not None:
        # Made at the click, in another thread, which knows nobody.
        data = partial(_noted, found, data, file_name)
        more["disabled"] = more.get("disabled", False) or not found.may(right)
    (place or st).download_button(label, data, _marked(file_name), **more)


def _marked(file_name: str) -> str:
    """Return a file's name; that of a bare table says that its place is invented, where it is."""
    from pages._ui import loaders  # reads who visits, as this does

    if not file_name.startswith("palier_") or not file_name.endswith(_SAY_NOTHING):
        return file_name
    try:
        fictional = loaders.workspace().fictional
    except DataError:
        return file_name
    stem, dot, rest = file_name.partition(".")
    return f"{stem}_fictional{dot}{rest}" if fictional else file_name


def _noted(found: Visitor, content: Content, file_name: str) -> bytes:
    owned_files.made_for(found)
    made = content() if callable(content) else content
    whole = made.encode() if isinstance(made, str) else made
    # Written down before it leaves: what cannot be noted is not handed out.
    found.note("download", file_name, _rows(whole, file_name))
    return whole


def _rows(content: bytes, file_name: str) -> int | None:
    """Count the rows of a table of text; other files do not say."""
    if not file_name.endswith(".csv"):
        return None
    return max(content.rstrip(b"\n").count(b"\n"), 0)
