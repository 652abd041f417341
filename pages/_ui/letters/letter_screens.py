"""A message as it will be seen: on a desk of 1,000 px, on a phone of 390 px, as plain text."""

from __future__ import annotations

from html import escape

import streamlit as st

from analysis.messages.letter_layout import Filled
from pages._ui import messages
from pages._ui.i18n import _

DESK, PHONE = 1_000, 390
_HIGH = 860


def screens(filled: Filled, *, key: str) -> None:
    """Show a message on one of three screens.

    Parameters
    ----------
    filled
        With its pictures in its HTML (`letter_preview.shown`).
    key
        Names the choice.
    """
    if not filled.subject:
        # A text message: it looks the same everywhere.
        st.code(filled.text, language=None, wrap_lines=True)
        return
    names = {"desk": _("Desk (1,000 px)"), "phone": _("Phone (390 px)"), "text": _("Plain text")}
    seen = st.radio(
        _("Seen on"), list(names), format_func=names.__getitem__, horizontal=True, key=key
    )
    st.markdown(_("**Subject:** {subject}").format(subject=messages.plain(filled.subject)))
    if seen == "text":
        st.code(filled.text, language=None, wrap_lines=True)
        return
    width = DESK if seen == "desk" else PHONE
    st.iframe(_framed(filled.html, width), height=_HIGH)


def _framed(html: str, width: int) -> str:
    """Return a window of a width in which nothing can run, made smaller where there is no room."""
    return (
        '<body style="margin:0;overflow:auto"><iframe sandbox="" title="message" id="m" '
        f'style="width:{width}px;height:{_HIGH}px;border:1px solid #9aa5b1;background:#fff;'
        f'box-sizing:border-box;transform-origin:0 0" srcdoc="{escape(html, quote=True)}"></iframe>'
        "<script>const fit=()=>{const s=Math.min(1,document.documentElement.clientWidth/"
        f"{width});m.style.transform=`scale(${{s}})`;m.style.height=`${{{_HIGH}/s-4}}px`}};"
        "addEventListener('resize',fit);fit()</script></body>"
    )
