"""What came back of a message: bounced, left, replied, by bureau and day; counts, and no names.

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
from analysis.database.contact_tables import STATEMENTS
from analysis.database.engine import reading
from analysis.database.message_tables import APPROVALS, DELIVERIES, RESPONSES, STEPS
from analysis.fieldwork.small_cells import FLOOR, shown
from analysis.messages.leaving import LEFT, REPLIED
from analysis.messages.loads import BY_MACHINE, LOADED, counted_cells
from analysis.messages.recipients import SENT as TO_SEND

_DAY_S = 86_400
_OUTSIDE = 0.05
SIGNED = "signed"
COUNTED = ("sent", "bounced", "complained", LEFT, REPLIED, SIGNED)
_SIGNS = ("volunteering", "donation", "theme")


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back of one message.

    Attributes
    ----------
    counts
        Letters by what became of them: sent, delivered, bounced, complained, left, refused, gate;
        replied: mails that answer them, automatic ones left out;
        signed: people of them who said since that they volunteer, give, or care about a theme.
    by_bureau
        `cell` (bureau), `sent`, `bounced`, and for `left` and `signed` their number, `_rate`,
        `_low` and `_high`; for `replied` and `loaded`, of which one person may make several, their
        number, `_low` and `_high`; `hidden`. Rates from 0 to 1; all missing where hidden. `loaded`
        is without programs that say so, and missing where loads are not counted by bureau.
    by_day
        `day` (ISO, UTC), and each of `COUNTED`.
    by_theme
        `theme`, `n` (people of the letters who named it since; missing under eleven), `rate`,
        `low`, `high`.
    hidden
        Whether so few letters left that nothing but their number may be shown.
    """

    counts: Mapping[str, int]
    by_bureau: pd.DataFrame = field(repr=False)
    by_day: pd.DataFrame = field(repr=False)
    by_theme: pd.DataFrame = field(repr=False)
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
    signs = _signs(contacts, message)
    table = pd.concat([_counted(contacts, message), _first_signs(signs)], ignore_index=True)
    sums = table.groupby("kind")["n"].sum()
    kinds = (*COUNTED, "refused", "gate", LOADED, BY_MACHINE)
    counts = {kind: int(sums.get(kind, 0)) for kind in kinds}
    counts["delivered"] = counts["sent"] - counts["bounced"]
    hidden = counts["sent"] < FLOOR
    if hidden:
        counts |= dict.fromkeys((LOADED, BY_MACHINE, *COUNTED[1:], "delivered"), 0)
        table, signs = table[:0], signs[:0]
    themes = _by_theme(signs, counts["sent"])
    # Of some bureaux loads are counted with those of others: of them alone they tell nothing.
    cells = {cell for bureau, cell in counted_cells(contacts, message).items() if cell == bureau}
    return CameBack(counts, _by_bureau(table, cells), _by_day(table), themes, hidden)


def _signs(contacts: Contacts, message: str) -> pd.DataFrame:
    """Return `person`, `cell`, `kind`, `value`, `at_s` of what recipients said since approval."""
    of_person = (STATEMENTS.c.tenant == DELIVERIES.c.tenant) & (
        STATEMENTS.c.person == DELIVERIES.c.person
    )
    of_message = (APPROVALS.c.tenant == DELIVERIES.c.tenant) & (
        APPROVALS.c.message == DELIVERIES.c.message
    )
    names = ("person", "cell", "kind", "value", "at_s")
    query = (
        sa.select(
            *(DELIVERIES.c[name] for name in names[:2]), *(STATEMENTS.c[one] for one in names[2:])
        )
        .select_from(DELIVERIES.join(STATEMENTS, of_person).join(APPROVALS, of_message))
        .where(DELIVERIES.c.tenant == contacts.tenant, DELIVERIES.c.message == message)
        .where(DELIVERIES.c.arm == TO_SEND, STATEMENTS.c.given)
        .where(STATEMENTS.c.kind.in_(_SIGNS), STATEMENTS.c.at_s > APPROVALS.c.at_s)
    )
    with reading(contacts.engine) as connection:
        return pd.DataFrame(connection.execute(query).all(), columns=list(names))


def _first_signs(signs: pd.DataFrame) -> pd.DataFrame:
    """Return the first sign of each person, as `_counted` returns steps."""
    first = signs.sort_values("at_s", kind="stable").drop_duplicates("person")
    days = first["at_s"].astype("int64") // _DAY_S
    return first.assign(kind=SIGNED, day=days, n=1)[["kind", "cell", "day", "n"]]


def _by_theme(signs: pd.DataFrame, sent: int) -> pd.DataFrame:
    themes = signs[signs["kind"] == "theme"].drop_duplicates(["person", "value"])
    table = themes.groupby("value").size().rename_axis("theme").reset_index(name="n")
    of = pd.Series(max(sent, 1), table.index)
    table["rate"] = table["n"] / of
    table["low"], table["high"] = rate_interval(table["n"], of)
    numbers = ["n", "rate", "low", "high"]
    table[numbers] = table[numbers].astype("float64").where(table["n"] >= FLOOR)
    return table


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


def _by_bureau(table: pd.DataFrame, counted: set[str]) -> pd.DataFrame:
    wide = table.pivot_table("n", "cell", "kind", "sum", fill_value=0)
    kinds = ["sent", "bounced", LEFT, REPLIED, LOADED, SIGNED]
    wide = wide.reindex(columns=kinds, fill_value=0).astype("int64")
    wide = wide[wide["sent"] > 0].sort_index().reset_index()
    seen = shown(wide["sent"].to_numpy(np.int64))
    numbers = list(kinds)
    for kind in (LEFT, SIGNED):
        low, high = rate_interval(wide[kind], wide["sent"])
        told = {"rate": wide[kind] / wide["sent"], "low": low, "high": high}
        wide = wide.assign(**{f"{kind}_{name}": one for name, one in told.items()})
        numbers += [f"{kind}_{name}" for name in told]
    for kind in (REPLIED, LOADED):
        low, high = count_interval(wide[kind])
        wide = wide.assign(**{f"{kind}_low": low, f"{kind}_high": high})
        numbers += [f"{kind}_low", f"{kind}_high"]
    wide[numbers] = wide[numbers].astype("float64").mask(~pd.Series(seen, wide.index))
    loads = [LOADED, f"{LOADED}_low", f"{LOADED}_high"]
    wide[loads] = wide[loads].where(wide["cell"].isin(counted))
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


def count_interval(count: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Garwood's exact 95% interval of what a Poisson count is the chance of.

    Parameters
    ----------
    count
        Events; shape (n,). One letter may bring several: they are no share of anything.

    References
    ----------
    Garwood (1936), Biometrika 28, 437.
    """
    from scipy.stats import chi2

    seen = count.to_numpy(float)
    # With no event the lower end is 0, where the quantile is not defined.
    low = np.where(seen > 0, chi2.ppf(_OUTSIDE / 2, 2 * np.maximum(seen, 1)) / 2, 0.0)
    return low, np.asarray(chi2.ppf(1 - _OUTSIDE / 2, 2 * seen + 2) / 2)
