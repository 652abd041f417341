"""Two elections of a place: which are asked for, and what is worked out of them, once each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from analysis.electorate.spatial import Clusters
from analysis.electorate.swing_by_bureau import Share
from analysis.electorate.transfers import Transfers
from analysis.electorate.transfers.survey_fit import Survey
from analysis.errors import DataError
from analysis.exports.model_export import Finding, Written
from analysis.exports.registry import file_of
from analysis.tables.workspace import Workspace
from analysis.workflows import transfers as estimates
from analysis.workflows.jobs import Key
from analysis.workflows.swing import Moved, look_back, neighbours, pedersen_of
from analysis.workflows.transfers import beside_surveys, finding
from pages._ui import file_downloads, loaders, state
from pages._ui.background import Progress, answer_of, is_known
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, election_name, language
from pages._ui.territory import choose_places

# A figure is soon drawn, once the drawing library has loaded.
_DRAWING_S = 30


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
    choice = st.selectbox(
        label, options, **state.begins_with(key, options), key=key, format_func=show
    )
    state.remember(key, choice, usual)
    return str(choice)


def moved(place: Workspace, asked: Question, share: Share) -> Moved:
    """Measure a swing; the page shows how far the work is."""

    def work(progress: Progress) -> Moved:
        elections = (asked.origin, asked.destination)
        return look_back(place, elections, share, place=asked.place, progress=progress)

    key = _key(place, asked, share)
    found: Moved = answer_of(key, work, label=_("Comparing the two elections…"))
    return found


def is_measured(place: Workspace, asked: Question, share: Share) -> bool:
    """Tell whether a swing is measured already."""
    return is_known(_key(place, asked, share))


def _key(place: Workspace, asked: Question, share: Share) -> Key:
    return ("swing", str(place.path), place.digest, asked, share)


def pedersen(place: Workspace, asked: Question) -> float | None:
    """Return the Pedersen index of the whole place; None where an election's blocs are unknown."""

    def work(progress: Progress) -> float:
        progress(0.1)
        return pedersen_of(place, asked.origin, asked.destination, asked.place)

    key = ("pedersen", str(place.path), place.digest, asked)
    found: float = answer_of(key, work, label=_("Comparing the two elections…"))
    return found if np.isfinite(found) else None


def clusters(place: Workspace, asked: Question, share: Share, found: Moved) -> Clusters:
    """Find where neighbours moved together, apart from the whole.

    Raises
    ------
    DataError
        When there are no contours, or too few.
    """
    if found.vintage is None:
        raise DataError(
            "Neighbours are known by their contours, and this place has none.",
            mend="Add contours on the Data page.",
        )

    def work(progress: Progress) -> Clusters:
        return neighbours(place, found, progress=progress)

    key = ("clusters", str(place.path), place.digest, asked, share)
    answer: Clusters = answer_of(key, work, label=_("Looking at neighbours…"))
    return answer


def geometry(place: Workspace, vintage: int | None, table: pd.DataFrame) -> Geometry | None:
    """Publish the contours of the communes of a table; None where none is known."""
    if vintage is None:
        return None
    return loaders.contours(place, vintage, table["commune_id"])


def transfers(place: Workspace, asked: Question, survey: Survey | None) -> Transfers:
    """Return the transfers asked for; the page shows how far the estimate is."""

    def work(progress: Progress) -> Transfers:
        elections, places = (asked.origin, asked.destination), (asked.place,)
        question = estimates.Asked(elections=elections, places=places, workers=1)
        return estimates.estimated(place, question, survey, progress=progress)

    key = ("transfers", str(place.path), place.digest, asked, _told(survey))
    found: Transfers = answer_of(key, work, label=_("Estimating the transfers…"))
    return found


def _told(survey: Survey | None) -> str:
    return f"{survey.name}\n{survey.table.to_csv(index=False)}" if survey else ""


def beside(
    place: Workspace, asked: Question, found: Transfers, survey: Survey | None
) -> pd.DataFrame:
    """Return surveys beside the estimate; empty where there are none."""
    return beside_surveys(place, (asked.origin, asked.destination), found, survey)


def picture(
    place: Workspace, asked: Question, kind: str, found: Transfers, survey: Survey | None
) -> bytes:
    """Return the matrix or the flows as PNG, drawn once for each language."""
    finding = transfers_finding(place, asked, found, survey, kind, file_downloads.written())
    where = (str(place.path), place.digest, asked)
    key = ("transfers picture", kind, *where, _told(survey), language())
    content: bytes = answer_of(
        key, lambda _told: file_of(finding, ".png"), label=_("Drawing…"), patience_s=_DRAWING_S
    )
    return content


def transfers_finding(  # noqa: PLR0913 - what was asked, what was found, how it leaves
    place: Workspace,
    asked: Question,
    found: Transfers,
    survey: Survey | None,
    figure: str,
    how: Written,
) -> Finding:
    """Put an estimate so that it can leave; in any thread."""
    elections = (asked.origin, asked.destination, asked.place)
    return finding(place, elections, found, figure=figure, written=how, survey=survey)
