"""Words that Streamlit writes in English by itself, in the language of the session.

This release takes no texts for the button of a file box, its limit and the hint of a field, so
style sheets put other words in their place; `docs/decisions.md` lists what is left.
"""

from __future__ import annotations

import json
from functools import cache

import streamlit as st

from pages._ui.i18n import _, language, number

_HINT = "[data-testid='InputInstructions']"
_BUTTON = "[data-testid='stFileUploaderDropzone'] button [data-testid='stMarkdownContainer'] p"
_REFUSED = "[data-testid='stTooltipErrorContent']"
# A file box that took nothing: by itself it shows a red mark, and why only to who hovers over it.
_MARK = "[data-testid='stFileChipIconError']"
_UNTAKEN = f"[data-testid='stFileUploader']:has({_MARK})"
_LIMIT = "[data-testid='stFileUploaderDropzoneInstructions']"
# What an empty day, month and year ask for.
_EMPTY = "[data-testid='stDateInput'] [data-placeholder='true'][data-type='{part}']"
# The first lines of a list of choices: all of them, and all that what was typed finds.
_CHOICE = "[role='option'][data-key='__select_{which}__'] > div"
# Boxes that take less, by the beginning of their key, in MB.
_LESS = {"letters": 1, "people": 400}
_GB = 1024


def most_mb(box: str) -> int:
    """Return how large a file a box of `_LESS` takes, in MB; never more than the server does."""
    return min(_LESS[box], int(st.get_option("server.maxUploadSize")))


def replace_words() -> None:
    """Write Streamlit's own words in the language of the session; English ones stay."""
    st.html(_sheet(language(), int(st.get_option("server.maxUploadSize"))))


@cache
def _sheet(tongue: str, most_mb_of_all: int) -> str:
    """Return the style sheet of a language, which is that of the session, and a limit of files."""
    refused = _("This file is not taken: it is larger than said here, or of a kind not asked for.")
    rules = [_line_below(_UNTAKEN, refused)]
    if tongue != "en":
        rules += [_rule(place, text) for place, text in _words(most_mb_of_all).items()]
        # The same bubble tells of a number and of a file; it hangs at the end of the page.
        rules.append(_rule(f"body:has({_MARK}) {_REFUSED}", refused))
    return "<style>" + "".join(rules) + "</style>"


def _words(most_mb_of_all: int) -> dict[str, str]:
    return {
        _HINT: _("Enter to confirm"),
        _BUTTON: _("Choose a file"),
        _REFUSED: _("Outside the limits: the value before still counts."),
        _CHOICE.format(which="all"): _("Choose all"),
        _CHOICE.format(which="matches"): _("Choose all that are found"),
        _EMPTY.format(part="day"): _("dd"),
        _EMPTY.format(part="year"): _("yyyy"),
        _LIMIT: _size(most_mb_of_all),
    } | {f"[class*='st-key-{key}'] {_LIMIT}": _size(most_mb(key)) for key in _LESS}


def _size(megabytes: int) -> str:
    if megabytes % _GB:
        return _("up to {n} MB per file").format(n=number(megabytes))
    return _("up to {n} GB per file").format(n=number(megabytes // _GB))


def _line_below(place: str, text: str) -> str:
    return f"{place}::after {{ content: {_quoted(text)}; font-size: 0.875rem; display: block; }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("<", "")


def _rule(place: str, text: str) -> str:
    """Hide the words at `place` and write `text` there, in the size of small print."""
    content = _quoted(text)
    return (
        f"{place}, {place} * {{ font-size: 0 !important; }}"
        f"{place}::after {{ content: {content}; font-size: 0.875rem; }}"
    )
