"""A place seen whole: figures by département or by commune, and where they stand on a map."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.charts.map_ground import Ground, merged_streets
from analysis.electorate.abstention.forecast import AbstentionForecast
from analysis.electorate.counts import read_counts
from analysis.electorate.swing_by_bureau import Share
from analysis.geography.bureau_names import bureau_labels
from analysis.geography.constituencies import (
    communes_of_constituencies,
    constituency_names,
    constituency_of,
    known_in,
    middles,
)
from analysis.geography.level_shapes import (
    BUREAU,
    CONSTITUENCY,
    CRS,
    DEPARTEMENT,
    LevelShapes,
    level_shapes,
    on_mainland,
)
from analysis.geography.outlines import COMMUNE, outlines
from analysis.geography.zones import departments
from analysis.readers.known_places import joined
from analysis.tables.elections import Choice
from analysis.tables.keys_among import is_among
from analysis.tables.schema import STREETS, commune_of, empty
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.model_territory import contours_of


@dataclass(frozen=True)
class LevelMap:
    """Units of one level, their shapes, and what lies around them.

    Attributes
    ----------
    level
        One of `level_shapes.LEVELS`.
    shapes
        One for each unit.
    ground
        Outlines and names.
    """

    level: str
    shapes: LevelShapes
    ground: Ground


def communes_in(workspace: Workspace, places: tuple[str, ...]) -> pd.Series:
    """Return the communes of parts of a place (Series of ids); of the whole where none is named.

    Parameters
    ----------
    workspace
        A built place.
    places
        Communes or départements; other parts have none here.
    """
    known = workspace.read("places")
    inside = known["commune_id"].isin(places) | known["department_id"].isin(places)
    return known.loc[inside | (not places), "commune_id"].astype("str")


def levels_in(
    workspace: Workspace, communes: pd.Series, bureau_ids: pd.Series | None = None
) -> tuple[str, ...]:
    """Return the levels that some communes can be shown at, the widest first.

    Parameters
    ----------
    workspace
        A built place.
    communes
        Ids, one per bureau in view.
    bureau_ids
        Of these bureaux; None for all of the place.

    Returns
    -------
    tuple of str
        Some of `LEVELS`; that of bureaux is always among them.
    """
    there = communes.astype("str").unique()
    several = len(_department(workspace).reindex(there).dropna().unique()) > 1
    wide = (DEPARTEMENT,) if several else ()
    zoned = known_in(workspace, bureau_ids) if workspace.has("zones") else []
    middle = (CONSTITUENCY,) if len(zoned) > 1 else ()
    return (*wide, *middle, COMMUNE, BUREAU) if len(there) > 1 else (*middle, BUREAU)


def units_of(workspace: Workspace, bureau_ids: pd.Series, level: str) -> pd.Series:
    """Return the unit of each bureau at a level (Series of ids, as `--place` takes them).

    Parameters
    ----------
    workspace
        A built place.
    bureau_ids
        Ids, in any order.
    level
        One of `level_shapes.LEVELS`.

    Returns
    -------
    pandas.Series
        In the order and with the index of `bureau_ids`; the ids themselves at the level of bureaux.
    """
    if level == BUREAU:
        return bureau_ids.astype("str")
    if level == CONSTITUENCY:
        return constituency_of(workspace, bureau_ids)
    communes = commune_of(bureau_ids).astype("str")
    if level == COMMUNE:
        return communes
    return communes.map(_department(workspace)).fillna(communes.str[:2]).astype("str")


def map_of(
    workspace: Workspace, level: str, units: pd.DataFrame, vintage: int | None = None
) -> LevelMap:
    """Return what a map of a level draws.

    Parameters
    ----------
    workspace
        A built place.
    level
        One of `level_shapes.LEVELS`.
    units
        `unit_id`, `name`, `registered`.
    vintage
        Year of contours of bureaux, of which communes are put together; None without.

    Returns
    -------
    LevelMap
        Shapes of the units and what lies around them, in web Mercator (EPSG:3857).
    """
    codes = units["unit_id"].astype("str")
    communes = codes
    if level == CONSTITUENCY:
        communes = communes_of_constituencies(workspace, codes)
        at, here = middles(workspace, codes).set_axis(units.index), on_mainland(codes)
        # Beside what lies overseas the mainland would be a speck.
        units = units.join(at[here] if here.any() else at)
    own = commune_of(codes) if level == BUREAU else communes
    known = own if level == DEPARTEMENT else own.map(_department(workspace))
    # Of a commune alone, what surrounds its squares says nothing.
    around = () if level == BUREAU else tuple(sorted(set(known.dropna())))
    epci = pd.Series(joined(), dtype="str") if level == COMMUNE else None
    shapes = level_shapes(level, units, around, epci)
    if vintage is not None and level in {COMMUNE, CONSTITUENCY}:
        contours = contours_of(workspace, vintage, communes)
        of = units_of(workspace, contours["bureau_id"], level)
        shapes = _put_together(shapes, contours[of.isin(codes).to_numpy()], of[of.isin(codes)])
    streets = merged_streets(empty(STREETS, f"EPSG:{CRS}"))
    return LevelMap(level, shapes, Ground(streets, shapes.outlines, shapes.labels))


def _put_together(shapes: LevelShapes, contours: gpd.GeoDataFrame, units: pd.Series) -> LevelShapes:
    """Return units as their bureaux cover them; those without contours are left out."""
    whole = outlines(contours.assign(commune_id=units.to_numpy()))
    whole = whole[whole["level"] == COMMUNE].to_crs(CRS)
    names = shapes.units.set_index("bureau_id")["name"].reindex(whole["code"])
    drawn = gpd.GeoDataFrame(
        {"bureau_id": whole["code"].to_numpy(), "name": names.to_numpy()},
        geometry=whole.geometry.to_numpy(),
        crs=CRS,
    )
    labels = drawn.rename(columns={"name": "text"})[["text", "geometry"]].assign(level=COMMUNE)
    labels["text"] = labels["text"].str.replace(" circonscription", "")
    labels = labels.set_geometry(labels.geometry.representative_point())
    return LevelShapes(drawn, whole, labels, 0, 0, on_the_ground=True)


def named(workspace: Workspace, table: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return a table indexed by unit with `unit_id` and `name` as columns before the others.

    Parameters
    ----------
    workspace
        A built place.
    table
        Indexed by unit; left as it is.
    level
        One of `level_shapes.LEVELS`.

    Returns
    -------
    pandas.DataFrame
        Indexed from 0, in the same order; a unit whose name is not known bears its code.
    """
    codes = table.index.astype("str")
    if level == BUREAU:
        names = bureau_labels(workspace, codes).to_numpy()
    elif level == CONSTITUENCY:
        names = np.array(constituency_names(workspace, codes), dtype=object)
    elif level == DEPARTEMENT:
        names = np.array([departments().get(code, code) for code in codes], dtype=object)
    else:
        known = workspace.read("places").set_index("commune_id")["name"].astype("str")
        found = known.reindex(codes)
        names = found.where(found.notna(), codes.to_series().to_numpy()).to_numpy()
    told = table.reset_index(drop=True)
    told.insert(0, "unit_id", codes)
    told.insert(1, "name", pd.Series(names, dtype="str"))
    return told


def ranking_by(
    workspace: Workspace, ranked: Ranking, level: str, announced: Ranking | None = None
) -> pd.DataFrame:
    """Return what hours do in each unit.

    Parameters
    ----------
    workspace
        The place of the ranking.
    ranked
        Of its bureaux.
    level
        `departement`, `circonscription` or `commune`.
    announced
        The same without the controls of a trial, where there is one.

    Returns
    -------
    pandas.DataFrame
        `unit_id`, `name`, `registered`, `bureaux`, `reached` (bureaux that the hours reach),
        `doors`, `hours`, `gain_per_hour` (votes, in all its bureaux), `score` (mean of its
        voters; 100 is the mean bureau), by falling score. Of controls only the registered and
        the score are counted.
    """
    table, told = ranked.table, announced or ranked
    ids = told.table["bureau_id"]
    ours = is_among(table["bureau_id"], ids)
    counted = pd.DataFrame(
        {
            "registered": table["registered"],
            "bureaux": ours.astype(int),
            "reached": is_among(table["bureau_id"], ids.head(told.k)).astype(int),
            "doors": table["doors"].where(ours, 0.0),
            "hours": table["hours"].where(ours, 0.0),
            "votes": (table["gain_per_hour"] * table["hours"]).where(ours, 0.0),
            "points": table["score"] * table["registered"],
        }
    )
    sums = counted.groupby(units_of(workspace, table["bureau_id"], level).to_numpy()).sum()
    sums["gain_per_hour"] = sums["votes"] / sums["hours"].where(sums["hours"] > 0)
    sums["score"] = sums["points"] / sums["registered"].where(sums["registered"] > 0)
    told = named(workspace, sums.drop(columns=["votes", "points"]), level)
    return told.sort_values(["score", "unit_id"], ascending=[False, True], ignore_index=True)


def abstention_by(workspace: Workspace, forecast: AbstentionForecast, level: str) -> pd.DataFrame:
    """Return the abstention expected in each unit.

    Parameters
    ----------
    workspace
        The place of the forecast.
    forecast
        Of its bureaux.
    level
        `departement`, `circonscription` or `commune`.

    Returns
    -------
    pandas.DataFrame
        `unit_id`, `name`, `registered`, `bureaux`, `abstainers` (expected), `abstention` (share
        of the registered), highest first.
    """
    table = forecast.table
    counted = pd.DataFrame(
        {
            "registered": table["registered"],
            "bureaux": 1,
            "abstainers": table["abstention"] * table["registered"],
        }
    )
    sums = counted.groupby(units_of(workspace, table["bureau_id"], level).to_numpy()).sum()
    sums["abstention"] = sums["abstainers"] / sums["registered"].where(sums["registered"] > 0)
    told = named(workspace, sums, level)
    return told.sort_values(["abstention", "unit_id"], ascending=[False, True], ignore_index=True)


ABSTENTION = Share()


def counted_by(
    workspace: Workspace,
    elections: tuple[str, ...],
    share: Share = ABSTENTION,
    *,
    places: tuple[str, ...] = (),
    level: str = DEPARTEMENT,
) -> pd.DataFrame:
    """Return a share as counted, by unit and election: sums of ballots, no crosswalk needed.

    Parameters
    ----------
    workspace
        A built place.
    elections
        Ids, the earlier first.
    share
        Of whom, and of what.
    places
        Parts of the place; empty for the whole.
    level
        `departement`, `circonscription` or `commune`: those that borders of bureaux do not move.

    Returns
    -------
    pandas.DataFrame
        `unit_id`, `name`, `registered` (at the last), `bureaux` (at the last) and a column for
        each election: NaN where the choice stood in no bureau of the unit. With two elections
        `swing`, the later less the earlier.
    """
    choice = share.choice or Choice()
    stood_for = share.choice is not None
    members = choice.members if stood_for else lambda t: np.zeros(len(t), dtype=bool)
    dense = read_counts(workspace, list(elections), members, places)
    found: dict[str, pd.Series] = {}
    for n, election in enumerate(elections):
        table = dense.table(n)
        unit = units_of(workspace, pd.Series(table.index), level).to_numpy()
        registered = table["ballots"] + table["abstentions"]
        bottom = table["valid"] if share.of == "valid" else registered
        top = table["votes"] if stood_for else table["abstentions"]
        stood = table["offered"] > 0 if stood_for else pd.Series(data=True, index=table.index)
        sums = pd.DataFrame({"top": top.where(stood, 0), "bottom": bottom.where(stood, 0)})
        sums = sums.assign(registered=registered, bureaux=1).groupby(unit).sum()
        found[election] = sums["top"] / sums["bottom"].where(sums["bottom"] > 0)
        found |= {"registered": sums["registered"], "bureaux": sums["bureaux"]}
    told = pd.DataFrame({name: found[name] for name in ("registered", "bureaux", *elections)})
    if len(elections) == 2:  # noqa: PLR2004 - a change needs two
        told["swing"] = told[elections[1]] - told[elections[0]]
    return named(workspace, told.dropna(subset=["registered"]), level)


def _department(workspace: Workspace) -> pd.Series:
    places = workspace.read("places")
    return places.set_index(places["commune_id"].astype("str"))["department_id"].astype("str")
