"""Names for streets that have none, from the addresses along them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

# A house stands no farther from the middle of its street; boulevards are 35 m wide.
_REACH_M = 40.0
_LEAST_SHARE = 0.5


def name_streets(streets: gpd.GeoDataFrame, addresses: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return streets whose nameless pieces have the name that most addresses along them bear.

    Parameters
    ----------
    streets
        A `schema.STREETS` table.
    addresses
        A `schema.ADDRESSES` table in the same CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        A new table. A piece that no address stands along, or whose addresses bear several
        names none of which has half of them, stays without.
    """
    on_foot = np.flatnonzero(streets["walkable"])
    nameless = streets["name"].eq("").to_numpy()
    known = addresses[addresses["street"].fillna("").ne("")]
    known = known[known.geometry.notna() & ~known.geometry.is_empty]
    if not nameless[on_foot].any() or known.empty:
        return streets
    tree = shapely.STRtree(streets.geometry.to_numpy()[on_foot])
    house, near = tree.query_nearest(
        known.geometry.to_numpy(), max_distance=_REACH_M, all_matches=False
    )
    votes = pd.DataFrame(
        {"row": on_foot[near], "name": known["street"].to_numpy(dtype=object)[house]}
    )
    votes = votes[nameless[votes["row"]]].value_counts(sort=False).reset_index(name="n")
    votes["share"] = votes["n"] / votes.groupby("row")["n"].transform("sum")
    best = votes.sort_values(["row", "n", "name"], ascending=[True, False, True])
    best = best.drop_duplicates("row")
    best = best[best["share"] >= _LEAST_SHARE]
    names = streets["name"].to_numpy(dtype=object).copy()
    names[best["row"]] = best["name"]
    return streets.assign(name=pd.Series(names, index=streets.index, dtype="str"))
