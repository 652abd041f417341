"""What a reader read, kept and left out, and why: nothing disappears in silence."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.errors import Text

_CHUNK = 1 << 20
# The licence of a file of which neither its layout nor the user says one.
UNSTATED = Text("not stated in the file")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that were not kept, by reason; `election_id` is empty where it does not apply."""

    reason: str
    count: int
    examples: str = ""
    election_id: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read.

    Attributes
    ----------
    role
        What it was read as: general_results, contours…
    file
        Its name, without the folder.
    sha256, bytes
        Digest and size of the content.
    licence, date
        Licence it is published under; day the file was last changed (ISO).
    """

    role: str
    file: str
    sha256: str
    bytes: int
    licence: str
    date: str

    @classmethod
    def of(cls, path: Path, *, role: str, licence: str) -> Source:
        """Fingerprint the file at `path`.

        Parameters
        ----------
        path
            The file.
        role
            What it is read as.
        licence
            As the file states it; empty where it states none.

        Returns
        -------
        Source
            With SHA-256, size in bytes and the day the file was last changed.
        """
        stat = path.stat()
        day = datetime.fromtimestamp(stat.st_mtime, UTC).date().isoformat()
        return Source(role, path.name, sha256(path), stat.st_size, licence or UNSTATED, day)


@dataclass(frozen=True, slots=True)
class Report:
    """Account of one source: rows read = rows kept + rows left out.

    Attributes
    ----------
    source
        The file.
    rows_read, rows_kept
        Rows that concern the place; rows that went into the table.
    left_out
        Why the others did not.
    notes
        What a careful user wants to know besides.
    """

    source: Source
    rows_read: int
    rows_kept: int
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for the manifest."""
        return asdict(self)


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
