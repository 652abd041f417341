"""People of a file, taken into the campaign: who is new, who is met again, what they agreed to.

Who they are goes into the vault alone; nothing here writes that an objection is over.
"""

from __future__ import annotations

import calendar
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.access import audit
from analysis.contacts import consents, vault
from analysis.contacts.contact_store import Contacts, insert_many, new_id
from analysis.contacts.file_origins import Declared, OriginRule
from analysis.contacts.normalise import is_mobile, name_key, name_words, same_family, same_first
from analysis.contacts.people_rows import Claim, Cleaned, PersonRow
from analysis.database.contact_tables import CONSENT_TEXTS, HOMES, PEOPLE_FILES, PERSONS, STATEMENTS
from analysis.database.engine import lock, or_nothing
from analysis.errors import Text

_LOCK = "files of people"
# One digest of name, birth date and address, to know a row again that has no contact point.
IDENTITY = "identity"
_PURPOSE = {"email": "letter_email", "sms": "letter_sms", "phone": "phone"}
# Of an imported wording nobody says which language it is in; it is never offered again.
_LANGUAGE = "xx"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What an import did.

    Attributes
    ----------
    file_id, already
        Of the file; of the one before where it was imported already: nothing was added then.
    counts
        `rows` of the file, `new` people, `met` again, `refused` rows, `homes` in a bureau,
        `consents` kept, `claims` that are none, `objections`; and `missing_…`, how often each
        part of a consent was.
    """

    file_id: str
    already: bool
    counts: Mapping[str, int]


@dataclass(slots=True)
class _Batch:
    """What is written for a file."""

    new: list[str] = field(default_factory=list)
    met: set[str] = field(default_factory=set)
    # Of person and field: a version holds one of each.
    texts: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    # Second addresses and numbers are former versions: what is used stays the latest.
    others: list[tuple[str, str, str]] = field(default_factory=list, repr=False)
    points: list[tuple[str, str, str]] = field(default_factory=list, repr=False)
    rows: dict[str, list[PersonRow]] = field(default_factory=lambda: defaultdict(list))


def known_file(connection: Connection, contacts: Contacts, sha256: str) -> str | None:
    """Return the id of a file that was imported already; None for a new one.

    Parameters
    ----------
    connection, contacts, sha256
        Of the campaign; the campaign; digest of the file, hexadecimal.

    Returns
    -------
    str or None
        The first of its imports.
    """
    query = sa.select(PEOPLE_FILES.c.file_id).where(
        PEOPLE_FILES.c.tenant == contacts.tenant, PEOPLE_FILES.c.sha256 == sha256
    )
    return connection.execute(query.limit(1)).scalar_one_or_none()


def take_in(  # noqa: PLR0913 - one act, told whole
    connection: Connection,
    contacts: Contacts,
    cleaned: Cleaned,
    *,
    file: Mapping[str, Any],
    declared: Declared,
    rule: OriginRule,
    homes: pd.DataFrame,
) -> TakenIn:
    """Write the people of a file, in one transaction.

    Parameters
    ----------
    connection, contacts
        In a transaction of the campaign, and the campaign.
    cleaned, homes
        The people of the file, and their homes in that order, as `match_homes` returns them.
    file
        `file`, `sha256`, `columns` (field by heading), `rows` of the file.
    declared, rule
        What was said of it, and the rule that allowed it.

    Returns
    -------
    TakenIn
        Counts are empty where the same file was in already.
    """
    lock(connection, [_LOCK])
    if before := known_file(connection, contacts, file["sha256"]):
        return TakenIn(before, already=True, counts={})
    file_id = new_id()
    batch, owners = _match(connection, contacts, cleaned.people)
    stamp = contacts.stamp()
    person = {"source": rule.source, "relation": declared.relation, "file_id": file_id, **stamp}
    insert_many(connection, PERSONS, [{"person": one, **person} for one in batch.new])
    for part in _rounds(batch.others):
        vault.put(connection, contacts.ring, part)
    vault.put(connection, contacts.ring, ((*key, text) for key, text in batch.texts.items()))
    vault.index(connection, contacts.ring, batch.points)
    placed = _homes(connection, contacts, owners, homes)
    _tags(connection, contacts, batch.rows)
    kept, lacking = _consents(connection, contacts, batch.rows)
    refused = Counter(str(why) for _line, why in cleaned.refused)
    counts = {
        "rows": int(file["rows"]),
        "new": len(batch.new),
        "met": len(cleaned.people) - len(batch.new),
        "refused": len(cleaned.refused),
        "homes": placed,
        "consents": kept,
        "claims": sum(any(c.missing for c in row.claims) for row in cleaned.people),
        "objections": sum(row.objects for row in cleaned.people),
        **{f"missing_{name}": n for name, n in sorted(lacking.items())},
    }
    connection.execute(
        sa.insert(PEOPLE_FILES).values(
            file_id=file_id,
            file=file["file"],
            sha256=file["sha256"],
            origin=declared.origin,
            purpose=declared.purpose,
            relation=declared.relation,
            told=declared.told,
            columns=json.dumps(file["columns"], ensure_ascii=False),
            refused=json.dumps(refused, ensure_ascii=False),
            counts=json.dumps(counts),
            rows=file["rows"],
            **stamp,
        )
    )
    audit.note_in(
        connection, contacts.by, "import", subject=f"people: {file['file']}", rows=len(batch.new)
    )
    return TakenIn(file_id, already=False, counts=counts)


def _match(
    connection: Connection, contacts: Contacts, people: Sequence[PersonRow]
) -> tuple[_Batch, list[str]]:
    """Return what is to be written, and the person of each row."""
    ring, batch = contacts.ring, _Batch()
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in people:
        for kind, text in _points(row):
            wanted[kind].add(text)
    holders: dict[tuple[str, str], list[str]] = {}
    for kind, texts in wanted.items():
        found = vault.who_has(connection, ring, kind, texts)
        holders |= {(kind, text): list(owners) for text, owners in found.items()}
    before = {who for owners in holders.values() for who in owners}
    known = vault.read(connection, ring, before) if before else {}
    owners = []
    for row in people:
        points = _points(row)
        candidates = {who: key for key in points for who in holders.get(key, ())}
        same = sorted(who for who in candidates if _is(row, known.get(who, {}), who in before))
        # Two whom it may be: a third, until somebody decides.
        who = same[0] if len(same) == 1 else new_id()
        if len(same) == 1:
            batch.met.add(who)
        else:
            batch.new.append(who)
        _write(batch, who, row, known.setdefault(who, {}))
        for key in points:
            mine = holders.setdefault(key, [])
            if who not in mine:
                mine.append(who)
                batch.points.append((who, *key))
        owners.append(who)
    return batch, owners


def _points(row: PersonRow) -> list[tuple[str, str]]:
    points = [("email", one.canonical) for one in row.emails]
    points += [("phone", one.canonical) for one in row.phones]
    known = row.known
    name = name_key(known.get("used_name", "") or known.get("birth_name", ""))
    first, born = name_key(known.get("first_names", "")), known.get("birth_date", "")
    home = "".join(name_words(known.get("address", "")) + _digits(known.get("address", "")))
    if name and first and (born or home):
        points.append((IDENTITY, "\x1f".join((name, first, born, home))))
    return points


def _digits(text: str) -> list[str]:
    """Return the numbers of an address."""
    return [
        "".join(filter(str.isdigit, word)) for word in text.split() if any(map(str.isdigit, word))
    ]


def _is(row: PersonRow, known: Mapping[str, str], before: bool) -> bool:  # noqa: FBT001
    """Tell whether a row is of a person who has one of its points.

    Father and son of one name may share an address of mail and a home: something of the person's
    own must agree. Of another file, a row that says the very same is no news of anybody.
    """
    if not _fits(row.known, known):
        return False
    return _own(row, known) or (before and _says_the_same(row, known))


def _own(row: PersonRow, known: Mapping[str, str]) -> bool:
    """Tell whether birth date, mobile, or an e-mail that bears the first name is the same."""
    born = row.known.get("birth_date", "")
    if born and born == known.get("birth_date"):
        return True
    mobiles = {one.canonical for one in row.phones if is_mobile(one.canonical)}
    if known.get("phone") in mobiles:
        return True
    first = name_key(row.known.get("first_names", ""))
    emails = {one.canonical for one in row.emails}
    own = known.get("email", "").casefold()
    return bool(own in emails and (not first or (len(first) > 2 and first in name_key(own))))


def _says_the_same(row: PersonRow, known: Mapping[str, str]) -> bool:
    """Tell whether a row and what is known say the same of a person, no more and no less."""
    points = {
        "email": [one.shown for one in row.emails],
        "phone": [p.canonical for p in row.phones],
    }
    told = {**row.known, **{kind: texts[0] for kind, texts in points.items() if texts}}
    return _plain(told) == _plain(known)


def _plain(told: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: name_words(text) + _digits(text) for name, text in told.items() if text}


def _fits(row: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Tell whether names and birth date of two do not contradict."""
    ours = [row[n] for n in ("used_name", "birth_name") if row.get(n)]
    theirs = [known[n] for n in ("used_name", "birth_name") if known.get(n)]
    if ours and theirs and not any(same_family(a, b) for a in ours for b in theirs):
        return False
    if not same_first(row.get("first_names", ""), known.get("first_names", "")):
        return False
    born, other = row.get("birth_date", ""), known.get("birth_date", "")
    return not (born and other) or born == other


def _write(batch: _Batch, who: str, row: PersonRow, known: dict[str, str]) -> None:
    """Note what a row adds to what is known of a person: nothing is written over."""
    batch.rows[who].append(row)
    for name, text in row.known.items():
        if not known.get(name):
            batch.texts[who, name] = text
            known[name] = text
    mail = [one.shown for one in row.emails]
    for kind, texts in (("email", mail), ("phone", [one.canonical for one in row.phones])):
        for text in texts:
            if not known.get(kind):
                batch.texts[who, kind] = text
                known[kind] = text
            elif text != known[kind]:
                batch.others.append((who, kind, text))
                # What was used before stays the latest.
                batch.texts.setdefault((who, kind), known[kind])


def _rounds(others: Iterable[tuple[str, str, str]]) -> list[list[tuple[str, str, str]]]:
    """Return further points so that a person has one of a kind in each list, as in a version."""
    rounds: list[dict[tuple[str, str], str]] = []
    for who, kind, text in dict.fromkeys(others):
        free = next((one for one in rounds if (who, kind) not in one), None)
        if free is None:
            rounds.append(free := {})
        free[who, kind] = text
    return [[(*key, text) for key, text in one.items()] for one in rounds]


def _homes(
    connection: Connection, contacts: Contacts, owners: Sequence[str], homes: pd.DataFrame
) -> int:
    version = time.time_ns()
    rows = {
        who: {
            "tenant": contacts.tenant,
            "person": who,
            "version": version,
            "commune_id": home.commune_id,
            "bureau_id": home.bureau_id,
            "source": "address",
            "score": float(home.score),
        }
        for who, home in zip(owners, homes.itertuples(), strict=True)
        if home.commune_id or home.bureau_id
    }
    insert_many(connection, HOMES, list(rows.values()))
    return sum(bool(row["bureau_id"]) for row in rows.values())


def _tags(
    connection: Connection, contacts: Contacts, rows: Mapping[str, Sequence[PersonRow]]
) -> None:
    stamp = contacts.stamp()
    insert_many(
        connection,
        STATEMENTS,
        [
            {"statement": new_id(), "person": who, "kind": "tag", "value": tag, "given": True}
            | {"how": "import", **stamp}
            for who, several in rows.items()
            for tag in dict.fromkeys(tag for row in several for tag in row.tags)
        ],
    )


def _consents(
    connection: Connection, contacts: Contacts, rows: Mapping[str, Sequence[PersonRow]]
) -> tuple[int, Counter[str]]:
    """Write what is a consent; return how many, and how often each part lacks in what is none."""
    lacking: Counter[str] = Counter()
    whole: list[tuple[str, Claim]] = []
    for who, several in rows.items():
        for claim in dict.fromkeys(claim for row in several for claim in row.claims):
            lacking.update(claim.missing)
            if not claim.missing:
                whole.append((who, claim))
    if not whole:
        return 0, lacking
    consents.texts(connection, contacts)  # those of the campaign come first
    texts: dict[tuple[str, str], str] = {}
    for _who, claim in whole:
        key = (_PURPOSE[claim.channel], claim.text)
        texts.setdefault(key, f"import.{vault.digest(b'text', *key)[:40]}")
    wordings = [
        {"text_id": text_id, "version": 1, "purpose": purpose, "language": _LANGUAGE}
        | {"wording": wording, **contacts.stamp()}
        for (purpose, wording), text_id in texts.items()
    ]
    connection.execute(or_nothing(connection, CONSENT_TEXTS), wordings)
    said = [
        consents.Said(
            person=who,
            purpose=_PURPOSE[claim.channel],
            channel=claim.channel,
            given=True,
            # The beginning of its day: what was taken back on that day stays so.
            said_s=calendar.timegm(claim.said_on.timetuple()),
            how="import",
            text_id=texts[_PURPOSE[claim.channel], claim.text],
            text_version=1,
            proof=claim.proof,
        )
        for who, claim in whole
        if claim.said_on is not None
    ]
    return consents.say(connection, contacts, said), lacking


def imported(connection: Connection, contacts: Contacts) -> list[dict[str, Any]]:
    """Return the files that were imported, the latest first, with their counts."""
    query = sa.select(PEOPLE_FILES).where(PEOPLE_FILES.c.tenant == contacts.tenant)
    query = query.order_by(PEOPLE_FILES.c.at_s.desc(), PEOPLE_FILES.c.file_id)
    return [
        dict(row) | {name: json.loads(row[name]) for name in ("columns", "refused", "counts")}
        for row in connection.execute(query).mappings()
    ]


def lacking_words(counts: Mapping[str, int]) -> Text:
    """Return in words what the yeses of a file lack that are no consents."""
    return Text(
        "Without consent: {n}. Their yes lacks its text ({text}), date ({date}), channel "
        "({channel}) or proof ({proof}).",
        n=counts.get("claims", 0),
        **{name: counts.get(f"missing_{name}", 0) for name in ("text", "date", "channel", "proof")},
    )
