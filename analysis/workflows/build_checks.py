"""What the files of a place say of one another: too many registered for its people, for one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, Text, some
from analysis.geography import level_shapes
from analysis.geography.context import describe_bureaux
from analysis.readers.known_places import communes
from analysis.readers.results import Results
from analysis.tables.sources import Report

if TYPE_CHECKING:
    from analysis.workflows.build import Geography

# Registered per adult: 1.08 in Bordeaux Métropole, 0.89 in Valmont (0.67 to 1.27 by bureau);
# foreigners and students who vote elsewhere make it less, squares older than rolls more.
_LEAST_PER_ADULT, _MOST_PER_ADULT = 0.25, 1.5
# Of one bureau, squares shared by area say less.
_BUREAU_PER_ADULT = 4.0
# Registered per address sum to those of the roll, but for the day they were counted on.
_MOST_OF_ROLL, _BUREAU_OF_ROLL = 1.25, 2.0
# So far from its commune's middle lies no bureau of Arles, the widest; middles of hamlets are those
# of a town nearby.
_ELSEWHERE_M = 30_000.0
_ANTIPODE_M = 20e6
# So few persons are no contradiction.
_FEW = 500


def in_place(contours: gpd.GeoDataFrame, report: Report) -> Report:
    """Compare where contours lie with where their communes do.

    Numbers of bureaux alone (`0101`) are those of every town.

    Parameters
    ----------
    contours
        A `schema.BUREAUX` table of one vintage.
    report
        The account of their file.

    Returns
    -------
    Report
        The same; where the contours of some communes lie elsewhere, with a note of it.

    Raises
    ------
    DataError
        When those of all communes do whose position is known.
    """
    ids = contours["commune_id"].astype("str")
    at = level_shapes.points()[["x", "y"]].reindex(ids.to_numpy())
    known = at["x"].notna().to_numpy()
    middle = gpd.GeoSeries.from_xy(at["x"], at["y"], crs=level_shapes.CRS)[known]
    apart = shapely.distance(
        contours.geometry.to_numpy()[known], middle.to_crs(contours.crs).to_numpy()
    )
    # On the other side of the earth a metric CRS has no metres.
    apart = np.nan_to_num(np.minimum(apart, _ANTIPODE_M), nan=_ANTIPODE_M)
    # Of a commune some bureaux may be missing, or one be drawn astray: the nearest tells.
    nearest = pd.Series(apart, index=at.index[known]).groupby(level=0).min()
    far = nearest[nearest > _ELSEWHERE_M]
    if far.empty:
        return report
    names = communes()
    told = some(
        Text("{name} ({n} km)", name=names[code].name if code in names else code, n=round(m / 1000))
        for code, m in far.items()
    )
    if len(far) < len(nearest):
        note = Text("contours far from their commune, look at them: {communes}", communes=told)
        return replace(report, notes=(*report.notes, note))
    raise DataError(
        "The contours lie far from the commune whose bureaux they should be.",
        where="{file}: {communes}",
        mend="The same numbers stand in files of every town: give the contours of this one. If "
        "they are, their coordinate system is misstated: download them again.",
        file=report.source.file,
        communes=told,
    )


def checked(geography: Geography, results: Results) -> tuple[Geography, pd.DataFrame]:
    """Compare what was read with what else was read; nothing is refused.

    Parameters
    ----------
    geography
        Where things are, with the accounts of their files.
    results
        The canonical tables of the results.

    Returns
    -------
    Geography
        The same, what contradicts something else noted in the account of its file, and a
        `schema.CONTEXT` table.
    """
    if geography.bureaux.empty:
        return geography, pd.DataFrame()
    context = describe_bureaux(
        geography.bureaux, addresses=geography.addresses, squares=geography.areas
    )
    registered = _registered(results)
    told = {
        "squares": tuple(_per_adult(registered, context)),
        "electors": tuple(_of_roll(registered, geography.addresses)),
    }
    reports = tuple(
        replace(one, notes=(*one.notes, *told.get(one.source.role, ())))
        for one in geography.reports
    )
    return replace(geography, reports=reports), context


def _registered(results: Results) -> pd.Series:
    """Return registered by bureau at the last election."""
    last = results.elections.sort_values("date")["election_id"].iloc[-1]
    rows = results.turnout[results.turnout["election_id"] == last]
    return pd.Series(
        rows["registered"].to_numpy(float), index=rows["bureau_id"].astype("str"), name=str(last)
    )


def _per_adult(registered: pd.Series, context: pd.DataFrame) -> Iterator[Text]:
    """Compare registered with the adults of the squares, together and by bureau."""
    newest = context[context["vintage"] == context["vintage"].max()]
    adults = newest.set_index(newest["bureau_id"].astype("str"))["adults"].astype(float)
    both = pd.DataFrame({"registered": registered, "adults": adults}).dropna()
    if both["adults"].sum() < _FEW:
        return
    ratio = both["registered"].sum() / both["adults"].sum()
    if not _LEAST_PER_ADULT <= ratio <= _MOST_PER_ADULT:
        yield Text(
            "{ratio:.2f} registered per adult of the squares in {election}; usual are 0.6 to 1.1. "
            "Either file may be multiplied or of another place: compare both with their "
            "publishers'",
            ratio=ratio,
            election=str(registered.name),
        )
    large = both[both["registered"] > _BUREAU_PER_ADULT * both["adults"] + _FEW]
    if len(large) and ratio <= _BUREAU_PER_ADULT:
        yield Text(
            "{n} bureau(x) have far more registered than adults live there: {bureaux}. Compare "
            "them with the publisher's, or look at their contours",
            n=len(large),
            bureaux=_said(large, "adults"),
        )


def _of_roll(registered: pd.Series, addresses: pd.DataFrame) -> Iterator[Text]:
    """Compare registered per address with those of the results, together and by bureau."""
    known = addresses[addresses["registered"].notna()]
    listed = known.groupby(known["bureau_id"].astype("str"))["registered"].sum().astype(float)
    both = pd.DataFrame({"registered": listed, "voters": registered}).dropna()
    if both["voters"].sum() <= 0:
        return
    ratio = both["registered"].sum() / both["voters"].sum()
    if ratio > _MOST_OF_ROLL:
        yield Text(
            "the addresses hold {ratio:.2f} times the registered of {election}: persons may be "
            "counted twice. Give each address once, then build again",
            ratio=ratio,
            election=str(registered.name),
        )
    large = both[both["registered"] > _BUREAU_OF_ROLL * both["voters"] + _FEW]
    if len(large) and ratio <= _BUREAU_OF_ROLL:
        yield Text(
            "{n} bureau(x) have far more registered at their addresses than in the results: "
            "{bureaux}. Look for addresses given twice, or in the wrong bureau",
            n=len(large),
            bureaux=_said(large, "voters"),
        )


def _said(rows: pd.DataFrame, other: str) -> Text:
    return some(
        Text("{bureau} ({n} for {of})", bureau=bureau, n=round(n), of=round(of))
        for bureau, n, of in zip(rows.index, rows["registered"], rows[other], strict=True)
    )
