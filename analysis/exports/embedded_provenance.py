"""Find the provenance text inside an exported file, without opening the rest of it.

Each function raises LookupError or ValueError when there is none or the file is cut; or an error
of the library that opens the format, see `FAULTS`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import zipfile
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import Text
from analysis.exports.registry import beside

FAULTS = (ET.ParseError, zipfile.BadZipFile, pa.ArrowException, csv.Error)
T = TypeVar("T", str, bytes)

KEY = "palier"
ELEMENT_ID = "palier-provenance"

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_KEYWORDS = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords"
_KML = "{http://www.opengis.net/kml/2.2}"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def in_csv(path: Path) -> str:
    """Return the provenance text of a CSV file: from beside it, or from its last column."""
    if not has_column(path):
        if (told := beside(path)).is_file():
            return in_csvw(told)
        raise LookupError(
            Text(
                "{name} is not beside it; tables of `transfers` and `power` have none, and are "
                "made by running the command again",
                name=told.name,
            )
        )
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        delimiter = ";" if header.count(";") > header.count(",") else ","
        rows = csv.reader(file, delimiter=delimiter)
        names = next(csv.reader([header], delimiter=delimiter), [])
        first = next(rows, [])
    if len(first) != len(names):
        raise ValueError(Text("its first row is cut"))
    return first[-1]


def has_column(path: Path) -> bool:
    """Tell whether a CSV carries its provenance in a last column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        # The reader takes no longer field; a heading of ours is far from it.
        header = file.readline(csv.field_size_limit())
    delimiter = ";" if header.count(";") > header.count(",") else ","
    return next(csv.reader([header], delimiter=delimiter), [])[-1:] == ["provenance"]


def in_csvw(path: Path) -> str:
    """Return the provenance text of what stands beside a CSV file."""
    metadata = json.loads(path.read_text(encoding="utf-8"))
    return str(metadata["dc:provenance"])


def in_xlsx(path: Path) -> str:
    """Return the provenance text of a workbook."""
    with zipfile.ZipFile(path) as book:
        # What is not made again says so where Excel shows keywords.
        # Not every program writes it.
        if "docProps/core.xml" in book.namelist():
            told = ET.fromstring(book.read("docProps/core.xml")).findtext(_KEYWORDS) or ""
            if told.startswith("{"):
                return told
        texts = ET.fromstring(book.read("xl/sharedStrings.xml"))
    joined = ("".join(t.text or "" for t in item.iter(f"{_MAIN}t")) for item in texts)
    # Excel holds no more than 32,767 characters in a cell: the text may come in pieces.
    pieces = [text.removeprefix(f"{KEY}:") for text in joined if text.startswith(f"{KEY}:")]
    return "".join(_found(pieces))


def in_geojson(path: Path) -> str:
    """Return the provenance text of a GeoJSON file."""
    with path.open(encoding="utf-8") as file:
        document = json.load(file)
    if not isinstance(document, dict) or KEY not in document:
        raise LookupError(Text("it has no member {key}", key=KEY))
    return json.dumps(document[KEY])


def in_kml(path: Path) -> str:
    """Return the provenance text of a KML file."""
    root = ET.parse(path).getroot()
    data = root.find(f"{_KML}Document/{_KML}ExtendedData/{_KML}Data[@name='{KEY}']/{_KML}value")
    return _found([data.text] if data is not None and data.text else [])[0]


def in_parquet(path: Path) -> str:
    """Return the provenance text of a Parquet file."""
    with path.open("rb") as file:
        metadata = pq.read_schema(file).metadata or {}
    return bytes(metadata[KEY.encode()]).decode()


def in_html(path: Path) -> str:
    """Return the provenance text of a page."""
    page = path.read_text(encoding="utf-8")
    if not page.rstrip().endswith("</html>"):
        raise ValueError(Text("the page does not end in </html>"))
    script = rf'<script type="application/json" id="{ELEMENT_ID}">(.*?)</script>'
    texts: list[str] = re.findall(script, page, flags=re.DOTALL)
    return _found(texts)[0]


def in_pdf(path: Path) -> str:
    """Return the provenance text of a PDF file."""
    content = path.read_bytes()
    if not content.rstrip().endswith(b"%%EOF"):
        raise ValueError(Text("it does not end in %%EOF"))
    # The text is ASCII, so matplotlib writes it as one literal string, backslashes escaped.
    strings: list[bytes] = re.findall(
        rb"/Keywords \(((?:[^()\\]|\\.)*)\)", content, flags=re.DOTALL
    )
    return re.sub(r"\\(.)", r"\1", _found(strings)[0].decode("ascii"))


def in_png(path: Path) -> str:
    """Return the provenance text of a PNG picture."""
    file = io.BytesIO(path.read_bytes())
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        raise ValueError(Text("it is not a PNG"))
    texts: list[str] = []
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise ValueError(Text("its IEND is missing"))
        length, kind = struct.unpack(">I4s", head)
        body, _ = file.read(length), file.read(4)
        if kind == b"tEXt" and body.startswith(KEY.encode() + b"\0"):
            texts.append(body.partition(b"\0")[2].decode("latin-1"))
        if kind == b"IEND":
            return _found(texts)[0]


def in_svg(path: Path) -> str:
    """Return the provenance text of a SVG picture."""
    root = ET.parse(path).getroot()
    texts = [item.text for item in root.iter(f"{_DUBLIN_CORE}description") if item.text]
    return _found(texts)[0]


def _found(texts: list[T]) -> list[T]:
    if not texts:
        raise LookupError(Text("nothing in it is named {key}", key=KEY))
    return texts
