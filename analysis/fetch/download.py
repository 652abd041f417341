"""One file from its address to the disk: resumed, verified, put in place in one step."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import httpx

from analysis.errors import Text
from analysis.fetch import faults
from analysis.fetch.catalogue import Source
from analysis.fetch.download_progress import Progress
from analysis.tables.sources import sha256

# Pauses between tries: long enough for a hiccup, short enough to say soon that there is no network.
WAITS_S: tuple[float, ...] = (1.0, 2.0, 4.0)
_LONGEST_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file, whole or partial, came from; kept beside it as JSON.

    Attributes
    ----------
    url, etag, last_modified
        Address, and how the publisher tells one version from the next.
    bytes, sha256
        Size of the whole file where known; digest once it is whole.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    bytes: int | None = None
    sha256: str = ""

    @property
    def validator(self) -> str:
        """What may stand in If-Range; a weak ETag does not promise identical bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified

    @classmethod
    def read(cls, beside: Path) -> Origin | None:
        """Read what was kept beside a file; None if there is nothing usable."""
        try:
            return cls(**json.loads(_note_of(beside).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, beside: Path) -> None:
        """Write this as JSON beside the file that was downloaded."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        _note_of(beside).write_text(text, encoding="utf-8")


def _note_of(file: Path) -> Path:
    return file.with_name(file.name + ".origin.json")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """How a file got to the disk (`downloaded`, `resumed`, `unchanged`), and from where."""

    status: str
    origin: Origin


def download(
    client: httpx.Client,
    source: Source,
    target: Path,
    progress: Progress,
    *,
    known: Origin | None = None,
) -> Downloaded:
    """Bring `target` up to date with its publisher.

    A partial download is continued if the publisher's file is still the same, and begun again if
    not. A file that is here, whole and unchanged is not sent again.

    Parameters
    ----------
    client
        Follows redirects.
    source
        Addresses, and the digest and size to expect where the catalogue has them.
    target
        Where the file goes; `.part` and `.origin.json` files stand beside it.
    progress
        Told of each step.
    known
        The origin of a file of which everything is kept elsewhere: while the publisher has no
        other, nothing is downloaded and `target` is not written.

    Returns
    -------
    Downloaded
        How the file got there, and from where.

    Raises
    ------
    DataError
        When no address gives the file, when it is not the expected one, or when the disk refuses.
    """
    kept = known or _whole(target, source)
    if kept and source.sha256:
        return Downloaded("unchanged", kept)
    # What is here is only comparable with the address it came from.
    urls = (kept.url,) if kept and kept.url in source.urls else source.urls
    failures: list[faults.UnavailableError] = []
    for url in urls:
        try:
            with _explained(target):
                return _persist(client, replace(source, urls=(url,)), target, kept, progress)
        except faults.UnavailableError as failure:
            failures.append(failure)
    if kept:
        progress.note(
            f"{target.name}: kept as it is, the publisher cannot be asked for a newer one"
        )
        return Downloaded("unchanged", kept)
    raise faults.together(failures)


def _whole(target: Path, source: Source) -> Origin | None:
    """Return the origin of a file that is here as it was downloaded, and as it is wanted."""
    origin = Origin.read(target)
    if not origin or not target.is_file() or target.stat().st_size != origin.bytes:
        return None
    if source.sha256 and source.sha256 != origin.sha256:
        return None
    return origin if sha256(target) == origin.sha256 else None


def _persist(
    client: httpx.Client, source: Source, target: Path, kept: Origin | None, progress: Progress
) -> Downloaded:
    """Try one address until it answers, a bounded number of times."""
    waits = iter(WAITS_S)
    while True:
        try:
            return _try(client, source, target, kept, progress)
        except faults.TransientError as fault:
            if (wait := next(waits, None)) is None:
                raise faults.unreachable(source, fault) from fault
            pause = min(max(wait, fault.retry_after_s), _LONGEST_WAIT_S)
            progress.note(f"{target.name}: {fault}; again in {pause:g} s")
            time.sleep(pause)


def _try(
    client: httpx.Client, source: Source, target: Path, kept: Origin | None, progress: Progress
) -> Downloaded:
    part, (url,) = _part(target), source.urls
    begun = _resumable(part, url)
    offset = part.stat().st_size if begun else 0
    if begun and offset == begun.bytes:
        return _finish(begun, source, target, resumed=True)
    try:
        with client.stream("GET", url, headers=_conditions(url, begun, offset, kept)) as response:
            if kept and not begun and response.status_code == httpx.codes.NOT_MODIFIED:
                return Downloaded("unchanged", kept)
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                _drop(part)
            faults.check(response, source)
            offset = _start(response, begun, offset, part)
            origin = _origin(response, url, begun if offset else None, offset)
            _expect_size(origin, source, target, offset)
            progress.begin(target.name, total=origin.bytes, done=offset)
            _receive(response, origin, part, source, progress)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise faults.TransientError(_words(error)) from error
    if origin.bytes is not None and part.stat().st_size != origin.bytes:
        raise faults.TransientError(Text("the transfer was cut short"))
    return _finish(origin, source, target, resumed=offset > 0)


def _resumable(part: Path, url: str) -> Origin | None:
    """Return the origin of a partial download that may be continued."""
    begun = Origin.read(part)
    if not begun or begun.url != url or not begun.validator or not part.is_file():
        return None
    has_room = begun.bytes is None or part.stat().st_size <= begun.bytes
    return begun if part.stat().st_size and has_room else None


def _conditions(url: str, begun: Origin | None, offset: int, kept: Origin | None) -> dict[str, str]:
    # A transparently compressed transfer could be neither resumed nor compared with its size.
    headers = {"Accept-Encoding": "identity"}
    if begun:
        return headers | {"Range": f"bytes={offset}-", "If-Range": begun.validator}
    if kept and kept.url == url:
        headers |= {"If-None-Match": kept.etag} if kept.etag else {}
        headers |= {"If-Modified-Since": kept.last_modified} if kept.last_modified else {}
    return headers


def _start(response: httpx.Response, begun: Origin | None, offset: int, part: Path) -> int:
    """Return from which byte this answer goes on."""
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        return 0
    if begun is None or not _continues(response.headers, begun, offset):
        _drop(part)
        raise faults.TransientError(Text("the publisher continued another version of the file"))
    return offset


def _continues(headers: httpx.Headers, begun: Origin, offset: int) -> bool:
    """Tell whether a piece is the next one of the same file: by its place and all it says."""
    told = headers.get("content-range", "")
    whole = told.rpartition("/")[2]
    return (
        told.startswith(f"bytes {offset}-")
        and headers.get("etag", begun.etag) == begun.etag
        and headers.get("last-modified", begun.last_modified) == begun.last_modified
        and not (begun.bytes and whole.isdecimal() and int(whole) != begun.bytes)
    )


def _origin(response: httpx.Response, url: str, begun: Origin | None, offset: int) -> Origin:
    headers = response.headers
    length = headers.get("content-length", "")
    size = offset + int(length) if length.isdecimal() else None
    if begun:
        return replace(begun, bytes=size)
    return Origin(url, headers.get("etag", ""), headers.get("last-modified", ""), bytes=size)


def _expect_size(origin: Origin, source: Source, target: Path, offset: int) -> None:
    if origin.bytes is None:
        return
    if origin.bytes > source.most_bytes:
        raise faults.too_large(source)
    if source.size is not None and source.size != origin.bytes:
        raise faults.other_content(
            source,
            "size",
            Text("{size} bytes", size=source.size),
            Text("{size} bytes", size=origin.bytes),
        )
    free = shutil.disk_usage(target.parent).free
    if origin.bytes - offset > free:
        raise faults.full(target, needed=origin.bytes - offset, free=free)


def _receive(
    response: httpx.Response, origin: Origin, part: Path, source: Source, progress: Progress
) -> None:
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        # The old bytes go before the new origin is noted: never old bytes under a new name.
        part.write_bytes(b"")
        origin.write(part)
    room = source.most_bytes - part.stat().st_size
    with part.open("ab") as file:
        for piece in response.iter_raw():
            room -= len(piece)
            if room < 0:
                break
            file.write(piece)
            progress.advance(len(piece))
    if room < 0:
        _drop(part)
        raise faults.too_large(source)


def _finish(origin: Origin, source: Source, target: Path, *, resumed: bool) -> Downloaded:
    part = _part(target)
    if not part.stat().st_size:
        raise faults.TransientError(Text("the publisher sent an empty file"))
    digest = sha256(part)
    if source.sha256 and digest != source.sha256:
        _drop(part)
        if resumed:
            raise faults.TransientError(Text("the pieces do not fit together"))
        raise faults.other_content(source, "SHA-256", source.sha256, digest)
    origin = replace(origin, bytes=part.stat().st_size, sha256=digest)
    os.replace(part, target)
    origin.write(target)
    _note_of(part).unlink(missing_ok=True)
    return Downloaded("resumed" if resumed else "downloaded", origin)


def forget(target: Path) -> None:
    """Delete a downloaded file with what is noted of it."""
    target.unlink(missing_ok=True)
    _note_of(target).unlink(missing_ok=True)


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_of(part).unlink(missing_ok=True)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turn what the disk refuses into advice."""
    try:
        yield
    except OSError as error:
        raise faults.disk(target, error) from error
