"""Communes that changed behind a stable code: merged into a new one, or taken out of one."""

from __future__ import annotations

import pandas as pd

from analysis.errors import Text, some
from analysis.tables.schema import commune_of

# No town grows or shrinks so between two votes; and in a village a few families could.
_FACTOR, _LEAST = 1.3, 300


def changed_communes(turnout: pd.DataFrame, elections: pd.DataFrame) -> tuple[Text, ...]:
    """Tell of communes whose electorate changes too much from one election to the next.

    A commune nouvelle keeps the code of its seat (Code général des collectivités territoriales,
    L2113-1): before, that code meant a smaller place, and the others stand under their own codes.

    Parameters
    ----------
    turnout
        A `schema.TURNOUT` table.
    elections
        A `schema.ELECTIONS` table, in the order of dates.
    """
    registered = turnout.assign(commune=commune_of(turnout["bureau_id"])).pivot_table(
        "registered", "commune", "election_id", aggfunc="sum", observed=True
    )
    order = [election for election in elections["election_id"] if election in registered]
    registered = registered[order]
    before = registered.ffill(axis=1).shift(axis=1)
    ratio = registered / before
    moved = (ratio >= _FACTOR) | (ratio <= 1 / _FACTOR)
    moved &= (registered - before).abs() >= _LEAST
    if not moved.any(axis=None):
        return ()
    told = [
        Text(
            "{commune}: {before} registered before, {after} in {election}",
            commune=commune,
            before=int(before.loc[commune, election]),
            after=int(registered.loc[commune, election]),
            election=election,
        )
        for commune in moved.index[moved.any(axis=1)]
        for election in registered.columns[moved.loc[commune]]
    ]
    return (
        Text(
            "the territory behind a code changed (communes merged or split), so that earlier "
            "elections are of another place; former communes stand under their own codes: "
            "{communes}",
            communes=some(told),
        ),
    )
