"""Blocks into bureaux de vote, in two vintages that differ in known ways."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from analysis.sample.town import CENTRE, neighbourhoods

COMMUNE = "99900"
N_BUREAUX = 48
# Postal votes of prisoners are counted apart: a bureau of the results without a polygon.
PSEUDO = f"{COMMUNE}_JUS1"
SPLIT_IN = ("universite", "plaine")
REDRAWN_IN = ("pavillons", "forges", "tilleuls")
SWAPPED_IN = "gare"
RENUMBERED_IN = "beaulieu"

Ints = npt.NDArray[np.int64]


class Pair(NamedTuple):
    """Two neighbouring bureaux, by number."""

    kept: int
    other: int


def weigh_blocks(blocks: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.Series:
    """Return the share of the town's voters that lives in each block.

    Parameters
    ----------
    blocks
        Blocks with `neighbourhood`, `area_m2` and `geometry`.
    rng
        Source of chance.

    Returns
    -------
    pandas.Series
        Shares that sum to 1, indexed as `blocks`; parks, works and fields have none.
    """
    inner = shapely.get_coordinates(shapely.centroid(blocks.geometry.to_numpy())) - CENTRE
    # Houses thin out into fields towards the limit of the commune.
    far = np.hypot(inner[:, 0], inner[:, 1] - 350)
    built = 1 / (1 + np.exp((far - 2250) / 130))
    weight = blocks["area_m2"] ** 0.9 * built * rng.lognormal(0, 0.35, len(blocks))
    weight[rng.random(len(blocks)) < 0.06] = 0.0
    weight[built < 0.12] = 0.0
    share = blocks["neighbourhood"].map(neighbourhoods()["share"])
    return share * weight / weight.groupby(blocks["neighbourhood"]).transform("sum")


def draw_bureaux(blocks: gpd.GeoDataFrame, weight: pd.Series) -> pd.DataFrame:
    """Group blocks into the bureaux of both vintages.

    Parameters
    ----------
    blocks
        Blocks with `neighbourhood` and `geometry`.
    weight
        Share of the voters in each block.

    Returns
    -------
    pandas.DataFrame
        `bureau_2017` and `bureau_2024` (ids as in the results) of each block. Between
        them two bureaux were split, three exchanged blocks with a neighbour, two
        exchanged their numbers and one neighbourhood was renumbered.
    """
    now = _mend(blocks, _divide(blocks, weight))
    hood = pd.Series(now).groupby(blocks["neighbourhood"]).unique()
    before = now.copy()
    for name in SPLIT_IN:
        pair = _neighbours(blocks, now, hood[name])
        before[now == pair.other] = pair.kept
    for name in REDRAWN_IN:
        pair = _neighbours(blocks, now, hood[name])
        before = _cede(blocks, weight, before, pair)
    before = _mend(blocks, before)
    codes_before, codes_now = _number(before, now, hood)
    return pd.DataFrame({"bureau_2017": codes_before, "bureau_2024": codes_now}, blocks.index)


def dissolve(blocks: gpd.GeoDataFrame, label: pd.Series) -> gpd.GeoDataFrame:
    """Return one polygon per label, their common borders node for node the same."""
    geometry = blocks.geometry.groupby(label.to_numpy()).agg(
        lambda parts: shapely.coverage_union_all(parts.to_numpy())
    )
    # Streets cross a border every hundred metres; nodes on a straight line add nothing.
    thin = shapely.coverage_simplify(geometry.to_numpy(), 0.5)
    return gpd.GeoDataFrame({"bureau_id": geometry.index}, geometry=thin, crs=blocks.crs)


def _divide(blocks: gpd.GeoDataFrame, weight: pd.Series) -> Ints:
    """Cut each neighbourhood into its bureaux of about the same size."""
    share = neighbourhoods()["share"]
    seats = np.floor(share * N_BUREAUX).astype(int)
    rest = (share * N_BUREAUX - seats).sort_values(ascending=False, kind="stable")
    seats[rest.index[: N_BUREAUX - seats.sum()]] += 1
    inner = shapely.get_coordinates(shapely.centroid(blocks.geometry.to_numpy()))
    label = np.zeros(len(blocks), dtype=np.int64)
    first = 1
    for name, n in seats.items():
        rows = np.flatnonzero(blocks["neighbourhood"] == name)
        _bisect(inner, weight.to_numpy(), label, (rows, first, int(n)))
        first += int(n)
    return label


def _bisect(
    inner: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    label: Ints,
    part: tuple[Ints, int, int],
) -> None:
    """Halve a set of blocks across its longer side until each half is one bureau."""
    rows, first, n = part
    if n == 1:
        label[rows] = first
        return
    centred = inner[rows] - inner[rows].mean(axis=0)
    axis = np.linalg.eigh(np.cov(centred.T))[1][:, -1]
    order = rows[np.argsort(centred @ (axis * np.sign(axis[0] + 1e-9)), kind="stable")]
    mass = weight[order].cumsum()
    cut = int(np.searchsorted(mass, mass[-1] * (n // 2) / n))
    _bisect(inner, weight, label, (order[:cut], first, n // 2))
    _bisect(inner, weight, label, (order[cut:], first + n // 2, n - n // 2))


def _mend(blocks: gpd.GeoDataFrame, label: Ints) -> Ints:
    """Give blocks cut off from their bureau to the neighbour they touch most."""
    label, shapes = label.copy(), blocks.geometry.to_numpy()
    for _ in range(6):
        stray = [row for part in np.unique(label) for row in _stray(shapes, label, part)]
        if not stray:
            break
        for row in stray:
            touch = shapely.length(shapely.intersection(shapes[row], shapes))
            touch[label == label[row]] = 0
            label[row] = label[int(np.argmax(touch))]
    return label


def _stray(shapes: npt.NDArray[np.object_], label: Ints, part: int) -> Ints:
    rows = np.flatnonzero(label == part)
    pieces = shapely.get_parts(shapely.coverage_union_all(shapes[rows]))
    if pieces.size == 1:
        return np.array([], dtype=np.int64)
    largest = pieces[int(np.argmax(shapely.area(pieces)))]
    inside = shapely.within(shapely.point_on_surface(shapes[rows]), largest)
    return np.asarray(rows[~inside], dtype=np.int64)


def _neighbours(blocks: gpd.GeoDataFrame, label: Ints, candidates: Ints) -> Pair:
    """Return the two of `candidates` with the longest common border."""
    parts = sorted(int(part) for part in candidates)
    shapes = {part: shapely.union_all(blocks.geometry[label == part]) for part in parts}
    borders = {
        Pair(a, b): round(float(shapely.length(shapely.intersection(shapes[a], shapes[b]))), 1)
        for a in parts
        for b in parts
        if a < b
    }
    return max(borders, key=lambda pair: (borders[pair], pair))


def _cede(blocks: gpd.GeoDataFrame, weight: pd.Series, label: Ints, pair: Pair) -> Ints:
    """Let `pair.other` hold the quarter of `pair.kept` that lies nearest to it."""
    label = label.copy()
    inner = shapely.get_coordinates(shapely.centroid(blocks.geometry.to_numpy()))
    goal = inner[label == pair.other].mean(axis=0)
    rows = np.flatnonzero(label == pair.kept)
    near = rows[np.argsort(np.round(np.hypot(*(inner[rows] - goal).T), 1), kind="stable")]
    mass = weight.to_numpy()[near].cumsum()
    label[near[mass <= 0.25 * mass[-1]]] = pair.other
    return label


def _number(before: Ints, now: Ints, hood: pd.Series) -> tuple[list[str], list[str]]:
    """Return the official ids of both vintages, numbers of 2017 first."""
    old = {part: n for n, part in enumerate(np.unique(before), start=1)}
    fresh = iter(range(len(old) + 1, N_BUREAUX + 1))
    new = {int(part): old[part] if part in old else next(fresh) for part in np.unique(now)}
    for part in sorted(hood[RENUMBERED_IN]):
        new[part] += 100
    a, b = sorted(hood[SWAPPED_IN])[:2]
    new[a], new[b] = new[b], new[a]
    return [_id(old[part]) for part in before], [_id(new[part]) for part in now]


def _id(number: int) -> str:
    return f"{COMMUNE}_{number:04d}"
