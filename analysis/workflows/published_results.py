"""Results of an election of a workspace as one page to publish."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.charts.chart_words import election as election_name
from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT, counts_of, standing_of
from analysis.errors import DataError
from analysis.exports.provenance import Provenance, of_workspace
from analysis.exports.registry import file_of, put
from analysis.exports.results_page import FLOOR, ResultsPage
from analysis.tables.workspace import Workspace
from analysis.workflows.model_territory import communes_of, contours_of, title_of

COMMAND = "publish"
# A browser draws so many outlines at once; a nation is published by département.
MOST = 5_000


def page_of(
    workspace: Workspace, election: str, place: str = "", *, language: str = "fr"
) -> ResultsPage:
    """Gather the results of an election as they may be published.

    Parameters
    ----------
    workspace
        A built place.
    election
        Its id.
    place
        A commune, a département or a part of one; empty for the whole workspace.
    language
        "fr" or "en".

    Returns
    -------
    ResultsPage
        Counts by bureau, with contours where they are known.

    Raises
    ------
    DataError
        When the election or the place is unknown, or there are too many bureaux for a page.
    """
    counts, _lost = counts_of(workspace, election, place)
    if len(counts) > MOST:
        raise DataError(
            "{n} bureaux are too many for one page.",
            mend="Publish a commune, a département or a constituency at a time.",
            n=len(counts),
        )
    votes = counts.drop(columns=[SPOILT, ABSTENTION], errors="ignore")
    registered = counts.sum(axis=1)
    home = counts.get(ABSTENTION, 0)
    ids = pd.Series(counts.index.astype("str"), index=counts.index)
    places = communes_of(workspace, ids)
    table = pd.DataFrame(
        {
            "bureau_id": ids,
            "label": places["label"],
            "registered": registered,
            "ballots": registered - home,
            "valid": votes.sum(axis=1),
        }
    ).reset_index(drop=True)
    vintage = workspace.read("elections").set_index("election_id").loc[election, "vintage"]
    shapes = contours_of(
        workspace, None if pd.isna(vintage) else int(vintage), places["commune_id"]
    )
    asked = {"election": election, "place": place, "floor": FLOOR, "language": language}
    heading = f"{title_of(workspace, place, language)} · {election_name(election, language)}"
    source = of_workspace(workspace, COMMAND, asked, seed=None)
    # Who did not stand somewhere has no count there: 0 votes would be a result.
    stood = standing_of(workspace, election, counts.index)[votes.columns]
    votes = votes.where(stood).set_axis(ids.to_numpy())
    return ResultsPage(table, votes, shapes, heading, source, language)


def page_bytes(workspace: Workspace, election: str, place: str = "", *, language: str) -> bytes:
    """Return the page of an election; see `page_of`.

    Parameters
    ----------
    workspace, election, place, language
        As in `page_of`.

    Returns
    -------
    bytes
        HTML in one file.
    """
    return file_of(page_of(workspace, election, place, language=language), ".html")


def page_to_file(folder: Path, election: str, out: Path, **how: str) -> ResultsPage:
    """Write the page of an election; see `page_of` for `how`.

    Parameters
    ----------
    folder
        The workspace.
    election
        Which.
    out
        File to write, ending in .html.
    **how
        As in `page_of`.

    Returns
    -------
    ResultsPage
        What was written.

    Raises
    ------
    DataError
        As `page_of`, and when the file is no page or cannot be written.
    """
    if out.suffix.lower() != ".html":
        raise DataError(
            "Results are published as a page.",
            where="{path}",
            mend="Give a file name that ends in .html.",
            path=out,
        )
    page = page_of(Workspace(folder), election, **how)
    put(out, file_of(page, ".html"))
    return page


def again(workspace: Workspace, provenance: Provenance) -> ResultsPage:
    """Gather again what a page was made from."""
    told = provenance.parameters
    return page_of(workspace, told["election"], told["place"], language=told["language"])
