"""What leaves of a universe: doors for turfs, sheets and letters, lists of calls; by the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.access import audit
from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.gate import write_down
from analysis.contacts.passage import Passage, Request
from analysis.contacts.roll_universe import roll_rows
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.contacts.universe_members import Members, members
from analysis.database.engine import reading
from analysis.errors import DataError
from analysis.exports.address_labels import to_labels
from analysis.i18n import told
from analysis.tables.spreadsheet_text import csv_text
from analysis.workflows.universes import gate_of, notice

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
CHANNELS = ("door", "post", "phone")
_PLACE = ("number", "street", "extra", "postcode", "city")
# Of a list of doors without names.
DOORS = ("bureau_id", "address_id")
_NAMES = ("first_names", "used_name", "birth_name")


@dataclass(frozen=True, slots=True)
class Leaving:
    """A list that may leave.

    Attributes
    ----------
    columns, rows
        Its table.
    passage
        What the gate said.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    passage: Passage

    @property
    def without(self) -> int:
        """Return how many people passed the gate who gave nothing that the list could show."""
        return max(len(self.passage.allowed) - len(self.rows), 0)

    def to_csv(self) -> bytes:
        """Return a CSV that a French spreadsheet opens by a double click."""
        table = pd.DataFrame(self.rows, columns=list(self.columns), dtype="str")
        return csv_text(table, french=True).encode("utf-8-sig")

    def to_labels(self, language: str) -> bytes:
        """Return labels of the same rows as PDF, 21 a sheet; only a letter has them.

        Raises
        ------
        DataError
            When it is no list of letters.
        """
        if self.passage.request.channel != "post":
            raise DataError(
                "Only letters have labels.", mend="Choose the channel post, or write a CSV."
            )
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return to_labels([_address_lines(row) for row in rows], language=language)


def _address_lines(row: dict[str, str]) -> list[str]:
    family = row.get("used_name") or row.get("birth_name", "")
    street = row.get("address") or f"{row.get('number', '')} {row.get('street', '')}"
    return [
        f"{row.get('first_names', '')} {family}".strip(),
        row.get("extra", ""),
        street.strip(),
        f"{row.get('postcode', '')} {row.get('city', '')}".strip(),
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a list is to leave.

    Attributes
    ----------
    channel
        "door": `bureau_id` and `address_id`, which `turfs` takes as its targets; with `names`,
        names and addresses with the notice. "post": merge fields of a letter. "phone": numbers.
    names
        Whether names are wanted at doors.
    language
        Of the notice.
    """

    channel: str
    names: bool = False
    language: str = "fr"

    @property
    def action(self) -> str:
        """Return what is done, as the gate calls it."""
        door = "sheet" if self.names else "list"
        return {"door": door, "post": "letter"}.get(self.channel, "export")

    def shown(self, universe: Universe) -> tuple[str, ...]:
        """Return which data go out."""
        source = "roll" if universe.of == "roll" else "person"
        if self.channel == "phone":
            return (f"{source}.phone", f"{source}.name")
        with_names = self.names or self.channel == "post" or source == "person"
        return (f"{source}.address", *([f"{source}.name"] if with_names else []))


def take_out(contacts: Contacts, universe: Universe, ground: Ground, asked: Asked) -> Leaving:
    """Return the list of a universe for a channel; it is audited and written into the register.

    Parameters
    ----------
    contacts
        The campaign.
    universe, ground
        Whom one means, where.
    asked
        For which channel, with or without names.

    Returns
    -------
    Leaving
        Columns, rows, and the passage that let them out.

    Raises
    ------
    DataError
        When it is not lawful, or the universe has fewer than 11 people.
    """
    channel = asked.channel
    if channel not in CHANNELS:
        raise DataError(
            "No list leaves for this channel: {channel}.",
            mend="Choose door, post or phone; messages are sent by the program itself.",
            channel=channel,
        )
    found = members(contacts, universe, ground)
    said = notice(contacts, universe.of)
    shown = asked.shown(universe)
    carries = frozenset({"notice"} if said else ())
    named = any(datum.endswith(".name") for datum in shown)
    request = Request(channel, asked.action, shown, carries=carries)
    passage = gate_of(contacts, universe, found, request)
    words = told(said, asked.language) if said else ""
    if universe.of == "people":
        columns, rows = _people(contacts, passage, channel, words)
    elif named:
        columns, rows = _named(contacts, universe, ground, words)
    else:
        columns, rows = _doors(found)
    write_down(contacts, passage, len(rows))
    audit.note(contacts.engine, contacts.by, "download", subject=channel, rows=len(rows))
    return Leaving(columns, tuple(rows), passage)


def _doors(found: Members) -> Table:
    """Return addresses without numbers of people: one at an address is somebody."""
    doors = found.table[[*DOORS]].astype("str")
    placed = doors[doors["address_id"] != ""]
    return DOORS, list(placed.itertuples(index=False, name=None))


def _named(contacts: Contacts, universe: Universe, ground: Ground, words: str) -> Table:
    columns = (*DOORS, *_NAMES, *_PLACE)
    rows = roll_rows(contacts, universe, ground, columns)
    return (*columns, "notice"), [(*row, words) for row in rows]


def _people(contacts: Contacts, passage: Passage, channel: str, words: str) -> Table:
    fields: Sequence[str] = ("phone",) if channel == "phone" else ("address", "postcode", "city")
    wanted = (*_NAMES, *fields)
    with reading(contacts.engine) as connection:
        known = vault.read(connection, contacts.ring, passage.allowed, wanted)
    # Who gave no number is on no list of numbers.
    rows = [
        (*(one.get(field, "") for field in wanted), words)
        for one in known.values()
        if one.get(fields[0])
    ]
    return (*wanted, "notice"), sorted(rows)
