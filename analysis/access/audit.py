"""Who did what, when, to how many rows: a list that only grows, each row sealed by the last."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.database.access_tables import AUDIT
from analysis.database.engine import lock, reading, tenant_of, writing
from analysis.errors import DataError

_LOCK = "palier audit"
_FIRST = "0" * 64
_SEALED = ("tenant", "seq", "at_s", "user_id", "action", "subject", "rows", "previous")


def note(
    engine: Engine, user_id: str, action: str, *, subject: str = "", rows: int | None = None
) -> None:
    """Write down what somebody did, in a transaction of its own.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    user_id
        Who; never a name, an address or a number.
    action
        What, as a word: "download", "import", "search".
    subject
        On what, such as the name of a file.
    rows
        How many rows it was about; None where it was about none.
    """
    with writing(engine) as connection:
        note_in(connection, user_id, action, subject=subject, rows=rows)


def note_in(
    connection: Connection, user_id: str, action: str, *, subject: str = "", rows: int | None = None
) -> None:
    """Write it down in the transaction of the act, so that there is never one without the other.

    Parameters
    ----------
    connection
        In a transaction of the campaign.
    user_id, action, subject, rows
        As in `note`.
    """
    lock(connection, [_LOCK])
    tenant = tenant_of(connection)
    last = sa.select(AUDIT.c.seq, AUDIT.c.digest).where(AUDIT.c.tenant == tenant)
    found = connection.execute(last.order_by(AUDIT.c.seq.desc()).limit(1)).first()
    row = {
        "tenant": tenant,
        "seq": found.seq + 1 if found else 1,
        "at_s": int(time.time()),
        "user_id": user_id,
        "action": action,
        "subject": subject,
        "rows": rows,
        "previous": found.digest if found else _FIRST,
    }
    connection.execute(sa.insert(AUDIT).values(**row, digest=_digest(row)))


def entries(engine: Engine, *, most: int = 500) -> list[dict[str, Any]]:
    """Return the latest entries of the campaign, the newest first."""
    query = sa.select(AUDIT).where(AUDIT.c.tenant == tenant_of(engine))
    with reading(engine) as connection:
        found = connection.execute(query.order_by(AUDIT.c.seq.desc()).limit(most))
        return [dict(row) for row in found.mappings()]


def verify(engine: Engine) -> tuple[int, str]:
    """Return the number of entries of the campaign, and the digest of the last.

    Whoever keeps the two elsewhere can tell later whether the end was cut off.

    Raises
    ------
    DataError
        When an entry was changed, taken out or put in.
    """
    count, previous = 0, _FIRST
    query = sa.select(AUDIT).where(AUDIT.c.tenant == tenant_of(engine)).order_by(AUDIT.c.seq)
    with reading(engine) as connection:
        for row in connection.execute(query).mappings():
            whole = row["seq"] == count + 1 and row["previous"] == previous
            if not whole or row["digest"] != _digest(row):
                raise DataError(
                    "The audit was tampered with: an entry was changed, taken out or put in.",
                    where="entry {seq}",
                    mend="Compare with a backup from before: what came after this entry cannot be "
                    "trusted.",
                    seq=row["seq"],
                )
            count, previous = count + 1, row["digest"]
    return count, previous


def _digest(row: Any) -> str:  # noqa: ANN401 - a mapping, of ours or the engine's
    text = json.dumps([row[name] for name in _SEALED], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
