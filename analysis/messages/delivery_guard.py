"""What is asked once more at the moment of each delivery, after the gate let a batch through.

Between the batch and its last message somebody may take their yes back, object, be erased, or
midnight of the eve may strike where they live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from analysis.contacts import consents, vault
from analysis.contacts.contact_store import Contacts, Round
from analysis.contacts.eve_of_vote import l49
from analysis.contacts.merged import groups
from analysis.contacts.suppression import listed, opened, spellings, tenant_of_controller
from analysis.database.contact_tables import HOMES
from analysis.database.engine import reading
from analysis.messages.delivery_ledger import Digests, Told


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
    channel
        By which they must say yes.
    """

    contacts: Contacts
    message: str
    purposes: tuple[str, ...]
    commune: Mapping[str, str] = field(repr=False)
    merged: frozenset[str] = field(repr=False)
    points: Mapping[str, Digests] = field(repr=False)
    rounds: tuple[Round, ...]
    channel: str

    def refuses(self, told: Told, person: str, clock: Callable[[], datetime]) -> str:
        """Return the rule that keeps a message from a person at this moment; "" for none.

        Parameters
        ----------
        told
            What the store says of them, asked for this person alone.
        person
            Who.
        clock
            Tells the moment.

        Returns
        -------
        str
            "done" where it left already, "halted", or a rule of the gate.
        """
        if found := next((one for one in ("done", "halted") if one in told.state), ""):
            return found
        if "known" not in told.state:
            return "unplaced"
        if not self._agrees(told, person):
            return "consent"
        if told.objected:
            return "objection"
        return "l49" if l49(clock(), self.rounds, self.commune.get(person, "")) else ""

    def _agrees(self, told: Told, person: str) -> bool:
        if person not in self.merged:
            return told.agreed.issuperset(self.purposes)
        with reading(self.contacts.engine) as connection:
            said = consents.current(connection, channel=self.channel, people=[person])
        held = {purpose for (_who, purpose, _by), given in said.items() if given}
        return held.issuperset(self.purposes)


def guard_of(
    contacts: Contacts,
    message: str,
    people: Sequence[str],
    purposes: tuple[str, ...],
    channel: str,
) -> Guard:
    """Return what asks again for a batch.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    people
        Of the batch.
    purposes
        What each must say yes to.
    channel
        By which.

    Returns
    -------
    Guard
        With the communes, merges and digests of the batch, read once.
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
    objections, points = opened(contacts), dict[str, list[tuple[str, str]]]()
    for name, key in objections.keys.items():
        tenant = tenant_of_controller(name)
        for point, owners in known.items():
            told = [(tenant, vault.digest(key, *one)) for one in spellings(point)]
            for owner in owners:
                points.setdefault(merged.of(owner), []).extend(told)
    return Guard(
        contacts,
        message,
        purposes,
        commune,
        frozenset(one for one in people if one in merged.root),
        {who: tuple(dict.fromkeys(points.get(merged.of(who), []))) for who in people},
        contacts.controller.rounds,
        channel,
    )
