"""Groups of neighbouring bureaux to begin with, each with a share of the hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

MOST = 3
# A zone grows among the best fifth of the list: neighbours beyond would dilute it.
_BEST_SHARE = 0.2
# Volunteer-hours of one outing of a team of two.
LEAST_HOURS = 4.0
# Bureaux of a commune that is small enough to be one place to go to.
_VILLAGE = 4

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class ZoneWorth:
    """What a zone asks and what it may bring.

    Attributes
    ----------
    bureaux, doors, hours
        How many it holds; doors and volunteer-hours to knock at all of them.
    votes, low, high
        Net votes expected, with their 90% ends: sums of those of its bureaux.
    brought, convinced
        Net votes of them by bringing abstainers to vote, and by talks that win or keep votes.
    abstention, support
        Shares, 0 to 1, weighted by registered voters.
    """

    bureaux: int
    doors: float
    hours: float
    votes: float
    low: float
    high: float
    brought: float
    convinced: float
    abstention: float
    support: float

    @property
    def hours_per_vote(self) -> float:
        """Volunteer-hours for one net vote; infinite where none is gained."""
        return self.hours / self.votes if self.votes > 0 else float("inf")


def best_of(table: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the rows of a ranking among which zones are looked for, best first.

    Where some bureaux have addresses, those without are none of them: no turf can be cut there.

    Parameters
    ----------
    table
        `Ranking.table`, controls set aside.
    k
        Bureaux that the hours reach.
    """
    most = max(k, int(np.ceil(len(table) * _BEST_SHARE)))
    worth = (table["gain_per_hour"] > 0) & (table["hours"] > 0) & (table["by_hand"] != "excluded")
    if table["addresses"].notna().any():
        worth &= table["addresses"].notna()
    return table.head(most)[worth.head(most)].reset_index(drop=True)


def of_villages(best: pd.DataFrame) -> Pairs:
    """Return which bureaux are of one commune of a few, by position both ways.

    Parameters
    ----------
    best
        As `best_of` returns it: `commune_id`. Of a place of one commune none is: nothing tells
        which of its bureaux lie side by side.
    """
    communes = best["commune_id"].astype("str")
    counted = communes.map(communes.value_counts())
    rows = np.flatnonzero((counted <= _VILLAGE) & (counted < len(best)))
    own = pd.DataFrame({"commune": communes.to_numpy()[rows], "row": rows})
    pairs = own.merge(own, on="commune").query("row_x != row_y")
    return pairs["row_x"].to_numpy(), pairs["row_y"].to_numpy()


def first_zones(best: pd.DataFrame, near: Pairs, hours: float, most: int = MOST) -> list[list[int]]:
    """Group neighbours among the best, each group worth an equal share of the hours.

    A zone begins with the best bureau that lies neither in an earlier zone nor beside one, and
    takes the best of those that touch it until its share of the hours is spent. It begins with no
    bureau that is done before an outing is over, where there are others.

    Parameters
    ----------
    best
        As `best_of` returns it: `hours`, in order of rank.
    near
        Positions in `best` of bureaux that touch, both ways.
    hours
        Volunteer-hours to spend.
    most
        How many zones at most.

    Returns
    -------
    list
        Positions in `best` for each zone, its best bureau first.

    Examples
    --------
    >>> best = pd.DataFrame({"hours": [40.0, 60, 50, 50, 30]})
    >>> chain = np.array([[0, 2], [2, 0], [1, 3], [3, 1]]).T
    >>> first_zones(best, (chain[0], chain[1]), hours=300)
    [[0, 2], [1], [4]]
    """
    room = hours / most
    cost = best["hours"].to_numpy(dtype=float)
    beside: dict[int, set[int]] = {place: set() for place in range(len(best))}
    for one, other in zip(*near, strict=True):
        beside[int(one)].add(int(other))
    zones: list[list[int]] = []
    closed: set[int] = set()
    whole = cost >= LEAST_HOURS
    seeds = whole if whole.any() else np.ones(len(best), dtype=bool)
    for seed in np.flatnonzero(seeds).tolist():
        if seed in closed:
            continue
        zones.append(_grown(seed, beside, closed, cost, room))
        closed |= set(zones[-1]).union(*(beside[one] for one in zones[-1]))
        if len(zones) == most:
            break
    return zones


def _grown(
    seed: int,
    beside: dict[int, set[int]],
    closed: set[int],
    cost: npt.NDArray[np.float64],
    room: float,
) -> list[int]:
    zone, spent, edge = [seed], cost[seed], set(beside[seed])
    while edge:
        # Positions are ranks: the smallest is the best.
        nearest = min(edge)
        edge.discard(nearest)
        if nearest in zone or nearest in closed or spent + cost[nearest] > room:
            continue
        zone.append(nearest)
        spent += cost[nearest]
        edge |= beside[nearest] - set(zone)
    return zone


def worth_of(rows: pd.DataFrame) -> ZoneWorth:
    """Return what some bureaux of a ranking ask and may bring."""
    hours, registered = rows["hours"].to_numpy(float), rows["registered"].to_numpy(float)

    def votes(rate: str) -> float:
        return float((rows[rate].to_numpy(float) * hours).sum())

    return ZoneWorth(
        bureaux=len(rows),
        doors=float(rows["doors"].sum()),
        hours=float(hours.sum()),
        votes=votes("gain_per_hour"),
        low=votes("gain_lower"),
        high=votes("gain_upper"),
        brought=votes("gain_mobilise"),
        convinced=votes("gain_persuade"),
        abstention=float(np.average(rows["expected_abstention"], weights=registered)),
        support=float(np.average(rows["support"], weights=registered)),
    )
