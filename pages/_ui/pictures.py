"""Pictures within the page, with words for who does not see them."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of a phone.
_PHONE_PX = 640


def show(png: bytes, alt: str, where: DeltaGenerator | None = None, *, most_px: int = 0) -> None:
    """Show a picture as wide as its place.

    Parameters
    ----------
    png
        The picture.
    alt
        What it shows, read aloud instead.
    where
        Column or container; None for where the page is.
    most_px
        Width beyond which letters would be too large; 0 for none.
    """
    # Within the page: a file of its own is gone when a run is overtaken while it is fetched.
    content = base64.b64encode(png).decode()
    most = f";max-width:{most_px}px" if most_px else ""
    (where or st).html(
        f'<img alt="{html.escape(alt)}" style="width:100%{most}" '
        f'src="data:image/png;base64,{content}">'
    )


def sideways(key: str, *, least_px: int = 640) -> DeltaGenerator:
    """Return a box for a picture whose letters stay readable on a phone: a finger moves it.

    Parameters
    ----------
    key
        Names the box.
    least_px
        Width below which its letters would be too small.
    """
    st.html(
        f"<style>@media (max-width: {_PHONE_PX}px) {{ .st-key-{key} {{ overflow-x: auto; }} "
        f".st-key-{key} > * {{ min-width: {least_px}px; }} }}</style>"
    )
    return st.container(key=key)


def figure(chart: Figure, key: str, *, least_px: int = 560) -> None:
    """Show a figure as wide as its place; `key` and `least_px` are of `sideways`."""
    with sideways(key, least_px=least_px):
        st.pyplot(chart, width="stretch")
