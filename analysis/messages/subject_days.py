"""The days of two subjects: who might still act, and who did, of A and of B."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd
import sqlalchemy as sa

from analysis.contacts.contact_store import Contacts
from analysis.database.engine import reading
from analysis.database.message_tables import DELIVERIES, RESPONSES
from analysis.messages.approve import Approval
from analysis.messages.effect import ACTS, first_day

LEFT = "left"
COMPARED = (*ACTS, LEFT)
_DAY_S = 86_400


def subject_days(contacts: Contacts, message: str, approval: Approval) -> pd.DataFrame:
    """Return the days on which somebody acted since the approval.

    Everybody drawn for a subject may act from the approval on: who acts before their letter came
    blurs the comparison, and biases nothing.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    approval
        Its approval: the act that was chosen then is counted.

    Returns
    -------
    pandas.DataFrame
        As `subject_test.look` takes it, with `day` (days since 1970).
    """
    act = str(approval.control.get("compares", ACTS[0]))
    query = sa.select(DELIVERIES.c.person, DELIVERIES.c.variant).where(
        DELIVERIES.c.tenant == contacts.tenant,
        DELIVERIES.c.message == message,
        DELIVERIES.c.variant != "",
    )
    with reading(contacts.engine) as connection:
        variant = {str(who): str(one) for who, one in connection.execute(query)}
        if act == LEFT:
            told = sa.select(RESPONSES.c.link, RESPONSES.c.hour_s, RESPONSES.c.n).where(
                RESPONSES.c.tenant == contacts.tenant,
                RESPONSES.c.message == message,
                RESPONSES.c.kind == LEFT,
            )
            count: Counter[tuple[int, str]] = Counter()
            for one, hour, n in connection.execute(told):
                count[int(hour) // _DAY_S, str(one)] += int(n)
        else:
            when = first_day(connection, contacts, act, approval.at_s)
            count = Counter(
                (at // _DAY_S, variant[who]) for who, at in when.items() if who in variant
            )
    return days_of(Counter(variant.values()), count)


def days_of(size: Mapping[str, int], count: Mapping[tuple[int, str], int]) -> pd.DataFrame:
    """Return the days on which somebody acted.

    Parameters
    ----------
    size
        Recipients of A and B.
    count
        Acts by day and subject.
    """
    left, rows = {"A": size.get("A", 0), "B": size.get("B", 0)}, []
    for day in sorted({day for day, _one in count}):
        acts = {one: min(count.get((day, one), 0), left[one]) for one in left}
        rows.append([day, left["A"], left["B"], acts["A"], acts["B"]])
        left = {one: left[one] - acts[one] for one in left}
    return pd.DataFrame(rows, columns=["day", "risk_a", "risk_b", "acts_a", "acts_b"])
