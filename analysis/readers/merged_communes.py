"""Communes that changed behind a stable code: merged into a new one, or taken out of one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import Text, some
from analysis.readers.codes import ABROAD, former_commune
from analysis.readers.known_places import communes, known_places, movements, place_name
from analysis.tables.schema import commune_of

# No town grows or shrinks so between two votes; and in a village a few families could.
_FACTOR, _LEAST = 1.3, 300


def given_to_today(turnout: pd.DataFrame, elections: pd.DataFrame) -> tuple[Text, ...]:
    """Tell which results are of communes that are part of another by now, and were given to it.

    Their bureaux keep the former code in their id (`49301_49179-0001`), as the bureau 1 of two
    communes is not one bureau: totals of the commune are whole in every election, and a bureau
    has the past that its own id has.

    Parameters
    ----------
    turnout
        A `schema.TURNOUT` table.
    elections
        A `schema.ELECTIONS` table, in the order of dates: between the last that has a commune
        apart and the next it became part of the other.
    """
    bureaux = turnout["bureau_id"].cat
    code = {str(b): former for b in bureaux.categories if (former := former_commune(str(b)))}
    if not code:
        return ()
    rows = turnout[turnout["bureau_id"].isin(list(code))]
    former = rows["bureau_id"].astype("str").map(code)
    names = {place.code: place.name for place in known_places() if place.kind == "former"}
    order = {one: n for n, one in enumerate(elections["election_id"])}
    ends = rows["election_id"].astype("str").map(order).groupby(former).agg(["min", "max"])
    grown = {movements()[one] for one in code.values()}
    communes = commune_of(turnout["bureau_id"])
    apart = communes.isin(grown) & ~turnout["bureau_id"].isin(list(code))
    held = turnout["election_id"][apart].astype("str").map(order)
    by_commune = held.groupby(communes[apart]).unique()
    ids = list(order)
    # Two lists: what is told of an item is one text in each, without a comma that parts items.
    told: dict[bool, list[Text]] = {True: [], False: []}
    for own, first, last in ends.itertuples():
        later = min((n for n in by_commune.get(movements()[own], ()) if n > last), default=None)
        said = {
            "former": f"{names[own]} ({own})" if names.get(own) else own,
            "commune": place_name(movements()[own]),
            "first": ids[first],
            "last": ids[last],
        }
        told[later is not None].append(
            Text("{former} to {commune} from {first} to {last}", **said)
            if later is None
            else Text(
                "{former} to {commune} from {first} to {last} (part of it by {later})",
                later=ids[later],
                **said,
            )
        )
    return tuple(
        Text(
            "results of {n} former commune(s) were given to the commune they are part of today: "
            "{communes}",
            n=len(one),
            communes=some(one, most=10),
        )
        for one in told.values()
        if one
    )


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
    # A second round is held only where the first decided nothing.
    first = elections.loc[elections["round"] == 1, "election_id"]
    if len(first) < 2:  # noqa: PLR2004 - nothing to compare with
        return ()
    communes_of_rows = commune_of(turnout["bureau_id"]).astype("category")
    # Consulates are no communes: whole countries move from one list to another.
    abroad = communes_of_rows.cat.categories.str.startswith(ABROAD)
    rounds = pd.Categorical(turnout["election_id"])
    row, column = communes_of_rows.cat.codes, pd.Index(first).get_indexer(rounds.categories)
    here = (~abroad[row] & (column[rounds.codes] >= 0)).nonzero()[0]
    shape = (len(communes_of_rows.cat.categories), len(first))
    cells = row.to_numpy("int64")[here] * len(first) + column[rounds.codes[here]]
    units, registered = (
        np.bincount(cells, weights, minlength=shape[0] * shape[1]).reshape(shape)
        for weights in (None, turnout["registered"].to_numpy()[here])
    )
    registered = pd.DataFrame(
        np.where(units > 0, registered, np.nan), communes_of_rows.cat.categories, list(first)
    )
    registered = registered.loc[:, units.any(axis=0)]
    before = registered.ffill(axis=1).shift(axis=1)
    ratio = registered / before
    moved = (ratio >= _FACTOR) | (ratio <= 1 / _FACTOR)
    moved &= (registered - before).abs() >= _LEAST
    if not moved.any(axis=None):
        return ()
    codes = set(moved.index[moved.any(axis=1)])
    names = {code: place.name for code, place in communes().items() if code in codes}
    told = [
        Text(
            "{commune}: {before} registered before, {after} in {election}",
            commune=f"{names[commune]} ({commune})" if commune in names else commune,
            before=int(before.loc[commune, election]),
            after=int(registered.loc[commune, election]),
            election=election,
        )
        for commune in sorted(codes)
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
