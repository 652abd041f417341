"""Which cells of a table may be shown: none under the floor, and none that others give away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

FLOOR = 11


def shown(sizes: npt.NDArray[np.int64], *, floor: int = FLOOR) -> npt.NDArray[np.bool_]:
    """Tell which parts of a known whole may be shown.

    Parts under the floor are hidden. Where those hidden make less than the floor together, the
    whole less the others would tell them: the smallest of the others is hidden too, until they
    make the floor.

    Parameters
    ----------
    sizes
        Conversations of each part, 0 or more; shape (n,).
    floor
        Fewest conversations of a part that is shown.

    Returns
    -------
    numpy.ndarray
        Bool, shape (n,). A part of 0 is hidden with nothing to hide.
    """
    seen: npt.NDArray[np.bool_] = sizes >= floor
    for at in np.argsort(sizes, kind="stable"):
        hidden = int(sizes[~seen].sum())
        if hidden == 0 or hidden >= floor:
            break
        if sizes[at] >= floor:
            seen[at] = False
    return seen


def shown_nested(table: pd.DataFrame, *, floor: int = FLOOR) -> tuple[pd.Series, pd.Series]:
    """Tell which zones and which of their bureaux may be shown together, beside the whole.

    Parameters
    ----------
    table
        `zone`, `bureau_id` and `size` (conversations), one row a bureau.
    floor
        Fewest conversations of what is shown.

    Returns
    -------
    tuple
        Bool by zone; bool by row of the table. A hidden zone shows none of its bureaux.
    """
    zones = table.groupby("zone")["size"].sum()
    seen = pd.Series(shown(zones.to_numpy(np.int64), floor=floor), zones.index)
    rows = pd.Series(data=False, index=table.index)
    for zone, part in table.groupby("zone"):
        if seen[zone]:
            rows[part.index] = shown(part["size"].to_numpy(np.int64), floor=floor)
    return seen, rows
