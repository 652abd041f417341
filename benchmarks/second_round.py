"""Imagined second rounds: whether intervals by bureau hold the rounds that were held.

python benchmarks/second_round.py --workspace DIR

For each pair of rounds, the shares of the whole are those estimated from both; how far a bureau
strays is learned from the pair of that kind before it, so that only this is asked: do bureaux
follow the whole as closely as said. Beside it, the rival that knows no strays, only chance in
the count. Parliamentary elections have other candidates in each constituency: they are counted
by constituency where the workspace knows them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from common import promise

from analysis.errors import DataError
from analysis.tables.workspace import Workspace

LEVEL, LEAST = 0.90, 0.80


def cover(workspace: Workspace, first: str, place: str, spread: float) -> list[bool]:
    """Tell of each bureau and finalist whether its count lay in its interval."""
    from analysis.electorate.transfers.bureau_counts import tables_of
    from analysis.electorate.transfers.place_transfers import transfers_of
    from analysis.electorate.transfers.second_round import count_second_round, start_from
    from analysis.workflows.second_round import second_of

    second = second_of(workspace, first)
    pair = tables_of(workspace, first, second, place)
    shares = start_from(transfers_of(workspace, first, second, place))
    counts = pair.origin.reindex(columns=shares.index, fill_value=0)
    found = count_second_round(
        counts, shares, rng=np.random.default_rng(0), asked=10_000, spread=spread, level=LEVEL
    )
    names = [*found.shares["finalist"].unique()]
    came = pair.destination[names].div(pair.destination[names].sum(axis=1), axis=0)
    came = came.rename_axis("bureau_id").reset_index().melt("bureau_id", names, "finalist", "came")
    wide = found.shares.merge(came, on=["bureau_id", "finalist"]).dropna()
    return [*((wide["came"] >= wide["lower"]) & (wide["came"] <= wide["upper"]))]


def parts(workspace: Workspace, first: str) -> list[str]:
    """Return where shares may be thought the same: constituencies, else the whole."""
    from analysis.geography.zones import zones_of

    zones = zones_of(workspace)
    own = sorted(zones.loc[zones["kind"] == "circonscription", "place"].astype(str).unique())
    return own if own and "_legi_" in first else [""]


def measure(folder: Path) -> bool:
    from analysis.workflows.second_round import second_of, spread_of

    workspace = Workspace(folder)
    elections = workspace.read("elections").sort_values("date")["election_id"]
    rows = []
    before: dict[tuple[str, str], float] = {}
    for first in [one for one in elections if second_of(workspace, one)]:
        kind = first.split("_")[1]
        held: list[bool] = []
        chance: list[bool] = []
        for place in parts(workspace, first):
            try:
                own = spread_of(workspace, first, place)
            except DataError:  # no second round in that constituency
                continue
            if (kind, place) in before:
                held += cover(workspace, first, place, before[kind, place])
                chance += cover(workspace, first, place, 0.0)
            before[kind, place] = own
        if held:
            rows.append((first, len(held), np.mean(held), np.mean(chance)))
    heads = ["first round", "counts", "cover", "cover, chance alone"]
    print(pd.DataFrame(rows, columns=heads).round(3).to_string(index=False))
    mean = float(np.mean([row[2] for row in rows]))
    return promise("cover missed, of 0.90", max(LEVEL - mean, 0.0), LEVEL - LEAST, "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    sys.exit(not measure(parser.parse_args().workspace))
