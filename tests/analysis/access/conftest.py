"""A server with two campaigns on a real PostgreSQL, and people who were granted something."""

from __future__ import annotations

import pytest

from analysis.access import membership
from analysis.access.rights import Grant
from analysis.database.engine import connect, of_tenant, writing
from analysis.database.tenancy import REALM

LEFT, RIGHT = "left-1a2b3c", "right-4d5e6f"


def person(engine, name, *grants):
    """Enter a person and grant them something."""
    with writing(of_tenant(engine, REALM)) as connection:
        user_id = membership.enter(connection, "https://login.invalid", name, name)
    for grant in grants:
        membership.grant(engine, user_id, grant, by=membership.NOBODY)
    return user_id


@pytest.fixture
def engine(server):
    """Open an empty store with two campaigns."""
    url = server.migrated()
    opened = connect(url)
    for campaign in (LEFT, RIGHT):
        membership.found_campaign(opened, campaign, name=campaign, organisation="Federation")
    yield opened
    opened.dispose()
    server.drop(url)


@pytest.fixture
def administrator(engine):
    """Enter the administrator of the one campaign."""
    return person(engine, "Ada", Grant(LEFT, "administrator"))
