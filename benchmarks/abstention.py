"""Fitting and forecasting the abstention of every bureau of France: seconds and memory.

python benchmarks/abstention.py [--workspace DIR] [--target ELECTION] [--runs N]
python benchmarks/abstention.py --look-back 1|2 --workspace DIR   every past round beside the rules
python benchmarks/abstention.py --leave-out DIR [DIR…]   second rounds, chosen by the others

Without --workspace, France is built into a temporary folder first, which is not counted.
The fastest of the runs counts; each is a process of its own that reads the workspace,
fits, forecasts and judges.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
from common import FILES, need_france, promise

from analysis.tables.elections import Election
from analysis.tables.workspace import Workspace

SECOND = 2
SECONDS, MEMORY_GB = 30.0, 3.0


def run_job(folder: Path, target: str) -> None:
    from analysis.electorate.abstention.backtest import backtest_abstention
    from analysis.workflows.ranking import target_of

    started = time.perf_counter()
    place = Workspace(folder)
    found = backtest_abstention(place, target_of(place, target))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes.
    gigabytes = peak / (1e9 if sys.platform == "darwin" else 1e9 / 1024)
    model = found.methods.set_index("method").loc["model"]
    told = {"seconds": seconds, "gigabytes": gigabytes, "mae": model["mae_points"]}
    print(json.dumps(told | {"bureaux": len(found.forecast.table)}))


def look_back(folder: Path, number: int) -> None:
    """Print the error of every past round of a number, of each rule, and the coverage.

    Beside a second round stands the model without the rules and the widening that it gets there.
    """
    from analysis.electorate.abstention import forecast
    from analysis.electorate.abstention.backtest import backtest_abstention
    from analysis.workflows.ranking import target_of

    place = Workspace(folder)
    rounds = place.read("elections").sort_values("date")
    chosen = rounds[(rounds["round"] == number) & (rounds["date"] > rounds["date"].min())]
    for name in chosen["election_id"]:
        methods = backtest_abstention(place, target_of(place, name)).methods.set_index("method")
        errors = ", ".join(f"{k} {v:.2f}" for k, v in methods["mae_points"].items())
        own = methods.loc["model"]
        inside = f"{own['coverage_90']:.1%} of {own['n_judged']:,.0f} bureaux inside 90%"
        print(f"{name}: {errors}; {inside}", flush=True)
        if number == SECOND:
            with mock.patch.object(forecast, "with_rules", lambda *given: given[2:]):
                alone = backtest_abstention(place, target_of(place, name)).methods
            own = alone.set_index("method").loc["model"]
            print(f"    model alone {own['mae_points']:.2f}; {own['coverage_90']:.1%} inside 90%")


def leave_out(folders: list[Path]) -> None:
    """Print the error of each second round under the share that all other votes would choose.

    Votes of one day are left out together, in every place; what is chosen is how much the first
    round moved by who is out counts beside the model, on the mean of the others' errors.
    """
    from analysis.workflows.ranking import target_of

    shares = np.linspace(0, 1, 5)
    rows = []
    for folder in folders:
        place = Workspace(folder)
        rounds = place.read("elections")
        for name in rounds.loc[rounds["round"] == SECOND, "election_id"]:
            errors = errors_by_share(place, target_of(place, name), shares)
            rows.append(
                {"place": folder.name, "election": name, **dict(zip(shares, errors, strict=True))}
            )
            print(
                f"{folder.name}, {name}: "
                + ", ".join(
                    f"{share:.0%} {error:.2f}" for share, error in zip(shares, errors, strict=True)
                ),
                flush=True,
            )
    table = pd.DataFrame(rows).set_index(["place", "election"])
    blind = {}
    for name in dict.fromkeys(table.index.get_level_values("election")):
        here = table.index.get_level_values("election") == name
        chosen = table[~here].mean().idxmin()
        blind |= dict(table.loc[here, chosen].items())
        print(f"without {name} the others choose {chosen:.0%}")
    for share in shares:
        print(f"mean error with {share:.0%} for all: {table[share].mean():.3f}")
    print(f"mean error, each under what the others choose: {np.mean(list(blind.values())):.3f}")


def kept_first(known: dict[str, Any], name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that works once and afterwards gives what it found then."""

    def first(*given: Any) -> Any:  # noqa: ANN401 - whatever is wrapped
        if name not in known:
            known[name] = work(*given)
        return known[name]

    return first


def errors_by_share(place: Workspace, target: Election, shares: np.ndarray) -> list[float]:
    """Return the error of a second round for each share, the model fitted once."""
    from analysis.electorate.abstention import backtest, forecast, second_rounds
    from analysis.electorate.abstention.series import read_series

    series, came = read_series(place, target)
    judged = (came["registered"] >= backtest.SMALLEST).to_numpy()
    known: dict[str, Any] = {}
    own = {name: getattr(forecast, name) for name in ("_links", "infer")}
    for name, work in own.items():
        setattr(forecast, name, kept_first(known, name, work))
    usual, found = second_rounds.MOVED, []
    for share in shares:
        second_rounds.MOVED = float(share)
        told = forecast.forecast_abstention(series, target)
        methods = backtest._compare(series, told, came, judged).methods.set_index("method")
        found.append(float(methods.loc["model", "mae_points"]))
    second_rounds.MOVED = usual
    for name, work in own.items():
        setattr(forecast, name, work)
    return found


def in_process(folder: Path, target: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--job", "--workspace", str(folder), "--target", target]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, target: str, runs: int) -> bool:
    if not (folder / "manifest.json").is_file():
        from analysis.workflows.build import Inputs, build

        need_france()
        build(Inputs(*FILES), folder)
    found = [in_process(folder, target) for _ in range(runs)]
    bureaux, mae = found[0]["bureaux"], found[0]["mae"]
    print(f"      {target}: {bureaux:,} bureaux, mean absolute error {mae:.2f} points")
    seconds = min(one["seconds"] for one in found)
    peak = max(one["gigabytes"] for one in found)
    kept = promise(f"fit and forecast of {bureaux:,} bureaux", seconds, SECONDS, "s")
    return promise("peak memory", peak, MEMORY_GB, "GB") and kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--target", default="2024_legi_t1")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--job", action="store_true")
    parser.add_argument("--look-back", type=int, choices=(1, 2))
    parser.add_argument("--leave-out", type=Path, nargs="+")
    given = parser.parse_args()
    if given.leave_out:
        leave_out(given.leave_out)
    elif given.look_back:
        look_back(given.workspace, given.look_back)
    elif given.job:
        run_job(given.workspace, given.target)
    else:
        with tempfile.TemporaryDirectory() as aside:
            folder = given.workspace or Path(aside) / "france"
            sys.exit(not measure(folder, given.target, given.runs))
