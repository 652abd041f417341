"""Take a file of supporters into the campaign: look first, then import, once."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.contacts import people_columns, people_store
from analysis.contacts.contact_store import Contacts
from analysis.contacts.file_origins import Declared, check_declared
from analysis.contacts.people_columns import Proposal
from analysis.contacts.people_rows import Cleaned, clean
from analysis.contacts.people_store import TakenIn
from analysis.contacts.suppression import suppress_many
from analysis.database.engine import reading, writing
from analysis.errors import DataError, Text
from analysis.fieldwork.privacy import file_name
from analysis.readers.home_matching import match_homes
from analysis.readers.people_files import PeopleFile, read_people_file
from analysis.readers.roll_layout import is_roll
from analysis.tables.schema import commune_of
from analysis.tables.workspace import Workspace

_SAMPLE = 400
_POINTS = ("email", "phone")


@dataclass(frozen=True, slots=True)
class Looked:
    """A file before it is imported: what its columns seem to be, and of which system it is.

    Attributes
    ----------
    file
        As it was read.
    proposals
        In the order of its columns.
    export
        "nationbuilder", "zetkin", "qomon" or "".
    already
        Whether this very file was imported.
    """

    file: PeopleFile
    proposals: tuple[Proposal, ...]
    export: str
    already: bool


@dataclass(frozen=True, slots=True)
class AheadNumbers:
    """What an import will do in numbers and lines, with nobody's data.

    Attributes
    ----------
    rows, people, reached
        Rows of the file, people in them, those with a contact point.
    refused
        Line and reason.
    cells
        Cells left out by reason; their rows stay.
    claims, objections
        People whose yes is no consent; who do not want to be contacted.
    """

    rows: int
    people: int
    reached: int
    refused: tuple[tuple[int, str], ...]
    cells: tuple[tuple[str, int], ...]
    claims: int
    objections: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an import will do.

    Attributes
    ----------
    cleaned
        The people, and the rows refused.
    refused
        Rows by reason; with the people they sum to the rows of the file.
    rows
        Of the file.
    """

    cleaned: Cleaned
    refused: Mapping[str, int]
    rows: int

    @property
    def numbers(self) -> AheadNumbers:
        """Return the same without the people."""
        people = self.cleaned.people
        return AheadNumbers(
            rows=self.rows,
            people=len(people),
            reached=sum(bool(row.emails or row.phones) for row in people),
            refused=tuple((line, str(why)) for line, why in self.cleaned.refused),
            cells=tuple(self.cleaned.cells.items()),
            claims=sum(any(one.missing for one in row.claims) for row in people),
            objections=sum(row.objects for row in people),
        )


def look(contacts: Contacts, content: bytes, name: str) -> Looked:
    """Read a file and propose what its columns are.

    Parameters
    ----------
    contacts
        People of the campaign, which learned from files before.
    content, name
        The file.

    Returns
    -------
    Looked
        The file as read, a proposal a column, and whether it was imported already.

    Raises
    ------
    DataError
        When it is no table, or the electoral roll: nobody on it becomes a person of the campaign
        without an act of theirs.
    """
    file = read_people_file(content, name)
    with reading(contacts.engine) as connection:
        learned = people_columns.learned_columns(connection, contacts.tenant)
        already = people_store.known_file(connection, contacts, file.sha256) is not None
    proposals = _proposed(file, learned)
    if is_roll(file.headings, reachable=any(one.field in _POINTS for one in proposals)):
        raise DataError(
            "This is an electoral roll: nobody on it becomes a supporter without an act of theirs.",
            where="{file}",
            mend="Take it in as a roll, with the promise that was signed. Whoever signs up, at a "
            "door or on the public page, can be linked with it.",
            file=name,
        )
    return Looked(file, tuple(proposals), people_columns.export_of(file.headings), already)


def _proposed(file: PeopleFile, learned: Mapping[str, str]) -> list[people_columns.Proposal]:
    sample = [cells for _line, cells in file.rows[:_SAMPLE]]
    return people_columns.propose(file.headings, sample, learned)


def weigh(
    workspace: Path,
    file: PeopleFile,
    fields: Sequence[str],
    declared: Declared,
    *,
    today: dt.date | None = None,
) -> Ahead:
    """Return what an import would do; nothing is written.

    Parameters
    ----------
    workspace
        Folder of the workspace: its département tells how numbers are dialled.
    file
        As `look` read it.
    fields
        What each column is, in order.
    declared
        What is said of the file.
    today
        Day of the import; else found.

    Returns
    -------
    Ahead
        People, rows refused by reason, and how many rows there are.

    Raises
    ------
    DataError
        When a column cannot be what it is said to be.
    """
    people_columns.check_fields(fields)
    if len(fields) != len(file.headings):
        raise DataError(
            "The file has other columns than what was said of it.",
            where="{file}: {n} columns",
            mend="Say of each column what it is, or leave it out with ignore.",
            file=file.name,
            n=len(file.headings),
        )
    people_columns.check_kept(file.headings, fields)
    cleaned = clean(
        file.rows,
        list(zip(file.headings, fields, strict=True)),
        declared,
        departement=_departement(workspace),
        day=today or dt.datetime.now(dt.UTC).date(),
    )
    refused = sorted([*file.refused, *cleaned.refused], key=lambda one: one[0])
    whole = Cleaned(cleaned.people, refused, cleaned.cells)
    reasons: Counter[str] = Counter(why for _line, why in refused)
    return Ahead(whole, dict(reasons), len(file.rows) + len(file.refused))


def bring_people(
    contacts: Contacts,
    workspace: Path,
    file: PeopleFile,
    fields: Sequence[str],
    declared: Declared,
) -> TakenIn:
    """Import a file of people, whole or not at all; the same file again adds nothing.

    Parameters
    ----------
    contacts
        People of the campaign.
    workspace
        Folder of the workspace, whose addresses tell bureaux.
    file, fields, declared
        As for `weigh`.

    Returns
    -------
    TakenIn
        How many are new, met again and refused.

    Raises
    ------
    DataError
        When the file may not be used for a campaign, or a column is unsound.
    """
    rule = check_declared(declared)
    ahead = weigh(workspace, file, fields, declared)
    if rule.rule == "proof":
        _refuse_unproven(ahead)
    people = ahead.cleaned.people
    # First who must not be reached: a fault later leaves nobody reachable who objected.
    objecting = [
        (kind, one.canonical)
        for row in people
        if row.objects
        for kind, points in (("email", row.emails), ("phone", row.phones))
        for one in points
    ]
    if objecting:
        suppress_many(contacts, objecting, "unsubscribe")
    homes = _homes(workspace, ahead.cleaned)
    said = dict(zip(file.headings, fields, strict=True))
    with writing(contacts.engine) as connection:
        known = people_columns.learned_columns(connection, contacts.tenant)
        proposed = _proposed(file, known)
        changed = [(p.heading, f) for p, f in zip(proposed, fields, strict=True) if f != p.field]
        people_columns.learn(connection, contacts, changed, f"{time.time_ns():020d}")
        return people_store.take_in(
            connection,
            contacts,
            ahead.cleaned,
            file={
                "file": file_name(file.name, "people"),
                "sha256": file.sha256,
                "columns": said,
                "rows": ahead.rows,
            },
            declared=declared,
            rule=rule,
            homes=homes,
        )


def _refuse_unproven(ahead: Ahead) -> None:
    lacking = sum(
        not row.claims or any(claim.missing for claim in row.claims) for row in ahead.cleaned.people
    )
    if lacking:
        raise DataError(
            "A rented file is imported only with each person's own consent: text, date, channel "
            "and proof.",
            where="{n} people are without",
            mend="Ask the company for the proofs, or leave the file alone.",
            n=lacking,
        )


def _homes(workspace: Path, cleaned: Cleaned) -> pd.DataFrame:
    table = pd.DataFrame(
        [
            (row.number, row.street, row.known.get("postcode", ""), row.known.get("city", ""))
            for row in cleaned.people
        ],
        columns=["number", "street", "postcode", "city"],
        dtype="str",
    )
    return match_homes(table, Workspace(workspace).read("addresses"))


def _departement(workspace: Path) -> str:
    communes = commune_of(
        Workspace(workspace).read("turnout", columns=["bureau_id"])["bureau_id"].head(1)
    )
    return str(communes.iloc[0]) if len(communes) else ""


def told(done: TakenIn) -> list[Text]:
    """Return in words what an import did."""
    counts = done.counts
    if done.already:
        return [Text("This very file was imported before: nothing was added.")]
    said = [
        Text(
            "Rows: {rows}. New people: {new}; met again: {met}; refused: {refused}.",
            **{name: counts[name] for name in ("rows", "new", "met", "refused")},
        ),
        Text("In a bureau that is known: {homes}.", homes=counts["homes"]),
        Text(
            "Consents with text, date, channel and proof: {consents}.", consents=counts["consents"]
        ),
    ]
    if counts["claims"]:
        said.append(people_store.lacking_words(counts))
    if counts["objections"]:
        said.append(
            Text("Do not want to be contacted, and never will be: {n}.", n=counts["objections"])
        )
    return said
