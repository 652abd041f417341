"""The answers of attempts in the store: added with their attempt, never changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.database.engine import or_nothing
from analysis.database.models import ANSWERS
from analysis.fieldwork.answers import told


def insert(connection: Connection, rows: Iterable[Mapping[str, Any]], new: Collection[str]) -> None:
    """Add the answers of the attempts that are `new`.

    Parameters
    ----------
    connection
        In a transaction of the store.
    rows
        Attempts with their `answers`, as texts.
    new
        Ids of attempts that are not in the store yet.
    """
    records = [
        {
            "attempt_id": row["attempt_id"],
            "import_id": row["import_id"],
            "script": row["script"],
            **dict(zip(("question_id", "code", "doors", "text"), one, strict=True)),
        }
        for row in rows
        if row["attempt_id"] in new
        for one in told(row["answers"])
    ]
    if records:
        connection.execute(or_nothing(connection, ANSWERS), records)


def stored(connection: Connection, ids: list[str]) -> dict[str, dict[str, str]]:
    """Return what the store holds of the answers of attempts, as `content` tells it."""
    a = ANSWERS.c
    query = sa.select(a.attempt_id, a.script, a.question_id, a.code, a.doors, a.text)
    kept: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    version = {}
    for attempt_id, script, *one in connection.execute(query.where(a.attempt_id.in_(ids))):
        kept[attempt_id].append(tuple(one))
        version[attempt_id] = script
    return {name: _content(version[name], rows) for name, rows in kept.items()}


def content(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the answers of a row, to be compared with another telling; nothing where none."""
    rows = [*told(row["answers"])]
    return _content(row["script"], rows) if rows else {}


def _content(script: str, rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    return {"script": script, "answers": json.dumps(sorted(rows), ensure_ascii=False)}
