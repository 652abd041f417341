"""Approval: what may leave, to whom, by somebody other than its author, and never changed after."""

from __future__ import annotations

import json
import secrets
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts, Controller, Round, insert_many
from analysis.contacts.universe_ground import Ground
from analysis.database.engine import lock, reading, writing
from analysis.database.message_tables import APPROVALS, DELIVERIES, HALTS, MESSAGES
from analysis.errors import DataError, some
from analysis.messages.control import Draw, Terms, draw
from analysis.messages.drafts import Draft, is_approved
from analysis.messages.letter_layout import Filled, Links, lay_out
from analysis.messages.letter_links import bounce_secret, kept, leave_secret
from analysis.messages.letter_preview import shown
from analysis.messages.preflight import Check, Records, from_a_name, preflight, refuse_bad
from analysis.messages.recipients import lacking, recipients, values_of

LOOKED_AT = 10
_SEED_BITS = 48
_MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be approved.

    Attributes
    ----------
    draft
        The message.
    draw
        To whom, and who is kept for comparison.
    refused
        How many of the universe are left out, by rule.
    checks
        What was looked at.
    samples
        The message as ten of its recipients would get it.
    terms
        How it was drawn.
    election
        For which abstention was expected; "" where it was not asked for.
    """

    draft: Draft
    draw: Draw
    refused: Mapping[str, int]
    checks: tuple[Check, ...]
    samples: tuple[Filled, ...]
    terms: Terms = Terms()
    election: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a message is prepared.

    Attributes
    ----------
    ground
        Facts of the place.
    base
        Address of the server, as others reach it.
    server
        Whether a mail server is named.
    records
        Reads what the domain of who writes publishes; None where nobody asks the network.
    past
        Turnout of bureaux at past votes, as `control.draw` takes it; None where nobody knows.
    election
        For which `ground` expects abstention; "" where it is not asked for.
    sender
        Name or number that texts come from; "" where the gateway alone knows.
    """

    ground: Ground
    base: str
    server: bool = False
    records: Records | None = None
    past: pd.DataFrame | None = None
    election: str = ""
    sender: str = ""


def prepare(
    contacts: Contacts,
    draft: Draft,
    setting: Setting,
    *,
    seed: int | None = None,
    terms: Terms = Terms(),  # noqa: B008 - it cannot change
) -> Prepared:
    """Return what would be approved: who, what is wrong, ten real messages. Nothing is written.

    Parameters
    ----------
    contacts
        The campaign.
    draft
        The message.
    setting
        Where.
    seed
        Of the draw of the control; None draws one.
    terms
        Who is kept for comparison; the subjects are those of the letter.

    Returns
    -------
    Prepared
        The draw, how many each rule refuses, the checks, and the messages as they would read.

    Raises
    ------
    DataError
        When nobody may be written to, or a variable has no value for somebody.
    """
    checks = preflight(
        draft.letter,
        contacts.controller,
        setting.base,
        server=setting.server,
        records=setting.records,
    )
    if draft.letter.channel == "sms":
        checks += from_a_name(setting.sender)
    found = recipients(contacts, draft, setting.ground)
    if not found.people:
        raise DataError(
            "Nobody of this universe may be written to.",
            where="{rules}",
            mend="Widen the universe, or ask people for their consent.",
            rules=some([f"{rule}: {n}" for rule, n in found.refused.items()], most=9),
        )
    chosen = secrets.randbits(_SEED_BITS) if seed is None else seed
    terms = replace(terms, subjects=bool(draft.letter.subject_b))
    drawn = draw(found.people, found.bureau, seed=chosen, terms=terms, past=setting.past)
    samples = _rendered(contacts, draft, setting, drawn)
    refused, election = found.refused, setting.election
    return Prepared(draft, drawn, refused, tuple(checks), samples, terms, election)


def _rendered(
    contacts: Contacts, draft: Draft, setting: Setting, drawn: Draw
) -> tuple[Filled, ...]:
    """Fill the texts for everybody, and return the whole for ten."""
    people = drawn.table["person"].tolist()
    layout = lay_out(draft.letter, contacts.controller, themed=draft.themed)
    language = draft.letter.language
    faults: dict[str, int] = {}
    samples: list[Filled] = []
    for start in range(0, len(people), _MOST_AT_ONCE):
        part = people[start : start + _MOST_AT_ONCE]
        with reading(contacts.engine) as connection:
            values = values_of(connection, contacts, part, setting.ground, language)
        for why, n in lacking(draft, values).items():
            faults[why] = faults.get(why, 0) + n
        if not start and not faults:
            links = Links(f"{setting.base}/u/…", f"{setting.base}/p/{contacts.tenant}")
            samples = [shown(layout, layout.fill(values[one], links)) for one in part[:LOOKED_AT]]
    if faults:
        raise DataError(
            "Some recipients lack what the message says of them: {faults}.",
            mend='Give what stands instead, such as {example}, or "if … is defined".',
            faults=some([f"{why} ({n})" for why, n in faults.items()]),
            example='{{ first_name | default("") }}',
        )
    return tuple(samples)


def approve(contacts: Contacts, prepared: Prepared) -> None:
    """Let a message leave: it is frozen, with its recipients. Who is at work approves.

    Parameters
    ----------
    contacts
        The campaign.
    prepared
        What `prepare` returned, and somebody looked at.

    Raises
    ------
    DataError
        When its author approves it, nobody is named, something is wrong with it, or it was
        changed or approved meanwhile.
    """
    draft = prepared.draft
    refuse_bad(list(prepared.checks))
    if not contacts.by or _one_name(contacts.by) == _one_name(draft.author):
        raise DataError(
            "A message is approved by somebody other than its author.",
            where="{author}",
            mend="Let another person look at it and approve it under their own name.",
            author=draft.author or "–",
        )
    with writing(contacts.engine) as connection:
        lock(connection, [f"message {draft.message}"])
        _refuse_changed(connection, contacts, draft)
        connection.execute(sa.insert(APPROVALS).values(**_row(contacts, prepared)))
        insert_many(connection, DELIVERIES, _deliveries(contacts, prepared))


def _one_name(text: str) -> str:
    """Return a name as it is compared: capitals, widths and spaces make no second person."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _refuse_changed(connection: Connection, contacts: Contacts, draft: Draft) -> None:
    newest = sa.select(sa.func.max(MESSAGES.c.version)).where(
        MESSAGES.c.tenant == contacts.tenant, MESSAGES.c.message == draft.message
    )
    if is_approved(connection, contacts, draft.message):
        raise DataError("This message was approved: it stays as it is.", mend="Write a new one.")
    if connection.execute(newest).scalar_one() != draft.version:
        raise DataError(
            "The message was changed since it was looked at.",
            mend="Look at its last version, then approve that one.",
        )


def _row(contacts: Contacts, prepared: Prepared) -> dict[str, Any]:
    draft, who = prepared.draft, contacts.controller
    # The worker fills the letter with the facts that were looked at: it has to know of which vote.
    control = prepared.draw.to_dict() | asdict(prepared.terms) | {"election": prepared.election}
    return {
        "tenant": contacts.tenant,
        "message": draft.message,
        "version": draft.version,
        "sha256": draft.letter.sha256,
        "author": draft.author,
        "approved_by": contacts.by,
        "controller": json.dumps(asdict(who), ensure_ascii=False),
        "notice": who.contact,
        "sponsor": who.sponsor,
        "election": who.election,
        "refused": json.dumps(dict(prepared.refused)),
        "control": json.dumps(control),
        "seed": prepared.draw.seed,
        "seal": prepared.draw.seal,
        "at_s": int(time.time()),
    }


def _deliveries(contacts: Contacts, prepared: Prepared) -> list[dict[str, Any]]:
    message, ring = prepared.draft.message, contacts.ring
    return [
        {
            "tenant": contacts.tenant,
            "message": message,
            "person": row.person,
            "arm": row.arm,
            "variant": row.variant,
            "block": row.block,
            "cell": row.cell,
            "leave": kept(leave_secret(ring, message, row.person)),
            "bounce": kept(bounce_secret(ring, message, row.person)),
            "turn": n,
        }
        for n, row in enumerate(prepared.draw.table.itertuples())
    ]


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved: version, digest, by whom, and who answered for the campaign then."""

    version: int
    sha256: str
    author: str
    approved_by: str
    controller: Controller
    refused: Mapping[str, int]
    control: Mapping[str, Any]
    seed: int
    seal: str
    at_s: int
    halted: str


def approval_of(contacts: Contacts, message: str) -> Approval | None:
    """Return the approval of a message; None where it has none."""
    query = sa.select(APPROVALS).where(
        APPROVALS.c.tenant == contacts.tenant, APPROVALS.c.message == message
    )
    halts = sa.select(HALTS.c.reason).where(
        HALTS.c.tenant == contacts.tenant, HALTS.c.message == message
    )
    with reading(contacts.engine) as connection:
        row = connection.execute(query).mappings().first()
        halted = connection.execute(halts.limit(1)).scalar_one_or_none()
    if row is None:
        return None
    told = json.loads(row["controller"])
    rounds = tuple(Round(**one) for one in told.pop("rounds"))
    names = ("version", "sha256", "author", "approved_by", "seed", "seal", "at_s")
    return Approval(
        **{name: row[name] for name in names},
        controller=Controller(**told, rounds=rounds),
        refused=json.loads(row["refused"]),
        control=json.loads(row["control"]),
        halted=halted or "",
    )


def halt(contacts: Contacts, message: str, reason: str) -> None:
    """Stop a message for good, between two recipients: what left has left.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    reason
        Why, in words that name nobody.
    """
    row = {"message": message, "halt": secrets.token_hex(8), "reason": reason.strip()}
    with writing(contacts.engine) as connection:
        connection.execute(sa.insert(HALTS).values(**row, **contacts.stamp()))


def is_sealed(contacts: Contacts, message: str) -> bool:
    """Tell whether drawing again from the seed gives the recipients and controls of the store."""
    approval = approval_of(contacts, message)
    if approval is None:
        return False
    names = (DELIVERIES.c.person, DELIVERIES.c.arm, DELIVERIES.c.cell, DELIVERIES.c.variant)
    query = sa.select(*names).where(
        DELIVERIES.c.tenant == contacts.tenant, DELIVERIES.c.message == message
    )
    with reading(contacts.engine) as connection:
        rows = [tuple(map(str, row)) for row in connection.execute(query)]
    again = draw(
        [row[0] for row in rows],
        {row[0]: row[2] for row in rows},
        seed=approval.seed,
        terms=terms_of(approval),
    )
    drawn = again.table[["person", "arm", "cell", "variant"]]
    made = set(drawn.itertuples(index=False, name=None))
    return again.seal == approval.seal and made == set(rows)


_TERMS = ("whole_bureaux", "subjects", "compares", "loads")


def terms_of(approval: Approval) -> Terms:
    """Return how an approved message was drawn."""
    told = approval.control
    known = {name: told[name] for name in _TERMS if name in told}
    return Terms(bool(told["controls"]), **known)
