"""Whether two files hold the same, however a library's version has compressed them.

DEFLATE leaves its writer free: zlib, zlib-ng and their versions make other bytes of one
content. Every other byte of our files is ours, so that a file made on another machine
is the same file when all that is compressed in it is the same once inflated.
"""

from __future__ import annotations

import base64
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import Text

# More than any of our files holds; a file from a stranger must not fill the memory.
_MOST_BYTES = 1 << 30
_GZIP, _ZLIB = 31, 15  # how zlib is told which header to expect
_PNG = b"\x89PNG\r\n\x1a\n"
_PICTURE = re.compile(rb"(?<=data:image/png;base64,)([A-Za-z0-9+/=\s]+)")
_STREAM = re.compile(rb"\bstream\r?\n")
_LENGTH = re.compile(rb"(?<=/Length )\d+(?! 0 R)\b")
_LENGTH_ELSEWHERE = re.compile(rb"(?<=/Length )\d+(?= 0 R)")
_PLACE = re.compile(rb"\d{10}(?= \d{5} [nf])|(?<=startxref\n)\d+")


def same_content(one: bytes, other: bytes) -> bool:
    """Tell whether two files are equal, or equal once every compressed part is inflated.

    Parameters
    ----------
    one, other
        Whole files of one kind: gzip, ZIP (so XLSX), PNG, PDF, Parquet, or a text that may
        hold PNG pictures (HTML, SVG). Their first bytes say the kind, not their names.

    Returns
    -------
    bool
        False also where a file is cut, or in any way cannot be taken apart.
    """
    if one == other:
        return True
    try:
        return bool(_inflated(one) == _inflated(other))
    except (ValueError, LookupError, RuntimeError, EOFError, OSError, struct.error, zlib.error,
            zipfile.BadZipFile, pa.ArrowException):  # fmt: skip
        return False


def _inflated(content: bytes) -> object:
    """Return what a file holds, in a form in which equal contents are equal."""
    for start, take_apart in _KINDS.items():
        if content.startswith(start):
            return take_apart(content)
    return _text(content)


def _inflate(packed: bytes, wbits: int) -> tuple[bytes, bytes]:
    """Return one compressed part and the bytes that follow it."""
    engine = zlib.decompressobj(wbits)
    plain = engine.decompress(packed, _MOST_BYTES)
    if not engine.eof:
        raise ValueError(Text("a compressed part is cut, or larger than any of ours"))
    return plain, engine.unused_data


def _gzip(content: bytes) -> object:
    parts = []
    while content:
        plain, content = _inflate(content, _GZIP)
        parts.append(plain)
    return b"".join(parts)


def _zip(content: bytes) -> object:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > _MOST_BYTES:
            raise ValueError(Text("the archive is larger than any of ours"))
        # Our archives hold PDFs and pictures, which are compressed in their turn.
        return archive.comment, [
            (m.filename, m.date_time, m.comment, m.external_attr, _inflated(archive.read(m)))
            for m in members
        ]


def _png(content: bytes) -> object:
    """Return the chunks in order; those of the picture as one, inflated."""
    chunks: list[tuple[bytes, bytes]] = []
    at = len(_PNG)
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        if struct.unpack_from(">I", content, at + 8 + length) != (zlib.crc32(kind + body),):
            raise ValueError(Text("a chunk of the picture is damaged"))
        at += 12 + length
        # Where one piece of the picture ends and the next begins is the library's choice.
        if kind == b"IDAT" and chunks and chunks[-1][0] == kind:
            body = chunks.pop()[1] + body
        chunks.append((kind, body))
    return [(kind, _inflate(body, _ZLIB) if kind == b"IDAT" else body) for kind, body in chunks]


def _pdf(content: bytes) -> object:
    """Return what stands between streams, and the streams, without lengths and places."""
    texts, streams, at = [], [], 0
    while found := _STREAM.search(content, at):
        text = content[at : found.end()]
        told = text.rfind(b" obj")
        packed = b"/FlateDecode" in text[told:]
        texts.append(text[:told] + _LENGTH.sub(b"", text[told:]))
        stream, at = _pdf_stream(content, found.end(), packed=packed)
        streams.append(stream)
    rest, table, places = content[at:].rpartition(b"xref\n0 ")
    texts += [rest, table, _PLACE.sub(b"", places)]
    # matplotlib writes the length of a stream as an object of its own, after the stream.
    written = {n for text in texts for n in _LENGTH_ELSEWHERE.findall(text)}
    return streams, [
        re.sub(
            rb"\b(\d+)( 0 obj\s+)\d+(?=\s+endobj)",
            lambda m: m[1] + m[2] if m[1] in written else m[0],
            text,
        )
        for text in texts
    ]


def _pdf_stream(content: bytes, start: int, *, packed: bool) -> tuple[bytes, int]:
    """Return the stream that begins at `start`, inflated where it is packed, and its end."""
    engine, plain, fed = zlib.decompressobj(_ZLIB), b"", start
    while (end := content.find(b"endstream", fed)) >= 0:
        if not packed:
            return content[start:end], end
        # Packed bytes may spell the word by chance: the stream ends where zlib says.
        plain += engine.decompress(content[fed:end], _MOST_BYTES)
        if engine.eof and not engine.unused_data.strip():
            return plain, end
        if engine.eof or engine.unconsumed_tail:
            break
        plain += engine.decompress(content[end : end + 1], _MOST_BYTES)
        fed = end + 1
    raise ValueError(Text("a stream of the PDF is cut, or larger than any of ours"))


def _parquet(content: bytes) -> object:
    table = pq.read_table(io.BytesIO(content))
    return table.schema.serialize().to_pybytes(), table


def _text(content: bytes) -> object:
    """Return a text, with the pictures in it taken apart."""
    parts = _PICTURE.split(content)
    return [_inflated(base64.b64decode(part)) if at % 2 else part for at, part in enumerate(parts)]


_KINDS: dict[bytes, Callable[[bytes], object]] = {
    b"\x1f\x8b": _gzip,
    b"PK\x03\x04": _zip,
    _PNG: _png,
    b"%PDF-": _pdf,
    b"PAR1": _parquet,
}
