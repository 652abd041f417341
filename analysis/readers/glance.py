"""The beginning of a file: enough to tell what it probably is, without reading it."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from os import SEEK_END
from pathlib import PurePath
from typing import BinaryIO

from analysis.errors import Text
from analysis.readers.beginnings import cells_of, delimiter_of, encoding_of, lines_above
from analysis.readers.mistaken import GZIPPED, mistaken, suffix_told
from analysis.readers.packed import WORKBOOKS, start_of

GEOGRAPHIC = frozenset(
    {".geojson", ".json", ".gpkg", ".shp", ".fgb", ".kml", ".geoparquet", ".pbf", ".osm"}
)
TABLES = frozenset({".csv", ".txt", ".gz", ".parquet"}) | WORKBOOKS
READABLE = GEOGRAPHIC | TABLES | {".zip", ".toml", ".pbf", ".xls", ".ods"}
# How sure a reader is of a file: it is named in so many words; or nothing speaks against it.
SURE, LIKELY, PERHAPS, NO = 0.9, 0.7, 0.4, 0.0
# Of a file of polygons: names that speak of something else than bureaux.
OF_OTHERS = re.compile(r"iris|logement|quartier|carreau|filosofi|200m", re.IGNORECASE)
_JSON, _END = frozenset({".geojson", ".json"}), 256
_START = 1 << 16
_AGAIN = Text("Download it again; compare its size with the publisher's.")
_EMPTY = (Text("an empty file"), _AGAIN)
_CUT = (Text("a file that is cut or damaged"), _AGAIN)
_NO_ROWS = (Text("a table with a header and no rows"), _AGAIN)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a file shows at once.

    Attributes
    ----------
    name, suffix
        Of the file; the suffix in small letters, of the one table in a workbook or a zip.
    text
        Its first 64 kB, unpacked; "" of a Parquet file.
    columns
        Of a table, in small letters; of Parquet as its schema names them, else its first line.
    mistaken
        What it is instead, and the way out, where no reader reads such a file or none of it.
    """

    name: str
    suffix: str
    text: str
    columns: frozenset[str]
    mistaken: tuple[Text, Text] | None = None


def look(name: str, file: BinaryIO) -> Glance:
    """Look at a file, and leave it at its beginning."""
    file.seek(0)
    suffix, start = PurePath(name).suffix.lower(), file.read(_START)
    file.seek(0)
    if suffix not in GEOGRAPHIC:
        suffix = suffix_told(suffix, start)
    if not start:
        return Glance(name, suffix, "", frozenset(), _EMPTY)
    if suffix == ".parquet":
        names = _schema(file)
        columns = frozenset(map(str.lower, names or ()))
        return Glance(name, suffix, "", columns, _CUT if names is None else None)
    packed = start_of(file, suffix) if suffix in WORKBOOKS | {".zip"} else None
    if packed is not None:
        text = _text(packed[1])
        return Glance(name, packed[0], text, _first_line(text), mistaken(start) or _bare(text))
    if suffix in WORKBOOKS | {".zip"} and not mistaken(start) and not _opens(file):
        return Glance(name, suffix, "", frozenset(), _CUT)
    start = _unpacked(start) if suffix == ".gz" else start
    text = _text(start)
    columns = _first_line(text) if suffix not in GEOGRAPHIC else frozenset[str]()
    bare = _bare(text) if suffix in TABLES else None
    if suffix in _JSON and not start.startswith(GZIPPED) and not _ends(file):
        bare = _CUT
    return Glance(name, suffix, text, columns, mistaken(start) or bare)


def of_text(text: str) -> Glance:
    """Return the glance at a table without a name."""
    return Glance("", ".csv", text, _first_line(text))


def year_in(name: str) -> int | None:
    """Return the year a file says it is of: the last one in its name."""
    years = re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", PurePath(name).stem)
    return int(years[-1]) if years else None


def _bare(text: str) -> tuple[Text, Text] | None:
    """Tell of a table whose header no row follows."""
    lines = text.splitlines()
    above = lines_above(text) if lines else 0
    below = any(line.strip() for line in lines[above + 1 :])
    return None if below or len(_first_line(text)) <= 1 else _NO_ROWS


def _ends(file: BinaryIO) -> bool:
    """Tell whether a JSON ends as one, for what it holds is told by its beginning."""
    try:
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - _END))
        return file.read().rstrip(b"\0 \r\n\t\x1e").endswith((b"}", b"]"))
    finally:
        file.seek(0)


def _opens(file: BinaryIO) -> bool:
    """Tell whether an archive has its list of members, which stands at its end."""
    try:
        return zipfile.is_zipfile(file)
    finally:
        file.seek(0)


def _schema(file: BinaryIO) -> list[str] | None:
    """Return the columns of a Parquet file; None where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(file).names)
    except (pa.ArrowInvalid, OSError):
        return None
    finally:
        file.seek(0)


def _unpacked(start: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(start, _START)
    except zlib.error:
        return b""


def _text(start: bytes) -> str:
    """Decode a beginning, which may be cut within a letter."""
    return start.decode(encoding_of(start), errors="ignore").lstrip("\ufeff")


def _first_line(text: str) -> frozenset[str]:
    first = text.splitlines()[lines_above(text)] if text.strip() else ""
    return frozenset(name.lower() for name in cells_of(first, delimiter_of(first)))
