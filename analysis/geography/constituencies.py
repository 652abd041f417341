"""Constituencies of deputies as a level of the map: which bureau lies in which, and where.

Files of results name the constituency of each bureau; none of those that are read gives its
outline. It is put together from contours of bureaux where there are some, and stands as a dot at
the middle of its communes elsewhere.
"""

from __future__ import annotations

import pandas as pd

from analysis.geography.level_shapes import CONSTITUENCY, points
from analysis.geography.zones import departments
from analysis.tables.keys_among import is_among
from analysis.tables.lately import Lately
from analysis.tables.schema import commune_of
from analysis.tables.workspace import Workspace

# What no file names a constituency of.
UNKNOWN = f"{CONSTITUENCY}:"

# Asked at each run of a page, of the same few places.
_LATELY: Lately[pd.Series] = Lately(8)


def known_in(workspace: Workspace, bureau_ids: pd.Series | None) -> list[str]:
    """Return the constituencies (`circonscription:75-18`) of some bureaux, of all for None."""
    found = _rows(workspace)
    inside = found if bureau_ids is None else found[is_among(found.index, bureau_ids)]
    return sorted(inside.unique())


def constituency_of(workspace: Workspace, bureau_ids: pd.Series) -> pd.Series:
    """Return the constituency of each bureau.

    Parameters
    ----------
    workspace
        A built place.
    bureau_ids
        Ids, in any order.

    Returns
    -------
    pandas.Series
        As `--place` takes them; a bureau that no file knows has that of its commune where the
        commune lies in one, else `UNKNOWN`.
    """
    own = _rows(workspace)
    ids = bureau_ids.astype("str")
    of_commune = own.groupby(commune_of(pd.Series(own.index)).to_numpy()).agg(["first", "nunique"])
    alone = of_commune.loc[of_commune["nunique"] == 1, "first"]
    found = ids.map(own)
    by_commune = commune_of(ids).astype("str").map(alone)
    return found.where(found.notna(), by_commune).fillna(UNKNOWN).astype("str")


def constituency_names(workspace: Workspace, codes: pd.Index) -> list[str]:
    """Name constituencies: « 18e circonscription », with its département where there are several.

    Parameters
    ----------
    workspace
        A built place.
    codes
        As `constituency_of` returns them; `UNKNOWN` is "".
    """
    zones = workspace.read("zones")
    zones = zones[zones["kind"] == CONSTITUENCY].drop_duplicates("zone_id")
    places = CONSTITUENCY + ":" + zones["zone_id"].astype("str")
    names = dict(zip(places, zones["name"].astype("str"), strict=True))
    several = len({code.partition(":")[2].split("-")[0] for code in names}) > 1
    told = []
    for code in codes:
        department = code.partition(":")[2].split("-")[0]
        behind = f" ({departments().get(department, department)})" if several else ""
        told.append(names[code] + behind if code in names else "")
    return told


def middles(workspace: Workspace, codes: pd.Series) -> pd.DataFrame:
    """Return where constituencies lie: the mean of their bureaux, each at its commune's middle.

    Parameters
    ----------
    workspace
        A built place.
    codes
        As `constituency_of` returns them.

    Returns
    -------
    pandas.DataFrame
        `x`, `y` (metres of Web Mercator; NaN where unknown), in the order of `codes`.
    """
    own = _rows(workspace)
    communes = commune_of(pd.Series(own.index)).astype("str")
    at = points().reindex(communes)[["x", "y"]].set_axis(own.to_numpy())
    return at.groupby(level=0).mean().reindex(codes.to_numpy())


def communes_of_constituencies(workspace: Workspace, codes: pd.Series) -> pd.Series:
    """Return the communes that lie in some constituencies, whole or in part."""
    own = _rows(workspace)
    return commune_of(pd.Series(own.index[own.isin(codes)])).drop_duplicates()


def _rows(workspace: Workspace) -> pd.Series:
    """Return the constituency of each bureau that a file names one of, to be read only."""
    key = str(workspace.path), workspace.digest
    return _LATELY.get(key, lambda: _read(workspace))


def _read(workspace: Workspace) -> pd.Series:
    zones = workspace.read("zones", columns=["bureau_id", "kind", "zone_id"])
    zones = zones[zones["kind"] == CONSTITUENCY].drop_duplicates("bureau_id")
    return pd.Series(
        (CONSTITUENCY + ":" + zones["zone_id"].astype("str")).to_numpy(),
        index=zones["bureau_id"].astype("str").to_numpy(),
        dtype="str",
    )
