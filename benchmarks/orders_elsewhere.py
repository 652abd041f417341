"""Try the order and its rivals in départements, each as a place of its own.

python benchmarks/orders_elsewhere.py WORKSPACE [--every 6] [--least 100] [--most 900] [--out FILE]

Every sixth département of so many bureaux, every pair of first rounds and every bloc that moved
votes there, only earlier elections read: the share of moved votes met by the first 20% of hours,
as `python -m analysis validate --place` works it out. The promise: no rule of one line meets more
on the mean than the default does.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from common import promise

if TYPE_CHECKING:
    from analysis.tables.workspace import Workspace


def main() -> int:
    """Print the table by bloc and by election, and keep or break the promise."""
    from analysis.targeting.validation import METHODS, RULES
    from analysis.workflows.ranking import open_workspace
    from analysis.workflows.validate import validate

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--least", type=int, default=100)
    parser.add_argument("--most", type=int, default=900)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    workspace = open_workspace(asked.workspace)
    places = departements(workspace, asked.least, asked.most)[:: asked.every]
    cells = []
    for place in places:
        found = validate(workspace, places=(place,)).cells.assign(place=place)
        cells.append(found)
        means = found.groupby("method")["met_20"].mean()
        best = means[[*RULES]].idxmax()
        print(
            f"{place}: {len(found) // len(METHODS)} cells, default {means['default']:.3f}, "
            f"best rule {best} {means[best]:.3f}",
            flush=True,
        )
    table = pd.concat(cells, ignore_index=True)
    means = tell(table)
    by_place = table.pivot_table("met_20", "place", "method")
    ahead = {rule: int((by_place["default"] > by_place[rule]).sum()) for rule in RULES}
    print(f"places where the default meets more, of {len(places)}: {ahead}")
    if asked.out:
        asked.out.write_text(json.dumps({"means": means.round(4).to_dict(), "ahead": ahead}))
    best = means[[*RULES]].max()
    return 0 if promise("best rule of one line", best, float(means["default"]), "of votes") else 1


def departements(workspace: Workspace, least: int, most: int) -> list[str]:
    """Return codes of départements of so many bureaux at the latest election."""
    latest = workspace.read("elections").sort_values("date")["election_id"].astype(str).iloc[-1]
    turnout = workspace.read("turnout")
    ids = turnout.loc[turnout["election_id"].astype(str) == latest, "bureau_id"].astype(str)
    code = np.where(ids.str[:2] == "97", ids.str[:3], ids.str[:2])
    sizes = pd.Series(code).value_counts().sort_index()
    return [str(c) for c in sizes.index[sizes.between(least, most)] if not c.startswith("Z")]


def tell(table: pd.DataFrame) -> pd.Series:
    """Print means by bloc, by the later election and over all; return the last."""
    from analysis.targeting.validation import METHODS

    for key in ("bloc", "to"):
        wide = table.pivot_table("met_20", key, "method")[[*METHODS]]
        print(wide.round(3).to_string())
    means = table.groupby("method")["met_20"].mean()[[*METHODS]]
    print(means.round(3).to_string())
    return means


if __name__ == "__main__":
    sys.exit(main())
