"""Shares of the bureaux of one vintage that lie in those of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, some
from analysis.tables.schema import CROSSWALK, empty

if TYPE_CHECKING:
    import geopandas as gpd

# Contours drawn twice differ by a few metres along every border: a strip under this
# share of a bureau is drawing, not people.
SLIVER = 0.01
_LINK = ["from_id", "to_id", "weight"]


def link_vintages(
    bureaux: gpd.GeoDataFrame,
    *,
    addresses: gpd.GeoDataFrame | None = None,
    squares: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Return the share of each bureau of every vintage that goes to each of every other.

    Shares follow the registered by address where known, else the households of
    the squares, else area; a bureau that meets none of the other vintage keeps
    its code where that exists there.

    Parameters
    ----------
    bureaux
        Contours of any number of vintages, metric CRS.
    addresses
        With `registered`, missing where unknown.
    squares
        `areas`, with `households`.

    Returns
    -------
    pandas.DataFrame
        A `schema.CROSSWALK` table; weights of a `from_id` sum to 1 within a pair of
        vintages. A bureau that meets nothing and whose code is gone has no row.
    """
    vintages = {int(year): part for year, part in bureaux.groupby("vintage")}
    homes = _homes(vintages, addresses)
    links = []
    for one, other in combinations(vintages, 2):
        pieces = _pieces(vintages[one], vintages[other])
        pieces["households"] = _households(pieces, squares)
        people = _people(homes, one, other)
        turned = {"from_id": "to_id", "to_id": "from_id"}
        for source, target, shapes, lived in (
            (one, other, pieces, people),
            (other, one, pieces.rename(columns=turned), people.rename(columns=turned)),
        ):
            table = _link(shapes, lived, vintages[source], vintages[target])
            links.append(table.assign(from_vintage=source, to_vintage=target))
    if not links:
        return empty(CROSSWALK)
    table = pd.concat(links, ignore_index=True)
    return CROSSWALK.check(table.sort_values(list(CROSSWALK.key), ignore_index=True))


def _link(
    pieces: pd.DataFrame, people: pd.DataFrame, older: pd.DataFrame, newer: pd.DataFrame
) -> pd.DataFrame:
    """Weigh the links of one pair of vintages, each bureau by the best basis that knows it."""
    bases = (
        ("registered", people),
        ("households", _without_slivers(pieces, "households")),
        ("area", _without_slivers(pieces, "area")),
    )
    links = pd.concat(
        [table[_LINK].assign(quality=name, rank=rank) for rank, (name, table) in enumerate(bases)],
        ignore_index=True,
    )
    links = links[links["rank"] == links["rank"].groupby(links["from_id"]).transform("min")]
    total = links.groupby("from_id")["weight"].transform("sum")
    links = links.assign(weight=links["weight"] / total).drop(columns="rank")
    missing = older.loc[~older["bureau_id"].isin(links["from_id"]), "bureau_id"]
    same = missing[missing.isin(newer["bureau_id"])]
    codes = pd.DataFrame({"from_id": same, "to_id": same, "weight": 1.0, "quality": "code"})
    return pd.concat([links, codes], ignore_index=True)


def prorate(counts: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Hand whole persons on to other bureaux; every column keeps its total exactly.

    Parameters
    ----------
    counts
        Whole numbers, indexed by bureau; one column per count.
    links
        `from_id`, `to_id`, `weight`; a bureau without a row keeps its own id.

    Returns
    -------
    pandas.DataFrame
        Whole numbers, indexed by the receiving bureau. Parts and sums stay
        consistent when only the parts (abstentions, blank, each candidate) are
        handed on, and sums taken afterwards.

    Raises
    ------
    DataError
        When a bureau stands twice, its weights do not sum to 1, or a total would change.

    Examples
    --------
    A bureau of 51 persons is cut in two halves; nobody is lost, nobody is cut in two.

    >>> counts = pd.DataFrame({"registered": [100, 51]}, index=["a", "b"])
    >>> links = pd.DataFrame(
    ...     {"from_id": ["b", "b"], "to_id": ["c", "d"], "weight": [0.5, 0.5]}
    ... )
    >>> prorate(counts, links)["registered"].to_dict()
    {'a': 100, 'c': 26, 'd': 25}
    """
    handed = Handover.of(counts.index, links)
    given = handed.on(counts.to_numpy(dtype="int64"), tuple(map(str, counts.columns)))
    return pd.DataFrame(given, index=handed.ids, columns=counts.columns)


@dataclass(frozen=True)
class Handover:
    """Where the persons of some bureaux go: made once, for any number of their counts.

    Attributes
    ----------
    ids
        The receiving bureaux, sorted.
    source, target
        By link: positions among the bureaux that give, and among `ids`.
    weight
        By link, 0 to 1.
    linked
        Which links stand in the crosswalk; the others keep a bureau's own id.
    """

    ids: pd.Index
    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    linked: np.ndarray

    @classmethod
    def of(cls, bureaux: pd.Index, links: pd.DataFrame) -> Handover:
        """Prepare what `prorate` does for counts of these bureaux; errors are its own."""
        if (twice := bureaux.duplicated()).any():
            raise DataError(
                "The counts hold a bureau more than once.",
                where="{counts}",
                mend="Sum its rows first.",
                counts=some(bureaux[twice].unique()),
            )
        weights = links.groupby("from_id")["weight"].sum()
        if (off := (weights - 1).abs() > 1e-9).any():
            raise DataError(
                "The weights of a bureau in the crosswalk do not sum to 1.",
                where="{weights}",
                mend="Build the crosswalk again from both contours.",
                weights=some(weights.index[off]),
            )
        # `isin` would make a text of Python of each id it compares with.
        own = bureaux[weights.index.get_indexer(bureaux) < 0]
        kept = pd.DataFrame({"from_id": own, "to_id": own, "weight": 1.0, "linked": False})
        given = links.loc[bureaux.get_indexer(links["from_id"]) >= 0, _LINK]
        used = pd.concat([given.assign(linked=True), kept], ignore_index=True)
        used = used.sort_values(["from_id", "to_id"], ignore_index=True)
        target, ids = pd.factorize(used["to_id"].to_numpy(), sort=True)
        return cls(
            pd.Index(ids),
            bureaux.get_indexer(used["from_id"]),
            target,
            used["weight"].to_numpy(),
            used["linked"].to_numpy(dtype=bool),
        )

    def on(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Hand counts (bureaux × columns) on to `ids`; `names` are those of the columns."""
        parts = counts[self.source]
        shares = parts * self.weight[:, None]
        given = np.empty_like(parts)
        for column in range(parts.shape[1]):
            given[:, column] = _largest_remainder(shares[:, column], parts[:, column], self.source)
        handed = np.zeros((len(self.ids), parts.shape[1]), dtype="int64")
        np.add.at(handed, self.target, given)
        if (off := handed.sum(axis=0) != counts.sum(axis=0)).any():
            raise DataError(
                "The crosswalk would change a total.",
                where="{columns}",
                mend="Build the crosswalk again from both contours.",
                columns=some([name for name, one in zip(names, off, strict=True) if one]),
            )
        return handed

    def most(self, counts: np.ndarray) -> np.ndarray:
        """Return the greatest count of the bureaux linked to each of `ids`; -1 where none is."""
        found = np.full((len(self.ids), counts.shape[1]), -1)
        np.maximum.at(found, self.target[self.linked], counts[self.source[self.linked]])
        return found


def _largest_remainder(shares: np.ndarray, total: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Round the shares of each group to whole numbers that sum to its total (Hamilton)."""
    floor = np.floor(shares + 1e-9).astype("int64")
    rest = total - np.bincount(group, weights=floor)[group].astype("int64")
    order = np.lexsort((np.arange(len(shares)), -(shares - floor), group))
    place = np.empty(len(shares), dtype="int64")
    starts = np.searchsorted(group[order], group[order])
    place[order] = np.arange(len(shares)) - starts
    return floor + (place < rest)


def _homes(
    vintages: dict[int, gpd.GeoDataFrame], addresses: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """Return, for every address with registered, the bureau that holds it in each vintage."""
    if addresses is None or addresses["registered"].isna().all():
        return pd.DataFrame(columns=["weight", *map(int, vintages)])
    known = addresses[addresses["registered"].fillna(0) > 0]
    points = known.geometry.to_numpy()
    homes = pd.DataFrame({v: _containing(points, contours) for v, contours in vintages.items()})
    return homes.assign(weight=known["registered"].to_numpy(dtype=float))


def _people(homes: pd.DataFrame, one: int, other: int) -> pd.DataFrame:
    both = homes[["weight", one, other]].dropna().rename(columns={one: "from_id", other: "to_id"})
    return both.groupby(["from_id", "to_id"], as_index=False)["weight"].sum()


def _containing(points: np.ndarray, bureaux: gpd.GeoDataFrame) -> np.ndarray:
    """Return the bureau that holds each point; on a border, the first by id."""
    ordered = bureaux.sort_values("bureau_id")
    tree = shapely.STRtree(ordered.geometry.to_numpy())
    point, polygon = tree.query(points, predicate="intersects")
    found = pd.Series(polygon, index=point).groupby(level=0).min()
    ids = np.full(len(points), np.nan, dtype=object)
    ids[found.index] = ordered["bureau_id"].to_numpy()[found.to_numpy()]
    return ids


def _pieces(older: gpd.GeoDataFrame, newer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the intersections of both vintages, with their area."""
    import geopandas as gpd

    one, other = older.geometry.to_numpy(), newer.geometry.to_numpy()
    here, there = shapely.STRtree(other).query(one, predicate="intersects")
    shapes = shapely.intersection(one[here], other[there])
    area = shapely.area(shapes)
    # Neighbours that only touch share a line, or a thread of rounding.
    real = area > 1.0
    return gpd.GeoDataFrame(
        {
            "from_id": older["bureau_id"].to_numpy()[here[real]],
            "to_id": newer["bureau_id"].to_numpy()[there[real]],
            "area": area[real],
        },
        geometry=shapes[real],
        crs=older.crs,
    )


def _households(pieces: gpd.GeoDataFrame, squares: gpd.GeoDataFrame | None) -> np.ndarray:
    """Return the households in each piece, spread evenly over their square."""
    if squares is None or squares.empty:
        return np.zeros(len(pieces))
    cells, shapes = squares.geometry.to_numpy(), pieces.geometry.to_numpy()
    piece, cell = shapely.STRtree(cells).query(shapes, predicate="intersects")
    inside = shapely.area(shapely.intersection(shapes[piece], cells[cell]))
    households = inside / shapely.area(cells)[cell] * squares["households"].to_numpy()[cell]
    return np.bincount(piece, weights=households, minlength=len(pieces))


def _without_slivers(pieces: pd.DataFrame, basis: str) -> pd.DataFrame:
    table = pieces[["from_id", "to_id"]].assign(weight=pieces[basis])
    total = table.groupby("from_id")["weight"].transform("sum")
    return pd.DataFrame(table[table["weight"] > SLIVER * total])
