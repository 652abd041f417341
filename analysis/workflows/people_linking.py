"""One person once: who of the files is on the roll, and who is there twice."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.access import audit
from analysis.contacts import consents, linkage, linkage_decisions, person_links, vault
from analysis.contacts.contact_store import Contacts, insert_many
from analysis.contacts.linkage_decisions import ACCEPTED, Own
from analysis.contacts.linkage_rivals import Weighed, weigh
from analysis.contacts.merged import groups
from analysis.contacts.normalise import first_key, name_key, one_letter, read_email
from analysis.contacts.people_rows import split_address
from analysis.contacts.person_links import Kind
from analysis.contacts.roll_store import rows_query
from analysis.database.contact_tables import HOMES, PERSONS, ROLL_ROWS
from analysis.database.engine import lock, reading, writing
from analysis.geography.way_names import split_numbers, street_keys, suffix_keys

_LOCK = "linkage"
ROLL_COLUMNS = (
    *("roll", "line", "birth_name", "used_name", "first_names", "birth_date", "birth_year"),
    *("number", "street", "postcode", "bureau_id", "commune_id"),
)


@dataclass(frozen=True, slots=True)
class Linked:
    """What a linkage wrote: merges and links, at once and for a person to decide.

    Attributes
    ----------
    people, lines
        Compared: people of the files, lines of the roll.
    merged, merges_asked, linked, links_asked
        Events written now.
    homes
        Consenting people whose bureau the roll told.
    """

    people: int
    lines: int
    merged: int
    merges_asked: int
    linked: int
    links_asked: int
    homes: int


def link_people(contacts: Contacts, *, today: dt.date | None = None) -> Linked:
    """Compare people of the files with one another, then with the roll, and write what is found.

    Parameters
    ----------
    contacts
        People of the campaign.
    today
        Day of use of the roll; else found.
    """
    day = today or dt.date.today()
    with reading(contacts.engine) as connection:
        people = _people(connection, contacts)
        roll, keys = _roll(connection, contacts, day)
    compared = len(people)
    twice = linkage.find_twice(people, linkage.known_names(roll))
    merges = linkage_decisions.decide_merges(twice, _weighed(people, roll), own_of(people))
    with writing(contacts.engine) as connection:
        lock(connection, [_LOCK])
        pairs = [((one, other), p, why, state) for one, other, p, why, state in _rows(merges)]
        merged = person_links.propose(connection, contacts, "merge", pairs)
        people = _grouped(people, groups(connection).root)
        links = linkage_decisions.decide_links(_weighed(people, roll))
        taken = person_links.links_of(connection, contacts)
        lines_taken = set(taken.values())
        found = [
            ((who, *keys[row]), p, why, state)
            for who, row, p, why, state in _rows(links)
            if who not in taken and keys[row] not in lines_taken
        ]
        linked = person_links.propose(connection, contacts, "link", found)
        homes = give_homes(connection, contacts)
        audit.note_in(
            connection, contacts.by, "link people", rows=merged[ACCEPTED] + linked[ACCEPTED]
        )
    return Linked(
        compared,
        len(roll),
        *(merged[ACCEPTED], merged[linkage_decisions.PROPOSED]),
        *(linked[ACCEPTED], linked[linkage_decisions.PROPOSED]),
        homes,
    )


def _weighed(people: pd.DataFrame, roll: pd.DataFrame) -> Weighed:
    pairs = linkage.link_rolls(people, roll)
    pairs = pairs[linkage_decisions.agree(pairs)].reset_index(drop=True)
    return weigh(pairs, people, own_email=_own_email(people))


def _rows(pairs: pd.DataFrame) -> Iterable[tuple[str, str, float, str, str]]:
    return pairs[["one", "other", "probability", "reasons", "state"]].itertuples(
        index=False, name=None
    )


def _people(connection: Connection, contacts: Contacts) -> pd.DataFrame:
    """Return what is known of the people of the files; who was erased is not there."""
    every = sa.select(PERSONS.c.person).where(PERSONS.c.tenant == contacts.tenant)
    known = vault.read(connection, contacts.ring, connection.execute(every).scalars())
    rows = [
        {"id": who, **{name: values.get(name, "") for name in _KNOWN}}
        for who, values in sorted(known.items())
    ]
    table = pd.DataFrame(rows, columns=["id", *_KNOWN], dtype="str")
    parts = [split_address("", text) for text in table["address"]]
    table["number"] = [number for number, _street in parts]
    table["street"] = [street for _number, street in parts]
    emails = {text: read_email(text) for text in table["email"].unique()}
    table["email"] = [getattr(emails[text], "canonical", "") for text in table["email"]]
    table["phones"] = table["phone"]
    # A list without anybody in it is one of numbers to pandas.
    return comparable(table.assign(birth_year="").astype("str"))


_KNOWN = (
    *("birth_name", "used_name", "first_names", "birth_date"),
    *("email", "phone", "address", "postcode"),
)


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that `linkage` compares, from names, dates, number, street and postcode.

    Parameters
    ----------
    table
        Texts, "" where unknown: `linkage.COLUMNS` but `home`, and `number`.
    """
    number, inside = split_numbers(table["number"])
    street = street_keys(table["street"])
    whole = number.astype("str").replace("<NA>", "") + suffix_keys(inside)
    home = whole + " " + street + " " + table["postcode"]
    known = (whole != "") & (street != "")
    place = (street + " " + table["postcode"]).where(street != "", "")
    ready = table.assign(home=home.where(known, ""), street=place)
    return ready[list(linkage.COLUMNS)].reset_index(drop=True)


def _roll(
    connection: Connection, contacts: Contacts, day: dt.date
) -> tuple[pd.DataFrame, dict[str, tuple[str, int]]]:
    """Return the lines of the roll in force, and roll and line by the id they are compared by.

    Who is on two lists is one elector: the first line stands for both.
    """
    columns = [ROLL_ROWS.c[name] for name in ROLL_COLUMNS]
    found = connection.execute(rows_query(connection, contacts, *columns, today=day))
    table = pd.DataFrame(found.mappings().all(), columns=list(ROLL_COLUMNS))
    born = pd.Series([one.isoformat() if one else "" for one in table["birth_date"]], dtype="str")
    year = pd.Series([str(int(y)) if pd.notna(y) else "" for y in table["birth_year"]], dtype="str")
    table = table.assign(birth_date=born, birth_year=year, email="", phones="")
    same = ["birth_name", "first_names", "birth_date", "birth_year", "number", "street"]
    table = table[~table.duplicated(same) | (table["birth_year"] == "")].reset_index(drop=True)
    table["id"] = table["roll"] + ":" + table["line"].astype("str")
    keys = {
        name: (str(roll), int(line))
        for name, roll, line in zip(table["id"], table["roll"], table["line"], strict=True)
    }
    return comparable(table), keys


def own_of(people: pd.DataFrame) -> Own:
    """Return what of their contact points is people's own; columns as `linkage.COLUMNS`."""
    bare = frozenset(people["id"][people["email"] + people["phones"] == ""])
    return Own(_own_email(people), _own_email(people, slips=True), bare)


def _own_email(people: pd.DataFrame, *, slips: bool = False) -> dict[str, bool]:
    """Return by person whether their address of mail bears their first name, or nearly so."""
    bears = _bears_slip if slips else _bears
    return {
        who: len(first := first_key(names)) > 2 and bears(email.partition("@")[0], first)
        for who, names, email in zip(
            people["id"], people["first_names"], people["email"], strict=True
        )
    }


def _bears(local: str, first: str) -> bool:
    return first in name_key(local)


def _bears_slip(local: str, first: str) -> bool:
    words = (name_key(word) for word in re.split(r"[\d._+-]+", local))
    return _bears(local, first) or any(one_letter(word, first) for word in words)


def _grouped(people: pd.DataFrame, root: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a group of merged people: what one row lacks, another tells."""
    of = people["id"].map(lambda who: root.get(who, who))
    kept = people.assign(own=(of == people["id"]).astype(int), group=of)
    kept = kept.sort_values(["group", "own"], ascending=[True, False], kind="stable")
    first = kept.replace({"": None}).groupby("group", sort=True).first()
    table = first.drop(columns=["own"]).assign(id=first.index).fillna("")
    return table[list(people.columns)].reset_index(drop=True)


def give_homes(connection: Connection, contacts: Contacts) -> int:
    """Give linked people who said yes to something the bureau of their line; return how many.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    """
    links = person_links.links_of(connection, contacts)
    merged = groups(connection)
    yes = {who for (who, _p, _c), given in consents.current(connection).items() if given}
    at = latest_homes(connection, contacts)
    wanted = {
        who: line
        for who, line in links.items()
        if merged.of(who) in yes and not (at.get(who, {}).get("bureau_id"))
    }
    if not wanted:
        return 0
    columns = (ROLL_ROWS.c.roll, ROLL_ROWS.c.line, ROLL_ROWS.c.commune_id, ROLL_ROWS.c.bureau_id)
    found = connection.execute(rows_query(connection, contacts, *columns, today=dt.date.today()))
    bureau = {(roll, line): (commune, one) for roll, line, commune, one in found if one}
    version = time.time_ns()
    rows = [
        {"tenant": contacts.tenant, "person": who, "version": version, "source": "roll"}
        | {"commune_id": bureau[line][0], "bureau_id": bureau[line][1], "score": None}
        for who, line in wanted.items()
        if line in bureau
    ]
    insert_many(connection, HOMES, rows)
    return len(rows)


def latest_homes(connection: Connection, contacts: Contacts) -> dict[str, dict[str, Any]]:
    """Return where each person lives, as the latest version says."""
    query = sa.select(HOMES).where(HOMES.c.tenant == contacts.tenant).order_by(HOMES.c.version)
    return {row["person"]: dict(row) for row in connection.execute(query).mappings()}


def decide(contacts: Contacts, kind: Kind, event: str, *, accept: bool) -> str:
    """Accept or refuse a proposal; return the id of the decision.

    Parameters
    ----------
    contacts
        The campaign.
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
        As `person_links.decide`.
    """
    with writing(contacts.engine) as connection:
        lock(connection, [_LOCK])
        made = person_links.decide(connection, contacts, kind, event, accept=accept)
        give_homes(connection, contacts)
        word = "accept" if accept else "refuse"
        audit.note_in(connection, contacts.by, f"{word} {kind}", subject=event)
    return made


def undo(contacts: Contacts, kind: Kind, event: str) -> str:
    """Undo a link or a merge: all reads as before it; return the id of the undoing.

    Parameters
    ----------
    contacts
        The campaign.
    kind, event
        What is undone.

    Returns
    -------
    str
        Id of a new event: nothing is deleted.

    Raises
    ------
    DataError
        As `person_links.undo`.
    """
    with writing(contacts.engine) as connection:
        lock(connection, [_LOCK])
        ends = next(
            (
                e.ends
                for e in person_links.held(connection, contacts, kind).values()
                if e.event == event
            ),
            (),
        )
        made = person_links.undo(connection, contacts, kind, event)
        if kind == "link" and ends:
            _take_home_back(connection, contacts, ends[0])
        audit.note_in(connection, contacts.by, f"undo {kind}", subject=event)
    return made


def _take_home_back(connection: Connection, contacts: Contacts, person: str) -> None:
    """Say again where a person lived before the roll told their bureau."""
    mine = sa.and_(HOMES.c.tenant == contacts.tenant, HOMES.c.person == person)
    rows = (
        connection.execute(sa.select(HOMES).where(mine).order_by(HOMES.c.version)).mappings().all()
    )
    if not rows or rows[-1]["source"] != "roll":
        return
    own = [row for row in rows if row["source"] != "roll"]
    empty = {"commune_id": "", "bureau_id": "", "source": "nothing", "score": None}
    before = dict(own[-1]) if own else {"tenant": contacts.tenant, "person": person, **empty}
    insert_many(connection, HOMES, [before | {"version": time.time_ns()}])
