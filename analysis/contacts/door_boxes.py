"""Boxes that came from doors: opened by who has the keys, into persons with their proof."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from analysis.contacts.acts import BY_MAIL, SIGNATURE, Act, enter, points_of, read_act
from analysis.contacts.box_seal import bound_to, unshut
from analysis.contacts.contact_store import Contacts
from analysis.contacts.suppression import suppressed
from analysis.database.contact_tables import DOOR_BOXES, DOOR_OPENED
from analysis.database.engine import reading, writing
from analysis.errors import DataError, Text
from analysis.fieldwork.field_plan import place

TAKEN, TO_CONFIRM, REFUSED = "taken", "to_confirm", "refused"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one box.

    Attributes
    ----------
    box, turf_id
        Which, and from where.
    state
        "taken", "to_confirm" (a letter must be answered first) or "refused".
    person
        Who; "" where it was refused.
    why
        Why it was refused, or what to know.
    act
        What the person did; None where it was refused.
    """

    box: str
    turf_id: str
    state: str
    person: str
    why: Text
    act: Act | None


def waiting(contacts: Contacts) -> int:
    """Return how many boxes wait to be opened."""
    query = sa.select(sa.func.count()).select_from(DOOR_BOXES)
    with reading(contacts.engine) as connection:
        return int(
            connection.execute(query.where(DOOR_BOXES.c.tenant == contacts.tenant)).scalar_one()
        )


def open_boxes(contacts: Contacts) -> list[Opened]:
    """Open every box that waits; each is gone afterwards, whatever became of it.

    Parameters
    ----------
    contacts
        The campaign, with its keys.

    Returns
    -------
    list of Opened
        One per box; a box that was opened before and came again is not told of.
    """
    query = sa.select(DOOR_BOXES.c.box, DOOR_BOXES.c.turf_id, DOOR_BOXES.c.sealed)
    query = query.where(DOOR_BOXES.c.tenant == contacts.tenant).order_by(DOOR_BOXES.c.box)
    known = sa.select(DOOR_OPENED.c.box).where(DOOR_OPENED.c.tenant == contacts.tenant)
    with reading(contacts.engine) as connection:
        rows = connection.execute(query).all()
        done = set(connection.execute(known).scalars())
    every = []
    for box, turf_id, sealed in rows:
        if box not in done:
            every.append(_open(contacts, (box, turf_id, sealed)))
        with writing(contacts.engine, role="eraser") as connection:
            gone = (DOOR_BOXES.c.tenant == contacts.tenant, DOOR_BOXES.c.box == box)
            connection.execute(sa.delete(DOOR_BOXES).where(*gone))
    return every


def _open(contacts: Contacts, row: tuple[str, str, bytes]) -> Opened:
    box, turf_id, sealed = row
    try:
        act, address = _read(contacts, turf_id, sealed)
    except DataError as error:
        return _refused(contacts, box, turf_id, error)
    with reading(contacts.engine) as connection:
        # Of the address the bureau alone is kept: answers given there would be somebody's.
        bureau, _kind = place(connection, [address]).get(address, ("", ""))
    try:
        with writing(contacts.engine) as connection:
            person = enter(connection, contacts, act, source="door", bureau=bureau)
            state = TO_CONFIRM if act.must_confirm else TAKEN
            told = Opened(box, turf_id, state, person, Text(""), act)
            _note(connection, contacts, told)
    except DataError as error:
        # A store that fails is no fault of the box, which waits; one at fault keeps no other out.
        if isinstance(error.__cause__, SQLAlchemyError | OSError):
            raise
        return _refused(contacts, box, turf_id, error)
    return replace(told, why=_objected(contacts, act))


def _refused(contacts: Contacts, box: str, turf_id: str, error: DataError) -> Opened:
    told = Opened(box, turf_id, REFUSED, "", Text(error.what), None)
    with writing(contacts.engine) as connection:
        _note(connection, contacts, told)
    return told


def _read(contacts: Contacts, turf_id: str, sealed: bytes) -> tuple[Act, str]:
    text = unshut(contacts.ring, bound_to(contacts.tenant, turf_id), sealed)
    try:
        told = json.loads(text)
        act, address = str(told["act"]), str(told["address_id"])
    except (ValueError, TypeError, KeyError, RecursionError):
        act, address = "", ""
    found = read_act(act)
    if found.turf != turf_id:
        raise DataError("A contact says that it is of another turf than its box.")
    if found.act not in (SIGNATURE, BY_MAIL):
        # A slip is typed in by who holds the paper; a phone has none to show.
        raise DataError("A contact of a phone bears no signature, and asks for no confirmation.")
    # What does not print is no address of ours, and some stores refuse to be asked for it.
    return found, address if address.isprintable() else ""


def _objected(contacts: Contacts, act: Act) -> Text:
    if suppressed(contacts, points_of(act)):
        return Text("on the list of objections: nothing is sent to this contact")
    return Text("")


def _note(connection: Connection, contacts: Contacts, told: Opened) -> None:
    row = {name: getattr(told, name) for name in ("box", "turf_id", "state", "person")}
    connection.execute(
        sa.insert(DOOR_OPENED).values(**row, detail=str(told.why), **contacts.stamp())
    )
