"""How many are in a universe, and who: numbers are floored at 11, those left out too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contacts.contact_store import Contacts
from analysis.contacts.people_universe import people_query
from analysis.contacts.roll_universe import roll_addresses
from analysis.contacts.suppression import objecting
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.database.engine import reading
from analysis.fieldwork.small_cells import FLOOR, shown


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a universe.

    Attributes
    ----------
    people
        Persons, one a group that was merged; empty of a roll.
    table
        Of people: `person`, `bureau_id`. Of a roll: `bureau_id`, `address_id`, `electors`, one row
        an address.
    bureaux
        `bureau_id`, `people` (missing where it may not be shown), `hidden`.
    total
        How many; None where that may not be shown.
    """

    people: tuple[str, ...]
    table: pd.DataFrame
    bureaux: pd.DataFrame
    total: int | None

    @property
    def doors(self) -> int:
        """Return the number of addresses, of a roll."""
        return len(self.table) if "address_id" in self.table else 0


def members(contacts: Contacts, universe: Universe, ground: Ground) -> Members:
    """Return who is in a universe; the numbers to show are floored at 11.

    Parameters
    ----------
    contacts
        The campaign.
    universe
        Whom one means.
    ground
        Facts of the place.

    Returns
    -------
    Members
        People, or electors by address for a roll; sizes by bureau and of everybody, floored.
    """
    if universe.of == "roll":
        table, every = roll_addresses(contacts, universe, ground)
        return Members((), table, *floored(table.groupby("bureau_id")["electors"].sum(), every))
    against = objecting(contacts)
    with reading(contacts.engine) as connection:
        query = people_query(connection, universe, ground, against)
        # As tuples: pandas looks for a name of each value in rows of the store.
        found = [tuple(row) for row in connection.execute(query)]
    rows = sorted((who, bureau) for who, bureau, _number in found if who is not None)
    every = {str(bureau): int(number) for who, bureau, number in found if who is None}
    table = pd.DataFrame(rows, columns=["person", "bureau_id"]).astype("str")
    sizes = table.groupby("bureau_id").size()
    return Members(tuple(table["person"]), table, *floored(sizes, pd.Series(every, dtype="int64")))


def objected(contacts: Contacts, universe: Universe, ground: Ground) -> int:
    """Return how many people a rule means who objected, and are therefore not in the universe.

    Parameters
    ----------
    contacts, universe, ground
        As in `members`, of people.

    Returns
    -------
    int
        People, one a group that was merged.
    """
    against = objecting(contacts)
    if not against:
        return 0
    with reading(contacts.engine) as connection:
        query = people_query(connection, universe, ground, ())
        return sum(who in against for who, _bureau, _number in connection.execute(query))


def floored(sizes: pd.Series, every: pd.Series) -> tuple[pd.DataFrame, int | None]:
    """Return counts by bureau and in all that tell of nobody: who is in, and who is not.

    Parameters
    ----------
    sizes
        People of the universe by bureau.
    every
        People there are by bureau: those left out are a cell too.
    """
    whole = every.reindex(every.index.union(sizes.index), fill_value=0)
    inside = sizes.reindex(whole.index, fill_value=0).to_numpy(np.int64)
    outside = np.maximum(whole.to_numpy(np.int64) - inside, 0)
    # Those left out are cells as well: hidden, with others, where they are few.
    seen = shown(inside, floor=FLOOR) & (shown(outside, floor=FLOOR) | (outside == 0))
    total, left = int(inside.sum()), int(outside.sum())
    table = pd.DataFrame({"bureau_id": whole.index.astype("str"), "people": inside})
    table["people"] = table["people"].astype("Int64").where(seen)
    table = table[inside > 0].assign(hidden=lambda t: t["people"].isna()).reset_index(drop=True)
    is_told = total >= FLOOR and (left == 0 or left >= FLOOR)
    return table, total if is_told else None
