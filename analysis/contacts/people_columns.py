"""What each column of a file of people is: proposed from heading and values, and learned."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts, insert_many
from analysis.database.contact_tables import LEARNED_COLUMNS
from analysis.errors import DataError, some

FIELDS = (
    *("email", "phone", "first_names", "used_name", "birth_name", "full_name", "birth_date"),
    *("address", "number", "address_more", "postcode", "city", "tags"),
    *("consent", "consent_date", "consent_text", "consent_channel", "consent_proof"),
    *("objection", "deceased", "ignore", "never"),
)
# Of several columns of these all are read; of the others one.
SEVERAL = frozenset(
    {"email", "phone", "tags", "objection", "deceased", "consent", "ignore", "never"}
)
_YEAR, _GROWN = re.compile(r"(?:19|20)\d\d"), 16
# This share of the filled cells must look like it.
_MOST = 0.6
# Who wants to be left alone, in the words of a heading or a cell: one that is missed is a fault.
LEAVE = re.compile(
    r"(?:^|^naccepte|ne\w*|(?<!mot)de)(?:pas(?!sage)|plus)\w*"
    r"(?:contact|appel|ecrire|demarch|sollicit|derang|mail|sms)"
    r"|desabonn|desinscri|^unsub|opt(?:ed)?out|^stop(?!p)|blacklist|listenoire|listerouge"
    r"|opposee?s?$|donot|dont(?:call|contact)"
    # That of a council is no wish.
    r"|^(?!.*(?:majorite|groupe|elue?s?d|conseill|municip|politi)).*opposition"
)
# By a heading of these a column is nothing else, whoever says so and whatever was learned.
_MAY_BE = {
    "never": ("never", "ignore"),
    "objection": ("objection",),
    "deceased": ("deceased",),
}
# A box of a form, and what stands around the name of a thing in one.
_AGREE = re.compile(
    r"^(?:jaccepte|jeconsens|jesouhaiterecevoir|jeveuxrecevoir)"
    r"|^(?!.*(?:pas|plus|stop|desa|desi))(?:accept|abonn|inscri|souhait|veut|accord)\w*"
    r"(?:newsletter|lettre|mail|sms|appel)"
)
_AROUND = re.compile(r"^(?:votre|vos)|(?:adherente?|ducontact)$")
# « Nom » is the one of birth where another column says the one in use.
_IN_USE = frozenset({"nomdusage", "nomusuel", "nommarital", "marriedname", "nomdepouse"})
_LOOKS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    # Nine digits at least, two numbers with a word between them too.
    "phone": re.compile(r"(?=(?:\D*\d){9})[\d\s.,;()/+|-]*(?:(?:ou|et|or|and)[\d\s.()/+-]+)?"),
    "birth_date": re.compile(
        r"(\d{1,2}[/.-]\d{1,2}[/.-](19|20)\d\d|(19|20)\d\d-\d\d-\d\d)( 0?0:00.*)?"
    ),
    "postcode": re.compile(r"\d{5}"),
    "address": re.compile(
        r"\d+.*\b(rue|avenue|av|bd|boulevard|place|chemin|impasse|allee|allée|quai|route|cours)\b.*",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a column seems to be.

    Attributes
    ----------
    heading
        As it stands in the file.
    field
        One of `FIELDS`.
    why
        "learned", the name of an export, "heading", "values", or "" for nothing known.
    """

    heading: str
    field: str
    why: str


@cache
def _table() -> dict[str, Any]:
    text = (files("analysis.contacts") / "people_columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _by_heading() -> dict[str, str]:
    headings: dict[str, list[str]] = _table()["headings"]
    return {plain_heading(name): field for field, names in headings.items() for name in names}


def plain_heading(heading: str) -> str:
    """Return a heading in small letters and digits only: « E-mail (perso) » is `emailperso`."""
    text = unicodedata.normalize("NFKD", heading.strip().lower())
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in text if not unicodedata.combining(c)))


def export_of(headings: Sequence[str]) -> str:
    """Return which system exported a file; "" where none is known."""
    known = {heading.strip().lower() for heading in headings}
    exports: dict[str, Any] = _table()["exports"]
    return next((name for name, one in exports.items() if known >= set(one["marks"])), "")


def propose(
    headings: Sequence[str], rows: Sequence[Sequence[str]], learned: Mapping[str, str]
) -> list[Proposal]:
    """Return what each column of a file seems to be, in the order of the file.

    Parameters
    ----------
    headings
        As they stand in the file.
    rows
        Some of its rows, each as long as the headings.
    learned
        Field by `plain_heading`, from files before.

    Returns
    -------
    list of Proposal
        A field that one column alone may have goes to the first; later ones are ignored.
    """
    export, married = export_of(headings), {*map(plain_heading, headings)} & _IN_USE
    theirs: dict[str, str] = _table()["exports"][export]["columns"] if export else {}
    taken: set[str] = set()
    found = []
    for at, heading in enumerate(headings):
        cells = [row[at] for row in rows if row[at].strip()]
        one = _propose(heading, cells, learned, (export, theirs))
        if one.why == "heading" and married and plain_heading(heading) == "nom":
            one = Proposal(heading, "birth_name", "heading")
        if one.field in taken - SEVERAL:
            one = Proposal(heading, "ignore", "")
        taken.add(one.field)
        found.append(one)
    return found


def _propose(
    heading: str,
    cells: Sequence[str],
    learned: Mapping[str, str],
    export: tuple[str, Mapping[str, str]],
) -> Proposal:
    key = plain_heading(heading)
    name, theirs = export
    field = _by_name(heading, theirs)
    if key in learned and learned[key] in _MAY_BE.get(field, FIELDS):
        return Proposal(heading, learned[key], "learned")
    if heading.strip().lower() in theirs:
        return Proposal(heading, field, name)
    if field and not _denied(field, cells):
        return Proposal(heading, field, name or "heading")
    seen = next((one for one in _LOOKS if cells and _share(cells, one) >= _MOST), "")
    return Proposal(heading, seen, "values") if seen else Proposal(heading, "ignore", "")


def _by_name(heading: str, theirs: Mapping[str, str]) -> str:
    """Return what a heading says of its column, whatever stands in it; "" for nothing known."""
    if field := theirs.get(heading.strip().lower()):
        return field
    key = plain_heading(heading)
    field = _by_heading().get(key, "") or _within(key)
    field = field or ("consent" if _AGREE.search(key) else "")
    return field or ("objection" if LEAVE.search(key) else "")


def check_kept(headings: Sequence[str], fields: Sequence[str]) -> None:
    """Refuse to read opinions as something else, or to leave out who asked to be left alone.

    Parameters
    ----------
    headings
        As they stand in the file.
    fields
        What each column is said to be.

    Raises
    ------
    DataError
        Naming the headings.
    """
    export = export_of(headings)
    theirs: dict[str, str] = _table()["exports"][export]["columns"] if export else {}
    wrong = [
        heading
        for heading, field in zip(headings, fields, strict=True)
        if field not in _MAY_BE.get(_by_name(heading, theirs), FIELDS)
    ]
    if wrong:
        raise DataError(
            "What a heading says of opinions, of a wish to be left alone or of a death cannot be "
            "said otherwise.",
            where="{headings}",
            mend="Leave these columns as they are proposed. One that means something else gets "
            "another heading in the file.",
            headings=some(wrong),
        )


def _within(key: str) -> str:
    """Return what a heading is without the words around it; a member's number is of no house."""
    field = _by_heading().get(_AROUND.sub("", key), "")
    return "" if field == "number" else field


def _denied(field: str, cells: Sequence[str]) -> bool:
    """Tell whether the values speak against a heading: « mail » without, « contact » with mails."""
    if not cells:
        return False
    if field in ("email", "phone"):
        return _share(cells, field) < 1 - _MOST
    return field == "full_name" and max(_share(cells, one) for one in ("email", "phone")) >= _MOST


def _share(cells: Sequence[str], field: str) -> float:
    looks = _LOOKS[field]
    met = [cell for cell in cells if looks.fullmatch(cell.strip())]
    if field == "birth_date":
        # Dates of these years are when somebody signed or came, and would make all of them minors.
        met = [cell for cell in met if int(_YEAR.findall(cell)[0]) <= date.today().year - _GROWN]
    return len(met) / len(cells)


def check_fields(fields: Sequence[str]) -> None:
    """Refuse columns that are nothing we know, twice the same, or name nobody.

    Raises
    ------
    DataError
        In these cases.
    """
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise DataError(
            "A column cannot be this.",
            where="{unknown}",
            mend="Choose among {known}.",
            unknown=some(unknown),
            known=some(FIELDS, most=len(FIELDS)),
        )
    if twice := sorted({f for f in fields if fields.count(f) > 1} - SEVERAL):
        raise DataError(
            "Two columns are said to be the same thing.",
            where="{twice}",
            mend="Leave one of them out.",
            twice=some(twice),
        )
    if not {"email", "phone", "used_name", "birth_name", "full_name"} & set(fields):
        raise DataError(
            "No column of this file says who the people are.",
            mend="Say which column is the name, the e-mail or the telephone.",
        )


def learned_columns(connection: Connection, tenant: str) -> dict[str, str]:
    """Return what headings were said to be before: field by `plain_heading`, the latest holds."""
    query = sa.select(LEARNED_COLUMNS.c.heading, LEARNED_COLUMNS.c.field)
    query = query.where(LEARNED_COLUMNS.c.tenant == tenant).order_by(LEARNED_COLUMNS.c.version)
    return {str(heading): str(field) for heading, field in connection.execute(query)}


def learn(
    connection: Connection, contacts: Contacts, said: Sequence[tuple[str, str]], version: str
) -> None:
    """Keep what headings were said to be, for the next file.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    contacts
        The campaign.
    said
        Heading and field of the columns of which somebody said that the proposal was wrong: what
        one file makes the program propose is no knowledge about the next. Nor is a heading that
        stands twice.
    version
        Sorts after those before.
    """
    keys = [plain_heading(heading)[:64] for heading, _field in said]
    rows = {
        key: field
        for key, (_heading, field) in zip(keys, said, strict=True)
        if key and keys.count(key) == 1
    }
    stamp = contacts.stamp()
    insert_many(
        connection,
        LEARNED_COLUMNS,
        [{"heading": key, "version": version, "field": f, **stamp} for key, f in rows.items()],
    )
