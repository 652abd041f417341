"""Names of the roll for the sheets of turfs: through the gate, and with the notice."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from analysis.contacts.door_names import DoorNames
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.turf.walk_list import Walks
from analysis.workflows.contacts_open import people_of
from analysis.workflows.universe_lists import Asked, take_out


def door_names(workspace: Path | str, walks: Walks, *, language: str, by: str = "") -> DoorNames:
    """Return who is registered at the addresses of turfs, and the notice that goes with them.

    Parameters
    ----------
    workspace
        Of the campaign.
    walks
        The turfs.
    language
        Of the notice.
    by
        Who takes the names; it is written down.

    Returns
    -------
    DoorNames
        Family name and first of the first names, in order, by address of the turfs.

    Raises
    ------
    DataError
        When no roll may be used, nobody answers for the campaign, or fewer than 11 are meant.
    """
    bureaux = sorted(walks.turfs["bureau_id"].astype("str").unique())
    meant = Universe.read({"of": "roll", "where": {"bureaux": bureaux}})
    with people_of(workspace, by=by) as contacts:
        leaving = take_out(contacts, meant, Ground(), Asked("door", names=True, language=language))
    visited = set(walks.turfs["address_id"].astype("str"))
    at: dict[str, set[str]] = defaultdict(set)
    notice = ""
    for row in leaving.rows:
        told = dict(zip(leaving.columns, row, strict=True))
        notice = told["notice"]
        if told["address_id"] in visited:
            family = told["used_name"] or told["birth_name"]
            first = told["first_names"].replace(",", " ").split()[:1]
            at[told["address_id"]].add(" ".join([family, *first]))
    return DoorNames({one: tuple(sorted(names)) for one, names in at.items()}, notice)
