"""Where bureaux lie: their contours, and the communes they belong to."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from analysis.charts.chart_words import say
from analysis.geography.bureau_names import bureau_labels
from analysis.geography.zones import in_words, zones_of
from analysis.i18n import format_number
from analysis.tables.schema import commune_of
from analysis.tables.workspace import Workspace


def contours_of(workspace: Workspace, vintage: int | None, communes: pd.Series) -> gpd.GeoDataFrame:
    """Return the contours of some communes in one vintage, by id; none where none is known.

    Parameters
    ----------
    workspace
        A built place.
    vintage
        Year of the contours; None where there are none.
    communes
        Ids, in any number.

    Returns
    -------
    geopandas.GeoDataFrame
        In the metric CRS of the workspace.
    """
    bureaux = workspace.read("bureaux")
    kept = (bureaux["vintage"] == (vintage or 0)) & bureaux["commune_id"].isin(set(communes))
    shown = bureaux.loc[kept, ["bureau_id", "geometry"]].sort_values("bureau_id")
    return gpd.GeoDataFrame(shown.reset_index(drop=True), geometry="geometry", crs=bureaux.crs)


def title_of(workspace: Workspace, place: str, language: str) -> str:
    """Name a part of a place, for the head of a figure.

    Parameters
    ----------
    workspace
        A built place.
    place
        A commune, a département or a part of one; empty for the whole.
    language
        "fr" or "en".

    Returns
    -------
    str
        The commune, the département or the part, or how many communes there are; what is
        invented is called so.
    """
    places = workspace.read("places")
    if place:
        zones = zones_of(workspace)
        named = pd.concat(
            [places.rename(columns={"commune_id": "place"}), zones[zones["kind"] != "commune"]]
        )
        chosen = named[named["place"] == place]
        names = in_words(chosen["name"], language)
        title = str(names.iloc[0]) if len(names) else place
    elif len(places) == 1:
        title = str(places["name"].iloc[0])
    else:
        title = say("places", language).format(format_number(len(places), language=language))
    return f"{title} ({say('fictional', language)})" if workspace.fictional else title


def communes_of(workspace: Workspace, bureau_ids: pd.Series) -> pd.DataFrame:
    """Return `commune_id`, `commune` and `label` of each bureau, by name.

    A commune without a name is called by its id.
    """
    names = workspace.read("places").set_index("commune_id")["name"].astype("str")
    commune_id = commune_of(bureau_ids)
    return pd.DataFrame(
        {
            "commune_id": commune_id,
            "commune": commune_id.map(names).fillna(commune_id),
            "label": bureau_labels(workspace, bureau_ids.astype("str")).set_axis(bureau_ids.index),
        }
    )
