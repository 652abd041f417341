"""How many doors stand behind each address, and which buildings are too big for an outing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.turf.work import PLANNED, Work

KINDS = ("dwellings", "registered", "assumed", "roll")
_ASSUMED = KINDS.index("assumed")


def count_doors(
    addresses: pd.DataFrame, registered: Mapping[str, float], work: Work
) -> pd.DataFrame:
    """Return addresses with their doors and where the count comes from.

    Parameters
    ----------
    addresses
        Columns `bureau_id`, `dwellings`, `registered` (both may be missing), `households`
        where the electoral roll tells them, and `left_alone`, doors that asked not to be
        disturbed, where there are any.
    registered
        Registered voters of each bureau; what its known addresses leave over is spread
        evenly over its others, at least one door each.
    work
        `registered_per_door`.

    Returns
    -------
    pandas.DataFrame
        `addresses` with `doors` (int64, at least 1, or 0 where all asked to be left alone) and
        `dwellings_from`, one of `KINDS`.
    """
    known, listed, measured = (
        addresses.get(name, pd.Series(pd.NA, addresses.index))
        .astype("Float64")
        .to_numpy(dtype=float, na_value=np.nan)
        for name in ("dwellings", "registered", "households")
    )
    each_kind = [known > 0, measured > 0, listed > 0]
    told = np.select(each_kind, [known, measured, listed / work.registered_per_door], 0.0)
    kind = np.select(each_kind, [0, KINDS.index("roll"), 1], _ASSUMED)
    doors = np.where(kind != _ASSUMED, np.maximum(np.rint(told), 1), 0.0)
    table = pd.DataFrame({"bureau": addresses["bureau_id"].to_numpy(), "doors": doors})
    table["unknown"] = kind == _ASSUMED
    sums = table.groupby("bureau")[["doors", "unknown"]].sum()
    total = sums.index.map(dict(registered)).to_numpy(dtype=float) / work.registered_per_door
    left = np.maximum(np.nan_to_num(total) - sums["doors"], 0)
    each = np.maximum(np.rint(left / sums["unknown"].clip(lower=1)), 1)
    doors = np.where(kind != _ASSUMED, doors, table["bureau"].map(each))
    if "left_alone" in addresses:
        doors = np.maximum(doors - addresses["left_alone"].to_numpy(dtype=float), 0)
    return addresses.drop(columns=["households", "left_alone"], errors="ignore").assign(
        doors=doors.astype("int64"), dwellings_from=np.array(KINDS, dtype=object)[kind]
    )


def split_buildings(addresses: pd.DataFrame, work: Work) -> pd.DataFrame:
    """Return one row per building, or per part of one that takes longer than an outing.

    Parts are ranges of doors counted from the ground floor; each but the last fills an
    outing, so that the last can be walked with its neighbours.

    Returns
    -------
    pandas.DataFrame
        `addresses` with `dwellings` (of the part), `door_from`, `door_to`,
        `dwellings_of_building` and `work_min`, minutes inside.
    """
    doors = addresses["doors"].to_numpy()
    full = work.doors_in(PLANNED * work.outing)
    parts = np.where(work.at_building(doors) > work.outing, np.ceil(doors / full), 1).astype(int)
    row = np.repeat(np.arange(len(doors)), parts)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    first = nth * full + 1
    last = np.where(nth == parts[row] - 1, doors[row], first + full - 1)
    units = addresses.iloc[row].drop(columns="doors").reset_index(drop=True)
    return units.assign(
        dwellings=last - first + 1,
        door_from=first,
        door_to=last,
        dwellings_of_building=doors[row],
        work_min=work.at_building(last - first + 1),
    )


def sides(number: pd.Series) -> np.ndarray:
    """Return the side of the street of each number: odd, even, or "" without a number."""
    parity = number.astype("Float64").to_numpy(dtype=float, na_value=np.nan) % 2
    return np.select([parity == 1, parity == 0], ["odd", "even"], "").astype(object)
