"""Which bureaux are to be walked: the targets' file, and the arms of the trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.exports.embedded_provenance import in_csvw
from analysis.exports.registry import beside
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import reach
from analysis.turf.walk_list import NOT_LISTED
from analysis.workflows.sealed_trials import in_force, open_trial

# How trials are drawn needs scipy, which who walks without one need not wait for.
if TYPE_CHECKING:
    from analysis.experiments.seal import Sealed

CONTROL = "control"
_NUMBERS = ("rank", "hours", "registered")


@dataclass(frozen=True)
class Targets:
    """The bureaux of a targets' file.

    Attributes
    ----------
    table
        One row per bureau, best first: `bureau_id`, `rank`, `hours`, `registered` (missing
        where the file does not say), `arm` ("" without a trial).
    hours
        Volunteer-hours the ranking was made for; None where the file does not say.
    notes
        What a careful user wants to know.
    doors
        Ids of the only addresses to visit; empty: all of these bureaux.
    """

    table: pd.DataFrame
    hours: float | None
    notes: tuple[str, ...] = ()
    doors: frozenset[str] = frozenset()


def addresses_of(workspace: Workspace) -> gpd.GeoDataFrame:
    """Return the doors of a place.

    Raises
    ------
    DataError
        When it has none: what is missing, and how it is got.
    """
    if not workspace.has("addresses"):
        raise DataError(
            "This workspace has no addresses: there are no doors to walk to.",
            where="{place}",
            mend="Under Data, “Find a place” fetches the addresses (Base Adresse Nationale) and "
            "the contours of the bureaux, and “Bring files” reads yours. On the command line: "
            "fetch --place … --build, or build with --addresses and --contours.",
            place=workspace.path.name,
        )
    return gpd.GeoDataFrame(workspace.read("addresses"))


def read_targets(path: Path, workspace: Workspace) -> Targets:
    """Read bureaux from a file of `rank`, or from any table with a column `bureau_id`.

    A column `address_id` makes it a list of doors, as a universe leaves it: one row an address,
    and no other address of these bureaux is visited.

    Raises
    ------
    DataError
        When the file cannot be read, names a bureau twice, or is of another place.
    """
    from analysis.experiments.unit_files import read_units

    raw = read_units(path)
    if "bureau_id" not in raw or raw["bureau_id"].dropna().empty:
        raise DataError(
            "The targets' file names no bureaux.",
            where="{file}: columns {columns}",
            mend="Give the CSV that `python -m analysis rank` writes, or a column bureau_id.",
            file=path.name,
            columns=some(raw.columns, most=8),
        )
    raw = raw[raw["bureau_id"].notna()]
    doors: frozenset[str] = frozenset()
    if "address_id" in raw:
        doors = frozenset(raw["address_id"].dropna().astype("str").str.strip())
        raw = raw.drop_duplicates("bureau_id")
    ids = raw["bureau_id"].astype("str").str.strip()
    if (twice := ids.duplicated()).any():
        raise DataError(
            "The targets' file names a bureau twice.",
            where="{file}: {ids}",
            mend="Keep one row per bureau.",
            file=path.name,
            ids=some(ids[twice]),
        )
    table = pd.DataFrame({"bureau_id": ids.to_numpy()})
    for name in _NUMBERS:
        table[name] = _numbers(raw, name, path)
    table["arm"] = raw["arm"].fillna("").to_numpy() if "arm" in raw else ""
    origin = _origin(raw, path)
    notes = [
        *_same_place(table, workspace, path),
        *_same_data(origin, workspace, path),
        *_unranked(table, path),
    ]
    if table["rank"].isna().any():
        table["rank"] = 1.0
    hours = origin.get("parameters", {}).get("hours")
    ordered = table.sort_values(["rank", "bureau_id"], ignore_index=True)
    found = Targets(ordered, None if hours is None else float(hours), doors=doors)
    return replace(found, notes=tuple(notes))


def _numbers(raw: pd.DataFrame, name: str, path: Path) -> np.ndarray:
    if name not in raw:
        return np.full(len(raw), np.nan)
    cells = raw[name]
    if not pd.api.types.is_numeric_dtype(cells):
        cells = cells.astype("str").str.replace(",", ".").where(cells.notna())
    numbers = pd.to_numeric(cells, errors="coerce")
    if (bad := numbers.isna() & raw[name].notna()).any():
        raise DataError(
            "The column {name} of the targets' file does not hold numbers.",
            where="{file}: {raw}",
            mend="Leave the column as `rank` wrote it, or take it out.",
            name=name,
            file=path.name,
            raw=some(raw.loc[bad, name]),
        )
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def _origin(raw: pd.DataFrame, path: Path) -> dict[str, Any]:
    """Return where a file of ours says it comes from, in it or beside it; empty for others."""
    try:
        if "provenance" in raw and len(cells := raw["provenance"].dropna()):
            told = json.loads(cells.iloc[0])
        else:
            told = json.loads(in_csvw(beside(path)))
    except (OSError, ValueError, LookupError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _unranked(table: pd.DataFrame, path: Path) -> list[str]:
    unranked = table["rank"].isna().any()
    return [Text("{file} ranks no bureaux: all count the same", file=path.name)] if unranked else []


def _same_place(table: pd.DataFrame, workspace: Workspace, path: Path) -> list[str]:
    known = set(workspace.read_arrow("bureaux", columns=["bureau_id"])["bureau_id"].to_pylist())
    known |= set(workspace.read("turnout", columns=["bureau_id"])["bureau_id"].unique())
    unknown = table["bureau_id"][~table["bureau_id"].isin(known)]
    if len(unknown) == len(table):
        raise DataError(
            "The targets are of another place than the workspace.",
            where="{file}: {unknown}; workspace {workspace}",
            mend="Give the workspace that the ranking was made in, or rank this one.",
            file=path.name,
            unknown=some(unknown),
            workspace=workspace.path.name,
        )
    if unknown.empty:
        return []
    return [
        Text(
            "{n} target(s) are no bureaux of this workspace: {unknown}",
            n=len(unknown),
            unknown=some(unknown),
        )
    ]


def _same_data(origin: Mapping[str, Any], workspace: Workspace, path: Path) -> list[str]:
    made_from, now = origin.get("data", {}), workspace.digests
    moved = [n for n in ("bureaux", "addresses") if n in made_from and made_from[n] != now.get(n)]
    if not moved:
        return []
    return [
        Text(
            "{file} was made when the workspace had other {moved}",
            file=path.name,
            moved=" and ".join(moved),
        )
    ]


def with_arms(
    table: pd.DataFrame, workspace: Workspace, design: Path | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the targets with the arms of the trial, and the seals these come from.

    Arms are those of the sealed design; without one, those of the targets' file, if it has
    any. Either way a control of a design in force in this workspace stays one. With a
    design, a bureau that it does not know has its arm missing: it was neither drawn nor
    decided on.

    Parameters
    ----------
    table
        Targets: `bureau_id` and `arm`, missing where the file has none.
    workspace
        The place, which keeps the designs in force.
    design
        File of a seal, or None.

    Returns
    -------
    tuple
        The targets with `arm`, and the fingerprints of the seals.

    Raises
    ------
    DataError
        When a seal is not sound, or knows none of the targets.
    """
    arms, seals = table.set_index("bureau_id")["arm"], []
    if design is not None:
        from analysis.experiments.seal import verify

        sealed = verify(design)
        seals.append(sealed.fingerprint)
        arms = _arms(sealed).reindex(arms.index)
        if arms.isna().all():
            raise DataError(
                "The sealed design knows none of the targets.",
                where="{design}: units {unit_id}; targets {bureau_id}",
                mend="Give the design that was drawn from these bureaux.",
                design=design.name,
                unit_id=some(sealed.assignment["unit_id"]),
                bureau_id=some(table["bureau_id"]),
            )
    for fingerprint in in_force(workspace.path):
        known = _arms(open_trial(workspace.path, fingerprint).sealed).reindex(arms.index)
        if known.notna().any():
            seals.append(fingerprint)
            decided = known.notna() if design is None else known.eq(CONTROL)
            arms = arms.mask(decided, known)
    return table.assign(arm=arms.to_numpy(dtype=object)), tuple(dict.fromkeys(seals))


def _arms(sealed: Sealed) -> pd.Series:
    return sealed.assignment.set_index("unit_id")["arm"].astype(object)


def only_these(table: pd.DataFrame, bureaux: tuple[str, ...]) -> pd.DataFrame:
    """Keep to some of the targets.

    Parameters
    ----------
    table
        Targets, best first.
    bureaux
        Their ids; empty keeps all.

    Returns
    -------
    pandas.DataFrame
        Rows of `table` in its order.

    Raises
    ------
    DataError
        When none of them is a target.
    """
    if not bureaux:
        return table
    kept = table[table["bureau_id"].isin(bureaux)]
    if kept.empty:
        raise DataError(
            "None of the bureaux asked for is among the targets.",
            where="{bureaux}",
            mend="Choose bureaux of this ranking, or all of it.",
            bureaux=some(bureaux),
        )
    return kept


def choose(
    table: pd.DataFrame, hours: float | None, top: int | None, *, sealed: bool
) -> pd.DataFrame:
    """Return the targets that are meant: the first `top`, else those the hours reach.

    With a sealed design and no `top`, the units of the design are meant: it was drawn
    for them. Without hours, the whole file is.

    Parameters
    ----------
    table
        Targets with their arms, best first.
    hours
        Volunteer-hours to spend; None where the file does not say.
    top
        How many of the first; None leaves it to the hours.
    sealed
        Whether the arms are of a sealed design.

    Returns
    -------
    pandas.DataFrame
        Rows of `table` in its order; controls may still be among them.

    Raises
    ------
    DataError
        When all that is left are controls.
    """
    if top is not None:
        if top < 1:
            raise DataError(
                "At least one bureau must be meant.",
                where="--top {top}",
                mend="Write --top 50.",
                top=top,
            )
        meant = table.head(top)
    elif sealed:
        meant = table[table["arm"].notna()]
    elif hours is not None and table["hours"].notna().all():
        meant = table.head(reach(table["hours"].to_numpy(), hours))
    else:
        meant = table
    if (meant["arm"].isna() | (meant["arm"] == CONTROL)).all():
        raise DataError(
            "All targets are controls of the trial: nobody may be visited.",
            where="{n} bureau(x): {bureaux}",
            mend="Give targets of the treated arm, or more of them with --top.",
            n=len(meant),
            bureaux=some(meant["bureau_id"]),
        )
    return meant


def only_listed(
    visited: gpd.GeoDataFrame, uncut: pd.DataFrame, doors: frozenset[str]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Keep to a list of doors, where the targets are one; the other addresses say why not.

    Parameters
    ----------
    visited
        Addresses to visit.
    uncut
        Those that are not, with `reason`.
    doors
        Ids of the list; empty where the targets are bureaux.

    Returns
    -------
    tuple of tables
        Addresses of the list; `uncut` with the others after it, whose reason is `NOT_LISTED`.

    Raises
    ------
    DataError
        When no door of the list is to be visited here.
    """
    if not doors:
        return visited, uncut
    wanted = visited["address_id"].isin(doors)
    if not wanted.any():
        raise DataError(
            "None of the doors of the list is an address of this workspace.",
            where="{doors}",
            mend="Make the list from the workspace that the turfs are cut in.",
            doors=some(sorted(doors)),
        )
    others = pd.DataFrame({"address_id": visited.loc[~wanted, "address_id"], "reason": NOT_LISTED})
    return visited[wanted], pd.concat([uncut, others.astype("str")], ignore_index=True)
