"""What is owed to people, carried out where the store, the outbox and the files are."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from analysis.access import audit
from analysis.contacts import retention
from analysis.contacts import rights_requests as asked
from analysis.contacts.contact_store import Contacts
from analysis.contacts.erasure import Erased, names_of, points_of, with_merged
from analysis.contacts.known_of import known_of, portable
from analysis.contacts.retention import Over
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.copies_cleared import take_out_of_files
from analysis.fieldwork.inbox import IMPORTED, INBOX, REFUSED
from analysis.tables.spreadsheet_text import csv_text
from analysis.workflows import mail_out
from analysis.workflows.access_page import access_page


@dataclass(frozen=True, slots=True)
class Gone:
    """What an erasure did, and where a copy may still be.

    Attributes
    ----------
    erased
        What went from the store.
    letters
        Letters of the outbox that went.
    returns
        Files of returns that lost their name.
    """

    erased: Erased
    letters: int
    returns: int = 0


def erase_for(workspace: Path, contacts: Contacts, request: str) -> Gone:
    """Erase the person of a request from the store and the outbox.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people.
    request
        Which.

    Returns
    -------
    Gone
        What was erased in the store, the letters that were taken out of the outbox, and the files
        of returns that lost a name.

    Raises
    ------
    DataError
        When the request is none of erasure or its person is not known, or it is over.
    """
    people = {one.request: one.person for one in asked.requests(contacts)}
    person = people.get(request, "")
    # Once they are erased nobody knows them any more.
    every = with_merged(contacts, [person]) if person else []
    names = names_of(contacts, [person]) if person else set()
    points = points_of(contacts, [person]) if person else []
    erased = asked.carry_out_erasure(contacts, request)
    returns = take_out_of_files(_returned(workspace), names, points)
    letters = sum(mail_out.forget(workspace, one) for one in every)
    return Gone(erased, letters, returns)


def answer_access(contacts: Contacts, person: str, *, language: str = "en") -> dict[str, bytes]:
    """Return all that is known of a person as files to hand over: name and content.

    Parameters
    ----------
    contacts
        The campaign.
    person
        Who.
    language
        Of the page to read; the keys of the JSON are the same in all.

    Returns
    -------
    dict
        `access.json` and `access.html`, UTF-8.
    """
    known = known_of(contacts, person)
    audit.note(contacts.engine, contacts.by, "export", subject="access", rows=1)
    text = json.dumps(known, ensure_ascii=False, indent=1)
    return {
        "access.json": text.encode(),
        "access.html": access_page(known, contacts.controller, language).encode(),
    }


def answer_portability(contacts: Contacts, person: str) -> dict[str, bytes]:
    """Return what a person gave of themselves, for another campaign or none: JSON and CSV.

    Parameters
    ----------
    contacts
        The campaign.
    person
        Who.
    """
    rows = portable(known_of(contacts, person))
    audit.note(contacts.engine, contacts.by, "export", subject="portability", rows=1)
    table = csv_text(pd.DataFrame(rows, columns=["field", "value", "at"], dtype="str"))
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    return {"portable.json": text.encode(), "portable.csv": table.encode("utf-8-sig")}


def run_retention(
    workspace: Path, contacts: Contacts, *, today: date | None = None, dry: bool = True
) -> list[Over]:
    """Find what was kept long enough, in the store and in files, and do away with it.

    Parameters
    ----------
    workspace
        Of the campaign.
    contacts
        Its people.
    today
        The day it is.
    dry
        Whether to count alone.

    Returns
    -------
    list of Over
        One a kind of thing, those of the store first: how many were kept long enough.
    """
    day = today or datetime.now(UTC).date()
    # Once they are erased nobody knows them any more.
    gone = set() if dry else retention.people_over(contacts, day)
    names, points = names_of(contacts, gone), points_of(contacts, gone)
    found = retention.run(contacts, today=day, dry=dry)
    take_out_of_files(_returned(workspace), names, points)
    for name in retention.IN_FILES:
        old = list(_old(_folder(workspace, name), retention.before_s(name, day)))
        if not dry:
            for file in old:
                file.unlink(missing_ok=True)
        found.append(Over(name, len(old), done=not dry))
    if not dry:
        retention.note(contacts, found)
    return found


def _returned(workspace: Path) -> list[Path]:
    return [workspace / FOLDER / name for name in (INBOX, IMPORTED, REFUSED)]


def _folder(workspace: Path, name: str) -> Path:
    refused = workspace / FOLDER / REFUSED
    return refused if name == "refused_files" else mail_out.outbox(workspace)


def _old(folder: Path, before: int) -> Iterator[Path]:
    for file in sorted(folder.glob("*")):
        # A clock set back must not make everything old.
        if file.is_file() and file.stat().st_mtime < min(before, time.time()):
            yield file
