"""Logins that can be ended: a random number in the browser, its digest in the store.

What the provider's cookie says counts at the moment of login only. Streamlit's own cookie holds
for thirty days and logs in again when it is replayed; ours is asked of the store at every run.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.access import membership
from analysis.access.membership import Person
from analysis.database.access_tables import GRANTS, SESSIONS, USERS
from analysis.database.engine import become, become_person, of_tenant, reading, writing
from analysis.database.tenancy import REALM

_HOUR_S = 3600
_BYTES = 32


def digest(token: str) -> str:
    """Return what the store keeps of a secret that was drawn at random."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(engine: Engine, user_id: str, *, hours: float, until_s: float = 0) -> str:
    """Log a person in; return the secret that the browser holds, which is nowhere else.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    user_id
        Who.
    hours
        How long it holds.
    until_s
        When it ends at the latest, in seconds since 1970; 0 for no such end.

    Returns
    -------
    str
        Whoever holds it is the person until the login ends; the store keeps its digest.
    """
    with writing(of_tenant(engine, REALM)) as connection:
        return open_in(connection, user_id, hours=hours, until_s=until_s)


def open_in(connection: Connection, user_id: str, *, hours: float, until_s: float = 0) -> str:
    """Log a person in, in a transaction of the realm; return the secret that the browser holds.

    Parameters
    ----------
    connection
        In a transaction of the realm.
    user_id, hours, until_s
        As in `open_session`.

    Returns
    -------
    str
        As `open_session` returns it.
    """
    token, now = secrets.token_urlsafe(_BYTES), time.time()
    ends = min(now + hours * _HOUR_S, until_s or float("inf"))
    row = {"digest": digest(token), "user_id": user_id, "started_s": int(now)}
    connection.execute(sa.insert(SESSIONS).values(tenant=REALM, **row, expires_s=int(ends)))
    return token


def who(engine: Engine, token: str) -> Person | None:
    """Return whose login a secret is, with what they may do at this moment; None for nobody's.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    token
        What the browser sent.
    """
    if not token:
        return None
    now = time.time()
    query = (
        sa.select(USERS.c.user_id, USERS.c.name)
        .join(SESSIONS, sa.and_(SESSIONS.c.user_id == USERS.c.user_id, SESSIONS.c.tenant == REALM))
        .where(USERS.c.tenant == REALM, SESSIONS.c.digest == digest(token))
        .where(SESSIONS.c.revoked_s.is_(None), SESSIONS.c.expires_s > now)
    )
    with reading(of_tenant(engine, REALM)) as connection:
        found = connection.execute(query).first()
        if found is None:
            return None
        become_person(connection, found.user_id)
        own = sa.select(GRANTS).where(GRANTS.c.user_id == found.user_id)
        grants = membership.grants_of(membership.in_force(connection, own, now))
    return Person(found.user_id, found.name, grants)


def unchanged(engine: Engine, seen: Mapping[str, Person]) -> frozenset[str]:
    """Return the secrets whose login is in force and gives what it gave; one question for all.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    seen
        Secret of a login → who it was, with their grants.
    """
    now, digests = time.time(), {digest(token): token for token in seen}
    live_now = (SESSIONS.c.tenant == REALM, SESSIONS.c.revoked_s.is_(None))
    held = sa.select(SESSIONS.c.digest).where(*live_now, SESSIONS.c.expires_s > now)
    by_campaign: dict[str, set[str]] = {}
    for person in seen.values():
        for campaign in person.campaigns():
            by_campaign.setdefault(campaign, set()).add(person.user_id)
    given: dict[str, list[Any]] = {}
    with reading(of_tenant(engine, REALM)) as connection:
        found = connection.execute(held.where(SESSIONS.c.digest.in_(sorted(digests)))).scalars()
        alive = {digests[one] for one in found}
        for campaign, people in by_campaign.items():
            become(connection, campaign)
            own = sa.select(GRANTS).where(
                GRANTS.c.tenant == campaign, GRANTS.c.user_id.in_(sorted(people))
            )
            for row in membership.in_force(connection, own, now):
                given.setdefault(row["user_id"], []).append(row)
    return frozenset(
        token
        for token, person in seen.items()
        if token in alive and membership.grants_of(given.get(person.user_id, ())) == person.grants
    )


def end(engine: Engine, token: str) -> None:
    """Log out: the secret opens nothing any more, wherever it was copied to."""
    _end(engine, SESSIONS.c.digest == digest(token))


def end_all(engine: Engine, user_id: str) -> int:
    """End every login of a person; return how many there were."""
    return _end(engine, SESSIONS.c.user_id == user_id)


def end_one(engine: Engine, named: str) -> int:
    """End the login whose digest begins with `named`; return how many there were."""
    return _end(engine, SESSIONS.c.digest.startswith(named, autoescape=True)) if named else 0


def end_in(connection: Connection, user_id: str) -> int:
    """End every login of a person in a transaction of the realm."""
    return _ended(connection, SESSIONS.c.user_id == user_id)


def _end(engine: Engine, which: sa.ColumnElement[bool]) -> int:
    with writing(of_tenant(engine, REALM)) as connection:
        return _ended(connection, which)


def _ended(connection: Connection, which: sa.ColumnElement[bool]) -> int:
    live = (SESSIONS.c.tenant == REALM, SESSIONS.c.revoked_s.is_(None))
    ended = sa.update(SESSIONS).where(*live, which).values(revoked_s=int(time.time()))
    return int(connection.execute(ended).rowcount)


def live(engine: Engine, user_ids: list[str]) -> list[dict[str, Any]]:
    """Return the logins in force of some people: `digest` (its beginning), person, start, end."""
    query = sa.select(SESSIONS).where(
        SESSIONS.c.tenant == REALM,
        SESSIONS.c.user_id.in_(user_ids),
        SESSIONS.c.revoked_s.is_(None),
        SESSIONS.c.expires_s > time.time(),
    )
    with reading(of_tenant(engine, REALM)) as connection:
        rows = connection.execute(query.order_by(SESSIONS.c.started_s.desc())).mappings()
        kept = ("user_id", "started_s", "expires_s")
        return [{k: row[k] for k in kept} | {"digest": row["digest"][:16]} for row in rows]
