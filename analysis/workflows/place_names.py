"""What a place knows of names beside its results: polling places, quarters, constituencies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.geography.vintages import match_vintages
from analysis.geography.zones import place_named, territory_of
from analysis.readers.reader_registry import reader_of
from analysis.tables.schema import ZONES
from analysis.tables.workspace import Workspace

if TYPE_CHECKING:
    import geopandas as gpd

    from analysis.readers.results import Results
    from analysis.tables.sources import Report
    from analysis.workflows.build import Inputs


def named_only(inputs: Inputs, results: Results, crs: str) -> dict[str, Any]:
    """Return the names of polling places, of a place without contours.

    Parameters
    ----------
    inputs
        Files of the place.
    results
        As read: bureaux that voted there are named, no others.
    crs
        Of the place.

    Returns
    -------
    dict
        `polling_places`, `zones` and `reports`, as a workspace keeps them; nothing without a file.
    """
    if inputs.reu_bureaux is None:
        return {}
    # A ranking asks for names alone: what draws contours takes a second to load.
    from analysis.workflows.electoral_roll import ElectoralRoll, polling_places, read_electoral_roll

    known = set(results.turnout["bureau_id"].cat.categories)
    files = ElectoralRoll(None, inputs.reu_bureaux, own_places(inputs, results))
    roll = read_electoral_roll(files, crs, known=known, draw=False)
    return {
        "polling_places": polling_places(roll.names, known),
        "zones": roll.zones,
        "reports": roll.reports,
    }


def own_places(inputs: Inputs, results: Results) -> tuple[str, ...]:
    """Return the places asked for; one commune alone lends its code to bare numbers."""
    communes = tuple(results.places["commune_id"])
    return inputs.places or (communes if len(communes) == 1 else ())


def with_quarters(
    zones: pd.DataFrame,
    inputs: Inputs,
    results: Results,
    bureaux: gpd.GeoDataFrame,
    addresses: gpd.GeoDataFrame,
) -> tuple[pd.DataFrame, tuple[Report, ...]]:
    """Add the quarter that each bureau lies in; what the town says of its bureaux goes before.

    Parameters
    ----------
    zones
        Those that are known, by bureau.
    inputs, results
        The file of quarters is among the former; numbers of bureaux are those of the latter.
    bureaux, addresses
        Canonical tables, the former of all vintages.

    Returns
    -------
    tuple
        All zones, and the account of the file, where there is one.
    """
    if inputs.quarters is None:
        return zones, ()
    matches = match_vintages(results.elections, results.turnout, bureaux)
    fits = matches.groupby("vintage")["registered_share"].last()
    # Numbers move between bureaux: contours of the latest result say where a bureau is.
    order = bureaux["vintage"].map(fits).sort_values(ascending=False, kind="stable")
    drawn = bureaux.loc[order.index].drop_duplicates("bureau_id")
    streets = addresses["street"].dropna().astype("str").unique()
    found, report = reader_of("quarters", inputs.quarters).read(
        inputs.quarters, bureaux=drawn, streets=streets
    )
    return pd.concat([zones, found], ignore_index=True), (report,)


def all_zones(named: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Return the zones of bureaux; a town's own file goes before the results."""
    both = pd.concat([told, named], ignore_index=True).astype("str")
    return ZONES.check(both.drop_duplicates(["bureau_id", "kind"]).reset_index(drop=True))


def only_abroad(folder: Path | str) -> bool:
    """Tell whether everybody of a workspace votes at a consulate: there are no doors."""
    communes = Workspace(folder).read("places")["commune_id"].astype("str")
    return bool((territory_of(communes) == "abroad").all())


def places_named(folder: Path | str, names: Sequence[str]) -> list[str]:
    """Return what `Scenario.places` takes for the names of parts of a workspace.

    Raises
    ------
    DataError
        When a name is unknown, or several parts have it.
    """
    workspace = Workspace(folder)
    return [place_named(workspace, name) for name in names]
