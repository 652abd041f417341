"""What people ask of the campaign about themselves, and the clock of the answer (GDPR art. 12)."""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from analysis.access import audit
from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts, new_id
from analysis.contacts.erasure import Erased, erase
from analysis.contacts.merged import groups
from analysis.contacts.normalise import canonical_email, canonical_phone
from analysis.contacts.suppression import suppress_many, suppress_people
from analysis.database.contact_tables import REQUESTS
from analysis.database.engine import reading, writing
from analysis.errors import DataError, some

KINDS = ("access", "rectification", "erasure", "objection", "portability")
OPEN, EXTENDED, DONE, REFUSED = "open", "extended", "done", "refused"
_FROM = {OPEN: (EXTENDED, DONE, REFUSED), EXTENDED: (DONE, REFUSED), DONE: (), REFUSED: ()}
# One month to answer; two more where it is complex, if the person is told within the first.
_MONTHS, _MORE = 1, 3


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands.

    Attributes
    ----------
    request, kind, state
        Which, one of `KINDS`, and how far it is.
    person
        Whose; "" where nobody of that contact is known: it is answered all the same.
    received_on, due_on
        When it came, and the last day to answer.
    detail
        Words and numbers of the answer; never who it is.
    """

    request: str
    kind: str
    state: str
    person: str
    received_on: date
    due_on: date
    detail: Mapping[str, str]

    def days_left(self, today: date) -> int | None:
        """Return the days left to answer, below 0 where it is late; None once answered."""
        return None if self.state in (DONE, REFUSED) else (self.due_on - today).days


def find(contacts: Contacts, text: str) -> list[str]:
    """Return who has an e-mail address or a telephone number; the search goes to the audit.

    Who was merged is one: what is known of a person is known of all that they are.

    Raises
    ------
    DataError
        When it is neither.
    """
    kind, canonical = point_of(text)
    with reading(contacts.engine) as connection:
        every = vault.who_has(connection, contacts.ring, kind, [canonical]).get(canonical, [])
        found = sorted(set(map(groups(connection).of, every)))
    audit.note(contacts.engine, contacts.by, "search", subject="request", rows=len(found))
    return found


def point_of(text: str) -> tuple[str, str]:
    """Return kind and canonical spelling of a contact point.

    Raises
    ------
    DataError
        When it is neither an e-mail address nor a telephone number.
    """
    if "@" in text:
        return "email", canonical_email(text)
    if not any(map(str.isdigit, text)):
        raise DataError(
            "This is neither an e-mail address nor a telephone number.",
            mend="Who gives a name alone is found on the page Contacts, “One person once”.",
        )
    return "phone", canonical_phone(text)


def receive(contacts: Contacts, kind: str, person: str, received_on: date) -> Request:
    """Write a request down; its clock began the day it came.

    Parameters
    ----------
    contacts
        The campaign.
    kind
        One of `KINDS`.
    person
        Whose; "" where nobody is known.
    received_on
        The day it came.

    Returns
    -------
    Request
        Open, with the day its answer is due.

    Raises
    ------
    DataError
        When the kind is none of ours, or the day is to come.
    """
    today = datetime.now(UTC).date()
    if kind not in KINDS or received_on > today:
        raise DataError(
            "This is no request that can be written down.",
            where="{kind}, {day}",
            mend="Choose one of {kinds}, received today or before.",
            kind=kind,
            day=received_on.isoformat(),
            kinds=some(KINDS, most=len(KINDS)),
        )
    told = {"received_on": received_on.isoformat()}
    due = months_after(received_on, _MONTHS)
    fresh = Request(new_id(), kind, OPEN, person, received_on, due, told)
    _write(contacts, fresh, 1)
    return fresh


def advance(contacts: Contacts, request: str, state: str, **told: str) -> Request:
    """Write how far a request is; what was before stays.

    Parameters
    ----------
    contacts
        The campaign.
    request
        Which.
    state
        "extended", "done" or "refused".
    **told
        Words and numbers of the answer; a refusal and an extension need `why`.

    Returns
    -------
    Request
        In its new state; an extension moves the day it is due.

    Raises
    ------
    DataError
        When there is no such request, it is over, or its reason is missing.
    """
    now, version = _latest(contacts).get(request, (None, 0))
    if now is None or state not in _FROM[now.state]:
        raise DataError(
            "This request cannot become {state!r}.",
            where="{request}: {found}",
            mend="Choose an open request; write a new one for what is asked anew.",
            state=state,
            request=request,
            found=now.state if now else "?",
        )
    if state in (REFUSED, EXTENDED) and not told.get("why", "").strip():
        raise DataError(
            "A request is not refused or put off without a reason: the person is told it.",
            where="{request}",
            mend="Write why, in words that name nobody.",
            request=request,
        )
    due = months_after(now.received_on, _MORE) if state == EXTENDED else now.due_on
    found = Request(
        request, now.kind, state, now.person, now.received_on, due, {**now.detail, **told}
    )
    _write(contacts, found, version + 1)
    return found


def requests(contacts: Contacts) -> list[Request]:
    """Return every request as it stands, the most urgent first, those answered last."""
    every = [one for one, _version in _latest(contacts).values()]
    return sorted(every, key=lambda one: (one.state in (DONE, REFUSED), one.due_on))


def carry_out_erasure(contacts: Contacts, request: str) -> Erased:
    """Erase the person of a request, and write down what was done."""
    person = _person(contacts, request, "erasure")
    told = erase(contacts, [person])
    advance(contacts, request, DONE, people=str(told.people), points=str(told.points))
    audit.note(contacts.engine, contacts.by, "erase", subject=request, rows=told.people)
    return told


def carry_out_objection(contacts: Contacts, request: str, point: str = "") -> int:
    """Never reach the person of a request again; return the number of contact points.

    Parameters
    ----------
    contacts
        The campaign.
    request
        Which.
    point
        E-mail address or telephone of who is not known here: the objection holds all the same.

    Returns
    -------
    int
        The request is done then, whatever the number.

    Raises
    ------
    DataError
        When the request is none of an objection or its person is not known, or it is over.
    """
    if point:
        count = suppress_many(contacts, [point_of(point)], "objection")
    else:
        count = suppress_people(contacts, [_person(contacts, request, "objection")], "objection")
    advance(contacts, request, DONE, points=str(count))
    audit.note(contacts.engine, contacts.by, "objection", subject=request, rows=count)
    return count


def carry_out_rectification(contacts: Contacts, request: str, values: Mapping[str, str]) -> None:
    """Write what is right beside what was there; the latest holds.

    Parameters
    ----------
    contacts
        The campaign.
    request
        Which.
    values
        Text by field of `vault.FIELDS`.

    Raises
    ------
    DataError
        When a field is none of ours, or a contact point is not whole.
    """
    person = _person(contacts, request, "rectification")
    if wrong := sorted(set(values) - set(vault.FIELDS)) or (not values and ["–"]):
        raise DataError(
            "This is nothing that is kept of people.",
            where="{wrong}",
            mend="Write one of {fields}.",
            wrong=some(wrong),
            fields=some(vault.FIELDS, most=len(vault.FIELDS)),
        )
    read = {"email": canonical_email, "phone": canonical_phone}
    clean = {name: read[name](text) if name in read else text for name, text in values.items()}
    with writing(contacts.engine) as connection:
        rows = [(person, name, text) for name, text in clean.items()]
        vault.put(connection, contacts.ring, rows)
        points = [(person, kind, clean[kind]) for kind in vault.POINT_KINDS if kind in clean]
        vault.index(connection, contacts.ring, points)
    advance(contacts, request, DONE, fields=" ".join(sorted(clean)))


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _person(contacts: Contacts, request: str, kind: str) -> str:
    found, _version = _latest(contacts).get(request, (None, 0))
    if found is None or found.kind != kind or not found.person or found.state in (DONE, REFUSED):
        raise DataError(
            "This request is of another kind, is over, or nobody here belongs to it.",
            where="{request}",
            mend="Choose an open request of a person who is known.",
            request=request,
        )
    return found.person


def _write(contacts: Contacts, one: Request, version: int) -> None:
    row = {
        "request": one.request,
        "version": version,
        "person": one.person,
        "kind": one.kind,
        "state": one.state,
        "due_on": one.due_on,
        "detail": json.dumps(dict(one.detail), ensure_ascii=False, sort_keys=True),
    }
    with writing(contacts.engine) as connection:
        connection.execute(sa.insert(REQUESTS).values(**row, **contacts.stamp()))


def _latest(contacts: Contacts) -> dict[str, tuple[Request, int]]:
    query = sa.select(REQUESTS).where(REQUESTS.c.tenant == contacts.tenant)
    found: dict[str, tuple[Request, int]] = {}
    with reading(contacts.engine) as connection:
        for row in connection.execute(query.order_by(REQUESTS.c.version)).mappings():
            told = json.loads(row["detail"])
            received = date.fromisoformat(told["received_on"])
            what = (row["request"], row["kind"], row["state"], row["person"])
            one = Request(*what, received, row["due_on"], told)
            found[row["request"]] = (one, row["version"])
    return found
