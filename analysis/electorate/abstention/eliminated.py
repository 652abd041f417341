"""Whose choice of the first round stands no more at the second: read from both rounds' lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.geography.crosswalk import prorate
from analysis.tables.elections import Election
from analysis.tables.workspace import Workspace

# Two rounds of one vote are never further apart.
_DAYS = 60
_COLUMNS = ["election_id", "bureau_id", "candidate_id"]


def first_round_of(elections: Sequence[Election], second: Election) -> int | None:
    """Return the place of a second round's first round among elections; None where it is not."""
    for place, one in enumerate(elections):
        days = (second.date - one.date).days
        if one.kind == second.kind and one.round == 1 and 0 < days < _DAYS:
            return place
    return None


def read_eliminated(
    workspace: Workspace, units: pd.DataFrame, elections: Sequence[Election]
) -> Mapping[str, np.ndarray]:
    """Return the share of the registered whose choice can no longer be chosen.

    Who stands is known five days before a second round; nothing else of it is read.

    Parameters
    ----------
    workspace
        A built place.
    units
        `bureau_id`, `vintage` (of the contour; missing where there is none).
    elections
        In any order; second rounds without a list of candidates, or without their first round,
        are left out.

    Returns
    -------
    dict of str to numpy.ndarray
        By id of the second round: one share per bureau, NaN where it is not known.
    """
    known = workspace.read("elections").set_index("election_id")
    asked = [one for one in elections if one.round == 2 and one.election_id in known.index]
    vintages = units["vintage"].dropna()
    wanted = None if vintages.empty else int(vintages.iloc[0])
    found = {}
    for second in asked:
        place = first_round_of(elections, second)
        if place is None:
            continue
        first = elections[place].election_id
        counts = _left_out(workspace, first, second.election_id)
        own = known.loc[first, "vintage"]
        if wanted is not None and pd.notna(own) and int(own) != wanted:
            links = workspace.read("crosswalk")
            chosen = (links["from_vintage"] == own) & (links["to_vintage"] == wanted)
            counts = prorate(counts, links[chosen]) if chosen.any() else counts
        shares = counts["out"] / counts.sum(axis=1).where(lambda size: size > 0)
        there = shares.reindex(units["bureau_id"].astype("str")).to_numpy(dtype=float)
        if np.isfinite(there).any():
            found[second.election_id] = there
    return found


def _left_out(workspace: Workspace, first: str, second: str) -> pd.DataFrame:
    """Return the first round's votes for who stands no more (`out`) and the other registered."""
    votes = workspace.read_arrow("votes", columns=[*_COLUMNS, "votes"], elections=(first, second))
    table = votes.to_pandas().astype(dict.fromkeys(_COLUMNS, "str"))
    before, after = (table[table["election_id"] == name] for name in (first, second))
    keys = _COLUMNS[1:]
    stands = pd.MultiIndex.from_frame(before[keys]).isin(pd.MultiIndex.from_frame(after[keys]))
    out = before["votes"].where(~stands, 0).groupby(before["bureau_id"].to_numpy()).sum()
    size = workspace.read_arrow(
        "turnout", columns=["bureau_id", "registered", "election_id"], elections=(first,)
    ).to_pandas()
    registered = size.set_index(size["bureau_id"].astype("str"))["registered"].astype("int64")
    # A seat won at the first round has no second: nothing is known of its bureaux.
    there = out.index.intersection(registered.index).intersection(after["bureau_id"].unique())
    out = out[there].astype("int64").clip(upper=registered[there])
    return pd.DataFrame({"out": out, "others": registered[there] - out}).sort_index()
