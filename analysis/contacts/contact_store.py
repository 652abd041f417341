"""The people of one campaign: its store, its keys, its controller."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection, Engine

from analysis.contacts.key_ring import KeyRing
from analysis.contacts.suppression import Objections
from analysis.database.contact_tables import CONTROLLERS
from analysis.database.engine import reading, tenant_of, writing
from analysis.errors import DataError


@dataclass(frozen=True, slots=True)
class Round:
    """A day of voting: ISO date, territory (such as 75056 or 974) and time zone."""

    date: str
    territory: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the campaign (GDPR art. 4(7)), as every message and notice names it.

    Attributes
    ----------
    controller
        Short name, the same in all campaigns of one controller: objections hold in all of them.
    name, address, contact
        Who, where, and how to reach them about personal data.
    sponsor, financial_agent, election
        As Regulation (EU) 2024/900 art. 11 and the electoral code want them told.
    rounds
        Days of voting with territory and time zone: the law of the eve (L49) depends on them.
    """

    controller: str
    name: str = ""
    address: str = ""
    contact: str = ""
    sponsor: str = ""
    financial_agent: str = ""
    election: str = ""
    rounds: tuple[Round, ...] = ()

    @property
    def missing(self) -> list[str]:
        """Return the names of what is not yet said."""
        return [item.name for item in fields(self) if not getattr(self, item.name)]


@dataclass(frozen=True, slots=True)
class Contacts:
    """The people of one campaign, open to be read and added to.

    Attributes
    ----------
    engine
        Of the store, for the campaign.
    ring
        Keys.
    controller
        Who answers.
    by
        Whose act what is written now is: an id of a user, "" for the one person of a laptop.
    objections
        Where it is kept whom the controller may not reach again.
    workspaces
        Folder beside which the names of the erased are kept; None keeps none.
    """

    engine: Engine
    ring: KeyRing = field(repr=False)
    controller: Controller
    by: str = ""
    objections: Objections | None = field(default=None, repr=False)
    workspaces: Path | None = None

    @property
    def tenant(self) -> str:
        """Return whose rows these are."""
        return tenant_of(self.engine)

    def stamp(self) -> dict[str, Any]:
        """Return what every row bears: tenant, when and by whom."""
        return {"tenant": self.tenant, "at_s": int(time.time()), "by_user": self.by}


def new_id() -> str:
    """Return a name for a row that tells nothing about it: 128 random bits."""
    return secrets.token_hex(16)


def controller_of(engine: Engine, default: str) -> Controller:
    """Return who answers for a campaign; with the name `default` alone where nobody said it."""
    query = (
        sa.select(CONTROLLERS)
        .where(CONTROLLERS.c.tenant == tenant_of(engine))
        .order_by(CONTROLLERS.c.version.desc())
        .limit(1)
    )
    with reading(engine) as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return Controller(default)
    rounds = tuple(Round(**one) for one in json.loads(row["rounds"]))
    told = {item.name: row[item.name] for item in fields(Controller) if item.name != "rounds"}
    return Controller(**told, rounds=rounds)


def say_controller(contacts: Contacts, controller: Controller) -> None:
    """Write who answers for the campaign; what was said before is kept beside it.

    Raises
    ------
    DataError
        When another controller has people in this store already: files are never pooled.
    """
    with writing(contacts.engine) as connection:
        if (was := _first_name(connection)) and was != controller.controller:
            raise DataError(
                "This campaign answers to another controller: their people may not be pooled.",
                where="{was}",
                mend="Make a campaign of its own for the other controller.",
                was=was,
            )
        row = asdict(controller) | {"rounds": json.dumps([asdict(r) for r in controller.rounds])}
        stamp = contacts.stamp()
        version = f"{time.time_ns():020d}"
        connection.execute(sa.insert(CONTROLLERS).values(**row, **stamp, version=version))


def _first_name(connection: Connection) -> str | None:
    query = sa.select(CONTROLLERS.c.controller).where(CONTROLLERS.c.tenant == tenant_of(connection))
    return connection.execute(query.order_by(CONTROLLERS.c.version).limit(1)).scalar_one_or_none()


def insert_many(connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in one statement; none is no statement.

    Parameters
    ----------
    connection
        In a transaction.
    table
        Where they go.
    rows
        Value by column, the same columns in each.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(table), list(rows))
        return
    # Its driver sends each row apart, which takes ten times as long as a list a column.
    lists = [
        sa.literal([row[name] for row in rows], ARRAY(_uncut(table.c[name].type)))
        for name in rows[0]
    ]
    values = sa.func.unnest(*lists).table_valued(*rows[0]).render_derived()
    connection.execute(sa.insert(table).from_select(list(rows[0]), sa.select(values)))


def _uncut(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Return a type to send: told that it is varchar(64), PostgreSQL would cut what is longer."""
    return sa.Text() if isinstance(kind, sa.String) else kind
