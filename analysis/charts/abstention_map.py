"""Where people are expected to stay home, on a map."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from matplotlib.figure import Figure

from analysis.charts.chart_words import say
from analysis.charts.colours import classes
from analysis.charts.share_map import share_map
from analysis.electorate.abstention.forecast import AbstentionForecast


def forecast_map(
    bureaux: gpd.GeoDataFrame,
    forecast: AbstentionForecast,
    *,
    title: str = "",
    language: str = "fr",
) -> Figure:
    """Draw the expected abstention of each bureau.

    Parameters
    ----------
    bureaux
        Contours, metric CRS, with `bureau_id`.
    forecast
        Of their abstention.
    title
        Heading.
    language
        Of the labels, "fr" or "en".

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.
    """
    known = forecast.table.set_index("bureau_id")["abstention"].reindex(bureaux["bureau_id"])
    found = classes(100 * known, n=7, language=language)
    colours = found.palette[1:]
    return share_map(
        bureaux.assign(colour=pd.Series([None, *colours])[found.index].to_numpy()),
        entries=list(zip(colours, found.labels[1:], strict=True)),
        title=title,
        legend=f"{say('abstention', language)}, {say('of_registered', language)}",
        language=language,
    )
