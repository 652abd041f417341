"""How much of a workbook is read before its first row: some kilobytes can hold an hour of it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable

# Before what is inside it: a thread that begins inside meets another's half of the package, and
# Python refuses to load either for one of them.
import openpyxl  # noqa: F401
from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS
from openpyxl.xml.functions import fromstring

_SHEETS, _PIECE = "xl/worksheets/", 1 << 20
# Half a million different texts; six times the cell formats that Excel allows, each in three marks.
MOST_IN_TEXTS, _MOST_BESIDE = 2_000_000, 400_000


def is_laborious(book: zipfile.ZipFile, most: int = MOST_IN_TEXTS) -> bool:
    """Tell whether texts and formats of a workbook have more marks than any known one.

    Rows are read one by one and may be as many as they are; texts, formats and lists of parts are
    made into objects first, each mark some hundredth of a millisecond.

    Parameters
    ----------
    book
        An XLSX, open.
    most
        Marks of its texts.

    Raises
    ------
    KeyError, SyntaxError
        When it is no workbook, or damaged.
    """
    if not _within(book, [ARC_CONTENT_TYPES], _MOST_BESIDE):
        return True
    told = Manifest.from_tree(fromstring(book.read(ARC_CONTENT_TYPES))).find(SHARED_STRINGS)
    # They may lie anywhere, under the name of a sheet too.
    texts = {told.PartName.lstrip("/")} & set(book.namelist()) if told else set()
    beside = {
        name
        for name in book.namelist()
        if name.endswith((".xml", ".rels")) and not name.startswith(_SHEETS)
    }
    return not (_within(book, texts, most) and _within(book, beside - texts, _MOST_BESIDE))


def _within(book: zipfile.ZipFile, names: Iterable[str], most: int) -> bool:
    left = most
    for name in names:
        with book.open(name) as part:
            while piece := part.read(_PIECE):
                left -= piece.count(b"<")
                if left < 0:
                    return False
    return True
