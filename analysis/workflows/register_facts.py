"""Fill the registers from what the campaign wrote down and what the program knows of itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from analysis.charts.chart_words import say
from analysis.contacts.contact_store import Contacts
from analysis.contacts.erasure import left_before
from analysis.contacts.registers import FIELDS, Entry, entries, total
from analysis.contacts.retention import classes
from analysis.database.contact_tables import REQUESTS, ROLL_ROWS, UNIVERSES, VAULT_KEYS
from analysis.database.engine import reading
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError, some
from analysis.exports.reports.register_pdf import KINDS, WORDS, Section, register_text
from analysis.tables.workspace import MANIFEST, Workspace

_CNIL = timedelta(days=3)
_RISKS = ("opinion", "leak", "reuse", "pressure")
_MEASURES = ("keys", "roles", "doors", "erase")


def register(
    contacts: Contacts,
    kind: str,
    language: str,
    today: date | None = None,
    *,
    folder: Path | None = None,
) -> str:
    """Return a register as Markdown, filled; `exports.reports.register_pdf` prints it.

    Parameters
    ----------
    contacts
        The campaign.
    kind
        One of `register_pdf.KINDS`.
    language
        "fr" or "en".
    today
        The day it bears.
    folder
        Of the workspace: an invented place is said to be one.

    Returns
    -------
    str
        Every field that nobody filled says that it is missing.

    Raises
    ------
    DataError
        When there is no such register.
    """
    if kind not in KINDS:
        raise DataError(
            "There is no such register.",
            where="{kind}",
            mend="Choose one of {kinds}.",
            kind=kind,
            kinds=some(KINDS, most=len(KINDS)),
        )
    day = (today or datetime.now(UTC).date()).isoformat()
    who = contacts.controller
    sections = [_who(contacts), *_FILLED[kind](contacts, language)]
    place = who.name or who.controller
    if folder is not None and (folder / MANIFEST).is_file() and Workspace(folder).fictional:
        place = f"{place} ({say('fictional', language)})".strip()
    return register_text(kind, sections, place=place, day=day, language=language)


def _who(contacts: Contacts) -> Section:
    who = contacts.controller
    rounds = "; ".join(f"{one.date} ({one.territory})" for one in who.rounds)
    named = {"controller": who.name, "address": who.address, "contact": who.contact}
    named |= {"sponsor": who.sponsor, "financial_agent": who.financial_agent}
    named |= {"election": who.election, "rounds": rounds, "dpo": _dpo(contacts)}
    return Section("who", list(named.items()))


def _dpo(contacts: Contacts) -> str:
    """Return who advises on data, as the last review says."""
    return next(
        (one.values["dpo"] for one in reversed(entries(contacts, "review")) if "dpo" in one.values),
        "",
    )


def _processing(contacts: Contacts, language: str) -> list[Section]:
    say = WORDS[language]
    counts = {
        "roll": (ROLL_ROWS, "roll"),
        "supporters": (VAULT_KEYS, "inactive"),
        "doors": (ATTEMPTS, ""),
        "duties": (REQUESTS, "requests"),
    }
    left = left_before(contacts)
    found = []
    for name, (table, kept) in counts.items():
        rows = [(part, say[f"text.{name}_{part}"]) for part in ("purpose", "basis", "data")]
        rows += [("people", str(_count(contacts, table))), ("recipients", say["text.recipients"])]
        rows += [("kept", _kept(kept, language))] if kept else []
        found.append(Section(name, rows))
    files = f"{len(left)} ({sum(rows for _at, _what, rows in left)})"
    return [*found, Section("security", [*_measures(language), ("left_as_files", files)])]


def _dpia(contacts: Contacts, language: str) -> list[Section]:
    say = WORDS[language]
    risks = [("risk", say[f"text.risk_{one}"]) for one in ("opinion", "leak", "reuse", "pressure")]
    reviews = [
        f"{one.values['day_on']}: {one.values['what']}" for one in entries(contacts, "review")
    ]
    return [
        Section("need", [("purpose", say["text.need_text"])]),
        *_processing(contacts, language)[:-1],
        Section("risks", risks),
        Section("security", _measures(language)),
        Section("left", [("measure", say["text.left_text"])]),
        Section("entries", [("review", one) for one in reviews] or [("review", "")]),
    ]


def _measures(language: str) -> list[tuple[str, str]]:
    told = WORDS[language]
    return [
        ("measure", told[f"text.security_{one}"]) for one in ("keys", "roles", "doors", "erase")
    ]


def _breach(contacts: Contacts, _language: str) -> list[Section]:
    def clock(one: Entry) -> list[tuple[str, str]]:
        return [("within", (date.fromisoformat(one.values["found_on"]) + _CNIL).isoformat())]

    return _entries(contacts, "breach", clock)


def _targeting(contacts: Contacts, _language: str) -> list[Section]:
    query = sa.select(UNIVERSES.c.name, UNIVERSES.c.words, UNIVERSES.c.at_s).where(
        UNIVERSES.c.tenant == contacts.tenant
    )
    with reading(contacts.engine) as connection:
        saved = connection.execute(query.order_by(UNIVERSES.c.at_s)).all()
    days = [datetime.fromtimestamp(at, UTC).date().isoformat() for _name, _words, at in saved]
    rows = [
        ("universe", f"{day}, {name}: {words}")
        for day, (name, words, _at) in zip(days, saved, strict=True)
    ]
    return [*_entries(contacts, "targeting"), Section("lists", rows)]


def _cost(contacts: Contacts, _language: str) -> list[Section]:
    every = entries(contacts, "cost")
    return [*_entries(contacts, "cost"), Section("total", [("sum", f"{total(every):.2f}")])]


def _entries(
    contacts: Contacts, kind: str, more: Callable[[Entry], list[tuple[str, str]]] | None = None
) -> list[Section]:
    names = [*FIELDS[kind][0], *FIELDS[kind][1]]
    found = [
        Section(
            "entries",
            [(name, one.values.get(name, "")) for name in names] + (more(one) if more else []),
            number,
        )
        for number, one in enumerate(entries(contacts, kind), 1)
    ]
    return found or [Section("entries", [])]


def _kept(name: str, language: str) -> str:
    one = classes()[name]
    return WORDS[language]["text.kept"].format(days=one.days, clock=one.clock(language))


def _count(contacts: Contacts, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    if "tenant" in table.c:
        query = query.where(table.c.tenant == contacts.tenant)
    with reading(contacts.engine) as connection:
        return math.floor(connection.execute(query).scalar_one())


_FILLED: dict[str, Callable[[Contacts, str], list[Section]]] = {
    "processing": _processing,
    "dpia": _dpia,
    "breach": _breach,
    "targeting": _targeting,
    "cost": _cost,
}
