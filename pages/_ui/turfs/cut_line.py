"""A turf cut along a line that two clicks on the map draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pydeck
import streamlit as st

from analysis.charts.deck_names import leave_names_near
from analysis.charts.turf_cut_line import cut_layers
from analysis.charts.turf_deck import TurfPicture, view_of
from analysis.turf.editing import Edit
from pages._ui import phone_order
from pages._ui.i18n import _

CUT = "line"
_CLICKS = "turfs.line"
_TWO = 2


def clicks(folder: str, turfs: Sequence[str]) -> list[tuple[float, float]]:
    """Return the points clicked so far on these turfs, latitude and longitude; two are a line."""
    of, points = st.session_state.get(_CLICKS, (None, []))
    # A line does not outlive the turf that it was drawn on.
    return list(points) if of == (folder, tuple(turfs)) else []


def take(picked: Mapping[str, Any], folder: str, turfs: Sequence[str]) -> bool:
    """Keep where a click was, and tell whether it was on the ground to be cut."""
    if "cut" not in picked:
        return False
    before = clicks(folder, turfs)
    at = (float(picked["latitude"]), float(picked["longitude"]))
    # A third click begins another line.
    points = [*before, at] if len(before) < _TWO else [at]
    st.session_state[_CLICKS] = (folder, tuple(turfs)), points
    return True


def forget() -> None:
    """Begin the line anew."""
    st.session_state.pop(_CLICKS, None)


def lay_over(deck: pydeck.Deck, picture: TurfPicture, folder: str, turfs: Sequence[str]) -> bool:
    """Bring the one chosen turf near, and lay over the map what takes the clicks; tell if so."""
    if len(turfs) != 1:
        return False
    stops = picture.stops[picture.stops["turf_id"] == turfs[0]]
    leave_names_near(deck.layers, stops)
    deck.layers += cut_layers(stops, clicks(folder, turfs))
    near = replace(picture, stops=stops)
    deck.initial_view_state = view_of(near, wide_px=phone_order.map_px())
    return True


def say_next(folder: str, turfs: Sequence[str], make: Callable[[Edit], None] | None) -> None:
    """Say what the next click does; once there are two points, offer the cut."""
    said = clicks(folder, turfs)
    if len(turfs) != 1:
        st.caption(_("Click the turf that is to be cut."))
    elif len(said) < _TWO:
        told = (_("Click where the line begins."), _("Click where the line ends."))
        st.caption(told[len(said)])
    elif make is not None:
        cut, again = st.columns(2)
        if cut.button(
            _("Cut {turf} along this line").format(turf=turfs[0]),
            key="turfs.cut_line",
            type="primary",
            width="stretch",
        ):
            forget()
            make(Edit("split", tuple(turfs), line=(said[0], said[1])))
        again.button(
            _("Draw the line anew"), key="turfs.line_again", width="stretch", on_click=forget
        )
