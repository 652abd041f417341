"""What lies inside each bureau: area, addresses, households, means."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas.arrays import IntegerArray

from analysis.tables.schema import CONTEXT

_SUMS = ("population", "adults", "households", "poor_households", "social_dwellings")
# INSEE imputes squares under 11 households; a bureau that holds fewer says nothing.
FEWEST_HOUSEHOLDS = 11


def describe_bureaux(
    bureaux: gpd.GeoDataFrame, *, addresses: gpd.GeoDataFrame, squares: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Sum addresses and squares over each bureau.

    A square is shared among bureaux by area, as if its people were spread evenly.

    Parameters
    ----------
    bureaux
        One or more vintages, metric CRS.
    addresses, squares
        Canonical tables, possibly empty: their columns are then missing.

    Returns
    -------
    pandas.DataFrame
        A `schema.CONTEXT` table.
    """
    table = pd.DataFrame(bureaux[["bureau_id", "vintage", "name"]])
    shapes = bureaux.geometry.to_numpy()
    table["area_m2"] = shapely.area(shapes)
    table["addresses"] = _count_points(shapes, addresses)
    sums = _sum_squares(shapes, squares)
    for name in _SUMS:
        table[name] = sums[name] if sums is not None else np.nan
    table["living_standard_eur"] = sums["living_standard_eur"] if sums is not None else np.nan
    table["imputed_share"] = sums["imputed_share"] if sums is not None else np.nan
    few = table["households"] < FEWEST_HOUSEHOLDS
    hidden = ["poor_households", "social_dwellings", "living_standard_eur"]
    table.loc[few, hidden] = np.nan
    return CONTEXT.check(table)


def _count_points(shapes: np.ndarray, addresses: gpd.GeoDataFrame) -> IntegerArray:
    # As the table has it: what makes another type of it takes longer to load than all this.
    if addresses.empty:
        return IntegerArray(np.zeros(len(shapes), np.int64), np.ones(len(shapes), np.bool_))
    _, polygon = shapely.STRtree(shapes).query(addresses.geometry.to_numpy(), predicate="within")
    counts = np.bincount(polygon, minlength=len(shapes)).astype(np.int64)
    return IntegerArray(counts, np.zeros(len(shapes), np.bool_))


def _sum_squares(shapes: np.ndarray, squares: gpd.GeoDataFrame) -> dict[str, np.ndarray] | None:
    if squares.empty:
        return None
    cells = squares.geometry.to_numpy()
    bureau, cell = shapely.STRtree(cells).query(shapes, predicate="intersects")
    inside = shapely.area(shapely.intersection(shapes[bureau], cells[cell]))
    share = inside / shapely.area(cells)[cell]

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(bureau, weights=share * values[cell], minlength=len(shapes))

    sums = {name: total(squares[name].to_numpy(dtype=float)) for name in _SUMS}
    people = squares["population"].to_numpy(dtype=float)
    standard = squares["living_standard_eur"].to_numpy(dtype=float)
    known = np.isfinite(standard)
    with np.errstate(invalid="ignore", divide="ignore"):
        sums["living_standard_eur"] = total(np.where(known, people * standard, 0)) / total(
            people * known
        )
        sums["imputed_share"] = (
            total(people * squares["imputed"].to_numpy(dtype=float)) / sums["population"]
        )
    return sums
