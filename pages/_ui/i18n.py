"""The app's language: the switch, the texts, and the numbers and names on screen.

Pages write their texts in English: ``_("Rank {rank} of {n}").format(rank=…, n=…)``. The French
ones are in ``locales/fr``; ``python -m tools.extract_texts`` adds what is new there.
A text that stands at the head of a module is marked with `N_` and translated where it is shown.
"""

from __future__ import annotations

import datetime as dt
import re

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis import i18n as languages

_KEY = "i18n.language"
_SWITCH = "i18n.switch"
_PARAMETER = "lang"


def language() -> str:
    """Return the language of this session: chosen, else in the link, else French."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return languages.DEFAULT
    return languages.choose(st.session_state.get(_KEY), st.query_params.get(_PARAMETER))


def language_switch() -> None:
    """Show the switch; the router calls it on every page, before any text of the page."""
    current = language()
    st.session_state[_KEY] = current
    st.radio(
        "Langue · Language",
        list(languages.LANGUAGES),
        format_func=languages.LANGUAGES.__getitem__,
        index=list(languages.LANGUAGES).index(current),
        horizontal=True,
        label_visibility="collapsed",
        key=_SWITCH,
        on_change=_keep_choice,
    )
    # Going to another page empties the query string, so it is written again on each run.
    if languages.choose(st.query_params.get(_PARAMETER)) != current:
        st.query_params[_PARAMETER] = current


def _keep_choice() -> None:
    """Take the chosen language, and give every answer back to its widget in that language.

    The browser holds the words of the option, not the option: unless the answer is set anew it
    goes on showing, and sending, the words of the language before.
    """
    st.session_state[_KEY] = st.session_state[_SWITCH]
    for key, answer in st.session_state.to_dict().items():
        # Buttons are booleans, files and tables are objects: Streamlit lets nobody set those.
        items = answer if isinstance(answer, list | tuple) else [answer]
        if items and all(type(item) in {str, int, float} for item in items):
            st.session_state[key] = answer


def _(text: str) -> str:
    """Translate `text`, which must be a literal (or a name for one marked with `N_`)."""
    return languages.translations(language()).gettext(text)


def N_(text: str) -> str:  # noqa: N802 - the name gettext's tools know
    """Mark a literal for translation and return it as it is."""
    return text


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a text that counts: ``ngettext("{n} bureau", "{n} bureaux", n).format(n=n)``."""
    return languages.translations(language()).ngettext(singular, plural, n)


def pgettext(context: str, text: str) -> str:
    """Translate a word that means several things: the bloc "Left", the time "Left"."""
    return languages.translations(language()).pgettext(context, text)


def number(x: float | None, digits: int = 0) -> str:
    """Write a number: « 40 123 », « 12,3 »; a dash when missing."""
    return languages.format_number(x, digits, language=language())


def signed(x: float | None, digits: int = 1) -> str:
    """Write a change with its sign: « +3,1 »."""
    return languages.format_number(x, digits, language=language(), sign=True)


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share of 1 as a percentage: 0.123 is « 12,3 % »."""
    return languages.format_percent(share, digits, language=language())


def date(day: dt.date) -> str:
    """Write a day in full: « 9 juin 2024 »."""
    return languages.format_day(day, language=language())


def election_name(election_id: str) -> str:
    """Name an election round: `2022_pres_t1` is « Présidentielle 2022, 1er tour ».

    An id of another pattern (another country's) is its own name.
    """
    parts = re.fullmatch(r"(\d{4})_([a-z]+)_t([12])", election_id)
    kind = _kinds().get(parts[2]) if parts else None
    if parts is None or kind is None:
        return election_id
    name = _("{kind} {year}").format(kind=kind, year=parts[1])
    if parts[2] in {"euro", "refe"}:  # one round only
        return name
    rounds = {"1": _("round 1"), "2": _("round 2")}
    return f"{name}, {rounds[parts[3]]}"


def _kinds() -> dict[str, str]:
    return {
        "pres": _("Presidential election"),
        "legi": _("Parliamentary election"),
        "euro": _("European election"),
        "muni": _("Municipal election"),
        "regi": _("Regional election"),
        "dpmt": _("Departmental election"),
        "cant": _("Cantonal election"),
        "refe": _("Referendum"),
    }


def bloc_name(bloc_id: str) -> str:
    """Name a bloc; one that the user made is named by its id."""
    names = {
        "far_left": pgettext("bloc", "Far left"),
        "left": pgettext("bloc", "Left"),
        "centre": pgettext("bloc", "Centre"),
        "right": pgettext("bloc", "Right"),
        "far_right": pgettext("bloc", "Far right"),
        "other": pgettext("bloc", "Other"),
    }
    return names.get(bloc_id, bloc_id)
