"""Turfs for other programs: tables to fill in, and walks for the maps of phones."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

import pandas as pd
import xlsxwriter

from analysis.exports.field_kit.kit import Kit
from analysis.exports.field_kit.sheet_content import about
from analysis.exports.geojson import plain
from analysis.exports.kml import NAMESPACE, extended_data, text_element

_GPX = "http://www.topografix.com/GPX/1/1"
# Texts that a spreadsheet would run as formulas (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
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
    "opponent": "adversaire",
    "note": "remarque",
    "token": "jeton",
    "seal": "seal",
}
_FILLED_IN = {
    "date", "time", "team_id", "no_answer", "refused", "conversation", "moved", "no_access",
    "opponent", "note",
}  # fmt: skip
_WIDTHS = {"address_id": 22, "adresse_id": 22, "street": 34, "rue": 34, "note": 30, "token": 28,
           "remarque": 30, "jeton": 28}  # fmt: skip


def to_csv(kit: Kit, *, dialect: str = "plain") -> bytes:
    """Write the stops of all turfs, one row each, with every column that the turfs have.

    `dialect` is "plain" (commas, decimal points) or "excel_fr" (as in `tables.to_csv`).
    """
    return _csv(_safe(_stops(kit)), french=dialect == "excel_fr")


def to_form(kit: Kit) -> bytes:
    """Write the form to be filled in: one row per stop, one column of counts per outcome.

    A French form has semicolons and a byte order mark, for a double click in Excel; the
    import of returns reads both.
    """
    return _csv(_safe(form(kit)), french=kit.language == "fr")


def form(kit: Kit) -> pd.DataFrame:
    """Return the form as a table of texts and whole numbers, its columns in the language."""
    stops = pd.concat(kit.tables.values(), ignore_index=True)
    token = stops["turf_id"].map({name: kit.tokens.get(name, "") for name in kit.tables})
    known = stops.assign(number=stops["house"], token=token, seal=kit.walks.seal)
    table = pd.DataFrame({name: "" if name in _FILLED_IN else known[name] for name in _FORM})
    return table.rename(columns=_FORM if kit.language == "fr" else {})


def to_xlsx(kit: Kit) -> bytes:
    """Write a workbook: the form first, which the import reads, then the list of stops."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": f"{kit.say('cover')} {kit.place}", "created": _CREATED})
        _worksheet(book, kit.say("form"), form(kit))
        _worksheet(book, kit.say("list"), _stops(kit))
        sheet = book.add_worksheet(kit.say("about"))
        texts = (kit.say("form_help"), kit.notice, f"palier:{about(kit)}")
        sheet.write_column(0, 0, texts, book.add_format({"text_wrap": True}))
        sheet.set_column(0, 0, 110)
    return out.getvalue()


def to_geojson(kit: Kit) -> bytes:
    """Write a FeatureCollection (RFC 7946): a LineString per turf, a Point per stop."""
    features: list[dict[str, object]] = []
    columns = list(kit.walks.turfs.columns)
    for turf_id, stops in kit.tables.items():
        at = _degrees(stops)
        line = {"type": "LineString", "coordinates": at} if len(at) > 1 else None
        doors = int(stops["dwellings"].sum())
        facts: dict[str, object] = {"turf_id": turf_id, "stops": len(stops), "doors": doors}
        features.append({"type": "Feature", "geometry": line, "properties": facts})
        for row, place in zip(stops[columns].to_dict("records"), at, strict=True):
            facts = {str(key): plain(value) for key, value in row.items()}
            point = {"type": "Point", "coordinates": place}
            features.append({"type": "Feature", "geometry": point, "properties": facts})
    collection = {
        "type": "FeatureCollection",
        "palier": json.loads(about(kit)),
        "features": features,
    }
    return json.dumps(
        collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def to_gpx(kit: Kit) -> bytes:
    """Write GPX 1.1: a waypoint per stop and a route per turf."""
    root = ET.Element("gpx", xmlns=_GPX, version="1.1", creator="Palier")
    text_element(ET.SubElement(root, "metadata"), "name", f"{kit.say('cover')} {kit.place}")
    # The schema wants all waypoints before the first route.
    for turf_id, stops in kit.tables.items():
        for name, words, at in _named(kit, stops):
            _gpx_point(root, "wpt", (f"{turf_id} · {name}", words), at)
    for turf_id, stops in kit.tables.items():
        route = ET.SubElement(root, "rte")
        text_element(route, "name", f"{kit.say('turf')} {turf_id}")
        for name, words, at in _named(kit, stops):
            _gpx_point(route, "rtept", (name, words), at)
    return _xml(root)


def to_kml(kit: Kit) -> bytes:
    """Write KML 2.2: a folder per turf with its way and its stops."""
    root = ET.Element("kml", xmlns=NAMESPACE)
    top = ET.SubElement(root, "Document")
    text_element(top, "name", f"{kit.say('cover')} {kit.place}")
    extended_data(top, [("palier", about(kit))])
    for turf_id, stops in kit.tables.items():
        folder = ET.SubElement(top, "Folder")
        text_element(folder, "name", f"{kit.say('turf')} {turf_id}")
        way = ET.SubElement(folder, "Placemark")
        text_element(way, "name", f"{kit.say('turf')} {turf_id}")
        places = [f"{lon},{lat}" for lon, lat in _degrees(stops)]
        # A line of one point is none: readers reject it.
        places *= 2 if len(places) == 1 else 1
        text_element(ET.SubElement(way, "LineString"), "coordinates", " ".join(places))
        for name, words, (lon, lat) in _named(kit, stops):
            mark = ET.SubElement(folder, "Placemark")
            text_element(mark, "name", name)
            text_element(mark, "description", words)
            text_element(ET.SubElement(mark, "Point"), "coordinates", f"{lon},{lat}")
    return _xml(root)


def _stops(kit: Kit) -> pd.DataFrame:
    """Return the stops with the columns that the turfs came with."""
    columns = list(kit.walks.turfs.columns)
    return pd.concat(kit.tables.values(), ignore_index=True)[columns]


def _named(kit: Kit, stops: pd.DataFrame) -> Iterator[tuple[str, str, list[float]]]:
    """Give name, words and place (longitude, latitude) of each stop."""
    columns = zip(stops["stop"], stops["label"], stops["dwellings"], _degrees(stops), strict=True)
    for stop, label, dwellings, at in columns:
        yield f"{stop} · {label}", kit.count("doors", "door_one", int(dwellings)), at


def _degrees(stops: pd.DataFrame) -> list[list[float]]:
    at: list[list[float]] = stops[["longitude", "latitude"]].round(_DEGREES).to_numpy().tolist()
    return at


def _gpx_point(parent: ET.Element, tag: str, texts: tuple[str, str], at: list[float]) -> None:
    point = ET.SubElement(parent, tag, lat=str(at[1]), lon=str(at[0]))
    text_element(point, "name", texts[0])
    text_element(point, "desc", texts[1])


def _xml(root: ET.Element) -> bytes:
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run."""
    texts = {
        name: column.astype(str).mask(column.astype(str).str.startswith(_FORMULA), "'" + column)
        for name, column in table.items()
        if not pd.api.types.is_numeric_dtype(column)
    }
    return table.assign(**texts)


def _csv(table: pd.DataFrame, *, french: bool) -> bytes:
    text: str = table.to_csv(
        index=False,
        sep=";" if french else ",",
        decimal="," if french else ".",
        # The last digits of a float differ between processors.
        float_format="%.10g",
        lineterminator="\r\n" if french else "\n",
    )
    return text.encode("utf-8-sig" if french else "utf-8")


def _worksheet(book: xlsxwriter.Workbook, name: str, table: pd.DataFrame) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#e4ecf2"})
    sheet.write_row(0, 0, table.columns, head)
    for at, column in enumerate(table):
        values = table[column]
        is_number = pd.api.types.is_numeric_dtype(values)
        write = sheet.write_number if is_number else sheet.write_string
        for row, value in values[values.notna() & values.ne("")].items():
            write(1 + int(row), at, value)
        sheet.set_column(at, at, _WIDTHS.get(str(column), max(9, len(str(column)) + 2)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)


# What other programs read: suffix → writer.
WRITERS: Mapping[str, Callable[[Kit], bytes]] = {
    ".xlsx": to_xlsx,
    ".gpx": to_gpx,
    ".kml": to_kml,
    ".geojson": to_geojson,
    ".csv": to_csv,
}
