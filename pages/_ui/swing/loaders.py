"""Every long or cached call of the page; keyed by digests and choices."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.electorate.clusters import Clusters, find_clusters
from analysis.electorate.counts import read_counts
from analysis.electorate.swing import Share, Swing, measure_swing
from analysis.electorate.transfers import Transfers
from analysis.electorate.transfers.places import transfers_of
from analysis.errors import DataError
from analysis.schema import BLOCS
from analysis.workspace import Workspace
from pages._ui import loaders
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, election_name, language
from pages._ui.swing.background import Progress, answer_of
from pages._ui.swing.choices import Question
from pages._ui.swing.words import option_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A figure is soon drawn, once the drawing library has loaded.
_DRAWING_S = 30
FIGURES = ("png", "svg", "pdf")
_FEW = 8
# A vector file bears no date.
_UNDATED: dict[str, dict[str, Any]] = {
    "png": {"dpi": 170},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}


@dataclass(frozen=True)
class Moved:
    """A swing, and what stands beside it on screen.

    Attributes
    ----------
    swing
        As the library measured it.
    table
        Its table with `commune_id` and `commune`, the name.
    vintage
        Of the contours that its bureaux have; None where there are none.
    """

    swing: Swing
    table: pd.DataFrame
    vintage: int | None


def moved(place: Workspace, asked: Question, share: Share) -> Moved:
    """Measure a swing."""

    def work(progress: Progress) -> Moved:
        progress(0.1)
        places = (asked.place,) if asked.place else ()
        swing = measure_swing(place, asked.origin, asked.destination, share, places=places)
        return Moved(swing, _with_communes(place, swing.table), _vintage(place, asked))

    key = ("swing", str(place.path), place.digest, asked, share)
    found: Moved = answer_of(key, work, label=_("Comparing the two elections…"))
    return found


def _with_communes(place: Workspace, table: pd.DataFrame) -> pd.DataFrame:
    names = place.read("places").set_index("commune_id")["name"]
    commune_id = table["bureau_id"].str.rpartition("_")[0]
    return table.assign(
        commune_id=commune_id, commune=commune_id.map(names.astype("str")).fillna(commune_id)
    )


def _vintage(place: Workspace, asked: Question) -> int | None:
    """Return the contours of the later election: both are brought onto its bureaux."""
    elections = place.read("elections").set_index("election_id")
    vintage = elections.loc[[asked.origin, asked.destination]].sort_values("date")["vintage"]
    return None if pd.isna(vintage.iloc[-1]) else int(vintage.iloc[-1])


def pedersen(place: Workspace, asked: Question) -> float | None:
    """Return the Pedersen index of the whole place; None where an election's blocs are unknown."""

    def work(progress: Progress) -> float:
        progress(0.1)
        places = (asked.place,) if asked.place else ()
        counts = read_counts(place, [asked.origin, asked.destination], _nobody, places)
        before, after = (counts.table(n).sum() for n in range(2))
        blocs = list(BLOCS)
        if not (before[blocs].any() and after[blocs].any()):
            return float("nan")
        change = after[blocs] / after["valid"] - before[blocs] / before["valid"]
        return float(0.5 * change.abs().sum())

    key = ("pedersen", str(place.path), place.digest, asked)
    found: float = answer_of(key, work, label=_("Comparing the two elections…"))
    return found if np.isfinite(found) else None


def _nobody(candidates: pd.DataFrame) -> np.ndarray:
    """Choose no candidate: the counts of all blocs come along anyway."""
    return np.zeros(len(candidates), dtype=bool)


def clusters(place: Workspace, asked: Question, share: Share, found: Moved) -> Clusters:
    """Find where neighbours moved together, apart from the whole.

    Raises
    ------
    DataError
        When there are no contours, or too few.
    """
    if found.vintage is None:
        raise DataError(
            _("Neighbours are known by their contours, and this place has none."),
            mend=_("Add contours on the Data page."),
        )
    vintage = found.vintage

    def work(progress: Progress) -> Clusters:
        progress(0.3)
        bureaux = place.read("bureaux")
        values = found.table.set_index("bureau_id")["residual"]
        return find_clusters(bureaux[bureaux["vintage"] == vintage], values)

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


def picture(place: Workspace, asked: Question, kind: str, found: Transfers) -> bytes:
    """Return the matrix or the flows as PNG, drawn once for each language."""
    draw = drawer(asked, kind, found)
    key = ("transfers", kind, str(place.path), place.digest, asked, language())
    content: bytes = answer_of(
        key, lambda _told: draw("png"), label=_("Drawing…"), patience_s=_DRAWING_S
    )
    return content


def drawer(asked: Question, kind: str, found: Transfers) -> Callable[[str], bytes]:
    """Return what draws the matrix or the flows as PNG, SVG or PDF, in any thread."""
    options = {*found.table["origin"], *found.table["destination"]}
    words = {
        # In two lines: a table of few columns is narrow.
        "title": f"{election_name(asked.origin)} →\n{election_name(asked.destination)}",
        "names": {option: option_name(option) for option in options},
        "language": language(),
    }

    def draw(suffix: str) -> bytes:
        from analysis.charts import transfers as charts

        chart = charts.heat_map if kind == "matrix" else charts.flows
        return saved(chart(found, **words), suffix)

    return draw


def saved(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the bytes of a file; the same figure makes the same bytes."""
    from matplotlib import rc_context

    content = io.BytesIO()
    with rc_context({"svg.hashsalt": "palier"}):
        figure.savefig(content, format=suffix, **_UNDATED[suffix])
    return content.getvalue()
