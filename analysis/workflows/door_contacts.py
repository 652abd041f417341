"""Contacts taken at doors: the form that goes out, the boxes that come back, slips typed in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.access import audit
from analysis.contacts import box_seal
from analysis.contacts.acts import ON_PAPER, enter, read_act, written
from analysis.contacts.asked import DoorForm, purposes, require_controller, wordings
from analysis.contacts.contact_store import Contacts
from analysis.contacts.door_boxes import Opened, open_boxes
from analysis.database.engine import writing
from analysis.workflows.contacts_open import people_of
from analysis.workflows.letters_by_link import ask_to_confirm


def door_form(workspace: Path | str) -> DoorForm:
    """Return what sheets and phone pages need to take contacts.

    Raises
    ------
    DataError
        When nobody answers for the campaign: then nobody may be asked for anything.
    """
    with people_of(workspace) as contacts:
        asked = {
            language: {name: one for name, one in texts.items() if purposes()[name].door}
            for language, texts in wordings(contacts).items()
        }
        return DoorForm(box_seal.public_key(contacts.ring), contacts.controller, asked)


def open_doors(workspace: Path, contacts: Contacts) -> list[tuple[Opened, bool | None]]:
    """Open the contacts that came from doors, and ask by letter who wished to confirm.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people.

    Returns
    -------
    list
        What became of each box, and whether a letter was sent (False: it waits in the outbox;
        None: there is none to send).
    """
    require_controller(contacts.controller)
    every = []
    for one in open_boxes(contacts):
        letter = None
        if one.act is not None and one.act.must_confirm:
            letter = ask_to_confirm(workspace, contacts, one.person, one.act)
        every.append((one, letter))
    audit.note(contacts.engine, contacts.by, "open doors", rows=len(every))
    return every


def enter_slip(contacts: Contacts, content: Mapping[str, Any]) -> str:
    """Enter a slip of paper that a person filled in and signed; return the person.

    Parameters
    ----------
    contacts
        The campaign.
    content
        As `acts.read_act` reads it, without signature: the paper itself is kept by the campaign.

    Raises
    ------
    DataError
        When it is no whole act of a person, or nobody answers for the campaign.
    """
    require_controller(contacts.controller)
    act = read_act(written({**content, "act": ON_PAPER, "signature": []}))
    with writing(contacts.engine) as connection:
        person = enter(connection, contacts, act, source="paper")
    audit.note(contacts.engine, contacts.by, "enter slip", subject=act.turf, rows=1)
    return person
