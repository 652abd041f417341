"""Small places made by hand: official files, histories, tables of prospects."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import box

from analysis.electorate.history import History
from analysis.readers.calendar import election_of
from analysis.tables.elections import Election
from analysis.tables.file_lock import held
from analysis.tables.schema import BLOCS

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
VALMONT = ROOT / "data_samples" / "valmont"
RESULTS = ("general_results.csv", "candidats_results.csv")
WEST, SOUTH = 565_000, 6_530_000  # open fields of the mainland, EPSG:2154

# What the older edition calls the columns of the current one.
OLDER = {
    "code_departement": "Code du département",
    "code_commune": "Code de la commune",
    "libelle_commune": "Libellé de la commune",
    "code_bv": "Code du b.vote",
    "inscrits": "Inscrits",
    "votants": "Votants",
    "blancs": "Blancs",
    "nuls": "Nuls",
    "exprimes": "Exprimés",
    "no_panneau": "N°Panneau",
    "nuance": "Nuance",
    "nom": "Nom",
    "libelle_abrege_liste": "Libellé Abrégé Liste",
    "libelle_etendu_liste": "Libellé Etendu Liste",
    "voix": "Voix",
}


def general(*rows, department="", place="Bourg"):
    """Rows of election, commune, bureau, registered, ballots, blank, null."""
    return pd.DataFrame(
        [
            {
                "id_election": election,
                "code_departement": department or commune[:2],
                "code_commune": commune,
                "libelle_commune": place,
                "code_bv": bureau,
                "inscrits": registered,
                "votants": ballots,
                "blancs": blank,
                "nuls": null,
                "exprimes": ballots - blank - null,
            }
            for election, commune, bureau, registered, ballots, blank, null in rows
        ]
    ).astype(str)


def candidates(*rows, department=""):
    """Rows of election, commune, bureau, nuance, name, votes."""
    return pd.DataFrame(
        [
            {
                "id_election": election,
                "code_departement": department or commune[:2],
                "code_commune": commune,
                "code_bv": bureau,
                "nuance": nuance,
                "nom": name,
                "libelle_abrege_liste": "",
                "voix": votes,
            }
            for election, commune, bureau, nuance, name, votes in rows
        ]
    ).astype(str)


def write_results(folder, counts, votes, suffix=".csv"):
    """Write both files as the publisher would; return their paths."""
    paths = []
    for name, frame in zip(RESULTS, (counts, votes), strict=True):
        path = folder / Path(name).with_suffix(suffix)
        if suffix == ".parquet":
            whole = [c for c in frame if c in {*list(OLDER)[4:9], "voix"}]
            frame.assign(**{c: pd.to_numeric(frame[c]) for c in whole}).to_parquet(path)
        else:
            frame.to_csv(path, sep=";", index=False)
        paths.append(path)
    return tuple(paths)


def sample_results():
    """Return both files of Valmont, every cell a text."""
    return tuple(
        pd.read_csv(VALMONT / name, sep=";", dtype=str, keep_default_na=False) for name in RESULTS
    )


def grid(ids, *, side=100.0, columns=4, vintage=2022, commune="31555"):
    """Return a `bureaux` table of squares side by side."""
    cells = [
        box(
            WEST + side * (n % columns),
            SOUTH + side * (n // columns),
            WEST + side * (n % columns + 1),
            SOUTH + side * (n // columns + 1),
        )
        for n in range(len(ids))
    ]
    table = {"bureau_id": list(ids), "vintage": vintage, "commune_id": commune, "name": ""}
    return gpd.GeoDataFrame(table, geometry=cells, crs="EPSG:2154")


def history(registered, ballots, votes, *, elections, **more) -> History:
    """Return a history of arrays (bureaux × elections); `more`: valid, blocs, communes."""
    registered, ballots, votes = (np.array(a, dtype=float) for a in (registered, ballots, votes))
    valid = np.array(more.get("valid", ballots), dtype=float)
    units = len(registered)
    blocs = more.get("blocs")
    if blocs is None:
        blocs = np.zeros((*votes.shape, len(BLOCS)))
        blocs[:, :, BLOCS.index("left")] = votes
        blocs[:, :, BLOCS.index("other")] = valid - votes
    ids = [f"31555_{n + 1:04d}" for n in range(units)]
    return History(
        units=pd.DataFrame(
            {
                "bureau_id": ids,
                "commune_id": more.get("communes", ["31555"] * units),
                "registered": np.nan_to_num(registered[:, -1]).astype("int64"),
                "vintage": pd.array([pd.NA] * units, dtype="Int64"),
            }
        ),
        elections=tuple(election_of(name) for name in elections),
        registered=registered,
        ballots=ballots,
        valid=valid,
        votes=votes,
        blocs=np.asarray(blocs, dtype=float),
        unmatched=pd.DataFrame(columns=["election_id", "bureaux", "registered", "examples"]),
    )


TARGET = Election("2027_pres_t1", datetime(2027, 4, 10), "pres", 1)


def prospects_table(size, rng):
    """Return the table of `Prospects`, drawn: some bureaux measured, some not."""
    known = rng.random(size) < 0.7

    def where_known(values):
        return np.where(known, values, np.nan)

    registered = rng.integers(300, 1500, size)
    return pd.DataFrame(
        {
            "bureau_id": [f"31555_{n + 1:05d}" for n in range(size)],
            "commune_id": "31555",
            "registered": registered,
            "vintage": pd.array(np.where(known, 2022, 0), dtype="Int64"),
            "abstention": rng.uniform(0.15, 0.6, size),
            "abstention_se": rng.uniform(0.005, 0.03, size),
            "support": rng.uniform(0.1, 0.6, size),
            "support_se": rng.uniform(0.005, 0.03, size),
            "reserve": rng.uniform(0.1, 0.6, size),
            "reserve_se": rng.uniform(0.01, 0.05, size),
            "volatility": rng.uniform(0.08, 0.25, size),
            "volatility_se": rng.uniform(0.002, 0.02, size),
            "movement": rng.uniform(0.02, 0.12, size),
            "movement_se": rng.uniform(0.002, 0.01, size),
            "marginal": rng.uniform(0.1, 0.6, size),
            "marginal_se": rng.uniform(0.01, 0.05, size),
            "rival_support": rng.uniform(0.1, 0.4, size),
            "rival_marginal": rng.uniform(0.1, 0.4, size),
            "rival_marginal_se": rng.uniform(0.01, 0.05, size),
            "name": "",
            "spacing_m": where_known(rng.uniform(10, 60, size)),
            "addresses": where_known(rng.integers(50, 400, size).astype(float)),
            "households": where_known(registered / rng.uniform(1.3, 2.0, size)),
            "poverty_rate": where_known(rng.uniform(0.02, 0.4, size)),
            "living_standard_eur": where_known(rng.uniform(14e3, 40e3, size)),
            "social_dwellings": where_known(rng.uniform(0, 300, size)),
            "commune": "Toulouse",
            "density": 1.0,
            "covered": 0.0,
            "reachable": True,
            "far_out": "",
            "put_back": "",
        }
    )


def folder_bytes(folder):
    """Return every file below a folder by its path, to see what changed."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def called(labels):
    """Return the numbers in labels: « 18e, bureau 50, École » or, in short, « 18e · 50, École »."""
    return [re.search(r"(?:bureau |· |^)(\w+)(?:,|$)", label)[1] for label in labels]


def numbered(ids):
    """Return the numbers that labels should say of bureaux of communes without arrondissements."""
    return [one.rpartition("_")[2].lstrip("0") for one in ids]


def made_once(name, make, tmp_path_factory):
    """Make a folder once for all workers of a run, and return it; who reads it leaves it alone."""
    base = tmp_path_factory.getbasetemp()
    made = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "built" / name
    whole = made.with_suffix(".made")
    with held(made.with_suffix(".lock")):
        if not whole.exists():
            make(made)
            whole.touch()
    return made
