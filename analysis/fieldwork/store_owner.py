"""Whose a store is: written into it once, and asked for whenever it is opened."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from analysis.database.engine import or_nothing, reading, writing
from analysis.database.models import META
from analysis.errors import DataError
from analysis.fieldwork.campaign import Campaign, open_campaign, revoke_tokens

if TYPE_CHECKING:
    from analysis.fieldwork.store import Store

# Stands for the digest of a key that is being drawn anew.
RENEWED = "renewed"


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
    if owner == f"{campaign.campaign_id} {RENEWED}":
        _write_owner(engine, mine)
    elif owner != mine:
        raise DataError(
            "This store belongs to another campaign, or its key is another.",
            where="{owner}; this workspace is {campaign_id}",
            mend="Give every organiser of a campaign a copy of its folder fieldwork, with "
            "campaign.json and campaign.key.",
            owner=owner.split()[0],
            campaign_id=campaign.campaign_id,
        )


def _write_owner(engine: Engine, owner: str) -> None:
    with writing(engine) as connection:
        connection.execute(sa.update(META).where(META.c.name == "campaign").values(value=owner))


def renew_key(store: Store) -> None:
    """Draw a new key for the campaign of a store: no token in the field holds any longer."""
    _write_owner(store.engine, f"{store.campaign.campaign_id} {RENEWED}")
    revoke_tokens(store.folder.parent)
    claim(store.engine, open_campaign(store.folder.parent))
