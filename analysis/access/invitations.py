"""Invitations: a link for a volunteer without an account, an address of mail for the others.

A link is `ADDRESS/invitation#CAMPAIGN.SECRET`: what stands after # is never sent with a page, nor
written into a log. The page sends it once and gets a login for it, which ends with the invitation.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.access import audit, membership, sessions
from analysis.access.rights import Grant, Scope
from analysis.database.access_tables import INVITATIONS
from analysis.database.engine import (
    become,
    lock,
    of_tenant,
    reading,
    tenant_of,
    writing,
)
from analysis.database.tenancy import REALM
from analysis.errors import DataError

_BYTES = 24
_BY_LINK = "invitation"
_MOST_DAYS = 60
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of who logged in.

    Attributes
    ----------
    issuer, subject
        Who it is: the two never change.
    name, email
        What they are called and where they are reached; both may change.
    email_verified
        Whether the provider knows that the address is theirs.
    """

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    email_verified: bool = False


def invite_by_link(engine: Engine, name: str, given: Grant, *, days: int, by: str) -> str:
    """Return the secret of a new link, `CAMPAIGN.SECRET`; the store keeps its digest only.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    name
        Of whom it is for.
    given
        What it gives: volunteers by link walk one turf, or those of one team.
    days
        How long it holds.
    by
        Who invites.

    Returns
    -------
    str
        Shown once: it cannot be read from the store again.

    Raises
    ------
    DataError
        When it would give more, or to nobody by name.
    """
    if given.role != "volunteer" or given.scope not in ("turf", "team") or not given.scope_id:
        raise DataError(
            "A link gives a volunteer one turf or one team, nothing else.",
            where="{role}, {scope}",
            mend="Whoever does more logs in: invite them by their address of mail.",
            role=given.role,
            scope=given.scope,
        )
    secret = f"{given.campaign}.{secrets.token_urlsafe(_BYTES)}"
    _invite(engine, (secret, name), given, days=days, by=by)
    return secret


def invite_by_mail(engine: Engine, email: str, given: Grant, *, days: int, by: str) -> None:
    """Let whoever logs in with this address, once verified, have a role; no mail is sent.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    email
        Kept as a digest only.
    given
        What they will have.
    days
        How long it may be taken up.
    by
        Who invites.
    """
    if "@" not in email:
        raise DataError(
            "This is no address of mail.",
            mend="Write the one that the person logs in with, such as name@example.org.",
        )
    if given.scope != "campaign" and not given.scope_id:
        raise DataError(
            "A part of a campaign has a name.",
            where="{scope}",
            mend="Name the zone, such as 75118, or the team.",
            scope=given.scope,
        )
    _invite(engine, (_of_mail(email), _veiled(email)), given, days=days, by=by)


def _of_mail(email: str) -> str:
    return f"mail:{email.strip().lower()}"


def _veiled(email: str) -> str:
    """Return enough of an address for who invited to know it again."""
    name, _at, domain = email.strip().partition("@")
    return f"{name[:2]}…@{domain}"


def _invite(engine: Engine, whom: tuple[str, str], given: Grant, *, days: int, by: str) -> None:
    secret, name = whom
    if not name.strip() or not 1 <= days <= _MOST_DAYS:
        raise DataError(
            "An invitation names somebody and ends.",
            mend="Give a name, and from 1 to {most} days.",
            most=_MOST_DAYS,
        )
    now = int(time.time())
    mine = of_tenant(engine, given.campaign)
    with writing(mine) as connection:
        row = {
            "tenant": given.campaign,
            "invitation_id": secrets.token_hex(8),
            "digest": sessions.digest(secret),
            "name": name.strip()[:80],
            "by_link": not secret.startswith("mail:"),
            "role": given.role,
            "scope": given.scope,
            "scope_id": given.scope_id,
            "expires_s": now + days * _DAY_S,
            "user_id": "",
            "by_user": by,
            "at_s": now,
        }
        connection.execute(sa.insert(INVITATIONS).values(**row))
        what = f"{row['invitation_id']} {given.role} {given.scope} {given.scope_id}"
        audit.note_in(connection, by, "invite", subject=what)


def exchange(engine: Engine, secret: str, *, hours: float) -> str | None:
    """Return a login for the secret of a link; None where it is unknown, over or taken back.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    secret
        `CAMPAIGN.SECRET`.
    hours
        How long a login holds; it ends with the invitation.

    Returns
    -------
    str or None
        Secret of the login, as `sessions.open_session` returns it.
    """
    campaign = secret.rpartition(".")[0]
    # No text of PostgreSQL holds a zero, and it would say so as of a fault.
    if not secret.isprintable():
        return None
    with reading(of_tenant(engine, campaign)) as connection:
        found = _open(connection, secret)
    if not found or not found[0]["by_link"]:
        return None
    row = found[0]
    with writing(of_tenant(engine, REALM)) as connection:
        subject = f"{campaign}/{row['invitation_id']}"
        user_id = membership.enter(connection, _BY_LINK, subject, row["name"])
    ends = row["expires_s"]
    with writing(of_tenant(engine, campaign)) as connection:
        if not _take_up(connection, row, user_id, until_s=ends):
            return None
        # Under the same lock: who takes the link back a moment later finds this login, and ends it.
        become(connection, REALM)
        return sessions.open_in(connection, user_id, hours=hours, until_s=ends)


def log_in(engine: Engine, claims: Claims, *, hours: float) -> str | None:
    """Return a login for whom the provider vouches for; None for whom nobody invited.

    Parameters
    ----------
    engine
        Of the store, whichever tenant.
    claims
        Who it is. Invitations are taken up where the address is verified.
    hours
        How long a login holds.

    Returns
    -------
    str or None
        Secret of the login, as `sessions.open_session` returns it.
    """
    found: list[Any] = []
    if claims.email_verified and claims.email:
        secret = _of_mail(claims.email)
        with reading(of_tenant(engine, "", person=sessions.digest(secret))) as connection:
            found = [row for row in _open(connection, secret) if not row["by_link"]]
    with writing(of_tenant(engine, REALM)) as connection:
        user_id = membership.user_of(connection, claims.issuer, claims.subject)
        if user_id is None:
            # Nothing is kept of a stranger.
            if not found:
                return None
            name = claims.name or claims.email
            user_id = membership.enter(connection, claims.issuer, claims.subject, name)
    for row in found:
        with writing(of_tenant(engine, row["tenant"])) as connection:
            _take_up(connection, row, user_id, until_s=None)
    return sessions.open_session(engine, user_id, hours=hours)


def _open(connection: Connection, secret: str) -> list[Any]:
    query = sa.select(INVITATIONS).where(
        INVITATIONS.c.digest == sessions.digest(secret),
        INVITATIONS.c.revoked_s.is_(None),
        INVITATIONS.c.expires_s > time.time(),
    )
    return list(connection.execute(query).mappings())


def _take_up(connection: Connection, row: Any, user_id: str, *, until_s: int | None) -> bool:  # noqa: ANN401
    """Grant what an invitation gives, once; False where it was taken back since it was read."""
    lock(connection, [row["invitation_id"]])
    named = INVITATIONS.c.invitation_id == row["invitation_id"]
    own = sa.and_(INVITATIONS.c.tenant == row["tenant"], named)
    columns = (INVITATIONS.c.user_id, INVITATIONS.c.revoked_s)
    taken, revoked = connection.execute(sa.select(*columns).where(own)).one()
    if revoked is not None:
        return False
    if not taken:
        connection.execute(sa.update(INVITATIONS).where(own).values(user_id=user_id))
        given = Grant(row["tenant"], row["role"], cast("Scope", row["scope"]), row["scope_id"])
        membership.grant_in(connection, user_id, given, by=row["by_user"], until_s=until_s)
    return True


def revoke(engine: Engine, invitation_id: str, *, by: str) -> None:
    """Take an invitation back; who came by its link is out at once.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    invitation_id
        Which.
    by
        Who takes it back.
    """
    tenant = tenant_of(engine)
    with writing(engine) as connection:
        lock(connection, [invitation_id])
        own = (INVITATIONS.c.tenant == tenant, INVITATIONS.c.invitation_id == invitation_id)
        row = connection.execute(sa.select(INVITATIONS).where(*own)).mappings().first()
        if row is None:
            return
        ended = sa.update(INVITATIONS).where(*own).values(revoked_s=int(time.time()))
        connection.execute(ended)
        audit.note_in(connection, by, "uninvite", subject=invitation_id)
        if row["by_link"] and row["user_id"]:
            become(connection, REALM)
            sessions.end_in(connection, row["user_id"])


def invitations(engine: Engine) -> list[dict[str, Any]]:
    """Return the open invitations of the campaign, the newest first.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    """
    query = sa.select(INVITATIONS).where(
        INVITATIONS.c.tenant == tenant_of(engine),
        INVITATIONS.c.revoked_s.is_(None),
        INVITATIONS.c.expires_s > time.time(),
    )
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(INVITATIONS.c.at_s.desc())).mappings()
        kept = ("invitation_id", "name", "by_link", "role", "scope", "scope_id", "expires_s")
        return [{k: row[k] for k in kept} | {"taken_up": bool(row["user_id"])} for row in rows]
