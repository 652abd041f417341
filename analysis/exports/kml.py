"""Rankings as KML, for Google Earth, OsmAnd and other maps that people carry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from analysis.exports.bureau_facts import facts_of
from analysis.exports.document import Document
from analysis.exports.embedded_provenance import KEY
from analysis.exports.geojson import plain

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
    notes = (document.subtitle, document.unmapped_note(), document.sources)
    text_element(top, "description", "\n".join(filter(None, notes)))
    for index, colour in enumerate(graded.palette):
        top.append(_style(f"class{index}", colour))
    extended_data(top, [(KEY, document.provenance.to_json())])
    rows = zip(document.table.to_dict("records"), document.called, strict=True)
    for (row, called), index, shape, facts in zip(
        rows, graded.index, document.places.geometry, facts_of(document), strict=True
    ):
        if shape is not None:
            mark = ET.SubElement(top, "Placemark")
            text_element(mark, "name", f"{row['rank']} · {called}")
            text_element(mark, "description", "\n".join(f"{key} : {fact}" for key, fact in facts))
            text_element(mark, "styleUrl", f"#class{index}")
            # GDAL takes a datum called `name` for the place's own, and loses the rank.
            extended_data(mark, [(str(k), plain(v)) for k, v in row.items() if k != "name"])
            mark.append(_geometry(shape))
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _style(identifier: str, colour: str) -> ET.Element:
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    style = ET.Element("Style", id=identifier)
    line = ET.SubElement(style, "LineStyle")
    text_element(line, "color", _LINE)
    text_element(line, "width", "1")
    # KML writes colours backwards: alpha, blue, green, red.
    text_element(ET.SubElement(style, "PolyStyle"), "color", f"{_FILL}{blue}{green}{red}")
    return style


def extended_data(parent: ET.Element, values: Iterable[tuple[str, object]]) -> None:
    """Add named values to an element, an empty text for None."""
    data = ET.SubElement(parent, "ExtendedData")
    for key, value in values:
        entry = ET.SubElement(data, "Data", name=key)
        text_element(entry, "value", "" if value is None else str(value))


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
