"""A guide on screen; the browser prints it without the app around it."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import streamlit as st

from analysis.exports import guides
from pages._ui import state
from pages._ui.access import taken_away
from pages._ui.i18n import _, language

_PHONE, _MOST_PX = 320, 1460
_PRINT = """<style>
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"],
  .st-key-guides-bar, .st-key-guide { display: none !important; }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: none !important; }
  [data-testid="stMain"], [data-testid="stAppViewContainer"], .stApp { overflow: visible !important;
    position: static !important; height: auto !important; }
  [data-testid="stImage"], table, blockquote { break-inside: avoid; }
  img { max-height: 90mm !important; object-fit: contain; object-position: left; }
}
</style>"""


def choose() -> str:
    """Ask which guide to read; the address keeps it."""
    first = guides.NAMES[0]
    state.recall("guide", first)
    if st.session_state["guide"] not in guides.NAMES:
        state.answer_with("guide", first)
    tongue = language()
    name = st.segmented_control(
        _("Guide"),
        guides.NAMES,
        default=st.session_state["guide"],
        required=True,
        format_func=lambda one: guides.title_of(one, tongue),
        key="guide",
        label_visibility="collapsed",
    )
    state.remember("guide", name or first, first)
    return name or first


def take_away(name: str) -> None:
    """Offer the guide, or all of them, as one file to print or to send."""
    tongue = language()
    with st.container(key="guides-bar"):
        left, right, _rest = st.columns([1, 1, 1])
        taken_away.offer(
            left,
            _("This guide, to print (HTML)"),
            partial(guides.to_html, (name,), tongue),
            f"palier_{name}_{tongue}.html",
            right="read_guides",
            key="guides.one",
            on_click="ignore",
            width="stretch",
        )
        taken_away.offer(
            right,
            _("All guides (HTML)"),
            partial(guides.to_html, guides.NAMES, tongue),
            f"palier_guides_{tongue}.html",
            right="read_guides",
            key="guides.all",
            on_click="ignore",
            width="stretch",
        )


def guide(name: str) -> None:
    """Show a guide with its pictures."""
    st.html(_PRINT)
    st.header(guides.title_of(name, language()))
    for words, caption, picture in guides.parts_of(name, language()):
        st.markdown(words)
        if picture:
            # A phone's screen as wide as the page would fill three of them.
            tall = guides.is_tall(picture)
            st.image(
                _reduced(picture, _PHONE if tall else _MOST_PX),
                caption=caption,
                width=_PHONE if tall else "stretch",
                # As it is: else each run would make a JPEG of it.
                output_format="PNG",
            )


@st.cache_data(max_entries=32, show_spinner=False)
def _reduced(picture: Path, most_px: int) -> bytes:
    """Return a picture no wider than it is shown, which Streamlit would make anew at each run."""
    from PIL import Image

    with Image.open(picture) as whole:
        if whole.width <= most_px:
            return picture.read_bytes()
        height = int(whole.height * most_px / whole.width)
        made = io.BytesIO()
        whole.resize((most_px, height), Image.Resampling.BILINEAR).save(made, "PNG")
    return made.getvalue()
