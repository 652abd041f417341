"""What moved between two elections: the swing by bureau, and where neighbours moved together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.charts.chart_words import election, name
from analysis.electorate.counts import read_counts
from analysis.electorate.spatial import Clusters, find_clusters
from analysis.electorate.swing_by_bureau import Progress, Share, Swing, measure_swing, silent
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.i18n import Words
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import communes_of, contours_of, title_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORDS = Words(
    "chart",
    {
        "abstention": "abstention",
        "valid": "% of valid votes",
        "registered": "% of registered",
    },
)


@dataclass(frozen=True)
class Moved:
    """A swing, and what stands beside it.

    Attributes
    ----------
    share
        Whose.
    elections
        From which to which.
    place
        Code of a commune or département; empty for the whole workspace.
    swing
        As the library measured it.
    table
        Its table with `commune_id` and `commune`, the name.
    vintage
        Of the contours that its bureaux have; None where there are none.
    """

    share: Share
    elections: tuple[str, str]
    place: str
    swing: Swing
    table: pd.DataFrame
    vintage: int | None


def look_back(
    workspace: Workspace,
    elections: tuple[str, str],
    share: Share,
    *,
    place: str = "",
    progress: Progress = silent,
) -> Moved:
    """Measure a swing in a place.

    Parameters
    ----------
    workspace
        A built place.
    elections
        From which to which.
    share
        Of whom, and of what.
    place
        A commune or a département; empty for the whole workspace.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Moved
        The swing of the whole place and of every bureau, shares 0 to 1.

    Raises
    ------
    DataError
        As `measure_swing`.
    """
    places = (place,) if place else ()
    swing = measure_swing(workspace, *elections, share, places=places, progress=progress)
    table = swing.table.join(communes_of(workspace, swing.table["bureau_id"]))
    return Moved(share, elections, place, swing, table, _vintage(workspace, elections))


def _vintage(workspace: Workspace, asked: tuple[str, str]) -> int | None:
    """Return the contours of the later election: both are brought onto its bureaux."""
    elections = workspace.read("elections").set_index("election_id")
    vintage = elections.loc[list(asked)].sort_values("date")["vintage"]
    return None if pd.isna(vintage.iloc[-1]) else int(vintage.iloc[-1])


def pedersen_of(workspace: Workspace, origin: str, destination: str, place: str = "") -> float:
    """Return the Pedersen index between two elections: half the sum of what blocs gained or lost.

    Parameters
    ----------
    workspace
        A built place.
    origin, destination
        Ids of two elections.
    place
        A commune or a département; empty for the whole workspace.

    Returns
    -------
    float
        A share of the valid votes, 0 to 1; NaN where the blocs of an election are not known.
    """
    counts = read_counts(workspace, [origin, destination], _nobody, (place,) if place else ())
    before, after = (counts.table(n).sum() for n in range(2))
    blocs = list(BLOCS)
    if not (before[blocs].any() and after[blocs].any()):
        return float("nan")
    change = after[blocs] / after["valid"] - before[blocs] / before["valid"]
    return float(0.5 * change.abs().sum())


def _nobody(candidates: pd.DataFrame) -> np.ndarray:
    """Choose no candidate: the counts of all blocs come along anyway."""
    return np.zeros(len(candidates), dtype=bool)


def neighbours(workspace: Workspace, found: Moved, *, progress: Progress = silent) -> Clusters:
    """Find where neighbours moved together, apart from the whole.

    Parameters
    ----------
    workspace
        The place, which has the contours.
    found
        A swing there.
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Clusters
        One row per bureau with a contour.

    Raises
    ------
    DataError
        As `find_clusters`.
    """
    bureaux = workspace.read("bureaux")
    values = found.table.set_index("bureau_id")["residual"]
    return find_clusters(bureaux[bureaux["vintage"] == found.vintage], values, progress=progress)


def finding(
    workspace: Workspace,
    found: Moved,
    *,
    near: Clusters | None = None,
    figure: str = "",
    written: Written,
) -> Finding:
    """Put a swing so that it can leave.

    Parameters
    ----------
    workspace
        Where it was measured.
    found
        The swing.
    near
        Which neighbours moved together; joins the table.
    figure
        One of `FIGURES` for a picture (`clusters` needs `near`); empty for the table.
    written
        How it is written.

    Returns
    -------
    Finding
        The table, what it says of itself, and the figure that was asked for.
    """
    language, share = written.language, found.share
    shapes = contours_of(workspace, found.vintage, found.table["commune_id"])
    choice = share.choice or Choice("")
    source = of_workspace(
        workspace,
        "swing",
        {
            "from": found.elections[0],
            "to": found.elections[1],
            "place": found.place,
            "bloc": choice.bloc,
            "candidates": list(choice.candidates),
            "of": share.of,
            "level": found.swing.level,
            "clusters": near is not None,
            "figure": figure,
        },
        seed=0 if near else None,
    )
    table = found.table
    if near is not None:
        table = table.merge(near.table, on="bureau_id", how="left")
    first = ["bureau_id", "label", "commune_id", "commune"]
    heading = f"{title_of(workspace, found.place, language)} · {_heading(found, language)}"
    return Finding(
        table[[*first, *table.columns.difference(first, sort=False)]],
        shapes,
        source,
        heading,
        units=columns_of("swing", table, language),
        draw=_drawer(figure, found, near, shapes, heading, language) if figure else None,
        written=written,
    )


def _drawer(  # noqa: PLR0913, PLR0917 - what a figure shows, and its words
    figure: str,
    found: Moved,
    near: Clusters | None,
    shapes: gpd.GeoDataFrame,
    title: str,
    language: str,
) -> Callable[[], Figure]:
    from analysis.charts import swing_charts as charts

    words = {"title": title, "language": language}
    if figure == "scatter":
        return partial(charts.before_and_after, found.swing, **words)
    if figure == "clusters":
        assert near is not None  # noqa: S101 - for the type; `finding` says so
        return partial(charts.cluster_map, shapes, near, **words)
    column: Literal["swing", "residual"] = "residual" if figure == "residual" else "swing"
    return partial(charts.swing_map, shapes, found.swing, column=column, **words)


def _heading(found: Moved, language: str) -> str:
    """Say whose share moved, from when to when."""
    words, choice = _WORDS[language], found.share.choice
    who = words["abstention"]
    if choice:
        who = name(choice.bloc, language) if choice.bloc else ", ".join(choice.candidates)
    before, after = (election(one, language) for one in found.elections)
    return f"{who[:1].upper()}{who[1:]}, {words[found.share.of]}\n{before} → {after}"


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `finding` was made from.

    Parameters
    ----------
    workspace
        The place, as it is now.
    provenance
        Of the file.
    written
        How the file is written.

    Returns
    -------
    Finding
        The same as before, where the tables are.
    """
    asked = provenance.parameters
    whose = Choice(asked["bloc"], tuple(asked["candidates"]))
    share = Share(whose if asked["bloc"] or asked["candidates"] else None, asked["of"])
    found = look_back(workspace, (asked["from"], asked["to"]), share, place=asked["place"])
    near = neighbours(workspace, found) if asked["clusters"] else None
    return finding(workspace, found, near=near, figure=asked["figure"], written=written)
