"""What can go wrong between a publisher and the disk, and how to mend it."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

import httpx

from analysis.errors import DataError
from analysis.fetch.catalogue import Source

_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_BY_HAND = "give the file to `build`"


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
            f"the publisher answered {_status(status)}",
            retry_after_s=float(after) if after.isdigit() else 0.0,
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise UnavailableError(
            f"The publisher has moved the file: {source.title['en']}.",
            where=f"{source.urls[0]} ({_status(status)})",
            mend=f"Look for its new address on {source.page} and {_own_catalogue(source)}",
        )
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise UnavailableError(
            f"The publisher refused the file: {source.title['en']}.",
            where=f"{source.urls[0]} ({_status(status)})",
            mend=f"Download it by hand from {source.page} and {_BY_HAND}{_or_without(source)}.",
        )
    if response.headers.get("content-type", "").startswith("text/html"):
        raise UnavailableError(
            f"A web page came instead of the file: {source.title['en']}.",
            where=source.urls[0],
            mend="If this network asks for a login, log in first. Otherwise look for the file's "
            f"new address on {source.page} and {_own_catalogue(source)}",
        )


def unreachable(source: Source, fault: TransientError) -> UnavailableError:
    """Explain an address that never answered well."""
    return UnavailableError(
        f"The publisher cannot be reached: {source.title['en']}.",
        where=f"{source.urls[0]}: {fault}",
        mend="Check the connection to the internet (and HTTPS_PROXY behind a proxy) and run the "
        "same command again: what has arrived is kept. Or download the file elsewhere from "
        f"{source.page} and {_BY_HAND}.",
    )


def together(failures: Sequence[UnavailableError]) -> DataError:
    """Make one error of those of every address."""
    first = failures[0]
    if len(failures) == 1:
        return first
    return DataError(first.what, where="; ".join(f.where for f in failures), mend=first.mend)


def other_content(source: Source, what: str, wanted: str, found: str) -> DataError:
    """Explain a file that is not the one the catalogue describes."""
    return DataError(
        f"Not the file of the catalogue, its {what} differs: {source.title['en']}.",
        where=f"{source.urls[0]}: {found} instead of {wanted}",
        mend="Run the command again. If it fails again the publisher has changed the file: compare "
        f"with {source.page}, correct sha256 and size in a copy of the catalogue, and give it with "
        "--catalogue.",
    )


def full(target: Path, *, needed: int, free: int) -> DataError:
    """Explain a disk that is too small."""
    return DataError(
        f"The disk has no room for {target.name}.",
        where=f"{target.parent}: {needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free",
        mend="Free some room, or choose a --workspace on another disk.",
    )


def disk(target: Path, error: OSError) -> DataError:
    """Explain what the disk refused."""
    if error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        what, mend = "The disk is full", "Free some room and run the command again: it continues"
    elif isinstance(error, PermissionError):
        what, mend = "This folder may not be written in", "Choose a --workspace of your own"
    else:
        what, mend = "The file cannot be written", "Choose another --workspace"
    return DataError(f"{what}.", where=f"{target}: {error.strerror or error}", mend=f"{mend}.")


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _own_catalogue(source: Source) -> str:
    return f"give it in a copy of the catalogue with --catalogue{_or_without(source)}."


def _or_without(source: Source) -> str:
    """Offer to do without a file that `build` can do without."""
    needed = source.role in {"general_results", "candidats_results"}
    return "" if needed else f"; or do without: --without {source.role}"
