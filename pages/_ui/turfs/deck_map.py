"""A map of turfs that is clicked, and stays as clear as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydeck
import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.workflows.base_maps import tiles_of
from pages._ui.i18n import _
from pages._ui.messages import plain
from pages._ui.turfs import load_turfs

_IMAGES = "turfs.images"
Picked = Mapping[str, Any]
_give_slow_taps = st.components.v2.component(
    "palier.deck_taps", js=Path(__file__).with_name("deck_taps.js").read_text(encoding="utf-8")
)


def ground(place: Workspace) -> str | None:
    """Ask whether images lie under a map of turfs, and say who is asked for them.

    Parameters
    ----------
    place
        Where the turfs are.

    Returns
    -------
    str or None
        Address of their style; None where nobody offers any, or where none are wanted.
    """
    source = tiles_of(place)
    if source is None:
        return None
    side, said = st.columns([1, 3], vertical_alignment="center")
    if not side.toggle(_("Base map"), value=True, key=_IMAGES, persist_state="session"):
        return None
    # The same words as under the maps of bureaux.
    said.caption(
        _(
            "Images come from {host}: what is asked for shows where you look, never an address."
        ).format(host=plain(urlsplit(source.url).hostname or ""))
    )
    return load_turfs.style(place)


def show(deck: pydeck.Deck, *, key: str, take: Callable[[Picked], None], height: int = 560) -> None:
    """Show a map; what is clicked on it goes to `take`.

    Parameters
    ----------
    deck
        The map; what may be clicked is `pickable`.
    key
        Names the map.
    take
        Is given the row that was clicked, before the page runs again. A click beside everything
        is none, and a second one on the same row is a click as the first.
    height
        In pixels.
    """
    # Beside an object that was chosen Streamlit fades all others, and streets and numbers with
    # them. No layer has the name of one that was clicked: nothing is chosen when the map is drawn.
    times = st.session_state.setdefault(_times(key), 0)
    for layer in deck.layers:
        if getattr(layer, "pickable", False):
            layer.id = f"{layer.id}.{times}"
    st.pydeck_chart(
        deck,
        height=height,
        key=key,
        on_select=lambda: clicked(key, take),
        selection_mode="single-object",
    )
    _give_slow_taps(key=f"{key}.taps", height=0)


def clicked(key: str, take: Callable[[Picked], None]) -> None:
    """Hand on what was clicked on the map `key`, if anything was."""
    objects = st.session_state[key]["selection"].get("objects", {})
    if rows := next(filter(None, objects.values()), None):
        st.session_state[_times(key)] = st.session_state.get(_times(key), 0) + 1
        take(rows[0])


def _times(key: str) -> str:
    return f"{key}.times"
