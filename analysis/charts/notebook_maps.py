"""Maps to look at in a notebook: pydeck to move about in, folium to send."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Literal

import folium
import geopandas as gpd
import pandas as pd
import pydeck

from analysis.charts.chart_words import say
from analysis.charts.colours import Classes, classes
from analysis.i18n import format_number

if TYPE_CHECKING:
    from analysis.charts.colours import Palette

WGS84 = "OGC:CRS84"
# Contours this close in metres look alike on a screen, and make a page a tenth as heavy.
_CLOSE_M, _GRID = 8.0, 5
_HEIGHT_PX = 420


def shaded(
    bureaux: gpd.GeoDataFrame,
    values: pd.Series,
    *,
    palette: Palette = "sequential",
    language: Literal["fr", "en"] = "fr",
) -> tuple[gpd.GeoDataFrame, Classes]:
    """Return bureaux in WGS 84 with the colour of their value, and the classes.

    Parameters
    ----------
    bureaux
        Contours, metric CRS, with `bureau_id`, and with `label` where people call them otherwise.
    values
        Numbers by `bureau_id`, as they are to be read.
    palette
        `diverging` for values around nought.
    language
        Of the labels.

    Returns
    -------
    tuple
        `bureau_id`, `label`, `value` (missing where there is none), `text`, `colour`, geometry; the
        classes, for a legend.
    """
    kept = bureaux[["bureau_id"]].assign(
        label=bureaux["label" if "label" in bureaux else "bureau_id"].astype("str"),
        value=values.reindex(bureaux["bureau_id"]).to_numpy(dtype=float),
    )
    graded = classes(kept["value"], n=7, palette=palette, language=language)
    signed = palette == "diverging"
    kept["text"] = [format_number(v, 1, language=language, sign=signed) for v in kept["value"]]
    kept["colour"] = [graded.palette[index] for index in graded.index]
    grounds = bureaux.geometry.simplify_coverage(_CLOSE_M).to_crs(WGS84).set_precision(10**-_GRID)
    shown = gpd.GeoDataFrame(kept, geometry=grounds.to_numpy(), crs=WGS84)
    return shown[~shown.geometry.is_empty & shown.geometry.notna()], graded


def deck_map(shown: gpd.GeoDataFrame, title: str) -> pydeck.Deck:
    """Return a map of pydeck: bureaux in their colours, names and values under the pointer."""
    rows = json.loads(shown[["label", "text", "geometry"]].to_json())
    for feature, colour in zip(rows["features"], shown["colour"], strict=True):
        feature["properties"]["fill"] = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    west, south, east, north = shown.total_bounds
    layer = pydeck.Layer(
        "GeoJsonLayer",
        rows,
        id="bureaux",
        pickable=True,
        opacity=0.75,
        get_fill_color="properties.fill",
        get_line_color=[255, 255, 255],
        line_width_min_pixels=0.5,
    )
    view = pydeck.ViewState(longitude=(west + east) / 2, latitude=(south + north) / 2, zoom=11)
    tooltip = {"text": f"{{label}}\n{title}: {{text}}"}
    return pydeck.Deck([layer], initial_view_state=view, map_style="light", tooltip=tooltip)


def folium_map(shown: gpd.GeoDataFrame, graded: Classes, title: str) -> folium.Map:
    """Return a map of folium with its legend: one page that can be sent.

    Parameters
    ----------
    shown
        Polygons in WGS 84, with `label`, `text` and `colour`.
    graded
        The classes of the legend.
    title
        Heading of the legend and name of the value.

    Returns
    -------
    folium.Map
        Framed on the polygons.
    """
    west, south, east, north = shown.total_bounds
    chart = folium.Map(height=_HEIGHT_PX)
    # Leaflet shows what stands in a tooltip as HTML.
    told = shown.assign(**{name: shown[name].map(html.escape) for name in ("label", "text")})
    folium.GeoJson(
        told.to_json(),
        style_function=_style,
        tooltip=folium.GeoJsonTooltip(["label", "text"], ["bureau", title]),
    ).add_to(chart)
    entries = "".join(
        f'<div><i style="background:{colour};display:inline-block;width:12px;height:12px">'
        f"</i> {html.escape(label)}</div>"
        for colour, label in zip(graded.palette[1:], graded.labels[1:], strict=True)
    )
    legend = (
        '<div style="position:absolute;z-index:999;bottom:18px;left:8px;padding:6px;'
        f'background:white;font:12px sans-serif"><b>{html.escape(title)}</b>{entries}</div>'
    )
    chart.get_root().html.add_child(folium.Element(legend))  # type: ignore[attr-defined]
    chart.fit_bounds([[south, west], [north, east]])
    return chart


def _style(feature: dict[str, dict[str, str]]) -> dict[str, object]:
    colour = feature["properties"]["colour"]
    return {"fillColor": colour, "fillOpacity": 0.75, "color": "white", "weight": 0.6}


def framed(chart: folium.Map | pydeck.Deck) -> str:
    """Return a map as one frame of HTML, for `IPython.display.HTML`."""
    if isinstance(chart, folium.Map):
        page = chart.get_root().render()
    else:
        page = chart.to_html(as_string=True, notebook_display=False)
    return (
        f'<div><iframe srcdoc="{html.escape(page)}" width="100%" height="{_HEIGHT_PX}" '
        'style="border:0"></iframe></div>'
    )


def legend_text(graded: Classes, title: str, language: str = "fr") -> str:
    """Return the legend of a map as a line of HTML.

    Parameters
    ----------
    graded
        The classes; the first colour of the palette is of no data.
    title
        Heading.
    language
        Of the text, "fr" or "en".

    Returns
    -------
    str
        Markup, names escaped.
    """
    marks = " ".join(
        f'<span style="background:{colour};padding:0 .6em">&nbsp;</span>&nbsp;{html.escape(label)}'
        for colour, label in zip(graded.palette[1:], graded.labels[1:], strict=True)
    )
    none = f'<span style="background:{graded.palette[0]};padding:0 .6em">&nbsp;</span>&nbsp;'
    return f"<b>{html.escape(title)}</b> {marks} {none}{say('no_data', language)}"
