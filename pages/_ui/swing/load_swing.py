"""Every long or cached call of the page; keyed by digests and choices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.electorate.spatial import Clusters
from analysis.electorate.swing_by_bureau import Share
from analysis.electorate.transfers import Transfers
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.errors import DataError
from analysis.exports.model_export import Finding, Written
from analysis.exports.registry import file_of
from analysis.tables.workspace import Workspace
from analysis.workflows.swing import Moved, look_back, neighbours, pedersen_of
from analysis.workflows.transfers import beside_surveys, finding
from pages._ui import file_downloads, loaders
from pages._ui.background import Progress, answer_of
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, language
from pages._ui.swing.swing_choices import Question

# A figure is soon drawn, once the drawing library has loaded.
_DRAWING_S = 30


def moved(place: Workspace, asked: Question, share: Share) -> Moved:
    """Measure a swing; the page shows how far the work is."""

    def work(progress: Progress) -> Moved:
        elections = (asked.origin, asked.destination)
        return look_back(place, elections, share, place=asked.place, progress=progress)

    key = ("swing", str(place.path), place.digest, asked, share)
    found: Moved = answer_of(key, work, label=_("Comparing the two elections…"))
    return found


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


def transfers(place: Workspace, asked: Question) -> Transfers:
    """Return the transfers asked for; the page shows how far the estimate is."""

    def work(progress: Progress) -> Transfers:
        return transfers_of(place, asked.origin, asked.destination, asked.place, progress=progress)

    key = ("transfers", str(place.path), place.digest, asked)
    found: Transfers = answer_of(key, work, label=_("Estimating the transfers…"))
    return found


def beside(place: Workspace, asked: Question, found: Transfers) -> pd.DataFrame:
    """Return published surveys beside the estimate; empty where there are none."""
    return beside_surveys(place, (asked.origin, asked.destination), found)


def picture(place: Workspace, asked: Question, kind: str, found: Transfers) -> bytes:
    """Return the matrix or the flows as PNG, drawn once for each language."""
    finding = transfers_finding(place, asked, found, kind, file_downloads.written())
    key = ("transfers picture", kind, str(place.path), place.digest, asked, language())
    content: bytes = answer_of(
        key, lambda _told: file_of(finding, ".png"), label=_("Drawing…"), patience_s=_DRAWING_S
    )
    return content


def transfers_finding(
    place: Workspace, asked: Question, found: Transfers, figure: str, how: Written
) -> Finding:
    """Put an estimate so that it can leave; in any thread."""
    elections = (asked.origin, asked.destination, asked.place)
    return finding(place, elections, found, figure=figure, written=how)
