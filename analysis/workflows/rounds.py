"""Elections that end at their first round: no second one is to be had."""

from __future__ import annotations

from analysis.tables.workspace import Workspace

# Of the whole nation or a region: what a place counted does not decide them.
_BEYOND = ("pres", "euro", "regi", "refe")


def first_of(election_id: str) -> str:
    """Return the first round of an election.

    Examples
    --------
    >>> first_of("2024_legi_t2")
    '2024_legi_t1'
    """
    return election_id.rpartition("_")[0] + "_t1"


def was_decided(workspace: Workspace, election_id: str) -> bool:
    """Tell whether somebody had more than half of the valid votes at a first round, everywhere.

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
    if election_id.split("_")[1] in _BEYOND:
        return False
    columns = ["election_id", "bureau_id", "candidate_id", "votes"]
    votes = workspace.read_arrow("votes", columns=columns, elections=[election_id]).to_pandas()
    # Of the bureaux where somebody stood: candidates of other constituencies are no rivals.
    votes["valid"] = votes.groupby("bureau_id", observed=True)["votes"].transform("sum")
    stood = votes.groupby("candidate_id", observed=True)[["votes", "valid"]].sum()
    won = stood.index[2 * stood["votes"] > stood["valid"]]
    there = votes["candidate_id"].isin(won).groupby(votes["bureau_id"], observed=True).any()
    return bool(len(there) and there.all())
