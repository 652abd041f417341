"""Ask past elections whether expected support says how far off it may be.

python benchmarks/support_errors.py WORKSPACE

At each past first round, foretold from the rounds before it alone: how many standard errors (and
counting noise) lie between what came and what was expected, over all bureaux and in the fifth
with the most support. 1 is right, more is too sure. Beside it the same with one restlessness for
the whole place.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import common  # noqa: F401 - puts the library on the path
import numpy as np

if TYPE_CHECKING:
    from analysis.electorate.history import History

PLACE_ALONE, END = 1e9, datetime.max


def main() -> int:
    """Print both by bloc."""
    from analysis.electorate import rates, support
    from analysis.electorate.far_rounds import without_far_rounds
    from analysis.electorate.history import read_history
    from analysis.tables.elections import Choice
    from analysis.workflows.ranking import open_workspace

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    workspace = open_workspace(parser.parse_args().workspace)
    own = rates.USUAL_ROUNDS
    print("bloc        all: place's step, own step; most support: place's step, own step")
    for bloc in ("left", "centre", "right", "far_right"):
        past = support._some(
            without_far_rounds(read_history(workspace, Choice(bloc), before=END))[0]
        )
        found = []
        for rounds in (PLACE_ALONE, own):
            rates.USUAL_ROUNDS = rounds
            found.append(np.mean([*_apart(past)], axis=0))
        (all_place, top_place), (all_own, top_own) = found
        print(
            f"{bloc:<11} {all_place:.2f} {all_own:.2f}  {top_place:.2f} {top_own:.2f}", flush=True
        )
    return 0


def _apart(past: History) -> Iterator[tuple[float, float]]:
    """Yield the spread of standardised errors at each look back: of all, and of the top fifth."""
    from analysis.electorate import support
    from analysis.electorate.rates import OVERDISPERSION

    first = [n for n, e in enumerate(past.elections) if e.round == 1]
    stood = [n for n in first if np.nansum(past.votes[:, n]) > 0]
    for number in stood[2:]:
        before, target = support._before(past, number), past.elections[number]
        told = support._forecast(before, target, as_last_time=False)
        valid = np.where(past.valid[:, number] > 0, past.valid[:, number], np.nan)
        came, size = past.votes[:, number] / valid, past.registered[:, number]
        known = np.isfinite(came) & (size >= 100)
        off = (came - told.value)[known]
        off = off - np.average(off, weights=size[known])
        noise = OVERDISPERSION * came * (1 - came) / valid
        z = off / np.sqrt(told.std_error[known] ** 2 + noise[known])
        top = told.value[known] > np.quantile(told.value[known], 0.8)
        yield z.std(), z[top].std()


if __name__ == "__main__":
    sys.exit(main())
