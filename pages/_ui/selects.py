"""A choice and a number whose answers the link keeps, and that say what they do not know."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from analysis.errors import DataError
from pages._ui import state
from pages._ui.i18n import _
from pages._ui.messages import explain_data_errors

_MOST_SEED, _SHOWN = 2**31 - 1, 20


def select(
    label: str,
    options: list[str],
    *,
    key: str,
    show: Callable[[str], str],
    help: str | None = None,  # noqa: A002 - Streamlit's own name
) -> str:
    """Ask for one of `options`; the first is the default, and nonsense in a link is named."""
    state.recall(key, options[0])
    if (asked := st.session_state[key]) not in options:
        st.warning(
            _("{label}: “{asked}” is not known here; shown instead: {shown}.").format(
                label=label, asked=asked, shown=show(options[0])
            )
        )
        state.answer_with(key, options[0])
    choice = st.selectbox(
        label, options, **state.begins_with(key, options), key=key, format_func=show, help=help
    )
    state.remember(key, choice, options[0])
    return str(choice)


def seed(label: str, *, key: str, usual: int, help: str | None = None) -> int:  # noqa: A002
    """Ask for the number that a draw begins with; what is none is refused below it.

    A field of numbers lets the browser take letters out unseen, and a number that is not the one
    that was typed draws other bureaux: this one is typed as text.
    """
    state.recall(key, usual)
    state.answer_with(key, str(st.session_state[key]))
    typed = str(st.text_input(label, key=key, help=help))
    with explain_data_errors():
        number = _seed_of(typed)
    state.remember(key, str(number), str(usual))
    return number


def _seed_of(typed: str) -> int:
    digits = "".join(typed.split())
    # What is pasted there may be a book: no number that long is made of it.
    known = digits.lstrip("0") or "0"
    if digits.isascii() and digits.isdecimal() and int(known[:11]) <= _MOST_SEED:
        return int(known)
    raise DataError(
        "“{typed}” is no number to draw with." if digits else "A draw needs its number.",
        mend="Write a whole number from 0 to {most:,}, in digits only.",
        typed=typed if len(typed) <= _SHOWN else typed[:_SHOWN] + "…",
        most=_MOST_SEED,
    )
