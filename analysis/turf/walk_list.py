"""The result: who walks where, in which order, and which doors nobody walks to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.errors import Text, some
from analysis.tables.schema import WALKLISTS
from analysis.tables.sources import LeftOut

# Why an address of the targets is in no turf.
NO_COORDINATES = Text("without coordinates")
NO_STREET = Text("unreachable: no street of the graph leads there")
FAR_FROM_STREETS = Text("unreachable: more than 300 m from any street of the graph")
IN_NO_BUREAU = Text("in no bureau: outside every contour")
IN_CONTROL = Text("control bureau of the trial: not to be visited")
IN_NO_ARM = Text("bureau in no arm of the sealed design: not to be visited")
LEFT_ALONE = Text("asked at the door not to be disturbed")
NOT_LISTED = Text("address that is not on the list of doors: not to be visited")

# Why somebody set an address aside: from a list, so that nobody writes down who lives there.
EXCLUDED = {
    "no_dwelling": Text("set aside by hand: nobody lives there"),
    "closed": Text("set aside by hand: no way in"),
    "not_to_disturb": Text("set aside by hand: asked not to be disturbed"),
    "unsafe": Text("set aside by hand: not safe"),
    "otherwise": Text("set aside by hand: reached in another way"),
}

_REASONS = (
    NO_COORDINATES,
    NO_STREET,
    FAR_FROM_STREETS,
    IN_NO_BUREAU,
    IN_CONTROL,
    IN_NO_ARM,
    NOT_LISTED,
    LEFT_ALONE,
    *EXCLUDED.values(),
)

# A point this close to a stop is that stop.
_SAME_M = 3.0


@dataclass(frozen=True)
class Walks:
    """Turfs with their stops in walking order.

    Attributes
    ----------
    turfs
        A `schema.WALKLISTS` table: one row per stop, by `turf_id` and `stop`.
    uncut
        `address_id` and `reason` of each address of the targets that is in no turf; `label`, what
        its bureau is called, where the cut tells.
    summary
        Plain values: minutes by turf, balance, walk, gap, distance used, notes.
    seal
        Fingerprint of the sealed design the arms come from (with spaces between, where there
        are several); empty without one.
    """

    turfs: pd.DataFrame
    uncut: pd.DataFrame
    summary: Mapping[str, Any]
    seal: str = ""

    def __post_init__(self) -> None:
        stops = self.turfs.groupby("turf_id")["stop"]
        if not (self.turfs["stop"].to_numpy() == stops.cumcount().to_numpy() + 1).all():
            raise ValueError(Text("stops must count 1…n within each turf"))
        parts = self.turfs.groupby("address_id")
        if (parts["dwellings"].sum() != parts["dwellings_of_building"].max()).any():
            raise ValueError(Text("every door of a building must be in exactly one turf"))
        if set(self.turfs["address_id"]) & set(self.uncut["address_id"]):
            raise ValueError(Text("an address is in a turf or listed as uncut, not both"))
        if not set(self.uncut["reason"]) <= set(_REASONS):
            raise ValueError(Text("an address is left out for a reason that is not known"))

    @property
    def turf_ids(self) -> tuple[str, ...]:
        """Turfs in order of priority."""
        return tuple(self.turfs["turf_id"].unique())

    def of(self, turf_id: str) -> pd.DataFrame:
        """Return the stops of one turf in walking order."""
        return self.turfs[self.turfs["turf_id"] == turf_id].reset_index(drop=True)

    def at(self, point: tuple[float, float]) -> tuple[str, int] | None:
        """Return turf and stop at a point (latitude, longitude); None where no stop is near."""
        away = self._away(point)
        if away.empty or away.min() > _SAME_M:
            return None
        row = self.turfs.loc[away.idxmin()]
        return str(row["turf_id"]), int(row["stop"])

    def _away(self, point: tuple[float, float]) -> pd.Series:
        """Return metres from each stop to a point (latitude, longitude)."""
        north = 111_320 * (self.turfs["latitude"] - point[0])
        east = 111_320 * (self.turfs["longitude"] - point[1]) * math.cos(math.radians(point[0]))
        away: pd.Series = (north**2 + east**2) ** 0.5
        return away

    def nearest_to(self, address_ids: Sequence[str]) -> tuple[str, ...]:
        """Return the turfs with other stops, the nearest to the middle of these addresses first.

        Parameters
        ----------
        address_ids
            Of stops; turfs with no other stop are left out.
        """
        these = self.turfs["address_id"].isin(address_ids)
        middle = self.turfs.loc[these, ["latitude", "longitude"]].mean()
        away = self._away((float(middle["latitude"]), float(middle["longitude"])))
        near = away[~these].groupby(self.turfs["turf_id"]).min()
        return tuple(near.sort_values(kind="stable").index.astype(str))

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return the addresses in no turf by reason, with examples."""
        found = dict(list(self.uncut.groupby("reason")["address_id"]))
        return tuple(
            LeftOut(reason, len(found[reason]), some(found[reason]))
            for reason in _REASONS
            if reason in found
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per stop, in the order of turfs and walks (`schema.WALKLISTS`)."""
        return self.turfs

    def by_turf(self) -> pd.DataFrame:
        """Return one row per turf: what the summary says of it."""
        return pd.DataFrame(list(self.summary["turfs"]))


def checked(stops: pd.DataFrame) -> pd.DataFrame:
    """Return stops as a `schema.WALKLISTS` table, sorted."""
    return WALKLISTS.check(stops).sort_values(["turf_id", "stop"], ignore_index=True)
