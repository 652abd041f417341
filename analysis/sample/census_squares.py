"""INSEE's squares of 200 m, in the columns of Filosofi."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from analysis.sample.people import Floats, Sectors, on_roll
from analysis.sample.town import neighbourhoods
from analysis.sample.wards import COMMUNE

CENSUS_YEAR = 2019
FEWEST_HOUSEHOLDS = 11  # INSEE publishes no square with fewer as it is

# Built before 1945, 1945-1970, 1970-1990, after 1990.
BUILT = {
    "centre": (0.70, 0.10, 0.08, 0.12),
    "quais": (0.55, 0.15, 0.15, 0.15),
    "gare": (0.50, 0.22, 0.13, 0.15),
    "universite": (0.05, 0.30, 0.40, 0.25),
    "beaulieu": (0.20, 0.25, 0.35, 0.20),
    "pavillons": (0.05, 0.30, 0.45, 0.20),
    "forges": (0.50, 0.28, 0.14, 0.08),
    "tilleuls": (0.01, 0.55, 0.38, 0.06),
    "plaine": (0.02, 0.03, 0.15, 0.80),
    "boisjoli": (0.08, 0.40, 0.37, 0.15),
}
AGES = [
    *("Ind_0_3", "Ind_4_5", "Ind_6_10", "Ind_11_17", "Ind_18_24", "Ind_25_39", "Ind_40_54"),
    *("Ind_55_64", "Ind_65_79", "Ind_80p"),
]
DWELLINGS = ["Log_av45", "Log_45_70", "Log_70_90", "Log_ap90"]
HOUSEHOLDS = ["Men_pauv", "Men_1ind", "Men_5ind", "Men_prop", "Men_fmp", "Men_coll", "Log_soc"]

COLUMNS = [
    *("IdINSPIRE", "Id_carr1km", "I_est_cr", "Id_carr_n", "Groupe", "Depcom", "I_pauv"),
    *("Id_car2010", "Ind", "Men", "Men_pauv", "Men_1ind", "Men_5ind", "Men_prop", "Men_fmp"),
    *("Ind_snv", "Men_surf", "Men_coll", "Men_mais", *DWELLINGS, "Log_inc", "Log_soc"),
    *(*AGES, "Ind_inc", "I_est_1km"),
]


def census(
    doors: gpd.GeoDataFrame, persons: pd.DataFrame, sectors: Sectors, rng: np.random.Generator
) -> pd.DataFrame:
    """Count inhabitants, households and their income by square of 200 m.

    Parameters
    ----------
    doors
        Addresses.
    persons
        With `door`; those on the roll of 2019 stand for the inhabitants around them.
    sectors
        Their poverty moves income inside a neighbourhood.
    rng
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        The columns of Filosofi; squares under 11 households hold what their square
        kilometre has per inhabitant, and say so (`I_est_cr`).
    """
    living = persons[on_roll(persons, CENSUS_YEAR) & (persons["door"] >= 0)]
    xy = shapely.get_coordinates(doors.geometry.to_crs("EPSG:3035").to_numpy())
    corner = (xy // 200).astype(int) * 200
    per_head = _per_registered(living, sectors)
    per_head["square"] = _label(corner, 200)[living["door"]]
    per_head["kilometre"] = _label(corner // 1000 * 1000, 1000)[living["door"]]
    squares = per_head.groupby(["square", "kilometre"]).sum().reset_index()
    squares["Ind_snv"] *= rng.lognormal(0, 0.08, len(squares))
    return _publish(_impute(_whole(squares)))


def _label(corner: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.object_]:
    return np.array([f"CRS3035RES{size}mN{y}E{x}" for x, y in corner], dtype=object)


def _per_registered(living: pd.DataFrame, sectors: Sectors) -> pd.DataFrame:
    """Return what each registered person stands for: inhabitants, households, income."""
    name = sectors.table["neighbourhood"].iloc[living["sector"]].to_numpy()
    poverty = sectors.table["poverty"].to_numpy()[living["sector"]]
    hood = neighbourhoods().loc[name].reset_index(drop=True)
    people = 1 / (0.74 - 0.20 * hood["social"])
    size = 1.75 + 0.65 * hood["houses"] + 0.35 * hood["social"] - 0.6 * (hood["young"] - 0.3)
    homes = people / size
    poor = (hood["poor"] * np.exp(0.25 * poverty)).clip(upper=0.9)
    living_standard = hood["living_standard"] * np.exp(-0.10 * poverty)
    shares = {
        "Men_pauv": poor,
        "Men_1ind": (0.75 - 0.2 * size).clip(lower=0.15),
        "Men_5ind": (0.16 * (size - 1.5)).clip(lower=0.02),
        "Men_prop": 0.30 + 0.5 * hood["houses"] - 0.25 * hood["social"],
        "Men_fmp": 0.06 + 0.18 * hood["poor"],
        "Men_coll": 1 - hood["houses"],
        "Log_soc": hood["social"],
        **dict(zip(DWELLINGS, np.array([BUILT[hood_id] for hood_id in name]).T, strict=True)),
    }
    out = pd.DataFrame({key: homes * share for key, share in shares.items()})
    out[AGES] = _ages(hood) * people.to_numpy()[:, None]
    out["Men"] = homes
    out["Men_surf"] = homes * (58 + 45 * hood["houses"])
    out["Ind_snv"] = people * living_standard
    return out


def _ages(hood: pd.DataFrame) -> Floats:
    """Return the shares of the ten age groups, summing to 1."""
    children = 0.14 + 0.10 * hood["social"] + 0.08 * hood["houses"]
    adults = 1 - children
    young, old = hood["young"] * adults, hood["old"] * adults
    middle = adults - young - old
    parts = [
        *(children * share for share in (0.20, 0.10, 0.28, 0.42)),
        *(young * share for share in (0.38, 0.62)),
        *(middle * share for share in (0.60, 0.40)),
        *(old * share for share in (0.70, 0.30)),
    ]
    return np.column_stack(parts)


def _whole(squares: pd.DataFrame) -> pd.DataFrame:
    """Round to half persons and whole households without losing any."""
    ages = _round_parts(2 * squares[AGES].to_numpy()) / 2
    dwellings = _round_parts(squares[DWELLINGS].to_numpy())
    ratio = ages.sum(axis=1) / squares[AGES].sum(axis=1)
    out = squares[["square", "kilometre"]].copy()
    out[AGES], out[DWELLINGS] = ages, dwellings
    out["Ind"], out["Men"] = ages.sum(axis=1), dwellings.sum(axis=1)
    share = squares[HOUSEHOLDS].div(squares["Men"], axis=0)
    out[HOUSEHOLDS] = share.mul(out["Men"], axis=0).round()
    out["Men_mais"] = out["Men"] - out["Men_coll"]
    out["Men_surf"] = squares["Men_surf"].round()
    out["Ind_snv"] = (squares["Ind_snv"] * ratio).round(1)
    return out[out["Ind"] > 0].reset_index(drop=True)


def _round_parts(parts: Floats) -> Floats:
    """Round so that each row keeps its (rounded) total."""
    return np.diff(np.round(parts.cumsum(axis=1)), axis=1, prepend=0.0)


def _impute(squares: pd.DataFrame) -> pd.DataFrame:
    small = squares["Men"] < FEWEST_HOUSEHOLDS
    values = [name for name in squares.columns if name not in ("square", "kilometre", "Ind")]
    pooled = squares[small].groupby("kilometre")[[*values, "Ind"]].transform("sum")
    spread = pooled[values].div(pooled["Ind"], axis=0).mul(squares.loc[small, "Ind"], axis=0)
    out = squares.copy()
    out[values] = out[values].astype(float)
    out.loc[small, values] = spread.round(1)
    return out.assign(I_est_cr=small.astype(int))


def _publish(squares: pd.DataFrame) -> pd.DataFrame:
    group = squares["kilometre"].where(squares["I_est_cr"] == 1, squares["square"])
    table = squares.assign(
        IdINSPIRE=squares["square"],
        Id_carr1km=squares["kilometre"],
        Id_carr_n=group,
        Groupe=990_000 + group.rank(method="dense").astype(int),
        Depcom=COMMUNE,
        I_pauv=0,
        Id_car2010=squares["square"],
        Log_inc=0,
        Ind_inc=0,
        I_est_1km=0,
    )[COLUMNS]
    # INSEE writes 42 and 42.5, never 42.0.
    for name in table.select_dtypes("float"):
        table[name] = pd.Series(list(map(_short, table[name])), index=table.index, dtype=object)
    return table


def _short(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 1)
