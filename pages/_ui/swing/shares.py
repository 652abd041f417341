"""Whose share is compared: abstention, a bloc, or a candidate who stood both times."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.charts.chart_words import nuance
from analysis.electorate.swing_by_bureau import Share
from analysis.errors import DataError
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from pages._ui import loaders
from pages._ui.i18n import _, bloc_name
from pages._ui.swing.two_elections import Question, choose_one

ABSTENTION, BLOC, NAME = "abstention", "bloc:", "name:"
# A menu of thousands of local candidates serves nobody.
MOST_NAMES = 200
_KEPT = 100


def options(candidates: pd.DataFrame, asked: Question) -> list[str]:
    """Return whose share both elections know: blocs by size, abstention, then names.

    Parameters
    ----------
    candidates
        `election_id`, `name`, `nuance`, `bloc`, `votes`.
    asked
        The two elections.
    """
    sides = [
        candidates[candidates["election_id"] == name] for name in (asked.origin, asked.destination)
    ]

    def common(column: str) -> list[str]:
        first, second = (side.groupby(column)["votes"].sum() for side in sides)
        both = first.index.intersection(second.index).difference([""])
        return [str(one) for one in second[both].sort_values(ascending=False, kind="stable").index]

    names = dict.fromkeys([*common("nuance"), *common("name")[:MOST_NAMES]])
    return [*(BLOC + one for one in common("bloc")), ABSTENTION, *(NAME + one for one in names)]


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _known(folder: str, digest: str, origin: str, destination: str) -> list[str]:
    """Return the options of two elections, to be read only."""
    candidates = loaders.table(folder, digest, "candidates")
    return options(candidates, Question(origin, destination, ""))


def choose_share(
    place: Workspace, asked: Question, *, against: bool = False
) -> tuple[Share, list[str], str]:
    """Ask whose share of what; return it, the blocs that stood both times, and the rival.

    `against` asks for a rival too, where the share is a bloc's and there is another.
    """
    if asked.origin == asked.destination:
        raise DataError(
            "A swing goes from one election to another: both are the same here.",
            where="{origin}",
            mend="Choose two different elections.",
            origin=asked.origin,
        )
    known = _known(str(place.path), place.digest, asked.origin, asked.destination)
    columns = st.columns(3 if against else 2)
    with columns[0]:
        what = choose_one(_("Whose share"), known, known[0], key="s_what", show=what_name)
    with columns[1]:
        share = _share(what)
    blocs = [one.removeprefix(BLOC) for one in known if one.startswith(BLOC)]
    rivals = [bloc for bloc in blocs if BLOC + bloc != what]
    if not (against and what.startswith(BLOC) and rivals):
        return share, blocs, ""
    with columns[2]:
        rival = choose_one(_("Against"), rivals, rivals[0], key="s_rival", show=bloc_name)
    return share, blocs, rival


def _share(what: str) -> Share:
    if what == ABSTENTION:
        st.text_input(_("Share of"), _("registered voters"), disabled=True)
        return Share()
    names = {"valid": _("valid votes"), "registered": _("registered voters")}
    of = choose_one(
        _("Share of"), list(names), "valid", key="s_of", show=lambda one: names.get(one, one)
    )
    bloc, name = what.removeprefix(BLOC), what.removeprefix(NAME)
    choice = Choice(bloc) if what.startswith(BLOC) else Choice("", (name,))
    return Share(choice, "valid" if of == "valid" else "registered")


def what_name(what: str) -> str:
    """Name an option of `options`."""
    if what == ABSTENTION:
        return _("Abstention")
    bloc, name = what.removeprefix(BLOC), what.removeprefix(NAME)
    return bloc_name(bloc) if what.startswith(BLOC) else nuance(name)


def share_name(share: Share) -> str:
    """Name a share: « Gauche, % des exprimés »."""
    if share.choice is None:
        return _("Abstention, % of registered voters")
    choice = share.choice
    texts = {
        "valid": _("{name}, % of valid votes"),
        "registered": _("{name}, % of registered voters"),
    }
    return texts[share.of].format(
        name=bloc_name(choice.bloc) if choice.bloc else ", ".join(map(nuance, choice.candidates))
    )
