"""Say what the turfs ask of the teams."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.tables.schema import TURFS, WALKLISTS
from analysis.turf.planning import Made, Plan
from analysis.turf.route import EXACT
from analysis.turf.turf_names import cut_of, name_turfs
from analysis.turf.walk_list import Walks

USES = ("planned", "spare", "later")
SPLIT = "longer than an outing: shared out by doors, from the ground floor up"
_DECIMALS = {
    "minutes": 1,
    "walk_m": 0,
    "doors_per_hour": 1,
    "approach_m": 0,
    "return_m": 0,
    "conversations": 1,
}


def describe_turfs(stops: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return one row per turf: a `schema.TURFS` table and where it begins."""
    told = stops.assign(
        doors=stops["dwellings"], conversations=stops["dwellings"] * stops["opening"]
    )
    by_turf = told.groupby("turf_id")
    table = by_turf[["arm", "profile", "approach_m", "latitude", "longitude"]].first()
    sums = by_turf[["doors", "minutes", "walk_m", "conversations"]].sum()
    table = table.assign(
        bureaux=[" ".join(sorted(set(ids))) for _, ids in by_turf["bureau_id"]],
        stops=by_turf.size(),
        return_m=by_turf["return_m"].last(),
        **sums,
    ).reset_index()
    table["doors_per_hour"] = 60 * table["doors"] / table["minutes"]
    teams = len(table) if plan.teams is None else plan.teams
    place = np.arange(len(table))
    table["use"] = np.select([place < teams, place < teams + plan.spares], USES[:2], USES[2])
    more = ["approach_m", "return_m", "latitude", "longitude", "conversations"]
    return pd.concat([TURFS.check(table), table[more]], axis=1)


def to_walks(
    made: Made, plan: Plan, uncut: pd.DataFrame, told: Mapping[str, Any], *, seal: str = ""
) -> Walks:
    """Return the result, with its summary.

    Parameters
    ----------
    made, plan
        As `make_turfs` returned and took them.
    uncut
        Addresses that were not to be visited: `address_id`, `reason`.
    told
        What only the caller knows: place, files, notes.
    seal
        Fingerprint of the sealed design.

    Returns
    -------
    Walks
        Turfs with their stops, and a summary that a file holds.
    """
    stops = name_turfs(made.stops)
    turfs = describe_turfs(stops, plan)
    left = pd.concat([uncut, made.unreached], ignore_index=True)
    left = left.sort_values(["reason", "address_id"], ignore_index=True)
    summary = {
        "cut": cut_of(stops["turf_id"].iloc[0]),
        **balance(turfs),
        "gap": gaps(turfs, made),
        "distance": made.distance,
        "hours": plan.work.hours,
        "team": plan.work.team,
        "start": list(plan.start) if plan.start else None,
        "returning": plan.returning,
        "doors": int(turfs["doors"].sum()),
        "stops": int(turfs["stops"].sum()),
        "dwellings_from": _counts(stops.drop_duplicates("address_id")["dwellings_from"]),
        "uncut": _counts(left["reason"]),
        "split": _split(stops),
        "work": plan.work.to_dict(),
        "seal": seal,
        **told,
        "turfs": turf_records(turfs),
    }
    return Walks(WALKLISTS.check(stops), left, summary, seal)


def retold(
    told: Mapping[str, Any],
    stops: pd.DataFrame,
    records: list[dict[str, Any]],
    left: pd.DataFrame,
) -> dict[str, Any]:
    """Return the summary of a cut that was changed by hand.

    Parameters
    ----------
    told
        The summary before.
    stops, left
        The turfs and what is in none, as they are now.
    records
        What is told of each turf.

    Returns
    -------
    dict
        No bound on the walk is known for turfs drawn by hand: that gap is null.
    """
    turfs = pd.DataFrame(records)
    sums = stops.groupby("turf_id")[["minutes", "walk_m"]].sum().round(2)
    exact = turfs.assign(**{name: turfs["turf_id"].map(sums[name]) for name in sums})
    proved = round(float((turfs["stops"] <= EXACT).mean()), 4)
    return {
        **{name: value for name, value in told.items() if name != "files"},
        **balance(exact),
        "gap": {"to_lower_bound": None, "orders_proved_shortest": proved},
        "doors": int(turfs["doors"].sum()),
        "stops": int(turfs["stops"].sum()),
        "dwellings_from": _counts(stops.drop_duplicates("address_id")["dwellings_from"]),
        "uncut": _counts(left["reason"]),
        "split": _split(stops),
        "turfs": records,
    }


def walks_within(walks: Walks, turfs: Collection[str], uncut: Collection[str]) -> Walks | None:
    """Return some of the turfs of a cut, as a cut of their own; None where there is none of them.

    Parameters
    ----------
    walks
        The cut.
    turfs
        Ids of the turfs to keep.
    uncut
        Ids of the addresses to keep among those that are in none.

    Returns
    -------
    Walks or None
        Numbers of the summary are those of these turfs alone.
    """
    stops = walks.turfs[walks.turfs["turf_id"].isin(turfs)].reset_index(drop=True)
    if stops.empty:
        return None
    # A building that another turf shares is here as large as the doors of these.
    doors = stops.groupby("address_id")["dwellings"].transform("sum")
    stops = stops.assign(dwellings_of_building=doors)
    left = walks.uncut[walks.uncut["address_id"].isin(uncut)].reset_index(drop=True)
    records = [dict(one) for one in walks.summary["turfs"] if one["turf_id"] in set(turfs)]
    here = {*stops["address_id"], *left["address_id"]}
    alone = [one for one in walks.summary.get("left_alone", ()) if one["address_id"] in here]
    told = {**walks.summary, **({"left_alone": alone} if "left_alone" in walks.summary else {})}
    return Walks(stops, left, retold(told, stops, records, left), walks.seal)


def balance(turfs: pd.DataFrame) -> dict[str, Any]:
    """Return how even the turfs are, those for who walks little apart."""
    minutes = turfs.loc[turfs["profile"] == "standard", "minutes"]
    if minutes.empty:
        minutes = turfs["minutes"]
    return {
        "count": len(turfs),
        "minutes_mean": round(float(minutes.mean()), 2),
        "minutes_max_over_mean": round(float(minutes.max() / minutes.mean()), 4),
        "walk_m_total": round(float(turfs["walk_m"].sum()), 1),
        "walk_m_mean": round(float(turfs["walk_m"].mean()), 1),
    }


def gaps(turfs: pd.DataFrame, made: Made) -> dict[str, float | None]:
    """Return how much longer the walk is than what cannot be beaten.

    `to_lower_bound` compares with the shortest trees that join as many turfs: no walk is
    shorter, and the best walk is longer. `orders_proved_shortest` is the share of turfs
    whose order is the best there is for their buildings.
    """
    standard = turfs[turfs["profile"] == "standard"]
    walk, least = float(standard["walk_m"].sum()), made.least_walk_m
    return {
        "to_lower_bound": round(walk / least - 1, 4) if least > 0 else None,
        "orders_proved_shortest": round(float((turfs["stops"] <= EXACT).mean()), 4),
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}


def _split(stops: pd.DataFrame) -> list[dict[str, Any]]:
    """Name the buildings that several turfs share, and why."""
    shared = stops[stops["dwellings"] < stops["dwellings_of_building"]]
    return [
        {
            "address_id": str(address),
            "dwellings": int(rows["dwellings_of_building"].iloc[0]),
            "turfs": rows.sort_values("door_from")["turf_id"].tolist(),
            "reason": SPLIT,
        }
        for address, rows in shared.groupby("address_id")
    ]


def turf_records(turfs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return plain values of each row of `describe_turfs`, rounded as the summary tells them."""
    table = turfs.round(_DECIMALS).round({"latitude": 6, "longitude": 6})
    table["bureaux"] = table["bureaux"].str.split(" ")
    # JSON has no nan: what is not known is null.
    plain = table.astype(object).where(table.notna(), None)
    return [dict(row) for row in plain.to_dict("records")]
