"""Erase people: their keys, what they encrypt, where they live, what they think; tell what stays.

What happened keeps a name of random bits that leads to nobody. Objections stay, as digests under a
key of the controller: whoever was erased is not reached again when a file brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.merged import groups
from analysis.contacts.normalise import bare_key
from analysis.contacts.suppression import suppress_people
from analysis.contacts.tombstones import bury
from analysis.database.access_tables import AUDIT
from analysis.database.contact_tables import (
    HOMES,
    LINKS,
    PASSED,
    POINTS,
    STATEMENTS,
    VAULT,
    VAULT_KEYS,
)
from analysis.database.engine import reading, writing
from analysis.database.store_sweep import clear_log, sweep
from analysis.errors import Text
from analysis.fieldwork.names_taken_out import PLACES, take_out

NAMES = ("birth_name", "used_name", "first_names")
_ABOUT = (STATEMENTS, HOMES, LINKS)
_BY_PASSAGE = ("door", "post", "phone")
# A call, a message or a count hands nobody a list.
_LISTS = ("list", "export", "sheet", "letter")
# Words of the audit for what leaves as a file.
_LEAVES = ("download", "export", "print", "send")


UNSWEPT = Text(
    "The free space of the store still holds the erased key: somebody reads the store, or its user "
    "does not own its tables. The next erasure clears it too, or the owner by VACUUM FULL."
)
LOGGED = Text(
    "PostgreSQL's log of writes still holds what volunteers wrote, until it is written over: the "
    "manual of a server says how to let the app clear it."
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Attributes
    ----------
    people
        How many, those merged with them included.
    points
        Contact points that stay on the list of objections, as digests.
    rows
        Rows deleted, by table.
    exports
        Files and lists that left before and may hold them: day, what, rows.
    notes
        Remarks, answers and contradictions of returns that lost their name.
    swept
        Whether nothing is left in the free space of the store; else somebody read it meanwhile, or
        its user does not own the tables.
    log
        Whether the log of writes was cleared too.
    """

    people: int
    points: int
    rows: dict[str, int]
    exports: list[tuple[int, str, int]]
    swept: bool
    notes: int = 0
    log: bool = True

    def remains(self) -> list[Text]:
        """Say what of them may still be in the store's files."""
        told = ((self.swept, UNSWEPT), (self.log, LOGGED))
        return [text for done, text in told if not done]


def erase(contacts: Contacts, people: Iterable[str], *, reason: str | None = "erasure") -> Erased:
    """Erase people for good; the store is swept so that nothing stays in its free pages.

    Parameters
    ----------
    contacts
        The campaign.
    people
        Who; those they were merged with go too.
    reason
        Why they are not to be reached again, as a reason of `suppression`; None where they did not
        ask for it, but were kept long enough: who comes back by themselves is welcome.

    Returns
    -------
    Erased
        People, contact points put on the list, rows deleted by table, remarks that lost a name, and
        whether the store's files were swept.
    """
    every = with_merged(contacts, people)
    # First of all: who is erased and on no list would come back with an older backup.
    if contacts.workspaces is not None:
        bury(contacts.workspaces, every)
    points = suppress_people(contacts, every, reason) if reason else 0
    notes = take_out(contacts.engine, names_of(contacts, every), points_of(contacts, every))
    rows: dict[str, int] = {}
    with writing(contacts.engine, role="eraser") as connection:
        for table in _ABOUT:
            for part in vault.chunks(every):
                gone = connection.execute(
                    sa.delete(table).where(
                        table.c.tenant == contacts.tenant, table.c.person.in_(part)
                    )
                )
                rows[table.name] = rows.get(table.name, 0) + gone.rowcount
        rows["vault_keys"] = vault.erase(connection, every)
    # Without its key a value says nothing: of the keys nothing may stay in any file.
    told = [table for table, _column in PLACES] if notes else []
    swept = sweep(contacts.engine, [VAULT_KEYS, *told], [VAULT, POINTS, *_ABOUT])
    log = clear_log(contacts.engine)
    return Erased(len(every), points, rows, left_before(contacts), swept, notes, log)


def names_of(contacts: Contacts, people: Iterable[str]) -> set[str]:
    """Return the names that people bear or bore, those they were merged with included.

    Parameters
    ----------
    contacts
        The campaign.
    people
        Who.

    Returns
    -------
    set of str
        Names as they were written, each first name alone, family names without particles.
    """
    with reading(contacts.engine) as connection:
        every = groups(connection).members(people)
        told = vault.versions(connection, contacts.ring, every, NAMES)
    return names_in(told)


def names_in(told: Iterable[tuple[str, int, str]]) -> set[str]:
    """Return the names of `names_of` from what `vault.versions` returned of `NAMES`."""
    told = list(told)
    texts = {text for _field, _version, text in told}
    firsts = {one for field, _v, text in told if field == "first_names" for one in text.split()}
    return texts | firsts | {bare_key(text) for text in texts}


def with_merged(contacts: Contacts, people: Iterable[str]) -> list[str]:
    """Return people, and those they were merged with: all of them are one."""
    with reading(contacts.engine) as connection:
        return groups(connection).members(people)


def points_of(contacts: Contacts, people: Iterable[str]) -> list[tuple[str, str]]:
    """Return kind and canonical spelling of the contact points of people, merged ones included."""
    with reading(contacts.engine) as connection:
        every = groups(connection).members(people)
        return sorted(vault.every_point(connection, contacts.ring, every))


def left_before(contacts: Contacts) -> list[tuple[int, str, int]]:
    """Return what left as a file or a list: when, what, rows; the newest first."""
    passed = sa.select(PASSED.c.at_s, PASSED.c.action, PASSED.c.rows).where(
        PASSED.c.tenant == contacts.tenant, PASSED.c.action.in_(_LISTS), PASSED.c.rows > 0
    )
    files = sa.select(AUDIT.c.at_s, AUDIT.c.subject, AUDIT.c.rows).where(
        AUDIT.c.tenant == contacts.tenant,
        AUDIT.c.action.in_(_LEAVES),
        # Lists of universes are told by their passage already.
        AUDIT.c.subject.not_in(_BY_PASSAGE),
    )
    with reading(contacts.engine) as connection:
        found = [*connection.execute(passed), *connection.execute(files)]
    return sorted(((at, what, rows or 0) for at, what, rows in found), reverse=True)
