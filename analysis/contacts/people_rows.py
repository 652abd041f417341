"""Rows of a file of people in our spelling: who, contact points, home, and what they agreed to."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.contacts.file_origins import Declared
from analysis.contacts.normalise import Point, is_mobile, name_words, read_email, read_phones
from analysis.contacts.people_columns import LEAVE, plain_heading
from analysis.errors import Text
from analysis.geography.way_names import split_house
from analysis.tables.written_days import DAY, iso, order_of

_YES = {"1", "x", "oui", "yes", "o", "y", "true", "vrai", "ok", "accepte", "accepted", "optin"}
# Of a wish to be left alone "refuse" says yes; of a consent it says no.
_NOT = {"0", "non", "no", "n", "false", "faux"}
_NO_WISH = re.compile(r"(?:non|pas|aucune?|sans)d?e?(?:oppos|desabonn|desinscri)")
# What is filled in where there is nothing to tell, and what says yes: neither proves anything.
_TELLS_NOTHING = re.compile(
    r"|nc|na|ns|nr|neant|aucune?|rien|sans|inconnue?|unknown|none|null|nil|nan|vide|perdue?|manquante?"
)
_NO = _NOT | {"refuse", "optout", "unsubscribed", "desabonne"}
_ISO = re.compile(r"(\d{4})[/.\-](\d\d?)[/.\-](\d\d?)(?:\D.*)?")
_CHANNELS = {
    "email": ("email", "mail", "courriel", "mel"),
    "sms": ("sms", "texto", "mobile", "portable"),
    "phone": ("phone", "telephone", "tel", "appel", "call"),
}
# Signs that turn the direction of a text or have no width: a name must read as it is written.
_UNSEEN = dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
# Whoever is a year or more under voting age is left out.
VOTING_AGE = 18
_OLDEST = 125
_DATED = ("birth_date", "consent_date", "consent")


@dataclass(frozen=True, slots=True)
class Claim:
    """A yes in a file: for a channel ("" where none is told), and what it lacks to be a consent."""

    channel: str
    said_on: dt.date | None
    text: str
    proof: str

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what is lacking: text, date, channel, proof."""
        have = {
            "text": self.text,
            "date": self.said_on,
            "channel": self.channel,
            "proof": self.proof,
        }
        return tuple(name for name, value in have.items() if not value)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a row of a file tells of them.

    Attributes
    ----------
    line
        Of the file.
    known
        Fields of the vault that are not contact points.
    emails, phones
        The first is the one that is used; mobiles come first.
    number, street
        Parts of the address, as written.
    tags, claims, objects
        What the file says of them; whether it says not to contact them.
    """

    line: int
    known: Mapping[str, str] = field(repr=False)
    emails: tuple[Point, ...] = field(repr=False)
    phones: tuple[Point, ...] = field(repr=False)
    number: str = field(repr=False)
    street: str = field(repr=False)
    tags: tuple[str, ...]
    claims: tuple[Claim, ...] = field(repr=False)
    objects: bool


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a file holds: people, rows refused by line, and cells left out by reason."""

    people: list[PersonRow]
    refused: list[tuple[int, Text]]
    cells: Mapping[str, int]


def clean(
    rows: Iterable[tuple[int, Sequence[str]]],
    columns: Sequence[tuple[str, str]],
    declared: Declared,
    *,
    departement: str = "",
    day: dt.date,
) -> Cleaned:
    """Return the people of a file.

    Parameters
    ----------
    rows
        Line and cells.
    columns
        Heading and field of `people_columns.FIELDS`, in the order of the cells.
    declared
        What is said of the whole file.
    departement
        Where numbers are dialled.
    day
        Of the import: who is under age then is left out.

    Returns
    -------
    Cleaned
        Every row is among the people or the refused, these by line with the reason.
    """
    people: list[PersonRow] = []
    refused: list[tuple[int, Text]] = []
    cells: Counter[str] = Counter()
    rows = list(rows)
    # Each column by itself: two tools wrote them, maybe.
    orders = {
        heading: order_of(_dated(rows, at))
        for at, (heading, name) in enumerate(columns)
        if name in _DATED
    }
    for line, values in rows:
        told: dict[str, list[tuple[str, str]]] = {}
        for (heading, name), cell in zip(columns, values, strict=True):
            if value := cell.translate(_UNSEEN).strip():
                read = iso(value, orders[heading]) if heading in orders else value
                # A yes of a day that may be two is a yes of no day.
                read = "x" if read == "?" and name == "consent" else read
                told.setdefault(name, []).append((heading, read))
        row = _person(line, told, declared, departement, cells)
        if why := _dead(told) or _fault(row, day):
            refused.append((line, why))
        else:
            people.append(row)
    return Cleaned(people, refused, dict(cells))


def _dated(rows: Sequence[tuple[int, Sequence[str]]], at: int) -> Iterator[str]:
    return (values[at] for _line, values in rows)


def _dead(told: Mapping[str, Sequence[tuple[str, str]]]) -> Text | None:
    # A date, a cross, « DCD »: whatever is no « no ».
    marks = [value for _heading, value in told.get("deceased", ()) if _plain(value) not in _NO]
    return Text("has died, as the file says") if marks else None


def _fault(row: PersonRow, day: dt.date) -> Text | None:
    if not (row.emails or row.phones or row.known.get("used_name") or row.known.get("birth_name")):
        return Text("neither a name nor a contact point that can be read")
    born = row.known.get("birth_date", "")
    if born and (day - dt.date.fromisoformat(born)).days < (VOTING_AGE - 1) * 365.25:
        return Text("a year or more under voting age")
    return None


def _person(
    line: int,
    told: Mapping[str, Sequence[tuple[str, str]]],
    declared: Declared,
    departement: str,
    cells: Counter[str],
) -> PersonRow:
    def first(name: str) -> str:
        return told[name][0][1] if name in told else ""

    known = {
        name: first(name) for name in ("birth_name", "used_name", "first_names") if name in told
    }
    if "used_name" not in known and "birth_name" not in known and "full_name" in told:
        known |= _split_name(first("full_name"))
    if "birth_date" in told:
        if born := read_date(first("birth_date")):
            known["birth_date"] = born.isoformat()
        else:
            cells[Text("a birth date that cannot be read")] += 1
    number, street = split_address(first("number"), first("address"))
    whole = " ".join(part for part in (number, street) if part)
    more = {"address": whole, "postcode": _postcode(first("postcode")), "city": first("city")}
    emails, phones = _points(told, more["postcode"][:3] or departement, cells)
    against = [value for _heading, value in told.get("objection", ())]
    if not all(_objects(value) or _objects_not(value) for value in against):
        cells[Text("a wish about contacts that cannot be read")] += 1
    return PersonRow(
        line=line,
        known=known | {name: value for name, value in more.items() if value},
        emails=emails,
        phones=phones,
        number=number,
        street=street,
        tags=tuple(_tags(told.get("tags", ()))),
        claims=tuple(_claims(told, declared)),
        # Not to have ticked a box is no objection.
        objects=any(map(_objects, against)),
    )


def _points(
    told: Mapping[str, Sequence[tuple[str, str]]], departement: str, cells: Counter[str]
) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    emails: dict[str, Point] = {}
    for _heading, cell in told.get("email", ()):
        for part in re.split(r"[;,\s]+(?=\S+@)", cell):
            found = read_email(part)
            if isinstance(found, Point):
                emails.setdefault(found.canonical, found)
            else:
                cells[found] += 1
    phones: dict[str, Point] = {}
    for _heading, cell in told.get("phone", ()):
        points, reasons = read_phones(cell, departement)
        phones |= {one.canonical: one for one in points if one.canonical not in phones}
        cells.update(reasons)
    ordered = sorted(phones.values(), key=lambda one: not is_mobile(one.canonical))
    return tuple(emails.values()), tuple(ordered)


def read_date(text: str) -> dt.date | None:
    """Return a date as people write it, day first; None where it is none of this age."""
    try:
        if found := _ISO.fullmatch(text.strip()):
            day = dt.date(int(found[1]), int(found[2]), int(found[3]))
        elif found := DAY.fullmatch(text.strip()):
            day = dt.date(int(found[3]), int(found[2]), int(found[1]))
        else:
            return None
    except ValueError:
        return None
    today = dt.datetime.now(dt.UTC).date()
    return day if today.year - _OLDEST <= day.year and day <= today else None


def _split_name(whole: str) -> dict[str, str]:
    """Return first and family name of one cell, such as « DURAND Jean » or « Durand, Jean »."""
    if "," in whole:
        family, _comma, first = whole.partition(",")
        return {"used_name": family.strip(), "first_names": first.strip()}
    words = whole.split()
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    if capitals and len(capitals) < len(words):
        others = [word for word in words if word not in capitals]
        return {"used_name": " ".join(capitals), "first_names": " ".join(others)}
    if len(words) < 2:
        return {"used_name": whole}
    return {"first_names": words[0], "used_name": " ".join(words[1:])}


def split_address(number: str, address: str) -> tuple[str, str]:
    """Return number and street, where the number stands before the street."""
    return (number, address.strip()) if number else split_house(address)


def _postcode(text: str) -> str:
    digits = re.sub(r"\s", "", text)
    # A spreadsheet takes the zero of Ain.
    return digits.zfill(5) if digits.isdecimal() and len(digits) in (4, 5) else text.strip()


def _tags(cells: Iterable[tuple[str, str]]) -> list[str]:
    every: list[str] = []
    for heading, cell in cells:
        if _plain(cell) in _YES:
            every.append(heading)  # a column of its own for one tag
        elif _plain(cell) not in _NO:
            every += [part.strip() for part in re.split(r"[,;|]", cell)]
    return list(dict.fromkeys(tag[:32] for tag in every if tag))


def _claims(told: Mapping[str, Sequence[tuple[str, str]]], declared: Declared) -> Iterable[Claim]:
    def one(name: str) -> str:
        return told[name][0][1] if name in told else ""

    for heading, value in told.get("consent", ()):
        if not _says(value):
            continue
        channels = channels_in(one("consent_channel")) or channels_in(heading) or [""]
        on = read_date(one("consent_date")) or read_date(value)
        text = _told(one("consent_text")) or _told(declared.consent_text)
        proof = _told(one("consent_proof")) or _told(declared.consent_proof)
        yield from (Claim(channel, on, text, proof) for channel in channels)


def _told(text: str) -> str:
    """Return the text or proof of a yes; "" where a cell tells of none: « - », « oui », « n/a »."""
    plain = _plain(text)
    nothing = _TELLS_NOTHING.fullmatch(plain) or plain in _YES | _NO
    return "" if nothing else text.strip()


def channels_in(text: str) -> list[str]:
    """Return the channels that a heading or a cell names."""
    words = set(name_words(re.sub(r"[_\-]", " ", text)))
    joined = "".join(sorted(words)) if len(words) == 1 else ""
    return [
        channel
        for channel, names in _CHANNELS.items()
        if words & set(names) or any(joined.startswith(name) for name in names if len(name) > 3)
    ]


def _plain(value: str) -> str:
    return plain_heading(value)


def _objects(value: str) -> bool:
    """Tell whether a cell says that somebody wants to be left alone."""
    plain = _plain(value)
    wishes = LEAVE.search(plain) is not None or plain.startswith(("refus", "oppos", "soppos"))
    return _says(value) or (wishes and not _objects_not(value))


def _objects_not(value: str) -> bool:
    """Tell whether a cell says that somebody has no such wish: « pas d'opposition »."""
    plain = _plain(value)
    return plain in _NOT or _NO_WISH.match(plain) is not None


def _says(value: str) -> bool:
    """Tell whether a cell says yes: a word for it, or a date."""
    return _plain(value) in _YES or read_date(value) is not None
