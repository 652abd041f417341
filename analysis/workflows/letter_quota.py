"""How many letters strangers may cause: to one mailbox, and from one address of origin.

Who is over it gets the page that everybody gets: nobody learns whether an address is known, and
what they filled in is kept until they ask once more. Counted in a file beside the workspaces, which
all processes share and no restart forgets; it holds digests under a key of its own, for a day.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from analysis.contacts.key_ring import FOLDER
from analysis.contacts.normalise import mailboxes

FILE = "letters.sqlite"
HOUR_S, DAY_S = 3600.0, 86_400.0
# A household may share a mailbox; a stall signs people up from one address.
PER_MAILBOX, PER_ORIGIN = 5, 60
_PATIENCE_S = 5.0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS salt (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB)",
    "CREATE TABLE IF NOT EXISTS letters (digest TEXT, at_s REAL)",
    "CREATE INDEX IF NOT EXISTS letters_of ON letters (digest, at_s)",
)


def take(workspaces: Path | None, kind: str, canonical: str, origin: str = "") -> bool:
    """Count a letter; False, and nothing is counted, where it is one too many.

    Parameters
    ----------
    workspaces
        Folder beside whose keys letters are counted; None counts none.
    kind
        Of the letter: each is counted apart, so that who is signed up by a stranger still gets the
        link by which they leave.
    canonical
        Address of mail in the spelling that is compared. Its +tag and points count for nothing
        here: some providers deliver all of them to one mailbox.
    origin
        Whose request it came from, as `request_body.origin_of` says; "" where a person of the
        campaign asked.

    Returns
    -------
    bool
        Whether the letter may go: not where nobody can count it.
    """
    if workspaces is None:
        return True
    try:
        with closing(_opened(workspaces / FOLDER)) as counts:
            return _counted(counts, _limits(kind, canonical, origin))
    except (OSError, sqlite3.Error):
        return False


def give_back(workspaces: Path | None, kind: str, canonical: str, origin: str = "") -> None:
    """Uncount the letter that was counted last: it did not go.

    Parameters
    ----------
    workspaces, kind, canonical, origin
        As for `take`.
    """
    if workspaces is None:
        return
    with suppress(OSError, sqlite3.Error), closing(_opened(workspaces / FOLDER)) as counts:
        counts.execute("BEGIN IMMEDIATE")
        last = "SELECT max(rowid) FROM letters WHERE digest = ?"
        for digest in _digests(counts, _limits(kind, canonical, origin)):
            counts.execute(f"DELETE FROM letters WHERE rowid = ({last})", (digest,))  # noqa: S608 - ours
        counts.execute("COMMIT")


def _limits(kind: str, canonical: str, origin: str) -> dict[str, tuple[int, float]]:
    local, _at, domain = mailboxes(canonical)[-1].rpartition("@")
    limits = {f"{kind} to {local.replace('.', '')}@{domain}": (PER_MAILBOX, DAY_S)}
    if origin:
        limits[f"{kind} from {origin}"] = (PER_ORIGIN, HOUR_S)
    return limits


def _opened(folder: Path) -> sqlite3.Connection:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(folder / FILE, os.O_CREAT | os.O_RDWR, 0o600))
    counts = sqlite3.connect(folder / FILE, timeout=_PATIENCE_S, isolation_level=None)
    counts.execute("PRAGMA secure_delete = ON")
    return counts


def _counted(counts: sqlite3.Connection, limits: dict[str, tuple[int, float]]) -> bool:
    now = time.time()
    # From the first look to the last count nobody else counts.
    counts.execute("BEGIN IMMEDIATE")
    for table in _TABLES:
        counts.execute(table)
    counts.execute("INSERT OR IGNORE INTO salt VALUES (1, ?)", (secrets.token_bytes(32),))
    counts.execute("DELETE FROM letters WHERE at_s <= ?", (now - DAY_S,))
    digests = _digests(counts, limits)
    how_many = "SELECT count(*) FROM letters WHERE digest = ? AND at_s > ?"
    free = all(
        counts.execute(how_many, (digest, now - within_s)).fetchone()[0] < most
        for digest, (most, within_s) in digests.items()
    )
    if free:
        counts.executemany("INSERT INTO letters VALUES (?, ?)", [(one, now) for one in digests])
    counts.execute("COMMIT")
    return free


def _digests(
    counts: sqlite3.Connection, limits: dict[str, tuple[int, float]]
) -> dict[str, tuple[int, float]]:
    """Return the limits by what stands for their names in the file."""
    salt = counts.execute("SELECT value FROM salt").fetchone()[0]
    return {
        hmac.new(salt, name.encode(), hashlib.sha256).hexdigest(): limit
        for name, limit in limits.items()
    }
