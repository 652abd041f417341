"""What a file probably is, from its name and first bytes; the user has the last word."""

from __future__ import annotations

import re
import unicodedata
import zlib
from pathlib import PurePath
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

ROLES = ("general", "candidates", "contours", "squares", "addresses", "electors")
UNUSED = "unused"

_GEOGRAPHIC = {".geojson", ".json", ".gpkg", ".shp", ".fgb", ".kml", ".geoparquet"}
_TABLES = {".csv", ".txt", ".gz", ".parquet"}
READABLE = _GEOGRAPHIC | _TABLES | {".zip"}
_START = 1 << 16
# Of a file of polygons: names that speak of bureaux, in the file's name or its columns.
_OF_BUREAUX = re.compile(r"bureau|contour|secteur|\bbv\b|_bv|bv_", re.IGNORECASE)
_OF_OTHERS = re.compile(r"iris|logement|quartier|carreau|filosofi|200m", re.IGNORECASE)
_PLACE = re.compile(r"\d{2,3}|2[AB]|\d{5}|2[AB]\d{3}|Z[A-Z](\d{3})?")


def role_of(name: str, file: BinaryIO) -> str:
    """Guess what the file `name` is read as; `unused` when nothing speaks for any role."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _GEOGRAPHIC:
        return _role_of_shapes(name, file)
    if suffix == ".zip":
        return "squares" if _OF_OTHERS.search(name) else "contours"
    columns = {column.lower() for column in _columns(suffix, file)}
    return _role_of_columns(columns)


def _role_of_shapes(name: str, file: BinaryIO) -> str:
    if _OF_OTHERS.search(name):
        return UNUSED
    start = _start(file).decode("utf-8", errors="replace")
    properties = " ".join(re.findall(r'"properties"\s*:\s*\{([^{}]*)', start))
    if not properties:
        # What is not text cannot be looked into here: polygons are what one brings.
        is_text = PurePath(name).suffix.lower() in {".geojson", ".json"}
        return UNUSED if is_text and "FeatureCollection" not in start else "contours"
    known = _OF_BUREAUX.search(f"{PurePath(name).stem} {properties}")
    return "contours" if known else UNUSED


def _role_of_columns(columns: set[str]) -> str:
    results = {"id_election"} <= columns or "code du b.vote" in columns
    # The Ministry's raw files hold both: they are read on the command line only.
    if results and ("voix" in columns) != ("inscrits" in columns):
        return "candidates" if "voix" in columns else "general"
    if columns & {"idinspire", "idcar_200m"}:
        return "squares"
    if {"lon", "lat"} <= columns and columns & {"numero", "number"}:
        return "addresses"
    if columns & {"nb", "nb_electeurs", "electeurs"} and columns & {"numero", "voie", "nom_voie"}:
        return "electors"
    return "contours" if "geometry" in columns else UNUSED


def _columns(suffix: str, file: BinaryIO) -> list[str]:
    if suffix == ".parquet":
        try:
            return list(pq.read_schema(file).names)
        except (pa.ArrowInvalid, OSError):
            return []
        finally:
            file.seek(0)
    start = _start(file)
    if suffix == ".gz":
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, _START)
        except zlib.error:
            return []
    first = start.decode("utf-8-sig", errors="replace").partition("\n")[0]
    delimiter = max(";,\t|", key=first.count)
    return [name.strip().strip('"') for name in first.split(delimiter)]


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(_START)
    file.seek(0)
    return start


def year_of(name: str) -> int | None:
    """Guess the year that contours are of: the last one in the name of the file."""
    years = re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", PurePath(name).stem)
    return int(years[-1]) if years else None


def places_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes of places in `text`, and the words that are none."""
    words = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", text.upper())))
    codes = tuple(word for word in words if _PLACE.fullmatch(word))
    return codes, tuple(word for word in words if word not in codes)


def slug_of(text: str) -> str:
    """Return `text` as the name of a folder: « Saint-Étienne (42) » is `saint-etienne-42`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")
