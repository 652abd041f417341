"""Open the people of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.contacts.contact_store import Contacts, Controller, controller_of
from analysis.contacts.key_ring import FOLDER, open_ring
from analysis.contacts.suppression import open_objections
from analysis.database import engine
from analysis.fieldwork.campaign import is_begun
from analysis.fieldwork.store import Store, open_store
from analysis.workflows import server_access


def open_contacts(workspace: Path | str, *, by: str = "") -> Contacts:
    """Open the people of the campaign of a workspace.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    by
        Whose acts follow: an id of a user; "" for the one person of a laptop.

    Raises
    ------
    DataError
        When the store or the keys cannot be opened.
    """
    return contacts_of(open_store(workspace), workspace, by=by)


def contacts_of(store: Store, workspace: Path | str, *, by: str = "") -> Contacts:
    """Return the people of a store that is open.

    Parameters
    ----------
    store
        Of the campaign.
    workspace, by
        As in `open_contacts`.

    Returns
    -------
    Contacts
        With the keys of the campaign, and the objections of its controller.

    Raises
    ------
    DataError
        When the file of keys cannot be read or written.
    """
    campaign = store.campaign.campaign_id
    controller = controller_of(store.engine, default=campaign)
    folder = keys_folder(workspace)
    ring = open_ring(folder, campaign, controller.controller)
    # Before a campaign says who answers for it, its own name stands for the controller.
    names = dict.fromkeys((controller.controller, campaign))
    keys = {name: open_ring(folder, campaign, name).suppression for name in names}
    objections = open_objections(folder / FOLDER, store.engine, keys)
    return Contacts(store.engine, ring, controller, by, objections, folder)


@contextmanager
def people_of(workspace: Path | str, *, by: str = "") -> Iterator[Contacts]:
    """Open the people of the campaign of a workspace, and close all that was opened for them.

    Parameters
    ----------
    workspace, by
        As in `open_contacts`.
    """
    contacts = open_contacts(workspace, by=by)
    try:
        yield contacts
    finally:
        close(contacts)


def who_answers(workspace: Path | str) -> Controller:
    """Return who answers for a campaign; one without a name where nobody said it yet.

    Parameters
    ----------
    workspace
        As in `open_contacts`; where no campaign has begun, none is begun.
    """
    if not is_begun(workspace):
        return Controller("")
    store = open_store(workspace)
    try:
        return controller_of(store.engine, default="")
    finally:
        store.close()


def close(contacts: Contacts, *, store: bool = True) -> None:
    """Close what was opened for the people of a campaign; its store too, unless others use it."""
    if store:
        engine.close(contacts.engine)
    if contacts.objections is not None and contacts.engine.dialect.name == "sqlite":
        engine.close(contacts.objections.engine)


def keys_folder(workspace: Path | str) -> Path:
    """Return the folder that all campaigns of this machine or server share."""
    settings = server_access.settings()
    # On a server the folder of a campaign has one for each of its places.
    return Path(settings.workspaces) if settings.server else Path(workspace).resolve().parent
