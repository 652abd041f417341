"""Bring a store to the tables of this version, whatever version wrote it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from analysis.errors import DataError
from analysis.fieldwork import tallies
from analysis.fieldwork.campaign import Campaign
from analysis.fieldwork.engine import lock, or_nothing, reading, writing
from analysis.fieldwork.models import META

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = "palier migration"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Create the tables of an empty store, or bring those of an older version up to date.

    Structure and data change in one transaction. Two processes may call it at once.

    Raises
    ------
    DataError
        When the store was written by a newer version.
    """
    scripts = ScriptDirectory(str(_SCRIPTS))
    wanted = scripts.get_current_head() if revision == "head" else revision
    with reading(engine) as connection:
        if _revision(connection) == wanted:
            return
    with writing(engine) as connection:
        lock(connection, [_LOCK])
        now = _revision(connection)
        if now is not None and now not in {script.revision for script in scripts.walk_revisions()}:
            raise DataError(
                "This store was written by a newer version of Palier.",
                where=f"revision {now}; this version knows {scripts.get_current_head()}",
                mend="Install the newer version; nothing was changed.",
            )
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if revision == "head":
            tallies.rebuild(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def claim(engine: Engine, campaign: Campaign) -> None:
    """Write into a new store whose it is.

    Raises
    ------
    DataError
        When it is another campaign's, or another key's.
    """
    key = hashlib.sha256(campaign.secret).hexdigest()[:16]
    mine = f"{campaign.campaign_id} {key}"
    query = sa.select(META.c.value).where(META.c.name == "campaign")
    with reading(engine) as connection:
        owner = connection.execute(query).scalar_one_or_none()
    if owner is None:
        with writing(engine) as connection:
            connection.execute(or_nothing(connection, META).values(name="campaign", value=mine))
            owner = connection.execute(query).scalar_one()
    if owner != mine:
        raise DataError(
            "This store belongs to another campaign, or its key is another.",
            where=f"{owner.split()[0]}; this workspace is {campaign.campaign_id}",
            mend="Give each campaign a database of its own, and every organiser a copy of the "
            "folder fieldwork with campaign.json and campaign.key.",
        )
