"""Pictures within the page, with words for who does not see them."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import pickle
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._ui.i18n import language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Pictures kept for who looks again, and how fine they are.
_MOST = 100
PRINTED: dict[str, Any] = {"format": "png", "dpi": 200, "bbox_inches": "tight"}
# Of a phone.
_PHONE_PX = 640
# As `analysis.i18n` writes numbers; Vega's own language is English.
_FRENCH = {
    "decimal": ",",
    "thousands": "\N{NARROW NO-BREAK SPACE}",
    "grouping": [3],
    "currency": ["", "\N{NO-BREAK SPACE}€"],
    "percent": "\N{NARROW NO-BREAK SPACE}%",
    "minus": "−",
}
# Half of a last label stands outside the axis.
_ROOM = {"left": 5, "top": 5, "bottom": 5, "right": 16}


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


def figure(
    draw: Callable[..., Figure], key: str, *shown: object, least_px: int = 480, **words: object
) -> None:
    """Show a figure as wide as its place, drawn once for what it shows.

    Parameters
    ----------
    draw
        Makes it; a function of a module.
    key, least_px
        Of `sideways`.
    *shown, **words
        What `draw` is given: all that the figure depends on, with the language.
    """
    told = pickle.dumps((draw.__module__, draw.__qualname__, shown, words))
    drawn = _drawn(hashlib.sha256(told).digest(), partial(draw, *shown, **words))
    with sideways(key, least_px=least_px):
        st.image(drawn, width="stretch")


@st.cache_resource(max_entries=_MOST, show_spinner=False)
def _drawn(told: bytes, _draw: Callable[[], Figure]) -> bytes:
    """Return a figure as PNG: drawing takes longer than most runs of a page that shows it."""
    del told
    png = io.BytesIO()
    _draw().savefig(png, **PRINTED)
    return png.getvalue()


def vega(rows: pd.DataFrame | None, spec: Mapping[str, Any], **options: Any) -> Any:  # noqa: ANN401 - of another's function
    """Draw a Vega-Lite chart whose numbers are in the language of the page.

    Parameters
    ----------
    rows
        Its data; None where the chart holds them.
    spec
        The chart.
    **options
        Of `st.vega_lite_chart`.

    Returns
    -------
    Any
        What that returns: what was clicked, where it is asked.
    """
    config = {"locale": {"number": _FRENCH}} if language() == "fr" else {}
    return st.vega_lite_chart(rows, {"padding": _ROOM, "config": config, **spec}, **options)
