"""Who is registered in Valmont: a fixed set of persons of a few latent types."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.sample.town import neighbourhoods
from analysis.sample.wards import PSEUDO

LEANINGS = ("radical", "social_left", "centre", "right", "national", "detached")
CLASSES = ("constant", "intermittent", "presidential", "never")
YEARS = (2017, 2019, 2022, 2024)
N_REGISTERED = 39_400
LEAVE = 0.11  # share of the roll that leaves it between two of YEARS
N_PRISONERS = 64

# Spread of a sector around its neighbourhood: concentration of the Dirichlet laws.
LEANING_CONCENTRATION = 180.0
CLASS_CONCENTRATION = 260.0
# Poverty of a sector, in standard deviations, bends its leanings and its attendance.
POVERTY_ON_LEANING = np.array([0.16, 0.0, -0.08, -0.16, 0.08, 0.06])
POVERTY_ON_CLASS = np.array([-0.12, 0.0, 0.06, 0.20])
# Attendance by leaning, as factors on the odds of each class.
TILT = np.array(
    [
        [0.75, 1.00, 1.25, 1.20],
        [1.15, 1.05, 0.85, 0.75],
        [1.20, 1.00, 0.85, 0.75],
        [1.55, 1.00, 0.65, 0.60],
        [0.75, 0.95, 1.30, 1.25],
        [0.40, 0.95, 1.20, 2.10],
    ]
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sectors:
    """The pieces that no redrawing of bureaux has cut, and their latent make-up.

    Attributes
    ----------
    table
        `bureau_2017`, `bureau_2024`, `neighbourhood`, `poverty`; the last row is the
        pseudo-bureau.
    leaning
        Share of each leaning, sectors × leanings.
    attendance
        Share of each class given the leaning, sectors × leanings × classes.
    """

    table: pd.DataFrame
    leaning: Floats
    attendance: Floats


def find_sectors(blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the intersections of both vintages, with the pseudo-bureau last."""
    keys = ["bureau_2017", "bureau_2024"]
    sectors = blocks.groupby(keys, as_index=False)["neighbourhood"].agg(lambda s: s.mode()[0])
    prison = {"bureau_2017": PSEUDO, "bureau_2024": PSEUDO, "neighbourhood": "tilleuls"}
    return pd.concat([sectors, pd.DataFrame([prison])], ignore_index=True)


def draw_sectors(table: pd.DataFrame, rng: np.random.Generator) -> Sectors:
    """Draw the latent make-up of each sector around that of its neighbourhood.

    Parameters
    ----------
    table
        Sectors with `neighbourhood`, from `find_sectors`.
    rng
        Source of chance.

    Returns
    -------
    Sectors
        Leanings and attendance classes of every sector.
    """
    hoods = neighbourhoods().loc[table["neighbourhood"]]
    poverty = np.round(rng.normal(0, 1, len(table)), 3)
    leaning = hoods[list(LEANINGS)].to_numpy() * np.exp(np.outer(poverty, POVERTY_ON_LEANING))
    classes = hoods[list(CLASSES)].to_numpy() * np.exp(np.outer(poverty, POVERTY_ON_CLASS))
    leaning = dirichlet(LEANING_CONCENTRATION * normalise(leaning), rng)
    classes = dirichlet(CLASS_CONCENTRATION * normalise(classes), rng)
    attendance = normalise(classes[:, None, :] * TILT[None, :, :])
    return Sectors(table.assign(poverty=poverty), leaning, attendance)


def settle(
    blocks: gpd.GeoDataFrame, weight: pd.Series, sectors: Sectors, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the persons ever on the roll, where they live and what they are like.

    Parameters
    ----------
    blocks
        Blocks with `bureau_2017`, `bureau_2024`, `neighbourhood`.
    weight
        Share of the voters in each block.
    sectors
        Latent make-up.
    rng
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        One row per person: `block` (-1 in prison), `sector`, `leaning` and `attendance`
        (positions in `LEANINGS`, `CLASSES`), `first` and `last` year on the roll.
    """
    keys = ["bureau_2017", "bureau_2024"]
    lookup = pd.Series(sectors.table.index, index=pd.MultiIndex.from_frame(sectors.table[keys]))
    sector = lookup.loc[list(blocks[keys].itertuples(index=False, name=None))].to_numpy()
    waves = [_arrivals(blocks, weight, year, rng) for year in YEARS]
    block = np.concatenate([*waves, np.full(N_PRISONERS, -1)])
    first = np.repeat([*YEARS, 2022], [*map(len, waves), N_PRISONERS])
    stays = rng.geometric(LEAVE, block.size)
    start = np.searchsorted(YEARS, first)
    last = np.array(YEARS)[np.minimum(start + stays, len(YEARS)) - 1]
    where = np.where(block < 0, len(sectors.table) - 1, sector[block])
    leaning = draw_rows(sectors.leaning[where], rng)
    attendance = draw_rows(sectors.attendance[where, leaning], rng)
    return pd.DataFrame(
        {
            "block": block,
            "sector": where,
            "leaning": leaning,
            "attendance": attendance,
            "first": first,
            "last": np.where(block < 0, YEARS[-1], last),
        }
    )


def on_roll(persons: pd.DataFrame, year: int) -> pd.Series:
    """Tell who is registered in `year`."""
    return (persons["first"] <= year) & (year <= persons["last"])


def _arrivals(
    blocks: gpd.GeoDataFrame, weight: pd.Series, year: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the block of each person who joins the roll in `year`."""
    if year == YEARS[0]:
        size = N_REGISTERED * weight
    else:
        growth = blocks["neighbourhood"].map(neighbourhoods()["growth"])
        size = N_REGISTERED * weight * (LEAVE + (growth - 1) / 2).clip(lower=0)
    return np.repeat(np.arange(len(blocks)), rng.poisson(size))


def normalise(weights: Floats) -> Floats:
    """Scale the last axis to sum to 1."""
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=float)


def dirichlet(alpha: Floats, rng: np.random.Generator) -> Floats:
    """Draw one Dirichlet vector per row; an alpha of zero stays a share of zero."""
    return normalise(rng.standard_gamma(alpha))


def draw_rows(shares: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw one position per row, each with the shares of its own row."""
    edges = shares.cumsum(axis=1)
    point = rng.random((len(shares), 1)) * edges[:, -1:]
    return np.asarray((point >= edges[:, :-1]).sum(axis=1), dtype=np.int64)
