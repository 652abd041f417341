"""Doors and registered at each address, measured from the electoral roll while it may be used."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from analysis.errors import Text
from analysis.tables.workspace import Workspace
from analysis.workflows.time_slots import begun_store

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Contacts


def rolls_in_use(workspace: Workspace) -> list[str]:
    """Return the ids of the rolls in use that turfs are cut with; asking begins no store."""
    contacts = _contacts(workspace)
    if contacts is None:
        return []
    from analysis.contacts.roll_store import rolls
    from analysis.workflows.contacts_open import close

    try:
        return sorted(one.roll for one in rolls(contacts) if not one.ended)
    finally:
        close(contacts)


def with_roll(
    addresses: gpd.GeoDataFrame, workspace: Workspace, per_door: float, *, today: date | None = None
) -> tuple[gpd.GeoDataFrame, list[Text]]:
    """Return addresses with what the roll says of them, and a note of it.

    Parameters
    ----------
    addresses
        With `address_id`, `bureau_id` and `registered`.
    workspace
        Whose roll, if it has one.
    per_door
        Registered voters behind a door, as planned.
    today
        Day of use; else found.

    Returns
    -------
    tuple
        A copy with `registered` of the roll and `households`, and one note; where no roll is in
        use, the addresses as they are and no note. In a bureau of which the roll has addresses,
        nobody is registered at the others.
    """
    contacts = _contacts(workspace)
    if contacts is None:
        return addresses, []
    from analysis.contacts.roll_counts import count_buildings
    from analysis.workflows.contacts_open import close

    try:
        counts = count_buildings(contacts, per_door=per_door, today=today)
    finally:
        close(contacts)
    counts = counts.set_index("address_id")
    known = addresses["address_id"].isin(counts.index)
    if not known.any():
        return addresses, []
    covered = addresses["bureau_id"].isin(addresses.loc[known, "bureau_id"].unique())
    told = {
        name: pd.array(addresses["address_id"].map(counts[name]), dtype="Int64")
        for name in ("registered", "households")
    }
    registered = addresses["registered"].mask(covered, pd.Series(told["registered"], known.index))
    note = Text(
        "{n} of {of} addresses have their registered from the electoral roll, and their doors "
        "about: the flats it names, else different names, one for {per_door:g} registered at most. "
        "Who is not registered is behind none of these doors.",
        n=int(known.sum()),
        of=len(addresses),
        per_door=per_door,
    )
    return addresses.assign(registered=registered, households=told["households"]), [note]


def _contacts(workspace: Workspace) -> Contacts | None:
    """Return the people of a campaign that ever took in a roll; None of one that did not."""
    store = begun_store(workspace)
    if store is None:
        return None
    import sqlalchemy as sa

    from analysis.database.contact_tables import ROLL_FILES
    from analysis.workflows.contacts_open import open_contacts

    try:
        mine = sa.select(ROLL_FILES.c.roll).where(ROLL_FILES.c.tenant == store.campaign.campaign_id)
        any_roll = len(store.frame(mine.limit(1))) > 0
    finally:
        store.close()
    return open_contacts(workspace.path) if any_roll else None
