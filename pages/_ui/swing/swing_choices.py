"""What the page asks: two elections, a territory, and whose votes at what share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analysis.tables.workspace import Workspace
from pages._ui import loaders, state
from pages._ui.i18n import _, election_name
from pages._ui.inputs import choose_places


@dataclass(frozen=True, slots=True)
class Question:
    """From which election to which, and where.

    Attributes
    ----------
    origin, destination
        Ids of two elections.
    place
        Code of a commune or département; empty for the whole workspace.
    """

    origin: str
    destination: str
    place: str


def choose_question(place: Workspace) -> Question | None:
    """Ask for two elections and a territory; None where there is only one election."""
    known = loaders.table(str(place.path), place.digest, "elections").sort_values(
        ["date", "election_id"]
    )
    elections = known["election_id"].tolist()
    if len(elections) < 2:  # noqa: PLR2004 - a change needs two
        st.info(
            _(
                "This place has one election: nothing can have moved yet. Bring another on the "
                "Data page."
            )
        )
        return None
    first, last = usual(known)
    left, middle, right = st.columns(3)
    newest = elections[::-1]
    with left:
        origin = choose_one(_("From"), newest, first, key="from", show=election_name)
    with middle:
        destination = choose_one(_("To"), newest, last, key="to", show=election_name)
    with right:
        chosen = choose_places(place)
    return Question(origin, destination, chosen[0] if chosen else "")


def usual(elections: pd.DataFrame) -> tuple[str, str]:
    """Return the latest two first rounds of one kind, else the latest two elections.

    Parameters
    ----------
    elections
        `election_id`, `kind`, `round`, by date.
    """
    first = elections[elections["round"] == 1]
    kinds = first.groupby("kind")["election_id"].agg(list)
    pairs = {ids[-1]: ids[-2] for ids in kinds if len(ids) > 1}
    ids = elections["election_id"].tolist()
    last = next((one for one in reversed(ids) if one in pairs), ids[-1])
    return pairs.get(last, ids[-2]), last


def choose_one(
    label: str, options: list[str], usual: str, *, key: str, show: Callable[[str], str]
) -> str:
    """Ask for one of `options`; the link keeps the answer, and nonsense there is named."""
    state.recall(key, usual)
    if (asked := st.session_state[key]) not in options:
        st.warning(
            _("{label}: “{asked}” is not known here; shown instead: {shown}.").format(
                label=label, asked=asked, shown=show(usual)
            )
        )
        state.answer_with(key, usual)
    choice = st.selectbox(label, options, key=key, format_func=show)
    state.remember(key, choice, usual)
    return str(choice)
