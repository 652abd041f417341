"""What goes with abstention and swing in real places: the figures, to be looked at.

    python benchmarks/explain.py

Paris with the census of 2009, the communes of that census, Bordeaux by squares of 200 m; each is
built from ../shared/data into a temporary folder, and left out where its files are not there.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from analysis.tables.elections import Choice  # noqa: E402
from analysis.tables.workspace import Workspace  # noqa: E402
from analysis.workflows.build import Inputs, build  # noqa: E402
from analysis.workflows.explain_bureaux import Question, observe  # noqa: E402
from analysis.workflows.explaining import bring_covariates, explain  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
CENSUS = DATA / "census" / "recensement_2009_par_bureau.csv"
INCOME = DATA / "census" / "filosofi_2021_commune.parquet"
FRANCE = (
    DATA / "france" / "general_results.parquet",
    DATA / "france" / "candidats_results.parquet",
)
# Share of its bureaux found in the census from which a commune is taken to be numbered as then.
SAME = 0.8
SQUARES = DATA / "bordeaux" / "carreaux_200m_bordeaux_metropole.csv"
QUESTIONS = (
    Question("abstention", "2022_pres_t1"),
    Question("abstention", "2024_legi_t1"),
    Question("swing", "2022_pres_t1", "2017_pres_t1", Choice("left"), "valid"),
    Question("swing", "2024_legi_t1", "2022_pres_t1", Choice("far_right"), "valid"),
)


def places(folder: Path) -> Iterator[tuple[str, Workspace]]:
    """Build each place whose files are there."""
    paris = DATA / "paris"
    if paris.is_dir() and CENSUS.is_file():
        inputs = Inputs(
            paris / "general_results.csv",
            paris / "candidats_results.csv",
            contours={2017: paris / "secteurs-des-bureaux-de-vote-2017.geojson"},
            places=("75056",),
        )
        place = build(inputs, folder / "paris")
        bring_covariates(place, [CENSUS])
        yield "Paris, census of 2009", place
    if FRANCE[0].is_file() and CENSUS.is_file():
        place = build(Inputs(*FRANCE, places=communes_of_the_census()), folder / "census")
        bring_covariates(place, [CENSUS])
        table = observe(place, QUESTIONS[0]).table
        found = table["degree"].notna().groupby(table["commune_id"]).mean()
        # Elsewhere bureaux were numbered anew since: the same number may be another street.
        same = tuple(found.index[found >= SAME])
        print(f"{len(found)} communes, {len(same)} of which keep {SAME:.0%} of their numbers")
        place = build(Inputs(*FRANCE, places=same), folder / "kept")
        bring_covariates(place, [CENSUS, INCOME])
        yield "communes of the census of 2009", place
    if FRANCE[0].is_file() and SQUARES.is_file():
        table = squares_by_commune()
        table.to_csv(folder / "squares.csv", index_label="commune_id")
        place = build(Inputs(*FRANCE, places=tuple(table.index)), folder / "bordeaux")
        bring_covariates(place, [folder / "squares.csv"])
        yield "Bordeaux, squares of 200 m by commune", place


def squares_by_commune() -> pd.DataFrame:
    """Sum the squares of Bordeaux Métropole by commune: shares of households, mean income."""
    squares = pd.read_csv(SQUARES, dtype={"Depcom": "str"})
    sums = squares.groupby("Depcom")[["Ind", "Men", "Men_pauv", "Men_prop", "Ind_snv"]].sum()
    homes = squares.groupby("Depcom")["Log_soc"].sum()
    return pd.DataFrame(
        {
            "poor": sums["Men_pauv"] / sums["Men"],
            "owner_homes": sums["Men_prop"] / sums["Men"],
            "social_homes": homes / sums["Men"],
            "income_eur": sums["Ind_snv"] / sums["Ind"],
        }
    )


def communes_of_the_census() -> tuple[str, ...]:
    """Return the communes that the census by bureau holds, arrondissements as one."""
    from analysis.readers.codes import commune_code
    from analysis.readers.tabular import read_columns

    table = read_columns(CENSUS, {"id": ("BUREAU_ID",)}, left_out=[]).to_pandas()
    return tuple(sorted({commune_code(one.partition("_")[0]) for one in table["id"].astype("str")}))


def main() -> None:
    """Print effects, models and neighbours of every question in every place."""
    with tempfile.TemporaryDirectory() as folder:
        for name, place in places(Path(folder)):
            for asked in QUESTIONS:
                begun = time.perf_counter()
                own = "poor + social_homes + past_far_right + past_left" if "Bord" in name else ""
                found = explain(place, replace(asked, terms=own))
                what = f"{asked.what} {asked.origin or ''} {asked.election}"
                who = asked.choice.bloc if asked.choice else ""
                print(f"\n## {name}: {what} {who} ({time.perf_counter() - begun:.0f} s)")
                print(f"{found.fitted.summary()}; {found.asked.fixed}, {found.asked.errors}\n")
                print(found.effects.to_string(index=False, float_format="{:.3g}".format))
                print(found.comparison.table.to_string(index=False, float_format="{:.4g}".format))
                if (near := found.dependence) is not None:
                    print(f"Moran {near.moran:.3f}, p {near.p_value:.3f}")
                    if near.model is not None:
                        print(f"{near.model.kind} {near.model.strength:.2f}")
                        print(near.model.to_markdown())


if __name__ == "__main__":
    main()
