"""What is known of bureaux besides the vote explained: squares, past blocs, files brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.electorate.explain.formula_terms import Term, read_terms
from analysis.electorate.history import History
from analysis.i18n import Words
from analysis.tables.schema import BLOCS

WORDS = Words.columns("covariate", files("analysis.electorate.explain") / "covariates.csv")
_START = "meaning."
# Where covariates come from, in the order in which models take them up.
GROUPS = ("contours", "squares", "census", "income", "past", "place", "file")
# Communes whose bureaux are numbered by arrondissement: 1905 is the fifth of the nineteenth.
_BY_ARRONDISSEMENT = ("75056", "13055", "69123")
# The usual terms, those that say most first: small places take the first few.
USUAL = (
    "poverty_rate",
    "unemployed",
    "commune_income_eur",
    "aged_18_24",
    "past_left",
    "past_far_right",
    "log(density_km2)",
    "degree",
    "moved_in",
    "social_rate",
    "owners",
    "aged_65_over",
)
# Bureaux for each usual term, and of how many a term must be known.
_PER_TERM, _KNOWN = 8, 0.8


def group_of(name: str) -> str:
    """Return where a covariate comes from: one of `GROUPS`."""
    for key in WORDS["en"]:
        table, _slash, column = key.removeprefix(_START).partition("/")
        if key.startswith(_START) and column == name:
            return table
    return "file"


def label_of(name: str, language: str) -> str:
    """Return what a covariate is, in a language; its own name where a file brought it."""
    return WORDS[language].get(f"{_START}{group_of(name)}/{name}", name)


def parts_of_a_place() -> list[str]:
    """Return the columns that say where a bureau lies: arrondissement, commune, département."""
    start = f"{_START}place/"
    return [key.removeprefix(start) for key in WORDS["en"] if key.startswith(start)]


def unit_of(name: str, language: str) -> str:
    """Return the unit of a covariate; empty where a file brought it."""
    return WORDS[language].get(f"unit.{group_of(name)}/{name}", "")


def is_share(name: str) -> bool:
    """Tell whether a covariate runs from 0 to 1 and is told in percent."""
    return "0 to 1" in unit_of(name, "en")


def from_context(context: pd.DataFrame, registered: pd.Series) -> pd.DataFrame:
    """Return what contours, addresses and squares tell.

    Parameters
    ----------
    context
        A `schema.CONTEXT` table of one vintage.
    registered
        By `bureau_id`.

    Returns
    -------
    pandas.DataFrame
        By `bureau_id`, in the order of `registered`: `density_km2`, `poverty_rate`,
        `living_standard_eur`, `social_rate`, `household_size`; missing where unknown.
    """
    table = context.set_index("bureau_id").reindex(registered.index)
    numbers = table.drop(columns=["vintage", "name"]).astype("float64")
    households = numbers["households"].where(numbers["households"] > 0)
    people = numbers["population"]
    if people.isna().all():
        people = registered.astype("float64")
    return pd.DataFrame(
        {
            "density_km2": 1e6 * people / numbers["area_m2"].where(numbers["area_m2"] > 0),
            "poverty_rate": numbers["poor_households"] / households,
            "living_standard_eur": numbers["living_standard_eur"],
            "social_rate": numbers["social_dwellings"] / households,
            "household_size": numbers["population"] / households,
        }
    )


def from_past(history: History, election: int) -> pd.DataFrame:
    """Return shares of the blocs and of those who stayed home at one past election.

    Parameters
    ----------
    history
        Past elections.
    election
        Position of the one wanted.

    Returns
    -------
    pandas.DataFrame
        By `bureau_id`: `past_abstention` of the registered, `past_left`… of the valid votes.
    """
    valid, registered = history.valid[:, election], history.registered[:, election]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = history.blocs[:, election] / np.where(valid > 0, valid, np.nan)[:, None]
        home = history.abstentions[:, election] / np.where(registered > 0, registered, np.nan)
    table = pd.DataFrame(shares, columns=[f"past_{bloc}" for bloc in BLOCS])
    # A bloc that nobody stood for says nothing.
    table.loc[:, table.sum() == 0] = np.nan
    return table.assign(past_abstention=home).set_index(history.units["bureau_id"].to_numpy())


def earlier(history: History, before: int) -> int | None:
    """Return the election whose blocs tell most about one at position `before`.

    The last presidential first round before it, else the last first round whose blocs are known;
    None where there is none.
    """
    known = [
        n
        for n in range(before)
        if history.elections[n].round == 1 and np.isfinite(history.blocs[:, n]).any()
        and np.nansum(history.blocs[:, n]) > 0
        and history.elections[n].date < history.elections[before].date
    ]  # fmt: skip
    presidential = [n for n in known if history.elections[n].kind == "pres"]
    best = presidential or known
    return best[-1] if best else None


def arrondissement_of(bureau_id: pd.Series) -> pd.Series:
    """Return `75056_19` of Paris, Lyon and Marseille, elsewhere the commune."""
    parts = bureau_id.astype("str").str.rpartition("_")
    commune, number = parts[0], parts[2]
    inside = commune.isin(_BY_ARRONDISSEMENT) & number.str.fullmatch(r"\d{4}")
    return commune.where(~inside, commune + "_" + number.str[:2])


def middles(bureaux: gpd.GeoDataFrame, ids: pd.Series) -> pd.DataFrame:
    """Return `x_m` and `y_m` of the middle of each contour, missing where there is none."""
    points = bureaux.set_index("bureau_id").geometry.centroid.reindex(ids)
    return pd.DataFrame({"x_m": points.x.to_numpy(), "y_m": points.y.to_numpy()}, index=ids)


def usual_terms(table: pd.DataFrame, columns: Sequence[str], fixed: str = "") -> tuple[Term, ...]:
    """Return the terms to begin with: what is known of most bureaux, few in a small place.

    Parameters
    ----------
    table
        One row per bureau.
    columns
        Covariates that may be taken.
    fixed
        Column of the effects; what is the same inside all its levels is left out.

    Returns
    -------
    tuple of Term
        At least one where any covariate may be taken, fewer where there are few rows.
    """
    known = [name for name in columns if table[name].notna().mean() >= _KNOWN]
    terms: list[Term] = []
    for text in USUAL:
        name = text.removeprefix("log(").removesuffix(")")
        if name in known and not is_flat(table, name, fixed):
            terms += read_terms(text, columns)
    return tuple(terms[: max(1, len(table) // _PER_TERM)])


def is_flat(table: pd.DataFrame, name: str, fixed: str) -> bool:
    """Tell whether a covariate is the same inside every level of the effects, or everywhere.

    Parameters
    ----------
    table
        One row per bureau.
    name
        Column of the covariate.
    fixed
        Column of the levels; empty: one level.

    Returns
    -------
    bool
        False for a covariate of levels, whatever they are.
    """
    if not pd.api.types.is_numeric_dtype(table[name]):
        return False
    levels = table[fixed] if fixed else pd.Series("", index=table.index)
    inside = table[name].groupby(levels.to_numpy()).agg(np.ptp)
    return bool((inside.fillna(0) == 0).all())


def by_group(terms: Sequence[Term]) -> Mapping[str, Sequence[Term]]:
    """Return terms by where their covariate comes from, in the order of `GROUPS`."""
    found: dict[str, list[Term]] = {name: [] for name in GROUPS}
    for term in terms:
        found[max((group_of(name) for name in term.names), key=GROUPS.index)].append(term)
    return {name: parts for name, parts in found.items() if parts}
