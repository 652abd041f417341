"""Which contours the bureaux of an election are drawn in."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.geography.bureau_names import CITIES, ordinal

# Below this share of the registered, contours and election have different codes.
ENOUGH = 0.5
# Shares this close say nothing: a code may stay while the area changes.
EQUAL = 0.01


def match_vintages(
    elections: pd.DataFrame, turnout: pd.DataFrame, bureaux: pd.DataFrame
) -> pd.DataFrame:
    """Say for every election × vintage how much of the registered finds its contour.

    Parameters
    ----------
    elections, turnout, bureaux
        Canonical tables.

    Returns
    -------
    pandas.DataFrame
        `election_id`, `vintage`, `matched` (bureaux), `bureaux`, `registered_share`
        (of the registered in bureaux that match), `chosen`: the vintage with the
        largest share, among those within a point of it the one in force, the latest drawn
        before the vote; none under one half.
    """
    rows = []
    drawn = {
        int(vintage): turnout["bureau_id"].isin(contours["bureau_id"]).to_numpy()
        for vintage, contours in bureaux.groupby("vintage")
    }
    for election, day in zip(elections["election_id"], elections["date"], strict=True):
        voted = (turnout["election_id"] == election).to_numpy()
        registered = turnout["registered"].to_numpy()[voted]
        for vintage, all_hit in drawn.items():
            hit = all_hit[voted]
            share = registered[hit].sum() / max(registered.sum(), 1)
            rows.append(
                (election, vintage, int(hit.sum()), len(hit), share, _age(vintage, day.year))
            )
    names = ["election_id", "vintage", "matched", "bureaux", "registered_share", "age"]
    table = pd.DataFrame(rows, columns=names)
    most = table.groupby("election_id")["registered_share"].transform("max")
    equal = table[table["registered_share"] >= most - EQUAL]
    best = equal.sort_values(["election_id", "age"]).drop_duplicates("election_id").index
    enough = table["registered_share"] >= ENOUGH
    return table.assign(chosen=table.index.isin(best) & enough).drop(columns="age")


def _age(vintage: int, year: int) -> int:
    """Return how old contours are at an election; those drawn later come after all others."""
    return year - vintage if vintage <= year else 1000 + vintage - year


def with_vintages(elections: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    """Return `elections` with the chosen vintage of each, missing where none fits."""
    chosen = matches[matches["chosen"]].set_index("election_id")["vintage"]
    vintage = elections["election_id"].map(chosen).astype("Int64")
    return elections.assign(vintage=vintage)


def numbered_otherwise(listed: Iterable[str], drawn: Iterable[str]) -> dict[str, int]:
    """Return where contours carry other numbers than results: part → bureaux without contour.

    A part (an arrondissement of Paris, Lyon or Marseille, else a commune) counts where as many
    contours have no result as results have no contour: the same bureaux under new numbers.

    Parameters
    ----------
    listed, drawn
        Ids of bureaux with a result, and of those with a contour.

    Examples
    --------
    >>> numbered_otherwise(["75056_0211", "75056_0101"], ["75056_0201", "75056_0101"])
    {'2e': 1}
    """
    results, contours = set(listed), set(drawn)
    missing = _by_part(results - contours)
    unused = _by_part(contours - results)
    return {part: n for part, n in sorted(missing.items()) if unused.get(part) == n}


def _by_part(ids: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in ids:
        commune, _bar, number = one.rpartition("_")
        city = commune in CITIES and number[:2].isdecimal()
        part = ordinal(int(number[:2])) if city else commune
        found[part] = found.get(part, 0) + 1
    return found
