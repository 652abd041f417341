"""Say who answers for a campaign: on a server nobody takes the name of another organisation's.

Campaigns of one controller share who is not to be reached again. Whoever took a stranger's name
would learn who objected there, and could have people left out of their messages.
"""

from __future__ import annotations

import sqlalchemy as sa

from analysis.contacts.contact_store import Contacts, Controller, say_controller
from analysis.contacts.controller_check import checked
from analysis.database.contact_tables import CONTROLLERS
from analysis.database.engine import of_tenant, reading
from analysis.errors import DataError
from analysis.workflows import server_access


def say_who_answers(contacts: Contacts, controller: Controller) -> Controller:
    """Write who answers for a campaign, checked.

    Parameters
    ----------
    contacts
        People of the campaign.
    controller
        Who.

    Returns
    -------
    Controller
        As it was written.

    Raises
    ------
    DataError
        When something of it cannot be, or the short name is of another organisation.
    """
    told = checked(controller)
    if server_access.settings().server and told.controller in _elsewhere(contacts):
        raise DataError(
            "Another organisation of this server answers under this short name.",
            where="{name}",
            mend="Choose another short name: campaigns that share one share their objections.",
            name=told.controller,
        )
    say_controller(contacts, told)
    return told


def _elsewhere(contacts: Contacts) -> set[str]:
    """Return the names under which campaigns of other organisations keep objections."""
    from analysis.access import membership

    engine = server_access.engine()
    of = {
        tenant: one["organisation"]
        for one in membership.campaigns(engine)
        for tenant in server_access.audits_of(one["campaign"])
    }
    # Before a campaign says who answers for it, its own name stands for the controller.
    strangers = {tenant for tenant in of if of[tenant] != of.get(contacts.tenant, "")}
    found = set(strangers)
    for tenant in sorted(strangers):
        with reading(of_tenant(engine, tenant)) as connection:
            own = sa.select(CONTROLLERS.c.controller).where(CONTROLLERS.c.tenant == tenant)
            found |= set(connection.execute(own).scalars())
    return found
