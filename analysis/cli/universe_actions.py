"""What the verbs of people print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.cli.known_action import check_action
from analysis.contacts import lawful, lawful_words
from analysis.contacts.contact_store import Contacts
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.errors import DataError
from analysis.i18n import choose, told
from analysis.tables.workspace import Workspace
from analysis.workflows import universes
from analysis.workflows.contacts_open import people_of
from analysis.workflows.ranking import open_workspace
from analysis.workflows.universe_lists import Asked, take_out


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a universe, as the command line gives it."""

    workspace: Path
    rule: str
    name: str
    channel: str
    election: str
    names: bool
    language: str
    out: Path | None


def run(action: str, order: Order) -> str:
    """Do what is asked, and return what to print.

    Raises
    ------
    DataError
        When there is no such action, or it is not lawful.
    """
    check_action("universe", action, ("say", "count", "save", "list", "export"))
    place = open_workspace(order.workspace)
    with people_of(place.path) as contacts:
        if action == "list":
            return _list(contacts, place, order)
        rule = _rule(contacts, order, saving=action == "save")
        if action == "say":
            return told(rule.sentence, choose(order.language))
        if action == "save":
            return f"saved: {universes.save(contacts, order.name, rule).name}"
        if action == "count":
            return _count(contacts, place, rule, order)
        return _export(contacts, place, rule, order)


def _rule(contacts: Contacts, order: Order, *, saving: bool) -> Universe:
    if order.name and not saving:
        return universes.saved_as(contacts, order.name).rule
    return universes.read_rule(order.rule)


def _list(contacts: Contacts, place: Workspace, order: Order) -> str:
    asking = [one.rule for one in universes.saved(contacts) if one.rule.asks_abstention]
    known = bool(asking and order.election)
    ground = universes.ground_of(place, asking[0], order.election) if known else Ground()
    lines = []
    for one, found in universes.counted(contacts, ground):
        day = datetime.fromtimestamp(one.at_s, UTC).date().isoformat()
        # Hidden, or not to be counted so: `count` says why.
        many = "-" if found is None or found.total is None else str(found.total)
        sentence = told(one.rule.sentence, choose(order.language))
        lines.append(f"{day}  {one.name}: {sentence}  [{many}]")
    return "\n".join(lines) or "no universe is saved"


def _count(contacts: Contacts, place: Workspace, rule: Universe, order: Order) -> str:
    ground = universes.ground_of(place, rule, order.election)
    found = universes.count(contacts, rule, ground, order.channel)
    lines = [
        f"{row.bureau_id or '–'}\t{'<11 or hidden' if row.hidden else row.people}"
        for row in found.bureaux.itertuples()
    ]
    total = "fewer than 11, or told by those left out" if found.total is None else str(found.total)
    return "\n".join([told(rule.sentence, choose(order.language)), *lines, f"in all: {total}"])


def _export(contacts: Contacts, place: Workspace, rule: Universe, order: Order) -> str:
    if order.out is None:
        raise DataError("No file to write is named.", mend="Add --out FILE.csv.")
    ground = universes.ground_of(place, rule, order.election)
    asked = Asked(order.channel, order.names, choose(order.language))
    leaving = take_out(contacts, rule, ground, asked)
    is_labels = order.out.suffix == ".pdf"
    language = choose(order.language)
    order.out.write_bytes(leaving.to_labels(language) if is_labels else leaving.to_csv())
    refused = [str(one.text) for one in leaving.passage.refusals]
    rules = ", ".join(leaving.passage.rules)
    return "\n".join([f"{len(leaving.rows)} rows by the rules {rules}: {order.out}", *refused])


def rules_table() -> str:
    """Return the table of the law: a line each rule and channel."""
    lines = ["rule\tfields\t" + "\t".join(lawful.CHANNELS)]
    for rule in sorted(lawful.table(), key=lambda one: one.rule):
        fields = ",".join(f"{rule.source}.{field}" for field in rule.fields)
        cells = [
            ("+".join(rule.channels[channel]) or "yes") if channel in rule.channels else "no"
            for channel in lawful.CHANNELS
        ]
        lines.append("\t".join([rule.rule, fields, *cells]))
    return "\n".join(lines)


def checked(action: str, datum: str, channel: str) -> tuple[str, bool]:
    """Return what the law says of a datum on a channel, and whether it may be.

    Parameters
    ----------
    action
        "check".
    datum
        Such as "roll.age".
    channel
        Of `lawful.CHANNELS`; "" asks for all, and allows if one is.

    Returns
    -------
    tuple of str and bool
        One line a channel, with the rule and its legal basis; whether one channel at least is
        allowed.

    Raises
    ------
    DataError
        When there is no such action, or no field is named.
    """
    if action != "check" or datum.endswith("."):
        raise DataError(
            "The law is asked by: table, or check with a field.",
            where="{action}",
            mend="Write law check age --source roll --channel door.",
            action=action,
        )
    lines, allowed = [], False
    for one in [channel] if channel else lawful.CHANNELS:
        found = lawful.verdict(datum, one)
        allowed |= found.allowed
        basis = lawful_words.basis(found.rule) or "–"
        word = "allowed" if found.allowed else "refused"
        lines.append(f"{one}: {word} ({found.rule}; {basis}): {' '.join(found.sentences())}")
    return "\n".join(lines), allowed
