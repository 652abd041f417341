"""What came back of a message: delivered, bounced, left, by bureau and day; counts, and no names.

A bureau with fewer than eleven letters is not shown, nor any that would tell its number. Nobody is
watched: who opened a message is not asked, and who left is counted by hour and bureau alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import sqlalchemy as sa

from analysis.contacts.contact_store import Contacts
from analysis.database.engine import reading
from analysis.database.message_tables import DELIVERIES, RESPONSES, STEPS
from analysis.fieldwork.small_cells import FLOOR, shown
from analysis.messages.recipients import SENT as TO_SEND

_DAY_S = 86_400
_OUTSIDE = 0.05
COUNTED = ("sent", "bounced", "complained", "left")


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back of one message.

    Attributes
    ----------
    counts
        Letters by what became of them: sent, delivered, bounced, complained, left, refused, gate.
    by_bureau
        `cell` (bureau), `sent`, `bounced`, `left`, `left_rate`, `left_low`, `left_high`, `hidden`;
        rates from 0 to 1, missing where hidden.
    by_day
        `day` (ISO, UTC), `sent`, `bounced`, `complained`, `left`.
    hidden
        Whether so few letters left that nothing but their number may be shown.
    """

    counts: Mapping[str, int]
    by_bureau: pd.DataFrame = field(repr=False)
    by_day: pd.DataFrame = field(repr=False)
    hidden: bool


def came_back(contacts: Contacts, message: str) -> CameBack:
    """Return what came back of a message.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    """
    table = _counted(contacts, message)
    sums = table.groupby("kind")["n"].sum()
    counts = {kind: int(sums.get(kind, 0)) for kind in (*COUNTED, "refused", "gate")}
    counts["delivered"] = counts["sent"] - counts["bounced"]
    hidden = counts["sent"] < FLOOR
    if hidden:
        counts |= dict.fromkeys(("bounced", "complained", "left", "delivered"), 0)
        table = table[:0]
    return CameBack(counts, _by_bureau(table), _by_day(table), hidden)


def _counted(contacts: Contacts, message: str) -> pd.DataFrame:
    """Return `kind`, `cell`, `day` and `n` of steps and responses."""
    mine = (DELIVERIES.c.tenant == STEPS.c.tenant) & (DELIVERIES.c.message == STEPS.c.message)
    day = STEPS.c.at_s // _DAY_S
    steps = (
        sa.select(STEPS.c.step, DELIVERIES.c.cell, day, sa.func.count())
        .join(DELIVERIES, mine & (DELIVERIES.c.person == STEPS.c.person))
        .where(STEPS.c.tenant == contacts.tenant, STEPS.c.message == message)
        .where(DELIVERIES.c.arm == TO_SEND)
        .group_by(STEPS.c.step, DELIVERIES.c.cell, day)
    )
    told = sa.select(RESPONSES.c.kind, RESPONSES.c.cell, RESPONSES.c.hour_s, RESPONSES.c.n).where(
        RESPONSES.c.tenant == contacts.tenant, RESPONSES.c.message == message
    )
    with reading(contacts.engine) as connection:
        rows = [tuple(row) for row in connection.execute(steps)]
        rows += [
            (kind, cell, int(hour) // _DAY_S, n) for kind, cell, hour, n in connection.execute(told)
        ]
    return pd.DataFrame(rows, columns=["kind", "cell", "day", "n"])


def _by_bureau(table: pd.DataFrame) -> pd.DataFrame:
    wide = table.pivot_table("n", "cell", "kind", "sum", fill_value=0)
    wide = wide.reindex(columns=["sent", "bounced", "left"], fill_value=0).astype("int64")
    wide = wide[wide["sent"] > 0].sort_index().reset_index()
    seen = shown(wide["sent"].to_numpy(np.int64))
    wide["left_rate"] = wide["left"] / wide["sent"]
    wide["left_low"], wide["left_high"] = rate_interval(wide["left"], wide["sent"])
    numbers = ["sent", "bounced", "left", "left_rate", "left_low", "left_high"]
    wide[numbers] = wide[numbers].astype("float64").mask(~pd.Series(seen, wide.index))
    return wide.assign(hidden=~seen)


def _by_day(table: pd.DataFrame) -> pd.DataFrame:
    wide = table.pivot_table("n", "day", "kind", "sum", fill_value=0)
    wide = wide.reindex(columns=list(COUNTED), fill_value=0).astype("int64").sort_index()
    wide.insert(0, "day", pd.to_datetime(wide.index.astype("int64") * _DAY_S, unit="s").date)
    return wide.reset_index(drop=True)


def rate_interval(count: pd.Series, of: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Wilson's 95% interval of rates.

    Parameters
    ----------
    count, of
        Events, among how many; shape (n,).
    """
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(
        count.to_numpy(float), of.to_numpy(float), alpha=_OUTSIDE, method="wilson"
    )
    return np.asarray(low), np.asarray(high)
