"""The inbox: a file of returns is on disk before it is counted, and until it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from analysis.errors import DataError
from analysis.fieldwork.paper_sheets import read_sheet
from analysis.fieldwork.phone_files import MOST_BYTES, is_phone, read_phone, without_boxes
from analysis.fieldwork.privacy import file_name
from analysis.fieldwork.returns_validation import Returned
from analysis.fieldwork.store import Receipt, Store
from analysis.tables.whole_files import written_whole

INBOX, IMPORTED, REFUSED = "inbox", "imported", "refused"


def receive(
    store: Store,
    content: bytes,
    *,
    name: str,
    now: datetime | None = None,
    accept: Collection[str] = (),
) -> Receipt:
    """Take a file of returns: keep it, read it, count it.

    The file waits in `fieldwork/inbox` until it is counted, then lies in `imported`, or in
    `refused` when it cannot be. A store that fails leaves it in the inbox: see `retry`.

    Parameters
    ----------
    store
        Where it goes.
    content, name
        The file.
    now
        Instant of reception; the present by default.
    accept
        Any of `returned.ACCEPTABLE`.

    Returns
    -------
    Receipt
        How many attempts were new, known already, or told otherwise.

    Raises
    ------
    DataError
        When it is refused, or the store or the disk fails.
    """
    kept = keep(store.folder, content, name)
    moment = now if now is not None else datetime.now(UTC)
    try:
        returned = read(content, store, name=file_name(name, "returns"), now=moment, accept=accept)
    except DataError:
        _move(kept, REFUSED)
        raise
    receipt = store.add(returned, now=moment)
    if returned.withheld:
        _keep_cleared(kept, returned)
    elif returned.boxes:
        _keep_unboxed(kept, content)
    else:
        _move(kept, IMPORTED)
    return receipt


def receive_from_phone(store: Store, content: bytes) -> Receipt:
    """Take what a phone sends over the network; what has no right token leaves no trace.

    Raises
    ------
    DataError
        As `receive`; the phone keeps its returns.
    """
    now = datetime.now(UTC)
    returned = read_phone(content, store.campaign, file=now.isoformat(timespec="seconds"), now=now)
    turf = str((*returned.rows, *returned.missing)[0]["turf_id"])
    return receive(store, content, name=f"{turf}.json", now=now)


def waiting(folder: Path) -> list[Path]:
    """Return the files that are received and not yet counted, in the order of their names."""
    return sorted((folder / INBOX).glob("[!.]*"))


def retry(store: Store) -> list[Receipt | DataError]:
    """Count again every file that waits in the inbox, in the order of their names."""
    results: list[Receipt | DataError] = []
    for file in waiting(store.folder):
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue  # another process has just counted it
        try:
            results.append(receive(store, content, name=file.name.partition("-")[2]))
        except DataError as error:
            results.append(error)
    return results


def read(
    content: bytes, store: Store, *, name: str, now: datetime, accept: Collection[str] = ()
) -> Returned:
    """Read a file of returns, whichever kind it is, without counting it.

    Parameters
    ----------
    content, name
        The file.
    store
        Whose campaign it must be of.
    now
        Instant of reception, with its time zone.
    accept
        Any of `returns_validation.ACCEPTABLE`.

    Returns
    -------
    Returned
        Its rows, checked.

    Raises
    ------
    DataError
        When it is too large, of neither kind, or not sound.
    """
    if len(content) > MOST_BYTES:
        raise DataError(
            "This file is too large to be returns.",
            where="{file}: {n:,} bytes; at most {most_bytes:,}",
            mend="Export each turf apart, or cut the sheet in several.",
            file=name,
            n=len(content),
            most_bytes=MOST_BYTES,
        )
    reader = read_phone if is_phone(content) else read_sheet
    return reader(content, store.campaign, file=name, now=now, accept=accept)


def keep(folder: Path, content: bytes, name: str) -> Path:
    """Write a file into the inbox of a folder, whole or not at all, and return its path.

    Parameters
    ----------
    folder
        Of the campaign.
    content, name
        The file; the name is made harmless.

    Returns
    -------
    pathlib.Path
        Named by its digest: the same file twice lies there once.

    Raises
    ------
    DataError
        When the disk is full or may not be written to.
    """
    folder = folder / INBOX
    digest = hashlib.sha256(content).hexdigest()[:12]
    plain = re.sub(r"[^\w.-]+", "_", file_name(name, "returns"))[-80:].lstrip(".") or "returns"
    target = folder / f"{digest}-{plain}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as aside, aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DataError(
            "The file cannot be kept on this disk: it was not received.",
            where="{folder}: {strerror}",
            mend="Keep it on the phone, make room on the disk, and send it again.",
            folder=folder,
            strerror=error.strerror,
        ) from error
    return target


def _keep_cleared(file: Path, returned: Returned) -> None:
    """Keep the attempts of a file without its personal remarks, and not the file itself."""
    target = file.parent.parent / IMPORTED / f"{file.name}.cleared.json"
    rows = [{**row, "at": row["at"].isoformat()} for row in returned.rows]
    told = {"sha256": returned.sha256, "withheld": len(returned.withheld), "attempts": rows}
    with contextlib.suppress(OSError):
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        file.unlink()


def _keep_unboxed(file: Path, content: bytes) -> None:
    """Keep a file without the contacts in it: who is erased must not lie about in files."""
    target = file.parent.parent / IMPORTED / f"{file.name}.unboxed.json"
    with contextlib.suppress(OSError):
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(without_boxes(content))
        file.unlink()


def _move(file: Path, folder: str) -> None:
    """Move a file out of the inbox; if that fails it is only counted once more, to no effect."""
    target = file.parent.parent / folder
    with contextlib.suppress(OSError):
        target.mkdir(exist_ok=True)
        os.replace(file, target / file.name)
