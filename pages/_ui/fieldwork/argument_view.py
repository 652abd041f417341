"""The argument for a quarter: three sentences of the campaign's own, or the place's figures."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.errors import DataError
from analysis.fieldwork.arguments import LONGEST, MOST_SENTENCES, arguments_in, write_argument
from analysis.tables.workspace import Workspace
from analysis.workflows.door_script import quarters
from analysis.workflows.server_access import room
from pages._ui import messages
from pages._ui.i18n import _, language

_SAID = "argument.said"


@st.cache_resource(max_entries=room(4), show_spinner=False)
def _quarters(folder: str, digest: str) -> dict[str, str]:
    del digest
    return quarters(Workspace(Path(folder)))


def argument(place: Workspace) -> None:
    """Ask for the sentences of a quarter or a bureau."""
    with st.expander(_("The argument for a quarter")):
        st.caption(
            _(
                "Printed on the sheets and shown on the phones of its turfs. Where nothing is "
                "written, the figures of its squares and votes speak, with their sources."
            )
        )
        names = _quarters(str(place.path), place.digest)
        written = arguments_in(place.path)
        key = st.selectbox(
            _("Quarter or bureau"), list(names), key="argument.key",
            format_func=lambda one: f"{names[one]} ✎" if one in written else names[one],
        )  # fmt: skip
        known = list(written.get(key, {}).get(language(), ()))
        known += [""] * (MOST_SENTENCES - len(known))
        with st.form(f"argument.{key}.{language()}", border=False):
            said = [
                st.text_input(
                    _("Sentence {n}").format(n=n), one, max_chars=LONGEST,
                    key=f"argument.{key}.{language()}.{n}",
                )
                for n, one in enumerate(known, 1)
            ]  # fmt: skip
            kept = st.form_submit_button(_("Keep"))
        if told := st.session_state.pop(_SAID, ""):
            st.success(told)
        if not kept:
            return
        try:
            write_argument(place.path, key, language(), said)
        except DataError as error:
            messages.show_error(error)
            return
        if any(map(str.strip, said)):
            told = _("Kept. Sheets and phone pages made from now on have it.")
        else:
            told = _("Nothing is written here any more: the figures speak.")
        st.session_state[_SAID] = told
        st.rerun()
