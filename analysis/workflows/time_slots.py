"""When the outing is: at what share of doors somebody talks then, by kind of building."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.errors import DataError
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.outcome_codes import KINDS, SLOTS
from analysis.tables.workspace import Workspace
from analysis.turf.planning import Made

if TYPE_CHECKING:
    from analysis.fieldwork.store import Store

# Slot of an outing → doors where somebody talks then, against the mean of all hours: judgement.
# That more people are at home on evenings and at weekends is as in Weeks, Jones, Folsom and Benrud
# (1980), Optimal times to contact sample households, Public Opinion Quarterly 44(1), 101-114.
USUAL = {"weekday_day": 0.8, "weekday_evening": 1.2, "weekend": 1.1}
ASSUMED = "assumed"
LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Opening:
    """At what share of doors a conversation is expected in the slot of the outing.

    A refusal opens a door and is soon over: it is no conversation and counts as none here.

    Attributes
    ----------
    slot
        One of `USUAL`.
    rates
        Kind of building → share of its doors with a conversation, 0 to 1.
    source
        `assumed`, the same for every kind, or `learned` from returns of this slot.
    doors
        Doors of this slot that it was learned at.
    """

    slot: str
    rates: Mapping[str, float]
    source: str
    doors: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def opening_of(workspace: Workspace, slot: str, share_open: float) -> Opening:
    """Return what to expect in a slot: what returns of this campaign say of it, else the usual.

    Parameters
    ----------
    workspace
        Whose store is asked, if it has one.
    slot
        One of `USUAL`.
    share_open
        The planner's share of doors with a conversation over all hours (`Work.share_open`), where
        there are no returns of the slot.

    Returns
    -------
    Opening
        Share of doors where a conversation is expected, 0 to 1, by kind of building.

    Raises
    ------
    DataError
        When there is no such slot, or the store does not answer.
    """
    if slot not in USUAL:
        raise DataError(
            "No outing is planned for {slot!r}.",
            where="--slot {slot}",
            mend="Name one of {usual}, or leave it out.",
            slot=slot,
            usual=", ".join(USUAL),
        )
    if (store := begun_store(workspace)) is not None:
        try:
            if (found := learned(store, slot)) is not None:
                return found
        finally:
            store.close()
    rate = min(share_open * USUAL[slot], 1.0)
    return Opening(slot, dict.fromkeys(KINDS, round(rate, 4)), ASSUMED)


def begun_store(workspace: Workspace) -> Store | None:
    """Return the store of a campaign that has begun; asking for walks begins none."""
    folder = workspace.path / FOLDER
    if not (folder / "campaign.json").is_file():
        return None
    # Where no campaign has begun, what opens a store is not loaded: a third of a cut's libraries.
    from analysis.fieldwork.store import SQLITE, VARIABLE, open_store

    if os.environ.get(VARIABLE) or (folder / SQLITE).is_file():
        return open_store(workspace.path)
    return None


def learned(store: Store, slot: str) -> Opening | None:
    """Return what returns say of a slot; None where none of them is of its hours.

    Rates of slots and kinds of building are drawn to one another as
    `analysis.fieldwork.learning.learn_rates` does it: a kind with few doors leans on the rest.
    """
    from analysis.fieldwork import learning, progress

    cells = progress.cells(store, "weekend", "hour", "kind")
    slots = pd.Series("weekday_day", index=cells.index, dtype="str")
    slots = slots.mask(cells["hour"] >= SLOTS["evening"], "weekday_evening")
    cells = cells.assign(slot=slots.mask(cells["weekend"], "weekend"))
    sums = cells.groupby(["slot", "kind"])[["doors", "conversations", "clusters", "squares"]].sum()
    if slot not in sums.index.get_level_values("slot"):
        return None
    grid = pd.MultiIndex.from_product([USUAL, KINDS], names=["slot", "kind"])
    table = learning.learn_rates(
        sums.reindex(grid, fill_value=0).reset_index(),
        factors=("slot", "kind"),
        of="conversations",
    ).table
    here = table[table["slot"] == slot].set_index("kind")
    rates = {str(kind): round(float(rate), 4) for kind, rate in here["rate"].items()}
    return Opening(slot, rates, LEARNED, int(here["doors"].sum()))


def with_opening(made: Made, opening: Opening | None) -> Made:
    """Return the turfs with the share of each stop that talks in the slot; as they are without."""
    if opening is None:
        return made
    from analysis.fieldwork import field_plan

    kind = field_plan.kind_of(made.stops["dwellings"])
    return replace(made, stops=made.stops.assign(opening=kind.map(opening.rates).astype(float)))
