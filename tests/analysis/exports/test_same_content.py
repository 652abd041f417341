"""Files that another zlib has compressed are the same files; files of other content are not."""

from __future__ import annotations

import base64
import gzip
import io
import itertools
import struct
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.exports import SUFFIXES, to_bytes
from analysis.exports.field_kit.sheets import sheets_pdf
from analysis.exports.figures import saved
from analysis.exports.same_content import same_content

COMPRESSED = (".xlsx", ".pdf", ".png")
HEAD = 8  # bytes of a PNG's signature
# By format: the same ranking, compressed by this zlib and by another.
BOTH: dict[str, tuple[bytes, bytes]] = {}


@pytest.fixture
def other_zlib(monkeypatch):
    """Have every writer compress as little as zlib may, as another library would differently."""
    compress, engine = zlib.compress, zlib.compressobj

    def weakly(data, /, *_, wbits=15, **__):
        return compress(data, 1, wbits)

    def weak_engine(_level=1, method=zlib.DEFLATED, wbits=15, *_, **__):
        return engine(1, method, wbits, 1, zlib.Z_FIXED)

    def turn_on():
        monkeypatch.setattr(zlib, "compress", weakly)
        monkeypatch.setattr(zlib, "compressobj", weak_engine)

    return turn_on


def repacked(png: bytes) -> bytes:
    """Return the picture with its rows compressed otherwise, in pieces of another size."""
    pieces, at, packed, done = [], HEAD, b"", False
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        pieces.append((kind, png[at + 8 : at + 8 + length]))
        at += 12 + length
    packed = zlib.compress(zlib.decompress(b"".join(b for k, b in pieces if k == b"IDAT")), 1)
    parts = [packed[i : i + 1000] for i in range(0, len(packed), 1000)]
    out = png[:HEAD]
    for kind, body in pieces:
        bodies = [body] if kind != b"IDAT" else [] if done else parts
        done |= kind == b"IDAT"
        for one in bodies:
            check = struct.pack(">I", zlib.crc32(kind + one))
            out += struct.pack(">I", len(one)) + kind + one + check
    return out


def figure(last: float = 3.0) -> Figure:
    drawn = Figure()
    axes = drawn.subplots()
    axes.plot([0.0, 1.0])
    axes.imshow([[0.0, 1.0], [2.0, last]])
    return drawn


def zipped(content: bytes, level: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.writestr(zipfile.ZipInfo("a.pdf"), content, zipfile.ZIP_DEFLATED, level)
    return out.getvalue()


@pytest.fixture
def both(ranking, bureaux, provenance, written, other_zlib):
    """Return what writes the ranking, by this zlib and by another: once in each format."""
    where = {"bureaux": bureaux, "provenance": provenance}

    def both(suffix):
        if suffix not in BOTH:
            ours = written(suffix)
            other_zlib()
            theirs = to_bytes(ranking, suffix, **where)
            BOTH[suffix] = ours, repacked(theirs) if suffix == ".png" else theirs
        return BOTH[suffix]

    return both


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_ranking_of_another_zlib_is_the_same_and_of_other_numbers_is_not(
    suffix, ranking, bureaux, provenance, both
):
    changed = ranking.assign(score=ranking["score"].mask(ranking["rank"] == 1, 1.0))
    others = to_bytes(changed, suffix, bureaux=bureaux, provenance=provenance)
    ours, theirs = both(suffix)
    assert theirs != ours
    assert same_content(theirs, ours)
    assert same_content(ours, theirs)
    assert not same_content(theirs, others)


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s not in COMPRESSED])
def test_what_no_zlib_writes_is_equal_or_other(suffix, ranking, bureaux, provenance, other_zlib):
    where = {"bureaux": bureaux, "provenance": provenance}
    ours = to_bytes(ranking, suffix, **where)
    other_zlib()
    assert to_bytes(ranking, suffix, **where) == ours
    others = to_bytes(ranking.assign(name="x"), suffix, **where)
    assert not same_content(others, ours)


def test_the_sheets_of_another_zlib_are_the_same(kit, other_zlib):
    ours = sheets_pdf(kit)
    other_zlib()
    theirs = sheets_pdf(kit)
    assert theirs != ours
    assert same_content(theirs, ours)
    assert not same_content(theirs, sheets_pdf(replace(kit, large=True)))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_figure_with_a_picture_in_it(suffix, provenance, other_zlib):
    how = {"heading": "A heading", "provenance": provenance}
    ours, others = (saved(figure(last), suffix, **how) for last in (3.0, 2.9))
    other_zlib()
    theirs = saved(figure(), suffix, **how)
    assert same_content(theirs, ours)
    assert not same_content(theirs, others)


def test_a_picture_inside_a_page(provenance):
    pictures = [saved(figure(x), ".png", heading="", provenance=provenance) for x in (3.0, 2.9)]
    pages = [
        b'<p>\xc3\xa9</p><img src="data:image/png;base64,' + base64.b64encode(p) + b'"></html>'
        for p in (*pictures, repacked(pictures[0]))
    ]
    assert same_content(pages[0], pages[2])
    assert not same_content(pages[0], pages[1])
    assert not same_content(pages[0], pages[2].replace(b"<p>", b"<b>"))


def test_gzip_and_archives_in_archives():
    text = b"numero;nom_voie\n" * 500 + bytes(range(256))
    ours, theirs = gzip.compress(text, 9, mtime=0), gzip.compress(text, 1, mtime=0)
    assert theirs != ours
    assert same_content(theirs, ours)
    assert same_content(gzip.compress(text[:9]) + gzip.compress(text[9:]), ours)
    assert not same_content(gzip.compress(text + b"."), ours)
    assert same_content(zipped(ours, 1), zipped(theirs, 9))
    assert not same_content(zipped(ours, 1), zipped(gzip.compress(b"x"), 1))
    # One kind is never the other, nor its own content.
    assert not same_content(text, ours)
    assert not same_content(zipped(text, 1), ours)


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_file_that_is_cut_or_damaged_is_another_file(suffix, both):
    ours, theirs = both(suffix)
    for length in (0, 3, 20, len(theirs) // 2, len(theirs) - 4):
        assert not same_content(theirs[:length], ours)
        assert not same_content(ours, theirs[:length])
    packed = range(len(theirs) // 3, 2 * len(theirs) // 3, len(theirs) // 40)
    for at in itertools.islice(packed, 12):
        damaged = theirs[:at] + bytes([theirs[at] ^ 0x55]) + theirs[at + 1 :]
        assert not same_content(damaged, ours), at


@pytest.mark.parametrize("start", [b"\x1f\x8b", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"%PDF-",
                                   b"PAR1"])  # fmt: skip
def test_bytes_that_only_begin_like_a_file(start):
    noise = np.random.default_rng(5).bytes(2000)
    assert not same_content(start + noise, start + noise[::-1])
    assert not same_content(start, start + noise)
