"""What a message changed: who got it against who was kept for comparison, like any trial.

Everybody counts in the arm they were drawn into, whether or not their message left. An act counts
from the approval on: somebody said that they volunteer, give, or care about a subject, or talked
with a caller. Where bureaux were drawn whole, their turnout and their doors tell too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts
from analysis.contacts.merged import groups
from analysis.database.contact_tables import CONTACTS, STATEMENTS, VAULT_KEYS
from analysis.database.engine import reading
from analysis.database.message_tables import DELIVERIES
from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimates import Estimate
from analysis.fieldwork.small_cells import FLOOR
from analysis.messages.approve import Approval, approval_of, terms_of
from analysis.messages.recipients import SENT

# Acts of people, by what is written of them.
ACTS = ("volunteering", "donation", "theme", "talked")
_REACHED = "talked"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a message changed in one act.

    Attributes
    ----------
    act
        One of `ACTS`, "turnout" or "doors".
    estimate
        Of being drawn for the message, in shares of the drawn; None where too few did it or an
        arm has fewer than eleven, so that it is not shown.
    without
        Share among those kept for comparison.
    letters, controls
        People (or bureaux, for turnout and doors) of each arm.
    """

    act: str
    estimate: Estimate | None
    without: float
    letters: int
    controls: int


def trial_of(contacts: Contacts, message: str) -> pd.DataFrame:
    """Return who was drawn, and what they did since.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.

    Returns
    -------
    pandas.DataFrame
        `person`, `assigned` (1 to be written to, 0 kept), `block`, `cell`, `variant`, and 0 or 1
        for each of `ACTS`, missing for who was erased meanwhile.
    """
    approval = _approved(contacts, message)
    names = ("person", "arm", "block", "cell", "variant")
    query = sa.select(*(DELIVERIES.c[name] for name in names)).where(
        DELIVERIES.c.tenant == contacts.tenant, DELIVERIES.c.message == message
    )
    with reading(contacts.engine) as connection:
        table = pd.DataFrame(connection.execute(query).all(), columns=list(names), dtype="str")
        known = sa.select(VAULT_KEYS.c.person).where(VAULT_KEYS.c.tenant == contacts.tenant)
        there = table["person"].isin(set(connection.execute(known).scalars()))
        for act in ACTS:
            did = table["person"].isin(set(first_day(connection, contacts, act, approval.at_s)))
            table[act] = did.astype("float64").where(there)
    return table.assign(assigned=(table["arm"] == SENT).astype("int64"))


def first_day(
    connection: Connection, contacts: Contacts, act: str, since_s: int
) -> Mapping[str, int]:
    """Return when each person first did something since a moment, in seconds since 1970.

    Parameters
    ----------
    connection
        Of the campaign.
    contacts
        The campaign.
    act
        One of `ACTS`.
    since_s
        The moment.

    Returns
    -------
    dict
        Seconds since 1970 by person; who did it never since is not in it. What one of several
        people who were merged did, each of them did: a form filled in under another address of
        mail makes a second person, found later to be the one who was drawn.
    """
    if act == _REACHED:
        table = CONTACTS
        which = CONTACTS.c.outcome == "talked"
    else:
        table = STATEMENTS
        which = sa.and_(STATEMENTS.c.kind == act, STATEMENTS.c.given)
    query = (
        sa.select(table.c.person, sa.func.min(table.c.at_s))
        .where(table.c.tenant == contacts.tenant, which, table.c.at_s > since_s)
        .group_by(table.c.person)
    )
    merged = groups(connection)
    first: dict[str, int] = {}
    for who, at in connection.execute(query):
        root = merged.of(str(who))
        first[root] = min(int(at), first.get(root, int(at)))
    return {one: at for root, at in first.items() for one in merged.members([root])}


def _approved(contacts: Contacts, message: str) -> Approval:
    if (approval := approval_of(contacts, message)) is None:
        raise DataError(
            "This message was not approved: it changed nothing.",
            where="{message}",
            mend="Have it approved and send it.",
            message=message,
        )
    return approval


def effects(contacts: Contacts, message: str) -> list[Effect]:
    """Return what a message changed, act by act.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.

    Returns
    -------
    list
        Nothing where nobody was kept for comparison.
    """
    approval = _approved(contacts, message)
    if not approval.control["controls"]:
        return []
    return estimated(trial_of(contacts, message), ACTS, whole=terms_of(approval).whole_bureaux)


def estimated(table: pd.DataFrame, acts: tuple[str, ...], *, whole: bool = False) -> list[Effect]:
    """Return the effect on each act.

    Parameters
    ----------
    table
        As `trial_of` returns it; left as it is.
    acts
        Columns of it.
    whole
        Whether bureaux were drawn whole.

    Returns
    -------
    list of Effect
        In the order of `acts`; without an estimate where nobody did it, or an arm has fewer than 11
        people.
    """
    letters, controls = int((table["assigned"] == 1).sum()), int((table["assigned"] == 0).sum())
    # Fewer than eleven of an arm would tell about persons; what nobody did has no effect to see.
    few = min(letters, controls) < FLOOR
    told = tuple(act for act in acts if not few and table[act].sum() > 0)
    found = {}
    if told:
        cluster = "cell" if whole else ""
        spec = Spec(told, assigned="assigned", block="block", cluster=cluster, unit="person")
        impact = estimate_impact(table, spec)
        found = {act: impact.pick(act) for act in told}
    without = table.loc[table["assigned"] == 0, list(acts)].mean()
    return [
        Effect(act, found.get(act), float(without[act]) if not few else np.nan, letters, controls)
        for act in acts
    ]


def on_turnout(table: pd.DataFrame, turnout: pd.DataFrame) -> Effect:
    """Return the effect on the turnout of bureaux that were drawn whole.

    Parameters
    ----------
    table
        As `trial_of` returns it.
    turnout
        `bureau_id`, `registered`, `turnout_rate` of the vote, `before` of the one before it.
    """
    arms = table.drop_duplicates("cell")[["cell", "assigned", "block"]]
    units = arms.merge(turnout, left_on="cell", right_on="bureau_id", how="inner")
    spec = Spec(
        ("turnout_rate",),
        assigned="assigned",
        block="block",
        weight="registered",
        lagged=(("turnout_rate", "before"),),
        estimator="ancova",
        unit="bureau_id",
        measured_before=True,
    )
    estimate = estimate_impact(units, spec).pick("turnout_rate")
    kept = units["assigned"] == 0
    without = float(np.average(units.loc[kept, "turnout_rate"]))
    return Effect("turnout", estimate, without, int((~kept).sum()), int(kept.sum()))


def on_doors(table: pd.DataFrame, doors: pd.DataFrame) -> Effect:
    """Return the effect on how many doors give a conversation, of bureaux that were drawn whole.

    Parameters
    ----------
    table
        As `trial_of` returns it.
    doors
        `bureau_id`, `doors` knocked at since the message was approved, `conversation` at them.

    Returns
    -------
    Effect
        In conversations per door, a bureau weighing as its doors; without an estimate where an arm
        has fewer than two bureaux with doors, or eleven doors.
    """
    arms = table.drop_duplicates("cell")[["cell", "assigned", "block"]]
    units = arms.merge(doors[doors["doors"] > 0], left_on="cell", right_on="bureau_id", how="inner")
    units = units.assign(rate=units["conversation"] / units["doors"])
    sent = units["assigned"] == 1
    letters, controls = int(sent.sum()), int((~sent).sum())
    fewest = min(units.loc[sent, "doors"].sum(), units.loc[~sent, "doors"].sum())
    if min(letters, controls) < 2 or fewest < FLOOR:  # noqa: PLR2004 - a spread takes two
        return Effect("doors", None, np.nan, letters, controls)
    spec = Spec(("rate",), assigned="assigned", block="block", weight="doors", unit="bureau_id")
    estimate = estimate_impact(units, spec).pick("rate")
    without = float(np.average(units.loc[~sent, "rate"], weights=units.loc[~sent, "doors"]))
    return Effect("doors", estimate, without, letters, controls)
