"""Show library errors as advice instead of a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from analysis.errors import DataError
from analysis.i18n import told
from pages._ui import state
from pages._ui.i18n import _, language

# What Markdown would take for its own; an underscore inside a word it leaves alone.
_MARKUP = re.compile(r"[\\*\[\]$~<>]|(?<!\w)_|_(?!\w)")


@contextmanager
def explain_data_errors() -> Iterator[None]:
    """Turn a `DataError` into an error box with its remedy, and stop the page there."""
    try:
        yield
    except DataError as error:
        show_error(error)
        state.stop()


@contextmanager
def explain_quietly() -> Iterator[None]:
    """Turn a `DataError` into an error box with its remedy; the page goes on below it."""
    try:
        yield
    except DataError as error:
        show_error(error)


def show_error(error: DataError) -> None:
    """Show what is wrong, where, and how to mend it; the page goes on."""
    what, where, mend = map(plain, translate_error(error))
    st.error(what)
    if where:
        st.caption(_("Where: {where}").format(where=where))
    if mend:
        st.info(_("What to do: {mend}").format(mend=mend))


def show_unread(files: Sequence[Path]) -> None:
    """Say which files of what the place keeps cannot be read, and how to mend them."""
    if files:
        st.warning(
            _(
                "These files cannot be read, and what is kept in them is not shown: {names}. "
                "Put them back from a backup, or delete them."
            ).format(names=", ".join(f"`{file.parent.name}/{file.name}`" for file in files))
        )


def translate_error(error: DataError) -> tuple[str, str, str]:
    """Return what is wrong, where, and how to mend it, in the language of the session."""
    return translate(error.what), translate(error.where), translate(error.mend)


def sentence(text: str) -> str:
    """Return a text of the library as a sentence of its own: translated, begun with a capital."""
    said = plain(translate(text))
    return f"{said[:1].upper()}{said[1:]}"


def translate(text: str) -> str:
    """Translate a text of the library: a reason, an example, a note, a licence."""
    return told(text, language())


def plain(text: str) -> str:
    r"""Return `text` so that Markdown shows it as it is: `votes*.csv` is ``votes\*.csv``.

    Backquotes stay: the library sets commands in them.
    """
    return _MARKUP.sub(r"\\\g<0>", text)
