"""What is asked once more at the moment of each delivery, after the gate let a batch through.

Between the batch and its last message somebody may take their yes back, object, be erased, or
midnight of the eve may strike where they live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import consents, vault
from analysis.contacts.contact_store import Contacts, Round
from analysis.contacts.eve_of_vote import l49
from analysis.contacts.merged import groups
from analysis.contacts.suppression import (
    EVERY,
    listed,
    opened,
    spelled,
    tenant_of_controller,
)
from analysis.database.contact_tables import CONSENTS, HOMES, SUPPRESSION, VAULT_KEYS
from analysis.database.engine import of_tenant, reading
from analysis.database.message_tables import HALTS, STEPS

CHANNEL = "email"
Digests = tuple[tuple[str, str], ...]


def _bind(*names: str) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(name) for name in names]


_T, _M, _P = _bind("tenant", "message", "person")
# One question for all that is in the campaign's store: asked 25,000 times, it is written once.
_STATE = sa.union_all(
    sa.select(sa.literal("done"), sa.literal("")).where(
        sa.exists().where(STEPS.c.tenant == _T, STEPS.c.message == _M, STEPS.c.person == _P)
    ),
    sa.select(sa.literal("halted"), sa.literal("")).where(
        sa.exists().where(HALTS.c.tenant == _T, HALTS.c.message == _M)
    ),
    sa.select(sa.literal("known"), sa.literal("")).where(
        sa.exists().where(VAULT_KEYS.c.tenant == _T, VAULT_KEYS.c.person == _P)
    ),
    # The last word of each purpose; of two of the same second, the refusal.
    sa.select(
        sa.literal("yes"),
        CONSENTS.c.purpose,
    )
    .where(CONSENTS.c.tenant == _T, CONSENTS.c.person == _P, CONSENTS.c.channel == CHANNEL)
    .group_by(CONSENTS.c.purpose)
    .having(
        sa.func.max(sa.case((CONSENTS.c.given, CONSENTS.c.said_s), else_=0))
        > sa.func.max(sa.case((CONSENTS.c.given, 0), else_=CONSENTS.c.said_s))
    ),
)
_OBJECTED = sa.select(SUPPRESSION.c.reason).where(
    SUPPRESSION.c.tenant == sa.bindparam("tenant"),
    SUPPRESSION.c.digest.in_(sa.bindparam("digests", expanding=True)),
    SUPPRESSION.c.channel.in_([EVERY, CHANNEL]),
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Asks again for the people of a batch.

    Attributes
    ----------
    contacts
        The campaign.
    message
        Which.
    purposes
        What each must still say yes to.
    commune
        Of each, "" where nobody knows.
    merged
        People who are merged with others: their words are read together.
    points
        Of each: names of controllers and digests of contact points among objections.
    rounds
        Days of voting.
    asking
        Open connections to the objections of each controller: a transaction for each question.
    """

    contacts: Contacts
    message: str
    purposes: tuple[str, ...]
    commune: Mapping[str, str] = field(repr=False)
    merged: frozenset[str] = field(repr=False)
    points: Mapping[str, Digests] = field(repr=False)
    rounds: tuple[Round, ...]
    asking: Mapping[str, Connection] = field(repr=False)

    def refuses(self, connection: Connection, person: str, clock: Callable[[], datetime]) -> str:
        """Return the rule that keeps a message from a person at this moment; "" for none.

        Parameters
        ----------
        connection
            Of the campaign, opened for this person alone.
        person
            Who.
        clock
            Tells the moment.

        Returns
        -------
        str
            "done" where it left already, "halted", or a rule of the gate.
        """
        asked = {"tenant": self.contacts.tenant, "message": self.message, "person": person}
        rows = connection.execute(_STATE, asked).all()
        state = {str(kind) for kind, _what in rows}
        if found := next((one for one in ("done", "halted") if one in state), ""):
            return found
        if "known" not in state:
            return "unplaced"
        if not self._agrees(
            connection, person, {str(what) for kind, what in rows if kind == "yes"}
        ):
            return "consent"
        if self._objected(person):
            return "objection"
        return "l49" if l49(clock(), self.rounds, self.commune.get(person, "")) else ""

    def _agrees(self, connection: Connection, person: str, yes: set[str]) -> bool:
        if person not in self.merged:
            return yes.issuperset(self.purposes)
        said = consents.current(connection, channel=CHANNEL, people=[person])
        held = {purpose for (_who, purpose, _by), given in said.items() if given}
        return held.issuperset(self.purposes)

    def _objected(self, person: str) -> bool:
        by_tenant: dict[str, list[str]] = {}
        for tenant, digest in self.points.get(person, ()):
            by_tenant.setdefault(tenant, []).append(digest)
        return any(_is_listed(self.asking[one], one, mine) for one, mine in by_tenant.items())


def _is_listed(connection: Connection, tenant: str, digests: list[str]) -> bool:
    with connection.begin():
        asked = {"tenant": tenant, "digests": digests}
        return connection.execute(_OBJECTED, asked).first() is not None


def guard_of(
    stack: ExitStack,
    contacts: Contacts,
    message: str,
    people: Sequence[str],
    purposes: tuple[str, ...],
) -> Guard:
    """Return what asks again for a batch.

    Parameters
    ----------
    stack
        Closes the connections to the objections when the batch is over.
    contacts
        The campaign.
    message
        Which.
    people
        Of the batch.
    purposes
        What each must say yes to.
    """
    with reading(contacts.engine) as connection:
        merged = groups(connection)
        names = listed(connection, people)
        homes = sa.select(HOMES.c.person, HOMES.c.commune_id).where(
            HOMES.c.tenant == contacts.tenant, HOMES.c.person.in_(names)
        )
        rows = connection.execute(homes.order_by(HOMES.c.version))
        commune = {str(who): str(one) for who, one in rows}
        known = vault.every_point(connection, contacts.ring, merged.members(people))
    objections, points, asking = opened(contacts), dict[str, list[tuple[str, str]]](), {}
    for name, key in objections.keys.items():
        tenant = tenant_of_controller(name)
        asking[tenant] = stack.enter_context(reading(of_tenant(objections.engine, tenant)))
        for point, owners in known.items():
            digest = vault.digest(key, *spelled(point))
            for owner in owners:
                points.setdefault(merged.of(owner), []).append((tenant, digest))
    return Guard(
        contacts,
        message,
        purposes,
        commune,
        frozenset(one for one in people if one in merged.root),
        {who: tuple(dict.fromkeys(points.get(merged.of(who), []))) for who in people},
        contacts.controller.rounds,
        asking,
    )
