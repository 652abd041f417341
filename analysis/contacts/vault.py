"""Who somebody is: each value encrypted with a key of that person, found again by keyed digests.

AES-256-GCM (NIST SP 800-38D); what is encrypted is bound to its campaign, table, person and field,
so that a value moved to another row cannot be opened. Erasing a person deletes their key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.engine import Connection

from analysis.contacts.key_ring import KeyRing
from analysis.contacts.normalise import mailboxes
from analysis.database.contact_tables import POINTS, VAULT, VAULT_KEYS
from analysis.database.engine import or_nothing, tenant_of
from analysis.errors import DataError

# What is known of a person, each in a field of its own.
FIELDS = (
    *("birth_name", "used_name", "first_names", "birth_date"),
    *("email", "phone", "address", "postcode", "city"),
)
POINT_KINDS = ("email", "phone")
_NONCE, _KEY_BITS = 12, 256
# SQLite takes no more than so many names in one statement.
_MOST = 10_000


def put(connection: Connection, ring: KeyRing, values: Iterable[tuple[str, str, str]]) -> None:
    """Write values of people, each beside what was there before.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    ring
        Its keys.
    values
        Person, field of `FIELDS` and text; a person met for the first time gets a key.
    """
    rows = list(values)
    tenant, version = tenant_of(connection), time.time_ns()
    people = {person for person, _field, _text in rows}
    keys = _keys(connection, ring, people)
    fresh = {person: AESGCM.generate_key(_KEY_BITS) for person in sorted(people - keys.keys())}
    if fresh:
        wrapped = [
            {"tenant": tenant, "person": who, "wrapped": _seal(ring.wrap, key, _about(tenant, who))}
            for who, key in fresh.items()
        ]
        connection.execute(sa.insert(VAULT_KEYS), wrapped)
    keys |= fresh
    sealed = [
        {
            "tenant": tenant,
            "person": person,
            "field": field,
            "version": version,
            "value": _seal(keys[person], text.encode(), _about(tenant, person, field)),
        }
        for person, field, text in rows
    ]
    if sealed:
        connection.execute(sa.insert(VAULT), sealed)


def read(
    connection: Connection,
    ring: KeyRing,
    people: Iterable[str],
    fields: Sequence[str] = FIELDS,
) -> dict[str, dict[str, str]]:
    """Return what is known of people: field and text by person; who was erased is not in it.

    Parameters
    ----------
    connection
        Of the campaign.
    ring
        Its keys.
    people
        Whose values.
    fields
        Which of `FIELDS`.

    Returns
    -------
    dict
        The latest text by field, by person.

    Raises
    ------
    DataError
        When a value was tampered with, or belongs to another key.
    """
    wanted = set(people)
    tenant, keys = tenant_of(connection), _keys(connection, ring, wanted)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    columns = (VAULT.c.person, VAULT.c.field, VAULT.c.value)
    for part in chunks(keys):
        query = sa.select(*columns).where(
            VAULT.c.tenant == tenant, VAULT.c.person.in_(part), VAULT.c.field.in_(list(fields))
        )
        for person, field, value in connection.execute(query.order_by(VAULT.c.version)):
            text = _open(keys[person], value, _about(tenant, person, field))
            found[person][field] = text.decode()
    return dict(found)


def digest(key: bytes, kind: str, canonical: str) -> str:
    """Return the keyed digest of a contact point in its canonical spelling (HMAC-SHA256).

    Parameters
    ----------
    key
        `KeyRing.index` for the campaign, `KeyRing.suppression` for the controller.
    kind
        "email" or "phone".
    canonical
        As `normalise` writes it.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hmac.new(key, f"{kind}\x1f{canonical}".encode(), hashlib.sha256).hexdigest()


def stop_kind(key: bytes) -> str:
    """Return the kind of the rows of `points` by which objections kept under a key find people.

    A controller named later has another key; rows of both stand side by side.
    """
    return "stop:" + digest(key, "kind", "")[:16]


def index(connection: Connection, ring: KeyRing, points: Iterable[tuple[str, str, str]]) -> None:
    """Let people be found by their contact points, in the campaign and among objections.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    ring
        Its keys.
    points
        Person, kind and canonical spelling.
    """
    tenant, now = tenant_of(connection), int(time.time())
    stop = stop_kind(ring.suppression)
    rows = [
        {"tenant": tenant, "kind": row_kind, "digest": digest(key, kind, said), "at_s": now}
        | {"person": person}
        for person, kind, text in points
        for row_kind, key, said in (
            (kind, ring.index, text),
            # Objections hold for the mailbox, however its address is written.
            *((stop, ring.suppression, one) for one in mailboxes(text)),
        )
    ]
    if rows:
        connection.execute(or_nothing(connection, POINTS), rows)


def who_has(
    connection: Connection, ring: KeyRing, kind: str, points: Iterable[str]
) -> dict[str, list[str]]:
    """Return the people who have each contact point; a point that nobody has is not in it.

    Parameters
    ----------
    connection
        Of the campaign.
    ring
        Its keys.
    kind
        "email" or "phone".
    points
        Canonical spellings.

    Returns
    -------
    dict
        Ids by point as it was asked, in order.
    """
    asked = {digest(ring.index, kind, point): point for point in points}
    found: dict[str, list[str]] = defaultdict(list)
    for part in chunks(asked):
        query = sa.select(POINTS.c.digest, POINTS.c.person).where(
            POINTS.c.tenant == tenant_of(connection),
            POINTS.c.kind == kind,
            POINTS.c.digest.in_(part),
        )
        for one, person in connection.execute(query.order_by(POINTS.c.person)):
            found[asked[one]].append(person)
    return dict(found)


def every_point(
    connection: Connection, ring: KeyRing, people: Iterable[str]
) -> dict[tuple[str, str], list[str]]:
    """Return whose each contact point is, those of former versions too: kind and text.

    Parameters
    ----------
    connection
        Of the campaign.
    ring
        Its keys.
    people
        Whose points.

    Returns
    -------
    dict
        People by kind and text.
    """
    tenant, keys = tenant_of(connection), _keys(connection, ring, people)
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    columns = (VAULT.c.person, VAULT.c.field, VAULT.c.value)
    for part in chunks(keys):
        query = sa.select(*columns).where(
            VAULT.c.tenant == tenant, VAULT.c.person.in_(part), VAULT.c.field.in_(POINT_KINDS)
        )
        for person, kind, value in connection.execute(query.order_by(VAULT.c.person)):
            text = _open(keys[person], value, _about(tenant, person, kind)).decode()
            found[kind, text].append(person)
    return dict(found)


def versions(
    connection: Connection, ring: KeyRing, people: Iterable[str], fields: Sequence[str]
) -> list[tuple[str, int, str]]:
    """Return all that was ever written of people: field, version and text, the oldest first.

    Parameters
    ----------
    connection
        Of the campaign.
    ring
        Its keys.
    people
        Whose values.
    fields
        Which.

    Returns
    -------
    list of tuple
        Versions of a field are counted from its first writing.
    """
    tenant, keys = tenant_of(connection), _keys(connection, ring, people)
    found = []
    for part in chunks(keys):
        query = sa.select(VAULT.c.person, VAULT.c.field, VAULT.c.version, VAULT.c.value).where(
            VAULT.c.tenant == tenant, VAULT.c.person.in_(part), VAULT.c.field.in_(list(fields))
        )
        for person, field, version, value in connection.execute(query.order_by(VAULT.c.version)):
            text = _open(keys[person], value, _about(tenant, person, field)).decode()
            found.append((field, int(version), text))
    return found


def erase(connection: Connection, people: Iterable[str]) -> int:
    """Delete the keys, values and index of people; return how many there were.

    Parameters
    ----------
    connection
        In a transaction of the campaign with the rights of the eraser.
    people
        Who.
    """
    tenant, count = tenant_of(connection), 0
    for part in chunks(people):
        for table in (POINTS, VAULT, VAULT_KEYS):
            gone = connection.execute(
                sa.delete(table).where(table.c.tenant == tenant, table.c.person.in_(part))
            )
        count += gone.rowcount  # of keys: one a person
    return count


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield distinct names, as many at a time as one statement takes."""
    every = sorted(set(names))
    return (every[i : i + _MOST] for i in range(0, len(every), _MOST))


def _keys(connection: Connection, ring: KeyRing, people: Iterable[str]) -> dict[str, bytes]:
    tenant = tenant_of(connection)
    found: dict[str, bytes] = {}
    for part in chunks(people):
        query = sa.select(VAULT_KEYS.c.person, VAULT_KEYS.c.wrapped).where(
            VAULT_KEYS.c.tenant == tenant, VAULT_KEYS.c.person.in_(part)
        )
        for person, wrapped in connection.execute(query):
            found[person] = _open(ring.wrap, wrapped, _about(tenant, person))
    return found


def _about(*names: str) -> bytes:
    """Return what a value is bound to; no name holds the sign between them."""
    return "\x1f".join(names).encode()


def _seal(key: bytes, plain: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def _open(key: bytes, sealed: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    except (InvalidTag, ValueError) as error:
        raise DataError(
            "What is kept of a person cannot be opened: it was changed, or the key is another.",
            mend="Put back the file of keys that was there when it was written, or a backup of "
            "the store.",
        ) from error


def mapped(read_values: Mapping[str, Mapping[str, str]], field: str) -> dict[str, str]:
    """Return one field of what `read` found, by person."""
    return {person: known[field] for person, known in read_values.items() if field in known}
