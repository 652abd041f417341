"""People of a server: who they are, what they were granted, and what was taken back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.access import audit
from analysis.access.rights import SCOPES, Grant, Scope, may, roles
from analysis.database.access_tables import CAMPAIGNS, GRANTS, ORGANISATIONS, USERS
from analysis.database.engine import of_tenant, or_nothing, reading, tenant_of, writing
from analysis.database.tenancy import REALM
from analysis.errors import DataError

# Of grants that the command line gave, and no person.
NOBODY = "server"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at the browser.

    Attributes
    ----------
    user_id
        Meaningless; what the audit names.
    name
        As the provider or the invitation gives it.
    grants
        What the person may do, in any campaign.
    """

    user_id: str
    name: str
    grants: tuple[Grant, ...]

    def campaigns(self) -> list[str]:
        """Return the campaigns in which the person may do anything, in their order."""
        return sorted({grant.campaign for grant in self.grants})

    def may(self, campaign: str, right: str) -> bool:
        """Tell whether the person has a right over a campaign."""
        return may(self.grants, campaign, right)

    def sees_whole(self, campaign: str) -> bool:
        """Tell whether something was given to them over the whole campaign."""
        return any(scope == "campaign" for scope, _id in self.scopes(campaign))

    def scopes(self, campaign: str) -> list[tuple[Scope, str]]:
        """Return the parts of a campaign that the person was given, the whole one included."""
        return sorted({(g.scope, g.scope_id) for g in self.grants if g.campaign == campaign})


def found_campaign(engine: Engine, campaign: str, *, name: str, organisation: str) -> None:
    """Enter a campaign and its organisation, once.

    Parameters
    ----------
    engine
        Of the store.
    campaign
        Its id: the tenant of its rows and the name of its folder.
    name, organisation
        What people call the two.
    """
    now = int(time.time())
    with writing(of_tenant(engine, REALM)) as connection:
        row = {"tenant": REALM, "organisation": organisation[:64], "name": organisation}
        connection.execute(or_nothing(connection, ORGANISATIONS).values(**row, created_s=now))
        row = {"tenant": REALM, "campaign": campaign, "organisation": organisation[:64]}
        new = or_nothing(connection, CAMPAIGNS).values(**row, name=name, created_s=now)
        connection.execute(new)


def campaigns(engine: Engine) -> list[dict[str, str]]:
    """Return every campaign of the server: `campaign`, `name`, `organisation`."""
    columns = [CAMPAIGNS.c[name] for name in ("campaign", "name", "organisation")]
    query = sa.select(*columns).where(CAMPAIGNS.c.tenant == REALM).order_by(CAMPAIGNS.c.name)
    with reading(of_tenant(engine, REALM)) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def user_of(connection: Connection, issuer: str, subject: str) -> str | None:
    """Return the id of a person the provider vouches for; in a transaction of the realm.

    Parameters
    ----------
    connection
        In a transaction of the realm.
    issuer, subject
        As the provider names itself and the person.

    Returns
    -------
    str or None
        None for somebody who never entered.
    """
    same = (USERS.c.tenant == REALM, USERS.c.issuer == issuer, USERS.c.subject == subject)
    return connection.execute(sa.select(USERS.c.user_id).where(*same)).scalar_one_or_none()


def enter(connection: Connection, issuer: str, subject: str, name: str) -> str:
    """Return the id of a person, entered if need be; in a transaction of the realm.

    Parameters
    ----------
    connection, issuer, subject
        As in `user_of`.
    name
        Shown to others, cut at 200 letters; that of somebody entered before stays as it was.

    Returns
    -------
    str
        The same id whenever the same person enters.
    """
    row = {"tenant": REALM, "issuer": issuer, "subject": subject, "name": name[:200]}
    new = or_nothing(connection, USERS)
    new = new.values(**row, user_id=secrets.token_hex(8), created_s=int(time.time()))
    connection.execute(new)
    return str(user_of(connection, issuer, subject))


def grant(
    engine: Engine, user_id: str, given: Grant, *, by: str, until_s: int | None = None
) -> str:
    """Give somebody a role over a campaign or a part of it; return the id of the grant.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    user_id
        To whom.
    given
        What.
    by
        Who gives it.
    until_s
        When it ends, in seconds since 1970; None: when it is taken back.

    Returns
    -------
    str
        By which it is taken back.

    Raises
    ------
    DataError
        When there is no such role or scope.
    """
    with writing(of_tenant(engine, given.campaign)) as connection:
        return grant_in(connection, user_id, given, by=by, until_s=until_s)


def grant_in(
    connection: Connection, user_id: str, given: Grant, *, by: str, until_s: int | None = None
) -> str:
    """Give a role in a transaction of the campaign; return the id of the grant.

    Parameters
    ----------
    connection
        In a transaction of the campaign that is given.
    user_id, given, by, until_s
        As in `grant`.

    Returns
    -------
    str
        By which it is taken back.

    Raises
    ------
    DataError
        When there is no such role or scope.
    """
    if given.role not in roles() or given.scope not in SCOPES:
        raise DataError(
            "There is no such role, or no such part of a campaign.",
            where="{role}, {scope}",
            mend="Roles are {roles}; parts are {scopes}.",
            role=given.role,
            scope=given.scope,
            roles=", ".join(roles()),
            scopes=", ".join(SCOPES),
        )
    row = _row(connection, user_id, by) | {
        "role": given.role,
        "scope": given.scope,
        "scope_id": given.scope_id,
        "until_s": until_s,
    }
    connection.execute(sa.insert(GRANTS).values(**row))
    audit.note_in(connection, by, "grant", subject=f"{user_id} {given.role} {given.scope}")
    return str(row["grant_id"])


def revoke(engine: Engine, grant_id: str, *, by: str) -> None:
    """Take a grant of the campaign back, from this moment on.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    grant_id
        Which.
    by
        Who takes it back.
    """
    with writing(engine) as connection:
        named = (GRANTS.c.tenant == tenant_of(engine), GRANTS.c.grant_id == grant_id)
        user_id = connection.execute(sa.select(GRANTS.c.user_id).where(*named)).scalar_one_or_none()
        if user_id is None:
            return
        row = _row(connection, user_id, by) | {
            **dict.fromkeys(("role", "scope", "scope_id"), ""),
            "revokes": grant_id,
        }
        connection.execute(sa.insert(GRANTS).values(**row))
        audit.note_in(connection, by, "revoke", subject=f"{user_id} {grant_id}")


def _row(connection: Connection, user_id: str, by: str) -> dict[str, Any]:
    return {
        "tenant": tenant_of(connection),
        "grant_id": secrets.token_hex(8),
        "user_id": user_id,
        "by_user": by,
        "at_s": int(time.time()),
    }


def in_force(connection: Connection, query: sa.Select[Any], now_s: float) -> list[Any]:
    """Return the grants of a query that are in force: neither over nor taken back.

    Parameters
    ----------
    connection
        In a transaction that sees them.
    query
        Of all columns of `GRANTS`.
    now_s
        The moment, in seconds since 1970.

    Returns
    -------
    list of mappings
        Rows of `GRANTS`, in the order of the query.
    """
    rows = connection.execute(query).mappings().all()
    gone = {(row["tenant"], row["revokes"]) for row in rows if row["revokes"]}
    return [
        row
        for row in rows
        if not row["revokes"]
        and (row["tenant"], row["grant_id"]) not in gone
        and (row["until_s"] is None or row["until_s"] > now_s)
    ]


def grants_of(rows: Iterable[Any]) -> tuple[Grant, ...]:
    """Return rows of `GRANTS` as grants."""
    given = (
        Grant(row["tenant"], row["role"], cast("Scope", row["scope"]), row["scope_id"])
        for row in rows
    )
    return tuple(sorted(given))


def members(engine: Engine) -> list[dict[str, Any]]:
    """Return the grants in force of the campaign: grant, person, name, role, part, end.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    """
    query = sa.select(GRANTS).where(GRANTS.c.tenant == tenant_of(engine)).order_by(GRANTS.c.at_s)
    with reading(engine) as connection:
        rows = in_force(connection, query, time.time())
    names = names_of(engine, {row["user_id"] for row in rows})
    kept = ("grant_id", "user_id", "role", "scope", "scope_id", "until_s")
    return [{k: row[k] for k in kept} | {"name": names.get(row["user_id"], "")} for row in rows]


def names_of(engine: Engine, user_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of people by id."""
    query = sa.select(USERS.c.user_id, USERS.c.name)
    query = query.where(USERS.c.tenant == REALM, USERS.c.user_id.in_(sorted(set(user_ids))))
    with reading(of_tenant(engine, REALM)) as connection:
        return {row.user_id: row.name for row in connection.execute(query)}
