"""What can go wrong between a publisher and the disk, and how to mend it."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

import httpx

from analysis.errors import DataError, Listed, Text
from analysis.fetch.catalogue import Source

_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class TransientError(Exception):
    """Something that may pass: worth another try."""

    def __init__(self, text: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class UnavailableError(DataError):
    """An address that does not give its file; another one might."""


def check(response: httpx.Response, source: Source) -> None:
    """Raise unless the answer holds the file."""
    status = response.status_code
    if status in _TRANSIENT or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        after = response.headers.get("retry-after", "")
        raise TransientError(
            Text("the publisher answered {status}", status=_status(status)),
            retry_after_s=float(after) if after.isdecimal() else 0.0,
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise UnavailableError(
            "The publisher has moved the file: {title}.",
            where="{url} ({status})",
            mend="Look for its new address on {page} and {own_catalogue}",
            title=source.title["en"],
            url=source.urls[0],
            status=_status(status),
            page=source.page,
            own_catalogue=_own_catalogue(source),
        )
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise UnavailableError(
            "The publisher refused the file: {title}.",
            where="{url} ({status})",
            mend="Download it by hand from {page} and give the file to `build`{or_without}.",
            title=source.title["en"],
            url=source.urls[0],
            status=_status(status),
            page=source.page,
            or_without=_or_without(source),
        )
    if response.headers.get("content-type", "").startswith("text/html"):
        raise UnavailableError(
            "A web page came instead of the file: {title}.",
            where="{url}",
            mend="If this network asks for a login, log in first. Otherwise "
            "look for the file's new address on {page} and "
            "{own_catalogue}",
            title=source.title["en"],
            url=source.urls[0],
            page=source.page,
            own_catalogue=_own_catalogue(source),
        )


def unreachable(source: Source, fault: TransientError) -> UnavailableError:
    """Explain an address that never answered well."""
    return UnavailableError(
        "The publisher cannot be reached: {title}.",
        where="{url}: {fault}",
        mend="Check the connection to the internet (and HTTPS_PROXY behind a "
        "proxy) and run the same command again: what has arrived is "
        "kept. Or download the file elsewhere from {page} and give the file to `build`.",
        title=source.title["en"],
        url=source.urls[0],
        fault=fault,
        page=source.page,
    )


def together(failures: Sequence[UnavailableError]) -> DataError:
    """Return one error for a file that none of its addresses gave, with what each answered."""
    first = failures[0]
    if len(failures) == 1:
        return first
    return DataError(first.what, where=Listed((f.where for f in failures), "; "), mend=first.mend)


def other_content(source: Source, what: str, wanted: str, found: str) -> DataError:
    """Explain a file that is not the one the catalogue describes.

    Parameters
    ----------
    source
        Entry of the catalogue.
    what
        `size`, or what else differs.
    wanted
        As the catalogue says.
    found
        As the file is.

    Returns
    -------
    DataError
        To be raised.
    """
    return DataError(
        "Not the file of the catalogue, its size differs: {title}."
        if what == "size"
        else "Not the file of the catalogue, its SHA-256 differs: {title}.",
        where="{url}: {found} instead of {wanted}",
        mend="Run the command again. If it fails again the publisher has "
        "changed the file: compare with {page}, correct sha256 and size "
        "in a copy of the catalogue, and give it with --catalogue.",
        title=source.title["en"],
        url=source.urls[0],
        found=found,
        wanted=wanted,
        page=source.page,
    )


def too_large(source: Source) -> UnavailableError:
    """Explain a file that is larger than its kind can be: something else stands there."""
    return UnavailableError(
        "What the publisher sends is larger than this file can be: {title}.",
        where="{url}: more than {most} MB",
        mend="Look at {page}. If the file has grown, raise most_mb in a copy of the catalogue and "
        "give it with --catalogue.",
        title=source.title["en"],
        url=source.urls[0],
        most=source.most_mb,
        page=source.page,
    )


def full(target: Path, *, needed: int, free: int) -> DataError:
    """Explain a disk that is too small.

    Parameters
    ----------
    target
        The file that was to be written.
    needed, free
        Bytes.

    Returns
    -------
    DataError
        To be raised.
    """
    return DataError(
        "The disk has no room for {file}.",
        where="{folder}: {needed:.0f} MB needed, {free:.0f} MB free",
        mend="Free some room, or choose a --workspace on another disk.",
        file=target.name,
        folder=target.parent,
        needed=needed / 1e6,
        free=free / 1e6,
    )


def disk(target: Path, error: OSError) -> DataError:
    """Return the error of a file that the disk did not take: full, forbidden, or else."""
    if error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        what, mend = (
            Text("The disk is full."),
            Text("Free some room and run the command again: it continues."),
        )
    elif isinstance(error, PermissionError):
        what, mend = (
            Text("This folder may not be written in."),
            Text("Choose a --workspace of your own."),
        )
    else:
        what, mend = Text("The file cannot be written."), Text("Choose another --workspace.")
    return DataError(
        what,
        where="{target}: {strerror}",
        mend=mend,
        target=target,
        strerror=error.strerror or error,
    )


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _own_catalogue(source: Source) -> str:
    return Text(
        "give it in a copy of the catalogue with --catalogue{or_without}.",
        or_without=_or_without(source),
    )


def _or_without(source: Source) -> str:
    """Offer to do without a file that `build` can do without."""
    needed = source.role in {"general_results", "candidats_results"}
    return "" if needed else Text("; or do without: --without {role}", role=source.role)
