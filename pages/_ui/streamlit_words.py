"""Words that Streamlit writes in English by itself, in the language of the session.

This release takes no texts for the button of a file box, its limit and the hint of a field, so
style sheets put other words in their place; `docs/decisions.md` lists what is left.
"""

from __future__ import annotations

import json

import streamlit as st

from pages._ui.i18n import _, language

_HINT = "[data-testid='InputInstructions']"
_BUTTON = "[data-testid='stFileUploaderDropzone'] button [data-testid='stMarkdownContainer'] p"
_REFUSED = "[data-testid='stTooltipErrorContent']"
_LIMIT = "[data-testid='stFileUploaderDropzoneInstructions']"
# Boxes that take less, by the beginning of their key, in MB.
_LESS = {"letters": 1, "people": 400}


def replace_words() -> None:
    """Write Streamlit's own words in the language of the session; English ones stay."""
    if language() == "en":
        return
    gigabytes = st.get_option("server.maxUploadSize") / 1024
    words = {
        _HINT: _("Enter to confirm"),
        _BUTTON: _("Choose a file"),
        _REFUSED: _("Outside the limits: the value before still counts."),
        _LIMIT: _("up to {n} GB per file").format(n=f"{gigabytes:g}"),
    } | {
        f"[class*='st-key-{key}'] {_LIMIT}": _("up to {n} MB per file").format(n=most)
        for key, most in _LESS.items()
    }
    st.html("<style>" + "".join(_rule(place, text) for place, text in words.items()) + "</style>")


def _rule(place: str, text: str) -> str:
    """Hide the words at `place` and write `text` there, in the size of small print."""
    content = json.dumps(text, ensure_ascii=False).replace("<", "")
    return (
        f"{place}, {place} * {{ font-size: 0 !important; }}"
        f"{place}::after {{ content: {content}; font-size: 0.875rem; }}"
    )
