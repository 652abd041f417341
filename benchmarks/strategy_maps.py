"""Where each strategy sends the teams first, side by side, and what those bureaux are like.

python benchmarks/strategy_maps.py --workspace DIR [--bloc left] [--for 2027_pres_t1] [--out PNG]

Dark: the first 10% of all hours; lighter: up to 20%; pale: the rest. Bureaux whose number begins
with an arrondissement (Paris) are outlined and numbered by it. Prints, for each order, the means
of its first 20% of hours and where they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import common  # noqa: F401 - puts the library on the path
import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.charts.print_map import FAINT, INK
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import Scenario, prospects_of, rank, shapes_of, with_settings

STRATEGIES = {
    "gain_per_hour": "Mixte (par défaut)",
    "abstainers_first": "Mobiliser les nôtres",
    "undecided_first": "Convaincre",
    "classic_2014": "50+1 (2014)",
}
SLIVER_M = 12.0
SHARES, COLOURS = (0.10, 0.20, 1.0), ("#0b3c6f", "#6fa3d8", "#eceff2")


def tier(table: pd.DataFrame) -> np.ndarray:
    """Return 0 within the first tenth of all hours in order of rank, 1 within a fifth, else 2."""
    spent = table["hours"].cumsum() / table["hours"].sum()
    return np.searchsorted(SHARES, spent.to_numpy() - 1e-9)


def quarter(bureaux: pd.Series) -> pd.Series:
    """Return the arrondissement that a bureau's four figures begin with."""
    return bureaux.str.rpartition("_")[2].str[:2]


def told(name: str, table: pd.DataFrame) -> str:
    """Say what the first fifth of the hours is like, beside the whole place."""
    first = table[tier(table) < 2]  # noqa: PLR2004 - the two dark tiers
    parts = []
    for column in ("support", "expected_abstention", "movement"):
        here, all_ = (np.average(t[column], weights=t["registered"]) for t in (first, table))
        parts.append(f"{column} {here:.3f} (place {all_:.3f})")
    where = quarter(first["bureau_id"]).value_counts()
    most = ", ".join(f"{name} {n}" for name, n in where.head(6).items())
    return f"{name}: {len(first)} bureaux, {'; '.join(parts)}; most in {most}"


def draw(areas: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame]) -> Figure:
    """Draw one map for each order."""
    figure = Figure((11.5, 7.0), layout="constrained")
    # Neighbouring contours leave slivers between them, which would be drawn as borders.
    grown = areas.set_geometry(areas.geometry.buffer(SLIVER_M))
    outlines = grown.dissolve(by=quarter(areas["bureau_id"]).to_numpy()).buffer(-SLIVER_M)
    for chart, (name, table) in zip(figure.subplots(2, 2).ravel(), tables.items(), strict=True):
        tiers = pd.Series(tier(table), index=table["bureau_id"].astype("str"))
        of = tiers.reindex(areas["bureau_id"].astype("str")).to_numpy()
        colours = [COLOURS[int(t)] if np.isfinite(t) else "#ffffff" for t in of]
        areas.plot(ax=chart, color=colours, edgecolor="white", linewidth=0.2)
        if len(outlines) <= 30:  # noqa: PLR2004 - more would hide the map
            outlines.boundary.plot(ax=chart, color=FAINT, linewidth=0.9)
            for label, point in outlines.representative_point().items():
                dark = {"color": INK, "fontsize": 7.5, "ha": "center", "va": "center"}
                box = {"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.75}
                chart.annotate(str(label).lstrip("0"), (point.x, point.y), bbox=box, **dark)
        chart.set_title(STRATEGIES[name], loc="left", fontsize=11, color=INK)
        chart.set_axis_off()
    figure.supxlabel(
        "foncé : les premiers 10 % des heures ; clair : jusqu’à 20 % ; pâle : le reste",
        fontsize=9, color=FAINT,
    )  # fmt: skip
    return figure


def main() -> None:
    """Rank four times, print what each favours, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--bloc", default="left")
    parser.add_argument("--for", dest="election", default="2027_pres_t1")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    place, scenario = Workspace(asked.workspace), Scenario(asked.bloc, asked.election)
    found = prospects_of(place, scenario)
    tables = {
        name: rank(found, with_settings(scenario, preset=name, draws=50).settings).table
        for name in STRATEGIES
    }
    for name, table in tables.items():
        print(told(name, table))
    if asked.out:
        areas = shapes_of(place, tables["gain_per_hour"])
        draw(areas, tables).savefig(asked.out, dpi=110)
        print(f"written: {asked.out}")


if __name__ == "__main__":
    main()
