"""Files that are not what their name says: told by their first bytes, named with a way out."""

from __future__ import annotations

import re

from analysis.errors import DataError, Text

_UNPACK = Text("Unpack it and give what is inside, or pack it as .zip or .gz.")
_AGAIN = Text("Download the file itself: what was saved is a page of the site, often an error.")
_SAVE = Text("Open it in a spreadsheet and save it as XLSX or CSV.")
_ASK = Text("Ask for the table behind it, as CSV or XLSX.")
_KINDS = (
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Text("an old Excel workbook (.xls)"), _SAVE),
    (
        rb"(?s)PK\x03\x04.{26}mimetypeapplication/vnd\.oasis",
        Text("a LibreOffice document (.ods)"),
        _SAVE,
    ),
    (
        rb"(?s)\s*(<table|<html.{0,400}urn:schemas-microsoft-com:office)",
        Text("an Excel workbook saved as a web page"),
        _SAVE,
    ),
    (rb"%PDF", Text("a PDF"), _ASK),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|BM....\0\0\0\0|II\*\0|MM\0\*", Text("a picture"), _ASK),
    (rb"\{\\rtf", Text("a document (RTF)"), _ASK),
    (
        rb"7z\xbc\xaf\x27\x1c|Rar!\x1a|\xfd7zXZ|BZh[1-9]|\x28\xb5\x2f\xfd|.{257}ustar",
        Text("packed in a way that is not opened here"),
        _UNPACK,
    ),
    (
        rb"(?i:\s*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html|head|body|table|script)\b)",
        Text("a web page"),
        _AGAIN,
    ),
    (
        rb"(?i)[^<{;,\n]{0,80}(server is probably too busy|rate[_ ]limited|too many requests)",
        Text("an answer of a site that was too busy"),
        Text("Wait some minutes, and ask it again."),
    ),
    (
        rb"(?s)\s*<\?xml.{0,400}schemas-microsoft-com:office:spreadsheet",
        Text("an old Excel workbook (.xml)"),
        _SAVE,
    ),
    (rb"\s*(<\?xml[^>]*>\s*)?<Error\b", Text("an error of the site (XML)"), _AGAIN),
    (
        rb"(?s)\s*\{(?!.{0,4000}\"(Feature|Topology|coordinates|geometr|elements|features|arcs))"
        rb".{0,300}\"(error|message|detail)\"\s*:",
        Text("an error of the site (JSON)"),
        _AGAIN,
    ),
    (
        rb"version https://git-lfs\.github\.com",
        Text("a pointer to a file (Git LFS)"),
        Text("Download the file itself from its publisher."),
    ),
)
_MARK = b"\xef\xbb\xbf"
GZIPPED = b"\x1f\x8b"


def suffix_told(suffix: str, start: bytes) -> str:
    """Return the suffix a table should have by its first bytes, in small letters.

    A zip, a workbook or a Parquet file that was called `.csv` is read as what it is, and a text
    that was called `.parquet`, `.xlsx` or `.gz` as a text.

    Parameters
    ----------
    suffix
        That of its name.
    start
        Its beginning, as it lies on the disk.
    """
    suffix = suffix.lower()
    if start.startswith(b"PAR1"):
        return ".parquet"
    if start.startswith(GZIPPED):
        return ".gz"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        # The first of its parts tells; the length of its name stands in its head.
        first = start[30 : 30 + int.from_bytes(start[26:28], "little")]
        if not first.startswith((b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")):
            return ".zip"
        return suffix if suffix == ".xlsm" else ".xlsx"
    binary = b"\0" in start[:1024]
    return ".csv" if suffix in {".parquet", ".xlsx", ".xlsm", ".gz"} and not binary else suffix


def mistaken(start: bytes) -> tuple[Text, Text] | None:
    """Return what a file is that no reader reads, and the way out; None where nothing is known.

    Parameters
    ----------
    start
        Its beginning, unpacked.
    """
    start = start.removeprefix(_MARK)
    return next(((what, way) for kind, what, way in _KINDS if re.match(kind, start)), None)


def refuse_mistaken(name: str, start: bytes) -> None:
    """Refuse a file that no reader reads, by what it is.

    Raises
    ------
    DataError
        When it is a web page, an old workbook, a PDF, a picture, a pointer, an unknown packing.
    """
    if told := mistaken(start):
        what, way = told
        raise DataError(
            "{file} is {what}: nothing can be read of it.",
            where="{file}",
            mend="{way}",
            file=name,
            what=what,
            way=way,
        )
