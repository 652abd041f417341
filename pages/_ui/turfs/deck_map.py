"""A map of turfs that is clicked, and stays as clear as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pydeck
import streamlit as st

Picked = Mapping[str, Any]


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


def clicked(key: str, take: Callable[[Picked], None]) -> None:
    """Hand on what was clicked on the map `key`, if anything was."""
    objects = st.session_state[key]["selection"].get("objects", {})
    if rows := next(filter(None, objects.values()), None):
        st.session_state[_times(key)] = st.session_state.get(_times(key), 0) + 1
        take(rows[0])


def _times(key: str) -> str:
    return f"{key}.times"
