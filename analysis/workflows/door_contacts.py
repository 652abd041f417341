"""Contacts taken at doors: the form that goes out, the boxes that come back, slips typed in."""

from __future__ import annotations

from pathlib import Path

from analysis.contacts import box_seal
from analysis.contacts.asked import DoorForm, purposes, wordings
from analysis.workflows.contacts_open import open_contacts


def door_form(workspace: Path | str) -> DoorForm:
    """Return what sheets and phone pages need to take contacts.

    Raises
    ------
    DataError
        When nobody answers for the campaign: then nobody may be asked for anything.
    """
    contacts = open_contacts(workspace)
    try:
        asked = {
            language: {name: one for name, one in texts.items() if purposes()[name].door}
            for language, texts in wordings(contacts).items()
        }
        return DoorForm(box_seal.public_key(contacts.ring), contacts.controller, asked)
    finally:
        contacts.engine.dispose()
