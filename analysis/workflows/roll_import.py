"""Take in an electoral roll: nothing is read before who asked for it and the promise are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd

from analysis.contacts.contact_store import Contacts
from analysis.contacts.roll_origin import Origin
from analysis.contacts.roll_store import REPLACED, Roll, add_roll, known_roll, rolls
from analysis.fieldwork.privacy import file_name
from analysis.readers.roll_layout import RollSource
from analysis.readers.roll_rows import RollPlace, read_electoral_rows
from analysis.tables.schema import commune_of
from analysis.tables.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Imported:
    """A roll that is in, whether it was in before, and how many rolls it replaced."""

    roll: Roll
    again: bool
    replaced: int = 0


def import_roll(
    contacts: Contacts,
    workspace: Path | str,
    file: Path | str | RollSource,
    origin: Origin,
    *,
    today: date | None = None,
) -> Imported:
    """Take in an electoral roll, whole or not at all.

    Parameters
    ----------
    contacts
        People of the campaign.
    workspace
        Folder of its place.
    file
        Extract of the roll, CSV.
    origin
        Who asked for it and what they promised.
    today
        Day it is taken in; else found.

    Returns
    -------
    Imported
        Every row of the file was kept, or is in the list of those refused.

    Raises
    ------
    DataError
        When the origin lacks something, or the file is no roll of this place.
    """
    day = today or date.today()
    sound = origin.checked(contacts.controller, day)
    assert sound.list_date
    source = RollSource.of(file)
    digest = source.sha256()
    if digest and (known := known_roll(contacts, digest, today=day)):
        return Imported(known, again=True)
    read = read_electoral_rows(source, place_of(Workspace(workspace)), list_date=sound.list_date)
    told = {
        "file": file_name(source.name, "roll"),
        "sha256": digest,
        "file_rows": read.file_rows,
        "dropped": {"forbidden": list(read.layout.forbidden), "unread": read.layout.unread},
        "refused": read.refused.told(),
        "counts": read.counts,
    }
    before = {one.roll for one in rolls(contacts, today=day) if not one.ended}
    added = add_roll(contacts, sound, read.rows, told, today=day)
    after = rolls(contacts, today=day)
    gone = sum(one.roll in before and one.ended == REPLACED for one in after)
    return Imported(added, again=False, replaced=gone)


def place_of(workspace: Workspace) -> RollPlace:
    """Return what a roll of a workspace is compared with."""
    turnout = workspace.read("turnout", columns=["bureau_id"])["bureau_id"]
    bureaux = turnout.astype("str").drop_duplicates()
    return RollPlace(
        communes=frozenset(commune_of(bureaux)),
        bureaux=frozenset(bureaux),
        addresses=gpd.GeoDataFrame(workspace.read("addresses")),
    )
