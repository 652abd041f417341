"""Where Valmont votes: a school or a hall for each bureau, in the layout of town portals."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.sample.town import neighbourhoods

# Most vote in schools; the first bureau of the old town does in the town hall.
ROOMS = ("ECOLE ELEMENTAIRE", "ECOLE MATERNELLE", "GROUPE SCOLAIRE", "GYMNASE", "SALLE POLYVALENTE")
OFTEN = (0.45, 0.25, 0.12, 0.1, 0.08)
TOWN_HALL = "HOTEL DE VILLE"


def polling_places(
    blocks: gpd.GeoDataFrame, doors: gpd.GeoDataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the polling place of each bureau of 2024.

    Parameters
    ----------
    blocks
        `bureau_2024` and `neighbourhood` of each block.
    doors
        `block`, `street` and `number` of each address: a polling place stands at one.
    rng
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        `code_bv`, `lieu`, `adresse`, `quartier`, one row per bureau, by number.
    """
    held = doors.assign(bureau=blocks["bureau_2024"].iloc[doors["block"]].to_numpy())
    streets = held.groupby(["bureau", "street"]).agg(n=("number", "size"), number=("number", "max"))
    streets = streets.reset_index().sort_values(
        ["bureau", "n", "street"], ascending=[True, False, True]
    )
    # The longest street of the bureau that no bureau before it has taken.
    taken: set[str] = set()
    rows = []
    for bureau, own in streets.groupby("bureau"):
        free = own[~own["street"].isin(taken)]
        best = (free if len(free) else own).iloc[0]
        taken.add(str(best["street"]))
        rows.append((str(bureau), f"{best['number']} {best['street']}".upper()))
    hoods = neighbourhoods()["name"]
    quarter = blocks.groupby("bureau_2024")["neighbourhood"].agg(lambda h: h.mode().iloc[0])
    kinds = rng.choice(ROOMS, size=len(rows), p=OFTEN)
    kinds[0] = TOWN_HALL
    return pd.DataFrame(
        {
            "code_bv": [bureau.rpartition("_")[2] for bureau, _ in rows],
            "lieu": kinds,
            "adresse": [address for _, address in rows],
            "quartier": [hoods[quarter[bureau]] for bureau, _ in rows],
        }
    )
