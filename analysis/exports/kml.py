"""Rankings as KML, for Google Earth, OsmAnd and other maps that people carry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from xml.etree import ElementTree as ET

import pandas as pd
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from analysis.exports.bureau_facts import facts_of
from analysis.exports.column_units import kind_of
from analysis.exports.document import Document
from analysis.exports.embedded_provenance import KEY
from analysis.exports.geojson import plain

_SCHEMA = "bureaux"
_TYPES = {"string": "string", "integer": "int", "number": "double", "boolean": "bool"}
NAMESPACE = "http://www.opengis.net/kml/2.2"
# What XML 1.0 §2.2 does not allow in a document, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FILL, _LINE = "b3", "ffffffff"  # alpha of the fill; opaque white lines


def to_kml(document: Document) -> bytes:
    """Write KML 2.2: one Placemark per bureau that has a polygon, coloured by its class.

    Bureaux without polygon are named in the description; the provenance stands in the
    document's ExtendedData under the name `palier`.
    """
    document.need_polygons()
    graded = document.graded
    root = ET.Element("kml", xmlns=NAMESPACE)
    top = ET.SubElement(root, "Document")
    text_element(top, "name", document.heading)
    legend = "<br/>".join(
        f'<span style="color:{colour}">■</span> {as_html(label)}'
        for colour, label in [*zip(graded.palette, graded.labels, strict=True)][:0:-1]
    )
    notes = (*map(as_html, (*document.remarks, document.subtitle)),
             f"{document.say('score_legend')}<br/>{legend}",
             *map(as_html, (document.unmapped_note(), document.sources)))  # fmt: skip
    text_element(top, "description", "<br/>".join(filter(None, notes)))
    schema(top, document.table)
    for index, colour in enumerate(graded.palette):
        top.append(style(f"class{index}", colour))
    extended_data(top, [(KEY, document.provenance.to_json())])
    rows = zip(document.table.to_dict("records"), document.called, strict=True)
    for (row, called), index, shape, facts in zip(
        rows, graded.index, document.places.geometry, facts_of(document), strict=True
    ):
        if shape is not None:
            mark = ET.SubElement(top, "Placemark")
            text_element(mark, "name", f"{row['rank']} · {called}")
            told = "\n".join(f"{key} : {fact}" for key, fact in facts)
            text_element(mark, "description", as_html(told))
            text_element(mark, "styleUrl", f"#class{index}")
            # GDAL takes a datum called `name` for the place's own, and loses the rank.
            values = [(str(k), plain(v)) for k, v in row.items() if k != "name"]
            typed_data(mark, values)
            mark.append(_geometry(shape))
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def style(
    identifier: str, colour: str, *, fill: str = _FILL, line: str = "", width: int = 1
) -> ET.Element:
    """Return a style: areas filled with a colour, lines white or of the same colour.

    Parameters
    ----------
    identifier
        What marks name it by.
    colour
        "#rrggbb".
    fill, line
        How opaque, in hexadecimal; without `line`, lines are white.
    width
        Of lines, pixels.

    Returns
    -------
    xml.etree.ElementTree.Element
        A `Style` that marks name by `#identifier`.
    """
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    found = ET.Element("Style", id=identifier)
    edge = ET.SubElement(found, "LineStyle")
    text_element(edge, "color", f"{line}{blue}{green}{red}" if line else _LINE)
    text_element(edge, "width", str(width))
    # KML writes colours backwards: alpha, blue, green, red.
    text_element(ET.SubElement(found, "PolyStyle"), "color", f"{fill}{blue}{green}{red}")
    return found


def extended_data(parent: ET.Element, values: Iterable[tuple[str, object]]) -> None:
    """Add named values to an element, an empty text for None."""
    data = ET.SubElement(parent, "ExtendedData")
    for key, value in values:
        entry = ET.SubElement(data, "Data", name=key)
        text_element(entry, "value", "" if value is None else str(value))


def schema(parent: ET.Element, table: pd.DataFrame) -> None:
    """Declare the columns of a table with their types, so that other programs sort numbers."""
    declared = ET.SubElement(parent, "Schema", name=_SCHEMA, id=_SCHEMA)
    for column in table:
        if column != "name":
            kind = _TYPES[kind_of(table[column])]
            ET.SubElement(declared, "SimpleField", name=str(column), type=kind)


def typed_data(parent: ET.Element, values: Iterable[tuple[str, object]]) -> None:
    """Add the values of a row, of the types that `schema` declared; missing ones are left out."""
    data = ET.SubElement(
        ET.SubElement(parent, "ExtendedData"), "SchemaData", schemaUrl=f"#{_SCHEMA}"
    )
    for key, value in values:
        if value is not None:
            entry = ET.SubElement(data, "SimpleData", name=key)
            entry.text = _FORBIDDEN.sub("", str(value))


def as_html(text: str) -> str:
    """Return a text for a `description`, which programs show as HTML: names run nothing there."""
    return escape(text, quote=False)


def polygon_element(parent: ET.Element, shape: BaseGeometry) -> None:
    """Add a polygon, or several, in degrees."""
    parent.append(_geometry(shape))


def _geometry(shape: BaseGeometry) -> ET.Element:
    polygons = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    if len(polygons) == 1:
        return _polygon(polygons[0])
    group = ET.Element("MultiGeometry")
    group.extend(map(_polygon, polygons))
    return group


def _polygon(shape: Polygon) -> ET.Element:
    polygon = ET.Element("Polygon")
    rings = [("outerBoundaryIs", shape.exterior)]
    rings += [("innerBoundaryIs", ring) for ring in shape.interiors]
    for side, ring in rings:
        boundary = ET.SubElement(ET.SubElement(polygon, side), "LinearRing")
        points = shapely.get_coordinates(ring)
        places = " ".join(f"{lon:.6f},{lat:.6f}" for lon, lat in points)
        text_element(boundary, "coordinates", places)
    return polygon


def text_element(parent: ET.Element, tag: str, text: str) -> None:
    """Add an element that holds a text, without what XML does not allow.

    Parameters
    ----------
    parent
        What holds the new element.
    tag
        Its name.
    text
        What it says.
    """
    ET.SubElement(parent, tag).text = _FORBIDDEN.sub("", text)
