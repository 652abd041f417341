"""Take what names the erased out of copies of returns: sheets, workbooks and files of phones.

A copy is of any kind that was ever sent, read or refused. One that nobody can search, damaged or a
picture, is taken away whole: nobody could say that it names nobody.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from analysis.errors import DataError
from analysis.fieldwork.names_taken_out import changer, keys_of
from analysis.fieldwork.phone_files import checksum, is_phone, parsed
from analysis.tables.whole_files import written_whole

_MOST_UNPACKED = 200_000_000
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
# A cell with letters of several looks has its text in pieces.
_CELL = re.compile(r"<((?:\w+:)?(?:si|is|text))>.*?</\1>", re.DOTALL)
_PIECE = re.compile(r"(<(?:\w+:)?t(?:\s[^<>]*)?>)([^<]*)(?=<)")
_BETWEEN = re.compile(r"(?<=>)[^<>]+(?=<)")
_CALLED = re.compile(r'(?<=\sname=")[^"<>]+(?=")|(?<=\sdisplayName=")[^"<>]+(?=")')
# Of a kind of compression that nobody knows too.
_PACKED = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError)
Change = Callable[[str], str]


def take_out_of_files(
    folders: Iterable[Path], names: Collection[str], points: Iterable[tuple[str, str]] = ()
) -> int:
    """Take names and contact points out of the files of folders; return how many had one.

    Parameters
    ----------
    folders
        Of files that came from phones and offices.
    names
        Family names and first names of people, as they are written.
    points
        Their contact points: kind and canonical spelling.

    Returns
    -------
    int
        Those that were taken away whole are among them.
    """
    points = list(points)
    if not keys_of(names) and not points:
        return 0
    change = changer(names, points)
    files = [file for folder in folders for file in sorted(folder.glob("*")) if file.is_file()]
    return sum(_clear(file, change) for file in files)


def _clear(file: Path, change: Change) -> bool:
    try:
        content = file.read_bytes()
        kept = _cleared(content, change)
        if kept is None:
            file.unlink()
        elif kept != content:
            with written_whole(file) as aside:
                aside.write_bytes(kept)
    except OSError:
        return False
    return kept != content


def _cleared(content: bytes, change: Change) -> bytes | None:
    """Return a file without what is to be taken out; None where nobody can search it."""
    if content.startswith(b"PK"):
        return _workbook(content, change)
    if is_phone(content):
        try:
            return _phone(content, change)
        except (DataError, RecursionError):
            pass  # cut, or no export: a text as any other
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return _text(content, name, change)
    if b"\0" in content:
        return None
    return next(
        kept
        for name in ("utf-8", "cp1252", "latin-1")
        if (kept := _text(content, name, change)) is not None
    )


def _text(content: bytes, encoding: str, change: Change) -> bytes | None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    kept = change(text)
    return content if kept == text else kept.encode(encoding, "replace")


def _phone(content: bytes, change: Change) -> bytes:
    """Change the texts of a phone's file, which may be packed into the text of a QR code."""
    told = parsed(content, "")
    kept = _walked(told, change)
    if kept == told:
        return content
    if "checksum" in kept:
        kept["checksum"] = checksum(kept)
    return (json.dumps(kept, ensure_ascii=True, indent=1) + "\n").encode()


def _walked(told: Any, change: Change) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(told, str):
        return change(told)
    if isinstance(told, list):
        return [_walked(one, change) for one in told]
    if isinstance(told, dict):
        return {name: _walked(one, change) for name, one in told.items()}
    return told


def _workbook(content: bytes, change: Change) -> bytes | None:
    """Change the texts of a workbook: cells, notes, authors, names of sheets."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(one.file_size for one in parts) > _MOST_UNPACKED:
                return None
            told = {one.filename: archive.read(one) for one in parts}
    except _PACKED:
        return None
    kept = {name: _part(part, change) for name, part in told.items()}
    if kept == told:
        return content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in kept.items():
            archive.writestr(name, part)
    return packed.getvalue()


def _part(content: bytes, change: Change) -> bytes:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content

    def changed(found: re.Match[str]) -> str:
        plain = html.unescape(found[0])
        kept = change(plain)
        return found[0] if kept == plain else html.escape(kept)

    text = _CELL.sub(lambda cell: _cell(cell[0], change), text)
    return _CALLED.sub(changed, _BETWEEN.sub(changed, text)).encode()


def _cell(text: str, change: Change) -> str:
    """Return a cell whose pieces, read one after the other, are to be changed, as one piece."""
    pieces = [html.unescape(one[2]) for one in _PIECE.finditer(text)]
    whole = "".join(pieces)
    if len(pieces) < 2 or (kept := change(whole)) == whole:  # noqa: PLR2004 - one is changed below
        return text
    left = iter([html.escape(kept)])
    return _PIECE.sub(lambda piece: piece[1] + next(left, ""), text)
