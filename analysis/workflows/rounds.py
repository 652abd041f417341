"""Elections that end at their first round: no second one is to be had."""

from __future__ import annotations

import pandas as pd

from analysis.tables.workspace import Workspace

# Of the whole nation or a region: what a place counted does not decide them.
_BEYOND = ("pres", "euro", "regi", "refe")
# Of who stands alone, a quarter of the registered is asked for too (Code électoral, L126, L193);
# of a list it is not (L262).
_QUARTER = ("legi", "dpmt", "cant")


def first_of(election_id: str) -> str:
    """Return the first round of an election.

    Examples
    --------
    >>> first_of("2024_legi_t2")
    '2024_legi_t1'
    """
    return election_id.rpartition("_")[0] + "_t1"


def was_decided(workspace: Workspace, election_id: str) -> bool:
    """Tell whether somebody was elected at a first round, everywhere.

    More than half of the valid votes elect, and of a deputy or a councillor of a département as
    many as a quarter of the registered.

    Parameters
    ----------
    workspace
        A place that was built with this round.
    election_id
        Of the first round.

    Returns
    -------
    bool
        Of a part of a constituency it is told by that part alone.
    """
    kind = election_id.split("_")[1]
    if kind in _BEYOND:
        return False
    columns = ["election_id", "bureau_id", "candidate_id", "votes"]
    votes = workspace.read_arrow("votes", columns=columns, elections=[election_id]).to_pandas()
    # Of the bureaux where somebody stood: candidates of other constituencies are no rivals.
    votes["valid"] = votes.groupby("bureau_id", observed=True)["votes"].transform("sum")
    columns = ["election_id", "bureau_id", "registered"]
    turnout = workspace.read_arrow("turnout", columns=columns, elections=[election_id]).to_pandas()
    registered = turnout.set_index("bureau_id")["registered"]
    at = registered.index.get_indexer(pd.Index(votes["bureau_id"]))
    votes["registered"] = registered.to_numpy()[at]
    stood = votes.groupby("candidate_id", observed=True)[["votes", "valid", "registered"]].sum()
    enough = 2 * stood["votes"] > stood["valid"]
    if kind in _QUARTER:
        enough &= 4 * stood["votes"] >= stood["registered"]
    won = stood.index[enough]
    there = votes["candidate_id"].isin(won).groupby(votes["bureau_id"], observed=True).any()
    return bool(len(there) and there.all())
