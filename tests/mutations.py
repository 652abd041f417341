"""Damage done to files as transfers, spreadsheets and strangers do it, by a seeded generator."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np

NASTY = (
    *("", "NaN", "inf", "-inf", "1e308", "-1", "1.5", "12 %", "0x10", "9" * 30, "0000-00-00"),
    *("0000-01-01", "9999-12-31T23:59:59Z", "\u202e12\u202c", "\u200b", "\ud7ff", "\x00", "\ufeff"),
    *("=1+1", "'; DROP TABLE x; --", "../../etc/passwd", "/dev/zero", "«»", '"', "'", "\\", "{}"),
    *("null", "true", "[" * 2000, "A" * 100_000, "É", "１２", "٣", "1\u00a0234", "{0}", "%s"),
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file changed in one to three ways; an archive often from the inside."""
    if content[:2] == b"PK" and rng.random() < 0.7:
        return _repacked(content, rng)
    for _ in range(rng.integers(1, 4)):
        content = _WAYS[rng.integers(len(_WAYS))](content, rng)
    return content


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with one bit turned."""
    at = int(rng.integers(8 * len(content)))
    changed = bytearray(content)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def _place(content: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(len(content) + 1))


def _bit(content: bytes, rng: np.random.Generator) -> bytes:
    return flipped(content, rng) if content else content


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng)]


def _hole(content: bytes, rng: np.random.Generator) -> bytes:
    start = _place(content, rng)
    return content[:start] + content[start + int(rng.integers(1, 60)) :]


def _doubled(content: bytes, rng: np.random.Generator) -> bytes:
    start = _place(content, rng)
    piece = content[start : start + int(rng.integers(1, 400))]
    return content[:start] + piece + content[start:]


def _nasty(rng: np.random.Generator) -> bytes:
    return NASTY[rng.integers(len(NASTY))].encode("utf-8", "surrogatepass")


def _put_in(content: bytes, rng: np.random.Generator) -> bytes:
    at = _place(content, rng)
    return content[:at] + _nasty(rng) + content[at:]


def _number(content: bytes, rng: np.random.Generator) -> bytes:
    found = list(_NUMBER.finditer(content))
    if not found:
        return content
    one = found[rng.integers(len(found))]
    return content[: one.start()] + _nasty(rng) + content[one.end() :]


def _line(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.split(b"\n")
    at, other = rng.integers(len(lines), size=2)
    lines[at] = lines[other]
    return b"\n".join(lines)


def _no_header(content: bytes, _rng: np.random.Generator) -> bytes:
    return content.partition(b"\n")[2]


def _endings(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.split(b"\n")
    ends = [(b"\n", b"\r\n", b"\r")[k] for k in rng.integers(3, size=len(lines))]
    return b"".join(line + end for line, end in zip(lines, ends, strict=True))


def _encoded(content: bytes, rng: np.random.Generator) -> bytes:
    text = content.decode("utf-8", "replace")
    names = ("utf-16", "cp1252", "utf-8-sig", "utf-32", "cp037")
    return text.encode(names[rng.integers(len(names))], "replace")


def _delimiters(content: bytes, rng: np.random.Generator) -> bytes:
    old, new = (b",;\t|:"[k : k + 1] for k in rng.integers(5, size=2))
    return content.replace(old, new, int(rng.integers(1, 50)))


_WAYS = (
    _bit,
    _cut,
    _hole,
    _doubled,
    _put_in,
    _number,
    _number,
    _number,
    _line,
    _no_header,
    _endings,
    _encoded,
    _delimiters,
)


def _repacked(content: bytes, rng: np.random.Generator) -> bytes:
    """Return an archive of which one part is damaged, or named otherwise, or missing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = names[rng.integers(len(names))]
        fate = rng.random()
        for name in names:
            part = old.read(name)
            if name == chosen and fate < 0.15:
                continue
            if name == chosen and fate < 0.3:
                name = "../" + name  # noqa: PLW2901 - the part under another name
            elif name == chosen:
                part = _WAYS[rng.integers(len(_WAYS))](part, rng)
            new.writestr(name, part)
    return out.getvalue()
