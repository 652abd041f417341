"""Rankings as one web page: a folium map with everything it needs inside it."""

from __future__ import annotations

import base64
import html
import re
import zlib
from pathlib import Path
from typing import Any, cast

import folium
import shapely
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from analysis.charts.ground_file import encode_ground
from analysis.charts.ground_file import script as ground_script
from analysis.charts.map_ground import light
from analysis.exports.bureau_facts import facts_of
from analysis.exports.document import Document
from analysis.exports.embedded_provenance import ELEMENT_ID
from analysis.exports.geojson import geometry_of

_HERE = Path(__file__).parent
_DIGITS = 5  # one metre: enough to draw with, and a third smaller
# Nobody sees a line 4 m off; 60,000 points are about 200 kB of the page.
_CLOSE_M, _STEP_M, _MOST_POINTS = 4.0, 2.0, 60_000
_TEXTS = ("zoom_in", "zoom_out", "no_data", "offline", "score_legend")


class _Map(folium.Map):
    """A folium map that links to no server: Leaflet is written into the page."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Behaviour(MacroElement):
    """Calls `palierMap` (web_map.js) once the map and its polygons stand."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "palierMap({{ this.map_name }}, {{ this.layer_name }}, {{ this.config|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, chart: folium.Map, layer: folium.GeoJson, config: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._chart, self._layer, self.config = chart, layer, config

    @property
    def map_name(self) -> str:
        """Name of the map in the script of the page."""
        return str(self._chart.get_name())

    @property
    def layer_name(self) -> str:
        """Name of the layer of polygons in the script of the page."""
        return str(self._layer.get_name())


class _Verbatim(Element):
    """Text that is no template: Leaflet's source is full of braces."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401
        """Return the text as it is."""
        return self._text


def to_html(document: Document) -> bytes:
    """Write a page that shows the map without any network.

    Nothing is fetched when it opens: who receives it tells no server which streets the
    campaign looks at. Streets and names are inside; a box in the legend asks a server for images.
    """
    document.need_polygons()
    chart = _Map(tiles=None, prefer_canvas=True, zoom_control=False,
                 attribution_control=True, zoom_snap=0.25)  # fmt: skip
    layer = folium.GeoJson(_collection(document))
    layer.add_to(chart)
    _Behaviour(chart, layer, _config(document)).add_to(chart)
    figure = cast("Figure", chart.get_root())
    figure.title = html.escape(document.heading)
    figure.header.add_child(_Verbatim(_head()))
    figure.html.add_child(_Verbatim(_provenance(document)))
    _number(figure)
    page = str(figure.render())
    # Screen readers choose their voice by it; branca's page has none.
    return page.replace("<html>", f'<html lang="{document.language}">', 1).encode()


def _collection(document: Document) -> dict[str, Any]:
    """Return what is drawn: polygons, their class, and what the page says of them."""
    features = [
        {
            "type": "Feature",
            "geometry": geometry_of(shape, digits=_DIGITS),
            "properties": {
                "class": int(index),
                "rank": int(rank),
                "top": bool(top),
                "name": name,
                "at": _inside(shape),
                "facts": [fact for _, fact in facts],
            },
        }
        for shape, index, rank, top, name, facts in zip(
            document.places.geometry,
            document.graded.index,
            document.table["rank"],
            document.targeted,
            document.called,
            facts_of(document),
            strict=True,
        )
        if shape is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def _inside(shape: shapely.Geometry) -> list[float]:
    """Return latitude and longitude of a point inside, for the label."""
    point = shapely.point_on_surface(shape)
    return [round(point.y, _DIGITS), round(point.x, _DIGITS)]


def _config(document: Document) -> dict[str, Any]:
    return {
        "title": document.heading,
        "subtitle": document.subtitle,
        "names": [name for name, _ in facts_of(document)[0]],
        "palette": document.graded.palette,
        "labels": document.graded.labels,
        "listed": document.listed,
        "targets": document.say("listed").format(document.listed),
        "ranked": document.say("ranked").format(document.listed),
        "targeted": document.targeted_label,
        "notes": [note for note in (document.unmapped_note(), document.sources) if note],
        "tiles": _tiles(document),
        "ground": _ground(document),
        "texts": {key: document.say(key) for key in _TEXTS},
    }


def _tiles(document: Document) -> dict[str, Any] | None:
    """Return who offers images and what the box that asks for them says."""
    if (source := document.backdrop.tiles) is None:
        return None
    credit = html.escape(source.attribution)
    if "OpenStreetMap" in credit:
        credit = f'<a href="https://www.openstreetmap.org/copyright">{credit}</a>'
    return {
        "url": source.url,
        "credit": credit,
        "deepest": source.deepest,
        "label": document.say("basemap").format(source.attribution.removeprefix("© ")),
    }


def _ground(document: Document) -> str:
    """Return the file of streets, outlines and names as text; empty where there is none."""
    if (ground := document.backdrop.ground) is None:
        return ""
    small = light(ground, close_m=_CLOSE_M, most_points=_MOST_POINTS)
    packed = zlib.compress(encode_ground(small, step_m=_STEP_M), 9)
    return base64.b64encode(packed).decode()


def _head() -> str:
    """Return Leaflet with its licence, and our own style and script."""
    leaflet = _HERE / "leaflet"
    licence = (leaflet / "LICENSE").read_text(encoding="utf-8")
    css = (leaflet / "leaflet.css").read_text(encoding="utf-8")
    # Images of controls and markers that this page does not have.
    css = re.sub(r"url\(images/[^)]*\)", "none", css)
    script = (leaflet / "leaflet.js").read_text(encoding="utf-8")
    script = re.sub(r"//# sourceMappingURL=.*", "", script)
    own_css = (_HERE / "web_map.css").read_text(encoding="utf-8")
    own_script = "\n".join(
        (_HERE / name).read_text(encoding="utf-8") for name in ("web_map_ground.js", "web_map.js")
    )
    # Names of its own functions would hide those of the browser.
    lines = (
        f"const palierLines = (() => {{\n{ground_script()}\n"
        "return { decodeGround, fitGround, drawGround, writeNames };\n})();"
    )
    return (
        f"<!-- Leaflet 1.9.4\n{licence}-->\n<style>{css}</style>\n<script>{script}</script>\n"
        f"<style>{own_css}</style>\n<script>{lines}\n{own_script}</script>\n"
    )


def _provenance(document: Document) -> str:
    # Only "</" could end the script; JSON may write a slash as \/.
    text = document.provenance.to_json().replace("</", "<\\/").replace("<!--", "<\\u0021--")
    return f'<script type="application/json" id="{ELEMENT_ID}">{text}</script>'


def _number(figure: Element) -> None:
    """Give folium's elements numbers for their random ids: the same page twice."""
    waiting, count = [figure], 0
    while waiting:
        element = waiting.pop()
        element._id = f"{count:04d}"  # noqa: SLF001
        count += 1
        waiting += [*element._children.values()]  # noqa: SLF001
