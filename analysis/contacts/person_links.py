"""Links of people with lines of the roll, and merges of people: events that can be undone exactly.

Nothing is rewritten: what holds is read through the events (`merged.groups`, `held`). An undoing
is a row that names what it undoes, and a decision on a proposal is a row after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts, insert_many, new_id
from analysis.contacts.linkage_decisions import ACCEPTED, PROPOSED
from analysis.database.contact_tables import LINKS, MERGES, ROLL_ENDS
from analysis.errors import DataError

REFUSED, UNDONE = "refused", "undone"
AUTOMATIC, BY_PERSON = "automatic", "person"
Kind = Literal["link", "merge"]
_TABLES: dict[str, sa.Table] = {"link": LINKS, "merge": MERGES}
# What the two ends of an event are called in its table.
_ENDS = {"link": ("person", "roll", "line"), "merge": ("kept", "absorbed")}


@dataclass(frozen=True, slots=True)
class Event:
    """The latest that was said of a pair.

    Attributes
    ----------
    kind, event
        "link" or "merge", and its id.
    ends
        Person, roll and line; or who is kept and who absorbed.
    probability, reasons
        As the linkage gave them.
    state, decided
        proposed, accepted, refused or undone; automatic or by a person.
    at_s
        When.
    """

    kind: Kind
    event: str
    ends: tuple[Any, ...]
    probability: float
    reasons: str
    state: str
    decided: str
    at_s: int


def held(connection: Connection, contacts: Contacts, kind: Kind) -> dict[tuple[Any, ...], Event]:
    """Return the latest event of each pair, by its ends.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    kind
        "link" or "merge".

    Returns
    -------
    dict
        Event by ends: row of the roll and person of a link, the two people of a merge.
    """
    table = _TABLES[kind]
    rows = connection.execute(sa.select(table).where(table.c.tenant == contacts.tenant))
    every = [dict(row) for row in rows.mappings()]
    # A decision names what it decides, so the last of each chain is what nothing names.
    named = {row["undoes"] for row in every}
    return {(event := _event(kind, row)).ends: event for row in every if row[kind] not in named}


def _event(kind: Kind, row: Mapping[str, Any]) -> Event:
    return Event(
        kind=kind,
        event=row[kind],
        ends=tuple(row[name] for name in _ENDS[kind]),
        **{name: row[name] for name in ("probability", "reasons", "state", "decided", "at_s")},
    )


def links_of(connection: Connection, contacts: Contacts) -> dict[str, tuple[str, int]]:
    """Return roll and line of every person who is linked now; a roll that ended links nobody."""
    events = held(connection, contacts, "link").values()
    ended = sa.select(ROLL_ENDS.c.roll).where(ROLL_ENDS.c.tenant == contacts.tenant)
    over = set(connection.execute(ended).scalars())
    mine = (one for one in events if one.state == ACCEPTED and one.ends[1] not in over)
    return {one.ends[0]: one.ends[1:] for one in mine}


def propose(
    connection: Connection,
    contacts: Contacts,
    kind: Kind,
    pairs: Iterable[tuple[tuple[Any, ...], float, str, str]],
) -> dict[str, int]:
    """Write pairs that nothing was said of yet; return how many of each state.

    What a person refused or undid is not proposed again.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    kind
        "link" or "merge".
    pairs
        Ends, probability, reasons, state (accepted or proposed).

    Returns
    -------
    dict
        Pairs written, by `ACCEPTED` and `PROPOSED`.
    """
    known = held(connection, contacts, kind)
    stamp = contacts.stamp()
    rows = []
    for ends, probability, reasons, state in pairs:
        if ends in known or (kind == "merge" and ends[::-1] in known):
            continue
        rows.append(
            dict(zip(_ENDS[kind], ends, strict=True))
            | {kind: new_id(), "probability": float(probability), "reasons": reasons}
            | {"state": state, "decided": AUTOMATIC, "undoes": None, **stamp}
        )
    insert_many(connection, _TABLES[kind], rows)
    counted = pd.Series([row["state"] for row in rows], dtype="str").value_counts()
    return {state: int(counted.get(state, 0)) for state in (ACCEPTED, PROPOSED)}


def decide(
    connection: Connection, contacts: Contacts, kind: Kind, event: str, *, accept: bool
) -> str:
    """Accept or refuse a proposal, also one that was refused or undone; return the decision's id.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign; its `by` decided.
    kind, event
        Which proposal.
    accept
        Whether it is the same person.

    Returns
    -------
    str
        By which the decision itself is undone.

    Raises
    ------
    DataError
        When it holds already, or the person or the line is linked otherwise.
    """
    found = _find(connection, contacts, kind, event)
    if found.state in (ACCEPTED, ACCEPTED if accept else REFUSED):
        raise DataError(
            "This was decided already.",
            where="{event}: {state}",
            mend="What holds can be undone; what was refused or undone can be accepted.",
            event=event,
            state=found.state,
        )
    if accept and kind == "link":
        _check_free(connection, contacts, found)
    return _follow(connection, contacts, found, ACCEPTED if accept else REFUSED)


def undo(connection: Connection, contacts: Contacts, kind: Kind, event: str) -> str:
    """Undo a link or a merge: everything reads as before it; return the id of the undoing.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign; its `by` undid it.
    kind, event
        What is undone.

    Returns
    -------
    str
        Id of a new event: nothing is deleted.

    Raises
    ------
    DataError
        When it does not hold.
    """
    found = _find(connection, contacts, kind, event)
    if found.state != ACCEPTED:
        raise DataError(
            "Only what holds can be undone.",
            where="{event}: {state}",
            mend="Look at what holds now.",
            event=event,
            state=found.state,
        )
    return _follow(connection, contacts, found, UNDONE)


def _find(connection: Connection, contacts: Contacts, kind: Kind, event: str) -> Event:
    every = held(connection, contacts, kind).values()
    found = next((one for one in every if one.event == event), None)
    if found is None:
        raise DataError(
            "There is no such proposal, link or merge, or something was said of it since.",
            where="{event}",
            mend="Take its id from the list of what holds now.",
            event=event,
        )
    return found


def _check_free(connection: Connection, contacts: Contacts, found: Event) -> None:
    links = links_of(connection, contacts)
    person, line = found.ends[0], found.ends[1:]
    if person in links or line in links.values():
        raise DataError(
            "One of the two is linked already: a person has one line of the roll.",
            where="{event}",
            mend="Undo the other link first, or refuse this one.",
            event=found.event,
        )


def _follow(connection: Connection, contacts: Contacts, found: Event, state: str) -> str:
    table, made = _TABLES[found.kind], new_id()
    connection.execute(
        sa.insert(table).values(
            **dict(zip(_ENDS[found.kind], found.ends, strict=True)),
            **{found.kind: made, "probability": found.probability, "reasons": found.reasons},
            state=state,
            decided=BY_PERSON,
            undoes=found.event,
            **contacts.stamp(),
        )
    )
    return made
