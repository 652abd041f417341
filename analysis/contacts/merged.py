"""Who was found to be the same person: read through, so that undoing a merge undoes all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.database.contact_tables import MERGES, VAULT_KEYS
from analysis.database.engine import tenant_of


@dataclass(frozen=True, slots=True)
class Groups:
    """People who stand for one.

    Attributes
    ----------
    root
        Who stands for each person that is merged with another; who is alone is not in it.
    since_s
        When the last merge of a group was decided, by who stands for it.
    """

    root: dict[str, str]
    since_s: dict[str, int]

    def of(self, person: str) -> str:
        """Return who stands for a person."""
        return self.root.get(person, person)

    def members(self, people: Iterable[str]) -> list[str]:
        """Return people and all that are merged with them, in order."""
        wanted = {self.of(person) for person in people}
        return sorted(wanted | {one for one, root in self.root.items() if root in wanted})


def still_known(connection: Connection) -> set[str]:
    """Return the people of a campaign who were not erased, each record of them apart."""
    query = sa.select(VAULT_KEYS.c.person).where(VAULT_KEYS.c.tenant == tenant_of(connection))
    return set(connection.execute(query).scalars())


def groups(connection: Connection) -> Groups:
    """Return who is merged with whom in the campaign of a connection, as it holds now."""
    undone = sa.select(MERGES.c.undoes).where(
        MERGES.c.tenant == tenant_of(connection), MERGES.c.undoes.is_not(None)
    )
    holds = (
        sa.select(MERGES.c.kept, MERGES.c.absorbed, MERGES.c.at_s)
        .where(MERGES.c.tenant == tenant_of(connection), MERGES.c.state == "accepted")
        .where(MERGES.c.merge.not_in(undone))
        .order_by(MERGES.c.at_s, MERGES.c.merge)
    )
    above: dict[str, str] = {}

    def top(person: str) -> str:
        while person in above:
            person = above[person]
        return person

    pairs = [
        (str(kept), str(absorbed), int(at)) for kept, absorbed, at in connection.execute(holds)
    ]
    for kept, absorbed, _at in pairs:
        if (high := top(kept)) != (low := top(absorbed)):
            above[low] = high
    since: dict[str, int] = defaultdict(int)
    for kept, _absorbed, at in pairs:
        since[top(kept)] = max(since[top(kept)], at)
    every = {one for pair in pairs for one in pair[:2]}
    return Groups({one: top(one) for one in sorted(every)}, dict(since))
