"""Print the tables of docs/methods/value.md from what `validate` found.

python benchmarks/look_back_tables.py PARIS.json FRANCE.json VALMONT.json

Each FILE is what `python -m analysis validate --workspace DIR --out FILE` wrote: per file a table
of the orders and one of the five worlds, then the intervals of the first and the chances of all.
Last the promises: on the seven pairs of 2022 and 2024 the default meets at least what the best of
three rules does, nowhere under .26, and in the worst world wins at least .80 of the best possible.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HEADS = {
    "default": "Mixte",
    "mobilise": "mobiliser",
    "convince": "convaincre",
    "classic_2014": "50+1",
    "support": "support by the hour",
    "fence_support": "a(1 − a) · support",
    "abstention_support": "abstention × support",
    "last_abstention": "last abstention",
    "size": "size",
    "priority_precinct_generator": "Priority Precinct Generator",
}
# Pairs at which at least half a point moved, and rules of one column that they are judged beside.
SPRINGS = (("2022_pres_t1", "2022_legi_t1", "L"), ("2022_legi_t1", "2024_legi_t1", "G"))
RULES = ("support", "fence_support", "abstention_support")
LEAST_MET, LEAST_WON = 0.26, 0.80
BLOCS = {"left": "left", "centre": "centre", "right": "right", "far_right": "far right"}


def row(cells: list[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def head(names: list[str]) -> list[str]:
    """Return the two first lines of a Markdown table, its first column unnamed."""
    return [row(["", *names]).replace("|  |", "| |", 1), "|---" * (len(names) + 1) + "|"]


def short(share: float, digits: int) -> str:
    """Write a share without the nought before its point, and 1 with it."""
    return f"{share:.{digits}f}".removeprefix("0")


def orders(told: dict[str, Any]) -> list[str]:
    """Return the means of the pairs, then the worst of five worlds by bloc."""
    means = [short(told["mean_met_20"][name], 3) for name in HEADS]
    lines = [*head(list(HEADS.values())), row(["mean of the pairs", *means])]
    for number, (bloc, worst) in enumerate(told["worlds_worst"].items()):
        name = BLOCS[bloc] if number else f"worst of five worlds, {BLOCS[bloc]}"
        lines.append(row([name, *(short(worst[one], 2) for one in HEADS)]))
    return lines


def worlds(told: dict[str, Any]) -> list[str]:
    """Return what each order wins in each world, by bloc; nothing of a file that kept the worst."""
    rows = [
        row([f"{BLOCS[bloc]}, {world}", *(short(by_order[one][world], 2) for one in HEADS)])
        for bloc, by_order in told.get("worlds", {}).items()
        for world in by_order["default"]
    ]
    return [*head(list(HEADS.values())), *rows] if rows else []


def intervals(told: dict[str, Any]) -> list[str]:
    """Return coverage by bloc and world, and how far chances are apart."""
    worlds = ("equal", "abstention", "fence", "volatility", "opponents")
    names = ["five worlds", *worlds, "apart", "movement tells nothing: five worlds", "apart"]
    lines, columns = head(names), []
    for bloc, one in told["calibration"].items():
        by_world = {
            r["world"]: r["coverage"] for r in one["covered"] if r["movement"] == "believed"
        }
        cover, gap = one["coverage"], one["gap"]
        found = [cover["believed"], *(by_world[w] for w in worlds), gap["believed"]]
        columns.append([*found, cover["nothing"], gap["nothing"]])
        lines.append(row([BLOCS[bloc], *marked(columns[-1])]))
    means = [sum(c) / len(columns) for c in zip(*columns, strict=True)]
    return [*lines, row(["mean", *marked(means)])]


def marked(values: list[float]) -> list[str]:
    """Return shares to three digits, the first in bold."""
    first, *rest = (f"{v:.3f}" for v in values)
    return [f"**{first}**", *rest]


def chances(told: dict[str, Any], place: str) -> list[str]:
    """Return what was told and came of chances, class by class, one line a bloc."""
    return [
        row(
            [
                f"{place}{BLOCS[bloc]}",
                *(
                    f"{r['told']:.2f} > {r['came']:.2f}"
                    for r in one["reliability"]
                    if r["movement"] == "believed"
                ),
            ]
        )
        for bloc, one in told["calibration"].items()
    ]


def seven(told: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return what the default and each rule met, by bloc and pair, at the pairs of two springs."""
    return {
        f"{BLOCS[one['bloc']]} {one['kind']}": {
            name: one["methods"][name]["met_20"] for name in ("default", *RULES)
        }
        for one in told["cells"]
        if (one["from"], one["to"], one["kind"]) in SPRINGS and one["bloc"] in BLOCS
    }


def promises(place: str, told: dict[str, Any]) -> list[bool]:
    """Print the seven pairs and what is promised of them and of the worlds; tell what is kept."""
    # Beside this file when it is run; tests import the tables alone.
    from common import promise_least

    kept = []
    if cells := seven(told):
        print(*head([HEADS[name] for name in ("default", *RULES)]), sep="\n")
        for name, one in cells.items():
            print(row([name, *(short(v, 3) for v in one.values())]))
        means = {
            name: sum(one[name] for one in cells.values()) / len(cells)
            for name in ("default", *RULES)
        }
        print(row(["mean", *(short(v, 3) for v in means.values())]))
        best = max(means[name] for name in RULES)
        lowest = min(one["default"] for one in cells.values())
        kept = [
            promise_least(f"{place}: mean met, beside the best rule", means["default"], best, ""),
            promise_least(f"{place}: least met of {len(cells)} pairs", lowest, LEAST_MET, ""),
        ]
    worst = min(one["default"] for one in told["worlds_worst"].values())
    return [*kept, promise_least(f"{place}: worst world of all blocs", worst, LEAST_WON, "")]


def main() -> int:
    """Print the tables and the promises."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    files = parser.parse_args().files
    told = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    for name, one in told.items():
        print(f"{name}: {len(one['cells'])} pairs", *orders(one), "", sep="\n")
        print(*worlds(one), "", sep="\n")
    first = next(iter(told.values()))
    print(*intervals(first), "", sep="\n")
    classes = ["under .05", ".05–.1"] + [f".{n}–.{n + 1}" for n in range(1, 9)] + [".9–1"]
    print(*head(classes), sep="\n")
    for number, (name, one) in enumerate(told.items()):
        print(*chances(one, f"{name}, " if number else ""), sep="\n")
    kept = [one for name in told for one in promises(name, told[name])]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
