"""Turfs for other programs: tables to fill in, and walks for the maps of phones."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import cycle
from xml.etree import ElementTree as ET

import pandas as pd
import shapely
import xlsxwriter

from analysis.exports.column_units import format_of
from analysis.exports.field_kit.kit import Kit
from analysis.exports.field_kit.sheet_content import about
from analysis.exports.field_kit.sheet_door import boxes
from analysis.exports.geojson import plain
from analysis.exports.kml import (
    NAMESPACE,
    as_html,
    extended_data,
    polygon_element,
    style,
    text_element,
)
from analysis.exports.workbook import on_paper
from analysis.tables.schema import OUTCOMES
from analysis.tables.spreadsheet_text import csv_text

_GPX = "http://www.topografix.com/GPX/1/1"
# One after the other, so that neighbours differ; told apart by the colour-blind too
# (Okabe and Ito 2008).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#5c4b8a")
# What a team reads of a stop; the other sheets and turfs.csv keep all.
_LIST = (
    "turf_id", "stop", "house", "street", "dwellings", "door_from", "door_to", "bureau_id",
    "minutes", "walk_m",
)  # fmt: skip
# A workbook must bear a date; one that never changes makes the same bytes twice.
_CREATED = datetime(2000, 1, 1)
_DEGREES = 6  # a tenth of a metre
# What the form says in each language; the import reads both.
_FORM = {
    "turf_id": "secteur",
    "stop": "arret",
    "address_id": "adresse_id",
    "number": "numero",
    "street": "rue",
    "dwellings": "logements",
    "date": "date",
    "time": "heure",
    "team_id": "equipe",
    "no_answer": "absents",
    "refused": "refus",
    "conversation": "conversations",
    "moved": "demenages",
    "no_access": "sans_acces",
    "do_not_disturb": "ne_pas_deranger",
    "opponent": "adversaire",
    "note": "remarque",
    "token": "jeton",
    "seal": "seal",
}
_FILLED_IN = {
    "date", "time", "team_id", *OUTCOMES, "opponent", "note",
}  # fmt: skip
_WIDTHS = {"address_id": 22, "adresse_id": 22, "street": 34, "rue": 34, "note": 30, "token": 28,
           "remarque": 30, "jeton": 28}  # fmt: skip


def to_csv(kit: Kit, *, dialect: str = "plain") -> bytes:
    """Write the stops of all turfs, one row each, with every column that the turfs have.

    `dialect` is "plain" (commas, decimal points) or "excel_fr" (as in `tables.to_csv`).
    """
    return _csv(_stops(kit), french=dialect == "excel_fr")


def to_form(kit: Kit) -> bytes:
    """Write the form to be filled in: one row per stop, one column of counts per outcome.

    A French form has semicolons and a byte order mark, for a double click in Excel; the
    import of returns reads both.
    """
    return _csv(form(kit), french=kit.language == "fr")


def form(kit: Kit) -> pd.DataFrame:
    """Return the form as a table of texts and whole numbers, its columns in the language."""
    stops = pd.concat(kit.tables.values(), ignore_index=True)
    token = stops["turf_id"].map({name: kit.tokens.get(name, "") for name in kit.tables})
    known = stops.assign(number=stops["house"], token=token, seal=kit.walks.seal)
    table = pd.DataFrame({name: "" if name in _FILLED_IN else known[name] for name in _FORM})
    french = kit.language == "fr"
    answers = _answers(kit, "questionnaire" if french else "script")
    return table.rename(columns=_FORM if french else {}).assign(**answers)


def _answers(kit: Kit, version: str) -> dict[str, str]:
    """Return the columns of answers: how many conversations of a building gave each."""
    if kit.script is None:
        return {}
    empty = {f"q:{question}:{code}": "" for question, code, _box in boxes(kit.script)}
    return {version: kit.script.version, **empty}


def to_xlsx(kit: Kit) -> bytes:
    """Write a workbook: the form first, which the import reads, then the list of stops."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": title(kit), "author": "Palier", "created": _CREATED})
        _worksheet(book, kit.say("form"), form(kit), title(kit))
        _worksheet(book, kit.say("teams", "list"), _for_teams(kit), title(kit))
        _worksheet(book, kit.say("list"), _stops(kit), title(kit))
        sheet = book.add_worksheet(kit.say("about"))
        first = [kit.say("fictional")] if kit.fictional else []
        texts = (*first, kit.say("form_help"), kit.notice, f"palier:{about(kit)}")
        sheet.write_column(0, 0, texts, book.add_format({"text_wrap": True}))
        sheet.set_column(0, 0, 110)
    return out.getvalue()


def to_geojson(kit: Kit) -> bytes:
    """Write a FeatureCollection (RFC 7946): a LineString per turf, a Point per stop, outlines.

    Outlines come last; they and the ways say how they are drawn (simplestyle 1.1).
    """
    features: list[dict[str, object]] = []
    columns = list(kit.walks.turfs.columns)
    for turf_id, stops in kit.tables.items():
        at = _degrees(kit, turf_id)
        line = {"type": "LineString", "coordinates": at} if len(at) > 1 else None
        doors = int(stops["dwellings"].sum())
        facts: dict[str, object] = {
            "turf_id": turf_id, "name": _name(kit, turf_id), "stops": len(stops), "doors": doors,
            "stroke": _colours(kit)[turf_id], "stroke-width": 3,
        }  # fmt: skip
        features.append({"type": "Feature", "geometry": line, "properties": facts})
        for row, place in zip(kit.records[turf_id], at, strict=True):
            facts = {column: plain(row[column]) for column in columns}
            point = {"type": "Point", "coordinates": place}
            features.append({"type": "Feature", "geometry": point, "properties": facts})
    for turf_id, ring in kit.outlines.items():
        colour = _colours(kit)[turf_id]
        area = {"type": "Polygon", "coordinates": [ring.round(_DEGREES).tolist()]}
        facts = {"turf_id": turf_id, "name": _name(kit, turf_id), "stroke": colour,
                 "fill": colour, "fill-opacity": 0.15}  # fmt: skip
        features.append({"type": "Feature", "geometry": area, "properties": facts})
    collection = {
        "type": "FeatureCollection",
        "title": title(kit),
        "palier": json.loads(about(kit)),
        "features": features,
    }
    return json.dumps(
        collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def to_gpx(kit: Kit, only: str = "") -> bytes:
    """Write GPX 1.1: a waypoint per stop and a route per turf; of one turf, or of all."""
    root = ET.Element("gpx", xmlns=_GPX, version="1.1", creator="Palier")
    head = f"{_name(kit, only)} · {title(kit)}" if only else title(kit)
    text_element(ET.SubElement(root, "metadata"), "name", head)
    tables = [only] if only else [*kit.tables]
    # The schema wants all waypoints before the first route.
    named = {turf_id: [*_named(kit, turf_id)] for turf_id in tables}
    for turf_id, stops in named.items():
        for name, words, at in stops:
            _gpx_point(root, "wpt", (f"{turf_id} · {name}", words), at)
    for turf_id, stops in named.items():
        route = ET.SubElement(root, "rte")
        text_element(route, "name", f"{kit.say('turf')} {turf_id}")
        for name, words, at in stops:
            _gpx_point(route, "rtept", (name, words), at)
    return _xml(root)


def to_kml(kit: Kit) -> bytes:
    """Write KML 2.2: a folder per turf with its way and its stops."""
    root = ET.Element("kml", xmlns=NAMESPACE)
    top = ET.SubElement(root, "Document")
    text_element(top, "name", title(kit))
    styles = {colour: f"turf{n}" for n, colour in enumerate(_COLOURS)}
    for colour, name in styles.items():
        top.append(style(name, colour, fill="33", line="ff", width=3))
    extended_data(top, [("palier", about(kit))])
    areas = ET.SubElement(top, "Folder")
    text_element(areas, "name", kit.say("cover"))
    for turf_id, ring in kit.outlines.items():
        area = ET.SubElement(areas, "Placemark")
        text_element(area, "name", _name(kit, turf_id))
        text_element(area, "styleUrl", f"#{styles[_colours(kit)[turf_id]]}")
        polygon_element(area, shapely.Polygon(ring))
    for turf_id in kit.tables:
        folder = ET.SubElement(top, "Folder")
        text_element(folder, "name", f"{kit.say('turf')} {turf_id}")
        way = ET.SubElement(folder, "Placemark")
        text_element(way, "name", _name(kit, turf_id))
        text_element(way, "styleUrl", f"#{styles[_colours(kit)[turf_id]]}")
        places = [f"{lon},{lat}" for lon, lat in _degrees(kit, turf_id)]
        # A line of one point is none: readers reject it.
        places *= 2 if len(places) == 1 else 1
        text_element(ET.SubElement(way, "LineString"), "coordinates", " ".join(places))
        for name, words, (lon, lat) in _named(kit, turf_id):
            mark = ET.SubElement(folder, "Placemark")
            text_element(mark, "name", name)
            text_element(mark, "description", as_html(words))
            text_element(ET.SubElement(mark, "Point"), "coordinates", f"{lon},{lat}")
    return _xml(root)


def title(kit: Kit) -> str:
    """Return what files of these turfs are called; an invented place is said to be one."""
    place = f"{kit.say('cover')} {kit.place}".strip()
    return f"{place} ({kit.say('fictional')})" if kit.fictional else place


def _name(kit: Kit, turf_id: str) -> str:
    return f"{kit.say('turf')} {turf_id}"


def _colours(kit: Kit) -> dict[str, str]:
    return dict(zip(kit.tables, cycle(_COLOURS), strict=False))


def _for_teams(kit: Kit) -> pd.DataFrame:
    """Return what a team reads of each stop, headings in the language."""
    every = pd.concat(kit.tables.values(), ignore_index=True)
    stops = every[[*_LIST]].assign(street=_street_words(kit, every))
    return stops.rename(columns={name: kit.say(name, "list") for name in _LIST})


def _street_words(kit: Kit, stops: pd.DataFrame) -> pd.Series:
    """Return the streets, each with the doors that asked not to be disturbed."""
    told = pd.Series({one: f" · {kit.alone_at(one)}" for one in kit.left_alone}, dtype="str")
    alone = told.reindex(stops["address_id"].astype("str"), fill_value="")
    return stops["street"].astype("str") + alone.array


def _stops(kit: Kit) -> pd.DataFrame:
    """Return the stops with the columns that the turfs came with."""
    columns = list(kit.walks.turfs.columns)
    return pd.concat(kit.tables.values(), ignore_index=True)[columns]


def _named(kit: Kit, turf_id: str) -> Iterator[tuple[str, str, list[float]]]:
    """Give name, words and place (longitude, latitude) of each stop."""
    for stop, at in zip(kit.records[turf_id], _degrees(kit, turf_id), strict=True):
        doors = kit.count("doors", "door_one", int(stop["dwellings"]))
        alone = kit.alone_at(str(stop["address_id"]))
        words = f"{doors} · {alone}" if alone else doors
        yield f"{stop['stop']} · {stop['label']}", words, at


def _degrees(kit: Kit, turf_id: str) -> list[list[float]]:
    at: list[list[float]] = kit.spots[turf_id].round(_DEGREES).tolist()
    return at


def _gpx_point(parent: ET.Element, tag: str, texts: tuple[str, str], at: list[float]) -> None:
    point = ET.SubElement(parent, tag, lat=str(at[1]), lon=str(at[0]))
    text_element(point, "name", texts[0])
    text_element(point, "desc", texts[1])


def _xml(root: ET.Element) -> bytes:
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _csv(table: pd.DataFrame, *, french: bool) -> bytes:
    # The last digits of a float differ between processors.
    text = csv_text(table, french=french, form="%.10g")
    return text.encode("utf-8-sig" if french else "utf-8")


def _worksheet(book: xlsxwriter.Workbook, name: str, table: pd.DataFrame, head_line: str) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#e4ecf2"})
    sheet.write_row(0, 0, table.columns, head)
    for at, column in enumerate(table):
        values = table[column]
        is_number = pd.api.types.is_numeric_dtype(values)
        write = sheet.write_number if is_number else sheet.write_string
        look = book.add_format({"num_format": format_of(str(column), values)})
        for row, value in values[values.notna() & values.ne("")].items():
            write(1 + int(row), at, value, look)
        sheet.set_column(at, at, _WIDTHS.get(str(column), max(9, len(str(column)) + 2)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    on_paper(sheet, head_line)


# What other programs read: suffix → writer.
WRITERS: Mapping[str, Callable[[Kit], bytes]] = {
    ".xlsx": to_xlsx,
    ".gpx": to_gpx,
    ".kml": to_kml,
    ".geojson": to_geojson,
    ".csv": to_csv,
}
