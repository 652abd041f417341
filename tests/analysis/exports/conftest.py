"""A made-up ranking on a small grid: one bureau without polygon, awkward texts."""

from __future__ import annotations

import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import MultiPolygon, box

from analysis.exports import Provenance, to_bytes
from analysis.exports.field_kit.sheets import kit_of
from analysis.tables.workspace import Workspace
from tests.analysis.exports.walks_made import walks_of

# The ranking by format and dialect.
WRITTEN: dict[tuple[str, str], bytes] = {}
SCRIPT = "</script><b>École</b> & fils"


def fabricate(bureau_ids):
    """Fabricate a ranking of the given bureaux, in the columns of `targeting`."""
    rng = np.random.default_rng(1)
    n = len(bureau_ids)
    gain = np.sort(rng.gamma(4, 0.02, n))[::-1]
    return pd.DataFrame(
        {
            "rank": np.arange(1, n + 1),
            "bureau_id": list(bureau_ids),
            "commune_id": "99001",
            "commune": "Valmont-l’Éclair",
            "name": "",
            "score": 100 * gain / gain.mean(),
            "gain_per_hour": gain,
            "gain_lower": gain * 0.4,
            "gain_upper": gain * 1.9,
            "top_k_probability": np.linspace(1, 0, n),
            "registered": rng.integers(600, 1400, n),
            "doors": rng.uniform(300, 900, n),
            "hours": rng.uniform(20, 40, n),
            "expected_abstention": rng.uniform(0.2, 0.6, n),
            "part_mobilise": 60 * gain / gain.mean(),
            "measured": "doors, support",
            "assumed": [["doors", "contact"]] * n,
            "arm": "",
        }
    )


@pytest.fixture
def bureaux():
    """Return eleven polygons near Limoges, 300 m wide: one in two pieces, one with a hole."""
    west, south = 565_000, 6_530_000
    cells = [
        box(west + 300 * (i % 4), south + 300 * (i // 4), west + 300 * (i % 4 + 1),
            south + 300 * (i // 4 + 1))
        for i in range(11)
    ]  # fmt: skip

    cells[4] = cells[4].difference(cells[4].buffer(-80))
    cells[5] = MultiPolygon(
        [
            box(*cells[5].buffer(-120).bounds),
            box(*cells[5].bounds[:2], *[c + 60 for c in cells[5].bounds[:2]]),
        ]
    )
    ids = [f"99001_{i:04d}" for i in range(1, 12)]
    return gpd.GeoDataFrame({"bureau_id": ids}, geometry=cells, crs="EPSG:2154")


@pytest.fixture
def ranking(bureaux):
    frame = fabricate([*bureaux["bureau_id"], "99001_JUS1"])
    frame.loc[1, "name"] = '=HYPERLINK("x");a'
    frame.loc[2, "name"] = SCRIPT
    frame.loc[3, "top_k_probability"] = np.nan
    return frame


@pytest.fixture
def provenance():
    return Provenance(
        version="0.1.0",
        command="rank",
        parameters={
            "bloc": "left",
            "election": "2027_pres_t1",
            "hours": 100,
            "weights": {"mobilise": 0.7, "note": f"à (peu) près \\ {SCRIPT} <!-- )"},
        },
        seed=7,
        data={"turnout": "ab" * 32, "votes": "cd" * 32},
        sources=(
            {
                "name": "Données des élections agrégées",
                "licence": "Licence Ouverte 2.0",
                "date": "2024-09-30",
                "sha256": "ef" * 32,
            },
        ),
        units=({"column": "part_x", "unit": "x", "meaning": "stated by the command"},),
    )


@pytest.fixture
def written(ranking, bureaux, provenance):
    """Return what gives the bytes of the ranking in a format, made once for all who ask."""

    def written(suffix, dialect="plain"):
        asked = (suffix, dialect)
        if asked not in WRITTEN:
            where = {"bureaux": bureaux, "provenance": provenance}
            WRITTEN[asked] = to_bytes(ranking, suffix, **where, dialect=dialect)
        return WRITTEN[asked]

    return written


@pytest.fixture(scope="session")
def place(valmont, tmp_path_factory):
    """Copy Valmont: a campaign writes its key into its workspace."""
    folder = tmp_path_factory.mktemp("field") / "valmont"
    shutil.copytree(valmont.path, folder)
    return Workspace(folder)


@pytest.fixture(scope="session")
def walks(place):
    """Three turfs of twelve stops."""
    return walks_of(place)


@pytest.fixture(scope="session")
def kit(walks, place):
    """All that goes with them."""
    return kit_of(walks, place, controller="Comité de quartier", contact="12 rue Haute")
