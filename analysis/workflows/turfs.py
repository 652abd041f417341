"""Turfs of a workspace's targets: everything `turfs.csv` and `summary.json` hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis import __version__
from analysis.errors import DataError, Text, some
from analysis.geography.bureau_names import bureau_labels
from analysis.tables.sources import sha256
from analysis.tables.workspace import Workspace
from analysis.turf.distance import Distance, OnStreets
from analysis.turf.graph import StreetGraph, fetch_graph, read_graph
from analysis.turf.planning import Made, Plan, make_turfs
from analysis.turf.summary import to_walks
from analysis.turf.walk_list import IN_CONTROL, IN_NO_ARM, IN_NO_BUREAU, Walks
from analysis.turf.work import Work
from analysis.workflows.hold_back import HoldBack
from analysis.workflows.known_doors import (
    KnownDoors,
    known_doors,
    told_added,
    with_added,
    with_left_alone,
)
from analysis.workflows.outing_numbers import numbers_of_outing
from analysis.workflows.ranking import Scenario
from analysis.workflows.roll_doors import rolls_in_use, with_roll
from analysis.workflows.sealed_trials import open_trial
from analysis.workflows.street_network import graph_in, graph_in_file
from analysis.workflows.time_slots import Opening, with_opening
from analysis.workflows.turf_targets import (
    CONTROL,
    Targets,
    addresses_of,
    choose,
    only_listed,
    only_these,
    read_targets,
    with_arms,
)

# A graph saved here is taken without being asked for.
SAVED = "streets.txt"
OSM = "osm"
LONG_RUN = 10
# An address of no bureau concerns the turfs when it lies this close to one of theirs.
_BESIDE_M = 100.0


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a workspace.

    Attributes
    ----------
    plan
        Outing, start point, teams.
    design
        Sealed file of the trial; None takes the arms of the targets' file, if any.
    top
        How many of the best targets; None: those the hours of the ranking reach.
    streets
        File of streets, or `osm` to download them; "" takes the workspace's `streets.txt`, if
        there is one, else its table of streets.
    long_run
        Whether to search ten times as long too, and to keep the shorter walks.
    opening
        When the outing is, and who talks then: the order of turfs within a bureau follows it.
    known
        What returns tell of the doors; None asks the returns of the campaign.
    bureaux
        The only targets that are meant, as those of a zone; empty: all.
    """

    plan: Plan = field(default_factory=Plan)
    design: Path | None = None
    top: int | None = None
    streets: str = ""
    long_run: bool = False
    opening: Opening | None = None
    known: KnownDoors | None = None
    bureaux: tuple[str, ...] = ()

    @classmethod
    def from_order(cls, order: Mapping[str, Any]) -> Ask:
        """Read the plain values that `order` puts together."""
        start, design, opening = order["start"], order["design"], order["opening"]
        plan = Plan(
            work=Work.of_cut(order["work"]),
            start=(float(start[0]), float(start[1])) if start else None,
            returning=bool(order["returning"]),
            teams=order["teams"],
            spares=order["spares"],
            low_mobility=order["low_mobility"],
        )
        return cls(
            plan=plan,
            design=Path(design) if design else None,
            top=order["top"],
            bureaux=tuple(order.get("bureaux", ())),
            long_run=bool(order.get("long_run", False)),
            opening=Opening(**opening) if opening else None,
            known=KnownDoors.from_order(order),
        )


def order(
    workspace: Workspace,
    scenario: Scenario,
    asked: Mapping[str, Any],
    hold_back: HoldBack,
    opening: Opening | None,
) -> dict[str, Any]:
    """Return what a cut of a ranking's targets is made from, as plain values that a file holds.

    Parameters
    ----------
    workspace, scenario
        The place, and the ranking the targets are of.
    asked
        `top`, `hours`, `team`, `teams`, `spares`, `low_mobility`, `start`, `returning`; `bureaux`
        where only some are meant.
    hold_back
        How the targets treat the trial.
    opening
        Who talks when the outing is; None where that is not said.

    Returns
    -------
    dict
        What `turf_cuts.cut` takes.
    """
    # With several seals the arms stand in the file of targets; one seal also signs the turfs.
    one = hold_back.seals[0] if len(hold_back.seals) == 1 else ""
    # A roll that came or went makes other doors of the same addresses.
    roll = rolls_in_use(workspace)
    design = open_trial(workspace.path, one).file.resolve() if one else None
    of_outing = {"hours", "team"}
    rest = {name: value for name, value in asked.items() if name not in of_outing}
    return {
        **rest,
        "work": {
            **numbers_of_outing(scenario),
            "hours": asked["hours"],
            "team": asked["team"],
        },
        "opening": opening.to_dict() if opening else None,
        "design": str(design) if design else None,
        "scenario": scenario.to_toml(),
        "data": workspace.digest,
        **({"roll": roll} if roll else {}),
        **known_doors(workspace).to_order(),
    }


def make_walks(
    workspace: Workspace,
    targets: Path,
    ask: Ask,
    *,
    progress: Callable[[float], object] | None = None,
) -> Walks:
    """Cut the targeted bureaux into turfs and order each.

    Parameters
    ----------
    workspace
        A built place, with addresses.
    targets
        A file that `rank` wrote, or a table with a column `bureau_id`.
    ask
        Plan, design, streets.
    progress
        Told which share of the work is done, 0 to 1, as it goes on.

    Returns
    -------
    Walks
        Turfs with their stops in order, and what is in no turf.

    Raises
    ------
    DataError
        When targets, design or streets are wrong or of another place, or nothing is left
        to visit.
    """
    # First: where no door is known, nothing else that may be wrong matters.
    bases = addresses_of(workspace)
    found = read_targets(targets, workspace)
    armed, seals = with_arms(found.table, workspace, ask.design)
    meant = choose(
        only_these(armed, ask.bureaux), found.hours, ask.top, sealed=ask.design is not None
    )
    known = known_doors(workspace) if ask.known is None else ask.known
    addresses = with_added(bases, known.added)
    visited, uncut = only_listed(*_sorted_out(addresses, meant), found.doors)
    found, bare = _without_addresses(found, meant, visited)
    visited, measured = with_roll(visited, workspace, ask.plan.work.registered_per_door)
    visited, told_alone, said_alone = with_left_alone(visited, known.left_alone)
    graph = streets_of(workspace, ask.streets, visited)
    distance = OnStreets(graph) if graph else None
    registered = _registered(workspace, meant)
    made, gap = _searched(visited, registered, (ask, distance), progress)
    files = [targets, *([ask.design] if ask.design else [])]
    told = {
        **_told(workspace, visited),
        "without_addresses": bare,
        "left_alone": told_alone,
        "notes": [*found.notes, *measured, *made.notes, *said_alone, *told_added(visited)],
        "opening": ask.opening.to_dict() if ask.opening else None,
        "made_from": {file.name: sha256(file) for file in files},
    }
    made = with_opening(made, ask.opening)
    walks = to_walks(made, ask.plan, uncut, told, seal=" ".join(seals))
    summary = {**walks.summary, "gap": {**walks.summary["gap"], **gap}}
    return _labelled(replace(walks, summary=summary), workspace, addresses)


def _labelled(walks: Walks, workspace: Workspace, bureau: pd.DataFrame) -> Walks:
    """Return a cut that tells what its bureaux are called, those of `uncut` too."""
    of = walks.uncut["address_id"].map(bureau.set_index("address_id")["bureau_id"].astype("str"))
    ids = sorted({*walks.turfs["bureau_id"], *of} - {""})
    names = dict(zip(ids, bureau_labels(workspace, ids), strict=True))
    uncut = walks.uncut.assign(label=of.map(names).fillna("").astype("str"))
    return replace(walks, uncut=uncut, summary={**walks.summary, "labels": names})


def _sorted_out(
    addresses: gpd.GeoDataFrame, meant: pd.DataFrame
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the addresses to visit, with rank and arm, and those that are not, with why."""
    table = meant.set_index("bureau_id")
    arm = table["arm"].map(str, na_action="ignore")
    kept = arm.index[arm.notna() & (arm != CONTROL)]
    why = pd.Series(np.where(arm.isna(), IN_NO_ARM, IN_CONTROL), index=arm.index).drop(kept)
    visited = addresses[addresses["bureau_id"].isin(kept)]
    if visited.empty:
        raise DataError(
            "None of the targets has an address.",
            where="{n} bureau(x): {bureaux}",
            mend="Build the workspace with contours and addresses that cover the targets.",
            n=len(kept),
            bureaux=some(kept),
        )
    reason = addresses["bureau_id"].map(why).astype(object)
    outside = _left_beside(addresses, visited)
    reason = reason.where(~outside, IN_NO_BUREAU)
    uncut = pd.DataFrame({"address_id": addresses["address_id"], "reason": reason})
    visited = visited.assign(
        rank=visited["bureau_id"].map(table["rank"]).to_numpy(dtype=float),
        arm=visited["bureau_id"].map(arm).to_numpy(dtype=object),
    )
    return visited, uncut[uncut["reason"].notna()].astype("str").reset_index(drop=True)


def _left_beside(addresses: gpd.GeoDataFrame, visited: gpd.GeoDataFrame) -> pd.Series:
    """Tell which addresses of no bureau lie among those to visit, or where nobody knows."""
    communes = visited["commune_id"].unique()
    none = (addresses["bureau_id"] == "") & addresses["commune_id"].isin(communes)
    points = addresses.geometry[none]
    known = ~(points.isna() | points.is_empty)
    tree = shapely.STRtree(visited.geometry.to_numpy())
    near, _ = tree.query(points[known].to_numpy(), predicate="dwithin", distance=_BESIDE_M)
    far = known[known].index.difference(known[known].index[np.unique(near)])
    none[far] = False
    return none


def streets_of(
    workspace: Workspace, streets: str, visited: gpd.GeoDataFrame | None = None
) -> StreetGraph | None:
    """Return the street graph that is meant, or None for straight lines.

    Parameters
    ----------
    workspace
        The place, which may have a graph saved.
    streets
        File of streets, `osm` to download them; empty for those downloaded before, else those
        of the workspace.
    visited
        Addresses to be visited, around which `osm` is asked.

    Returns
    -------
    StreetGraph or None
        In the metric CRS of the workspace.

    Raises
    ------
    DataError
        When the file cannot be read, or the download fails.
    """
    saved = workspace.path / SAVED
    if streets == OSM and visited is not None:
        known = visited[~(visited.geometry.isna() | visited.geometry.is_empty)]
        points = known.geometry.to_crs("EPSG:4326")
        return fetch_graph(points.y.to_numpy(), points.x.to_numpy(), saved, workspace.crs)
    if streets and Path(streets).suffix in {"", ".txt"}:
        return read_graph(Path(streets), workspace.crs)
    if streets:
        return graph_in_file(Path(streets), workspace)
    return read_graph(saved, workspace.crs) if saved.is_file() else graph_in(workspace)


def _registered(workspace: Workspace, meant: pd.DataFrame) -> dict[str, float]:
    """Return the registered of each bureau: as the targets say, else at the last election."""
    told = meant.set_index("bureau_id")["registered"]
    if told.notna().all():
        return dict(told)
    dates = workspace.read("elections").set_index("election_id")["date"]
    turnout = workspace.read("turnout", columns=["election_id", "bureau_id", "registered"])
    turnout = turnout[turnout["bureau_id"].isin(told.index)].astype({"bureau_id": "str"})
    turnout["date"] = turnout["election_id"].astype("str").map(dates)
    last = turnout.sort_values("date").drop_duplicates("bureau_id", keep="last")
    return dict(told.fillna(last.set_index("bureau_id")["registered"].astype(float)))


def _searched(
    visited: gpd.GeoDataFrame,
    registered: dict[str, float],
    asked: tuple[Ask, Distance | None],
    progress: Callable[[float], object] | None,
) -> tuple[Made, dict[str, float]]:
    """Cut; search longer too when asked to, keep the shorter walks, tell how far the others are."""
    ask, distance = asked
    first = 1 / (1 + LONG_RUN) if ask.long_run else 1.0
    made = make_turfs(visited, registered, ask.plan, distance, _part(progress, 0.0, first))
    if not ask.long_run:
        return made, {}
    plan = replace(ask.plan, effort=LONG_RUN * ask.plan.effort)
    long = make_turfs(visited, registered, plan, distance, _part(progress, first, 1.0))
    usual, best = (float(one.stops["walk_m"].sum()) for one in (made, long))
    shorter = long if best < usual else made
    return shorter, {"usual_to_long_run": round(usual / min(usual, best) - 1, 4)}


def _part(
    progress: Callable[[float], object] | None, first: float, last: float
) -> Callable[[float], object]:
    """Return who is told of a part of the work, as a share of the whole."""
    return lambda share: progress and progress(first + (last - first) * share)


def _without_addresses(
    found: Targets, meant: pd.DataFrame, visited: gpd.GeoDataFrame
) -> tuple[Targets, list[str]]:
    """Return the targets with a note on those that may be visited and have no address."""
    without = meant[~meant["bureau_id"].isin(visited["bureau_id"])]
    bare = without.loc[without["arm"].notna() & (without["arm"] != CONTROL), "bureau_id"].tolist()
    if not bare:
        return found, bare
    note = Text("{n} target(s) have no address: {bare}", n=len(bare), bare=some(bare))
    return replace(found, notes=(*found.notes, note)), bare


def _told(workspace: Workspace, visited: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return what the summary says of the place."""
    left_out = [
        {"count": int(item["count"]), "reason": str(item["reason"])}
        for report in workspace.manifest["sources"]
        if report["source"]["role"] == "addresses"
        for item in report["left_out"]
    ]
    communes = workspace.read("places").set_index("commune_id")["name"]
    names = [str(communes.get(code, code)) for code in sorted(visited["commune_id"].unique())]
    return {
        "targets": int(visited["bureau_id"].nunique()),
        "left_out_when_read": left_out,
        "place": ", ".join(names),
        "fictional": workspace.fictional,
        "palier": __version__,
    }
