"""Fill the registers from what the campaign wrote down and what the program knows of itself."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from analysis.charts.chart_words import say
from analysis.contacts.contact_store import Contacts
from analysis.contacts.erasure import left_before
from analysis.contacts.registers import FIELDS, Entry, amount_of, entries, total
from analysis.contacts.retention import classes
from analysis.database.contact_tables import (
    CONTACTS,
    REQUESTS,
    ROLL_ROWS,
    UNIVERSES,
)
from analysis.database.engine import reading
from analysis.database.message_tables import DELIVERIES
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError, some
from analysis.exports.reports.register_pdf import KINDS, WORDS, Section, register_text
from analysis.i18n import format_day, format_number, told
from analysis.messages.approve import approval_of
from analysis.messages.drafts import draft_of, drafts
from analysis.tables.workspace import is_invented
from analysis.workflows import people_shown

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
    day = format_day(today or datetime.now(UTC).date(), language=language)
    who = contacts.controller
    sections = [_who(contacts, language), *_FILLED[kind](contacts, language)]
    # The id of a campaign says nothing to who reads a register.
    place = who.name
    if is_invented(folder):
        place = f"{place} ({say('fictional', language)})".strip()
    return register_text(kind, sections, place=place, day=day, language=language)


def _day(text: str, language: str) -> str:
    return format_day(date.fromisoformat(text), language=language)


def _day_of(at_s: int, language: str) -> str:
    return format_day(datetime.fromtimestamp(at_s, UTC).date(), language=language)


def _number(n: float, language: str, digits: int = 0) -> str:
    return format_number(n, digits, language=language)


def _who(contacts: Contacts, language: str) -> Section:
    who = contacts.controller
    rounds = "; ".join(f"{_day(one.date, language)} ({one.territory})" for one in who.rounds)
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
        "roll": (ROLL_ROWS, "people", "roll"),
        "supporters": (None, "people", "inactive"),
        "messages": (DELIVERIES, "letters", ""),
        "calls": (CONTACTS, "calls", ""),
        "doors": (ATTEMPTS, "visits", ""),
        "duties": (REQUESTS, "requests", "requests"),
    }
    left = left_before(contacts)
    found = []
    for name, (table, what, kept) in counts.items():
        rows = [(part, say[f"text.{name}_{part}"]) for part in ("purpose", "basis", "data")]
        # People as the page Contacts counts them: who was merged with somebody is one.
        n = people_shown.counts(contacts)["people"] if table is None else _count(contacts, table)
        rows.append((what, _number(n, language)))
        rows.append(("recipients", say.get(f"text.recipients_{name}", say["text.recipients"])))
        rows += [("kept", _kept(kept, language))] if kept else []
        found.append(Section(name, rows))
    files = say["text.files"].format(
        files=_number(len(left), language),
        rows=_number(sum(rows for _at, _what, rows in left), language),
    )
    return [*found, Section("security", [*_measures(language), ("left_as_files", files)])]


def _dpia(contacts: Contacts, language: str) -> list[Section]:
    say = WORDS[language]
    risks = [("risk", say[f"text.risk_{one}"]) for one in ("opinion", "leak", "reuse", "pressure")]
    reviews = [
        f"{_day(one.values['day_on'], language)}: {one.values['what']}"
        for one in entries(contacts, "review")
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


def _breach(contacts: Contacts, language: str) -> list[Section]:
    def clock(one: Entry) -> list[tuple[str, str]]:
        end = date.fromisoformat(one.values["found_on"]) + _CNIL
        return [("within", format_day(end, language=language))]

    return _entries(contacts, "breach", language, clock)


def _targeting(contacts: Contacts, language: str) -> list[Section]:
    query = sa.select(UNIVERSES.c.name, UNIVERSES.c.words, UNIVERSES.c.at_s).where(
        UNIVERSES.c.tenant == contacts.tenant
    )
    with reading(contacts.engine) as connection:
        saved = connection.execute(query.order_by(UNIVERSES.c.at_s)).all()
    say = WORDS[language]
    rows = [
        (
            "universe",
            say["text.list"].format(
                day=_day_of(at, language), name=name, words=json.loads(words).get(language, "")
            ),
        )
        for name, words, at in saved
    ]
    return [
        *_entries(contacts, "targeting", language),
        Section("sent", _sent(contacts, language)),
        Section("lists", rows),
    ]


def _sent(contacts: Contacts, language: str) -> list[tuple[str, str]]:
    """Return a line for each message that was approved: what the law asks of its targeting."""
    say, rows = WORDS[language], []
    for one in reversed(drafts(contacts)):
        approval = approval_of(contacts, str(one["message"]))
        if approval is None:
            continue
        draft = draft_of(contacts, str(one["message"]))
        line = say["text.message_themed" if draft.themed else "text.message"].format(
            day=_day_of(approval.at_s, language),
            name=draft.name,
            who=told(draft.universe.sentence, language),
            letters=_number(int(approval.control["letters"]), language),
            sponsor=approval.controller.sponsor,
            election=approval.controller.election,
        )
        rows.append(("message", line))
    return rows


def _cost(contacts: Contacts, language: str) -> list[Section]:
    whole = _number(float(total(entries(contacts, "cost"))), language, 2)
    return [*_entries(contacts, "cost", language), Section("total", [("sum", whole)])]


def _entries(
    contacts: Contacts,
    kind: str,
    language: str,
    more: Callable[[Entry], list[tuple[str, str]]] | None = None,
) -> list[Section]:
    names = [*FIELDS[kind][0], *FIELDS[kind][1]]
    found = [
        Section(
            "entry",
            [(name, _written(name, one.values.get(name, ""), language)) for name in names]
            + (more(one) if more else []),
            number,
        )
        for number, one in enumerate(entries(contacts, kind), 1)
    ]
    return found or [Section("entries", [])]


def _written(name: str, text: str, language: str) -> str:
    """Return a value as readers of a language write it."""
    if text and name.endswith("_on"):
        return _day(text, language)
    if text and name == "amount":
        return _number(float(amount_of(text)), language, 2)
    return text


def _kept(name: str, language: str) -> str:
    one = classes()[name]
    text = WORDS[language]["text.kept" if one.days else "text.kept_until"]
    return text.format(days=_number(one.days, language), clock=one.clock(language))


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
