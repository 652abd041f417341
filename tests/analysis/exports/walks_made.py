"""Turfs made without a solver: addresses in the order of their streets, so many a turf."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.turf.walk_list import IN_NO_BUREAU, Walks, checked

SCRIPT = '</script><b>Rue "d\'à côté"</b> & Cie'


def walks_of(workspace, *, turfs=3, stops=12, seal="5ea1" * 16, **changes):
    """Cut `turfs` turfs of `stops` addresses each; `changes` go over the summary."""
    addresses = workspace.read("addresses")
    addresses = addresses[addresses["bureau_id"].ne("")]
    degrees = addresses.geometry.to_crs("OGC:CRS84")
    known = addresses.assign(longitude=degrees.x, latitude=degrees.y)
    known = known.sort_values(["bureau_id", "street", "number"]).head(turfs * stops)
    at = np.arange(len(known))
    doors = known["registered"].astype("Float64").fillna(3).to_numpy(float) / 1.6
    table = pd.DataFrame(known.drop(columns=["geometry", "dwellings"])).assign(
        turf_id=[f"T{n // stops + 1:04d}" for n in at],
        stop=at % stops + 1,
        dwellings=np.maximum(1, doors.round()).astype("int64"),
        minutes=8.0,
        walk_m=np.where(at % stops == 0, 0.0, 40.0),
        side="",
        door_from=1,
        dwellings_from="registered",
        suffix=known["suffix"].fillna("").astype(str),
    )
    table["door_to"] = table["dwellings_of_building"] = table["dwellings"]
    return walks_from(table, workspace, seal=seal, **changes)


def walks_from(table, workspace, *, seal="", **changes):
    """Return the walks of a table that has all the columns of `schema.WALKLISTS`."""
    stops = checked(table)
    by_turf = stops.groupby("turf_id")
    summary = {
        "turfs": [
            {
                "turf_id": name,
                "bureaux": sorted(part["bureau_id"].unique()),
                "minutes": float(part["minutes"].sum()),
                "walk_m": float(part["walk_m"].sum()),
                "use": "planned",
                "profile": "standard",
            }
            for name, part in by_turf
        ],
        "start": [float(stops["latitude"][0]) + 5e-4, float(stops["longitude"][0]) + 5e-4],
        "distance": "straight line × 1.3",
        "place": "Valmont",
        "fictional": workspace.fictional,
        "team": 2,
        "work": {"share_open": 0.25},
        **changes,
    }
    uncut = pd.DataFrame({"address_id": ["99900_x"], "reason": [IN_NO_BUREAU]})
    return Walks(stops, uncut, summary, seal)


def with_tower(walks, *, turf_id="T0001", doors=400, **row):
    """Return walks whose first stop of a turf is a tower; `row` changes more of that stop."""
    table = walks.turfs.copy()
    first = (table["turf_id"] == turf_id) & (table["stop"] == 1)
    for name in ("dwellings", "door_to", "dwellings_of_building"):
        table.loc[first, name] = doors
    for name, value in row.items():
        table.loc[first, name] = value
    return Walks(table, walks.uncut, walks.summary, walks.seal)
