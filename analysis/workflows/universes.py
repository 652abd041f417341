"""Universes of a workspace: said, counted, saved, and let out through the gate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from analysis.access import audit
from analysis.contacts.contact_store import Contacts, insert_many, new_id
from analysis.contacts.gate import passes, roll_in_force, write_down
from analysis.contacts.passage import FLOOR, Passage, Request
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.contacts.universe_members import Members, members
from analysis.database.contact_tables import PASSED, UNIVERSES
from analysis.database.engine import reading, writing
from analysis.errors import DataError, Text, some
from analysis.i18n import told
from analysis.tables.toml_text import toml_of
from analysis.tables.workspace import Workspace
from analysis.workflows.abstention import look_ahead

_NAME = 120


@dataclass(frozen=True, slots=True)
class Saved:
    """A universe that was saved: the rule, never who was in it."""

    universe: str
    name: str
    rule: Universe
    at_s: int
    by_user: str


def read_rule(text: str) -> Universe:
    """Read a rule: JSON, or the name of a file of JSON or TOML.

    Raises
    ------
    DataError
        When it is none.
    """
    file = Path(text) if text.strip() and not text.lstrip().startswith("{") else None
    try:
        if file is None:
            return Universe.read(json.loads(text))
        content = file.read_text(encoding="utf-8")
        is_toml = file.suffix == ".toml"
        return Universe.read(toml_of(content) if is_toml else json.loads(content))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "The rule of the universe cannot be read.",
            where="{text}",
            mend="Give JSON, or the name of a file that ends in .json or .toml.",
            text=text[:_NAME],
        ) from error


def ground_of(workspace: Workspace, universe: Universe, election: str = "") -> Ground:
    """Return what a universe needs to know of the place.

    Parameters
    ----------
    workspace
        The place.
    universe
        Its forecast is made only where the rule asks for it.
    election
        For which abstention is expected.

    Returns
    -------
    Ground
        Abstention expected by bureau, 0 to 1; empty where the rule does not ask for it.

    Raises
    ------
    DataError
        When abstention is asked for and the election is not named, or unknown.
    """
    if not universe.asks_abstention:
        return Ground()
    if not election:
        raise DataError(
            "The rule asks for the abstention expected, and no election is named.",
            mend="Name it, for instance 2027_pres_t1.",
        )
    table = look_ahead(workspace, election).forecast.table
    rates = zip(table["bureau_id"], table["abstention"], strict=True)
    return Ground({str(bureau): float(rate) for bureau, rate in rates})


def count(contacts: Contacts, universe: Universe, ground: Ground, channel: str) -> Members:
    """Return how many are in a universe, in numbers that may be shown; the gate is asked first.

    Parameters
    ----------
    contacts
        The campaign.
    universe, ground
        Whom one means, where.
    channel
        For which it is counted.

    Returns
    -------
    Members
        Numbers under 11 are hidden.

    Raises
    ------
    DataError
        When choosing so is not lawful for this channel.
    """
    request = Request(channel, "count", chosen=universe.chosen)
    passes(contacts, request, record=False).checked()
    return members(contacts, universe, ground)


def gate_of(contacts: Contacts, universe: Universe, found: Members, request: Request) -> Passage:
    """Return who of a universe passes for a request; fewer than 11 never.

    What is refused is written down here, what passes by who knows how many rows leave
    (`gate.write_down`).

    Parameters
    ----------
    contacts
        The campaign.
    universe
        By what they were chosen.
    found
        Who is in it.
    request
        Channel, action, data that go out, what goes with them.

    Returns
    -------
    Passage
        `allowed` is empty where each of them is refused by a rule.

    Raises
    ------
    DataError
        When a rule refuses the whole.
    """
    whole = len(found.people) or int(found.table["electors"].sum() if found.doors else 0)
    asked = Request(
        request.channel,
        request.action,
        shown=request.shown,
        chosen=(*request.chosen, *universe.chosen),
        people=found.people,
        cells={"universe": whole or FLOOR},
        carries=request.carries,
        at=request.at,
    )
    told = passes(contacts, asked, record=False)
    if not told.whole:
        write_down(contacts, told, 0)
    return told.checked()


def save(contacts: Contacts, name: str, universe: Universe) -> Saved:
    """Save a universe under a name, with the day and who did it; it is asked anew at each use.

    Parameters
    ----------
    contacts
        The campaign; who is at work is named.
    name
        Up to 120 letters.
    universe
        The rule, not the people.

    Returns
    -------
    Saved
        As it was written.

    Raises
    ------
    DataError
        When it has no name.
    """
    if not name.strip() or len(name) > _NAME:
        raise DataError(
            "A universe is saved under a name of up to {most} letters.",
            mend="Write whom it means.",
            most=_NAME,
        )
    words = {language: told(universe.sentence, language) for language in ("fr", "en")}
    row: dict[str, Any] = {"universe": new_id(), "name": name.strip(), "rule": universe.to_json()}
    row |= {"words": json.dumps(words, ensure_ascii=False)} | contacts.stamp()
    with writing(contacts.engine) as connection:
        insert_many(connection, UNIVERSES, [row])
        audit.note_in(connection, contacts.by, "universe", subject=name.strip())
    return Saved(row["universe"], row["name"], universe, row["at_s"], contacts.by)


def saved(contacts: Contacts) -> list[Saved]:
    """Return the universes that were saved, the latest first."""
    query = (
        sa.select(UNIVERSES)
        .where(UNIVERSES.c.tenant == contacts.tenant)
        .order_by(UNIVERSES.c.at_s.desc(), UNIVERSES.c.universe)
    )
    with reading(contacts.engine) as connection:
        rows = connection.execute(query).mappings().all()
    names = ("universe", "name", "at_s", "by_user")
    return [
        Saved(rule=Universe.read(json.loads(row["rule"])), **{name: row[name] for name in names})
        for row in rows
    ]


def counted(contacts: Contacts, ground: Ground) -> list[tuple[Saved, Members | None]]:
    """Return the universes that were saved with who is in each today, the latest first.

    Parameters
    ----------
    contacts
        The campaign.
    ground
        Facts of the place, for all of them.

    Returns
    -------
    list of tuple
        None beside those that cannot be counted: no roll is in use, the law refuses their rule, or
        they ask for the abstention expected and `ground` knows none.
    """
    return [(one, _counted(contacts, one.rule, ground)) for one in saved(contacts)]


def _counted(contacts: Contacts, rule: Universe, ground: Ground) -> Members | None:
    of_roll = rule.of == "roll"
    if of_roll and not roll_in_force(contacts, datetime.now(UTC)):
        return None
    if rule.asks_abstention and not ground.abstention:
        return None
    try:
        return count(contacts, rule, ground, "door" if of_roll else "phone")
    except DataError:
        return None


def saved_as(contacts: Contacts, name: str) -> Saved:
    """Return the universe saved last under a name.

    Raises
    ------
    DataError
        When there is none.
    """
    every = saved(contacts)
    found = next((one for one in every if name in (one.name, one.universe)), None)
    if found is None:
        raise DataError(
            "No universe is saved under this name.",
            where="{name}; there are: {known}",
            mend="Name one of them, or save it first.",
            name=name,
            known=some([one.name for one in every]),
        )
    return found


def passages(contacts: Contacts, *, most: int = 50) -> pd.DataFrame:
    """Return what last passed the gate, or did not: rules and numbers of rows, never people.

    Parameters
    ----------
    contacts
        The campaign.
    most
        How many.

    Returns
    -------
    pandas.DataFrame
        `at_s`, `channel`, `action`, `rows`, `rules`, `refused` (rule to number of rows, or "all"),
        `by_user`, the latest first.
    """
    names = ("at_s", "channel", "action", "rows", "rules", "refused", "by_user")
    query = (
        sa.select(*(PASSED.c[name] for name in names))
        .where(PASSED.c.tenant == contacts.tenant)
        .order_by(PASSED.c.at_s.desc(), PASSED.c.passage)
        .limit(most)
    )
    with reading(contacts.engine) as connection:
        table = pd.DataFrame(connection.execute(query).all(), columns=list(names))
    for name in ("rules", "refused"):
        table[name] = [json.loads(text) for text in table[name]]
    return table


def notice(contacts: Contacts, source: str) -> Text | None:
    """Return the notice of GDPR articles 13 and 14; None where nobody said who answers.

    Parameters
    ----------
    contacts
        The campaign.
    source
        "roll" or "people": where the data come from.
    """
    who = contacts.controller
    if not who.name or not who.contact:
        return None
    told_by: dict[str, Any] = {"name": who.name, "address": who.address, "contact": who.contact}
    if source == "roll":
        return Text(
            "Your name and address come from the electoral roll (electoral code, L. 37). They "
            "serve {name}, {address}, to present an electoral programme, and are deleted after "
            "the vote. You may ask to see, correct or erase them, or object: {contact}. "
            "Complaints: CNIL.",
            **told_by,
        )
    return Text(
        "You gave your data to {name}, {address}, for the campaign. You may ask to see, correct "
        "or erase them, object, or take your consent back: {contact}. Complaints: CNIL.",
        **told_by,
    )
